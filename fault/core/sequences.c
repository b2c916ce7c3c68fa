// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/kernel.h>

#include "blocking.h"
#include "engine_internal.h"
#include "names.h"

void tkfi_note_sequence(const unsigned int *word)
{
	if (tkfi_current)
		tkfi_current->sequence = word;
}

void tkfi_await_word(const unsigned int *word, unsigned int value)
{
	struct tkfi_vcpu *v = tkfi_current;
	unsigned int cell = tkfi_cell_at(word);

	v->may_wait = true;
	v->next = (struct tkfi_transition){
		.kind = TKFI_TRANS_AWAIT,
		.nr_cells = cell && tkfi_cells_use(cell, 1, v->id, false, v->held),
		.cell = cell,
		.value = value,
		.what = word,
	};
	tkfi_do_next(v);
}

void tkfi_await(void)
{
	tkfi_await_word(tkfi_current->sequence, *tkfi_current->sequence);
}

static void set_attempt(struct tkfi_vcpu *v, u16 from, u16 to)
{
	const union tkfi_cell *c = &tkfi_cells[from ?: to];
	int i;

	if (!to)
		tkfi_set_held(v, v->held & ~BIT(c->guard));
	else if (!(c->flags & (TKFI_CELL_MANY_WRITERS | TKFI_CELL_NO_RETRY)))
		tkfi_set_held(v, v->held | BIT(c->guard));

	for (i = 0; i < TKFI_MAX_ATTEMPTS; i++) {
		if (v->attempts[i] == from) {
			v->attempts[i] = to;
			return;
		}
	}
	panic("[tkfi internal bug] VCPU%u reads too many sequences\n", v->id);
}

void tkfi_attempts_end(void)
{
	struct tkfi_vcpu *v = tkfi_current;
	int i;

	for (i = 0; i < TKFI_MAX_ATTEMPTS; i++) {
		u16 cell = v->attempts[i];

		if (!cell)
			continue;
		if (!(tkfi_cells[cell].flags & TKFI_CELL_NO_RETRY)) {
			tkfi_cells[cell].flags |= TKFI_CELL_NO_RETRY;
			tkfi_cells_changed = true;
		}
		set_attempt(v, cell, 0);
	}
	v->rereads = 0;
}

/* A read section begins, of a sequence whose value is @value. Looks for a livelock. */
static void begin_attempt(struct tkfi_vcpu *v, unsigned int cell,
			  unsigned int value)
{
	struct tkfi_engine *engine = tkfi_engine;

	v->may_wait |= tkfi_cells[cell].flags & TKFI_CELL_SEQUENCE;
	v->rereads = v->seen == value ? v->rereads + 1 : 0;
	v->seen = value;
	if (v->rereads == TKFI_MAX_REREADS) {
		snprintf(engine->error, sizeof(engine->error),
			 "livelock: VCPU%u reads %s again and again, which is %u all the time",
			 v->id, tkfi_name(tkfi_cell_word(cell)), value);
		engine->failure = (struct tkfi_failure){ TKFI_LIVELOCK, v->id,
							 tkfi_cell_word(cell) };
		engine->ret = -EDEADLK;
		tkfi_stop_here();
	}
	set_attempt(v, 0, cell);
}

/* A store to a cell: if that is a sequence, it becomes odd or even. */
static void write_sequence(struct tkfi_vcpu *v, unsigned int cell,
			   const unsigned int *word)
{
	union tkfi_cell *c = &tkfi_cells[cell];

	if ((c->flags & (TKFI_CELL_SEQUENCE | TKFI_CELL_MANY_WRITERS)) !=
	    TKFI_CELL_SEQUENCE)
		return;
	/* It is made even by somebody else than who made it odd. */
	if (*word % 2 && !(v->held & BIT(c->guard))) {
		c->flags |= TKFI_CELL_MANY_WRITERS;
		tkfi_cells_changed = true;
	}
	tkfi_set_held(v, v->held ^ BIT(c->guard));
}

/* An access of a shared cell: a scheduling point. */
static void shared_access(struct tkfi_vcpu *v, const void *addr,
			  unsigned int size, unsigned int cell, unsigned int nr,
			  enum tkfi_transition_kind kind, bool is_volatile,
			  unsigned long ip)
{
	u8 flags = tkfi_cells[cell].flags;

	if (is_volatile && kind == TKFI_TRANS_LOAD &&
	    flags & (TKFI_CELL_SEQUENCE | TKFI_CELL_LATCH))
		kind = tkfi_is_reading(v, cell) ? TKFI_TRANS_CHECK : TKFI_TRANS_BEGIN;
	v->next = (struct tkfi_transition){
		.kind = kind,
		.nr_cells = nr,
		.cell = cell,
		.what = addr,
		.ip = ip,
		.size = size,
	};
	tkfi_do_next(v);
	if (kind == TKFI_TRANS_BEGIN)
		begin_attempt(v, cell, *(const unsigned int *)addr);
	else if (kind == TKFI_TRANS_CHECK)
		set_attempt(v, cell, 0);
	else if (kind == TKFI_TRANS_STORE)
		write_sequence(v, cell, addr);
}

void tkfi_use(const void *addr, unsigned int size, bool store, bool is_volatile,
	      unsigned long ip)
{
	struct tkfi_vcpu *v = tkfi_current;
	unsigned int cell = tkfi_cell_at(addr), nr = tkfi_nr_cells(addr, size);

	if (tkfi_cells_use(cell, nr, v->id, store, v->held))
		shared_access(v, addr, size, cell, nr,
			      store ? TKFI_TRANS_STORE : TKFI_TRANS_LOAD,
			      is_volatile, ip);
}

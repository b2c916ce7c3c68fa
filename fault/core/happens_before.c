// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "happens_before.h"

void tkfi_history_init(struct tkfi_history *h)
{
	h->hb.nr = 0;
	memset(h->last_of, 0xff, sizeof(h->last_of));
	memset(h->last_at, 0xff, sizeof(h->last_at));
}

/* The last event up to @at, which touched a cell, that wrote it. */
static s16 last_write(const struct tkfi_history *h, s16 at, unsigned int cell)
{
	const struct tkfi_history_event *e;

	if (at == TKFI_NO_EVENT)
		return TKFI_NO_EVENT;
	e = &h->events[at];
	return tkfi_footprint_writes(e->footprint, cell) ?
	       at : e->prev_write[tkfi_footprint_index(e->footprint, cell)];
}

/* What happened before @from, or is it, has happened before what @to is the clock of. */
static __always_inline void join(u16 *to, const u16 *from, unsigned int nr_vcpus)
{
	unsigned int i;

	for (i = 0; i < nr_vcpus; i++)
		to[i] = max(to[i], from[i]);
}

static __always_inline void order(struct tkfi_history *h, unsigned int nr_vcpus,
				  unsigned int first)
{
	static const u16 none[TKFI_MAX_VCPUS];
	const unsigned int nr = h->hb.nr;
	struct tkfi_history_event *e = &h->events[nr];
	const struct tkfi_footprint f = e->footprint;
	u16 *clock = h->hb.clock[nr];
	unsigned int i;

	e->prev_same = h->last_of[e->vcpu];
	/* UML's memcpy() is a call, of sixteen bytes too. */
	__builtin_memcpy(clock, e->prev_same == TKFI_NO_EVENT ?
			 none : h->hb.clock[e->prev_same], sizeof(none));
	h->hb.nth[nr] = ++clock[e->vcpu];
	for (i = first; i < tkfi_footprint_nr(f); i++) {
		const unsigned int cell = tkfi_footprint_cell(f, i);
		s16 at = h->last_at[cell];

		e->prev[i] = at;
		e->prev_write[i] = last_write(h, at, cell);
		for (at = tkfi_history_conflicting(e, i); at != TKFI_NO_EVENT;
		     at = tkfi_history_before_it(h, at, cell))
			/* Else it is known already, as all before it. */
			if (h->hb.nth[at] > clock[h->events[at].vcpu])
				join(clock, h->hb.clock[at], nr_vcpus);
	}
}

void tkfi_history_order(struct tkfi_history *h, unsigned int nr_vcpus, unsigned int first)
{
	order(h, nr_vcpus, first);
}

const u16 *tkfi_history_add_logged(struct tkfi_history *h,
				   const struct tkfi_engine *engine)
{
	const unsigned int nr = h->hb.nr;
	const struct tkfi_event *event = &engine->log[nr];
	struct tkfi_history_event *e = &h->events[nr];

	e->vcpu = event->vcpu;
	e->kind = event->kind;
	e->footprint = tkfi_footprint_of_event(event, engine->vcpus[event->vcpu].cpu);
	order(h, engine->nr_vcpus, 0);
	tkfi_history_append(h);
	return h->hb.clock[nr];
}

void tkfi_happens_before_of(const struct tkfi_engine *engine,
			    struct tkfi_happens_before *hb)
{
	static struct tkfi_history h;
	static bool is_empty;
	const unsigned int nr = min(engine->nr_log, TKFI_MAX_EVENTS + 0U);

	if (!is_empty)
		tkfi_history_init(&h);
	while (h.hb.nr < nr)
		tkfi_history_add_logged(&h, engine);
	hb->nr = nr;
	memcpy(hb->nth, h.hb.nth, nr * sizeof(hb->nth[0]));
	memcpy(hb->clock, h.hb.clock, nr * sizeof(hb->clock[0]));
	/* Most executions have so few events that this costs less than to begin anew. */
	while (h.hb.nr)
		tkfi_history_take_back(&h);
	is_empty = true;
}

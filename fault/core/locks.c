// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/kernel.h>

#include "blocking.h"
#include "engine_internal.h"
#include "names.h"

unsigned int tkfi_locks_held(const struct tkfi_vcpu *vcpu)
{
	unsigned int i, held = 0;

	for (i = 0; i < TKFI_MAX_LOCKS; i++)
		held += tkfi_engine->held[i].lock &&
			tkfi_engine->held[i].owner == vcpu;
	return held;
}

bool tkfi_lock_held(const struct tkfi_vcpu *vcpu, const void *lock)
{
	const struct tkfi_held *held = tkfi_find_held(tkfi_engine, lock);

	return held && held->owner == vcpu;
}

/*
 * The executing VCPU is about to take or drop a lock. Returns the cell of the lock if that
 * is a scheduling point, else 0.
 */
static unsigned int lock_step(struct tkfi_vcpu *v, const void *lock,
			      enum tkfi_transition_kind kind)
{
	v->next = (struct tkfi_transition){ .kind = kind, .what = lock };
	if (tkfi_engine->strategy->wants & BIT(kind)) {
		v->next.cell = tkfi_cell_of_lock(lock);
		v->next.nr_cells = tkfi_cells_use(v->next.cell, 1, v->id, true, 0);
	}
	return v->next.cell;
}

void tkfi_lock(const void *lock)
{
	struct tkfi_vcpu *v = tkfi_current;
	struct tkfi_held *held;
	unsigned int cell;

	if (!v)
		return;
	v->may_wait = true;
	cell = lock_step(v, lock, TKFI_TRANS_LOCK);
	if (v->next.nr_cells || tkfi_find_held(tkfi_engine, lock))
		tkfi_do_next(v);
	held = tkfi_find_held(tkfi_engine, NULL);
	if (!held)
		panic("[tkfi internal bug] more than %d locks held\n",
		      TKFI_MAX_LOCKS);
	held->lock = lock;
	held->owner = v;
	if (cell)
		tkfi_set_held(v, v->held | BIT(tkfi_cells[cell].guard));
	tkfi_record(TKFI_ENTRY_LOCK, tkfi_engine->quiet ? NULL : tkfi_name(lock), 0);
}

void tkfi_unlock(const void *lock)
{
	struct tkfi_vcpu *v = tkfi_current;
	struct tkfi_held *held;
	unsigned int cell;

	if (!v)
		return;
	cell = lock_step(v, lock, TKFI_TRANS_UNLOCK);
	if (v->next.nr_cells)
		tkfi_do_next(v);
	held = tkfi_find_held(tkfi_engine, lock);
	if (!held || held->owner != v) {
		/* Nothing after this can be trusted: the VCPU stays here. */
		snprintf(tkfi_engine->error, sizeof(tkfi_engine->error),
			 "VCPU%u drops %s, which it does not hold", v->id,
			 tkfi_name(lock));
		tkfi_engine->failure = (struct tkfi_failure){ TKFI_NOT_HELD, v->id, lock };
		tkfi_engine->ret = -EPERM;
		tkfi_stop_here();
	}
	held->lock = NULL;
	if (cell)
		tkfi_set_held(v, v->held & ~BIT(tkfi_cells[cell].guard));
	tkfi_record(TKFI_ENTRY_UNLOCK, tkfi_engine->quiet ? NULL : tkfi_name(lock),
		    0);
}

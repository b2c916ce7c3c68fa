/* SPDX-License-Identifier: GPL-2.0 */
/* What a VCPU waits for before it goes on; inlined into the choice of who does. */
#ifndef __TKFI_BLOCKING_H
#define __TKFI_BLOCKING_H

#include "cells.h"
#include "engine.h"

static inline struct tkfi_held *tkfi_find_held(const struct tkfi_engine *engine,
					       const void *lock)
{
	int i;

	for (i = 0; i < TKFI_MAX_LOCKS; i++)
		if (engine->held[i].lock == lock)
			return (struct tkfi_held *)&engine->held[i];
	return NULL;
}

static inline bool tkfi_is_reading(const struct tkfi_vcpu *v, unsigned int cell)
{
	int i;

	for (i = 0; i < TKFI_MAX_ATTEMPTS; i++)
		if (v->attempts[i] == cell)
			return true;
	return false;
}

/*
 * A reader that finds its sequence changed has done nothing and starts again. So
 * nothing is lost if writers of the sequence wait for readers that are between
 * their two looks at it: that a reader was late is the same as that it began late.
 * That does not hold where somebody does not look twice.
 */
static inline unsigned long tkfi_readers_of(const struct tkfi_engine *engine,
					    const struct tkfi_vcpu *writer,
					    unsigned int cell)
{
	unsigned long readers = 0;
	unsigned int i;

	for (i = 0; i < engine->nr_vcpus; i++)
		if (&engine->vcpus[i] != writer &&
		    tkfi_is_reading(&engine->vcpus[i], cell))
			readers |= BIT(i);
	return readers;
}

static __always_inline unsigned long tkfi_waits_for(const struct tkfi_engine *engine,
						    const struct tkfi_vcpu *v)
{
	const struct tkfi_step *next = &v->next;
	const struct tkfi_held *held;
	bool waits;
	u8 flags;

	switch (next->kind) {
	case TKFI_STEP_LOCK:
		held = tkfi_find_held(engine, next->what);
		return held ? BIT(held->owner->id) : 0;
	case TKFI_STEP_AWAIT:
		waits = *(const unsigned int *)next->what == next->value;
		break;
	case TKFI_STEP_BEGIN:
		flags = tkfi_cells[next->cell].flags;
		waits = flags & TKFI_CELL_SEQUENCE &&
			*(const unsigned int *)next->what & 1;
		break;
	case TKFI_STEP_STORE:
		flags = tkfi_cells[next->cell].flags;
		if (!(flags & (TKFI_CELL_SEQUENCE | TKFI_CELL_LATCH)) ||
		    flags & TKFI_CELL_UNCHECKED)
			return 0;
		return tkfi_readers_of(engine, v, next->cell);
	default:
		return 0;
	}
	return waits ? ~BIT(v->id) : 0;
}

/*
 * Can @v go on whatever others do? Most can, most of the time. Whoever can gets 0 from
 * tkfi_waits_for() above, always.
 */
static __always_inline bool tkfi_is_free(const struct tkfi_vcpu *v)
{
	const unsigned int waiting = BIT(TKFI_STEP_LOCK) |
				     BIT(TKFI_STEP_AWAIT) | BIT(TKFI_STEP_BEGIN);
	const u8 flags = TKFI_CELL_SEQUENCE | TKFI_CELL_LATCH;
	const struct tkfi_step *next = &v->next;

	/* Who has an NMI may be interrupted before any step. */
	return !v->cpu && !(BIT(next->kind) & waiting) &&
	       (next->kind != TKFI_STEP_STORE ||
		!(tkfi_cells[next->cell].flags & flags));
}

static __always_inline bool tkfi_can_go_on(const struct tkfi_engine *engine,
					   const struct tkfi_vcpu *v)
{
	return !v->interrupted && !tkfi_waits_for(engine, v);
}

#endif

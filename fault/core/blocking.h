/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a VCPU waits for before it goes on; inlined into the choice of who does.
 *
 * The engine asks it of VCPUs as they are, dpor of what was before a step, shrink of what
 * would be in another order: each finds out itself who holds a lock, reads a sequence, or
 * what a word was. When that makes a step wait is said here, for all of them.
 */
#ifndef __TKFI_BLOCKING_H
#define __TKFI_BLOCKING_H

#include "cells.h"
#include "engine.h"

/**
 * tkfi_find_held() - find who holds a lock
 * @engine:	engine
 * @lock:	address of the lock; NULL finds an entry that is free
 *
 * Return: the entry of @engine->held, NULL if there is none.
 */
static inline struct tkfi_held *tkfi_find_held(const struct tkfi_engine *engine,
					       const void *lock)
{
	int i;

	for (i = 0; i < TKFI_MAX_LOCKS; i++)
		if (engine->held[i].lock == lock)
			return (struct tkfi_held *)&engine->held[i];
	return NULL;
}

/**
 * tkfi_is_reading() - is a VCPU between its two looks at a sequence?
 * @v:		VCPU
 * @cell:	cell of the sequence; 0 asks whether it could begin to read one more
 *
 * Return: whether it is.
 */
static inline bool tkfi_is_reading(const struct tkfi_vcpu *v, unsigned int cell)
{
	int i;

	for (i = 0; i < TKFI_MAX_ATTEMPTS; i++)
		if (v->attempts[i] == cell)
			return true;
	return false;
}

/**
 * tkfi_value_blocks() - does a transition that depends on a value have to wait?
 * @transition:	transition of kind TKFI_TRANS_AWAIT or TKFI_TRANS_BEGIN
 * @value:	what the word has that it reads
 *
 * Who begins to read a sequence waits for its write section to end, that is while @value is
 * odd; who begins to read a latch does not wait.
 *
 * Return: whether it waits while the word has this value.
 */
static __always_inline bool tkfi_value_blocks(const struct tkfi_transition *transition,
					      unsigned int value)
{
	if (transition->kind == TKFI_TRANS_AWAIT)
		return value == transition->value;
	/* Who begins to read a sequence waits for its section to end; not so a latch. */
	return tkfi_cells[transition->cell].flags & TKFI_CELL_SEQUENCE && value & 1;
}

/**
 * tkfi_writers_wait() - do those who write a cell wait for those who read it?
 * @cell:	number of the cell
 *
 * Only of sequences and latches, and for readers that are between their two looks at it.
 *
 * The kernel's writers do not wait. That nothing is lost if ours do is an argument of our
 * own; we know of no publication that has it. A sequence that is written during an attempt
 * to read makes that attempt fail. Its steps only load, so that leaving them out changes
 * nothing for others; nor for the reader, which starts again. What is left is an execution
 * in which the reader begins after that write: that it was late is the same as that it
 * began late. So every outcome has an execution without failed attempts. Conditions:
 *
 *  - between its two looks a reader stores nothing that anybody else reads;
 *  - it looks for the second time, and does heed what it sees: it keeps nothing of an
 *    attempt that failed. Where somebody does not look, the engine notices, and sets
 *    TKFI_CELL_NO_RETRY: from then on nobody waits for readers of this cell. That those
 *    who look do heed it is tested without waiting (heeds, in the suite tkfi_explore);
 *  - during an attempt it waits for nobody who would have to wait for it: this would be
 *    a deadlock, and be reported as one. An NMI is not waited for by whom it interrupts;
 *  - how often readers start again is no part of an outcome. Whether they would for ever
 *    is another question: see TKFI_MAX_REREADS.
 *
 * The suite tkfi_engine_dpor compares the outcomes of both on small programs.
 *
 * Return: whether they wait.
 */
static __always_inline bool tkfi_writers_wait(unsigned int cell)
{
	const u8 flags = tkfi_cells[cell].flags;

	return flags & (TKFI_CELL_SEQUENCE | TKFI_CELL_LATCH) &&
	       !(flags & TKFI_CELL_NO_RETRY);
}

/**
 * tkfi_readers_of() - who is between the two looks at a sequence?
 * @engine:	engine
 * @writer:	VCPU that is about to write it, and is left out
 * @cell:	cell of the sequence
 *
 * Return: VCPUs, BIT(id) each.
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

/**
 * tkfi_waits_for() - whom a VCPU has to wait for before it does its transition
 * @engine:	engine
 * @v:		VCPU
 *
 * That it is interrupted by an NMI is not looked at.
 *
 * Return: VCPUs, BIT(id) each: who holds the lock, who reads the sequence that it is about
 * to write, or all but itself if it waits for a value; 0 if it need not wait.
 */
static __always_inline unsigned long tkfi_waits_for(const struct tkfi_engine *engine,
						    const struct tkfi_vcpu *v)
{
	const struct tkfi_transition *next = &v->next;
	const struct tkfi_held *held;

	switch (next->kind) {
	case TKFI_TRANS_LOCK:
		held = tkfi_find_held(engine, next->what);
		return held ? BIT(held->owner->id) : 0;
	case TKFI_TRANS_AWAIT:
	case TKFI_TRANS_BEGIN:
		return tkfi_value_blocks(next, *(const unsigned int *)next->what) ?
		       ~BIT(v->id) : 0;
	case TKFI_TRANS_STORE:
		return tkfi_writers_wait(next->cell) ?
		       tkfi_readers_of(engine, v, next->cell) : 0;
	default:
		return 0;
	}
}

/**
 * tkfi_is_free() - can a VCPU go on, whatever others do?
 * @v:		VCPU that has stopped
 *
 * Most can, most of the time. For one that can, tkfi_waits_for() is always 0.
 *
 * Return: false where it depends on others.
 */
static __always_inline bool tkfi_is_free(const struct tkfi_vcpu *v)
{
	const unsigned int waiting = BIT(TKFI_TRANS_LOCK) |
				     BIT(TKFI_TRANS_AWAIT) | BIT(TKFI_TRANS_BEGIN);
	const u8 flags = TKFI_CELL_SEQUENCE | TKFI_CELL_LATCH;
	const struct tkfi_transition *next = &v->next;

	/* Who has an NMI may be interrupted before any step. */
	return !v->cpu && !(BIT(next->kind) & waiting) &&
	       (next->kind != TKFI_TRANS_STORE ||
		!(tkfi_cells[next->cell].flags & flags));
}

/**
 * tkfi_can_go_on() - can a VCPU go on now?
 * @engine:	engine
 * @v:		VCPU that is not done
 *
 * Return: whether it waits for nobody, and no NMI of it is under way.
 */
static __always_inline bool tkfi_can_go_on(const struct tkfi_engine *engine,
					   const struct tkfi_vcpu *v)
{
	return !v->interrupted && !tkfi_waits_for(engine, v);
}

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When a VCPU has to wait before its next transition. Inline, as the engine asks this at
 * every choice.
 *
 * The rules are here only. Three callers apply them to different states: the engine to the
 * current one, dpor to the state before an earlier event, shrink to the state that another
 * order of the events would lead to. Each of them finds out for itself who holds a lock,
 * who reads a sequence, and what value a word has.
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
 * tkfi_is_reading() - is a VCPU in a read section of a sequence?
 * @v:		VCPU
 * @cell:	cell of the sequence; 0 to ask whether an entry of @attempts is free
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
 * @value:	value of the word that it reads
 *
 * A reader that begins to read a sequence waits for the end of its write section, that is
 * while @value is odd. A reader of a latch never waits.
 *
 * Return: whether it waits while the word has this value.
 */
static __always_inline bool tkfi_value_blocks(const struct tkfi_transition *transition,
					      unsigned int value)
{
	if (transition->kind == TKFI_TRANS_AWAIT)
		return value == transition->value;
	return tkfi_cells[transition->cell].flags & TKFI_CELL_SEQUENCE && value & 1;
}

/**
 * tkfi_writers_wait() - do the writers of a cell wait for its readers?
 * @cell:	number of the cell
 *
 * They do if it is a sequence or a latch, for as long as a reader is in a read section of
 * it.
 *
 * The kernel's writers do not wait. Ours may, and no outcome is lost. (The argument is our
 * own; we know of no publication that has it.) If a sequence is written during a read
 * section, that section fails and the reader retries. The failed section only loads, so
 * without it nothing changes for the others, nor for the reader. What remains is an
 * execution in which the reader begins after the write. So every outcome has an execution
 * without failed read sections. This holds if:
 *
 *  - a reader stores nothing in a read section that anybody else reads;
 *  - it checks the sequence at the end of the section, and if that fails keeps nothing of
 *    what it read. If somebody does not check, the engine notices it and sets
 *    TKFI_CELL_NO_RETRY: from then on nobody waits for readers of this cell. That failed
 *    sections leave nothing behind is tested without waiting (heeds, in the suite
 *    tkfi_explore);
 *  - in a read section a reader waits for nobody who would have to wait for it. That would
 *    be a deadlock, and is reported as one. A VCPU does not wait for its own NMI;
 *  - the number of retries is no part of an outcome. Endless retries are found by
 *    TKFI_MAX_REREADS.
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
 * tkfi_readers_of() - who is in a read section of a sequence?
 * @engine:	engine
 * @writer:	VCPU that is about to write it; not counted itself
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
 * tkfi_waits_for() - whom a VCPU has to wait for before its next transition
 * @engine:	engine
 * @v:		VCPU
 *
 * Does not consider whether an NMI interrupts the VCPU.
 *
 * Return: VCPUs, BIT(id) each: the holder of the lock, the readers of the sequence that it
 * is about to write, or all but itself if it waits for a value; 0 if it need not wait.
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
 * tkfi_is_free() - can a VCPU go on whatever the others do?
 * @v:		VCPU that has stopped
 *
 * This is the common case, and faster than tkfi_waits_for(), which is 0 then.
 *
 * Return: false if it depends on others.
 */
static __always_inline bool tkfi_is_free(const struct tkfi_vcpu *v)
{
	const unsigned int waiting = BIT(TKFI_TRANS_LOCK) |
				     BIT(TKFI_TRANS_AWAIT) | BIT(TKFI_TRANS_BEGIN);
	const u8 flags = TKFI_CELL_SEQUENCE | TKFI_CELL_LATCH;
	const struct tkfi_transition *next = &v->next;

	/* A VCPU with an NMI may be interrupted before any transition. */
	return !v->cpu && !(BIT(next->kind) & waiting) &&
	       (next->kind != TKFI_TRANS_STORE ||
		!(tkfi_cells[next->cell].flags & flags));
}

/**
 * tkfi_can_go_on() - can a VCPU go on now?
 * @engine:	engine
 * @v:		VCPU that is not done
 *
 * Return: true if it need not wait for others, and no NMI interrupts it.
 */
static __always_inline bool tkfi_can_go_on(const struct tkfi_engine *engine,
					   const struct tkfi_vcpu *v)
{
	return !v->interrupted && !tkfi_waits_for(engine, v);
}

#endif

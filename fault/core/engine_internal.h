/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interfaces between the files of the engine; engine.h is for everybody else.
 *
 * engine.c: VCPUs, and which one goes on; blocking.h: which ones can; current.c: which one
 * does; locks.c, sequences.c, nmi.c: what VCPUs do that others wait for; engine_trace.c:
 * what a person is shown.
 *
 * Each calls only those after it in: nmi.c, locks.c and sequences.c, engine.c,
 * engine_trace.c, current.c.
 */
#ifndef __TKFI_ENGINE_INTERNAL_H
#define __TKFI_ENGINE_INTERNAL_H

#include "engine.h"
#include "entry.h"

/**
 * tkfi_traces_turns() - does the trace show where VCPUs are preempted?
 * @engine:	engine that executes
 *
 * If injection points are scheduling points it need not: the plan that schedules a VCPU out
 * adds an entry of its own.
 *
 * Return: whether accesses, but not points, are scheduling points, and a trace is kept.
 */
static inline bool tkfi_traces_turns(const struct tkfi_engine *engine)
{
	return !engine->quiet && engine->strategy->wants &&
	       !(engine->strategy->wants & TKFI_WANTS_POINTS);
}

/**
 * tkfi_do_next() - the executing VCPU is about to execute a transition
 * @v:		the executing VCPU; @v->next is set
 *
 * Returns when the VCPU is chosen. If the transition touches cells, it is an event in the
 * log then.
 */
void tkfi_do_next(struct tkfi_vcpu *v);

/**
 * tkfi_stop_here() - the executing VCPU stops
 *
 * The strategy chooses, and this switches to the VCPU that is chosen. Returns when this
 * VCPU has been chosen again.
 */
void tkfi_stop_here(void);

/**
 * tkfi_set_held() - say which guards a VCPU holds from now on
 * @v:		VCPU; its masks follow
 * @held:	guards, BIT(guard) each
 */
static inline void tkfi_set_held(struct tkfi_vcpu *v, u16 held)
{
	v->held = held;
	v->masks.load = tkfi_mask_of(v->id, false, held);
	v->masks.store = tkfi_mask_of(v->id, true, held);
}

/**
 * tkfi_trace_early() - add the early trace entries of a VCPU's operation to the trace
 * @engine:	engine
 * @vcpu:	id of the VCPU
 * @waits:	add all entries. False when the first event is executed: the VCPU does not
 *		wait, so entries of kind TKFI_ENTRY_BLOCKED are left out
 */
void tkfi_trace_early(struct tkfi_engine *engine, unsigned int vcpu, bool waits);

/**
 * tkfi_trace_turn() - a VCPU goes on: note who is preempted by that
 * @engine:	engine that keeps a trace
 * @v:		VCPU that goes on
 *
 * A VCPU that waits, is done, or is interrupted by @v as its NMI was not preempted.
 */
void tkfi_trace_turn(struct tkfi_engine *engine, const struct tkfi_vcpu *v);

#endif

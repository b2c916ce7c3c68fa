/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the engine need of each other; engine.h is for everybody else.
 *
 * engine.c: VCPUs, and who goes on; blocking.h: who can; locks.c, sequences.c, nmi.c: what
 * VCPUs do that others wait for; engine_trace.c: what a person is shown.
 */
#ifndef __TKFI_ENGINE_INTERNAL_H
#define __TKFI_ENGINE_INTERNAL_H

#include "engine.h"
#include "entry.h"

/* The engine whose VCPUs execute; one at a time, interrupts are off. NULL: nobody does. */
extern struct tkfi_engine *tkfi_engine;

/*
 * Does the trace show where VCPUs are preempted? Where points are choices, whoever takes
 * a VCPU off says so.
 */
static inline bool tkfi_traces_turns(const struct tkfi_engine *engine)
{
	return !engine->quiet && engine->strategy->wants &&
	       !(engine->strategy->wants & TKFI_WANTS_POINTS);
}

/* The executing VCPU is about to do @v->next; returns when it is its turn. */
void tkfi_step(struct tkfi_vcpu *v);

/* The executing VCPU stops; returns when it has been chosen again. */
void tkfi_stop_here(void);

/* The VCPU holds these guards from now on, a bit each. */
void tkfi_set_held(struct tkfi_vcpu *v, u16 held);

/*
 * Events of an operation come into the trace: it has taken its first step, or none at all.
 * If it has, it does not wait.
 */
void tkfi_trace_early(struct tkfi_engine *engine, unsigned int vcpu, bool waits);

/* The VCPU goes on with a step: whoever was in an operation was preempted. */
void tkfi_trace_turn(struct tkfi_engine *engine, const struct tkfi_vcpu *v);

/* Run the handler that tkfi_nmi() has set, if any. */
void tkfi_take_nmi(struct tkfi_vcpu *v);

/* The body of a VCPU that is an NMI. */
void tkfi_run_nmi(struct tkfi_vcpu *v);

#endif

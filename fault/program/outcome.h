/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The outcome of an execution: all that it lets anybody observe. That is what each operation
 * returned, whether it came to its end, and what the final state shows: the subject is asked
 * when all have come to their end, and once more TKFI_LATER cycles later. How memory is laid
 * out, and in what order things happened, is no part of it, unless somebody could tell.
 */
#ifndef __TKFI_OUTCOME_H
#define __TKFI_OUTCOME_H

#include "engine.h"
#include "state.h"

struct tkfi_run;

/* How much later the final state is observed again, in cycles of the clock. */
#define TKFI_LATER	1000003

/* Final states that are remembered: a power of 2. */
#define TKFI_FINALS	4096

/**
 * struct tkfi_final - a final state that was observed
 * @changes:	the state, by tkfi_state_changes(), not 0; 0 if this entry is free
 * @shows:	a hash of what it shows
 */
struct tkfi_final {
	u64 changes;
	u64 shows;
};

/**
 * struct tkfi_finals - what final states of a scenario show
 * @engine:	has the VCPU that observes: not the one that executes, whose log stays
 * @after:	the state before it was observed
 * @record:	what oracles had recorded by then
 * @known:	states that were observed; a later one may take the place of an earlier one
 */
struct tkfi_finals {
	struct tkfi_engine *engine;
	struct tkfi_state after;
	void *record;
	struct tkfi_final known[TKFI_FINALS];
};

/**
 * tkfi_finals_create() - allocate what is needed to observe final states
 *
 * The subject must be open. Free with tkfi_finals_destroy().
 *
 * Return: NULL when out of memory.
 */
struct tkfi_finals *tkfi_finals_create(void);

/**
 * tkfi_finals_destroy() - free what tkfi_finals_create() allocated
 * @finals:	as returned by tkfi_finals_create(), or NULL
 */
void tkfi_finals_destroy(struct tkfi_finals *finals);

/**
 * tkfi_finals_forget() - forget what was observed: executions begin in another state
 * @finals:	final states
 */
void tkfi_finals_forget(struct tkfi_finals *finals);

/**
 * tkfi_outcome() - the outcome of the last execution
 * @run:	run, after an execution of it that ended in whatever way
 * @ret:	what tkfi_engine_run() returned
 *
 * If VCPUs wait for ever, or a sequence was left odd, nobody is asked about the final state:
 * that it is so is part of the outcome. The state is what it was before, to the byte.
 *
 * Return: a hash, not 0.
 */
u64 tkfi_outcome(struct tkfi_run *run, int ret);

/**
 * typedef tkfi_shown_fn - takes something that a final state shows
 * @of:		whom it was learnt from
 * @name:	its name there
 * @value:	the value
 * @later:	TKFI_LATER cycles later
 * @arg:	as given together with the function
 */
typedef void (*tkfi_shown_fn)(const char *of, const char *name, s64 value, bool later,
			      void *arg);

/**
 * tkfi_outcome_each() - what the final state of the last execution shows
 * @run:	as for tkfi_outcome()
 * @ret:	likewise
 * @shown:	called for everything that is part of the outcome besides the operations'
 *		results
 * @arg:	for @shown
 */
void tkfi_outcome_each(struct tkfi_run *run, int ret, tkfi_shown_fn shown, void *arg);

#endif

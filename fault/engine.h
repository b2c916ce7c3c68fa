/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The engine: virtual CPUs, what they wait for, and who runs next. It knows
 * neither timekeeping nor how a strategy decides.
 */
#ifndef __TKFI_ENGINE_H
#define __TKFI_ENGINE_H

#include <linux/types.h>

#include "switch.h"
#include "trace.h"

#define TKFI_MAX_VCPUS	4

enum tkfi_vcpu_state {
	TKFI_READY,
	TKFI_BLOCKED,
	TKFI_DONE,
};

/**
 * struct tkfi_vcpu - a virtual CPU
 * @id:		0 ... TKFI_MAX_VCPUS - 1
 * @state:	what the engine may do with it
 * @at:		name of the injection point it stopped at, NULL if at none
 * @body:	what it runs
 * @arg:	for @body
 * @blocked_on:	name of what it waited for last; for bodies
 * @watched:	sequence word it read last
 * @wait_word:	word it waits for, until that is no longer @wait_value
 * @wait_value:	the value that made it wait
 * @wait_lock:	lock it waits for
 * @context:	registers and stack while it is not executing
 *
 * invariant: at most one of @wait_word and @wait_lock is set, and one of them
 * is when and only when @state is TKFI_BLOCKED.
 */
struct tkfi_vcpu {
	unsigned int id;
	enum tkfi_vcpu_state state;
	const char *at;
	void (*body)(struct tkfi_vcpu *vcpu, void *arg);
	void *arg;
	const char *blocked_on;
	const unsigned int *watched;
	const unsigned int *wait_word;
	unsigned int wait_value;
	const void *wait_lock;
	struct tkfi_context context;
};

struct tkfi_engine;

/**
 * struct tkfi_strategy - makes the choices
 * @begin:	a new execution starts; may be NULL
 * @next:	@ready has a bit for each VCPU that can go on, never 0. Returns
 *		the id of one of them. May advance the clock: it is the host
 */
struct tkfi_strategy {
	void (*begin)(struct tkfi_strategy *s, struct tkfi_engine *engine);
	unsigned int (*next)(struct tkfi_strategy *s, struct tkfi_engine *engine,
			     unsigned long ready);
};

/**
 * struct tkfi_engine - one set of VCPUs and their executions
 * @vcpus:	the VCPUs; tkfi_engine_add() fills them
 * @nr_vcpus:	how many of them take part
 * @last:	VCPU that executed last, NULL at the start
 * @caller:	where tkfi_engine_run() waits while a VCPU executes
 * @trace:	what happened
 * @error:	report of a deadlock or an internal error, "" if none
 */
struct tkfi_engine {
	struct tkfi_vcpu vcpus[TKFI_MAX_VCPUS];
	unsigned int nr_vcpus;
	struct tkfi_vcpu *last;
	struct tkfi_context caller;
	struct tkfi_trace trace;
	char error[1024];
};

/**
 * tkfi_engine_create() - allocate an engine with stacks for all its VCPUs
 *
 * Return: the engine, NULL when out of memory.
 */
struct tkfi_engine *tkfi_engine_create(void);
void tkfi_engine_destroy(struct tkfi_engine *engine);

/**
 * tkfi_engine_reset() - forget all VCPUs and the trace
 * @engine:	engine
 */
void tkfi_engine_reset(struct tkfi_engine *engine);

/**
 * tkfi_engine_add() - add a VCPU that will run @body
 * @engine:	engine
 * @body:	called on the VCPU's own stack, interrupts off
 * @arg:	for @body
 *
 * Return: the VCPU, NULL if there are TKFI_MAX_VCPUS already.
 */
struct tkfi_vcpu *tkfi_engine_add(struct tkfi_engine *engine,
				  void (*body)(struct tkfi_vcpu *, void *),
				  void *arg);

/**
 * tkfi_engine_run() - one execution, until every body has returned
 * @engine:	engine
 * @strategy:	makes the choices
 *
 * Interrupts are off throughout. After an error the stopped VCPUs are
 * abandoned where they are: restore the state they worked on.
 *
 * Return: 0; -EDEADLK if nobody can go on, -EPROTO for a bug in the engine or the
 * strategy; @engine->error says which.
 */
int tkfi_engine_run(struct tkfi_engine *engine, struct tkfi_strategy *strategy);

/* How many locks a VCPU holds. */
unsigned int tkfi_locks_held(const struct tkfi_vcpu *vcpu);

/**
 * tkfi_yield() - let the strategy choose again; for bodies
 */
void tkfi_yield(void);

/**
 * tkfi_await_word() - block the executing VCPU while a word has a value
 * @word:	the word
 * @value:	the value that makes it wait
 */
void tkfi_await_word(const unsigned int *word, unsigned int value);

/**
 * tkfi_record() - add an event of the executing VCPU to the trace
 * @kind:	what happened
 * @what:	a name that outlives the trace
 * @value:	a number that belongs to it, 0 if none
 *
 * Does nothing when no VCPU executes.
 */
void tkfi_record(enum tkfi_event_kind kind, const char *what, s64 value);

#endif

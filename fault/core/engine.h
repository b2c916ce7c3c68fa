/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The engine: virtual CPUs, what they wait for, and which one executes next. It knows
 * neither the subject nor how a strategy chooses.
 */
#ifndef __TKFI_ENGINE_H
#define __TKFI_ENGINE_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>

#include "cells.h"
#include "entry.h"
#include "switch.h"
#include "trace.h"
#include "transition.h"

/* Four CPUs, an NMI on three of them, and the host. */
#define TKFI_MAX_VCPUS	8

/* Room for what a VCPU is called. */
#define TKFI_VCPU_NAME	8

/*
 * A VCPU that begins so many read sections in one operation, and finds the same value of
 * the sequence each time, is taken to retry for ever.
 */
#define TKFI_MAX_REREADS	16

/*
 * The most read sections that a VCPU is in at a time: they nest, and an NMI may be in
 * one.
 */
#define TKFI_MAX_ATTEMPTS	3

struct tkfi_op;

/**
 * struct tkfi_vcpu - a virtual CPU
 * @masks:	which of its accesses must not be skipped; all 0 if accesses are no
 *		scheduling points
 * @id:		0 ... TKFI_MAX_VCPUS - 1
 * @done:	its body has returned
 * @next:	what it does next
 * @at:		name of the injection point it stopped at, NULL if at none
 * @body:	what it runs
 * @arg:	for @body
 * @blocked_on:	name of what it waited for last; for bodies
 * @sequence:	word of the sequence that it read last
 * @op:		the operation that it performs, NULL if none; for bodies
 * @nr_events:	how many of the events in the log are its
 * @may_wait:	it has executed a transition of a kind that can wait; for bodies
 * @rereads:	how many read sections in a row have begun with the same value
 * @seen:	that value
 * @held:	guards it holds, BIT(guard) each: see cells.h
 * @attempts:	cells of the sequences whose read sections it is in; 0 for a free entry
 * @interrupts:	the VCPU that it is an NMI of, NULL if it is none
 * @interrupted: its NMI is under way: it cannot go on
 * @cpu:	cell that all its transitions read, and that its NMI writes when it begins
 *		and when it ends: so they do not commute. 0 if it has no NMI
 * @nmi:	handler that it calls when it goes on from an injection point; NULL for none
 * @nmi_arg:	for @nmi
 * @in_nmi:	what it does while it interrupts, if it is an NMI; @body takes care of the rest
 * @context:	registers and stack while it is not executing
 */
struct tkfi_vcpu {
	struct tkfi_masks masks;
	unsigned int id;
	bool done;
	struct tkfi_transition next;
	const char *at;
	void (*body)(struct tkfi_vcpu *vcpu, void *arg);
	void *arg;
	const char *blocked_on;
	const unsigned int *sequence;
	struct tkfi_op *op;
	unsigned int nr_events;
	bool may_wait;
	u8 rereads;
	unsigned int seen;
	u16 held;
	u16 attempts[TKFI_MAX_ATTEMPTS];
	struct tkfi_vcpu *interrupts;
	bool interrupted;
	u16 cpu;
	void (*nmi)(struct tkfi_vcpu *vcpu, void *arg);
	void *nmi_arg;
	void (*in_nmi)(struct tkfi_vcpu *vcpu, void *arg);
	struct tkfi_context context;
};

static_assert(offsetof(struct tkfi_vcpu, masks) == 0);

struct tkfi_engine;

/**
 * struct tkfi_strategy - makes the choices
 * @wants:	the kinds of transitions that are scheduling points,
 *		BIT(enum tkfi_transition_kind) each; 0 means TKFI_WANTS_POINTS. Without
 *		TKFI_TRANS_YIELD, each VCPU executes up to its first scheduling point
 *		before the first choice, as nobody can tell in which order they do
 * @begin:	an execution begins; may be NULL
 * @next:	which VCPU goes on? @ready has BIT(id) for each that can, and is never 0.
 *		Returns the id of one of them, or TKFI_STOP to abandon the execution. A
 *		strategy that plays the host may advance the clock here
 */
struct tkfi_strategy {
	unsigned int wants;
	void (*begin)(struct tkfi_strategy *s, struct tkfi_engine *engine);
	unsigned int (*next)(struct tkfi_strategy *s, struct tkfi_engine *engine,
			     unsigned long ready);
};

#define TKFI_STOP	(~0U)

struct tkfi_snapshot;

/**
 * struct tkfi_range - memory that executions change, for snapshots
 * @addr:	first byte
 * @size:	bytes
 */
struct tkfi_range {
	void *addr;
	size_t size;
};

#define TKFI_MAX_RANGES	96
#define TKFI_MAX_LOCKS	8

/* The most trace entries of an operation before its first event. */
#define TKFI_MAX_EARLY	8

/**
 * struct tkfi_early - trace entries of an operation before its first event
 * @nr:		how many
 * @entries:	the entries, in order
 *
 * A VCPU executes its operation up to the first scheduling point without being chosen for
 * it. So its entries from there on wait until the first event, and appear as of then. If
 * there are more than fit, all appear as of when they were recorded.
 */
struct tkfi_early {
	unsigned int nr;
	struct tkfi_trace_entry entries[TKFI_MAX_EARLY];
};

/**
 * struct tkfi_held - a lock that is held
 * @lock:	its address, NULL if this entry is free
 * @owner:	the VCPU that holds it
 */
struct tkfi_held {
	const void *lock;
	struct tkfi_vcpu *owner;
};

/**
 * enum tkfi_failure_kind - why an execution failed
 * @TKFI_NO_FAILURE:	it did not, or that is not the engine's to say
 * @TKFI_DEADLOCK:	nobody can go on
 * @TKFI_LIVELOCK:	a VCPU reads a sequence again and again, which does not change
 * @TKFI_NOT_HELD:	a VCPU dropped a lock that it did not hold
 * @TKFI_IRQS_ON:	a VCPU enabled interrupts
 * @TKFI_BAD_CHOICE:	the strategy chose a VCPU that cannot go on
 */
enum tkfi_failure_kind {
	TKFI_NO_FAILURE,
	TKFI_DEADLOCK,
	TKFI_LIVELOCK,
	TKFI_NOT_HELD,
	TKFI_IRQS_ON,
	TKFI_BAD_CHOICE,
};

/**
 * struct tkfi_failure - why an execution failed, and of whom
 * @kind:	enum tkfi_failure_kind
 * @vcpu:	id of the VCPU; of a deadlock the first one that waits. What the others
 *		wait for is their next transition
 * @what:	address of the lock or word that it is about, NULL if none
 */
struct tkfi_failure {
	enum tkfi_failure_kind kind;
	unsigned int vcpu;
	const void *what;
};

/**
 * struct tkfi_engine - one set of VCPUs and their executions
 * @vcpus:	the VCPUs; tkfi_engine_add() fills them
 * @nr_vcpus:	how many of them take part
 * @last:	VCPU that executed last, NULL at the start
 * @free:	VCPUs that can go on whatever the others do, BIT(id) each
 * @bound:	VCPUs for which that depends on others
 * @begins:	VCPUs that have not begun, and will before the first choice
 * @held:	locks, and which VCPU holds them
 * @strategy:	makes the choices of this execution
 * @caller:	context of tkfi_engine_run() while a VCPU executes
 * @chosen:	the VCPU that goes on next
 * @save:	set by the strategy in @next: receives a snapshot before the chosen VCPU
 *		goes on
 * @ranges:	what a snapshot holds besides the VCPUs
 * @nr_ranges:	how many
 * @log:	the events, in the order in which they were executed; the first
 *		TKFI_MAX_EVENTS of them
 * @nr_log:	how many events there were; more than TKFI_MAX_EVENTS if some are not in
 *		@log
 * @quiet:	keep no trace
 * @on_cpu:	VCPUs with an event that were not preempted since, BIT(id) each; for the
 *		trace
 * @early:	trace entries of each VCPU that are not in the trace yet
 * @ret:	what the execution will return
 * @trace:	what happened
 * @failure:	why the last execution failed
 * @error:	report of a deadlock, of a lock dropped by somebody who did not hold
 *		it, or of an internal error; "" if none
 */
struct tkfi_engine {
	struct tkfi_vcpu vcpus[TKFI_MAX_VCPUS];
	unsigned int nr_vcpus;
	struct tkfi_vcpu *last;
	unsigned long free;
	unsigned long bound;
	unsigned long begins;
	struct tkfi_held held[TKFI_MAX_LOCKS];
	struct tkfi_strategy *strategy;
	struct tkfi_context caller;
	struct tkfi_vcpu *chosen;
	struct tkfi_snapshot *save;
	struct tkfi_range ranges[TKFI_MAX_RANGES];
	unsigned int nr_ranges;
	struct tkfi_event log[TKFI_MAX_EVENTS];
	unsigned int nr_log;
	bool quiet;
	unsigned long on_cpu;
	struct tkfi_early early[TKFI_MAX_VCPUS];
	int ret;
	struct tkfi_trace trace;
	struct tkfi_failure failure;
	char error[1024];
};

/**
 * tkfi_engine_create() - allocate an engine with stacks for all its VCPUs
 *
 * Return: the engine, NULL when out of memory.
 */
struct tkfi_engine *tkfi_engine_create(void);

/**
 * tkfi_engine_destroy() - free an engine and the stacks of its VCPUs
 * @engine:	engine, or NULL
 */
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
 * tkfi_engine_add_nmi() - add a VCPU that is an NMI of another one
 * @engine:	engine
 * @victim:	the VCPU that it interrupts, once, before any transition or after the last
 *		one; it has no other NMI
 * @body:	as for tkfi_engine_add(); while it runs, @victim does not
 * @arg:	for @body
 *
 * Return: as tkfi_engine_add().
 */
struct tkfi_vcpu *tkfi_engine_add_nmi(struct tkfi_engine *engine,
				      struct tkfi_vcpu *victim,
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
 * Return: 0; -EDEADLK if nobody can go on, or somebody would for ever; -ECANCELED if
 * the strategy stopped it; -EPERM if a VCPU dropped a lock that it did not hold; -EPROTO
 * for a bug in the engine or the strategy; @engine->failure has it, and @engine->error a
 * sentence.
 */
int tkfi_engine_run(struct tkfi_engine *engine, struct tkfi_strategy *strategy);

/**
 * tkfi_engine_resume() - go on from a snapshot, by other choices
 * @engine:	engine, after an execution with the same VCPUs
 * @strategy:	makes the choices, with the same @wants; its @begin is not called
 * @from:	snapshot taken in an execution of theirs
 *
 * Return: as tkfi_engine_run().
 */
int tkfi_engine_resume(struct tkfi_engine *engine,
		       struct tkfi_strategy *strategy,
		       const struct tkfi_snapshot *from);

/**
 * tkfi_nr_events() - how many events this execution has so far
 *
 * To be called while an engine executes.
 *
 * Return: the number of events so far, also of those that did not fit into the log.
 */
unsigned int tkfi_nr_events(void);

/**
 * tkfi_log_hash() - one number for the events of an execution
 * @engine:	engine, after an execution
 *
 * Return: XXH64 over VCPU, kind and cells of every event that is in the log.
 */
u64 tkfi_log_hash(const struct tkfi_engine *engine);

/**
 * tkfi_engine_waits_for() - whom a VCPU has to wait for before it goes on
 * @engine:	engine that executes
 * @vcpu:	VCPU that has stopped
 *
 * Return: as tkfi_waits_for().
 */
unsigned long tkfi_engine_waits_for(const struct tkfi_engine *engine,
				    const struct tkfi_vcpu *vcpu);

/**
 * tkfi_attempts_end() - the executing VCPU's operation has ended
 *
 * Its read sections end with it. A sequence that was not checked by then will not be: it
 * gets TKFI_CELL_NO_RETRY.
 */
void tkfi_attempts_end(void);

/**
 * tkfi_locks_held() - how many locks a VCPU holds
 * @vcpu:	VCPU of the engine that executes
 *
 * Return: their number, with that which stands for an NMI.
 */
unsigned int tkfi_locks_held(const struct tkfi_vcpu *vcpu);

/**
 * tkfi_lock_held() - does a VCPU hold a lock?
 * @vcpu:	VCPU of the engine that executes
 * @lock:	address of the lock
 *
 * Return: whether it does.
 */
bool tkfi_lock_held(const struct tkfi_vcpu *vcpu, const void *lock);

/**
 * tkfi_nmi() - interrupt a VCPU; for strategies
 * @vcpu:	a VCPU that stopped at an injection point
 * @handler:	called on its stack before it goes on; must not wait for what the VCPU
 *		itself holds, or there is a deadlock
 * @arg:	for @handler
 */
void tkfi_nmi(struct tkfi_vcpu *vcpu,
	      void (*handler)(struct tkfi_vcpu *, void *), void *arg);

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

/* The engine whose VCPUs execute; one at a time, interrupts are off. NULL: nobody does. */
extern struct tkfi_engine *tkfi_engine;

/* tkfi_record_clock(), when there is a trace. */
void tkfi_record_entry(enum tkfi_entry_kind kind, const char *what, s64 value, u64 clock);

/**
 * tkfi_record_clock() - add an entry of the executing VCPU to the trace
 * @kind:	what happened
 * @what:	a name that outlives the trace
 * @value:	a number that belongs to it, 0 if none
 * @clock:	value of the subject's clock that it depends on, TKFI_NO_CLOCK if none
 *
 * Does nothing when no VCPU executes, or the engine keeps no trace. If accesses are
 * scheduling points, the entries of an operation appear as of its first event: see struct
 * tkfi_early.
 */
static __always_inline void tkfi_record_clock(enum tkfi_entry_kind kind, const char *what,
					      s64 value, u64 clock)
{
	if (tkfi_current && !tkfi_engine->quiet)
		tkfi_record_entry(kind, what, value, clock);
}

/* tkfi_record_clock() of what depends on no clock. */
static __always_inline void tkfi_record(enum tkfi_entry_kind kind, const char *what,
					s64 value)
{
	tkfi_record_clock(kind, what, value, TKFI_NO_CLOCK);
}

/**
 * tkfi_trace_entry_add() - add an entry of any VCPU to the trace, as of now
 * @engine:	engine; also one that is quiet
 * @vcpu:	id of the VCPU
 * @kind:	what happened
 * @what:	a name that outlives the trace
 * @value:	a number that belongs to it, 0 if none
 */
void tkfi_trace_entry_add(struct tkfi_engine *engine, unsigned int vcpu,
			  enum tkfi_entry_kind kind, const char *what, s64 value);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An explanation of a finding: two accesses whose order matters. The execution is recorded,
 * with values. Then pairs of accesses that conflict are reversed, one pair at a time, and
 * all else is kept as far as possible. If the finding is gone, the pair is the explanation.
 * So nothing is claimed that was not executed.
 */
#ifndef __TKFI_EXPLAIN_H
#define __TKFI_EXPLAIN_H

#include "happens_before.h"

/**
 * struct tkfi_detail - what the log does not have of an event
 * @ip:		where in the kernel; 0 if unknown
 * @size:	of an access, in bytes; 0 if it is none
 * @offset:	of an access, bytes of its first cell that are before it: 0 ... 3
 * @before:	value of the memory that is accessed, before; of 16 bytes, the first 8
 * @after:	its value after the access
 */
struct tkfi_detail {
	unsigned long ip;
	u8 size;
	u8 offset;
	u64 before;
	u64 after;
};

/* The most pairs that are collected of an execution. */
#define TKFI_MAX_PAIRS	1024

/**
 * struct tkfi_pair - two events that conflict, and what their reversal came to
 * @first:	number of the earlier event
 * @second:	number of the later one
 * @executed:	tkfi_reverse() was called
 * @ret:	what it returned
 * @violates:	findings of the execution in the other order, a bit each
 */
struct tkfi_pair {
	u16 first;
	u16 second;
	bool executed;
	int ret;
	u64 violates;
};

/**
 * struct tkfi_pairs - pairs of events of an execution
 * @collected:	@pairs has been filled
 * @nr:		how many
 * @pairs:	the pairs, in the order of the later event
 */
struct tkfi_pairs {
	bool collected;
	unsigned int nr;
	struct tkfi_pair pairs[TKFI_MAX_PAIRS];
};

/**
 * struct tkfi_recording - an execution, with all that is known of its events
 * @strategy:	for tkfi_engine_run()
 * @inner:	makes the choices
 * @log:	the events, and after them the next transitions of VCPUs that wait for ever
 * @details:	more about each of them
 * @hb:		happens-before among them
 * @of_vcpu:	numbers of the events of each VCPU
 * @nr:		how many each VCPU has
 * @what:	address of the last event if it is an access, else NULL
 * @adjacent:	pairs that nothing else orders
 * @apart:	the other pairs
 */
struct tkfi_recording {
	struct tkfi_strategy strategy;
	struct tkfi_strategy *inner;
	struct tkfi_event log[TKFI_MAX_EVENTS];
	struct tkfi_detail details[TKFI_MAX_EVENTS];
	struct tkfi_happens_before hb;
	u16 of_vcpu[TKFI_MAX_VCPUS][TKFI_MAX_EVENTS];
	unsigned int nr[TKFI_MAX_VCPUS];
	const void *what;
	struct tkfi_pairs adjacent;
	struct tkfi_pairs apart;
};

/**
 * tkfi_record_start() - record the next execution of @recording->strategy
 * @recording:	recording; what was recorded before is overwritten
 * @inner:	makes the choices
 */
void tkfi_record_start(struct tkfi_recording *recording,
		       struct tkfi_strategy *inner);

/**
 * tkfi_record_end() - the execution that is recorded has ended
 * @recording:	recording; has all of it now
 * @engine:	engine, after the execution
 */
void tkfi_record_end(struct tkfi_recording *recording,
		     const struct tkfi_engine *engine);

/**
 * struct tkfi_racing_access - an access, for people
 * @vcpu:	id of the VCPU
 * @kind:	enum tkfi_transition_kind
 * @cell:	the first cell it touched
 * @nr_cells:	how many cells it touched
 * @value:	the value it loaded or stored
 * @ip:		where in the kernel; 0 if unknown
 */
struct tkfi_racing_access {
	u8 vcpu;
	u8 kind;
	u16 cell;
	u8 nr_cells;
	u64 value;
	unsigned long ip;
};

/**
 * struct tkfi_explanation - the two accesses whose order matters
 * @holds:	in the other order the oracle holds; false if there is no such pair
 * @first:	the earlier access
 * @second:	the later one
 * @about:	cell of the lock or sequence that orders them; else the first cell of the
 *		object that they touch
 * @tried:	how many pairs were reversed
 *
 * Sections that a lock or a sequence protects can only be reversed as a whole. Then the
 * accesses are the first two that make a difference in these sections.
 */
struct tkfi_explanation {
	bool holds;
	struct tkfi_racing_access first;
	struct tkfi_racing_access second;
	unsigned int about;
	unsigned int tried;
};

/**
 * struct tkfi_trial - how executions in other orders are set up and judged
 * @start:	restores the state in which executions begin, and adds the VCPUs
 * @violates:	returns the findings of the execution, BIT(number) each, numbered by the
 *		caller; @ret is what tkfi_engine_run() returned
 * @arg:	for both
 * @host:	id of the host, whose pairs are tried last: that time passes explains
 *		little. TKFI_MAX_VCPUS if there is none
 */
struct tkfi_trial {
	int (*start)(void *arg);
	u64 (*violates)(void *arg, int ret);
	void *arg;
	unsigned int host;
};

/**
 * tkfi_reverse() - one execution in which two events are reversed
 * @engine:	engine
 * @recording:	what was executed
 * @first:	number of an event
 * @second:	number of a later one, of another VCPU, that conflicts with it
 * @trial:	how to execute
 * @violates:	set to the findings of the execution
 *
 * Of the VCPUs that can go on, the one goes on whose next event comes first in the
 * recording. But the VCPU of @first waits before that event until @second has been
 * executed.
 *
 * Return: 0, or -ENOENT if the two cannot be reversed.
 */
int tkfi_reverse(struct tkfi_engine *engine,
		 const struct tkfi_recording *recording, unsigned int first,
		 unsigned int second, const struct tkfi_trial *trial,
		 u64 *violates);

/**
 * tkfi_explain() - find two events whose order matters
 * @engine:	engine
 * @recording:	an execution that violates
 * @finding:	number of the finding to be explained, 0 to 63
 * @near:	number of an event; pairs of its VCPU that are close to it are tried first
 * @trial:	how to execute; the same for all findings of a recording
 * @why:	filled
 *
 * The result of each reversal is kept in @recording, for other findings of the execution.
 */
void tkfi_explain(struct tkfi_engine *engine, struct tkfi_recording *recording,
		  unsigned int finding, unsigned int near,
		  const struct tkfi_trial *trial, struct tkfi_explanation *why);

#endif

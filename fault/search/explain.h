/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which order of two accesses is it that matters? An execution is recorded with its
 * values; two accesses that conflict are executed in the other order, all else as
 * it was as far as it can be; and if it holds then, these are the two. Nothing is
 * said that was not executed.
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

/* The most pairs of steps that are collected of an execution. */
#define TKFI_MAX_PAIRS	1024

/**
 * struct tkfi_pair - two steps that conflict, and what came of the other order
 * @first:	number of the earlier step
 * @second:	number of the later one
 * @executed:	tkfi_reverse() was called
 * @ret:	what it returned
 * @violates:	the findings that the other order has
 */
struct tkfi_pair {
	u16 first;
	u16 second;
	bool executed;
	int ret;
	u64 violates;
};

/**
 * struct tkfi_pairs - the pairs of steps of an execution
 * @collected:	@pairs has been filled
 * @nr:		how many
 * @pairs:	by the later step
 */
struct tkfi_pairs {
	bool collected;
	unsigned int nr;
	struct tkfi_pair pairs[TKFI_MAX_PAIRS];
};

/**
 * struct tkfi_recording - an execution, with all that is known of its steps
 * @strategy:	for tkfi_engine_run()
 * @inner:	chooses
 * @log:	the events, and then the transitions of VCPUs that wait for ever
 * @details:	what they were about
 * @hb:	of the steps
 * @of_vcpu:	numbers of the events of each VCPU
 * @nr:		how many of each
 * @what:	where the last step was, if that was one; else NULL
 * @adjacent:	pairs of which nothing else orders the two
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
 * @vcpu:	whose
 * @kind:	enum tkfi_transition_kind
 * @cell:	what it touched ...
 * @nr_cells:	... and how many of them
 * @value:	what it read, or wrote
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
 * @holds:	in the other order it holds; else no single pair was found
 * @first:	the earlier access
 * @second:	the later one
 * @about:	what orders them: a lock, a sequence, or the first cell of the
 *		object that they touch
 * @tried:	how many other orders were executed
 *
 * Accesses of a section that a sequence or lock protects cannot change places one
 * by one, only section by section: then these are the first ones in which the two
 * sections differ.
 */
struct tkfi_explanation {
	bool holds;
	struct tkfi_racing_access first;
	struct tkfi_racing_access second;
	unsigned int about;
	unsigned int tried;
};

/**
 * struct tkfi_trial - executions in other orders
 * @start:	put everything where executions begin, and add the VCPUs
 * @violates:	the findings that the execution has, a bit each, by the caller's numbers;
 *		@ret is what tkfi_engine_run() returned
 * @arg:	for both
 * @host:	a VCPU whose steps are tried last: that time passes is the least telling;
 *		TKFI_MAX_VCPUS for none
 */
struct tkfi_trial {
	int (*start)(void *arg);
	u64 (*violates)(void *arg, int ret);
	void *arg;
	unsigned int host;
};

/**
 * tkfi_reverse() - one execution in which two steps change places
 * @engine:	engine
 * @recording:	what was executed
 * @first:	number of a step
 * @second:	number of a later one, of another VCPU, which conflicts
 * @trial:	how to execute
 * @violates:	set to the findings that it has
 *
 * At each step goes on who can and comes first in the recording; but the VCPU of
 * @first does not take that step until @second has been taken.
 *
 * Return: 0, or -ENOENT if they cannot change places.
 */
int tkfi_reverse(struct tkfi_engine *engine,
		 const struct tkfi_recording *recording, unsigned int first,
		 unsigned int second, const struct tkfi_trial *trial,
		 u64 *violates);

/**
 * tkfi_explain() - find two steps whose order matters
 * @engine:	engine
 * @recording:	an execution that violates
 * @finding:	number of the finding to be explained, 0 to 63
 * @near:	number of a step; pairs of its VCPU and close to it are tried first
 * @trial:	how to execute; the same for all findings of a recording
 * @why:	filled
 *
 * What came of an order is kept in @recording: several findings of one execution cost
 * little more than one.
 */
void tkfi_explain(struct tkfi_engine *engine, struct tkfi_recording *recording,
		  unsigned int finding, unsigned int near,
		  const struct tkfi_trial *trial, struct tkfi_explanation *why);

#endif

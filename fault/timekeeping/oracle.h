/* SPDX-License-Identifier: GPL-2.0 */
/* What must hold in every execution. */
#ifndef __TKFI_ORACLE_H
#define __TKFI_ORACLE_H

#include "finding.h"
#include "glue.h"
#include "operation.h"
#include "happens_before.h"
#include "publish.h"
#include "subject.h"

/**
 * struct tkfi_read - a read of an execution
 * @vcpu:	who read
 * @op:		what
 * @line:	what it saw, NULL if that is no line; the oracle of that name finds out
 */
struct tkfi_read {
	unsigned int vcpu;
	const struct tkfi_op *op;
	const struct tkfi_publication *line;
};

/**
 * struct tkfi_execution - what an oracle looks at
 * @engine:	engine, after it
 * @setup:	what was done before
 * @plan:	its operations hold the results
 * @ret:	what tkfi_engine_run() returned
 * @hb:	of its steps; or room for it, with @hb->nr 0
 * @reads:	its reads that came to their end
 * @nr_reads:	how many
 * @report:	called for each finding
 * @arg:	for @report
 */
struct tkfi_execution {
	const struct tkfi_engine *engine;
	const struct tkfi_plan *setup;
	const struct tkfi_plan *plan;
	int ret;
	struct tkfi_happens_before *hb;
	struct tkfi_read *reads;
	unsigned int nr_reads;
	tkfi_finding_fn report;
	void *arg;
};

/**
 * struct tkfi_oracle - a property that must hold in every execution
 * @name:	one word
 * @prepare:	says what it has to be told of, when all cells are known; may be NULL
 * @check:	looks at an execution; returns whether others can look at it, too
 */
struct tkfi_oracle {
	const char *name;
	void (*prepare)(void);
	bool (*check)(const struct tkfi_execution *e);
};

extern const struct tkfi_oracle tkfi_oracle_progress;
extern const struct tkfi_oracle tkfi_oracle_line;
extern const struct tkfi_oracle tkfi_oracle_monotonic;
extern const struct tkfi_oracle tkfi_oracle_series;
extern const struct tkfi_oracle tkfi_oracle_counted;
extern const struct tkfi_oracle tkfi_oracle_agree;

/**
 * tkfi_span_of() - a read, as a finding has it
 * @read:	the read
 *
 * Return: its span.
 */
static inline struct tkfi_span tkfi_span_of(const struct tkfi_read *read)
{
	const struct tkfi_reader *reader = tkfi_reader_of(read->op);

	return (struct tkfi_span){
		.vcpu = read->vcpu,
		.from = read->op->from,
		.to = read->op->to,
		.kind = reader,
		.call = reader->call,
		.group = tkfi_family_names[reader->family],
	};
}

/**
 * tkfi_find() - an execution does not hold: say so
 * @e:		the execution
 * @finding:	what is wrong with it
 */
static inline void tkfi_find(const struct tkfi_execution *e,
			     const struct tkfi_finding *finding)
{
	e->report(finding, e->arg);
}

/**
 * tkfi_readers_come_to_an_end() - would whoever reads now come to an end?
 *
 * Return: whether all sequences are even: of kernel and vDSO, core and auxiliary clock.
 */
bool tkfi_readers_come_to_an_end(void);

/**
 * tkfi_timekeepers_of() - an owner's timekeeper
 * @owner:	owner
 *
 * Return: that of the auxiliary clock, if it is @owner and the kernel has one; else the core
 * timekeeper.
 */
struct tkfi_timekeepers tkfi_timekeepers_of(enum tkfi_owner owner);

/**
 * tkfi_round_to() - a time in whole units
 * @ns:		nanoseconds
 * @unit:	nanoseconds of a unit, not 0
 *
 * Return: nanoseconds, rounded down; towards 0 if @ns is negative.
 */
s64 tkfi_round_to(s64 ns, u32 unit);

/**
 * tkfi_oracles_prepare() - let all oracles say what they have to be told of
 *
 * To be called when all cells are known.
 */
void tkfi_oracles_prepare(void);

/**
 * tkfi_oracles_check() - let all oracles look at an execution
 * @judged:	execution
 * @report:	called for each finding
 * @arg:	for @report
 *
 * progress:	all VCPUs came to their end, and left the sequences even; NMI-safe
 *		readers did nothing on the way that waits if it must. Others wait while a
 *		sequence is odd or a lock is held: that is all the engine lets them.
 * monotonic:	a read that begins after another one of that clock has ended is
 *		not smaller; where an operation may set that clock back, not by more than
 *		it was set between the two. It can begin after it if in some execution of
 *		the class it does: if no step of the second happened before one of the
 *		first.
 * line:	every value is one published line evaluated at the cycle that was read,
 *		and that line was there to be seen during the read. So no read is torn,
 *		stale or a failure. Of a finding the first value is what the latest line
 *		says, the second what was read.
 * series:	what the series of 2013 established, S4 to S8: a timekeeper is written
 *		with its lock held, and what readers use, cycle_last too, while their
 *		sequence is odd; both have one then; whoever drops the lock leaves the sequence
 *		even, and shadow and real equal; the vDSO page is updated in a write
 *		section; a tick has one, and none if it has nothing to do (not before the
 *		series).
 * counted:	jiffies and the time of the next tick have counted the same ticks.
 * agree:	vDSO and kernel tell the same time when all updates have ended.
 */
void tkfi_oracles_check(const struct tkfi_judged *judged, tkfi_finding_fn report,
			void *arg);

extern const struct tkfi_oracle * const tkfi_oracles[];
extern const unsigned int tkfi_nr_oracles;

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* Oracles: properties that must hold in every execution. */
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
 * @vcpu:	id of the VCPU
 * @op:		the operation
 * @line:	the publication whose line it saw, NULL if it saw none; set by the oracle
 *		"line"
 */
struct tkfi_read {
	unsigned int vcpu;
	const struct tkfi_op *op;
	const struct tkfi_publication *line;
};

/**
 * struct tkfi_execution - an execution that an oracle checks
 * @engine:	engine, after it
 * @setup:	the operations before it
 * @plan:	the operations of the execution, with their results
 * @ret:	what tkfi_engine_run() returned
 * @hb:		happens-before of its events; with @hb->nr 0 it is not known yet
 * @reads:	its reads that have returned
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
 * @holds:	what holds, in a sentence
 * @prepare:	called when all cells are known, see tkfi_cells_require(); may be NULL
 * @check:	checks an execution; returns false if the other oracles cannot check it
 */
struct tkfi_oracle {
	const char *name;
	const char *holds;
	void (*prepare)(void);
	bool (*check)(const struct tkfi_execution *e);
};

/* One declaration of all; what ends it is defined nowhere. */
extern const struct tkfi_oracle
#define TKFI_ORACLE(name)	tkfi_oracle_##name,
#include "oracle_list.h"
#undef TKFI_ORACLE
	tkfi_last_oracle;

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
 * tkfi_find() - report a finding, with its cause
 * @e:		the execution
 * @finding:	what is wrong with it
 * @first:	the earlier read of a pair; else NULL
 * @second:	the later read of a pair, or the read that is wrong; else NULL
 */
void tkfi_find(const struct tkfi_execution *e, const struct tkfi_finding *finding,
	       const struct tkfi_read *first, const struct tkfi_read *second);

/**
 * tkfi_readers_come_to_an_end() - would a reader that begins now come to an end?
 *
 * Return: whether all sequences are even: of kernel and vDSO, core and auxiliary clock.
 */
bool tkfi_readers_come_to_an_end(void);

/**
 * tkfi_round_to() - a time in whole units
 * @ns:		nanoseconds
 * @unit:	nanoseconds of a unit, not 0
 *
 * Return: nanoseconds, rounded down; towards 0 if @ns is negative.
 */
static inline s64 tkfi_round_to(s64 ns, u32 unit)
{
	/* A division takes longer than all else that judges a pair of reads. */
	return unit == 1 ? ns : ns - ns % unit;
}

/**
 * tkfi_oracles_list() - a line for each oracle
 * @line:	receives it
 */
void tkfi_oracles_list(tkfi_line_fn line);

/**
 * tkfi_series_list() - a line for each patch of the series of 2013: what must hold since
 * @line:	receives it
 */
void tkfi_series_list(tkfi_line_fn line);

/**
 * tkfi_oracles_prepare() - call @prepare of all oracles
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
 * What each of them rejects is above its definition.
 */
void tkfi_oracles_check(const struct tkfi_judged *judged, tkfi_finding_fn report,
			void *arg);

extern const struct tkfi_oracle * const tkfi_oracles[];
extern const unsigned int tkfi_nr_oracles;

#endif

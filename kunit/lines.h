/* SPDX-License-Identifier: GPL-2.0 */
/* The time a published timekeeper says it is, calculated apart from the kernel. */
#ifndef __TKFI_LINES_H
#define __TKFI_LINES_H

#include "readers.h"
#include "session.h"

/**
 * line_time() - a published line at a cycle, as a reader must return it
 * @tk:		timekeeper
 * @reader:	says which clock, what that follows, and the resolution
 * @cycle:	of the clock
 *
 * From the members that updaters calculate with, in 128 bits: no base or offset
 * that the kernel derives for its readers has a part in it, nor any function of
 * the kernel's that converts cycles or time.
 */
s64 line_time(const struct timekeeper *tk, const struct tkfi_reader *reader,
	      u64 cycle);

/* How far a clock was set between two timekeepers, ns. */
s64 line_step(const struct timekeeper *before, const struct timekeeper *after,
	      const struct tkfi_reader *reader);

#define MAX_STOPS	64
#define MAX_LINES	8

/**
 * struct look - what was to be seen when a VCPU stopped at a point
 * @vcpu:	its id
 * @at:		the point
 * @hit:	how often it had been there, from 1
 * @locks:	how many locks it held
 * @all_locks:	how many locks all VCPUs held
 * @kernel_odd:	the kernel readers' sequence was odd
 * @vdso_odd:	the vDSO readers' sequence was odd
 * @line:	the line that was published last
 */
struct look {
	unsigned int vcpu;
	const char *at;
	unsigned int hit;
	unsigned int locks;
	unsigned int all_locks;
	bool kernel_odd;
	bool vdso_odd;
	unsigned int line;
};

/**
 * struct looks - the stops of an execution, and the lines it published
 * @nr:		stops, also those that did not fit
 * @stops:	in order
 * @nr_lines:	lines, also those that did not fit
 * @lines:	the timekeepers that readers were let at, in order; the first one
 *		is from before the execution
 */
struct looks {
	unsigned int nr;
	struct look stops[MAX_STOPS];
	unsigned int nr_lines;
	struct timekeeper lines[MAX_LINES];
};

/**
 * looks_run() - an execution with a look at every stop
 * @looks:	what was seen
 * @session:	open session
 * @setup:	as for tkfi_session_run()
 * @plan:	parsed
 *
 * Return: as tkfi_session_run(), -EPROTO if something did not fit.
 */
int looks_run(struct looks *looks, struct tkfi_session *session,
	      const char *setup, struct tkfi_plan *plan);

/* The latest line that was published, and the index of it. */
static inline unsigned int last_line(const struct looks *looks)
{
	return looks->nr_lines - 1;
}

#endif

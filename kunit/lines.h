/* SPDX-License-Identifier: GPL-2.0 */
/* What is to be seen when VCPUs stop at points, and which lines there were. */
#ifndef __TKFI_LINES_H
#define __TKFI_LINES_H

#include "harness.h"
#include "publish.h"

#define MAX_STOPS	64
#define MAX_LINES	8

/**
 * struct condition - of a timekeeper when a VCPU stopped
 * @inside:	that VCPU held its lock
 * @kernel_odd:	the kernel readers' sequence was odd
 * @vdso_odd:	the vDSO readers' sequence was odd
 * @mirrored:	its shadow was equal to it
 * @line:	the line that was published last
 * @real:	the timekeeper itself
 */
struct condition {
	bool inside;
	bool kernel_odd;
	bool vdso_odd;
	bool mirrored;
	unsigned int line;
	struct timekeeper real;
};

/**
 * struct look - what was to be seen when a VCPU stopped at a point
 * @vcpu:	its id
 * @at:		the point
 * @hit:	how often it had been there, from 1
 * @locks:	how many locks it held
 * @all_locks:	how many locks all VCPUs held
 * @suspended:	timekeeping was
 * @of:		each timekeeper's condition
 */
struct look {
	unsigned int vcpu;
	const char *at;
	unsigned int hit;
	unsigned int locks;
	unsigned int all_locks;
	bool suspended;
	struct condition of[TKFI_NR_OWNERS];
};

/**
 * struct line - a line that readers were let at
 * @tk:		the timekeeper
 * @halted_from: the first stop at which its NMI-safe readers stood still
 * @halted_at:	where they stand, a value of the clock
 */
struct line {
	struct timekeeper tk;
	unsigned int halted_from;
	u64 halted_at;
};

/**
 * struct lines - of one timekeeper, in order
 * @nr:		how many, also those that did not fit
 * @line:	the first one is from before the execution
 */
struct lines {
	unsigned int nr;
	struct line line[MAX_LINES];
};

/**
 * struct looks - the stops of an execution, and the lines it published
 * @nr:		stops, also those that did not fit
 * @stops:	in order
 * @suspended:	timekeeping was, at the last of them
 * @of:		each timekeeper's lines
 */
struct looks {
	unsigned int nr;
	struct look stops[MAX_STOPS];
	bool suspended;
	struct lines of[TKFI_NR_OWNERS];
};

/* The number of a stop; that of NULL, which stands for the end, is after all. */
static inline unsigned int stop_nr(const struct looks *looks,
				   const struct look *stop)
{
	return stop ? stop - looks->stops : looks->nr;
}

/* Does it say so when it is called while timekeeping is suspended? */
bool warns(const struct tkfi_reader *reader);

/* At a stop: does this reader of line @i stand still? */
bool is_halted(const struct looks *looks, const struct look *stop,
	       const struct tkfi_reader *reader, unsigned int i);

/**
 * time_seen() - what a reader must return that sees a line
 * @looks:	of the execution
 * @stop:	where it is performed, NULL for the end
 * @reader:	reader
 * @i:		the line, of the reader's timekeeper
 * @cycle:	of the clock
 *
 * Return: the time, ns.
 */
s64 time_seen(const struct looks *looks, const struct look *stop,
	      const struct tkfi_reader *reader, unsigned int i, u64 cycle);

/**
 * looks_execute() - as harness_execute(), with a look at every stop
 * @test:	test
 * @looks:	what was seen
 * @setup:	operations before, NULL for none
 *
 * Return: 0, or an error that @test has seen: also -EPROTO if something did not fit.
 */
int looks_execute(struct kunit *test, struct looks *looks, const char *setup);

/**
 * looks_run() - as harness_run(), with a look at every stop
 * @test:	test
 * @looks:	what was seen
 * @setup:	operations before, NULL for none
 * @fmt:	printf format of a plan
 *
 * Return: as looks_execute().
 */
__printf(4, 5)
int looks_run(struct kunit *test, struct looks *looks, const char *setup,
	      const char *fmt, ...);

/* The latest line that was published for a reader. */
static inline unsigned int last_line(const struct looks *looks,
				     const struct tkfi_reader *reader)
{
	return looks->of[tkfi_owner_of(reader)].nr - 1;
}

#endif

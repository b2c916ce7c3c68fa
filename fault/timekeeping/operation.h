/* SPDX-License-Identifier: GPL-2.0 */
/* Operations of timekeeping: their arguments and results. */
#ifndef __TKFI_OPERATION_H
#define __TKFI_OPERATION_H

#include <linux/build_bug.h>
#include <linux/time64.h>
#include <linux/timex.h>

#include "op.h"
#include "units.h"

struct clocksource;
struct tkfi_reader;

/**
 * struct tkfi_args - the arguments of an operation
 * @reader:	for "read"
 * @sets:	clocks that it may set back, BIT(clockid_t) each
 * @arms:	clocks that a later update may set back because of it, BIT(clockid_t) each
 * @timex:	for "adjtimex" and "inject"
 * @ts:		for "settimeofday" and "sleeptime"
 * @cs:		for "clocksource"
 * @tick_us:	for "ntp"
 * @freq:	for "ntp"
 */
struct tkfi_args {
	const struct tkfi_reader *reader;
	u32 sets;
	u32 arms;
	union {
		struct __kernel_timex timex;
		struct timespec64 ts;
		struct clocksource *cs;
		bool absent;
		struct {
			long tick_us;
			long freq;
		};
	};
};

#define TKFI_NOT_READ	U64_MAX

/**
 * struct tkfi_results - further results of an operation
 * @cycle:	value of the clock when it returned, in cycles
 * @counter:	value of the clock that its result depends on, see tkfi_clock_note();
 *		TKFI_NOT_READ if it did not read the clock
 * @before:	the one that was noted before @counter; TKFI_NOT_READ if none was
 */
struct tkfi_results {
	u64 cycle;
	u64 counter;
	u64 before;
};

/**
 * tkfi_args() - the arguments of an operation
 * @op:		operation
 *
 * Return: its arguments, as timekeeping has them.
 */
static inline struct tkfi_args *tkfi_args(const struct tkfi_op *op)
{
	static_assert(sizeof(struct tkfi_args) <= sizeof(op->args));
	return (struct tkfi_args *)op->args;
}

/**
 * tkfi_results() - the further results of an operation
 * @op:		operation
 *
 * Return: its results, as timekeeping has them.
 */
static inline struct tkfi_results *tkfi_results(const struct tkfi_op *op)
{
	static_assert(sizeof(struct tkfi_results) <= sizeof(op->results));
	return (struct tkfi_results *)op->results;
}

/**
 * tkfi_sets_a_clock() - is setting a clock what an operation is for?
 * @op:		operation
 *
 * Return: whether it is; false for a leap second, which a tick inserts.
 */
bool tkfi_sets_a_clock(const struct tkfi_op *op);

/**
 * tkfi_reader_of() - the reader that a "read" is of
 * @op:		operation
 *
 * Return: the reader, NULL if it is no read.
 */
static inline const struct tkfi_reader *tkfi_reader_of(const struct tkfi_op *op)
{
	return op->reads ? tkfi_args(op)->reader : NULL;
}

/*
 * For @flags of struct tkfi_op_type. TICKS: it accumulates whole ticks, and does nothing else.
 * SETS: it sets a clock. SLEEPS, WAKES: it begins or ends a suspend. TIMEX: its arguments are
 * a struct __kernel_timex, with which it may set a clock, too.
 */
#define TKFI_OP_TICKS	BIT(0)
#define TKFI_OP_SETS	BIT(1)
#define TKFI_OP_SLEEPS	BIT(2)
#define TKFI_OP_WAKES	BIT(3)
#define TKFI_OP_TIMEX	BIT(4)

/* What "timekeeping" explores: see subject.h. */
extern const struct tkfi_op_type tkfi_operations[];
extern const unsigned int tkfi_nr_operations;
extern const struct tkfi_op_type tkfi_interrupt;

/* What may follow "aux". */
extern const struct tkfi_op_type tkfi_aux_operations[];
extern const unsigned int tkfi_nr_aux_operations;

/**
 * tkfi_ntp_frequency() - split a frequency the way adjtimex wants it
 * @ppb:	parts per billion
 * @tick_us:	for ADJ_TICK, microseconds
 * @freq:	for ADJ_FREQUENCY, ppm << 16, within NTP's 500 ppm
 */
void tkfi_ntp_frequency(s32 ppb, long *tick_us, long *freq);

#endif

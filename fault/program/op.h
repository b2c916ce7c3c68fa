/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_OPS_H
#define __TKFI_OPS_H

#include <linux/time64.h>
#include <linux/timex.h>

#include "engine.h"
#include "readers.h"

/**
 * struct tkfi_duration - a time as somebody wrote it
 * @amount:	nanoseconds, or cycles of the virtual clock
 * @in_cycles:	which of them
 */
struct tkfi_duration {
	u64 amount;
	bool in_cycles;
};

u64 tkfi_duration_cycles(struct tkfi_duration d);

/**
 * tkfi_parse_duration() - "10ms", "0", "250cycles"
 * @text:	whole number with unit ns, us, ms, s, min or cycles
 * @d:		result, up to TKFI_MAX_DELAY_NS
 *
 * Return: 0, -EINVAL for a bad number or unit, -ERANGE for more than 10 min.
 */
int tkfi_parse_duration(const char *text, struct tkfi_duration *d);

/**
 * tkfi_parse_frequency() - "+500ppm", "-10%", "37ppb"
 * @text:	number, up to nine decimals, with unit ppm, ppb or %
 * @ppb:	result in parts per billion, -100000000 ... 100000000
 *
 * Return: 0, -EINVAL for a bad number or unit or less than 1 ppb, -ERANGE for
 * more than 10 % either way.
 */
int tkfi_parse_frequency(const char *text, s32 *ppb);

/**
 * tkfi_ntp_frequency() - split a frequency the way adjtimex wants it
 * @ppb:	parts per billion
 * @tick_us:	for ADJ_TICK, microseconds
 * @freq:	for ADJ_FREQUENCY, ppm << 16, within NTP's 500 ppm
 */
void tkfi_ntp_frequency(s32 ppb, long *tick_us, long *freq);

struct clocksource;
struct tkfi_op;

/**
 * struct tkfi_op_type - a named operation
 * @name:	as written
 * @usage:	what may follow
 * @parse:	fills @op from its arguments. Returns 0, or -EINVAL with a
 *		sentence in @err
 * @run:	calls the kernel; on a VCPU
 * @ticks:	it accumulates whole ticks, and else does nothing
 */
struct tkfi_op_type {
	const char *name;
	const char *usage;
	int (*parse)(struct tkfi_op *op, char *args, char *err, size_t size);
	s64 (*run)(struct tkfi_op *op);
	bool ticks;
};

/**
 * struct tkfi_op - one operation of a program
 * @type:	which
 * @text:	where it begins in the text that it was read from
 * @wrong:	and what was read last of it: if it is refused, what is wrong
 * @absent:	it was refused because this kernel does not have it; others may
 * @call:	as shown in a diagram
 * @reader:	for "read"
 * @sets:	clocks that it may set back, BIT(clockid_t) each
 * @arms:	clocks that a later update may set back because of it, likewise
 * @timex:	for "adjtimex" and "inject"
 * @ts:		for "settimeofday" and "sleeptime"
 * @cs:		for "clocksource"
 * @duration:	for "wait"
 * @tick_us:	for "ntp"
 * @freq:	for "ntp"
 * @done:	it has returned
 * @may_wait:	on the way it took a step that waits if it must
 * @blocked:	what it waited for on the way, NULL if for nothing
 * @result:	what it returned; ns for "read"
 * @cycle:	the clock when it returned
 * @counter:	the clock when the operation read it last, TKFI_NOT_READ if it did not
 * @from:	steps of its VCPU that were before it
 * @to:		steps of its VCPU up to its end
 * @end:	steps of all VCPUs up to its end
 */
struct tkfi_op {
	const struct tkfi_op_type *type;
	const char *text;
	const char *wrong;
	bool absent;
	char call[64];
	const struct tkfi_reader *reader;
	u32 sets;
	u32 arms;
	union {
		struct __kernel_timex timex;
		struct timespec64 ts;
		struct clocksource *cs;
		struct tkfi_duration duration;
		struct {
			long tick_us;
			long freq;
		};
	};

	bool done;
	bool may_wait;
	const char *blocked;
	s64 result;
	u64 cycle;
	u64 counter;
	unsigned int from;
	unsigned int to;
	unsigned int end;
};

#define TKFI_NOT_READ	U64_MAX

#define TKFI_MAX_OPS	8

/**
 * struct tkfi_program - what one VCPU performs
 * @nr:		number of operations
 * @nr_done:	how many have returned
 * @is_nmi:	it is an NMI
 * @cpu:	of that CPU
 * @ops:	the operations, in order
 */
struct tkfi_program {
	unsigned int nr;
	unsigned int nr_done;
	bool is_nmi;
	unsigned int cpu;
	struct tkfi_op ops[TKFI_MAX_OPS];
};

/**
 * tkfi_program_add() - append an operation
 * @program:	program
 * @text:	"read vdso MONOTONIC"; is torn up
 * @wrong:	on error set to where in @text the fault is
 * @err:	a sentence that says what is wrong and lists what exists
 * @size:	of @err
 *
 * Return: 0 or -EINVAL.
 */
int tkfi_program_add(struct tkfi_program *program, char *text,
		     const char **wrong, char *err, size_t size);

/**
 * tkfi_op_parse_read() - an operation that is one read, in no program
 * @op:		operation
 * @text:	"fast ktime_get_mono_fast_ns"; is torn up
 * @err:	as for tkfi_program_add()
 * @size:	of @err
 *
 * Return: 0 or -EINVAL.
 */
int tkfi_op_parse_read(struct tkfi_op *op, char *text, char *err, size_t size);

/* Perform an operation on the executing VCPU and keep its results. */
void tkfi_op_run(struct tkfi_vcpu *vcpu, struct tkfi_op *op);

/* The body of a VCPU; @arg is a struct tkfi_program. */
void tkfi_program_body(struct tkfi_vcpu *vcpu, void *arg);

#endif

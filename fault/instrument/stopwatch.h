/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Measures for how long updaters keep a sequence odd, in host time. For code that the
 * kernel executes as always, not on a VCPU.
 */
#ifndef __TKFI_STOPWATCH_H
#define __TKFI_STOPWATCH_H

#include <linux/types.h>

/**
 * enum tkfi_sequence - the sequences that updaters make odd
 * @TKFI_SEQ_KERNEL:	of the kernel's readers
 * @TKFI_SEQ_VDSO:	of the vDSO's
 * @TKFI_NR_SEQUENCES:	how many there are
 */
enum tkfi_sequence {
	TKFI_SEQ_KERNEL,
	TKFI_SEQ_VDSO,
	TKFI_NR_SEQUENCES
};

/**
 * struct tkfi_stopwatch - a measurement
 * @sequence:	whose write sections are measured: those of one sequence only, as sections
 *		nest, and measuring the inner one takes time of the outer one
 * @cycles:	sum of the sections, in cycles of the host's TSC
 * @sections:	number of sections
 * @began:	TSC at the begin of the section under way
 */
struct tkfi_stopwatch {
	enum tkfi_sequence sequence;
	u64 cycles;
	unsigned int sections;
	u64 began;
};

/*
 * The one that runs, or NULL. redirect.h reports write sections to it, and hooks.h those
 * of the vDSO page.
 */
extern struct tkfi_stopwatch *tkfi_stopwatch;

/**
 * tkfi_section_begin() - a write section has begun; a stopwatch runs
 * @sequence:	of which sequence; nothing happens if it is not the one that is measured
 */
void tkfi_section_begin(enum tkfi_sequence sequence);

/**
 * tkfi_section_end() - a write section is about to end; a stopwatch runs
 * @sequence:	of which sequence; nothing happens if it is not the one that is measured
 */
void tkfi_section_end(enum tkfi_sequence sequence);

/**
 * tkfi_stopwatch_run() - measure write sections from now on, interrupts off
 * @watch:	stopwatch, its @sequence set; counts from 0. NULL stops the one that runs
 */
void tkfi_stopwatch_run(struct tkfi_stopwatch *watch);

/**
 * tkfi_stopwatch_overhead() - the time that is measured for an empty section
 *
 * Return: median, in 1/100 TSC cycles.
 */
u64 tkfi_stopwatch_overhead(void);

/**
 * tkfi_stopwatch_resolution() - the resolution of the measurement
 *
 * Return: in 1/100 TSC cycles, the difference of the 99% and the 1% quantile of the times
 * that are measured for empty sections, or the granularity of the counter if that is
 * more.
 */
u64 tkfi_stopwatch_resolution(void);

/**
 * tkfi_quantile() - a quantile of measured times
 * @samples:	in cycles; sorted afterwards
 * @nr:		how many, not 0
 * @percent:	50 for the median; 0 ... 99
 *
 * If the counter is so coarse that many samples are equal, the quantile is interpolated
 * as for grouped data.
 *
 * Return: 1/100 cycles.
 */
u64 tkfi_quantile(u32 *samples, unsigned int nr, unsigned int percent);

/**
 * tkfi_tsc() - read the host's time stamp counter
 *
 * Serialized: all instructions before it have completed, and none after it has begun.
 *
 * Return: TSC cycles.
 */
u64 tkfi_tsc(void);

/**
 * tkfi_tsc_khz() - measure the frequency of the host's time stamp counter
 *
 * Takes 20 ms, busy. It is measured against the host's clock.
 *
 * Return: kHz.
 */
u64 tkfi_tsc_khz(void);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long updaters keep a sequence odd, in host time: for code that runs as
 * the kernel runs it, off the VCPUs.
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
 * struct tkfi_stopwatch - what is measured while it runs
 * @sequence:	of whose write sections; one at a time, because they nest, and
 *		the inner one would measure itself into the outer one's time
 * @cycles:	host TSC cycles with it odd
 * @sections:	write sections
 * @began:	TSC at the begin of the current section
 */
struct tkfi_stopwatch {
	enum tkfi_sequence sequence;
	u64 cycles;
	unsigned int sections;
	u64 began;
};

/* The one that runs; redirect.h, and for the vDSO page hooks.h, tell it of write sections. */
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
 * tkfi_stopwatch_overhead() - what the stopwatch shows for a section that is empty
 *
 * Return: median, in 1/100 TSC cycles.
 */
u64 tkfi_stopwatch_overhead(void);

/**
 * tkfi_stopwatch_resolution() - what the stopwatch cannot tell from nothing
 *
 * Return: how far apart it shows sections that are empty, all but the least and the most 1% of
 * them, or the counter's step if that is more; in 1/100 TSC cycles.
 */
u64 tkfi_stopwatch_resolution(void);

/**
 * tkfi_quantile() - a quantile of measured times
 * @samples:	cycles; are sorted
 * @nr:		how many, not 0
 * @percent:	50 for the median; 0 ... 99
 *
 * Where the counter is so coarse that many samples are equal, it is interpolated as
 * for grouped data.
 *
 * Return: 1/100 cycles.
 */
u64 tkfi_quantile(u32 *samples, unsigned int nr, unsigned int percent);

/**
 * tkfi_tsc() - read the host's time stamp counter
 *
 * It is read after all instructions before it and before all after it.
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

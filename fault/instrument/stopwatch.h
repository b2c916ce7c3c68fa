/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long updaters keep a sequence odd, in host time: for code that runs as
 * the kernel runs it, off the VCPUs.
 */
#ifndef __TKFI_STOPWATCH_H
#define __TKFI_STOPWATCH_H

#include <linux/types.h>

/* The sequences that updaters make odd: of the kernel's readers, of the vDSO's. */
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
void tkfi_section_begin(enum tkfi_sequence sequence);
void tkfi_section_end(enum tkfi_sequence sequence);

/* Measure @watch->sequence from now on; NULL stops. Interrupts off. */
void tkfi_stopwatch_run(struct tkfi_stopwatch *watch);

/* What the stopwatch shows for a section that is empty: median, in 1/100 cycles. */
u64 tkfi_stopwatch_overhead(void);

/*
 * What it cannot tell from nothing: how far apart it shows sections that are empty, all
 * but the least and the most 1% of them, or the counter's step; in 1/100 cycles.
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

/* The host's time stamp counter, read after all before it and before all after it. */
u64 tkfi_tsc(void);

/* Its frequency in kHz, measured against the host's clock; takes 20 ms. */
u64 tkfi_tsc_khz(void);

#endif

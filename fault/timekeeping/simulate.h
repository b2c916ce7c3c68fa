/* SPDX-License-Identifier: GPL-2.0 */
/* The live kernel's timekeeping, driven for a long time, and what is measured of it. */
#ifndef __TKFI_SIMULATE_H
#define __TKFI_SIMULATE_H

#include "ideal.h"
#include "measure.h"
#include "readers.h"
#include "script.h"

/**
 * struct tkfi_settings - what is to be simulated
 * @hz:		frequency of the clocksource, TKFI_MIN_HZ ... TKFI_MAX_HZ
 * @bits:	width of its counter, 24 ... 64
 * @offset_ppb:	what NTP sets the frequency to at the start, up to 500 ppm
 * @error_ppb:	how much too fast the oscillator is
 * @ticks:	the most ticks from one update to the next, 1 for periodic ticks; fewer where the
 *		kernel would not sleep so long
 * @fixed:	they are always so many, instead of any number from 1
 * @late_ns:	updates are so late after the tick that is their time; with @jitter_ns less
 *		than a tick
 * @jitter_ns:	and up to so much more
 * @at_update:	a sample is taken right after its update, not at any moment before the next
 * @samples:	how many updates, with a sample each: 4 ... TKFI_MAX_SAMPLES
 * @look:	each so many-th update all readers are read before and after it; 0 for never
 * @seed:	of all that is random
 * @reader:	of CLOCK_MONOTONIC, fine
 * @script:	what is done meanwhile; NULL for nothing
 * @next_ticks:	gets a line with the next number of ticks, in place of @ticks and @fixed;
 *		NULL for these. At the end it begins again
 * @arg:	for that
 */
struct tkfi_settings {
	u32 hz;
	unsigned int bits;
	s32 offset_ppb;
	s32 error_ppb;
	u32 ticks;
	bool fixed;
	u32 late_ns;
	u32 jitter_ns;
	bool at_update;
	u64 samples;
	u32 look;
	u32 seed;
	const struct tkfi_reader *reader;
	struct tkfi_script *script;
	tkfi_script_line_fn next_ticks;
	void *arg;
};

#define TKFI_MAX_READERS	64

/**
 * struct tkfi_steps - steps back of a reader at updates
 * @nr:		how many
 * @largest:	ns
 */
struct tkfi_steps {
	u64 nr;
	s64 largest;
};

/**
 * struct tkfi_simulated - what was measured
 * @time_shift:	times of samples are cycles divided by 2 to that
 * @line:	their errors are against this line, ns per cycle in 2^-64: of a perfect clock
 *		with @offset_ppb
 * @half:	the first half of the samples, the second half. Of the latter alone are:
 * @error:	time against the line of NTP, 2^-8 ns
 * @offset:	time against the time that passed, 2^-8 ns; that is as awake
 * @ntp_error:	what the kernel takes the error for, after updates, 2^-8 ns
 * @unknown:	of the error at updates what the kernel does not know of, 2^-8 ns
 * @mults:	changes of mult
 * @mult_least: the least mult
 * @mult_most:	the largest
 * @ahead:	how far coarse time is ahead of fine time after an update at most, ns; negative
 *		if it never is. Of all updates that were looked at are:
 * @behind:	how far it is behind at most, ns
 * @looks:	updates at which all readers were read
 * @steps:	by place in tkfi_readers
 * @series:	a value at each tick, or each so many-th: @offset if there was a servo, else
 *		@error
 * @is_steered:	there was
 * @script_left: the script has more, after the last sample
 * @updates:	updates, with those before operations of the script
 * @cycles:	how long it was, in cycles of the clock
 * @err:	why it could not be simulated
 */
struct tkfi_simulated {
	unsigned int time_shift;
	__uint128_t line;
	struct tkfi_moments half[2];
	struct tkfi_extent error;
	struct tkfi_extent offset;
	struct tkfi_extent ntp_error;
	struct tkfi_extent unknown;
	u64 mults;
	u32 mult_least;
	u32 mult_most;
	s64 ahead;
	s64 behind;
	u64 looks;
	struct tkfi_steps steps[TKFI_MAX_READERS];
	struct tkfi_series series;
	bool is_steered;
	bool script_left;
	u64 updates;
	u64 cycles;
	char err[640];
};

/**
 * tkfi_simulate() - simulate
 * @settings:	what
 * @result:	overwritten
 *
 * Sleeps; but while it simulates interrupts are off. The time for an update and a read is all
 * that it takes, however long the simulated time is.
 *
 * Return: 0; -ENOMEM; -ERANGE or -EINVAL for what is impossible, @result->err says what; or
 * as tkfi_drive_open().
 */
int tkfi_simulate(const struct tkfi_settings *settings, struct tkfi_simulated *result);

#endif

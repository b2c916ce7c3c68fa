/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The line that NTP asks for: a tick of ntp_tick for each cycle_interval. The kernel's clock
 * follows it as well as it can, and ntp_error is how far it is off. This is calculated
 * beside it, in 128 bits, from what NTP has asked for alone.
 */
#ifndef __TKFI_IDEAL_H
#define __TKFI_IDEAL_H

#include <linux/timekeeper_internal.h>

/**
 * struct tkfi_ideal - the line of NTP
 * @ns:		CLOCK_MONOTONIC on it at @cycle_last, 2^-32 ns
 * @cycle_last:	the timekeeper's, as it was last seen
 * @clock:	its clocksource
 * @interval:	its cycle_interval
 * @skew:	slew in a tick that is not part of that, 2^-32 ns
 * @tick:	what NTP has an interval be, 2^-32 ns
 * @rate:	the same for a cycle, 2^-50 ns
 * @left:	see tkfi_ntp_phase_left()
 */
struct tkfi_ideal {
	__int128 ns;
	u64 cycle_last;
	const struct clocksource *clock;
	u64 interval;
	s64 skew;
	s64 tick;
	u64 rate;
	s64 left;
};

/**
 * tkfi_ideal_start() - the clock is on the line
 * @ideal:	line
 * @tk:		timekeeper
 */
void tkfi_ideal_start(struct tkfi_ideal *ideal, const struct timekeeper *tk);

/**
 * tkfi_ideal_update() - an update has accumulated
 * @ideal:	line
 * @tk:		timekeeper
 */
void tkfi_ideal_update(struct tkfi_ideal *ideal, const struct timekeeper *tk);

/**
 * tkfi_ideal_set() - something else has been done to the timekeeper at a cycle
 * @ideal:	line; must be up to date with the updates before
 * @tk:		timekeeper
 * @counter:	value of the clocksource that was in use before, then
 *
 * A part of an interval may have been accumulated, the clocksource changed, or NTP told to
 * slew another phase.
 */
void tkfi_ideal_set(struct tkfi_ideal *ideal, const struct timekeeper *tk, u64 counter);

/**
 * tkfi_ideal_wake() - timekeeping was resumed: no time has passed since it was suspended
 * @ideal:	line; must have been told of the suspend
 * @tk:		timekeeper
 */
void tkfi_ideal_wake(struct tkfi_ideal *ideal, const struct timekeeper *tk);

/**
 * tkfi_ideal_time() - the time on the line
 * @ideal:	line
 * @counter:	value of the clocksource, not before @ideal->cycle_last
 *
 * Return: CLOCK_MONOTONIC, 2^-8 ns.
 */
__int128 tkfi_ideal_time(const struct tkfi_ideal *ideal, u64 counter);

/**
 * tkfi_ideal_unknown() - how far the clock is off that ntp_error does not know of
 * @ideal:	line, up to date
 * @tk:		timekeeper
 *
 * Return: 2^-8 ns.
 */
s64 tkfi_ideal_unknown(const struct tkfi_ideal *ideal, const struct timekeeper *tk);

#endif

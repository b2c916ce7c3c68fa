// SPDX-License-Identifier: GPL-2.0
#include <linux/clocksource.h>
#include <linux/jiffies.h>
#include <linux/math64.h>

#include "glue.h"
#include "ideal.h"
#include "measure.h"

#define RATE_SHIFT	50

/* CLOCK_MONOTONIC at cycle_last, 2^-32 ns. */
static __int128 base_time(const struct timekeeper *tk)
{
	s64 ns = (s64)(tk->xtime_sec + tk->wall_to_monotonic.tv_sec) * NSEC_PER_SEC +
		 tk->wall_to_monotonic.tv_nsec;

	return ((__int128)ns << 32) +
	       ((__int128)tk->tkr_mono.xtime_nsec << tk->ntp_error_shift);
}

/* From now on it goes on as NTP says now. */
static void look(struct tkfi_ideal *ideal, const struct timekeeper *tk)
{
	s64 tick = tk->ntp_tick - TKFI_REMAINDER(tk), skew = TKFI_SKEW(tk);

	ideal->cycle_last = tk->tkr_mono.cycle_last;
	if (tick == ideal->tick && skew == ideal->skew && ideal->clock == tk->tkr_mono.clock)
		return;
	ideal->clock = tk->tkr_mono.clock;
	ideal->interval = tk->cycle_interval;
	ideal->tick = tick;
	ideal->skew = skew;
	ideal->rate = mul_u64_u64_div_u64(tick + skew, BIT_ULL(RATE_SHIFT - 32),
					  ideal->interval);
}

void tkfi_ideal_start(struct tkfi_ideal *ideal, const struct timekeeper *tk)
{
	*ideal = (struct tkfi_ideal){ .ns = base_time(tk), .left = tkfi_ntp_phase_left() };
	look(ideal, tk);
}

void tkfi_ideal_update(struct tkfi_ideal *ideal, const struct timekeeper *tk)
{
	u64 passed = (tk->tkr_mono.cycle_last - ideal->cycle_last) & tk->tkr_mono.mask;
	s64 left;

	/* Whole intervals: the division is exact. */
	if (passed == ideal->interval)
		ideal->ns += ideal->tick;
	else
		ideal->ns += (__int128)div64_u64(passed, ideal->interval) * ideal->tick;
	/* What was slewed apart from the ticks. */
	left = tkfi_ntp_phase_left();
	ideal->ns += ideal->left - left;
	ideal->left = left;
	look(ideal, tk);
}

void tkfi_ideal_set(struct tkfi_ideal *ideal, const struct timekeeper *tk, u64 counter)
{
	u64 passed = (tk->tkr_mono.cycle_last - ideal->cycle_last) & ideal->clock->mask;

	if (tk->tkr_mono.clock != ideal->clock)
		passed = (counter - ideal->cycle_last) & ideal->clock->mask;
	ideal->ns += (__uint128_t)passed * ideal->rate >> (RATE_SHIFT - 32);
	ideal->left = tkfi_ntp_phase_left();
	look(ideal, tk);
}

void tkfi_ideal_wake(struct tkfi_ideal *ideal, const struct timekeeper *tk)
{
	ideal->left = tkfi_ntp_phase_left();
	look(ideal, tk);
}

__int128 tkfi_ideal_time(const struct tkfi_ideal *ideal, u64 counter)
{
	u64 passed = (counter - ideal->cycle_last) & ideal->clock->mask;

	return (ideal->ns >> (32 - TKFI_ERROR_SHIFT)) +
	       (__int128)((__uint128_t)passed * ideal->rate >>
			  (RATE_SHIFT - TKFI_ERROR_SHIFT));
}

s64 tkfi_ideal_unknown(const struct tkfi_ideal *ideal, const struct timekeeper *tk)
{
	return (ideal->ns - base_time(tk) - tk->ntp_error) >> (32 - TKFI_ERROR_SHIFT);
}

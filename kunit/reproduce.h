/* SPDX-License-Identifier: GPL-2.0 */
/* The arithmetic of the race, from what the kernel published. */
#ifndef __TKFI_REPRODUCE_H
#define __TKFI_REPRODUCE_H

#include <linux/kernel.h>

#include "session.h"

/* a: how much the update changed the published multiplier. */
static inline s64 mult_change(const struct tkfi_outcome *outcome)
{
	return (s64)outcome->line_after.mult - outcome->line_before.mult;
}

/* floor(a * cycles / 2^shift), in ns. */
static inline s64 predicted_jump(const struct tkfi_outcome *outcome, u64 cycles)
{
	return (s64)(((__int128)mult_change(outcome) * cycles) >>
		     outcome->line_after.shift);
}

/* |measured - a * cycles / 2^shift| <= ns, without rounding. */
static inline bool is_predicted(const struct tkfi_outcome *outcome, u64 cycles,
				s64 measured, u32 ns)
{
	u32 shift = outcome->line_after.shift;
	__int128 off = ((__int128)measured << shift) -
		       (__int128)mult_change(outcome) * cycles;

	return (off < 0 ? -off : off) <= (__int128)ns << shift;
}

/**
 * predicted_window() - how long after publication time is still behind
 * @outcome:	an execution in which the multiplier fell
 * @first:	cycle of the read before publication
 *
 * The least number of cycles after @first at which a new read is not below the
 * old one: (|a| * D1 - fraction of the old read) / mult_new, rounded up.
 */
static inline u64 predicted_window(const struct tkfi_outcome *outcome,
				   u64 first)
{
	const struct tkfi_line *old = &outcome->line_before;
	u64 fraction = (old->nsec + (first - old->cycle_last) * old->mult) &
		       (BIT_ULL(old->shift) - 1);
	s64 lost = -mult_change(outcome) * (s64)(first - outcome->start);

	if (lost <= (s64)fraction)
		return 0;
	return div64_u64(lost - fraction + outcome->line_after.mult - 1,
			 outcome->line_after.mult);
}

#endif

// SPDX-License-Identifier: GPL-2.0
/*
 * Time that is accounted for, in the timekeeper's own units, so that nothing is lost between
 * the nanoseconds that readers show. A line's time is
 * (xtime_nsec + (counter - cycle_last) * mult) / 2^shift, and what NTP wants is
 * xtime + ntp_error.
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>

#include "clock.h"
#include "glue.h"
#include "story.h"

static void report(const struct tkfi_change *c, const char *rule, const char *holds,
		   const char *of, s64 wanted, s64 seen)
{
	c->fault(&(struct tkfi_fault_seen){
		.rule = rule, .holds = holds, .of = of, .op = c->op->type, .wanted = wanted,
		.seen = seen, .cause = tkfi_story_cause_of_account(c, rule),
	}, c->arg);
}

/* A time in 2^-32 ns, at a cycle of the clock. */
static __int128 fine(const struct tk_read_base *tkr, time64_t sec, s64 nsec, u64 now)
{
	const u64 delta = (tkfi_clock_counter(tkr->clock, now) - tkr->cycle_last) & tkr->mask;
	const __int128 shifted = (__int128)delta * tkr->mult + tkr->xtime_nsec;

	return (((__int128)sec * NSEC_PER_SEC + nsec) << 32) + (shifted << (32 - tkr->shift));
}

static __int128 mono_at(const struct timekeeper *tk, u64 now)
{
	return fine(&tk->tkr_mono, tk->xtime_sec + tk->wall_to_monotonic.tv_sec,
		    tk->wall_to_monotonic.tv_nsec, now);
}

/* Where the line begins, without what has passed since. */
static __int128 mono_base(const struct timekeeper *tk)
{
	struct timekeeper base = *tk;

	base.tkr_mono.mult = 0;
	return mono_at(&base, 0);
}

static __int128 raw_at(const struct timekeeper *tk, u64 now)
{
	return fine(&tk->tkr_raw, tk->raw_sec, 0, now);
}

/* What may be lost where the clocksource changes: what is below a unit of either. */
static u64 below_a_unit(const struct tkfi_change *c)
{
	const u32 shift = min(c->before->tk.tkr_mono.shift, c->after->tk.tkr_mono.shift);

	return c->before->tk.tkr_mono.clock == c->after->tk.tkr_mono.clock ? 0 :
	       2ULL << (32 - shift);
}

/* No time is lost or made: at one cycle it is the same before and after. */
static void judge_line(const struct tkfi_change *c, const char *rule, const char *of,
		       __int128 before, __int128 after, u64 less)
{
	if (before - after > (s64)less || after > before)
		report(c, rule, "no fraction of a nanosecond is lost or made, 2^-32 ns", of, 0,
		       after - before);
}

/*
 * What a tick of whole cycles is short of, 2^-32 ns, where that is kept apart: from the
 * clocksource, not from what the timekeeper has of it.
 */
static s64 remainder(const struct timekeeper *tk)
{
#ifdef TKFI_HAS_XTIME_REMAINDER
	const struct tk_read_base *tkr = &tk->tkr_mono;

	return (((u64)NSEC_PER_SEC / HZ << tkr->shift) - tk->cycle_interval * tkr->clock->mult) <<
	       (32 - tkr->shift);
#else
	return 0;
#endif
}

/* What NTP asked for is what was accumulated and what is still owed. */
static void judge_ntp(const struct tkfi_change *c)
{
	const struct timekeeper *before = &c->before->tk, *after = &c->after->tk;
	const struct tk_read_base *from = &before->tkr_mono, *to = &after->tkr_mono;
	const u64 cycles = (to->cycle_last - from->cycle_last) & from->mask;
	const u64 ticks = div64_u64(cycles, before->cycle_interval);
	const __int128 wanted = (__int128)ticks * (before->ntp_tick - remainder(before)) +
				c->before->phase_left - c->after->phase_left;
	const __int128 passed = mono_base(after) - mono_base(before) +
				after->ntp_error - before->ntp_error;

	if (cycles != ticks * before->cycle_interval)
		report(c, "ntp", "whole ticks are accumulated, cycles", "cycle_last",
		       ticks * before->cycle_interval, cycles);
	else if (passed != wanted)
		report(c, "ntp", "what NTP asked for is accumulated or owed, 2^-32 ns",
		       "ntp_error", wanted, passed);
}

bool tkfi_asks_for_phase(const struct tkfi_op *op)
{
	return op->type->flags & TKFI_OP_TIMEX &&
	       tkfi_args(op)->timex.modes & (ADJ_OFFSET | ADJ_OFFSET_SINGLESHOT | ADJ_STATUS);
}

/* May an operation move clocks other than by a leap second? */
static bool may_step(const struct tkfi_op *op)
{
	return tkfi_sets_a_clock(op) || op->type->flags & TKFI_OP_WAKES ||
	       (op->type->flags & TKFI_OP_TIMEX && tkfi_args(op)->timex.modes & ADJ_TAI);
}

/* Who changes the clocksource tells, as all is calculated anew. */
static bool is_change(const struct tkfi_op *op)
{
	return !strcmp(op->type->name, "clocksource");
}

static void judge_told(const struct tkfi_change *c)
{
	const struct timekeeper *before = &c->before->tk, *after = &c->after->tk;
	const bool real = before->offs_real != after->offs_real;
	const bool boot = before->offs_boot != after->offs_boot;
	const bool tai = before->offs_tai - before->offs_real != after->offs_tai - after->offs_real;
	/* adjtimex() may set the time and the TAI offset, each by itself. */
	const int twice = tai && tkfi_sets_a_clock(c->op);
	const int told = after->clock_was_set_seq - before->clock_was_set_seq;
	const u64 to_mono = after->wall_to_monotonic.tv_sec * NSEC_PER_SEC +
			    after->wall_to_monotonic.tv_nsec;

	if (real || boot || tai ? told != 1 + twice : told && !may_step(c->op) && !is_change(c->op))
		report(c, "told", "who is told of offsets is told of each change, once",
		       "clock_was_set_seq", real || boot || tai ? 1 + twice : 0, told);
	if (boot && !(c->op->type->flags & (TKFI_OP_WAKES | TKFI_OP_SETS)))
		report(c, "offsets", "only sleep moves CLOCK_BOOTTIME", "offs_boot",
		       before->offs_boot, after->offs_boot);
	if (!may_step(c->op) && after->offs_tai != before->offs_tai)
		report(c, "leap", "a leap second does not move CLOCK_TAI", "offs_tai",
		       before->offs_tai, after->offs_tai);
	if (!may_step(c->op) && after->offs_real != before->offs_real &&
	    abs(after->offs_real - before->offs_real) != NSEC_PER_SEC)
		report(c, "leap", "a leap second is one second", "offs_real", NSEC_PER_SEC,
		       after->offs_real - before->offs_real);
	if (after->offs_real != -to_mono)
		report(c, "offsets", "CLOCK_REALTIME is as far from CLOCK_MONOTONIC for all",
		       "offs_real", -to_mono, after->offs_real);
	if (after->offs_tai != after->offs_real + (s64)after->tai_offset * NSEC_PER_SEC)
		report(c, "offsets", "CLOCK_TAI is whole seconds from CLOCK_REALTIME", "offs_tai",
		       after->offs_real + (s64)after->tai_offset * NSEC_PER_SEC, after->offs_tai);
}

static bool is_mirrored(const struct tkfi_seen *seen)
{
	return !memcmp(&seen->shadow, &seen->tk, sizeof(seen->tk));
}

void tkfi_story_judge_account(const struct tkfi_change *c)
{
	const struct timekeeper *before = &c->before->tk, *after = &c->after->tk;
	const bool sets = tkfi_sets_a_clock(c->op);
	const u64 less = below_a_unit(c);

	if (!is_mirrored(c->after) && is_mirrored(c->before))
		report(c, "mirror", "the shadow timekeeper is the timekeeper", "shadow", 0, 1);
	judge_told(c);
	if (c->before->now != c->after->now)
		return;
	judge_line(c, "raw", "CLOCK_MONOTONIC_RAW", raw_at(before, c->before->now),
		   raw_at(after, c->after->now), less);
	/* Who sets CLOCK_REALTIME to a ns sets what is below one, too. */
	judge_line(c, "mono", "CLOCK_MONOTONIC", mono_at(before, c->before->now),
		   mono_at(after, c->after->now), sets ? 1ULL << 32 : less);
	if (!less && !sets && !(c->op->type->flags & TKFI_OP_WAKES) && !tkfi_asks_for_phase(c->op))
		judge_ntp(c);
}

// SPDX-License-Identifier: GPL-2.0
/* What adjtimex() was told, it tells, and the multiplier follows. */
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <linux/timex.h>

#include "adjtimex.h"
#include "glue.h"
#include "story.h"

#include <tkfi-glue.h>

static void report(const struct tkfi_change *c, const char *rule, const char *holds,
		   const char *of, s64 wanted, s64 seen)
{
	if (wanted != seen)
		c->fault(&(struct tkfi_fault_seen){
			.rule = rule, .holds = holds, .of = of, .op = c->op->type,
			.wanted = wanted, .seen = seen,
		}, c->arg);
}

#define TOLD(c, member, wanted)						\
	report(c, "readback", "what was set is read back", #member, wanted, (c)->told.member)

/* Has a leap second begun that no tick has inserted yet? */
static bool is_leaping(const struct tkfi_change *c)
{
	return c->after->tk.next_leap_ktime <= c->mono;
}

static void judge_readback(const struct tkfi_change *c)
{
	const struct __kernel_timex *txc = &tkfi_args(c->op)->timex;
	const s64 most = ((s64)MAXFREQ << 16) / 1000, freq = clamp(txc->freq, -most, most);
	const bool nano = c->told.status & STA_NANO;
	const s64 phase = nano ? MAXPHASE : MAXPHASE / NSEC_PER_USEC;

	if (txc->modes & ADJ_FREQUENCY && !(txc->modes & ADJ_OFFSET) &&
	    abs(c->told.freq - freq) > 1)
		TOLD(c, freq, freq);
	if (txc->modes & ADJ_TICK)
		TOLD(c, tick, txc->tick);
	if (txc->modes & ADJ_MAXERROR)
		TOLD(c, maxerror, clamp_t(s64, txc->maxerror, 0, NTP_PHASE_LIMIT));
	if (txc->modes & ADJ_ESTERROR)
		TOLD(c, esterror, clamp_t(s64, txc->esterror, 0, NTP_PHASE_LIMIT));
	if (txc->modes & ADJ_TIMECONST && txc->constant >= 0)
		TOLD(c, constant, min_t(s64, txc->constant + (nano ? 0 : 4), MAXTC));
	if (txc->modes & ADJ_OFFSET && c->told.status & STA_PLL &&
	    abs(c->told.offset - clamp_t(s64, txc->offset, -phase, phase)) > 1)
		TOLD(c, offset, clamp_t(s64, txc->offset, -phase, phase));
	/* One that is out of range is passed over. */
	if (txc->modes & ADJ_TAI && txc->constant >= 0 && txc->constant <= TKFI_MAX_TAI_OFFSET &&
	    !is_leaping(c))
		TOLD(c, tai, txc->constant);
	if (txc->modes & ADJ_STATUS)
		report(c, "readback", "what was set is read back", "status",
		       txc->status & ~STA_RONLY, c->told.status & ~STA_RONLY);
	if (txc->modes & (ADJ_NANO | ADJ_MICRO))
		report(c, "readback", "what was set is read back", "status",
		       txc->modes & ADJ_NANO && !(txc->modes & ADJ_MICRO), nano);
}

/* The length of a tick that a frequency asks for, 2^-32 ns: as ntp.c defines both. */
static u64 tick_length(const struct __kernel_timex *told)
{
	const s64 second = ((s64)told->tick * NSEC_PER_USEC * USER_HZ << 32) +
			   told->freq * ((s64)NSEC_PER_USEC << 16);

	return div_s64(second, NTP_INTERVAL_FREQ);
}

static void judge_rate(const struct tkfi_change *c)
{
	const struct timekeeper *tk = &c->after->tk;
	s64 asked = tick_length(&c->told);

#ifndef TKFI_HAS_XTIME_REMAINDER
	/* NTP has a tick be of whole cycles. */
	asked += (s64)(tk->cycle_interval * tk->tkr_mono.clock->mult -
		       ((u64)NSEC_PER_SEC / HZ << tk->tkr_mono.shift)) << tk->ntp_error_shift;
#endif

	/* freq is told in 2^-16 ppm, rounded. */
	if (c->is_plain && abs((s64)tk->ntp_tick - asked) > ((s64)NSEC_PER_USEC << 16) / HZ)
		report(c, "rate", "a tick is as long as adjtimex() asked for, 2^-32 ns", "ntp_tick",
		       asked, tk->ntp_tick);
	report(c, "rate", "the multiplier makes a tick as long as NTP has it", "mult",
	       div64_u64((tk->ntp_tick + TKFI_SKEW(tk) - TKFI_REMAINDER(tk)) >> tk->ntp_error_shift,
			 tk->cycle_interval) + tk->ntp_err_mult, tk->tkr_mono.mult);
}

/* A clock is set to what was asked for, or by as much. */
static void judge_set(const struct tkfi_change *c)
{
	const struct tkfi_args *args = tkfi_args(c->op);
	const s64 offset = args->timex.time.tv_sec * NSEC_PER_SEC + args->timex.time.tv_usec *
			   (args->timex.modes & ADJ_NANO ? 1 : NSEC_PER_USEC);

	if (c->op->type->flags & TKFI_OP_TIMEX)
		report(c, "set", "a clock is set by as much as was asked for", "CLOCK_REALTIME",
		       ktime_to_ns(c->before->tk.offs_real) + offset,
		       ktime_to_ns(c->after->tk.offs_real));
	else if (!strcmp(c->op->type->name, "settimeofday"))
		report(c, "set", "a clock is set to what was asked for", "CLOCK_REALTIME",
		       timespec64_to_ns(&args->ts), c->mono + ktime_to_ns(c->after->tk.offs_real));
}

void tkfi_story_judge_calls(const struct tkfi_change *c)
{
	if (c->of_aux || c->result < 0)
		return;
	if (tkfi_sets_a_clock(c->op))
		judge_set(c);
	if (!(c->op->type->flags & TKFI_OP_TIMEX) ||
	    tkfi_args(c->op)->timex.modes & ADJ_ADJTIME)
		return;
	judge_readback(c);
	if (tkfi_args(c->op)->timex.modes & (ADJ_FREQUENCY | ADJ_TICK))
		judge_rate(c);
}

// SPDX-License-Identifier: GPL-2.0
/* The causes of faults that stories are known to show. */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>

#include "clock.h"
#include "glue.h"
#include "known.h"
#include "publish.h"
#include "readers.h"
#include "story.h"
#include "timex.h"

#include <tkfi-glue.h>

static const struct tkfi_cause *cause(enum tkfi_known known)
{
	const struct tkfi_cause *cause = &tkfi_causes[known];

	return tkfi_known_is_here(cause) ? cause : NULL;
}

/* Coarse clocks show where a line begins, and a higher multiplier moves that back. */
static const struct tkfi_cause *of_base(const struct tkfi_change *c,
					const struct tkfi_reader *reader, s64 by)
{
	const struct timekeeper *before = &c->before->tk, *after = &c->after->tk;
	const s64 from = tkfi_line_base(before, reader->id), to = tkfi_line_base(after, reader->id);
	const u64 cycles = (tkfi_clock_counter(after->tkr_mono.clock, c->after->now) -
			    after->tkr_mono.cycle_last) & after->tkr_mono.mask;
	const s64 ns = -(s64)((cycles * (after->tkr_mono.mult - before->tkr_mono.mult)) >>
			      after->tkr_mono.shift);

	if (after->tkr_mono.mult <= before->tkr_mono.mult || abs(to - from - ns) > 1)
		return NULL;
	/* Of CLOCK_REALTIME where the part of a second is kept steady, else of the reader's. */
	if (by == -NSEC_PER_SEC && (before->xtime_sec == after->xtime_sec + 1 ||
				    div_s64(from, NSEC_PER_SEC) == div_s64(to, NSEC_PER_SEC) + 1))
		return cause(TKFI_BORROWED_SECOND);
	return by == to - from ? cause(TKFI_COARSE_BASE) : NULL;
}

/* The second of a line with a fraction from before its edge: most of a second too much. */
static bool has_gained(const struct timekeeper *tk)
{
	return TKFI_COARSE_IS_STEADY && !TKFI_COARSE_HAS_SECOND &&
	       tkfi_coarse(tk).ns - tkfi_line_base(tk, CLOCK_REALTIME) > NSEC_PER_SEC / 2;
}

const struct tkfi_cause *tkfi_story_cause_of_read(const struct tkfi_change *c,
						  const struct tkfi_reader *reader,
						  const char *rule, s64 wanted, s64 seen)
{
	const s64 by = seen - wanted;
	const bool back = !strcmp(rule, "back");

	if (tkfi_owner_of(reader) == TKFI_AUX)
		return reader->family == TKFI_VDSO && abs(by) == 1 &&
		       (back || !strcmp(rule, "ahead")) ? cause(TKFI_AUX_WHOLE_NS) : NULL;
	if (reader->kind != TKFI_COARSE)
		return NULL;
	if (has_gained(back ? &c->before->tk : &c->after->tk) && reader->unit != NSEC_PER_SEC &&
	    (back ? seen == tkfi_line_time(&c->after->tk, reader, c->after->now) :
		    !strcmp(rule, "coarse") && by > NSEC_PER_SEC / 2))
		return &tkfi_causes[TKFI_GAINED_SECOND];
	return back && c->before->now == c->after->now ? of_base(c, reader, by) : NULL;
}

const struct tkfi_cause *tkfi_story_cause_of_account(const struct tkfi_change *c,
						     const char *rule)
{
	struct timekeeper shadow = c->after->shadow;

	if (strcmp(rule, "mirror"))
		return NULL;
	shadow.next_leap_ktime = c->after->tk.next_leap_ktime;
	return memcmp(&shadow, &c->after->tk, sizeof(shadow)) ? NULL :
	       cause(TKFI_KNOWN_LEAP_NOT_MIRRORED);
}

const struct tkfi_cause *tkfi_story_cause_of_refusal(const struct tkfi_op *op, const char *rule)
{
	const struct __kernel_timex *txc = &tkfi_args(op)->timex;

	if (!TKFI_WRITERS_HOLD_READERS || strcmp(rule, "refused"))
		return NULL;
	if (!strcmp(op->type->name, "settimeofday"))
		return timespec64_valid_settod(&tkfi_args(op)->ts) ?
		       &tkfi_causes[TKFI_REFUSED_SET] : NULL;
	/* What has an error of its own is refused before anything is done. */
	return op->type->flags & TKFI_OP_TIMEX && txc->modes & ADJ_SETOFFSET &&
	       !tkfi_timex_error(txc, false) ? &tkfi_causes[TKFI_REFUSED_OFFSET] : NULL;
}

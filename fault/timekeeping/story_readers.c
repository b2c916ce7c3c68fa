// SPDX-License-Identifier: GPL-2.0
/* What readers must show after an operation. */
#include <linux/bits.h>
#include <linux/kernel.h>

#include "clock.h"
#include "glue.h"
#include "publish.h"
#include "readers.h"
#include "story.h"

#include <tkfi-glue.h>

static void report(const struct tkfi_change *c, const struct tkfi_reader *reader,
		   const char *rule, const char *holds, s64 wanted, s64 seen)
{
	c->fault(&(struct tkfi_fault_seen){
		.rule = rule, .holds = holds, .of = reader->call, .op = c->op->type,
		.kind = BIT(16) | reader->id << 8 | reader->kind << 4 |
			(reader->unit == NSEC_PER_SEC),
		.wanted = wanted, .seen = seen,
		.cause = tkfi_story_cause_of_read(c, reader, rule, wanted, seen),
	}, c->arg);
}

static const struct timekeeper *keeper(const struct tkfi_seen *seen,
				       const struct tkfi_reader *reader)
{
	return tkfi_owner_of(reader) == TKFI_AUX ? &seen->aux : &seen->tk;
}

/* By how much a clock was set: what hrtimers are told, or what was done to an auxiliary clock. */
static s64 was_set_by(const struct tkfi_change *c, const struct tkfi_reader *reader)
{
	const struct timekeeper *before = keeper(c->before, reader);
	const struct timekeeper *after = keeper(c->after, reader);

	if (reader->kind == TKFI_RAW)
		return 0;
	if (tkfi_owner_of(reader) == TKFI_AUX)
		return tkfi_sets_a_clock(c->op) ? tkfi_line_step(before, after, reader) : 0;
	if (before->clock_was_set_seq == after->clock_was_set_seq)
		return 0;
	return tkfi_line_step(before, after, reader);
}

/* A reader that inserts a leap second by itself shows it before it is told. */
static s64 leapt(const struct tkfi_seen *seen, const struct tkfi_reader *reader, u64 now)
{
	return tkfi_has_leapt(keeper(seen, reader), reader, now) ? NSEC_PER_SEC : 0;
}

/* No time passes, and nothing else is done to the line. */
static bool stands(const struct tkfi_change *c)
{
	return c->before->now == c->after->now && !(c->op->type->flags & TKFI_OP_WAKES);
}

/* What a coarse clock's fine one shows. */
static s64 fine(const struct tkfi_seen *seen, const struct tkfi_reader *reader)
{
	struct tkfi_reader fine = *reader;

	fine.kind = TKFI_FINE;
	fine.unit = 1;
	return tkfi_line_time(keeper(seen, reader), &fine, seen->now);
}

static void judge(const struct tkfi_change *c, const struct tkfi_reader *reader, unsigned int i)
{
	const struct tkfi_seen *before = c->before, *after = c->after;
	const bool is_on = TKFI_CLOCK_VALID(keeper(after, reader));
	const bool was_on = TKFI_CLOCK_VALID(keeper(before, reader));
	const s64 step = was_set_by(c, reader), seen = after->at[i];
	const s64 line = tkfi_line_time(keeper(after, reader), reader, after->now);
	const s64 from = before->at[i] + leapt(before, reader, before->now) + step;
	const s64 to = seen + leapt(after, reader, after->now);
	const s64 later = after->later[i] + leapt(after, reader, after->now + 1);
	/* A step is seen in whole units, rounded apart from the time. */
	const s64 within = step % reader->unit ? reader->unit : 0;

	if (after->again[i] != seen)
		report(c, reader, "repeat", "whoever asks twice at one cycle is told the same",
		       seen, after->again[i]);
	if (!is_on) {
		if (seen >= 0)
			report(c, reader, "off", "a clock that is off tells no time", -1, seen);
		return;
	}
	if (later < to)
		report(c, reader, "later", "a cycle later it is not earlier", to, later);
	if (reader->kind == TKFI_COARSE && seen > fine(after, reader))
		report(c, reader, "coarse", "a coarse clock is not ahead of the fine one",
		       fine(after, reader), seen);
	if (line != seen)
		report(c, reader, "line", "a reader shows the timekeeper's line", line, seen);
	if (!was_on)
		return;
	if (to < from - within)
		report(c, reader, "back", "a clock that was not set does not go back", from, to);
	else if (stands(c) && reader->kind != TKFI_COARSE && to > from + within)
		report(c, reader, "ahead", "a clock that was not set does not leap ahead", from,
		       to);
}

void tkfi_story_judge_readers(const struct tkfi_change *c)
{
	unsigned int nr, i;
	const struct tkfi_reader * const *readers = tkfi_story_readers(&nr);

	for (i = 0; i < nr; i++)
		judge(c, readers[i], i);
}

// SPDX-License-Identifier: GPL-2.0
#include <linux/ktime.h>
#include <linux/time64.h>
#include <linux/timekeeper_internal.h>

#include "clock.h"
#include "oracle.h"

#include <tkfi-glue.h>

/*
 * Does a read check a sequence at its end? Not if it returns an error, as the clock is off.
 */
static bool checks(const struct tkfi_op *op)
{
	return tkfi_reader_of(op)->family != TKFI_FAST && !tkfi_reader_of(op)->lockless &&
	       op->result >= 0;
}

/* When a publication could first be seen by a read. */
static unsigned int seen_from(const struct tkfi_publication *p,
			      const struct tkfi_op *op)
{
	if (!checks(op))
		return p->begun;
	return tkfi_reader_of(op)->family == TKFI_VDSO ? p->vdso : p->kernel;
}

/*
 * When the publication before could be seen no longer. Of the vDSO page this is the end
 * of its write section for all readers, also those that do not check.
 */
static unsigned int hides_from(const struct tkfi_publication *p,
			       const struct tkfi_op *op)
{
	if (tkfi_reader_of(op)->family == TKFI_VDSO && p->vdso != TKFI_NEVER)
		return p->vdso;
	return checks(op) ? p->kernel : p->over;
}

/*
 * Two NMI-safe accessors read the offset separately from the line, as their documentation
 * says.
 */
static bool offset_is_apart(const struct tkfi_reader *reader)
{
	return reader->family == TKFI_FAST &&
	       (reader->id == CLOCK_BOOTTIME || reader->id == CLOCK_TAI);
}

static bool is_line_with_other_offset(const struct tkfi_op *op,
				      const struct tkfi_publication *p,
				      u64 cycle)
{
	struct tkfi_reader mono = *tkfi_reader_of(op);
	unsigned int i;
	s64 ns;

	mono.id = CLOCK_MONOTONIC;
	ns = tkfi_line_time(&p->tk, &mono, cycle);
	for (i = 0; i < tkfi_nr_published(); i++) {
		const struct timekeeper *tk = &tkfi_published[i].tk;

		if (tkfi_published[i].owner == p->owner &&
		    ns + tkfi_line_time(tk, tkfi_reader_of(op), cycle) -
		    tkfi_line_time(tk, &mono, cycle) == op->result)
			return true;
	}
	return false;
}

static bool is_on_line(const struct tkfi_op *op,
		       const struct tkfi_publication *p)
{
	struct tkfi_publication halted;
	u64 cycle = tkfi_results(op)->counter;

	/* A clock that is off has no time to tell. */
	if (!TKFI_CLOCK_VALID(&p->tk))
		return op->result < 0;
	if (cycle == TKFI_NOT_READ && tkfi_reader_of(op)->family == TKFI_FAST) {
		/* Timekeeping sleeps, and they stand where its counter was. */
		halted = *p;
		halted.tk.tkr_mono.clock = NULL;
		halted.tk.tkr_raw.clock = NULL;
		cycle = tkfi_halted_at();
		p = &halted;
	}
	return tkfi_line_time(&p->tk, tkfi_reader_of(op), cycle) == op->result ||
	       (offset_is_apart(tkfi_reader_of(op)) &&
		is_line_with_other_offset(op, p, cycle));
}

/*
 * Could a read still see the line before, with its first event, that was hidden from
 * @hidden on?
 */
static bool is_in_time(const struct tkfi_engine *engine, unsigned int vcpu,
		       const struct tkfi_op *op, unsigned int hidden)
{
	unsigned int nr = 0, i;

	/* Not if all of its events came after that. */
	for (i = hidden; i < op->end; i++)
		nr += engine->log[i].vcpu == vcpu;
	return nr < op->to - op->from || op->from == op->to;
}

static bool is_refused(const struct tkfi_op *op)
{
	unsigned int i;

	if (op->result >= 0 || !tkfi_reader_of(op)->refuses)
		return false;
	for (i = 0; i < tkfi_nr_published(); i++)
		if (tkfi_published[i].asleep)
			return true;
	return false;
}

/*
 * What a line tells a read; one that did not get as far as the clock, what it tells where it
 * begins: the clock's value at the end of the read would depend on who is executed first, the
 * read or the host.
 */
static s64 told(const struct tkfi_publication *p, const struct tkfi_op *op)
{
	struct timekeeper tk = p->tk;

	if (tkfi_results(op)->counter == TKFI_NOT_READ) {
		tk.tkr_mono.mult = 0;
		tk.tkr_raw.mult = 0;
	}
	return tkfi_line_time(&tk, tkfi_reader_of(op), tkfi_results(op)->counter);
}

/*
 * Find the line that a read saw: one that it could see at some time from its first event
 * to its last, and that has the value it returned at the cycle it read. An error is
 * allowed if the clock is off in that line, and if a reader is refused while timekeeping
 * is suspended.
 */
static const struct tkfi_publication *find_line(const struct tkfi_execution *e,
						const struct tkfi_read *read)
{
	const struct tkfi_op *op = read->op;
	const enum tkfi_owner owner = tkfi_owner_of(tkfi_reader_of(op));
	unsigned int i = tkfi_nr_published(), hidden = TKFI_NEVER, from;
	s64 latest = -1;

	/* Jiffies are on no line, nor is a time that depends on what others were told. */
	if (tkfi_reader_of(op)->id == TKFI_CLOCK_JIFFIES ||
	    tkfi_reader_of(op)->kind == TKFI_FLOORED || is_refused(op))
		return NULL;
	while (i--) {
		const struct tkfi_publication *p = &tkfi_published[i];

		from = seen_from(p, op);
		if (p->owner != owner || from == TKFI_NEVER ||
		    (op->end <= from && op->from != op->to))
			continue;
		if (hidden != TKFI_NEVER &&
		    !is_in_time(e->engine, read->vcpu, op, hidden))
			break;
		if (is_on_line(op, p))
			return p;
		if (latest < 0)
			latest = told(p, op);
		hidden = hides_from(p, op);
	}
	tkfi_find(e, &(struct tkfi_finding){
		.oracle = tkfi_oracle_line.name,
		.clock = tkfi_reader_of(op)->call,
		.first_ns = latest,
		.second_ns = op->result,
	}, NULL, read);
	return NULL;
}

static bool check_line(const struct tkfi_execution *e)
{
	unsigned int i;

	for (i = 0; i < e->nr_reads; i++)
		e->reads[i].line = find_line(e, &e->reads[i]);
	return true;
}

/*
 * Each value is that of a published line at the cycle that was read, and the line could
 * be seen during the read. So no read is torn, stale or a failure. The first value of a
 * finding is that of the latest line, the second what was read.
 */
const struct tkfi_oracle tkfi_oracle_line = {
	.name	= "line",
	.holds	= "a read is a published line at the cycle that was read, and that line was there to be seen",
	.check	= check_line,
};

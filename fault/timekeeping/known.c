// SPDX-License-Identifier: GPL-2.0
/*
 * What the cause of a violation is. It is known if the execution has what its cause needs,
 * and time is off by what its cause predicts: the same oracle in the same scenario is new if
 * it is something else.
 */
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "clock.h"
#include "known.h"
#include "path.h"

#include <tkfi-glue.h>

/**
 * struct verdict - what a finding may be
 * @cause:	what it is like; TKFI_NR_CAUSES for nothing that is known
 * @holds:	the execution has what that cause needs
 * @is_predicted: @ns is set
 * @ns:		how far time goes from the first read to the second, as the cause predicts
 * @within:	how far off the prediction may be, ns
 */
struct verdict {
	enum tkfi_known cause;
	bool holds;
	bool is_predicted;
	s64 ns;
	u32 within;
};

static const struct verdict nothing = { TKFI_NR_CAUSES };

static const struct tkfi_reader *reader_of(const struct tkfi_read *read)
{
	return tkfi_reader_of(read->op);
}

static bool is_family(const struct tkfi_read *read, enum tkfi_family family)
{
	return reader_of(read)->family == family;
}

static bool either_is(const struct tkfi_read *a, const struct tkfi_read *b,
		      enum tkfi_family family)
{
	return is_family(a, family) || is_family(b, family);
}

/* ktime_get_real_seconds() and the like: one word of the timekeeper. */
static bool is_seconds(const struct tkfi_read *read)
{
	return is_family(read, TKFI_KERNEL) && reader_of(read)->lockless &&
	       reader_of(read)->kind == TKFI_COARSE && reader_of(read)->unit == NSEC_PER_SEC;
}

/* Two NMI-safe accessors read the offset apart from the line. */
static bool is_offset_apart(const struct tkfi_read *read)
{
	return is_family(read, TKFI_FAST) && (reader_of(read)->id == CLOCK_BOOTTIME ||
					      reader_of(read)->id == CLOCK_TAI);
}

/* An NMI-safe accessor that does not go on, as timekeeping is suspended. */
static bool is_halted(const struct tkfi_read *read)
{
	return is_family(read, TKFI_FAST) && read->line && read->line->asleep &&
	       tkfi_results(read->op)->counter == TKFI_NOT_READ;
}

/* Where on its line a read was, by the line's counter. */
static u64 place_of(const struct tkfi_read *read)
{
	const struct tk_read_base *tkr = reader_of(read)->kind == TKFI_RAW ?
		&read->line->tk.tkr_raw : &read->line->tk.tkr_mono;

	if (is_halted(read))
		return tkfi_halted_at();
	return tkfi_clock_counter(tkr->clock, tkfi_results(read->op)->counter);
}

static bool has_leapt(const struct tkfi_read *read)
{
	return tkfi_has_leapt(&read->line->tk, reader_of(read),
			      tkfi_results(read->op)->counter);
}

/*
 * How far a read's offset can be from its line's, if it reads it apart: the @nth of the
 * other lines has another offset.
 */
static s64 offset_apart_of(const struct tkfi_read *read, const struct tkfi_publication *line,
			   unsigned int nth)
{
	const struct tkfi_publication *p = &tkfi_published[nth];

	if (!is_offset_apart(read) || p->owner != line->owner)
		return 0;
	return tkfi_line_step(&line->tk, &p->tk, reader_of(read));
}

static s64 offset_apart(const struct tkfi_read *read, unsigned int nth)
{
	return offset_apart_of(read, read->line, nth);
}

/*
 * Do two reads differ by what is predicted, if one of them or both had the offset of another
 * line? Returns whether they do, and adds that to the prediction.
 */
static bool differs_by_offsets(struct verdict *v, const struct tkfi_read *first,
			       const struct tkfi_read *second, s64 measured)
{
	unsigned int i, j;

	for (i = 0; i < tkfi_nr_published(); i++) {
		for (j = 0; j < tkfi_nr_published(); j++) {
			const s64 ns = v->ns + offset_apart(second, j) - offset_apart(first, i);

			if (abs(measured - ns) > v->within)
				continue;
			v->ns = ns;
			return true;
		}
	}
	return false;
}

/*
 * Two reads that saw lines at cycles, and the way from one to the other. An older line's time
 * is beyond that of a newer one with a lower multiplier at every cycle after the sample. The
 * page of an auxiliary clock has whole nanoseconds.
 */
static struct verdict on_lines(const struct tkfi_read *first, const struct tkfi_read *second,
			       s64 measured)
{
	const bool raw = reader_of(first)->kind == TKFI_RAW;
	const bool fast = either_is(first, second, TKFI_FAST);
	const bool vdso = either_is(first, second, TKFI_VDSO);
	const struct tkfi_path path = tkfi_path_between(first->line, place_of(first),
							second->line, place_of(second), raw);
	struct verdict v = {
		.holds = path.sound,
		.is_predicted = true,
		.ns = path.ns + tkfi_line_step(&first->line->tk, &second->line->tk,
					       reader_of(second)) +
		      NSEC_PER_SEC * (has_leapt(first) - has_leapt(second)),
		.within = max(reader_of(first)->unit, reader_of(second)->unit) +
			  (TKFI_AUX_PAGE_IS_WHOLE && vdso &&
			   tkfi_owner_of(reader_of(second)) == TKFI_AUX),
	};
	const bool other_offset = fast && abs(measured - v.ns) > v.within &&
				  differs_by_offsets(&v, first, second, measured);

	if (path.wakes) {
		v.cause = TKFI_ASLEEP;
	} else if (is_halted(second) && is_family(first, TKFI_FAST)) {
		v.cause = TKFI_HALTED_LATE;
	} else if (path.loses) {
		v.cause = TKFI_LOST_TIME;
		/* Who waits cannot see it; in the variant that is fixed, all but NMIs wait. */
		v.holds &= fast || (tkfi_variant() != TKFI_FIXED &&
				    (vdso || (tkfi_variant() == TKFI_POST_SERIES &&
					      !TKFI_WRITERS_HOLD_READERS)));
	} else if (other_offset) {
		v.cause = TKFI_OFFSET_IN_PIECES;
	} else if (fast && (path.falls || path.rises)) {
		v.cause = TKFI_NMI_SAFE;
	} else if (!fast && path.falls) {
		v.cause = TKFI_COVER_LETTER;
		/* Before the series, readers of the kernel waited for the calculation. */
		v.holds &= first->line < second->line &&
			   (vdso || tkfi_variant() != TKFI_PRE_SERIES);
	} else {
		v.cause = TKFI_NR_CAUSES;
	}
	return v;
}

/*
 * With an offset of its own a read may be on several lines, of which the oracle names the last.
 * Was it one from before the machine woke?
 */
static bool may_be_asleep(struct verdict *v, const struct tkfi_read *first,
			  const struct tkfi_read *second, s64 measured)
{
	const struct tkfi_publication *p;
	struct tkfi_read other = *first;

	for (p = tkfi_published; p < second->line && is_offset_apart(first); p++) {
		if (p->owner != second->line->owner || !p->asleep)
			continue;
		other.line = p;
		*v = on_lines(&other, second, measured);
		if (v->cause == TKFI_ASLEEP && abs(measured - v->ns) <= v->within)
			return true;
	}
	return false;
}

/* Was a line published after one, up to another, that begins at whole nanoseconds? */
static bool is_set_between(const struct tkfi_publication *after,
			   const struct tkfi_publication *to)
{
	const struct tkfi_publication *p;

	for (p = after + 1; p <= to; p++)
		if (p->owner == to->owner &&
		    !(p->tk.tkr_mono.xtime_nsec & (BIT_ULL(p->tk.tkr_mono.shift) - 1)))
			return true;
	return false;
}

/* The vDSO page of an auxiliary clock is behind the line by less than 1 ns: set or not. */
static bool loses_a_ns(const struct verdict *v, const struct tkfi_read *first,
		       const struct tkfi_read *second, s64 measured)
{
	return tkfi_owner_of(reader_of(second)) == TKFI_AUX && measured == -1 && v->holds &&
	       either_is(first, second, TKFI_VDSO);
}

/* What a reader shows of a base: whole units. */
static s64 shown(s64 base, const struct tkfi_read *read)
{
	return tkfi_round_to(base, reader_of(read)->unit);
}

/* The way between the beginnings of two lines, which coarse clocks show. */
static struct tkfi_path between_bases(const struct tkfi_publication *from,
				      const struct tkfi_publication *to)
{
	return tkfi_path_between(from, from->tk.tkr_mono.cycle_last, to,
				 to->tk.tkr_mono.cycle_last, false);
}

/*
 * Two coarse reads of lines in the order of their publication. An adjustment keeps the time at
 * the sample; so a higher multiplier lowers the base.
 */
static struct verdict bases_fall(const struct tkfi_read *first, const struct tkfi_read *second)
{
	const struct tkfi_path path = between_bases(first->line, second->line);
	const s64 before = tkfi_line_base(&first->line->tk, reader_of(first)->id);
	const s64 after = before + path.ns + tkfi_line_step(&first->line->tk, &second->line->tk,
							    reader_of(second));
	const u32 unit = max(reader_of(first)->unit, reader_of(second)->unit);
	struct verdict v = {
		.cause = TKFI_COARSE_BASE,
		.holds = path.sound && path.rises && path.ns < 0,
		.is_predicted = true,
		.ns = shown(after, second) - shown(before, first),
		.within = 1,
	};

	if (unit == NSEC_PER_SEC || TKFI_COARSE_IS_STEADY) {
		/* What is kept steady is the part of the second, not the second. */
		v.cause = TKFI_BORROWED_SECOND;
		v.ns = (div_s64(after, NSEC_PER_SEC) - div_s64(before, NSEC_PER_SEC)) *
		       NSEC_PER_SEC;
		v.holds &= v.ns == -NSEC_PER_SEC;
	}
	return v;
}

/* Two coarse reads, the second of an older line. */
static struct verdict bases_apart(const struct tkfi_read *first, const struct tkfi_read *second)
{
	const struct tkfi_path path = between_bases(second->line, first->line);
	const s64 before = tkfi_line_base(&second->line->tk, reader_of(second)->id);
	const s64 after = before + path.ns + tkfi_line_step(&second->line->tk, &first->line->tk,
							    reader_of(first));

	return (struct verdict){
		.cause = is_seconds(second) ? TKFI_SECONDS_BEHIND :
			 is_seconds(first) ? TKFI_SECONDS_EARLY : TKFI_NR_CAUSES,
		.holds = path.sound,
		.is_predicted = true,
		.ns = shown(before, second) - shown(after, first),
		.within = 1,
	};
}

/* Has a read an event in a write section? */
static bool is_during(const struct tkfi_execution *e, const struct tkfi_read *read,
		      const struct tkfi_publication *section)
{
	unsigned int nth = 0, i;

	for (i = 0; i < section->over && nth < read->op->to; i++) {
		if (e->engine->log[i].vcpu != read->vcpu)
			continue;
		nth++;
		if (i >= section->begun && nth > read->op->from && nth <= read->op->to)
			return true;
	}
	return false;
}

/*
 * Did a read of seconds look into a calculation? It may see a step of it that is up to a second
 * before or after both ends: a negative offset is added as whole seconds, and what is left.
 */
static bool is_in_pieces(const struct tkfi_execution *e, const struct tkfi_read *read)
{
	const struct tkfi_publication *before = NULL;
	unsigned int i;

	if (!is_seconds(read) || read->line)
		return false;
	for (i = 0; i < tkfi_nr_published(); i++) {
		const struct tkfi_publication *p = &tkfi_published[i];
		s64 from, to;

		if (p->owner != TKFI_CORE)
			continue;
		if (before && is_during(e, read, p)) {
			from = tkfi_line_time(&before->tk, reader_of(read), 0);
			to = tkfi_line_time(&p->tk, reader_of(read), 0);
			if (read->op->result >= min(from, to) - NSEC_PER_SEC &&
			    read->op->result <= max(from, to) + NSEC_PER_SEC)
				return true;
		}
		before = p;
	}
	return false;
}

/*
 * Did an NMI-safe accessor see an offset in the middle of its calculation? It is off by a
 * second while a leap second is inserted.
 */
static bool has_half_an_offset(const struct tkfi_read *read, s64 *ns)
{
	struct tkfi_reader reader = *reader_of(read);
	unsigned int i;

	if (!is_offset_apart(read) || read->line)
		return false;
	for (i = 0; i < tkfi_nr_published(); i++) {
		const struct tkfi_publication *p = &tkfi_published[i];

		if (p->owner != TKFI_CORE)
			continue;
		*ns = read->op->result -
		      tkfi_line_time(&p->tk, &reader, tkfi_results(read->op)->counter);
		if (*ns == NSEC_PER_SEC || *ns == -NSEC_PER_SEC)
			return true;
	}
	return false;
}

/*
 * Is a read what a line shows where its counter has a value? One from before the line begins
 * is taken for that, or overflows.
 */
static bool is_at(const struct tkfi_read *read, const struct timekeeper *tk, u64 counter, s64 apart)
{
	const struct tk_read_base *tkr = reader_of(read)->kind == TKFI_RAW ? &tk->tkr_raw :
									     &tk->tkr_mono;
	const u64 delta = (counter - tkr->cycle_last) & tkr->mask;
	const s64 begin = tkfi_line_time(tk, reader_of(read), tkr->cycle_last) + apart;
	const s64 base = begin - (s64)(tkr->xtime_nsec >> tkr->shift);

	if (read->op->result == tkfi_line_time(tk, reader_of(read), counter) + apart)
		return true;
	return tkfi_clock_passed(tkr, tkr->cycle_last, counter) < 0 &&
	       (read->op->result == begin ||
		read->op->result ==
		base + (s64)((delta * tkr->mult + tkr->xtime_nsec) >> tkr->shift));
}

/*
 * Did an NMI-safe accessor take local_clock() for the counter? It does between the end of the
 * sleep and the update of what it reads: dummy_clock_read() is still there then.
 */
static bool has_local_clock(const struct tkfi_read *read)
{
	unsigned int i, j;
	u64 ns;

	if (read->line || !is_family(read, TKFI_FAST) ||
	    tkfi_results(read->op)->counter == TKFI_NOT_READ)
		return false;
	ns = mul_u64_u32_div(tkfi_results(read->op)->counter, NSEC_PER_SEC, tkfi_clock_hz);
	for (i = 0; i < tkfi_nr_published(); i++) {
		struct timekeeper tk = tkfi_published[i].tk;

		if (!tkfi_published[i].asleep)
			continue;
		tk.tkr_mono.clock = NULL;
		tk.tkr_raw.clock = NULL;
		for (j = 0; j < tkfi_nr_published(); j++)
			if (is_at(read, &tk, ns,
				  offset_apart_of(read, &tkfi_published[i], j)))
				return true;
	}
	return false;
}

static struct verdict pair(const struct tkfi_execution *e, const struct tkfi_read *first,
			   const struct tkfi_read *second, s64 measured)
{
	const struct verdict early = { TKFI_SECONDS_EARLY, true };
	const struct verdict seconds = { TKFI_SECONDS_IN_PIECES, true };
	const struct verdict offset = { TKFI_OFFSET_IN_PIECES, true };
	struct verdict v, other;
	s64 ns, step;

	if (is_in_pieces(e, second))
		return seconds;
	/* Whatever it saw of the calculation, others see nothing of it yet. */
	if (is_in_pieces(e, first))
		return early;
	if (has_half_an_offset(first, &ns) || has_half_an_offset(second, &ns))
		return offset;
	if (has_local_clock(first) || has_local_clock(second))
		return (struct verdict){ TKFI_LOCAL_CLOCK, true };
	if (!first->line || !second->line)
		return nothing;
	if (reader_of(second)->kind == TKFI_COARSE)
		return first->line < second->line ? bases_fall(first, second) :
						    bases_apart(first, second);
	v = on_lines(first, second, measured);
	if (v.cause == TKFI_OFFSET_IN_PIECES && may_be_asleep(&other, first, second, measured))
		v = other;
	step = tkfi_line_step(&first->line->tk, &second->line->tk, reader_of(second));
	if (loses_a_ns(&v, first, second, measured - step) && v.ns - step >= -1)
		v.cause = TKFI_AUX_WHOLE_NS;
	else if (measured == -1 && !v.ns && is_set_between(first->line, second->line) &&
		 (tkfi_variant() != TKFI_FIXED || either_is(first, second, TKFI_FAST)))
		v.cause = TKFI_SET_WHOLE_NS;
	else
		v.holds &= v.ns < 0;
	return v;
}

/* A read that is on no line. */
static struct verdict alone(const struct tkfi_execution *e, const struct tkfi_read *read,
			    s64 measured)
{
	struct verdict v = { TKFI_OFFSET_IN_PIECES, true, true };

	if (is_in_pieces(e, read))
		return (struct verdict){ TKFI_SECONDS_IN_PIECES, true };
	if (has_local_clock(read))
		return (struct verdict){ TKFI_LOCAL_CLOCK, true };
	if (!has_half_an_offset(read, &v.ns))
		return nothing;
	/* Not of the latest line, if that begins after the read. */
	v.is_predicted = measured == v.ns;
	return v;
}

/* VDSO and kernel do not agree on a clock. */
static struct verdict disagree(const struct tkfi_finding *finding)
{
	const struct tkfi_reader *vdso = tkfi_reader_find("vdso", "AUX");
	const struct tkfi_reader *kernel = tkfi_reader_find("kernel", "ktime_get_aux");
	const u64 now = tkfi_clock_peek();
	struct tkfi_timekeepers aux;

	if (!vdso || !kernel || strcmp(finding->clock, vdso->call))
		return nothing;
	aux = tkfi_timekeepers_of(TKFI_AUX);
	return (struct verdict){
		.cause = TKFI_AUX_WHOLE_NS,
		.holds = finding->first_ns >= 0 && finding->second_ns >= 0,
		.is_predicted = true,
		.ns = tkfi_line_time(aux.real, kernel, now) - tkfi_line_time(aux.real, vdso, now),
	};
}

static struct verdict judge(const struct tkfi_finding *finding, const struct tkfi_execution *e,
			    const struct tkfi_read *first, const struct tkfi_read *second)
{
	const struct verdict leap = {
		TKFI_KNOWN_LEAP_NOT_MIRRORED, !(tkfi_misdeeds() & BIT(TKFI_NOT_MIRRORED))
	};

	if (!strcmp(finding->oracle, tkfi_oracle_monotonic.name))
		return pair(e, first, second, finding->second_ns - finding->first_ns);
	if (!strcmp(finding->oracle, tkfi_oracle_line.name))
		return alone(e, second, finding->second_ns - finding->first_ns);
	if (!strcmp(finding->oracle, tkfi_oracle_agree.name))
		return disagree(finding);
	if (!strcmp(finding->rule ?: "", "s7-mirror"))
		return leap;
	return nothing;
}

void tkfi_known_cause(struct tkfi_finding *finding, const struct tkfi_execution *e,
		      const struct tkfi_read *first, const struct tkfi_read *second)
{
	const s64 measured = finding->second_ns - finding->first_ns;
	const struct verdict v = judge(finding, e, first, second);

	if (v.cause == TKFI_NR_CAUSES)
		return;
	finding->cause = &tkfi_causes[v.cause];
	finding->is_predicted = v.is_predicted;
	finding->predicted_ns = v.ns;
	finding->is_known = tkfi_known_is_here(finding->cause) && v.holds &&
			    (!v.is_predicted || abs(measured - v.ns) <= v.within);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Every reader at every injection point of every updater: it sees a line that
 * was published, as a whole, or it waits for one; and what a second read makes of
 * that.
 */
#include <kunit/test.h>

#include "operation.h"
#include "clock.h"
#include "harness.h"
#include "lines.h"
#include "reproduce.h"
#include "stages.h"
#include "updaters.h"

static struct looks way, looks;

static void updater_desc(const struct updater *updater, char *desc)
{
	strscpy(desc, updater->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(updater, updaters, updater_desc);

static int readers_test_init(struct kunit *test)
{
	const struct updater *u = test->param_value;

	harness_init_at_points(test);
	harness.session.aux = u && u->aux;
	return 0;
}

static void readers_test_exit(struct kunit *test)
{
	const struct updater *u = test->param_value;

	harness_trace("tkfi_readers", test, u ? u->name : NULL);
}

/* The stops on the updater's way, into way. */
static int find_way(struct kunit *test, const char *setup, const char *update)
{
	int ret = looks_run(test, &way, setup, "cpu0: %s", update);

	if (!ret)
		KUNIT_EXPECT_GT(test, way.nr, 0);
	return ret;
}

/* A failure tells all; a thousand drown it. */
static bool has_failed(struct kunit *test)
{
	return test->status != KUNIT_SUCCESS;
}

/* All readers of the core timekeeper's clocks, and those of what @u changes. */
static unsigned int nr_readers(const struct updater *u)
{
	return tkfi_nr_readers + (u->aux ? TKFI_NR_AUX_READERS : 0);
}

static const struct tkfi_reader *reader_number(unsigned int i)
{
	return i < tkfi_nr_readers ? &tkfi_readers[i] :
	       &tkfi_aux_clock()->readers[i - tkfi_nr_readers];
}

/* The condition of the timekeeper that a reader looks at. */
static const struct condition *condition_of(const struct look *stop,
					    const struct tkfi_reader *reader)
{
	return &stop->of[tkfi_owner_of(reader)];
}

/* While timekeeping is suspended; @stop is NULL for the end. */
static bool is_refused(const struct look *stop, const struct tkfi_reader *reader)
{
	return reader->refuses && (stop ? stop->suspended : looks.suspended);
}

/* The line that was published last. */
static const struct timekeeper *line_at(const struct look *stop,
					const struct tkfi_reader *reader)
{
	const struct lines *lines = &looks.of[tkfi_owner_of(reader)];

	return &lines->line[condition_of(stop, reader)->line].tk;
}

static bool waits(const struct look *stop, const struct tkfi_reader *reader)
{
	const struct condition *c = condition_of(stop, reader);

	if (reader->lockless || is_refused(stop, reader))
		return false;
	return reader->family == TKFI_VDSO ? c->vdso_odd : c->kernel_odd;
}

/*
 * The line that a reader sees at a stop, an index. While nobody is inside it is the
 * one published last: an update of another timekeeper is none of its. Else the stage
 * says which, or it is the one published last or the one about to be.
 */
static void lines_seen(const struct look *stop, const struct tkfi_reader *reader,
		       unsigned int *first, unsigned int *last)
{
	const struct condition *c = condition_of(stop, reader);
	const struct stage *stage = find_stage(stop->at);

	*first = c->line;
	*last = c->line;
	if (!c->inside)
		return;
	*last = min(c->line + 1, last_line(&looks, reader));
	/* A kernel reader without a sequence looks into the calculation. */
	if (!stage || (reader->lockless && reader->family == TKFI_KERNEL))
		return;
	if (sight_of(stage, reader) == SEES_OLD)
		*last = *first;
	else if (c->kernel_odd)
		*first = *last;
	else
		*last = *first;
}

/*
 * The two NMI-safe accessors whose documentation says so: their offset is not
 * read together with the line.
 */
static bool offset_is_apart(const struct tkfi_reader *reader)
{
	return reader->family == TKFI_FAST &&
	       (reader->id == CLOCK_BOOTTIME || reader->id == CLOCK_TAI);
}

/* Is a value that of line @i at that cycle? */
static bool is_of_line(const struct look *stop, unsigned int i,
		       const struct tkfi_reader *reader, s64 value, u64 cycle)
{
	const struct lines *lines = &looks.of[tkfi_owner_of(reader)];
	struct tkfi_reader mono = *reader;
	unsigned int j;

	if (!offset_is_apart(reader))
		return value == time_seen(&looks, stop, reader, i, cycle);
	mono.id = CLOCK_MONOTONIC;
	for (j = 0; j < lines->nr; j++)
		if (value - time_seen(&looks, stop, &mono, i, cycle) ==
		    tkfi_line_time(&lines->line[j].tk, reader, cycle) -
		    tkfi_line_time(&lines->line[j].tk, &mono, cycle))
			return true;
	return false;
}

static void check_warnings(struct kunit *test, const struct look *stop,
			   const struct tkfi_op *op)
{
	const struct tkfi_trace *trace = &harness.session.engine->trace;
	unsigned int i, nr = 0;

	for (i = 0; i < tkfi_trace_stored(trace); i++)
		nr += trace->entries[i].kind == TKFI_ENTRY_WARN;
	KUNIT_EXPECT_EQ_MSG(test, nr, stop->suspended && warns(tkfi_reader_of(op)),
			    "%s at %s", op->call, stop->at);
}

static void check_value(struct kunit *test, const struct look *stop,
			const struct tkfi_reader *reader,
			const struct tkfi_op *op)
{
	const struct look *when = op->blocked ? NULL : stop;
	unsigned int first, last, i;

	if (is_refused(stop, reader)) {
		KUNIT_EXPECT_LT_MSG(test, op->result, 0, "%s at %s", op->call,
				    stop->at);
		return;
	}
	/* Who was blocked goes on when the updater has finished. */
	first = last_line(&looks, reader);
	last = first;
	if (!op->blocked)
		lines_seen(stop, reader, &first, &last);
	for (i = first; i <= last; i++)
		if (is_of_line(when, i, reader, op->result, tkfi_results(op)->cycle))
			return;
	KUNIT_FAIL(test, "%s at %s is %lld, lines %u to %u are %lld and %lld",
		   op->call, stop->at, op->result, first, last,
		   time_seen(&looks, when, reader, first, tkfi_results(op)->cycle),
		   time_seen(&looks, when, reader, last, tkfi_results(op)->cycle));
}

/* Blocked when and only when its sequence is odd, as the stage says too. */
static void check_blocking(struct kunit *test, const struct look *stop,
			   const struct tkfi_reader *reader,
			   const struct tkfi_op *op)
{
	static const char * const words[TKFI_NR_OWNERS][2] = {
		[TKFI_CORE] = { "tk_core.seq", "vdso.seq" },
		[TKFI_AUX]  = { "aux.seq", "vdso.seq[AUX]" },
	};
	const char *word = words[tkfi_owner_of(reader)][reader->family == TKFI_VDSO];
	const struct stage *stage = find_stage(stop->at);
	bool odd = waits(stop, reader);

	KUNIT_EXPECT_EQ_MSG(test, !!op->blocked, odd, "%s at %s", op->call,
			    stop->at);
	if (op->blocked)
		KUNIT_EXPECT_TRUE_MSG(test, strstarts(op->blocked, word),
				      "%s at %s waited for %s", op->call,
				      stop->at, op->blocked);
	if ((stage || !condition_of(stop, reader)->inside) &&
	    !is_refused(stop, reader))
		KUNIT_EXPECT_EQ_MSG(test, odd,
				    condition_of(stop, reader)->inside &&
				    sight_of(stage, reader) == BLOCKS,
				    "%s at %s", op->call, stop->at);
}

/* The stop of @looks that is number @k of the updater's way. */
static const struct look *same_stop(struct kunit *test, unsigned int k)
{
	unsigned int i;

	for (i = 0; i < looks.nr; i++)
		if (!looks.stops[i].vcpu && looks.stops[i].hit == way.stops[k].hit &&
		    !strcmp(looks.stops[i].at, way.stops[k].at))
			return &looks.stops[i];
	KUNIT_FAIL(test, "%s is not on the way again", way.stops[k].at);
	return NULL;
}

/* What the vDSO page of an auxiliary clock does not hold of a nanosecond. */
static s64 cut_ns(const struct tkfi_reader *reader)
{
	return tkfi_owner_of(reader) == TKFI_AUX && reader->family == TKFI_VDSO &&
	       TKFI_AUX_PAGE_IS_WHOLE;
}

/* How far a reader is behind because it has inserted a second that is due. */
static s64 leapt_ns(const struct timekeeper *seen,
		    const struct tkfi_reader *reader, const struct tkfi_op *op)
{
	return tkfi_has_leapt(seen, reader, tkfi_results(op)->cycle) ? NSEC_PER_SEC : 0;
}

/* Two readers of one clock, at one cycle. */
static void check_agreement(struct kunit *test, const struct look *stop,
			    const s64 *values, unsigned int nr)
{
	unsigned int i, j;

	for (i = 0; i < nr; i++) {
		for (j = 0; j < i; j++) {
			const struct tkfi_reader *a = reader_number(i);
			const struct tkfi_reader *b = reader_number(j);
			const struct condition *c = condition_of(stop, a);
			s64 unit = max(a->unit, b->unit), apart;

			if (a->id != b->id || a->kind != b->kind ||
			    c->kernel_odd || c->vdso_odd ||
			    values[i] < 0 || values[j] < 0 ||
			    is_halted(&looks, stop, a, c->line) !=
			    is_halted(&looks, stop, b, c->line))
				continue;
			apart = values[i] - values[i] % unit -
				values[j] + values[j] % unit;
			KUNIT_EXPECT_GE_MSG(test, apart, 0, "%s and %s at %s",
					    a->call, b->call, stop->at);
			KUNIT_EXPECT_LE_MSG(test, apart, cut_ns(b),
					    "%s and %s at %s", a->call, b->call,
					    stop->at);
		}
	}
}

/* A read on another VCPU while the updater is off. */
static void meanwhile(struct kunit *test)
{
	const struct updater *u = test->param_value;
	s64 values[48];
	unsigned int k, r;

	KUNIT_ASSERT_LE(test, nr_readers(u), ARRAY_SIZE(values));
	if (find_way(test, u->setup, u->update))
		return;
	for (k = 0; k < way.nr; k++) {
		const struct look *stop = NULL;

		for (r = 0; r < nr_readers(u); r++) {
			const struct tkfi_reader *reader = reader_number(r);
			const struct tkfi_op *op = harness.plan.programs[1].ops;

			if (has_failed(test) ||
			    looks_run(test, &looks, u->setup,
				      "cpu0: %s; cpu1: read %s %s; at cpu0 %s#%u off 10ms run cpu1",
				      u->update, tkfi_family_names[reader->family],
				      reader->clock, way.stops[k].at,
				      way.stops[k].hit))
				return;
			stop = same_stop(test, k);
			if (!stop)
				return;
			check_blocking(test, stop, reader, op);
			check_value(test, stop, reader, op);
			check_warnings(test, stop, op);
			values[r] = op->result +
				    leapt_ns(line_at(stop, reader), reader, op);
		}
		check_agreement(test, stop, values, nr_readers(u));
	}
}

/* The NMI-safe accessors, in an NMI of the updater itself. */
static void from_nmi(struct kunit *test)
{
	const struct updater *u = test->param_value;
	unsigned int k, r;

	if (find_way(test, u->setup, u->update))
		return;
	for (k = 0; k < way.nr; k++) {
		for (r = 0; r < tkfi_nr_readers; r++) {
			const struct tkfi_reader *reader = &tkfi_readers[r];
			const struct tkfi_op *op = &harness.plan.faults[0].nmi;
			const struct look *stop;

			if (reader->family != TKFI_FAST)
				continue;
			if (has_failed(test) ||
			    looks_run(test, &looks, u->setup,
				      "cpu0: %s; at cpu0 %s#%u off 10ms nmi %s %s",
				      u->update, way.stops[k].at, way.stops[k].hit,
				      tkfi_family_names[reader->family],
				      reader->clock))
				return;
			stop = same_stop(test, k);
			if (!stop)
				return;
			KUNIT_EXPECT_TRUE(test, op->done);
			KUNIT_EXPECT_NULL(test, op->blocked);
			check_value(test, stop, reader, op);
			check_warnings(test, stop, op);
		}
	}
}

/* The rate before the updater's own set-up: its change can be down or up. */
static const char * const rates[] = {
	"", "adjtimex freq=500ppm, ", "adjtimex freq=-10%, ",
};

static const char * const delays[] = { "0", "1ns", "10ms", "1s" };

/* Did the first of a pair see a line of which the clock was asleep? */
static bool has_slept(unsigned int line)
{
	return !line && looks.stops[0].suspended;
}

/*
 * How far behind the second of a pair may be in the variant that promises never,
 * ns: as far as somebody set the clock back, in whole units; and by all that passed
 * since the suspend if the first read was before the resume, when nobody is there
 * to read.
 */
static s64 least_jump(const struct tkfi_reader *reader, unsigned int line,
		      s64 step)
{
	const struct timekeeper *seen = &looks.of[tkfi_owner_of(reader)].line[line].tk;
	const struct tkfi_op *first = harness.plan.programs[1].ops;

	if (step < 0)
		return step - (reader->unit - 1);
	if (has_slept(line) && reader->kind != TKFI_COARSE)
		return tkfi_line_time(seen, reader, seen->tkr_mono.cycle_last) -
		       tkfi_line_time(seen, reader, tkfi_results(first)->cycle);
	return 0;
}

/**
 * struct count - pairs of one updater, of readers that read its clock to the ns
 * @fell:	the multiplier did, and a delay made that more than a nanosecond
 * @back:	pairs that went back by more than a dropped fraction, though nobody
 *		set the clock back, by family of the first reader
 * @worst:	the one of them that went furthest, ns
 */
struct count {
	bool fell;
	unsigned int back[TKFI_NR_FAMILIES];
	s64 worst[TKFI_NR_FAMILIES];
};

/* What the change of the multiplier from @from to @to makes of cycles, ns << shift. */
static __int128 skew_of(const struct timekeeper *from,
			const struct timekeeper *to, u64 cycles)
{
	return ((__int128)to->tkr_mono.mult - from->tkr_mono.mult) * cycles;
}

/*
 * Is the second of a pair behind, and by how much? The first saw @line; @second
 * is by the same reader, or by another one of the same clock.
 */
static void check_pair(struct kunit *test, const struct look *stop,
		       const struct tkfi_reader *reader, unsigned int line,
		       const struct tkfi_op *second, struct count *count)
{
	const struct tkfi_op *first = harness.plan.programs[1].ops;
	const struct look *when = first->blocked ? NULL : stop;
	const struct lines *lines = &looks.of[tkfi_owner_of(reader)];
	const unsigned int last = last_line(&looks, reader);
	const struct timekeeper *seen = &lines->line[line].tk;
	const struct timekeeper *after = &lines->line[last].tk;
	const bool same_clock = seen->tkr_mono.clock == after->tkr_mono.clock;
	const struct stage *stage = find_stage(stop->at);
	s64 measured = second->result - first->result;
	s64 step = tkfi_line_step(seen, after, reader) +
		   leapt_ns(seen, reader, first) -
		   leapt_ns(after, tkfi_reader_of(second), second);
	s64 least = least_jump(reader, line, step);
	u64 delay = tkfi_duration_cycles(harness.plan.faults[0].delay);
	__int128 skew = 0, off;

	if (is_refused(NULL, tkfi_reader_of(second))) {
		KUNIT_EXPECT_LT_MSG(test, second->result, 0, "%s at the end",
				    second->call);
		return;
	}
	/* To the nanosecond, by the lines. */
	KUNIT_EXPECT_EQ_MSG(test, measured,
			    time_seen(&looks, NULL, tkfi_reader_of(second), last,
				      tkfi_results(second)->cycle) -
			    time_seen(&looks, when, reader, line, tkfi_results(first)->cycle),
			    "%s at %s, then %s", reader->call, stop->at,
			    second->call);

	/* By the change of the rate, and whether the delay counts. */
	if (reader->kind != TKFI_COARSE && same_clock && !has_slept(line)) {
		if (line != last && stage && stage->delay_counts &&
		    reader->kind == TKFI_FINE)
			skew = skew_of(seen, after, delay);
		off = ((__int128)(measured - step) << after->tkr_mono.shift) -
		      skew;
		KUNIT_EXPECT_TRUE_MSG(test, (off < 0 ? -off : off) <=
				      ((__int128)reader->unit +
				       cut_ns(tkfi_reader_of(second))) <<
				      after->tkr_mono.shift,
				      "%s at %s: %lld ns, predicted %lld ns and a step of %lld ns",
				      reader->call, stop->at, measured,
				      (s64)(skew >> after->tkr_mono.shift), step);
	}

	if (tkfi_variant() == TKFI_FIXED && reader->family != TKFI_FAST)
		KUNIT_EXPECT_GE_MSG(test, measured, least,
				    "%s at %s, then %s, goes back",
				    reader->call, stop->at, second->call);

	if (tkfi_owner_of(reader) != (harness.session.aux ? TKFI_AUX : TKFI_CORE))
		return;
	count->fell |= stage && stage->delay_counts && same_clock &&
		       skew_of(&lines->line[0].tk, after, delay) <
		       -((__int128)1 << after->tkr_mono.shift);
	if (reader->kind != TKFI_FINE || reader->unit != 1 || step < 0)
		return;
	count->back[reader->family] += measured < -1;
	count->worst[reader->family] = min(count->worst[reader->family], measured);
}

/**
 * struct regress - an updater across which a clock goes back for another reason
 *		than that the multiplier fell
 * @name:	of the updater
 * @ns:		how far at worst, by variant and by family of the first reader
 */
struct regress {
	const char *name;
	s64 ns[TKFI_NR_VARIANTS][TKFI_NR_FAMILIES];
};

/* Where kernel readers wait for whom, they do not go back. */
#define UNLESS_HELD(ns)		(TKFI_WRITERS_HOLD_READERS ? 0 : (ns))

/* 1 s passes between the two counters, and who sees it sees it at up to +500 ppm. */
#define LOST		(-1000499964)
#define LOST_ON_SECOND	(-NSEC_PER_SEC)

/*
 * The machine slept for 10 s, and then 1 s passes in the resume, before its sample.
 * A real machine has nobody to read then: NMI-safe readers stand, others of the
 * kernel warn, the vDSO's cannot. The NMI-safe ones go by another clock for a while,
 * which does not sleep.
 */
#define SLEPT		(-11005499602LL)
#define SLEPT_FAST	(-10004999638LL)

static const struct regress regresses[] = {
	/*		vdso, kernel, fast */
	{ "clocksource", {
		[TKFI_POST_SERIES] = { LOST, UNLESS_HELD(LOST), LOST },
		[TKFI_PRE_SERIES]  = { LOST, 0, LOST },
		[TKFI_FIXED]	   = { 0, 0, LOST } } },
	{ "clocksource and back", {
		[TKFI_POST_SERIES] = { LOST_ON_SECOND,
				       UNLESS_HELD(LOST_ON_SECOND),
				       LOST_ON_SECOND },
		[TKFI_PRE_SERIES]  = { LOST_ON_SECOND, 0, LOST_ON_SECOND },
		[TKFI_FIXED]	   = { 0, 0, LOST_ON_SECOND } } },
	{ "resume", {
		[TKFI_POST_SERIES] = { SLEPT, SLEPT, SLEPT_FAST },
		[TKFI_PRE_SERIES]  = { SLEPT, SLEPT, SLEPT_FAST },
		[TKFI_FIXED]	   = { SLEPT, SLEPT, SLEPT_FAST } } },
	/* 1 s at +500 ppm; and whole nanoseconds after a kernel reader. */
	TKFI_AUX_ROWS({ "aux clocksource", {
		[TKFI_POST_SERIES] = { -499965, -1, 0 },
		[TKFI_PRE_SERIES]  = { 0, -1, 0 },
		[TKFI_FIXED]	   = { 0, 0, 0 } } })
};

static const struct regress *regress_of(const struct updater *u)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(regresses); i++)
		if (!strcmp(regresses[i].name, u->name))
			return &regresses[i];
	return NULL;
}

/*
 * Who goes back when the multiplier falls is the variant's: readers that wait
 * during the calculation do not, nor those for whom old and new line meet.
 */
static void check_count(struct kunit *test, const struct updater *u,
			const struct count *count)
{
	const struct regress *regress = regress_of(u);
	const enum tkfi_variant v = tkfi_variant();
	unsigned int i;

	if (regress) {
		for (i = 0; i < TKFI_NR_FAMILIES; i++) {
			const s64 ns = regress->ns[v][i];
			/* A page with fractions is less than a ns better. */
			const s64 less = ns && u->aux && !TKFI_AUX_PAGE_IS_WHOLE;

			KUNIT_EXPECT_GE_MSG(test, count->worst[i], ns, "%s",
					    tkfi_family_names[i]);
			KUNIT_EXPECT_LE_MSG(test, count->worst[i], ns + less, "%s",
					    tkfi_family_names[i]);
		}
		return;
	}
	KUNIT_EXPECT_EQ(test, count->back[TKFI_VDSO] > 0,
			count->fell && v != TKFI_FIXED);
	KUNIT_EXPECT_EQ(test, count->back[TKFI_KERNEL] > 0,
			count->fell && v == TKFI_POST_SERIES);
	/* No auxiliary clock has any. */
	KUNIT_EXPECT_EQ(test, count->back[TKFI_FAST] > 0,
			count->fell && !u->aux);
}

/* The reader of the same clock in the kernel or in the vDSO, else itself. */
static const struct tkfi_reader *counterpart(const struct updater *u,
					     const struct tkfi_reader *reader)
{
	unsigned int i;

	for (i = 0; i < nr_readers(u); i++) {
		const struct tkfi_reader *other = reader_number(i);

		if (other->family + reader->family == TKFI_VDSO + TKFI_KERNEL &&
		    other->family != reader->family && other->id == reader->id &&
		    other->kind == reader->kind && other->unit == reader->unit)
			return other;
	}
	return reader;
}

/* Which line the first read of a pair saw. */
static unsigned int line_seen(const struct look *stop,
			      const struct tkfi_reader *reader)
{
	const struct tkfi_op *op = harness.plan.programs[1].ops;
	unsigned int first, last;

	if (op->blocked)
		return last_line(&looks, reader);
	lines_seen(stop, reader, &first, &last);
	while (first < last &&
	       !is_of_line(stop, first, reader, op->result, tkfi_results(op)->cycle))
		first++;
	return first;
}

/*
 * A read while the updater is off, and two when it has finished: by the same reader
 * and by its counterpart.
 */
static void one_pair(struct kunit *test, const struct updater *u,
		     const char *setup, unsigned int k, const char *delay,
		     const struct tkfi_reader *reader, struct count *count)
{
	const struct tkfi_reader *other = counterpart(u, reader);
	const char *family = tkfi_family_names[reader->family];
	const struct tkfi_op *reads = harness.plan.programs[1].ops;
	const struct look *stop;
	unsigned int line;

	if (looks_run(test, &looks, setup,
		      "cpu0: %s; cpu1: read %s %s, read %s %s, read %s %s; at cpu0 %s#%u off %s run cpu1",
		      u->update, family, reader->clock, family, reader->clock,
		      tkfi_family_names[other->family], other->clock,
		      way.stops[k].at, way.stops[k].hit, delay))
		return;
	stop = same_stop(test, k);
	if (!stop || offset_is_apart(reader) || is_refused(stop, reader))
		return;
	line = line_seen(stop, reader);
	check_pair(test, stop, reader, line, &reads[1], count);
	check_pair(test, stop, reader, line, &reads[2], count);
}

static void pairs(struct kunit *test)
{
	const struct updater *u = test->param_value;
	struct count count = { };
	unsigned int f, k, d, r;
	const char *on = u->aux ? "aux enable, " : "";
	char setup[160];

	for (f = 0; f < ARRAY_SIZE(rates); f++) {
		/* An auxiliary clock has a rate when it is on. */
		snprintf(setup, sizeof(setup), "%s%s%s%s", on,
			 u->aux && f ? "aux " : "", rates[f],
			 u->setup + strlen(on));
		if (find_way(test, setup, u->update))
			return;
		for (k = 0; k < way.nr; k++)
			for (d = 0; d < ARRAY_SIZE(delays); d++)
				for (r = 0; r < nr_readers(u); r++) {
					one_pair(test, u, setup, k, delays[d],
						 reader_number(r), &count);
					if (has_failed(test))
						return;
				}
	}
	check_count(test, u, &count);
}

/*
 * settimeofday takes whole nanoseconds. Where what it publishes has no fraction, that of
 * CLOCK_MONOTONIC is dropped: who read the clock after its sample, and before it was
 * published, had a nanosecond more.
 */
static void dropped_fraction(struct kunit *test)
{
	static const bool in_place[] = TKFI_IN_PLACE;
	static const char * const readers[] = { "vdso MONOTONIC",
						"kernel ktime_get" };
	const bool fixed = tkfi_variant() == TKFI_FIXED;
	const struct tkfi_op *reads = harness.plan.programs[1].ops;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(readers); i++) {
		/* The vDSO's section begins with the kernel's only when fixed. */
		bool waits = fixed || (in_place[tkfi_variant()] && i);
		const struct tk_read_base *set = &harness.session.outcome.after.tkr_mono;

		if (harness_run(test, "adjtimex freq=500ppm, wait 2ms",
				"cpu0: settimeofday 1400000000; cpu1: read %s, read %s; at cpu0 settime.sampled off 10ms run cpu1",
				readers[i], readers[i]))
			return;
		KUNIT_EXPECT_EQ_MSG(test, !!reads[0].blocked, waits, "%s",
				    readers[i]);
		KUNIT_EXPECT_EQ_MSG(test, reads[1].result - reads[0].result,
				    waits || (set->xtime_nsec & (BIT_ULL(set->shift) - 1)) ? 0 : -1,
				    "%s", readers[i]);
	}
}

/*
 * From the end of a suspend to its publication, timekeeping_resume() lets NMI-safe
 * readers take local_clock(), in ns, for the cycles of the clocksource that the line
 * is of. Here that has 14.3 MHz: a second's sleep is six minutes.
 */
static void woken_too_early(struct kunit *test)
{
	static const char setup[] =
		"wait 2ms, clocksource second, wait 2ms, suspend, wait 1s";
	const struct tkfi_op *op = &harness.plan.faults[0].nmi;
	const struct timekeeper *before = &harness.session.outcome.before;
	const u64 asleep = TKFI_START_CYCLES + 4 * NSEC_PER_MSEC;
	unsigned int r;

	for (r = 0; r < tkfi_nr_readers; r++) {
		const struct tkfi_reader *reader = &tkfi_readers[r];
		const struct look *stop;

		if (reader->family != TKFI_FAST)
			continue;
		if (looks_run(test, &looks, setup,
			      "cpu0: resume; at cpu0 resume.calculated off 0 nmi fast %s",
			      reader->clock))
			return;
		for (stop = looks.stops; strcmp(stop->at, "resume.calculated");)
			stop++;
		check_value(test, stop, reader, op);
		if (offset_is_apart(reader))
			continue;
		KUNIT_EXPECT_EQ_MSG(test, op->result -
				    tkfi_line_time(before, reader, asleep),
				    365787684341LL, "%s", reader->call);
	}
}

static struct kunit_case readers_cases[] = {
	KUNIT_CASE_PARAM(meanwhile, updater_gen_params),
	KUNIT_CASE_PARAM(from_nmi, updater_gen_params),
	KUNIT_CASE_PARAM(pairs, updater_gen_params),
	KUNIT_CASE(dropped_fraction),
	KUNIT_CASE(woken_too_early),
	{}
};

static struct kunit_suite readers_suite = {
	.name = "tkfi_readers",
	.suite_init = harness_open,
	.suite_exit = harness_close,
	.init = readers_test_init,
	.exit = readers_test_exit,
	.test_cases = readers_cases,
};

kunit_test_suite(readers_suite);

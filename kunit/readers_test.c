// SPDX-License-Identifier: GPL-2.0
/*
 * Every reader at every injection point of every updater: it sees a line that
 * was published, as a whole, or it waits for one; and what a second read makes of
 * that.
 */
#include <kunit/test.h>

#include "clock.h"
#include "lines.h"
#include "reproduce.h"
#include "result.h"
#include "stages.h"
#include "updaters.h"

static struct tkfi_session session;
static struct tkfi_plan plan;
static struct looks way, looks;
static char err[1024];

static void updater_desc(const struct updater *updater, char *desc)
{
	strscpy(desc, updater->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(updater, updaters, updater_desc);

static int readers_suite_init(struct kunit_suite *suite)
{
	return tkfi_session_open(&session, NSEC_PER_SEC);
}

static void readers_suite_exit(struct kunit_suite *suite)
{
	tkfi_session_close(&session);
}

static int readers_test_init(struct kunit *test)
{
	memset(&plan, 0, sizeof(plan));
	session.events = 0;
	session.hash = 0;
	return 0;
}

static void readers_test_exit(struct kunit *test)
{
	const struct updater *u = test->param_value;
	char name[96];

	snprintf(name, sizeof(name), "%s%s%s", test->name, u ? " " : "",
		 u ? u->name : "");
	tkfi_result_trace("tkfi_readers", name, session.events, session.hash);
}

/* One execution into @into. */
__printf(4, 5)
static int run(struct kunit *test, struct looks *into, const char *setup,
	       const char *fmt, ...)
{
	char text[384];
	va_list args;
	int ret;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	ret = tkfi_plan_parse(&plan, err, sizeof(err), "%s", text);
	KUNIT_EXPECT_EQ_MSG(test, ret, 0, "%s: %s", text, err);
	if (ret)
		return ret;
	ret = looks_run(into, &session, setup, &plan);
	KUNIT_EXPECT_EQ_MSG(test, ret, 0, "%s: %s", text,
			    session.engine->error);
	return ret;
}

/* The stops on the updater's way, into way. */
static int find_way(struct kunit *test, const char *setup, const char *update)
{
	int ret = run(test, &way, setup, "cpu0: %s", update);

	if (!ret)
		KUNIT_EXPECT_GT(test, way.nr, 0);
	return ret;
}

/* A failure tells all; a thousand drown it. */
static bool has_failed(struct kunit *test)
{
	return test->status != KUNIT_SUCCESS;
}

static bool waits(const struct look *stop, const struct tkfi_reader *reader)
{
	if (reader->lockless)
		return false;
	return reader->family == TKFI_VDSO ? stop->vdso_odd : stop->kernel_odd;
}

/*
 * The line that a reader sees at a stop, an index: the stage says which, or else
 * it is the one published last or the one about to be.
 */
static void lines_seen(const struct look *stop, const struct stage *stage,
		       const struct tkfi_reader *reader, unsigned int *first,
		       unsigned int *last)
{
	*first = stop->line;
	*last = min(stop->line + 1, last_line(&looks));
	/* A kernel reader without a sequence looks into the calculation. */
	if (!stage || (reader->lockless && reader->family == TKFI_KERNEL))
		return;
	if (sight_of(stage, reader) == SEES_OLD)
		*last = *first;
	else if (stop->kernel_odd)
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
static bool is_of_line(unsigned int i, const struct tkfi_reader *reader,
		       s64 value, u64 cycle)
{
	const struct timekeeper *line = &looks.lines[i];
	struct tkfi_reader mono = *reader;
	unsigned int j;

	if (!offset_is_apart(reader))
		return value == line_time(line, reader, cycle);
	mono.id = CLOCK_MONOTONIC;
	for (j = 0; j < looks.nr_lines; j++)
		if (value - line_time(line, &mono, cycle) ==
		    line_time(&looks.lines[j], reader, cycle) -
		    line_time(&looks.lines[j], &mono, cycle))
			return true;
	return false;
}

static void check_value(struct kunit *test, const struct look *stop,
			const struct tkfi_reader *reader,
			const struct tkfi_op *op)
{
	const struct stage *stage = find_stage(stop->at);
	unsigned int first, last, i;

	/* Who was blocked goes on when the updater has finished. */
	first = last_line(&looks);
	last = first;
	if (!op->blocked)
		lines_seen(stop, stage, reader, &first, &last);
	for (i = first; i <= last; i++)
		if (is_of_line(i, reader, op->result, op->cycle))
			return;
	KUNIT_FAIL(test, "%s at %s is %lld, lines %u to %u are %lld and %lld",
		   op->call, stop->at, op->result, first, last,
		   line_time(&looks.lines[first], reader, op->cycle),
		   line_time(&looks.lines[last], reader, op->cycle));
}

/* Blocked when and only when its sequence is odd, as the stage says too. */
static void check_blocking(struct kunit *test, const struct look *stop,
			   const struct tkfi_reader *reader,
			   const struct tkfi_op *op)
{
	const char *word = reader->family == TKFI_VDSO ? "vdso.seq" :
							 "tk_core.seq";
	const struct stage *stage = find_stage(stop->at);
	bool odd = waits(stop, reader);

	KUNIT_EXPECT_EQ_MSG(test, !!op->blocked, odd, "%s at %s", op->call,
			    stop->at);
	if (op->blocked)
		KUNIT_EXPECT_TRUE_MSG(test, strstarts(op->blocked, word),
				      "%s at %s waited for %s", op->call,
				      stop->at, op->blocked);
	if (stage)
		KUNIT_EXPECT_EQ_MSG(test, odd,
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

/* Two readers of one clock, at one cycle. */
static void check_agreement(struct kunit *test, const struct look *stop,
			    const s64 *values)
{
	unsigned int i, j;

	if (stop->kernel_odd || stop->vdso_odd)
		return;
	for (i = 0; i < tkfi_nr_readers; i++) {
		for (j = 0; j < i; j++) {
			const struct tkfi_reader *a = &tkfi_readers[i];
			const struct tkfi_reader *b = &tkfi_readers[j];
			s64 unit = max(a->unit, b->unit);

			if (a->id != b->id || a->kind != b->kind)
				continue;
			KUNIT_EXPECT_EQ_MSG(test, values[i] - values[i] % unit,
					    values[j] - values[j] % unit,
					    "%s and %s at %s", a->call, b->call,
					    stop->at);
		}
	}
}

/* A read on another VCPU while the updater is off. */
static void meanwhile(struct kunit *test)
{
	const struct updater *u = test->param_value;
	s64 values[40];
	unsigned int k, r;

	KUNIT_ASSERT_LE(test, tkfi_nr_readers, ARRAY_SIZE(values));
	if (find_way(test, u->setup, u->update))
		return;
	for (k = 0; k < way.nr; k++) {
		const struct look *stop = NULL;

		for (r = 0; r < tkfi_nr_readers; r++) {
			const struct tkfi_reader *reader = &tkfi_readers[r];
			const struct tkfi_op *op = plan.programs[1].ops;

			if (has_failed(test) ||
			    run(test, &looks, u->setup,
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
			values[r] = op->result;
		}
		check_agreement(test, stop, values);
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
			const struct tkfi_op *op = &plan.faults[0].nmi;
			const struct look *stop;

			if (reader->family != TKFI_FAST)
				continue;
			if (has_failed(test) ||
			    run(test, &looks, u->setup,
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
		}
	}
}

/* The rate before the updater's own set-up: its change can be down or up. */
static const char * const rates[] = {
	"", "adjtimex freq=500ppm, ", "adjtimex freq=-10%, ",
};

static const char * const delays[] = { "0", "1ns", "10ms", "1s" };

/*
 * How far behind the second of a pair may be in the variant that promises never,
 * ns: as far as somebody set the clock back, in whole units; and by the fraction of
 * a nanosecond that settimeofday drops, where it does so before readers wait.
 */
static s64 least_jump(const struct tkfi_reader *reader, s64 step)
{
	static const bool in_place[] = TKFI_IN_PLACE;

	if (step < 0)
		return step - (reader->unit - 1);
	if (reader->kind == TKFI_FINE && !in_place[TKFI_FIXED] &&
	    strstr(plan.programs[0].ops[0].call, "settimeofday"))
		return -1;
	return 0;
}

/**
 * struct count - pairs of one updater, of readers that read the clock to the ns
 * @fell:	the multiplier did, and a delay made that more than a nanosecond
 * @back:	pairs that went back by more than a dropped fraction, though nobody
 *		set the clock back, by family of the first reader
 */
struct count {
	bool fell;
	unsigned int back[TKFI_NR_FAMILIES];
};

/*
 * Is the second of a pair behind, and by how much? The first saw @line; @second
 * is by the same reader, or by another one of the same clock.
 */
static void check_pair(struct kunit *test, const struct look *stop,
		       const struct tkfi_reader *reader, unsigned int line,
		       const struct tkfi_op *second, struct count *count)
{
	const struct tkfi_op *first = plan.programs[1].ops;
	const struct tkfi_outcome *o = &session.outcome;
	const struct stage *stage = find_stage(stop->at);
	const struct timekeeper *seen = &looks.lines[line];
	s64 measured = second->result - first->result;
	s64 step = line_step(seen, &o->after, reader);
	s64 least = least_jump(reader, step);
	u64 delay = tkfi_duration_cycles(plan.faults[0].delay), skew = 0;

	/* To the nanosecond, by the lines. */
	KUNIT_EXPECT_EQ_MSG(test, measured,
			    line_time(&o->after, reader, second->cycle) -
			    line_time(seen, reader, first->cycle),
			    "%s at %s, then %s", reader->call, stop->at,
			    second->call);

	/* By the change of the rate, and whether the delay counts. */
	if (reader->kind != TKFI_COARSE) {
		if (line != last_line(&looks) && stage && stage->delay_counts &&
		    reader->kind == TKFI_FINE)
			skew = delay;
		KUNIT_EXPECT_TRUE_MSG(test,
				      is_predicted(o, skew, measured - step,
						   reader->unit),
				      "%s at %s: %lld ns, predicted %lld ns and a step of %lld ns",
				      reader->call, stop->at, measured,
				      predicted_jump(o, skew), step);
	}

	if (tkfi_variant() == TKFI_FIXED && reader->family != TKFI_FAST)
		KUNIT_EXPECT_GE_MSG(test, measured, least,
				    "%s at %s, then %s, goes back",
				    reader->call, stop->at, second->call);

	count->fell |= stage && stage->delay_counts &&
		       predicted_jump(o, delay) < -1;
	if (reader->kind == TKFI_FINE && reader->unit == 1 && step >= 0)
		count->back[reader->family] += measured < -1;
}

/*
 * Who goes back when the multiplier falls is the variant's: readers that wait
 * during the calculation do not, nor those for whom old and new line meet.
 */
static void check_count(struct kunit *test, const struct count *count)
{
	const enum tkfi_variant v = tkfi_variant();

	KUNIT_EXPECT_EQ(test, count->back[TKFI_VDSO] > 0,
			count->fell && v != TKFI_FIXED);
	KUNIT_EXPECT_EQ(test, count->back[TKFI_KERNEL] > 0,
			count->fell && v == TKFI_POST_SERIES);
	KUNIT_EXPECT_EQ(test, count->back[TKFI_FAST] > 0, count->fell);
}

/* The reader of the same clock in the kernel or in the vDSO, else itself. */
static const struct tkfi_reader *counterpart(const struct tkfi_reader *reader)
{
	unsigned int i;

	for (i = 0; i < tkfi_nr_readers; i++) {
		const struct tkfi_reader *other = &tkfi_readers[i];

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
	const struct tkfi_op *op = plan.programs[1].ops;
	unsigned int first, last;

	if (op->blocked)
		return last_line(&looks);
	lines_seen(stop, find_stage(stop->at), reader, &first, &last);
	while (first < last &&
	       !is_of_line(first, reader, op->result, op->cycle))
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
	const struct tkfi_reader *other = counterpart(reader);
	const char *family = tkfi_family_names[reader->family];
	const struct tkfi_op *reads = plan.programs[1].ops;
	const struct look *stop;
	unsigned int line;

	if (run(test, &looks, setup,
		"cpu0: %s; cpu1: read %s %s, read %s %s, read %s %s; at cpu0 %s#%u off %s run cpu1",
		u->update, family, reader->clock, family, reader->clock,
		tkfi_family_names[other->family], other->clock,
		way.stops[k].at, way.stops[k].hit, delay))
		return;
	stop = same_stop(test, k);
	if (!stop || offset_is_apart(reader))
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
	char setup[160];

	for (f = 0; f < ARRAY_SIZE(rates); f++) {
		snprintf(setup, sizeof(setup), "%s%s", rates[f], u->setup);
		if (find_way(test, setup, u->update))
			return;
		for (k = 0; k < way.nr; k++)
			for (d = 0; d < ARRAY_SIZE(delays); d++)
				for (r = 0; r < tkfi_nr_readers; r++) {
					one_pair(test, u, setup, k, delays[d],
						 &tkfi_readers[r], &count);
					if (has_failed(test))
						return;
				}
	}
	check_count(test, &count);
}

/*
 * settimeofday takes whole nanoseconds: it drops the fraction of CLOCK_MONOTONIC
 * at its sample. Who read the clock after that, and before it was published, had a
 * nanosecond more.
 */
static void dropped_fraction(struct kunit *test)
{
	static const bool in_place[] = TKFI_IN_PLACE;
	static const char * const readers[] = { "vdso MONOTONIC",
						"kernel ktime_get" };
	const struct tkfi_op *reads = plan.programs[1].ops;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(readers); i++) {
		/* The vDSO's section begins with the kernel's only when fixed. */
		bool waits = in_place[tkfi_variant()] &&
			     (i || tkfi_variant() == TKFI_FIXED);

		if (run(test, &looks, "adjtimex freq=500ppm, wait 2ms",
			"cpu0: settimeofday 1400000000; cpu1: read %s, read %s; at cpu0 settime.sampled off 10ms run cpu1",
			readers[i], readers[i]))
			return;
		KUNIT_EXPECT_EQ_MSG(test, !!reads[0].blocked, waits, "%s",
				    readers[i]);
		KUNIT_EXPECT_EQ_MSG(test, reads[1].result - reads[0].result,
				    waits ? 0 : -1, "%s", readers[i]);
	}
}

static struct kunit_case readers_cases[] = {
	KUNIT_CASE_PARAM(meanwhile, updater_gen_params),
	KUNIT_CASE_PARAM(from_nmi, updater_gen_params),
	KUNIT_CASE_PARAM(pairs, updater_gen_params),
	KUNIT_CASE(dropped_fraction),
	{}
};

static struct kunit_suite readers_suite = {
	.name = "tkfi_readers",
	.suite_init = readers_suite_init,
	.suite_exit = readers_suite_exit,
	.init = readers_test_init,
	.exit = readers_test_exit,
	.test_cases = readers_cases,
};

kunit_test_suite(readers_suite);

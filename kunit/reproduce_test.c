// SPDX-License-Identifier: GPL-2.0
/*
 * The race of the cover letter, over delays, frequency changes, updaters,
 * points and readers, to the nanosecond.
 */
#include <kunit/test.h>

#include "operation.h"
#include "clock.h"
#include "harness.h"
#include "reproduce.h"
#include "result.h"
#include "stages.h"

#include <tkfi-glue.h>

enum updater { ADJTIMEX, TICK, NR_UPDATERS };

static const char * const updater_names[] = { "adjtimex", "tick" };
static const char * const frequencies[] = {
	"-1ppm", "+1ppm", "-500ppm", "+500ppm", "-10%", "+10%",
};

static const char * const delays[] = {
	"0ns", "1ns", "1us", "1ms", "10ms", "1s", "60s",
};

/**
 * struct race - one parameter
 * @updater:	who changes the multiplier
 * @frequency:	from 0 ppm to what
 * @delay:	how long the host takes it off
 * @name:	of the parameter
 */
struct race {
	enum updater updater;
	const char *frequency;
	const char *delay;
	char name[40];
};

/* Time does not stand at a tick's edge, nor at a whole microsecond. */
#define SETUP	"wait 10ms, tick, wait 10ms, tick, wait 3456789ns"

static struct race races[NR_UPDATERS * ARRAY_SIZE(frequencies) *
			 ARRAY_SIZE(delays)];

static void fill_races(void)
{
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(races); i++) {
		struct race *race = &races[i];

		n = i;
		race->delay = delays[n % ARRAY_SIZE(delays)];
		n /= ARRAY_SIZE(delays);
		race->frequency = frequencies[n % ARRAY_SIZE(frequencies)];
		race->updater = n / ARRAY_SIZE(frequencies);
		snprintf(race->name, sizeof(race->name), "%s %s off %s",
			 updater_names[race->updater], race->frequency,
			 race->delay);
	}
}

/* Name of the parameter that runs; NULL for cases without. */
static const char *parameter;

static void race_desc(struct race *race, char *desc)
{
	parameter = race->name;
	strscpy(desc, race->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(race, races, race_desc);

static int reproduce_suite_init(struct kunit_suite *suite)
{
	fill_races();
	return harness_open(suite);
}

static void reproduce_test_exit(struct kunit *test)
{
	harness_trace("tkfi_reproduce", test, parameter);
	parameter = NULL;
}

/*
 * One execution: VCPU0 updates and is taken off at @point for @delay; meanwhile
 * VCPU1 performs the first @meanwhile of its operations, and the rest of them
 * when VCPU0 has finished.
 */
static int run_race(struct kunit *test, const struct race *race,
		    const char *point, const char *delay, const char *vcpu1,
		    unsigned int meanwhile)
{
	char setup[128], update[64];
	int ret;

	if (race->updater == ADJTIMEX) {
		strscpy(setup, SETUP, sizeof(setup));
		snprintf(update, sizeof(update), "adjtimex freq=%s",
			 race->frequency);
	} else {
		/* adjtimex would adjust at once; here the tick has to. */
		snprintf(setup, sizeof(setup), SETUP ", wait 7ms, ntp freq=%s",
			 race->frequency);
		strscpy(update, "tick", sizeof(update));
	}
	ret = harness_run(test, setup,
			  "cpu0: %s; cpu1: %s; at cpu0 %s off %s run cpu1 %u",
			  update, vcpu1, point, delay, meanwhile);
	if (ret)
		return ret;
	KUNIT_EXPECT_EQ_MSG(test, harness.plan.faults[0].seen, 1, "%s is not on the way",
			    point);
	return ret;
}

/* A read while VCPU0 is off, and the same read when it has finished. */
static int read_twice(struct kunit *test, const struct race *race,
		      const struct stage *stage,
		      const struct tkfi_reader *reader, const char *delay)
{
	char reads[128];

	snprintf(reads, sizeof(reads), "read %s %s, read %s %s",
		 tkfi_family_names[reader->family], reader->clock,
		 tkfi_family_names[reader->family], reader->clock);
	return run_race(test, race, stage->point, delay, reads, 1);
}

static s64 measured_jump(void)
{
	const struct tkfi_op *reads = harness.plan.programs[1].ops;

	return reads[1].result - reads[0].result;
}

/* Every clock started at or after 100 s: less is an error, not a time. */
static void check_values(struct kunit *test, const struct tkfi_reader *reader)
{
	const struct tkfi_op *reads = harness.plan.programs[1].ops;
	int i;

	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_GE_MSG(test, reads[i].result,
				    TKFI_START_MONO * NSEC_PER_SEC, "%s",
				    reader->call);
}

/* The sequence is even, and the shadow equal, whenever the lock is free. */
static void check_rest(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, harness.session.outcome.sequence % 2, 0);
	KUNIT_EXPECT_EQ(test, harness.session.outcome.sequence_after % 2, 0);
	KUNIT_EXPECT_TRUE(test, harness.session.outcome.mirrored);
}

static void check_blocking(struct kunit *test, const struct stage *stage,
			   const struct tkfi_reader *reader)
{
	const struct tkfi_op *first = &harness.plan.programs[1].ops[0];

	if (sight_of(stage, reader) != BLOCKS) {
		KUNIT_EXPECT_NULL_MSG(test, first->blocked, "%s at %s: %s",
				      reader->call, stage->point,
				      first->blocked);
		return;
	}
	KUNIT_EXPECT_NOT_NULL_MSG(test, first->blocked, "%s at %s",
				  reader->call, stage->point);
	if (!first->blocked)
		return;
	KUNIT_EXPECT_TRUE_MSG(test,
			      strstarts(first->blocked,
					reader->family == TKFI_VDSO ?
					"vdso.seq" : "tk_core.seq"),
			      "%s at %s waited for %s", reader->call,
			      stage->point, first->blocked);
}

static void check_jump(struct kunit *test, const struct race *race,
		       const struct stage *stage,
		       const struct tkfi_reader *reader)
{
	u64 delay = tkfi_duration_cycles(harness.plan.faults[0].delay), cycles;
	s64 measured = measured_jump();

	/* Old and new lines meet at the sample; RAW is one line. */
	cycles = is_skewed(stage, reader) ? delay : 0;
	KUNIT_EXPECT_TRUE_MSG(test,
			      is_predicted(&harness.session.outcome, cycles, measured,
					   cycles ? reader->unit : 0),
			      "%s at %s: measured %lld ns, predicted %lld ns",
			      reader->call, stage->point, measured,
			      predicted_jump(&harness.session.outcome, cycles));
	if (mult_change(&harness.session.outcome) > 0)
		KUNIT_EXPECT_GE_MSG(test, measured, 0, "%s at %s", reader->call,
				    stage->point);
}

/* RAW is not adjusted, but it does move: by the delay, as the counter does. */
static void check_raw(struct kunit *test, const struct race *race,
		      const struct stage *stage,
		      const struct tkfi_reader *reader)
{
	s64 delayed = harness.plan.programs[1].ops[0].result;
	u64 delay = tkfi_duration_cycles(harness.plan.faults[0].delay);
	s64 off;

	if (read_twice(test, race, stage, reader, "0ns"))
		return;
	/* 1 GHz: a cycle is a nanosecond. */
	off = abs(delayed - harness.plan.programs[1].ops[0].result - (s64)delay);
	KUNIT_EXPECT_LE_MSG(test, off, 1, "%s at %s", reader->call,
			    stage->point);
}

/*
 * Coarse clocks move at updates only. How far depends on the kernel; that the
 * delay has no part in it does not.
 */
static void check_coarse(struct kunit *test, const struct race *race,
			 const struct stage *stage,
			 const struct tkfi_reader *reader)
{
	s64 measured = measured_jump();

	if (TKFI_COARSE_IS_STEADY || TKFI_COARSE_HAS_SECOND)
		KUNIT_EXPECT_GE_MSG(test, measured, 0, "%s at %s", reader->call,
				    stage->point);
	if (!stage->delay_counts)
		return;
	if (sight_of(stage, reader) != SEES_OLD) {
		KUNIT_EXPECT_EQ_MSG(test, measured, 0, "%s at %s", reader->call,
				    stage->point);
		return;
	}
	if (read_twice(test, race, stage, reader, "0ns"))
		return;
	KUNIT_EXPECT_EQ_MSG(test, measured, measured_jump(),
			    "%s at %s: depends on the delay", reader->call,
			    stage->point);
}

/* The multiplier moved by what was asked for, give or take NTP's dithering. */
static void check_multiplier(struct kunit *test, const struct race *race)
{
	s64 nominal = tkfi_clocksource.mult, expected, off;
	s32 ppb = 0;

	KUNIT_EXPECT_EQ(test, tkfi_parse_frequency(race->frequency, &ppb), 0);
	expected = div_s64(nominal * ppb, NSEC_PER_SEC);
	off = abs(mult_change(&harness.session.outcome) - expected);
	KUNIT_EXPECT_NE(test, mult_change(&harness.session.outcome), 0);
	KUNIT_EXPECT_LE_MSG(test, off, 2, "%lld, expected %lld",
			    mult_change(&harness.session.outcome), expected);
}

static void jump(struct kunit *test)
{
	const struct race *race = test->param_value;
	const struct stage *stages;
	unsigned int i, j, nr;

	stages = variant_stages(&nr);
	for (i = 0; i < nr; i++) {
		/* adjtimex takes and drops the lock in places of its own. */
		if (race->updater == ADJTIMEX &&
		    !strcmp(stages[i].point, "advance.unlocked"))
			continue;
		for (j = 0; j < tkfi_nr_readers; j++) {
			const struct tkfi_reader *reader = &tkfi_readers[j];

			/* One failure tells all; a thousand drown it. */
			if (test->status != KUNIT_SUCCESS)
				return;
			if (read_twice(test, race, &stages[i], reader,
				       race->delay))
				return;
			check_values(test, reader);
			check_rest(test);
			check_blocking(test, &stages[i], reader);
			if (reader->kind == TKFI_COARSE) {
				check_coarse(test, race, &stages[i], reader);
				continue;
			}
			check_jump(test, race, &stages[i], reader);
			if (reader->kind == TKFI_RAW)
				check_raw(test, race, &stages[i], reader);
		}
	}
	check_multiplier(test, race);
}

/* Is the second read behind when it begins so many cycles after the first? */
static bool is_behind(struct kunit *test, const struct race *race,
		      const struct tkfi_reader *reader, u64 cycles)
{
	const struct tkfi_op *reads = harness.plan.programs[1].ops;
	char ops[160];

	snprintf(ops, sizeof(ops), "read %s %s, wait %llucycles, read %s %s",
		 tkfi_family_names[reader->family], reader->clock, cycles,
		 tkfi_family_names[reader->family], reader->clock);
	if (run_race(test, race, "advance.calculated", race->delay, ops, 1))
		return false;
	return reads[2].result < reads[0].result;
}

static void window(struct kunit *test)
{
	const struct race *race = test->param_value;
	const struct stage *stage = find_stage("advance.calculated");
	const struct tkfi_op *reads = harness.plan.programs[1].ops;
	u64 low, high, middle, predicted;
	unsigned int i;

	for (i = 0; i < tkfi_nr_readers; i++) {
		const struct tkfi_reader *reader = &tkfi_readers[i];

		if (reader->kind != TKFI_FINE || reader->unit != 1)
			continue;
		/* At 10 % the window is an eighth of the delay. */
		low = 0;
		high = 1;
		while (is_behind(test, race, reader, high))
			high *= 2;
		while (low < high) {
			middle = low + (high - low) / 2;
			if (is_behind(test, race, reader, middle))
				low = middle + 1;
			else
				high = middle;
		}
		predicted = is_skewed(stage, reader) ?
			    predicted_window(&harness.session.outcome,
					     tkfi_results(&reads[0])->cycle) : 0;
		KUNIT_EXPECT_EQ_MSG(test, low, predicted, "%s", reader->call);
		if (test->status != KUNIT_SUCCESS)
			return;
		if (mult_change(&harness.session.outcome) > 0)
			KUNIT_EXPECT_EQ_MSG(test, low, 0, "%s", reader->call);
	}
}

/*
 * The vDSO page is new, the NMI-safe copy still old: a pair that reads them in
 * this order goes back when the multiplier rises. Its kernel-doc says so.
 */
static void vdso_then_fast(struct kunit *test)
{
	const struct race *race = test->param_value;
	const struct tkfi_op *reads = harness.plan.programs[1].ops;
	u64 delay;

	if (run_race(test, race, "vsyscall.end", race->delay,
		     "read vdso MONOTONIC, read fast ktime_get_mono_fast_ns",
		     2))
		return;
	delay = tkfi_duration_cycles(harness.plan.faults[0].delay);
	KUNIT_EXPECT_TRUE_MSG(test,
			      is_predicted(&harness.session.outcome, delay,
					   reads[0].result - reads[1].result, 1),
			      "%lld ns, predicted %lld ns",
			      reads[1].result - reads[0].result,
			      -predicted_jump(&harness.session.outcome, delay));
}

/* The two figures of the series' arithmetic, as people quote them. */
static void quoted_figures(struct kunit *test)
{
	static const struct race ppm500 = { ADJTIMEX, "-500ppm", "10ms" };
	static const struct race percent10 = { ADJTIMEX, "-10%", "1ms" };
	const struct tkfi_reader *reader = tkfi_reader_find("vdso",
							    "MONOTONIC");
	const struct stage *stage = find_stage("advance.calculated");
	s64 jump, expected;

	KUNIT_ASSERT_EQ(test, read_twice(test, &ppm500, stage, reader,
					 ppm500.delay), 0);
	jump = measured_jump();
	expected = is_skewed(stage, reader) ? -5001 : 0;
	KUNIT_EXPECT_TRUE_MSG(test, jump == expected ||
			      (expected && jump == expected + 1), "%lld", jump);
	KUNIT_ASSERT_EQ(test, read_twice(test, &percent10, stage, reader,
					 percent10.delay), 0);
	jump = measured_jump();
	expected = is_skewed(stage, reader) ? -100001 : 0;
	KUNIT_EXPECT_TRUE_MSG(test, jump == expected ||
			      (expected && jump == expected + 1), "%lld", jump);
}

/* Microseconds are whole ones of the very time clock_gettime() gives. */
static void microseconds(struct kunit *test)
{
	static const struct race race = { ADJTIMEX, "-500ppm", "1ms" };
	const struct tkfi_op *reads = harness.plan.programs[1].ops;
	u64 rest;

	if (run_race(test, &race, "advance.calculated", race.delay,
		     "read vdso REALTIME, read vdso gettimeofday", 2))
		return;
	div64_u64_rem(reads[0].result, NSEC_PER_USEC, &rest);
	KUNIT_EXPECT_NE(test, rest, 0);
	KUNIT_EXPECT_EQ(test, reads[1].result, reads[0].result - rest);
}

static struct kunit_case reproduce_cases[] = {
	KUNIT_CASE_PARAM(jump, race_gen_params),
	KUNIT_CASE_PARAM(window, race_gen_params),
	KUNIT_CASE_PARAM(vdso_then_fast, race_gen_params),
	KUNIT_CASE(quoted_figures),
	KUNIT_CASE(microseconds),
	{}
};

static struct kunit_suite reproduce_suite = {
	.name = "tkfi_reproduce",
	.suite_init = reproduce_suite_init,
	.suite_exit = harness_close,
	.init = harness_init_at_points,
	.exit = reproduce_test_exit,
	.test_cases = reproduce_cases,
};

kunit_test_suite(reproduce_suite);

// SPDX-License-Identifier: GPL-2.0
/*
 * Readers that do not read the clock see the base of the line. An adjustment
 * moves it, to keep the time that others see: down when the rate rises, across
 * the edge of a second if that was just passed, and then a second is borrowed.
 */
#include <kunit/test.h>

#include "glue.h"
#include "operation.h"
#include "harness.h"
#include "readers.h"

#include <tkfi-glue.h>

/**
 * struct edge - an update, and how far readers jump across it at one cycle
 * @name:	of the parameter
 * @setup:	before
 * @update:	the operation
 * @real_s:	what reads seconds of REALTIME
 * @mono_s:	what reads seconds of MONOTONIC
 * @moving_ns:	coarse clocks that move with the base
 * @steady_ns:	coarse clocks whose ns part stays
 * @fixed_ns:	coarse clocks that have a second of their own too, ns
 *
 * The first two are 0 for readers that have a second of their own. The counter has
 * 1 GHz, a multiplier of 2^23 and ticks of 10 ms; 500 ppm are 4194 of it.
 */
struct edge {
	const char *name;
	const char *setup, *update;
	s64 real_s, mono_s;
	s64 moving_ns, steady_ns, fixed_ns;
};

#define EDGE	"wait 1s, tick, wait 9ms"

static const struct edge edges[] = {
	/* 9 ms at 4194 / 2^23: 4499.66 ns */
	{ "at the edge, rises 500 ppm", EDGE, "adjtimex freq=500ppm",
	  -1, -1, -4500, -NSEC_PER_SEC, 0 },
	{ "at the edge, rises 1 ppm", EDGE, "adjtimex freq=1ppm",
	  -1, -1, -9, -NSEC_PER_SEC, 0 },
	{ "at the edge, rises 10 %", EDGE, "adjtimex freq=10%",
	  -1, -1, -900000, -NSEC_PER_SEC, 0 },
	{ "4499 ns after it, rises 500 ppm", "inject 4499ns, " EDGE,
	  "adjtimex freq=500ppm", -1, -1, -4500, -NSEC_PER_SEC, 0 },
	/* Enough to take it from; the edge of MONOTONIC's second is elsewhere. */
	{ "4500 ns after it, rises 500 ppm", "inject 4500ns, " EDGE,
	  "adjtimex freq=500ppm", 0, -1, -4500, 0, 0 },
	{ "at the edge, falls 500 ppm", EDGE, "adjtimex freq=-500ppm",
	  0, 0, 4500, 0, 0 },
	{ "far from it, rises 1000 ppm",
	  "adjtimex freq=-500ppm, wait 10ms, tick, wait 9ms",
	  "adjtimex freq=500ppm", 0, 0, -9001, 0, 0 },
	/* The second is accumulated and borrowed at once: nobody saw it. */
	{ "tick across the edge, rises 500 ppm",
	  "wait 1009ms, ntp freq=500ppm", "tick",
	  0, 0, 999995500, 999995500, 999995500 },
};

static void edge_desc(const struct edge *edge, char *desc)
{
	strscpy(desc, edge->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(edge, edges, edge_desc);

static void coarse_test_exit(struct kunit *test)
{
	const struct edge *edge = test->param_value;

	harness_trace("tkfi_coarse", test, edge ? edge->name : NULL);
}

static s64 expected_jump(const struct edge *edge,
			 const struct tkfi_reader *reader)
{
	if (reader->kind != TKFI_COARSE)
		return 0;
	if (reader->unit == NSEC_PER_SEC)
		return TKFI_COARSE_HAS_SECOND ? 0 : NSEC_PER_SEC *
		       (reader->id == CLOCK_REALTIME ? edge->real_s :
						       edge->mono_s);
	if (TKFI_COARSE_HAS_SECOND)
		return edge->fixed_ns;
	return TKFI_COARSE_IS_STEADY ? edge->steady_ns : edge->moving_ns;
}

/* Every reader right before the update and right after, at the same cycle. */
static void jump(struct kunit *test)
{
	const struct edge *edge = test->param_value;
	const struct tkfi_op *ops = harness.plan.programs[0].ops;
	unsigned int i;

	for (i = 0; i < tkfi_nr_readers; i++) {
		const struct tkfi_reader *reader = &tkfi_readers[i];
		const char *family = tkfi_family_names[reader->family];

		if (harness_run(test, edge->setup, "cpu0: read %s %s, %s, read %s %s",
				family, reader->clock, edge->update, family,
				reader->clock))
			return;
		KUNIT_EXPECT_EQ(test, tkfi_results(&ops[0])->cycle, tkfi_results(&ops[2])->cycle);
		KUNIT_EXPECT_EQ_MSG(test, ops[2].result - ops[0].result,
				    expected_jump(edge, reader), "%s",
				    reader->call);
		if (TKFI_COARSE_HAS_SECOND)
			KUNIT_EXPECT_GE_MSG(test, ops[2].result, ops[0].result,
					    "%s", reader->call);
	}
}

/* A borrowed second is missed until the next tick gives it back. */
static void until_the_next_tick(struct kunit *test)
{
	const struct tkfi_op *ops = harness.plan.programs[0].ops;
	static const char * const readers[] = {
		"vdso time", "kernel ktime_get_real_seconds",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(readers); i++) {
		if (harness_run(test, EDGE,
				"cpu0: read %s, adjtimex freq=500ppm, wait 999us, read %s, read vdso REALTIME, wait 1us, tick, read %s",
				readers[i], readers[i], readers[i]))
			return;
		KUNIT_EXPECT_EQ(test, ops[0].result,
				(TKFI_START_WALL + 1) * NSEC_PER_SEC);
		KUNIT_EXPECT_EQ(test, ops[3].result - ops[0].result,
				TKFI_COARSE_HAS_SECOND ? 0 : -NSEC_PER_SEC);
		KUNIT_EXPECT_GT(test, ops[4].result, ops[0].result);
		KUNIT_EXPECT_EQ(test, ops[7].result, ops[0].result);
	}
}

static struct kunit_case coarse_cases[] = {
	KUNIT_CASE_PARAM(jump, edge_gen_params),
	KUNIT_CASE(until_the_next_tick),
	{}
};

static struct kunit_suite coarse_suite = {
	.name = "tkfi_coarse",
	.suite_init = harness_open,
	.suite_exit = harness_close,
	.init = harness_init_at_points,
	.exit = coarse_test_exit,
	.test_cases = coarse_cases,
};

kunit_test_suite(coarse_suite);

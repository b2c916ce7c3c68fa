// SPDX-License-Identifier: GPL-2.0
/* The tick's interrupt: jiffies, the time of the next tick, and the timekeeper. */
#include <kunit/test.h>

#include "clock.h"
#include "harness.h"

/* A tick interrupts, 12 ms after the last update: all that is to be done is done. */
static void a_tick_counts_one(struct kunit *test)
{
	const struct tkfi_outcome *o = &harness.session.outcome;
	const struct tkfi_op *ops = harness.plan.programs[0].ops;

	if (harness_run(test, "wait 12ms",
			"cpu0: read kernel get_jiffies_64, jiffies, read kernel get_jiffies_64"))
		return;
	KUNIT_EXPECT_EQ(test, ops[2].result - ops[0].result, TICK_NSEC);
	KUNIT_EXPECT_EQ(test, o->sequence_after, o->sequence + 2);
	KUNIT_EXPECT_GT(test, o->after.tkr_mono.cycle_last,
			o->before.tkr_mono.cycle_last);
}

/**
 * struct counts - of all executions of an exploration
 * @nr:		how many there were
 * @lost:	those in which the ticks were not all counted
 */
struct counts {
	unsigned int nr;
	unsigned int lost;
};

static void count(struct tkfi_explorer *x, int ret)
{
	struct counts *counts = x->each_arg;

	counts->nr++;
	counts->lost += tkfi_ticks_in_jiffies() != 3 ||
			tkfi_ticks_until_next() != 3;
}

/* Whoever comes between: three ticks, one of the set-up, are three. */
static void no_tick_is_lost(struct kunit *test)
{
	static const struct tkfi_scenario scenario = {
		"jiffies", "setup: jiffies; cpu0: jiffies; cpu1: jiffies;"
		"cpu2: read kernel get_jiffies_64, read kernel get_jiffies_64"
	};
	static const struct tkfi_explore_options options;
	struct tkfi_explorer *explorer = harness.explorer;
	struct counts counts = { };
	int ret;

	if (harness_load(test, &scenario))
		return;
	explorer->each = count;
	explorer->each_arg = &counts;
	ret = tkfi_explore(explorer, &options);
	explorer->each = NULL;
	KUNIT_ASSERT_EQ_MSG(test, ret, 0, "%s", explorer->engine->error);
	KUNIT_EXPECT_TRUE(test, explorer->stats.complete);
	/* In either order, and readers before, between and after. */
	KUNIT_EXPECT_GE(test, explorer->stats.classes, 12);
	KUNIT_EXPECT_GE(test, counts.nr, explorer->stats.classes);
	KUNIT_EXPECT_EQ(test, counts.lost, 0);
	KUNIT_EXPECT_EQ(test, explorer->nr_violations, 0);
}

static struct kunit_case jiffies_cases[] = {
	KUNIT_CASE(a_tick_counts_one),
	KUNIT_CASE(no_tick_is_lost),
	{}
};

static struct kunit_suite jiffies_suite = {
	.name = "tkfi_jiffies",
	.suite_init = harness_open_explorer,
	.suite_exit = harness_close,
	.test_cases = jiffies_cases,
};

kunit_test_suite(jiffies_suite);

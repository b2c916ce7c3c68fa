// SPDX-License-Identifier: GPL-2.0
/*
 * What exploring costs, in host time per execution: beside the same operations one
 * after another, with hooks that are idle, or in a build without hooks.
 */
#include <kunit/test.h>
#include <linux/math64.h>
#include <os.h>

#include "result.h"
#include "scenarios.h"

static struct tkfi_explorer *explorer;
static char err[1024];

static int bench_suite_init(struct kunit_suite *suite)
{
	explorer = tkfi_explorer_open(NSEC_PER_SEC);
	return explorer ? 0 : -ENOMEM;
}

static void bench_suite_exit(struct kunit_suite *suite)
{
	tkfi_explorer_close(explorer);
}

static const char * const scenarios[] = {
	"falls-vdso", "falls-kernel", "cover-letter", "adjtimex-adjtimex",
};

static void name_desc(const char * const *name, char *desc)
{
	strscpy(desc, *name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(name, scenarios, name_desc);

static void say(const char *run, u64 executions, u64 steps, s64 ns)
{
	u64 each = div64_u64(ns * 10, executions);

	tkfi_result("\"type\":\"bench\",\"scenario\":\"%s\",\"hooks\":%s,\"run\":\"%s\",\"executions\":%llu,\"steps\":%llu,\"ns\":%llu.%llu",
		    explorer->name,
		    IS_ENABLED(CONFIG_TKFI_ACCESS) ? "true" : "false", run,
		    executions, steps, each / 10, each % 10);
}

/* Samples in a second or so, on a slow machine. */
#define SAMPLES	20000

static void sample(struct kunit *test, enum tkfi_strategy_kind strategy)
{
	const struct tkfi_explore_options options = {
		.strategy = strategy, .executions = SAMPLES, .depth = 3,
	};
	s64 began = os_nsecs();

	KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &options), 0);
	say(tkfi_strategy_names[strategy], explorer->stats.classes,
	    explorer->stats.steps, os_nsecs() - began);
}

/* As often as it takes to be measured; a scenario has few classes. */
static void explore(struct kunit *test, const char *run, bool snapshots)
{
	const struct tkfi_explore_options options = {
		.strategy = TKFI_DPOR, .no_snapshots = !snapshots,
	};
	u64 classes = 0, steps = 0;
	s64 began = os_nsecs();

	while (classes < SAMPLES / 4) {
		KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &options), 0);
		KUNIT_ASSERT_TRUE(test, explorer->stats.complete);
		classes += explorer->stats.classes;
		steps += explorer->stats.steps;
	}
	say(run, classes, steps, os_nsecs() - began);
}

static void bench(struct kunit *test)
{
	const char * const *name = test->param_value;
	const struct tkfi_scenario *s = tkfi_scenarios;
	s64 began;

	while (strcmp(s->name, *name))
		s++;
	KUNIT_ASSERT_EQ_MSG(test,
			    tkfi_explorer_load(explorer, s, err, sizeof(err)),
			    0, "%s", err);
	began = os_nsecs();
	KUNIT_ASSERT_EQ(test, tkfi_explorer_run_in_order(explorer, SAMPLES), 0);
	say("sequential", SAMPLES, 0, os_nsecs() - began);
	if (!IS_ENABLED(CONFIG_TKFI_ACCESS))
		return;
	sample(test, TKFI_RANDOM);
	sample(test, TKFI_POS);
	sample(test, TKFI_PCT);
	explore(test, "dpor", true);
	explore(test, "dpor-again", false);
}

static struct kunit_case bench_cases[] = {
	KUNIT_CASE_PARAM(bench, name_gen_params),
	{}
};

static struct kunit_suite bench_suite = {
	.name = "tkfi_bench",
	.suite_init = bench_suite_init,
	.suite_exit = bench_suite_exit,
	.test_cases = bench_cases,
};

kunit_test_suite(bench_suite);

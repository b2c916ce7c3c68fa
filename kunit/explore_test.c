// SPDX-License-Identifier: GPL-2.0
/* Every shipped scenario, explored to the end. */
#include <kunit/test.h>

#include "explore.h"
#include "result.h"
#include "stopwatch.h"

static struct tkfi_explorer *explorer;
static char err[1024];

static int explore_suite_init(struct kunit_suite *suite)
{
	explorer = tkfi_explorer_open(NSEC_PER_SEC);
	return explorer ? 0 : -ENOMEM;
}

static void explore_suite_exit(struct kunit_suite *suite)
{
	tkfi_explorer_close(explorer);
}

static void scenario(struct kunit *test)
{
	unsigned int i, k;

	for (k = 0; k < tkfi_nr_scenarios; k++) {
	const struct tkfi_scenario *s = &tkfi_scenarios[k];
	const struct tkfi_dpor_stats *stats = &explorer->stats;
	u64 began = tkfi_tsc(), cycles;
	int ret;

	KUNIT_ASSERT_EQ_MSG(test, tkfi_explorer_load(explorer, s, err, sizeof(err)), 0, "%s", err);
	ret = tkfi_explore(explorer, 200000);
	cycles = tkfi_tsc() - began;
	KUNIT_EXPECT_EQ_MSG(test, ret, 0, "%s", explorer->session.engine->error);
	kunit_info(test, "%s: classes %llu redundant %llu dead %llu steps %llu replayed %llu longest %u restarts %u %s %llu cycles/class\n",
		   s->name, stats->classes, stats->redundant, stats->deadlocks, stats->steps, stats->replayed, stats->longest, stats->restarts, stats->complete ? "COMPLETE" : "-", cycles / (stats->classes ?: 1));
	for (i = 0; i < explorer->nr_violations && i < TKFI_MAX_VIOLATIONS; i++) {
		struct tkfi_violation v = explorer->violations[i];

		kunit_info(test, "  %s %s -> %s: %lld -> %lld (%lld), %llu classes: %s\n", v.finding.oracle, v.finding.first ? v.finding.first->call : "", v.finding.clock, v.finding.first_ns, v.finding.second_ns, v.finding.second_ns - v.finding.first_ns, v.classes, v.schedule);
	}
	}
}

static struct kunit_case explore_cases[] = {
	KUNIT_CASE(scenario),
	{}
};

static struct kunit_suite explore_suite = {
	.name = "tkfi_explore",
	.suite_init = explore_suite_init,
	.suite_exit = explore_suite_exit,
	.test_cases = explore_cases,
};

kunit_test_suite(explore_suite);

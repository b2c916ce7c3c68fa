// SPDX-License-Identifier: GPL-2.0
/*
 * What exploring costs, in host time per execution: beside the same operations one
 * after another, with hooks that are idle, or in a build without hooks.
 */
#include <kunit/test.h>
#include <linux/math64.h>
#include <os.h>

#include "cells.h"
#include "result.h"
#include "scenarios.h"
#include "strategies.h"

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

/* A schedule that fits all of them. */
static struct tkfi_schedule *load_schedule(struct kunit *test)
{
	static struct tkfi_schedule schedule;

	tkfi_plan_names(&explorer->plan, schedule.names);
	schedule.nr_vcpus = explorer->plan.nr_programs;
	KUNIT_ASSERT_EQ_MSG(test,
			    tkfi_schedule_parse(&schedule,
						"cpu0 before store tk_core.seq, host, cpu1",
						err, sizeof(err)), 0, "%s", err);
	return &schedule;
}

static void sample(struct kunit *test, enum tkfi_strategy_kind strategy)
{
	const struct tkfi_explore_options options = {
		.strategy = strategy, .executions = SAMPLES, .depth = 3,
		.as_found = true,
		.schedule = load_schedule(test),
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
		.as_found = true,
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
	sample(test, TKFI_REPLAY);
	sample(test, TKFI_RANDOM);
	sample(test, TKFI_POS);
	sample(test, TKFI_PCT);
	explore(test, "dpor", true);
	explore(test, "dpor-again", false);
}

/*
 * A timekeeper in a seqlock, as others have explored it: the writer reads the clock,
 * the host takes it off, the writer publishes eleven words; two readers read twice.
 * There is no code of the kernel's in it.
 */
static struct {
	unsigned int seq;
	unsigned int now;
	unsigned int words[11];
} small;

static struct tkfi_engine *engine;

static void touch(unsigned int *word, enum tkfi_step_kind kind, bool is_volatile)
{
	tkfi_access(word, sizeof(*word), kind, is_volatile, _THIS_IP_);
}

static void small_writer(struct tkfi_vcpu *vcpu, void *arg)
{
	unsigned int i;

	touch(&small.now, TKFI_STEP_LOAD, false);
	touch(&small.now, TKFI_STEP_STORE, false);
	small.now++;
	touch(&small.seq, TKFI_STEP_STORE, false);
	small.seq++;
	for (i = 0; i < ARRAY_SIZE(small.words); i++) {
		touch(&small.words[i], TKFI_STEP_STORE, false);
		small.words[i]++;
	}
	touch(&small.seq, TKFI_STEP_STORE, false);
	small.seq++;
}

static void small_reader(struct tkfi_vcpu *vcpu, void *arg)
{
	unsigned int i, n;

	for (n = 0; n < 2; n++) {
		touch(&small.seq, TKFI_STEP_LOAD, true);
		for (i = 0; i < 3; i++)
			touch(&small.words[i], TKFI_STEP_LOAD, false);
		touch(&small.now, TKFI_STEP_LOAD, false);
		touch(&small.seq, TKFI_STEP_LOAD, true);
	}
}

static int small_start(void *arg)
{
	memset(&small, 0, sizeof(small));
	tkfi_engine_reset(engine);
	tkfi_engine_add(engine, small_writer, NULL);
	tkfi_engine_add(engine, small_reader, NULL);
	tkfi_engine_add(engine, small_reader, NULL);
	return 0;
}

static void small_judge(void *arg, int ret, struct tkfi_order *order)
{
}

static void small_timekeeper(struct kunit *test)
{
	const struct tkfi_dpor_client client = {
		.start = small_start,
		.judge = small_judge,
	};
	struct tkfi_dpor_stats stats = {};
	struct tkfi_random random;
	struct tkfi_dpor *dpor;
	u64 i, steps = 0;
	s64 began;

	engine = tkfi_engine_create();
	KUNIT_ASSERT_NOT_NULL(test, engine);
	engine->ranges[0] = (struct tkfi_range){ &small, sizeof(small) };
	engine->nr_ranges = 1;
	engine->quiet = true;
	tkfi_cells_reset();
	KUNIT_EXPECT_EQ(test, tkfi_cells_add("small", &small, sizeof(small)), 0);
	tkfi_cells_mark(&small.seq, TKFI_CELL_SEQUENCE);
	dpor = tkfi_dpor_create(engine);
	KUNIT_EXPECT_NOT_NULL(test, dpor);
	if (dpor) {
		strscpy(explorer->name, "seqlock-timekeeper",
			sizeof(explorer->name));
		began = os_nsecs();
		KUNIT_EXPECT_EQ(test, tkfi_dpor_explore(dpor, &client, &stats),
				0);
		say("dpor-once", stats.classes, stats.steps, os_nsecs() - began);
		KUNIT_EXPECT_TRUE(test, stats.complete);
		KUNIT_EXPECT_EQ(test, stats.classes, 36);
		KUNIT_EXPECT_EQ(test, stats.redundant, 0);
		began = os_nsecs();
		for (i = 0; i < SAMPLES; i++) {
			tkfi_random_init(&random, i);
			small_start(NULL);
			if (tkfi_engine_run(engine, &random.strategy))
				break;
			steps += engine->nr_log;
		}
		KUNIT_EXPECT_EQ(test, i, SAMPLES);
		say("random", SAMPLES, steps, os_nsecs() - began);
	}
	tkfi_dpor_destroy(dpor);
	tkfi_engine_destroy(engine);
}

static struct kunit_case bench_cases[] = {
	KUNIT_CASE(small_timekeeper),
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

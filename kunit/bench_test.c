// SPDX-License-Identifier: GPL-2.0
/*
 * What exploring costs, in host time per execution: beside the same operations one
 * after another, with hooks that are idle, or in a build without hooks.
 */
#include <kunit/test.h>
#include <linux/math64.h>
#include <linux/xxhash.h>
#include <os.h>

#include "cells.h"
#include "harness.h"
#include "result.h"
#include "subject.h"
#include "strategies.h"

static char err[1024];

static const char * const scenarios[] = {
	"falls-vdso", "falls-kernel", "cover-letter", "adjtimex-adjtimex",
};

static void name_desc(const char * const *name, char *desc)
{
	strscpy(desc, *name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(name, scenarios, name_desc);

/* Executions that did not come to their end are no part of @executions. */
static void say_blocked(const char *run, u64 executions, u64 steps, s64 ns,
			u64 blocked)
{
	u64 each = div64_u64(ns * 10, executions);

	tkfi_result("\"type\":\"bench\",\"scenario\":\"%s\",\"hooks\":%s,\"run\":\"%s\",\"executions\":%llu,\"blocked\":%llu,\"steps\":%llu,\"ns\":%llu.%llu",
		    tkfi_run_of(harness.explorer)->name,
		    IS_ENABLED(CONFIG_TKFI_ACCESS) ? "true" : "false", run,
		    executions, blocked, steps, each / 10, each % 10);
}

static void say(const char *run, u64 executions, u64 steps, s64 ns)
{
	say_blocked(run, executions, steps, ns, 0);
}

/* Samples in a second or so, on a slow machine. */
#define SAMPLES	20000

/* A schedule that fits all of them. */
static struct tkfi_schedule *load_schedule(struct kunit *test)
{
	struct tkfi_explorer *explorer = harness.explorer;
	static struct tkfi_schedule schedule;

	tkfi_plan_names(&tkfi_run_of(explorer)->plan, schedule.names);
	schedule.nr_vcpus = tkfi_run_of(explorer)->plan.nr_programs;
	KUNIT_ASSERT_EQ_MSG(test,
			    tkfi_schedule_parse(&schedule,
						"cpu0 before store tk_core.seq, host, cpu1",
						err, sizeof(err)), 0, "%s", err);
	return &schedule;
}

static void sample(struct kunit *test, enum tkfi_strategy_kind strategy)
{
	struct tkfi_explorer *explorer = harness.explorer;
	const struct tkfi_explore_options options = {
		.strategy = strategy, .executions = SAMPLES, .depth = 3,
		.as_found = true,
		.schedule = load_schedule(test),
	};
	s64 began = os_nsecs();

	KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &options), 0);
	say(tkfi_strategy_names[strategy], explorer->stats.classes,
	    explorer->stats.events, os_nsecs() - began);
}

/* As often as it takes to be measured; a scenario has few classes. */
static void explore(struct kunit *test, const char *run, bool snapshots)
{
	struct tkfi_explorer *explorer = harness.explorer;
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
		steps += explorer->stats.events;
	}
	say(run, classes, steps, os_nsecs() - began);
}

static void bench(struct kunit *test)
{
	struct tkfi_explorer *explorer = harness.explorer;
	static const struct tkfi_explore_options once = {
		.strategy = TKFI_RANDOM,
		.executions = 1,
		.as_found = true,
	};
	const char * const *name = test->param_value;
	s64 began;

	KUNIT_ASSERT_EQ(test, harness_load_named(test, *name), 0);
	/* The first executions of a scenario are watched. */
	if (IS_ENABLED(CONFIG_TKFI_ACCESS))
		KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &once), 0);
	began = os_nsecs();
	KUNIT_ASSERT_EQ(test, tkfi_run_in_order(tkfi_run_of(explorer), SAMPLES), 0);
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
 * the host takes it off, the writer publishes eleven words; two readers read twice, and
 * start again when the sequence has changed. There is no code of the kernel's in it.
 */
static struct {
	unsigned int seq;
	unsigned int now;
	unsigned int base;
	unsigned int mult;
	unsigned int cycle_last;
	unsigned int rest[8];
} small;

#define SMALL_READERS	2
#define SMALL_READS	2

#define OLD_MULT	10
#define NEW_MULT	7
#define SMALL_DELAY	100

/* What the readers have read: their results, as far as they have come. */
static struct reading {
	unsigned int now;
	unsigned int base;
	unsigned int mult;
	unsigned int cycle_last;
} readings[SMALL_READERS][SMALL_READS];

/* Room for all outcomes and more: there are 36. */
#define SMALL_OUTCOMES	64

/**
 * struct small_seen - all that the executions of one kind have come to
 * @outcomes:	what was read in them, a hash of @readings each
 * @nr:		how many there are
 * @went_back:	in how many of them a reader saw the time go back
 * @torn:	executions with a reading of words that were not published together
 */
struct small_seen {
	u64 outcomes[SMALL_OUTCOMES];
	unsigned int nr;
	unsigned int went_back;
	u64 torn;
};

static struct tkfi_engine *engine;

static void touch(unsigned int *word, enum tkfi_transition_kind kind, bool is_volatile)
{
	tkfi_access(word, sizeof(*word), kind == TKFI_TRANS_STORE,
		    is_volatile, _THIS_IP_);
}

static unsigned int load(unsigned int *word)
{
	touch(word, TKFI_TRANS_LOAD, false);
	return *word;
}

static void store(unsigned int *word, unsigned int value)
{
	touch(word, TKFI_TRANS_STORE, false);
	*word = value;
}

static unsigned int load_sequence(void)
{
	touch(&small.seq, TKFI_TRANS_LOAD, true);
	return small.seq;
}

static void small_writer(struct tkfi_vcpu *vcpu, void *arg)
{
	const unsigned int now = load(&small.now);
	unsigned int i;

	store(&small.now, now + SMALL_DELAY);
	store(&small.seq, small.seq + 1);
	store(&small.base, small.base + (now - small.cycle_last) * small.mult);
	store(&small.mult, NEW_MULT);
	store(&small.cycle_last, now);
	for (i = 0; i < ARRAY_SIZE(small.rest); i++)
		store(&small.rest[i], now);
	store(&small.seq, small.seq + 1);
}

/* As read_seqcount_begin() and read_seqcount_retry() have it. */
static void small_read(struct reading *r)
{
	unsigned int seq;

	do {
		while ((seq = load_sequence()) & 1)
			tkfi_await_word(&small.seq, seq);
		r->base = load(&small.base);
		r->mult = load(&small.mult);
		r->cycle_last = load(&small.cycle_last);
		r->now = load(&small.now);
	} while (load_sequence() != seq);
}

static void small_reader(struct tkfi_vcpu *vcpu, void *arg)
{
	struct reading *r = arg;
	unsigned int i;

	for (i = 0; i < SMALL_READS; i++)
		small_read(&r[i]);
}

static int small_start(void *arg)
{
	unsigned int i;

	memset(&small, 0, sizeof(small));
	memset(&readings, 0, sizeof(readings));
	small.now = 1;
	small.mult = OLD_MULT;
	tkfi_engine_reset(engine);
	tkfi_engine_add(engine, small_writer, NULL);
	for (i = 0; i < SMALL_READERS; i++)
		tkfi_engine_add(engine, small_reader, readings[i]);
	return 0;
}

static unsigned int time_of(const struct reading *r)
{
	return r->base + (r->now - r->cycle_last) * r->mult;
}

static bool is_torn(const struct reading *r)
{
	const bool is_new = r->mult == NEW_MULT;

	return is_new != !!r->base || is_new != !!r->cycle_last;
}

static void small_judge(void *arg, int ret, struct tkfi_happens_before *order)
{
	const u64 outcome = xxh64(readings, sizeof(readings), 0);
	bool torn = false, went_back = false;
	struct small_seen *seen = arg;
	unsigned int i, j;

	for (i = 0; i < SMALL_READERS; i++) {
		for (j = 0; j < SMALL_READS; j++) {
			const struct reading *r = &readings[i][j];

			torn |= is_torn(r);
			went_back |= j && time_of(r) < time_of(r - 1);
		}
	}
	seen->torn += torn;
	for (i = 0; i < seen->nr; i++)
		if (seen->outcomes[i] == outcome)
			return;
	if (seen->nr == SMALL_OUTCOMES)
		return;
	seen->outcomes[seen->nr++] = outcome;
	seen->went_back += went_back;
}

static bool all_in(const struct small_seen *a, const struct small_seen *b)
{
	unsigned int i, j;

	for (i = 0; i < a->nr; i++) {
		for (j = 0; j < b->nr && b->outcomes[j] != a->outcomes[i]; j++)
			;
		if (j == b->nr)
			return false;
	}
	return true;
}

static void sample_small(struct kunit *test, enum tkfi_strategy_kind kind,
			 unsigned int longest, const struct small_seen *all)
{
	struct small_seen seen = { };
	struct tkfi_strategy *strategy;
	struct tkfi_random random;
	s64 began = os_nsecs();
	struct tkfi_pct pct;
	u64 i, steps = 0;

	for (i = 0; i < SAMPLES; i++) {
		if (kind == TKFI_PCT) {
			tkfi_pct_init(&pct, i, 3, longest);
			strategy = &pct.strategy;
		} else {
			tkfi_random_init(&random, i);
			strategy = &random.strategy;
		}
		small_start(NULL);
		if (tkfi_engine_run(engine, strategy))
			break;
		small_judge(&seen, 0, NULL);
		steps += engine->nr_log;
	}
	say(tkfi_strategy_names[kind], SAMPLES, steps, os_nsecs() - began);
	KUNIT_EXPECT_EQ(test, i, SAMPLES);
	KUNIT_EXPECT_EQ(test, seen.torn, 0);
	KUNIT_EXPECT_TRUE(test, all_in(&seen, all));
}

/* Explored to its end, once, and sampled. */
static void measure_small(struct kunit *test, struct tkfi_search *dpor,
			  const char *name, bool is_sequence,
			  struct tkfi_search_stats *stats, struct small_seen *seen)
{
	struct tkfi_explorer *explorer = harness.explorer;
	const struct tkfi_search_client client = {
		.start = small_start,
		.judge = small_judge,
		.arg = seen,
	};
	s64 began;

	strscpy(tkfi_run_of(explorer)->name, name, sizeof(tkfi_run_of(explorer)->name));
	tkfi_cells_reset();
	KUNIT_EXPECT_EQ(test, tkfi_cells_add("small", &small, sizeof(small)), 0);
	if (is_sequence)
		tkfi_cells_mark(&small.seq, TKFI_CELL_SEQUENCE);
	/* Memory that is used for the first time costs more than these few executions. */
	KUNIT_EXPECT_EQ(test, tkfi_search_run(dpor, &client, stats), 0);
	*stats = (struct tkfi_search_stats){};
	began = os_nsecs();
	KUNIT_EXPECT_EQ(test, tkfi_search_run(dpor, &client, stats), 0);
	say_blocked("dpor-once", stats->classes, stats->events,
		    os_nsecs() - began, stats->redundant);
	KUNIT_EXPECT_TRUE(test, stats->complete);
	KUNIT_EXPECT_EQ(test, stats->redundant, 0);
	KUNIT_EXPECT_EQ(test, stats->deadlocks, 0);
	KUNIT_EXPECT_EQ(test, seen->torn, 0);
	sample_small(test, TKFI_RANDOM, stats->longest, seen);
	sample_small(test, TKFI_PCT, stats->longest, seen);
}

/*
 * Once as the engine explores sequences: their writers wait for readers, so that no
 * attempt fails. And once as if it knew of none: readers come at any time, and retry.
 */
static void small_timekeeper(struct kunit *test)
{
	static struct small_seen waiting, retrying;
	struct tkfi_search_stats stats = {};
	struct tkfi_search *dpor;

	engine = tkfi_engine_create();
	KUNIT_ASSERT_NOT_NULL(test, engine);
	engine->ranges[0] = (struct tkfi_range){ &small, sizeof(small) };
	engine->ranges[1] = (struct tkfi_range){ &readings, sizeof(readings) };
	engine->nr_ranges = 2;
	engine->quiet = true;
	dpor = tkfi_search_create(&tkfi_dpor_search, engine);
	KUNIT_EXPECT_NOT_NULL(test, dpor);
	if (dpor) {
		measure_small(test, dpor, "seqlock-timekeeper", true, &stats,
			      &waiting);
		/* Each reads old, between, new: six pairs; one goes back. */
		KUNIT_EXPECT_EQ(test, stats.classes, 6 * 6);
		KUNIT_EXPECT_EQ(test, waiting.nr, 6 * 6);
		KUNIT_EXPECT_EQ(test, waiting.went_back, 6 * 6 - 5 * 5);
		measure_small(test, dpor, "seqlock-timekeeper-retries", false,
			      &stats, &retrying);
		/* Each makes its two reads, failed attempts and all, in 87 ways. */
		KUNIT_EXPECT_EQ(test, stats.classes, 87 * 87);
		KUNIT_EXPECT_TRUE(test, all_in(&retrying, &waiting));
		KUNIT_EXPECT_TRUE(test, all_in(&waiting, &retrying));
	}
	tkfi_search_destroy(dpor);
	tkfi_engine_destroy(engine);
}

static struct kunit_case bench_cases[] = {
	KUNIT_CASE(small_timekeeper),
	KUNIT_CASE_PARAM(bench, name_gen_params),
	{}
};

static struct kunit_suite bench_suite = {
	.name = "tkfi_bench",
	.suite_init = harness_open_explorer,
	.suite_exit = harness_close,
	.test_cases = bench_cases,
};

kunit_test_suite(bench_suite);

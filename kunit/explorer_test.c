// SPDX-License-Identifier: GPL-2.0
/* What an explorer promises whatever the kernel does, and what it says of the race. */
#include <kunit/test.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/xxhash.h>

#include "cells.h"
#include "given.h"
#include "glue.h"
#include "known.h"
#include "publish.h"
#include "subject.h"

static struct tkfi_explorer *explorer;
static char err[1024];

static int explorer_suite_init(struct kunit_suite *suite)
{
	explorer = tkfi_explorer_open();
	return explorer ? 0 : -ENOMEM;
}

static void explorer_suite_exit(struct kunit_suite *suite)
{
	tkfi_explorer_close(explorer);
}

/* What nobody can explore is refused, with a reason and a place. */
static void refused(struct kunit *test)
{
	static const struct {
		const char *text, *why;
		unsigned int wrong;
	} bad[] = {
		{ "cpu0: tick; cpu1: settimeofday  -5, tick",
		  "settimeofday  -5 on cpu1 failed: EINVAL", 18 },
		{ "cpu0: settimeofday 99999999999999999; nmi cpu0: tick",
		  "settimeofday 99999999999999999 on cpu0 failed: EINVAL", 6 },
		{ " setup: wait 1ms, settimeofday -5; cpu0: tick",
		  "settimeofday -5 in the set-up failed: EINVAL", 18 },
		{ "setup: wait 1ms, wait 1; cpu0: tick", "impossible time", 22 },
		{ "setup: ; cpu0: tick", "unknown operation", 6 },
		{ "setup: tick; cpu0: tick; cpu2: tick",
		  "'cpu2:' is not expected here", 25 },
		{ "cpu0: tick;  at cpu0 nowhere: off 1ms; cpu1: what",
		  "a scenario has no 'at' statements", 13 },
		{ "cpu0: tick; cpu1: tick what", "tick takes no arguments", 23 },
	};
	/* What fails now and then may be what somebody wants to see. */
	static const struct tkfi_scenario good[] = {
		{ "given", "cpu0: tick; cpu1: settimeofday 1300000000; host: 1ms" },
		{ "given", "setup: aux enable; cpu0: aux disable;"
		  "cpu1: aux tick, aux settime 1300000000" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		const struct tkfi_scenario s = { "given", bad[i].text };

		KUNIT_EXPECT_EQ_MSG(test,
				    tkfi_given_load(explorer, &s, err, sizeof(err)),
				    -EINVAL, "%s", s.text);
		KUNIT_EXPECT_TRUE_MSG(test, strstarts(err, bad[i].why), "%s", err);
		KUNIT_EXPECT_EQ_MSG(test, explorer->wrong, bad[i].wrong, "%s",
				    s.text);
	}
	for (i = 0; i < ARRAY_SIZE(good); i++)
		if (!tkfi_explorer_lacks(explorer, &good[i]))
			KUNIT_EXPECT_EQ_MSG(test,
					    tkfi_given_load(explorer, &good[i],
							    err, sizeof(err)),
					    0, "%s", err);
}

/* A reader that waits has no place in an NMI: it waits for the one it interrupts. */
static void nmi_waits(struct kunit *test)
{
	static const struct tkfi_scenario s = {
		.name = "given",
		.text = "setup: wait 12ms; cpu0: tick; nmi cpu0: read kernel ktime_get",
	};
	static const struct tkfi_explore_options dpor;
	static struct tkfi_violation violation;

	KUNIT_ASSERT_EQ_MSG(test,
			    tkfi_explorer_load(explorer, &s, err, sizeof(err)),
			    0, "%s", err);
	KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &dpor), 0);
	KUNIT_EXPECT_TRUE(test, explorer->stats.complete);
	KUNIT_EXPECT_GT(test, explorer->stats.deadlocks, 0);
	KUNIT_EXPECT_GT(test, explorer->stats.classes,
			explorer->stats.deadlocks);
	KUNIT_ASSERT_EQ(test, explorer->nr_violations, 1);
	violation = explorer->violations[0];
	KUNIT_EXPECT_STREQ(test, violation.finding.oracle, "progress");
	KUNIT_EXPECT_NE(test, violation.waits[0], '\0');
	/* It waits for the end of a section that it keeps from ending. */
	KUNIT_EXPECT_TRUE(test, violation.minimal);
	KUNIT_EXPECT_EQ(test, violation.cost.preemptions, 0);
	KUNIT_ASSERT_TRUE(test, violation.why.holds);
	KUNIT_EXPECT_EQ(test, violation.why.first.kind, TKFI_TRANS_STORE);
	KUNIT_EXPECT_EQ(test, violation.why.second.kind, TKFI_TRANS_BEGIN);
	KUNIT_EXPECT_EQ(test, violation.why.second.vcpu, 1);
	KUNIT_EXPECT_EQ(test, violation.why.second.cell,
			tkfi_cell_at(tkfi_core_timekeepers().sequence));
	KUNIT_EXPECT_EQ_MSG(test,
			    tkfi_explorer_confirm(explorer, &violation, 1, err,
						  sizeof(err)),
			    0, "%s", err);
}

/* Executions in which the tick had something to do. */
static unsigned int ticked;

static void count_ticked(struct tkfi_explorer *x, int ret)
{
	unsigned int nr = 0, i;

	/* The first of all, or again. */
	if (x->stats.classes == 1)
		ticked = 0;
	for (i = 0; i < tkfi_nr_published(); i++)
		nr += tkfi_published[i].owner == TKFI_CORE;
	/* The first one was there. */
	ticked += nr > 1;
}

/*
 * Who writes without what is required is told in each execution that does it, and in no
 * other. Nobody does; so require too much of who writes the shadow timekeeper: that
 * readers wait meanwhile. A tick writes it if the host delayed it.
 */
static void writers(struct kunit *test)
{
	static const struct tkfi_scenario s = {
		.name = "given",
		.text = "cpu0: tick; cpu1: read kernel ktime_get; host: 12ms",
	};
	const struct tkfi_timekeepers core = tkfi_core_timekeepers();
	const struct tkfi_explore_options ways[] = {
		{ TKFI_DPOR }, { TKFI_DPOR, .no_snapshots = true },
		{ TKFI_DFS, .preemptions = 2 },
	};
	const struct tkfi_violation *v = explorer->violations;
	unsigned int i;

	if (tkfi_variant() == TKFI_PRE_SERIES)
		kunit_skip(test, "readers do wait meanwhile");
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		KUNIT_ASSERT_EQ(test, tkfi_explorer_load(explorer, &s, err,
							 sizeof(err)), 0);
		tkfi_cells_require(core.shadow, sizeof(*core.shadow),
				   tkfi_guard_of_sequence(core.sequence));
		ticked = 0;
		explorer->each = count_ticked;
		KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &ways[i]), 0);
		explorer->each = NULL;
		KUNIT_ASSERT_EQ(test, explorer->nr_violations, 1);
		KUNIT_EXPECT_STREQ(test, v->finding.clock,
				   "S7: what readers use is written with the sequence even");
		KUNIT_EXPECT_EQ(test, v->findings, ticked);
		KUNIT_EXPECT_GT(test, ticked, 1);
		KUNIT_EXPECT_LT(test, ticked, explorer->stats.classes);
		KUNIT_EXPECT_TRUE(test, v->minimal);
		KUNIT_EXPECT_EQ(test, v->cost.preemptions, 0);
		KUNIT_EXPECT_EQ(test, v->cost.delays, 1);
	}
}

static u64 seen;

static void note_execution(struct tkfi_explorer *x, int ret)
{
	const u64 one[] = { seen, tkfi_log_hash(x->engine), ret };

	seen = x->stats.classes == 1 ? one[1] : xxh64(one, sizeof(one), 0);
}

/*
 * From a checkpoint the same comes to pass as from the start, in less steps. An
 * execution of more steps than checkpoints at their first spacing has room for, too.
 */
static void checkpoints(struct kunit *test)
{
#define ADJUSTED "adjtimex freq=-5%,adjtimex freq=5%,adjtimex freq=0%,"
#define LONG	"cpu0:" ADJUSTED ADJUSTED "adjtimex freq=1%, tick;"	\
		"cpu1:" ADJUSTED ADJUSTED "adjtimex freq=1%, tick;"	\
		"cpu2:" ADJUSTED ADJUSTED "adjtimex freq=1%, tick;"	\
		"cpu3: read fast ktime_get_tai_fast_ns, inject -1ms,"	\
		"inject 1ms,inject -1ms,inject 1ms,inject -1ms,read vdso TAI"
	static const struct {
		struct tkfi_scenario s;
		struct tkfi_explore_options how;
		unsigned int longer;
		unsigned int fewer;
	} ways[] = {
		{ { "given", "cpu0: tick; cpu1: adjtimex freq=-500ppm;"
		    "cpu2: read vdso MONOTONIC; host: 12ms" }, { TKFI_DPOR }, 0, 2 },
		{ { "given", "cpu0: tick; cpu1: read vdso MONOTONIC;"
		    "nmi cpu0: read fast ktime_get_mono_fast_ns; host: 12ms" },
		  { TKFI_DFS, .preemptions = 2 }, 0, 2 },
		{ { "given", "cpu0: tick; cpu1: adjtimex freq=-500ppm;"
		    "cpu2: read vdso MONOTONIC; host: 12ms" },
		  { TKFI_DPOR, .bounded = true, .preemptions = 2 }, 0, 2 },
		{ { "given", LONG }, { TKFI_DFS, .preemptions = 2,
				       .executions = 1000 }, 1024, 20 },
		{ { "given", LONG }, { TKFI_DPOR, .executions = 1000 }, 1024, 20 },
	};
	struct tkfi_search_stats stats[2];
	unsigned int i, from_start;
	u64 hash[2];

	explorer->each = note_execution;
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		for (from_start = 0; from_start < 2; from_start++) {
			struct tkfi_explore_options how = ways[i].how;

			how.as_found = true;
			how.no_snapshots = from_start;
			KUNIT_ASSERT_EQ_MSG(test, tkfi_explorer_load(explorer, &ways[i].s,
								     err, sizeof(err)),
					    0, "%s", err);
			KUNIT_ASSERT_EQ_MSG(test, tkfi_explore(explorer, &how), 0, "%s",
					    explorer->engine->error);
			stats[from_start] = explorer->stats;
			hash[from_start] = seen;
		}
		KUNIT_EXPECT_EQ(test, hash[0], hash[1]);
		KUNIT_EXPECT_EQ(test, stats[0].classes, stats[1].classes);
		KUNIT_EXPECT_EQ(test, stats[0].redundant, stats[1].redundant);
		KUNIT_EXPECT_EQ(test, stats[0].longest, stats[1].longest);
		KUNIT_EXPECT_GT(test, stats[0].longest, ways[i].longer);
		KUNIT_EXPECT_LT(test, stats[0].replayed * ways[i].fewer,
				stats[1].replayed);
	}
	explorer->each = NULL;
}

/* Executions whose state, or what oracles recorded, was changed by looking at their outcome. */
static unsigned int spoilt;
static struct tkfi_state untouched;

static void look_at_outcome(struct tkfi_explorer *x, int ret)
{
	struct tkfi_run *run = tkfi_run_of(x);
	u8 record[2][64];
	const char *name;
	size_t size, at;
	void *now;
	u64 first;

	now = tkfi_subject->record(&size);
	size = min(size, sizeof(record[0]));
	memcpy(record[0], now, size);
	tkfi_state_save(&untouched);
	/* Not what was seen of the same state before. */
	tkfi_finals_forget(run->finals);
	first = tkfi_outcome(run, ret);
	memcpy(record[1], now, size);
	spoilt += first != tkfi_outcome(run, ret) || memcmp(record[0], record[1], size) ||
		  tkfi_state_differs(&untouched, &name, &at);
	tkfi_finals_forget(run->finals);
	spoilt += first != tkfi_outcome(run, ret);
}

/*
 * Looking at outcomes changes nothing; also not if readers change what they read, as those
 * of multigrain timestamps do, or VCPUs wait for ever.
 */
static void unspoilt(struct kunit *test)
{
	static const struct tkfi_scenario s[] = {
		{ "given", "cpu0: tick; cpu1: adjtimex freq=-500ppm, adjtimex status=16;"
		  "cpu2: read fast ktime_get_real_fast_ns; host: 12ms" },
		{ "given", "setup: wait 12ms; cpu0: tick; nmi cpu0: read kernel ktime_get" },
		{ "given", "cpu0: aux adjtimex freq=-500ppm, aux disable;"
		  "cpu1: read kernel ktime_get_real_ts64_mg; host: 12ms" },
	};
	struct tkfi_explore_options how = { TKFI_DPOR };
	struct tkfi_search_stats stats;
	unsigned int i, nr;
	u64 hash;

	KUNIT_ASSERT_EQ(test, tkfi_state_alloc(&untouched), 0);
	for (i = 0; i < ARRAY_SIZE(s); i++) {
		if (tkfi_explorer_lacks(explorer, &s[i]))
			continue;
		how.outcomes = false;
		explorer->each = look_at_outcome;
		spoilt = 0;
		KUNIT_EXPECT_EQ(test, tkfi_explore(explorer, &how), 0);
		KUNIT_EXPECT_EQ_MSG(test, spoilt, 0, "%s", s[i].text);
		explorer->each = note_execution;
		KUNIT_EXPECT_EQ(test, tkfi_explore(explorer, &how), 0);
		hash = seen;
		stats = explorer->stats;
		nr = explorer->nr_violations;
		how.outcomes = true;
		KUNIT_EXPECT_EQ(test, tkfi_explore(explorer, &how), 0);
		explorer->each = NULL;
		KUNIT_EXPECT_EQ(test, seen, hash);
		KUNIT_EXPECT_EQ(test, memcmp(&stats, &explorer->stats, sizeof(stats)), 0);
		KUNIT_EXPECT_EQ(test, explorer->nr_violations, nr);
		KUNIT_EXPECT_GT(test, explorer->outcomes->nr, 1);
		KUNIT_EXPECT_LT(test, explorer->outcomes->nr, stats.classes);
	}
	tkfi_state_free(&untouched);
}

/* One execution is reported for an outcome, whatever its VCPUs are preempted at. */
static void sought_once(struct kunit *test)
{
	static u64 some[8];
	struct tkfi_explore_options how = { TKFI_DPOR, .outcomes = true };
	unsigned int nr = 0, i;

	KUNIT_ASSERT_EQ(test, tkfi_explorer_load(explorer,
						 tkfi_scenario_find("falls-nmi"),
						 err, sizeof(err)), 0);
	KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &how), 0);
	for (i = 0; i < ARRAY_SIZE(explorer->outcomes->hashes) && nr < ARRAY_SIZE(some); i++)
		if (explorer->outcomes->hashes[i])
			some[nr++] = explorer->outcomes->hashes[i];
	KUNIT_EXPECT_EQ(test, nr, ARRAY_SIZE(some));
	how = (struct tkfi_explore_options){ TKFI_DPOR, .seeks = true };
	for (i = 0; i < nr; i++) {
		how.outcome = some[i];
		KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &how), 0);
		KUNIT_EXPECT_EQ(test, explorer->nr_violations, 1);
		KUNIT_EXPECT_PTR_EQ(test, explorer->violations[0].finding.oracle,
				    tkfi_outcome_oracle);
	}
}

/* The race of the cover letter, as plain as it can be, and why it is one. */
static void explained(struct kunit *test)
{
	const struct tkfi_explore_options dpor = { TKFI_DPOR };
	const struct tkfi_violation *v = explorer->violations;
	char name[40];

	KUNIT_ASSERT_EQ(test, tkfi_explorer_load(explorer,
						 tkfi_scenario_find("falls-vdso"),
						 err, sizeof(err)), 0);
	KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &dpor), 0);
	KUNIT_ASSERT_EQ(test, explorer->nr_violations,
			tkfi_variant() != TKFI_FIXED);
	if (!explorer->nr_violations)
		return;
	KUNIT_EXPECT_TRUE(test, v->minimal);
	KUNIT_EXPECT_EQ(test, explorer->searched, explorer->stats.classes);
	KUNIT_EXPECT_EQ(test, v->cost.preemptions, 1);
	KUNIT_EXPECT_EQ(test, v->cost.delays, 1);
	KUNIT_EXPECT_EQ(test, v->cost.turns, 5);
	KUNIT_ASSERT_TRUE(test, v->why.holds);
	KUNIT_EXPECT_EQ(test, v->why.first.vcpu, 1);
	KUNIT_EXPECT_EQ(test, v->why.first.kind, TKFI_TRANS_LOAD);
	KUNIT_EXPECT_EQ(test, v->why.second.vcpu, 0);
	KUNIT_EXPECT_EQ(test, v->why.second.kind, TKFI_TRANS_STORE);
	KUNIT_EXPECT_EQ(test, v->why.first.cell, v->why.second.cell);
	tkfi_cell_name(v->why.first.cell, v->why.first.nr_cells, name,
		       sizeof(name));
	KUNIT_EXPECT_STREQ(test, name, "vdso.mult");
	/* It is the lower one that is published too late, by 1000 ppm. */
	KUNIT_EXPECT_EQ(test, v->why.first.value - v->why.second.value,
			DIV_ROUND_CLOSEST_ULL((v->why.first.value +
					       v->why.second.value) / 2, 1000));
}

/*
 * Somebody's own text is not on the list; but the same oracle and clock are, in scenarios
 * of which one is the nearest. What it says can stand alone.
 */
static void likened(struct kunit *test)
{
	const struct tkfi_explore_options dpor = { TKFI_DPOR };
	const struct tkfi_finding *finding = &explorer->violations[0].finding;
	const struct tkfi_scenario s = {
		"given", tkfi_scenario_find("falls-vdso")->text
	};
	const struct tkfi_known *like;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, tkfi_explorer_load(explorer, &s, err, sizeof(err)),
			0);
	KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &dpor), 0);
	KUNIT_ASSERT_EQ(test, explorer->nr_violations,
			tkfi_variant() != TKFI_FIXED);
	if (explorer->nr_violations) {
		KUNIT_EXPECT_PTR_EQ(test, tkfi_known_find(s.name, finding),
				    (const struct tkfi_known *)NULL);
		like = tkfi_known_like(finding);
		KUNIT_EXPECT_PTR_EQ(test, like,
				    tkfi_known_find("falls-vdso", finding));
		KUNIT_EXPECT_PTR_EQ(test,
				    tkfi_known_like(&(struct tkfi_finding){
					    .oracle = "taste",
					    .clock = finding->clock,
				    }), (const struct tkfi_known *)NULL);
	}
	for (i = 0; i < tkfi_nr_known; i++)
		KUNIT_EXPECT_NULL_MSG(test, strstr(tkfi_known[i].reason, "the same"),
				      "%s: %s", tkfi_known[i].scenarios,
				      tkfi_known[i].reason);
}

/* The schedule of the race that README has comes to the race. */
static void race(struct kunit *test)
{
	int ret;

	KUNIT_ASSERT_EQ(test, tkfi_explorer_load(explorer,
						 tkfi_scenario_find("falls-vdso"),
						 err, sizeof(err)), 0);
	ret = tkfi_explorer_replay(explorer,
				   "cpu0 before store vdso.seq, host, cpu1 before load vdso.seq#3",
				   err, sizeof(err));
	KUNIT_ASSERT_EQ_MSG(test, ret, 0, "%s", err);
	KUNIT_EXPECT_EQ(test, explorer->nr_violations,
			tkfi_variant() != TKFI_FIXED);
}

static struct kunit_case explorer_cases[] = {
	KUNIT_CASE(refused),
	KUNIT_CASE(nmi_waits),
	KUNIT_CASE(writers),
	KUNIT_CASE(checkpoints),
	KUNIT_CASE(unspoilt),
	KUNIT_CASE(sought_once),
	KUNIT_CASE(explained),
	KUNIT_CASE(likened),
	KUNIT_CASE(race),
	{}
};

static struct kunit_suite explorer_suite = {
	.name = "tkfi_engine_explore",
	.suite_init = explorer_suite_init,
	.suite_exit = explorer_suite_exit,
	.test_cases = explorer_cases,
};

kunit_test_suite(explorer_suite);

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
#include "harness.h"
#include "known.h"
#include "operation.h"
#include "publish.h"
#include "refusal.h"
#include "subject.h"

static char err[1024];

/* What nobody can explore is refused, with a reason and a place. */
static void refused(struct kunit *test)
{
	struct tkfi_explorer *explorer = harness.explorer;
	static const struct refusal bad[] = {
#include "refused_scenarios.inc"
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
		KUNIT_EXPECT_TRUE_MSG(test, strstarts(err, bad[i].says[0]), "%s", err);
		KUNIT_EXPECT_EQ_MSG(test, explorer->wrong, bad[i].at, "%s",
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
	struct tkfi_explorer *explorer = harness.explorer;
	static const struct tkfi_scenario s = {
		.name = "given",
		.text = "setup: wait 12ms; cpu0: tick; nmi cpu0: read kernel ktime_get",
	};
	static const struct tkfi_explore_options dpor;
	static struct tkfi_violation violation;

	KUNIT_ASSERT_EQ(test, harness_load(test, &s), 0);
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
	struct tkfi_explorer *explorer = harness.explorer;
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
		KUNIT_ASSERT_EQ(test, harness_load(test, &s), 0);
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
	struct tkfi_explorer *explorer = harness.explorer;
	struct tkfi_search_stats stats[2];
	unsigned int i, from_start;
	u64 hash[2];

	explorer->each = note_execution;
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		for (from_start = 0; from_start < 2; from_start++) {
			struct tkfi_explore_options how = ways[i].how;

			how.as_found = true;
			how.no_snapshots = from_start;
			KUNIT_ASSERT_EQ(test, harness_load(test, &ways[i].s), 0);
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
		{ "given", "setup: aux enable; cpu0: aux adjtimex freq=-500ppm, aux disable;"
		  "cpu1: read kernel ktime_get_real_ts64_mg; host: 12ms" },
	};
	struct tkfi_explore_options how = { TKFI_DPOR };
	struct tkfi_explorer *explorer = harness.explorer;
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
	struct tkfi_explorer *explorer = harness.explorer;
	unsigned int nr = 0, i;

	KUNIT_ASSERT_EQ(test, harness_load_named(test, "falls-nmi"), 0);
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
	struct tkfi_explorer *explorer = harness.explorer;
	const struct tkfi_explore_options dpor = { TKFI_DPOR };
	const struct tkfi_violation *v = explorer->violations;
	char name[40];

	KUNIT_ASSERT_EQ(test, harness_load_named(test, "falls-vdso"), 0);
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

/* A violation is known by what it is, in anybody's words for the race, and by its size. */
static void worded(struct kunit *test)
{
	static const struct {
		const char *from, *update, *first, *second, *host;
	} races[] = {
		{ "adjtimex freq=+500ppm, wait 13ms, tick, wait 3ms", "adjtimex freq=-100ppm, tick",
		  "vdso MONOTONIC", "vdso MONOTONIC", "5ms" },
		{ "adjtimex freq=+100ppm, wait 13ms, tick, wait 2ms", "adjtimex freq=-400ppm",
		  "vdso BOOTTIME", "vdso BOOTTIME", "1ms" },
		{ "adjtimex freq=+300ppm, wait 13ms, tick, wait 12ms, ntp freq=-200ppm", "tick",
		  "vdso gettimeofday", "vdso REALTIME", "7ms" },
		{ "adjtimex freq=+500ppm, wait 13ms, tick, wait 3ms", "adjtimex freq=-100ppm",
		  "kernel ktime_get_real", "kernel ktime_get_real", "5ms" },
	};
	const struct tkfi_explore_options dpor = { TKFI_DPOR };
	struct tkfi_explorer *explorer = harness.explorer;
	static char text[256];
	const struct tkfi_scenario s = { "given", text };
	unsigned int i, j;
	bool occurs;

	for (i = 0; i < ARRAY_SIZE(races); i++) {
		snprintf(text, sizeof(text), "setup: %s; cpu0: %s; cpu1: read %s, read %s; host: %s",
			 races[i].from, races[i].update, races[i].first, races[i].second,
			 races[i].host);
		/* Before the series, readers of the kernel waited for the calculation. */
		occurs = tkfi_variant() == TKFI_POST_SERIES ||
			 (tkfi_variant() == TKFI_PRE_SERIES && races[i].first[0] == 'v');
		KUNIT_ASSERT_EQ(test, harness_load(test, &s), 0);
		KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &dpor), 0);
		KUNIT_EXPECT_EQ_MSG(test, explorer->nr_violations != 0, occurs, "%s", s.text);
		for (j = 0; j < explorer->nr_violations; j++) {
			const struct tkfi_finding *f = &explorer->violations[j].finding;

			KUNIT_EXPECT_TRUE_MSG(test, f->is_known && f->is_predicted, "%s",
					      s.text);
			KUNIT_EXPECT_PTR_EQ(test, f->cause, &tkfi_causes[TKFI_COVER_LETTER]);
			KUNIT_EXPECT_LE(test, f->second_ns - f->first_ns, -300);
		}
	}
}

/**
 * struct spoiled - an execution that is judged again, as if the kernel had done another thing
 * @test:	the case
 * @cause:	what it has
 * @what:	what is spoiled
 * @found:	what was reported of a pair, or else last
 */
struct spoiled {
	struct kunit *test;
	enum tkfi_known cause;
	enum { NOTHING, BASE, RATE, READER } what;
	struct tkfi_finding found;
};

static void keep_pair(const struct tkfi_finding *finding, void *arg)
{
	struct spoiled *spoiled = arg;

	if (!spoiled->found.is_pair)
		spoiled->found = *finding;
}

static struct tkfi_op *op_of(struct tkfi_plan *plan, const struct tkfi_span *span)
{
	struct tkfi_op *op = plan->programs[span->vcpu].ops;

	while (op->to != span->to)
		op++;
	return op;
}

/* Lower all lines that are not the first one by some time, and what the later read returned. */
static void spoil_base(struct tkfi_op *second, s64 ns)
{
	const struct tk_read_base *line = &tkfi_published[0].tk.tkr_mono;
	unsigned int i;

	for (i = 1; i < tkfi_nr_published(); i++) {
		struct tk_read_base *tkr = &tkfi_published[i].tk.tkr_mono;

		if (tkr->clock != line->clock || tkr->mult != line->mult ||
		    tkr->cycle_last != line->cycle_last)
			tkr->xtime_nsec -= (u64)ns << tkr->shift;
	}
	second->result -= ns;
}

/*
 * Lines that are as low as the published ones where the later read was, but for their base
 * and not for their rate.
 */
static void spoil_rate(const struct tkfi_op *second)
{
	const u32 mult = tkfi_published[0].tk.tkr_mono.mult;
	unsigned int i;

	for (i = 1; i < tkfi_nr_published(); i++) {
		struct tk_read_base *tkr = &tkfi_published[i].tk.tkr_mono;

		tkr->xtime_nsec -= (tkfi_results(second)->counter - tkr->cycle_last) *
				   (mult - tkr->mult);
		tkr->mult = mult;
	}
}

static void judge_spoiled(struct tkfi_explorer *x, int ret)
{
	static struct timekeeper published[16];
	struct tkfi_run *run = tkfi_run_of(x);
	const struct tkfi_judged judged = { run->engine, &run->setup, &run->plan, ret, x->hb };
	struct spoiled *spoiled = x->each_arg;
	const unsigned int nr = min_t(unsigned int, tkfi_nr_published(), ARRAY_SIZE(published));
	struct tkfi_op *first, *second, was[2];
	unsigned int i;

	tkfi_subject->judge(&judged, keep_pair, spoiled);
	KUNIT_ASSERT_TRUE(spoiled->test, spoiled->found.is_pair);
	first = op_of(&run->plan, &spoiled->found.first);
	second = op_of(&run->plan, &spoiled->found.second);
	was[0] = *first;
	was[1] = *second;
	for (i = 0; i < nr; i++)
		published[i] = tkfi_published[i].tk;
	switch (spoiled->what) {
	case NOTHING:
		break;
	case BASE:
		spoil_base(second, 5000);
		break;
	case RATE:
		spoil_rate(second);
		break;
	case READER:
		tkfi_args(first)->reader = tkfi_reader_find("fast", "ktime_get_mono_fast_ns");
		tkfi_args(second)->reader = tkfi_args(first)->reader;
		break;
	}
	spoiled->found = (struct tkfi_finding){};
	tkfi_subject->judge(&judged, keep_pair, spoiled);
	*first = was[0];
	*second = was[1];
	for (i = 0; i < nr; i++)
		tkfi_published[i].tk = published[i];
}

/* Judge the plainest execution of a scenario with a finding, if it has one, again. */
static bool spoil(struct kunit *test, struct spoiled *spoiled, const char *scenario)
{
	const struct tkfi_explore_options dpor = { TKFI_DPOR };
	struct tkfi_explorer *explorer = harness.explorer;
	static struct tkfi_violation violation;

	KUNIT_ASSERT_EQ(test, harness_load_named(test, scenario), 0);
	KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &dpor), 0);
	if (!explorer->nr_violations)
		return false;
	violation = explorer->violations[0];
	KUNIT_EXPECT_TRUE_MSG(test, violation.finding.is_known, "%s", scenario);
	KUNIT_EXPECT_PTR_EQ_MSG(test, violation.finding.cause, &tkfi_causes[spoiled->cause], "%s",
				scenario);
	spoiled->test = test;
	spoiled->found = (struct tkfi_finding){};
	explorer->each = judge_spoiled;
	explorer->each_arg = spoiled;
	KUNIT_EXPECT_EQ_MSG(test, tkfi_explorer_confirm(explorer, &violation, 1, err,
							sizeof(err)), 0, "%s", err);
	explorer->each = NULL;
	KUNIT_EXPECT_TRUE(test, spoiled->found.is_pair);
	return true;
}

/* What is worse than its cause predicts is new, and says what it is like. */
static void sized(struct kunit *test)
{
	static const struct {
		const char *scenario;
		enum tkfi_known cause;
	} kinds[] = {
		{ "falls-vdso", TKFI_COVER_LETTER },
		{ "falls-fast", TKFI_NMI_SAFE },
		{ "rises-coarse", TKFI_COARSE_BASE },
		{ "rises-at-the-edge", TKFI_BORROWED_SECOND },
		{ "clocksource-fast", TKFI_LOST_TIME },
		{ "resume-monotonic-fast", TKFI_ASLEEP },
		{ "suspend-fast", TKFI_HALTED_LATE },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct spoiled spoiled = { .cause = kinds[i].cause };
		s64 predicted;

		if (!spoil(test, &spoiled, kinds[i].scenario))
			continue;
		KUNIT_EXPECT_TRUE_MSG(test, spoiled.found.is_known, "%s", kinds[i].scenario);
		predicted = spoiled.found.predicted_ns;
		KUNIT_EXPECT_LT(test, predicted, 0);
		/* A second that is borrowed is one second, wherever its edge is. */
		if (kinds[i].cause == TKFI_BORROWED_SECOND)
			continue;
		spoiled.what = BASE;
		spoil(test, &spoiled, kinds[i].scenario);
		KUNIT_EXPECT_FALSE_MSG(test, spoiled.found.is_known, "%s", kinds[i].scenario);
		/* On 7.3 both are on one line: if that is lower, the first is on none. */
		if (kinds[i].cause == TKFI_HALTED_LATE)
			continue;
		KUNIT_EXPECT_PTR_EQ_MSG(test, spoiled.found.cause,
					&tkfi_causes[kinds[i].cause], "%s",
					kinds[i].scenario);
		KUNIT_EXPECT_EQ_MSG(test, spoiled.found.predicted_ns, predicted, "%s",
				    kinds[i].scenario);
	}
}

/* As far back, but for another reason, or seen by another reader. */
static void caused(struct kunit *test)
{
	struct spoiled rate = { .cause = TKFI_COVER_LETTER, .what = RATE };
	struct spoiled reader = { .cause = TKFI_COVER_LETTER, .what = READER };

	if (!spoil(test, &rate, "falls-vdso"))
		kunit_skip(test, "this variant does not have the race");
	KUNIT_EXPECT_EQ(test, rate.found.second_ns - rate.found.first_ns, -10000);
	KUNIT_EXPECT_FALSE(test, rate.found.is_known);
	spoil(test, &reader, "falls-vdso");
	KUNIT_EXPECT_TRUE(test, reader.found.is_known);
	KUNIT_EXPECT_PTR_EQ(test, reader.found.cause, &tkfi_causes[TKFI_NMI_SAFE]);
}

/* What is said of a cause can stand alone. */
static void said(struct kunit *test)
{
	unsigned int i, j;

	for (i = 0; i < TKFI_NR_CAUSES; i++) {
		const struct tkfi_cause *cause = &tkfi_causes[i];

		KUNIT_ASSERT_NOT_NULL(test, cause->id);
		KUNIT_EXPECT_NULL_MSG(test, strpbrk(cause->id, " :,"), "%s", cause->id);
		KUNIT_EXPECT_NULL_MSG(test, strstr(cause->reason, "the same"), "%s",
				      cause->reason);
		KUNIT_EXPECT_EQ_MSG(test, cause->class == TKFI_CLASS_FIXED,
				    cause->fixed_in && cause->fixed_by, "%s", cause->id);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_STRNEQ(test, cause->id, tkfi_causes[j].id);
	}
}

/* The schedule of the race that README has comes to the race. */
static void race(struct kunit *test)
{
	struct tkfi_explorer *explorer = harness.explorer;
	int ret;

	KUNIT_ASSERT_EQ(test, harness_load_named(test, "falls-vdso"), 0);
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
	KUNIT_CASE(worded),
	KUNIT_CASE(sized),
	KUNIT_CASE(caused),
	KUNIT_CASE(said),
	KUNIT_CASE(race),
	{}
};

static struct kunit_suite explorer_suite = {
	.name = "tkfi_engine_explore",
	.suite_init = harness_open_explorer,
	.suite_exit = harness_close,
	.test_cases = explorer_cases,
};

kunit_test_suite(explorer_suite);

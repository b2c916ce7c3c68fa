// SPDX-License-Identifier: GPL-2.0
/*
 * The set of outcomes of an exploration, and what it covers: on the small subject, whose
 * outcomes can be counted by hand.
 */
#include <kunit/test.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/xxhash.h>

#include "entry.h"
#include "explorer.h"
#include "points.h"
#include "saved.h"
#include "strategy.h"

static const struct tkfi_subject *before;
static struct tkfi_explorer *explorer;
static struct tkfi_outcomes *set;
static char err[1024];

static int outcome_suite_init(struct kunit_suite *suite)
{
	before = tkfi_subject;
	set = vzalloc(sizeof(*set));
	if (!set || tkfi_subject_choose("seqlock"))
		return -ENOMEM;
	explorer = tkfi_explorer_open();
	return explorer ? 0 : -ENOMEM;
}

static void outcome_suite_exit(struct kunit_suite *suite)
{
	tkfi_explorer_close(explorer);
	tkfi_subject = before;
	vfree(set);
}

static int outcome_test_init(struct kunit *test)
{
	tkfi_outcomes_forget(set);
	return 0;
}

/* One number for a set. */
static u64 digest(const struct tkfi_outcomes *outcomes)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(outcomes->hashes); i++)
		if (outcomes->hashes[i])
			sum += xxh64(&outcomes->hashes[i], sizeof(u64), 0);
	return sum;
}

static void add_all(struct tkfi_outcomes *to, const struct tkfi_outcomes *from)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(from->hashes); i++)
		if (from->hashes[i])
			tkfi_outcomes_add(to, from->hashes[i]);
}

static void explore(struct kunit *test, const char *text,
		    const struct tkfi_explore_options *options)
{
	const struct tkfi_scenario s = { "given", text };

	KUNIT_ASSERT_EQ_MSG(test, tkfi_explorer_load(explorer, &s, err, sizeof(err)), 0,
			    "%s", err);
	KUNIT_ASSERT_EQ_MSG(test, tkfi_explore(explorer, options), 0, "%s",
			    explorer->engine->error);
}

/* Numbers are in it once, and as many as there is room for. */
static void numbers(struct kunit *test)
{
	struct tkfi_saved *keep = tkfi_saved_create();
	u64 some, i;

	KUNIT_ASSERT_NOT_NULL(test, keep);
	for (i = 1; i <= 1000; i++)
		tkfi_outcomes_add(set, i % 100 + 1);
	KUNIT_EXPECT_EQ(test, set->nr, 100);
	some = digest(set);
	tkfi_outcomes_add(set, 77);
	KUNIT_EXPECT_EQ(test, digest(set), some);

	tkfi_saved_begin(keep);
	tkfi_outcomes_keep(set, keep);
	KUNIT_EXPECT_EQ(test, tkfi_saved_write(keep), 0);
	tkfi_outcomes_forget(set);
	KUNIT_EXPECT_EQ(test, set->nr, 0);
	KUNIT_EXPECT_EQ(test, digest(set), 0);
	KUNIT_EXPECT_EQ(test, tkfi_saved_read(keep), 0);
	tkfi_outcomes_keep(set, keep);
	KUNIT_EXPECT_FALSE(test, keep->failed);
	KUNIT_EXPECT_EQ(test, set->nr, 100);
	KUNIT_EXPECT_EQ(test, digest(set), some);
	tkfi_saved_destroy(keep);

	tkfi_outcomes_add(set, 101);
	KUNIT_EXPECT_NE(test, digest(set), some);
	for (i = 102; i <= TKFI_MAX_OUTCOMES; i++)
		tkfi_outcomes_add(set, i);
	KUNIT_EXPECT_EQ(test, set->nr, TKFI_MAX_OUTCOMES);
	KUNIT_EXPECT_FALSE(test, set->is_full);
	tkfi_outcomes_add(set, 1);
	KUNIT_EXPECT_FALSE(test, set->is_full);
	tkfi_outcomes_add(set, i);
	KUNIT_EXPECT_TRUE(test, set->is_full);
	tkfi_outcomes_forget(set);
	KUNIT_EXPECT_FALSE(test, set->is_full);
}

/*
 * The clock is at 1500, and 10 later. If the writer samples it before that, the line is at
 * 1030 in the end; a reader sees 1000, or after the delay 1020 by the old line, or 1030. If
 * it samples it later, the line is at 1020 in the end, and a reader sees 1000 or 1020.
 */
#define FIVE	"cpu0: write 3; cpu1: read; host: 10ns"

static void counted(struct kunit *test)
{
	static const struct tkfi_explore_options ways[] = {
		{ TKFI_DPOR },
		{ TKFI_DPOR, .no_snapshots = true },
		{ TKFI_DPOR, .no_wait_for_readers = true },
		{ TKFI_DPOR, .bounded = true, .preemptions = 3 },
		{ TKFI_DFS, .preemptions = 3 },
		{ TKFI_POS, .executions = 2000 },
	};
	struct tkfi_explore_options how;
	unsigned int i;
	u64 all;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		how = ways[i];
		how.outcomes = true;
		explore(test, FIVE, &how);
		KUNIT_EXPECT_EQ(test, explorer->outcomes->nr, 5);
		if (!i)
			all = digest(explorer->outcomes);
		KUNIT_EXPECT_EQ_MSG(test, digest(explorer->outcomes), all, "way %u", i);
	}
	for (i = 0; i < 3; i++) {
		how = (struct tkfi_explore_options){
			TKFI_DPOR, .outcomes = true, .part = i, .parts = 3,
		};
		explore(test, FIVE, &how);
		add_all(set, explorer->outcomes);
	}
	KUNIT_EXPECT_EQ(test, digest(set), all);
	/* Nobody can tell in which order they were. */
	how = (struct tkfi_explore_options){ TKFI_DPOR, .outcomes = true };
	explore(test, "cpu0: write 3; cpu1: read", &how);
	KUNIT_EXPECT_GT(test, explorer->stats.classes, 1);
	KUNIT_EXPECT_EQ(test, explorer->outcomes->nr, 1);
	/* As many, but none is the same: the line is another in the end. */
	explore(test, "cpu0: write 4; cpu1: read; host: 10ns", &how);
	KUNIT_EXPECT_EQ(test, explorer->outcomes->nr, 5);
	add_all(set, explorer->outcomes);
	KUNIT_EXPECT_EQ(test, set->nr, 10);
	/* They were not asked for. */
	how.outcomes = false;
	explore(test, FIVE, &how);
	KUNIT_EXPECT_EQ(test, explorer->outcomes->nr, 0);
}

/* What an execution is shown for: each has one of the outcomes, and is executed again. */
static void sought(struct kunit *test)
{
	struct tkfi_explore_options how = { TKFI_DPOR, .outcomes = true };
	static struct tkfi_violation v;
	u64 findings = 0, classes;
	unsigned int i;

	explore(test, FIVE, &how);
	classes = explorer->stats.classes;
	add_all(set, explorer->outcomes);
	how = (struct tkfi_explore_options){ TKFI_DPOR, .seeks = true };
	for (i = 0; i < ARRAY_SIZE(set->hashes); i++) {
		how.outcome = set->hashes[i];
		if (!how.outcome)
			continue;
		explore(test, FIVE, &how);
		KUNIT_ASSERT_EQ(test, explorer->nr_violations, 1);
		v = explorer->violations[0];
		KUNIT_EXPECT_PTR_EQ(test, v.finding.oracle, tkfi_outcome_oracle);
		KUNIT_EXPECT_TRUE(test, v.minimal);
		findings += v.findings;
		KUNIT_EXPECT_EQ_MSG(test, tkfi_explorer_confirm(explorer, &v, 1, err,
								sizeof(err)), 0, "%s", err);
	}
	KUNIT_EXPECT_EQ(test, findings, classes);
	how.outcome = 1;
	explore(test, FIVE, &how);
	KUNIT_EXPECT_EQ(test, explorer->nr_violations, 0);
}

/* What the final state shows, in two numbers: now and later. */
static s64 shows[2];
static unsigned int nr_shown;

static void note_shown(const char *of, const char *name, s64 value, bool later, void *arg)
{
	nr_shown++;
	if (!strcmp(of, "seqlock"))
		shows[later] = value;
}

static unsigned int bad_ends, odd_ends;

static void look_at_end(struct tkfi_explorer *x, int ret)
{
	nr_shown = 0;
	tkfi_outcome_each(tkfi_run_of(x), ret, note_shown, NULL);
	bad_ends += nr_shown != 3 || shows[1] - shows[0] != 3 * TKFI_LATER ||
		    (shows[0] != 1030 && shows[0] != 1020);
	/* Nobody asks about a state in which somebody waits. */
	nr_shown = 0;
	tkfi_outcome_each(tkfi_run_of(x), -EDEADLK, note_shown, NULL);
	odd_ends += nr_shown != 1;
}

static void shown(struct kunit *test)
{
	static const struct tkfi_explore_options how = { TKFI_DPOR };

	bad_ends = 0;
	odd_ends = 0;
	explorer->each = look_at_end;
	explore(test, FIVE, &how);
	explorer->each = NULL;
	KUNIT_EXPECT_EQ(test, bad_ends, 0);
	KUNIT_EXPECT_EQ(test, odd_ends, 0);
}

/* The functions that were executed: is one of this name among them? */
static bool covers(const char *function)
{
	char name[64];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(explorer->covered.ips); i++) {
		snprintf(name, sizeof(name), "%ps", (void *)explorer->covered.ips[i] - 1);
		if (explorer->covered.ips[i] && !strcmp(name, function))
			return true;
	}
	return false;
}

static void covered(struct kunit *test)
{
	struct tkfi_explore_options how = { TKFI_DPOR, .coverage = true };
	unsigned int nr;
	u64 i;

	explore(test, "cpu0: read; cpu1: read", &how);
	nr = explorer->covered.nr;
	KUNIT_EXPECT_TRUE(test, covers("run_read"));
	KUNIT_EXPECT_FALSE(test, covers("run_write"));
	KUNIT_EXPECT_EQ(test, explorer->covered.executions, 33);
	explore(test, "cpu0: read; cpu1: write 3", &how);
	KUNIT_EXPECT_TRUE(test, covers("run_write"));
	KUNIT_EXPECT_GT(test, explorer->covered.nr, nr);
	/* The set-up, too. */
	explore(test, "setup: write 3; cpu0: read; cpu1: read", &how);
	KUNIT_EXPECT_TRUE(test, covers("run_write"));
	KUNIT_EXPECT_EQ(test, explorer->covered.executions, 33);

	tkfi_covered_forget(&explorer->covered);
	for (i = 1; i <= TKFI_MAX_COVERED; i++)
		tkfi_covered_add(&explorer->covered, i);
	tkfi_covered_add(&explorer->covered, 1);
	KUNIT_EXPECT_EQ(test, explorer->covered.nr, TKFI_MAX_COVERED);
	KUNIT_EXPECT_FALSE(test, explorer->covered.is_full);
	tkfi_covered_add(&explorer->covered, i);
	KUNIT_EXPECT_TRUE(test, explorer->covered.is_full);
	tkfi_covered_forget(&explorer->covered);
}

static unsigned long points[2];
static unsigned int nr_points;

static void note_point(unsigned long ip, void *arg)
{
	if (nr_points < ARRAY_SIZE(points))
		points[nr_points] = ip;
	nr_points++;
}

static void pass_points(struct tkfi_vcpu *vcpu, void *arg)
{
	tkfi_hit("one");
	tkfi_hit("another");
	/* No jump to it in place of a call. */
	barrier();
}

static void points_are_told(struct kunit *test)
{
	struct tkfi_engine *engine = explorer->engine;

	nr_points = 0;
	tkfi_engine_reset(engine);
	tkfi_engine_add(engine, pass_points, NULL);
	tkfi_points_watch(note_point, NULL);
	KUNIT_EXPECT_EQ(test, tkfi_engine_run(engine, &tkfi_in_order), 0);
	tkfi_points_watch(NULL, NULL);
	KUNIT_ASSERT_EQ(test, nr_points, 2);
	KUNIT_EXPECT_GT(test, points[0], (unsigned long)pass_points);
	KUNIT_EXPECT_GT(test, points[1], points[0]);
	KUNIT_EXPECT_LT(test, points[1], (unsigned long)pass_points + 256);
}

static struct kunit_case outcome_cases[] = {
	KUNIT_CASE(numbers),
	KUNIT_CASE(counted),
	KUNIT_CASE(sought),
	KUNIT_CASE(shown),
	KUNIT_CASE(covered),
	KUNIT_CASE(points_are_told),
	{}
};

static struct kunit_suite outcome_suite = {
	.name = "tkfi_engine_outcome",
	.suite_init = outcome_suite_init,
	.suite_exit = outcome_suite_exit,
	.init = outcome_test_init,
	.test_cases = outcome_cases,
};

kunit_test_suite(outcome_suite);

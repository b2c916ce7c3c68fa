// SPDX-License-Identifier: GPL-2.0
/*
 * Updaters against each other: every order in which two of them can go on at
 * their injection points leaves what one after the other would have left. Where
 * adjtimex takes the lock twice, an updater may come between; what is left then is
 * what some order of whole critical sections leaves.
 */
#include <kunit/test.h>

#include "clock.h"
#include "harness.h"
#include "interleave.h"
#include "lines.h"
#include "result.h"

#include <tkfi-glue.h>

static struct tkfi_interleave order;
static struct looks looks;

/* Ways through a grid: what the number of interleavings must be. */
static u64 binomial(unsigned int n, unsigned int k)
{
	u64 row[16] = { 1 };
	unsigned int i, j;

	for (i = 1; i <= n; i++)
		for (j = min(i, k); j; j--)
			row[j] += row[j - 1];
	return row[k];
}

static char history[16];
static unsigned int nr_history;

static void go_in_steps(struct tkfi_vcpu *v, void *arg)
{
	unsigned long steps = (unsigned long)arg;

	while (steps--) {
		if (nr_history < sizeof(history) - 1)
			history[nr_history++] = 'a' + v->id;
		if (steps)
			tkfi_yield();
	}
}

/* Bodies of n and m steps: C(n + m, n) orders, each once, in alphabetic order. */
static void all_orders(struct kunit *test)
{
	unsigned long n, m;

	for (n = 1; n <= 5; n++) {
		for (m = 1; m <= 5; m++) {
			char last[sizeof(history)] = "";
			u64 executions = 0;

			tkfi_interleave_init(&order);
			do {
				memset(history, 0, sizeof(history));
				nr_history = 0;
				tkfi_engine_reset(harness.session.engine);
				tkfi_engine_add(harness.session.engine, go_in_steps,
						(void *)n);
				tkfi_engine_add(harness.session.engine, go_in_steps,
						(void *)m);
				KUNIT_ASSERT_EQ(test,
						tkfi_engine_run(harness.session.engine,
								&order.strategy),
						0);
				KUNIT_ASSERT_EQ(test, nr_history, n + m);
				KUNIT_ASSERT_GT_MSG(test, strcmp(history, last),
						    0, "%s after %s", history,
						    last);
				strscpy(last, history, sizeof(last));
				executions++;
			} while (tkfi_interleave_next(&order));
			KUNIT_EXPECT_EQ(test, executions, binomial(n + m, n));
		}
	}
}

/* Three bodies of two steps: 6! / (2! 2! 2!). */
static void three_vcpus(struct kunit *test)
{
	unsigned int executions = 0, i;

	tkfi_interleave_init(&order);
	do {
		tkfi_engine_reset(harness.session.engine);
		for (i = 0; i < 3; i++)
			tkfi_engine_add(harness.session.engine, go_in_steps, (void *)2);
		KUNIT_ASSERT_EQ(test, tkfi_engine_run(harness.session.engine,
						      &order.strategy), 0);
		executions++;
	} while (tkfi_interleave_next(&order));
	KUNIT_EXPECT_EQ(test, executions, 90);
}

static const char * const updates[] = {
	"tick",
	"adjtimex freq=-500ppm",
	"adjtimex freq=10%",
	"adjtimex tai=37",
	"adjtimex offset=1000000",
	"settimeofday 1400000000",
	"inject -3ms",
};

#define NR_UPDATES	ARRAY_SIZE(updates)

/**
 * struct pair - one parameter
 * @update:	what VCPU0 and VCPU1 do
 * @name:	of the parameter
 */
struct pair {
	const char *update[2];
	char name[64];
};

/* More than the orders of the sections of any two updaters. */
#define MAX_RESULTS	16

static struct pair pairs[NR_UPDATES * (NR_UPDATES + 1) / 2];

static void fill_pairs(void)
{
	struct pair *pair = pairs;
	unsigned int i, j;

	for (i = 0; i < NR_UPDATES; i++) {
		for (j = 0; j <= i; j++, pair++) {
			pair->update[0] = updates[i];
			pair->update[1] = updates[j];
			snprintf(pair->name, sizeof(pair->name), "%s and %s",
				 updates[i], updates[j]);
		}
	}
}

static int interleave_suite_init(struct kunit_suite *suite)
{
	fill_pairs();
	return harness_open(suite);
}

static void pair_desc(struct pair *pair, char *desc)
{
	strscpy(desc, pair->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(pair, pairs, pair_desc);

/**
 * struct result - what an execution left behind
 * @tk:		the timekeeper
 * @ntp:	hash of NTP's state
 */
struct result {
	struct timekeeper tk;
	u64 ntp;
};

static bool same_result(const struct result *a, const struct result *b)
{
	return a->ntp == b->ntp && !memcmp(&a->tk, &b->tk, sizeof(a->tk));
}

static void interleave_test_exit(struct kunit *test)
{
	const struct pair *pair = test->param_value;

	harness_trace("tkfi_interleave", test, pair->name);
}

static int execute(struct kunit *test, struct result *result)
{
	int ret = looks_execute(test, &looks, "wait 12ms");

	result->tk = harness.session.outcome.after;
	result->ntp = harness.session.outcome.ntp_after;
	return ret;
}

/* One of them alone, then the other. */
static int run_serial(struct kunit *test, const struct pair *pair, int first,
		      struct result *result)
{
	return harness_parse(test, "cpu0: %s, %s", pair->update[first],
			     pair->update[!first]) ?: execute(test, result);
}

static unsigned int whole_sections_next(struct tkfi_strategy *s,
					struct tkfi_engine *engine,
					unsigned long ready)
{
	const struct tkfi_vcpu *last = engine->last;

	if (last && (ready & BIT(last->id)) && tkfi_locks_held(last))
		return last->id;
	return order.strategy.next(&order.strategy, engine, ready);
}

static void whole_sections_begin(struct tkfi_strategy *s,
				 struct tkfi_engine *engine)
{
	order.strategy.begin(&order.strategy, engine);
}

/* As @order, but nobody loses its CPU while it holds the lock. */
static struct tkfi_strategy whole_sections = {
	.begin = whole_sections_begin,
	.next = whole_sections_next,
};

static int run_at_once(struct kunit *test, const struct pair *pair,
		       struct tkfi_strategy *strategy, struct result *result)
{
	int ret = harness_parse(test, "cpu0: %s; cpu1: %s", pair->update[0],
				pair->update[1]);

	harness.plan.inner = strategy;
	return ret ?: execute(test, result);
}

static unsigned int find_result(const struct result *results, unsigned int nr,
				const struct result *result)
{
	unsigned int i;

	for (i = 0; i < nr && !same_result(&results[i], result); i++)
		;
	return i;
}

/*
 * What is allowed: one after the other, either way, and then what orders of whole
 * sections leave besides. That is at most a step of NTP's dithering away: once more
 * the multiplier was adjusted to the same rate.
 */
static unsigned int fill_results(struct kunit *test, const struct pair *pair,
				 struct result *results)
{
	unsigned int nr = 2, i;

	for (i = 0; i < 2; i++)
		if (run_serial(test, pair, i, &results[i]))
			return 0;
	tkfi_interleave_init(&order);
	do {
		if (run_at_once(test, pair, &whole_sections, &results[nr]))
			return 0;
		if (find_result(results, nr, &results[nr]) == nr) {
			u32 mult = results[nr].tk.tkr_mono.mult;

			KUNIT_EXPECT_TRUE(test, TKFI_ADJTIMEX_LOCKS > 1);
			KUNIT_EXPECT_TRUE(test,
					  abs((s32)(mult - results[0].tk.tkr_mono.mult)) <= 1 ||
					  abs((s32)(mult - results[1].tk.tkr_mono.mult)) <= 1);
			nr++;
		}
		if (nr == MAX_RESULTS)
			KUNIT_FAIL(test, "more than %d results", MAX_RESULTS);
		if (test->status != KUNIT_SUCCESS)
			return 0;
	} while (tkfi_interleave_next(&order));
	return nr;
}

/* Nobody is inside, nothing is half done. */
static void check_at_rest(struct kunit *test)
{
	const struct tkfi_outcome *o = &harness.session.outcome;
	const struct tk_read_base *tkr = &o->after.tkr_mono;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(harness.session.engine->held); i++)
		KUNIT_EXPECT_NULL(test, harness.session.engine->held[i].lock);
	KUNIT_EXPECT_EQ(test, o->sequence_after % 2, 0);
	KUNIT_EXPECT_EQ(test, o->vdso_sequence_after % 2, 0);
	KUNIT_EXPECT_TRUE(test, o->mirrored);
	KUNIT_EXPECT_EQ(test, o->line_after.cycle_last, tkr->cycle_last);
	KUNIT_EXPECT_EQ(test, o->line_after.mult, tkr->mult);
	KUNIT_EXPECT_EQ(test, o->after.tkr_raw.cycle_last, tkr->cycle_last);
}

/* Never two inside at once, and the sequence is odd only inside. */
static void check_stops(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < looks.nr; i++) {
		KUNIT_EXPECT_LE_MSG(test, looks.stops[i].all_locks, 1, "%s",
				    looks.stops[i].at);
		KUNIT_EXPECT_LE_MSG(test, looks.stops[i].of[TKFI_CORE].kernel_odd,
				    looks.stops[i].all_locks, "%s",
				    looks.stops[i].at);
	}
}

/* 12 ms have passed: a tick accumulates ten of them, who sets the clock all. */
static void check_cycle_last(struct kunit *test)
{
	u64 cycles = harness.session.outcome.after.tkr_mono.cycle_last -
		     TKFI_START_CYCLES;

	KUNIT_EXPECT_TRUE(test, !cycles || cycles == 10000000 ||
			  cycles == 12000000);
}

static void two_updaters(struct kunit *test)
{
	static struct result results[MAX_RESULTS], result;
	const struct pair *pair = test->param_value;
	unsigned int executions = 0, as[MAX_RESULTS + 1] = { 0 }, nr, i;
	bool same;

	nr = fill_results(test, pair, results);
	if (!nr)
		return;
	tkfi_interleave_init(&order);
	do {
		if (run_at_once(test, pair, &order.strategy, &result))
			return;
		KUNIT_EXPECT_LE(test, order.nr, TKFI_MAX_CHOICES);
		check_at_rest(test);
		check_stops(test);
		check_cycle_last(test);
		i = find_result(results, nr, &result);
		as[i]++;
		executions++;
		KUNIT_EXPECT_LT(test, i, nr);
		if (test->status != KUNIT_SUCCESS)
			return;
	} while (tkfi_interleave_next(&order));
	same = same_result(&results[0], &results[1]);
	/* Either comes first in some; and every result that is allowed occurs. */
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_TRUE(test, as[i] || (i == 1 && same));
	kunit_info(test, "%s: %u interleavings, %u results\n", pair->name,
		   executions, nr - same);
	tkfi_result("\"type\":\"interleavings\",\"pair\":\"%s\",\"executions\":%u,\"as_first\":%u,\"as_second\":%u,\"results\":%u",
		    pair->name, executions, as[0], as[1], nr - same);
}

#define STOP_NS	3000000

static unsigned int slow_next(struct tkfi_strategy *s,
			      struct tkfi_engine *engine, unsigned long ready)
{
	tkfi_clock_advance(STOP_NS);
	return order.strategy.next(&order.strategy, engine, ready);
}

/* As @order, and the host takes its time at every stop. */
static struct tkfi_strategy slow = {
	.begin = whole_sections_begin,
	.next = slow_next,
};

static const struct tkfi_reader *reader_of(const char *clock)
{
	return tkfi_reader_find("vdso", clock);
}

/*
 * The same while time passes at every stop. No time is lost and none is made: RAW
 * shows all that passed, to the nanosecond; so does MONOTONIC where nobody changes
 * the rate.
 */
static void while_time_passes(struct kunit *test)
{
	const struct pair *pair = test->param_value;
	const bool same_rate = !strstr(pair->name, "freq=");
	static struct result result;
	unsigned int executions = 0;

	tkfi_interleave_init(&order);
	do {
		const struct tkfi_outcome *o = &harness.session.outcome;
		s64 passed;

		if (run_at_once(test, pair, &slow, &result))
			return;
		passed = o->end - TKFI_START_CYCLES;
		KUNIT_EXPECT_GT(test, o->end, o->start);
		KUNIT_EXPECT_EQ(test,
				tkfi_line_time(&o->after,
					       reader_of("MONOTONIC_RAW"),
					       o->end),
				TKFI_START_MONO * NSEC_PER_SEC + passed);
		if (same_rate)
			KUNIT_EXPECT_EQ(test,
					tkfi_line_time(&o->after,
						       reader_of("MONOTONIC"),
						       o->end),
					TKFI_START_MONO * NSEC_PER_SEC + passed);
		check_at_rest(test);
		check_stops(test);
		executions++;
		if (test->status != KUNIT_SUCCESS)
			return;
	} while (tkfi_interleave_next(&order));
	KUNIT_EXPECT_GT(test, executions, 1);
}

static struct kunit_case interleave_cases[] = {
	KUNIT_CASE_PARAM(two_updaters, pair_gen_params),
	KUNIT_CASE_PARAM(while_time_passes, pair_gen_params),
	{}
};

static struct kunit_suite interleave_suite = {
	.name = "tkfi_interleave",
	.suite_init = interleave_suite_init,
	.suite_exit = harness_close,
	.init = harness_init,
	.exit = interleave_test_exit,
	.test_cases = interleave_cases,
};

/* The orders themselves. */
static struct kunit_case engine_cases[] = {
	KUNIT_CASE(all_orders),
	KUNIT_CASE(three_vcpus),
	{}
};

static struct kunit_suite engine_suite = {
	.name = "tkfi_engine_interleave",
	.suite_init = harness_open,
	.suite_exit = harness_close,
	.test_cases = engine_cases,
};

kunit_test_suites(&interleave_suite, &engine_suite);

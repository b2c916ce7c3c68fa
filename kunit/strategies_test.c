// SPDX-License-Identifier: GPL-2.0
/* Strategies that sample: how often they come to what, against what theory says. */
#include <kunit/test.h>

#include "cells.h"
#include "engine.h"
#include "strategies.h"

#define SAMPLES		6000

static struct tkfi_engine *engine;
static unsigned int memory[3];

static void store(unsigned int *word)
{
	tkfi_access(word, sizeof(*word), true, false, _THIS_IP_);
	++*word;
}

static int strategies_test_init(struct kunit *test)
{
	engine = tkfi_engine_create();
	if (!engine)
		return -ENOMEM;
	engine->quiet = true;
	tkfi_cells_reset();
	return tkfi_cells_add("memory", memory, sizeof(memory));
}

static void strategies_test_exit(struct kunit *test)
{
	tkfi_engine_destroy(engine);
}

static void run(struct kunit *test, struct tkfi_strategy *strategy)
{
	tkfi_cells_share_all();
	KUNIT_ASSERT_EQ(test, tkfi_engine_run(engine, strategy), 0);
}

static void store_once(struct tkfi_vcpu *v, void *arg)
{
	store(&memory[0]);
}

static void store_four_times(struct tkfi_vcpu *v, void *arg)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		store(&memory[0]);
}

/* Four stores that nobody minds, then one that does. */
static void store_apart(struct tkfi_vcpu *v, void *arg)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		store(&memory[1]);
	store(&memory[0]);
}

static struct tkfi_strategy *draw(const char *name, u64 seed)
{
	static struct tkfi_random random;
	static struct tkfi_pos pos;
	static struct tkfi_pct pct;

	if (!strcmp(name, "random")) {
		tkfi_random_init(&random, seed);
		return &random.strategy;
	}
	if (!strcmp(name, "pos")) {
		tkfi_pos_init(&pos, seed);
		return &pos.strategy;
	}
	tkfi_pct_init(&pct, seed, 1, 3);
	return &pct.strategy;
}

static const char * const names[] = { "random", "pos", "pct" };

static void name_desc(const char * const *name, char *desc)
{
	strscpy(desc, *name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(name, names, name_desc);

/* VCPUs that do the same: each of their orders comes up equally often. */
static void even(struct kunit *test)
{
	const char * const *name = test->param_value;
	unsigned int count[3][3] = {}, i, j;

	for (i = 0; i < 3; i++)
		tkfi_engine_add(engine, store_once, NULL);
	for (i = 0; i < SAMPLES; i++) {
		run(test, draw(*name, i));
		KUNIT_ASSERT_EQ(test, engine->nr_log, 3);
		count[engine->log[0].vcpu][engine->log[1].vcpu]++;
	}
	/* Four standard deviations. */
	for (i = 0; i < 3; i++)
		for (j = 0; j < 3; j++)
			if (i != j)
				KUNIT_EXPECT_LT_MSG(test,
						    abs((int)count[i][j] - SAMPLES / 6),
						    116, "%u, %u", i, j);
}

static void expect_last(struct kunit *test, const char *name,
			unsigned int expected, unsigned int tolerance)
{
	unsigned int last = 0, i;

	for (i = 0; i < SAMPLES; i++) {
		run(test, draw(name, i));
		last += engine->log[engine->nr_log - 1].vcpu;
	}
	KUNIT_EXPECT_LT_MSG(test, abs((int)last - (int)expected), tolerance,
			    "%s: %u of %d", name, last, SAMPLES);
}

/*
 * One step is the last, after five of another VCPU: random has to draw the other five
 * times out of two; pos draws a priority for each step, and the last one's has to be the
 * least of six, unless the others are dependent: then it is drawn anew after each of
 * them; with pct all five have one priority. Four standard deviations.
 */
static void waits_for_five(struct kunit *test)
{
	tkfi_engine_add(engine, store_apart, NULL);
	tkfi_engine_add(engine, store_once, NULL);
	expect_last(test, "random", SAMPLES / 32, 54);
	expect_last(test, "pos", SAMPLES / 6, 116);
	expect_last(test, "pct", SAMPLES / 2, 155);
	tkfi_engine_reset(engine);
	tkfi_engine_add(engine, store_four_times, NULL);
	tkfi_engine_add(engine, store_once, NULL);
	expect_last(test, "pos", SAMPLES / 16, 76);
}

/* The VCPU that goes first is preempted before the step that was drawn, and is last. */
static void pct_preempts(struct kunit *test)
{
	unsigned int change, i;
	struct tkfi_pct pct;

	tkfi_engine_add(engine, store_four_times, NULL);
	tkfi_engine_add(engine, store_four_times, NULL);
	for (change = 1; change <= 8; change++) {
		tkfi_pct_init(&pct, 0, 2, 8);
		pct.priority[0] = 3;
		pct.priority[1] = 2;
		pct.change[0] = change;
		run(test, &pct.strategy);
		KUNIT_ASSERT_EQ(test, engine->nr_log, 8);
		for (i = 0; i < 8; i++)
			KUNIT_EXPECT_EQ_MSG(test, engine->log[i].vcpu,
					    change <= 4 ? i + 1 >= change && i + 1 < change + 4 :
							  i >= 4,
					    "%u, %u", change, i);
	}
}

/* Who is preempted later comes before who was earlier. */
static void pct_preempts_two(struct kunit *test)
{
	static const u8 expected[] = { 0, 1, 2, 2, 2, 2, 1, 1, 1, 0, 0, 0 };
	struct tkfi_pct pct;
	unsigned int i;

	for (i = 0; i < 3; i++)
		tkfi_engine_add(engine, store_four_times, NULL);
	tkfi_pct_init(&pct, 0, 3, 12);
	for (i = 0; i < 3; i++)
		pct.priority[i] = 5 - i;
	pct.change[0] = 2;
	pct.change[1] = 3;
	run(test, &pct.strategy);
	KUNIT_ASSERT_EQ(test, engine->nr_log, 12);
	for (i = 0; i < 12; i++)
		KUNIT_EXPECT_EQ_MSG(test, engine->log[i].vcpu, expected[i], "%u", i);
}

static struct kunit_case strategies_cases[] = {
	KUNIT_CASE_PARAM(even, name_gen_params),
	KUNIT_CASE(waits_for_five),
	KUNIT_CASE(pct_preempts),
	KUNIT_CASE(pct_preempts_two),
	{}
};

static struct kunit_suite strategies_suite = {
	.name = "tkfi_engine_strategies",
	.init = strategies_test_init,
	.exit = strategies_test_exit,
	.test_cases = strategies_cases,
};

kunit_test_suite(strategies_suite);

// SPDX-License-Identifier: GPL-2.0
/*
 * What the loop of all searches promises them, and whoever explores: in which order it
 * calls whom, what it counts, where it ends and begins anew. What searches find is tested
 * elsewhere.
 */
#include <kunit/test.h>
#include <linux/string.h>

#include "cells.h"
#include "search.h"

/* Two VCPUs store to it. */
static unsigned int word;

static struct tkfi_engine *engine;
static struct tkfi_search *search;

/*
 * Who was called, a letter each: the search to B(egin), S(tart), look at what was
 * E(xecuted), and say whether there is a N(ext) one; the client to s(tart), j(udge),
 * p(ause) and r(estart).
 */
static char called[64];

static void call(char whom)
{
	size_t len = strlen(called);

	if (len + 1 == sizeof(called))
		return;
	called[len] = whom;
	called[len + 1] = '\0';
}

/**
 * struct listed - a search of so many executions, which are all the same
 * @search:	what all searches have
 * @nr:		how many there are
 * @left:	how many are left
 * @worth:	what @executed returns
 */
struct listed {
	struct tkfi_search search;
	unsigned int nr;
	unsigned int left;
	int worth;
};

static struct listed *to_listed(struct tkfi_search *s)
{
	return container_of(s, struct listed, search);
}

static int listed_init(struct tkfi_search *s)
{
	to_listed(s)->nr = 2;
	return 0;
}

static void listed_begin(struct tkfi_search *s)
{
	call('B');
	to_listed(s)->left = to_listed(s)->nr;
}

static unsigned int first_next(struct tkfi_strategy *s, struct tkfi_engine *e,
			       unsigned long ready)
{
	return __ffs(ready);
}

static struct tkfi_strategy first = {
	.wants = TKFI_WANTS_ACCESSES,
	.next = first_next,
};

static const struct tkfi_snapshot *listed_start(struct tkfi_search *s, u64 *replayed)
{
	call('S');
	s->strategy = &first;
	return NULL;
}

static int listed_executed(struct tkfi_search *s, struct tkfi_executed *e)
{
	call('E');
	return to_listed(s)->worth;
}

static int listed_next_execution(struct tkfi_search *s)
{
	call('N');
	return --to_listed(s)->left > 0;
}

static const struct tkfi_search_type listed = {
	.size = sizeof(struct listed),
	.exhaustive = true,
	.init = listed_init,
	.begin_search = listed_begin,
	.begin_execution = listed_start,
	.executed = listed_executed,
	.next_execution = listed_next_execution,
};

static void store(struct tkfi_vcpu *v, void *arg)
{
	tkfi_access(&word, sizeof(word), true, false, _THIS_IP_);
}

static int start(void *arg)
{
	call('s');
	tkfi_engine_reset(engine);
	tkfi_engine_add(engine, store, NULL);
	tkfi_engine_add(engine, store, NULL);
	return 0;
}

static void judge(void *arg, int ret, struct tkfi_happens_before *order)
{
	call('j');
}

/* How often to go on. */
static unsigned int patience;

static bool pause(void *arg)
{
	call('p');
	return patience-- > 0;
}

static void restart(void *arg)
{
	call('r');
}

static struct tkfi_search_client client;
static struct tkfi_search_stats stats;

static int search_test_init(struct kunit *test)
{
	engine = tkfi_engine_create();
	search = engine ? tkfi_search_create(&listed, engine) : NULL;
	if (!search)
		return -ENOMEM;
	engine->quiet = true;
	tkfi_cells_reset();
	if (tkfi_cells_add("word", &word, sizeof(word)))
		return -ENOSPC;
	tkfi_cells_share_all();
	client = (struct tkfi_search_client){
		.start = start,
		.judge = judge,
		.pause = pause,
		.restart = restart,
	};
	patience = 100;
	called[0] = '\0';
	return 0;
}

static void search_test_exit(struct kunit *test)
{
	tkfi_search_destroy(search);
	tkfi_engine_destroy(engine);
	search = NULL;
	engine = NULL;
}

/* One after another, to the end. */
static void to_the_end(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, tkfi_search_run(search, &client, &stats), 0);
	KUNIT_EXPECT_STREQ(test, called, "BSsEjNpSsEjN");
	KUNIT_EXPECT_TRUE(test, stats.complete);
	KUNIT_EXPECT_EQ(test, stats.classes, 2);
	KUNIT_EXPECT_EQ(test, stats.events, 4);
	KUNIT_EXPECT_EQ(test, stats.longest, 2);
	KUNIT_EXPECT_EQ(test, stats.restarts, 0);
}

/* Up to a limit. That nothing is left is known even then. */
static void limited(struct kunit *test)
{
	client.limit = 1;
	KUNIT_EXPECT_EQ(test, tkfi_search_run(search, &client, &stats), 0);
	KUNIT_EXPECT_STREQ(test, called, "BSsEjN");
	KUNIT_EXPECT_FALSE(test, stats.complete);
	client.limit = 2;
	KUNIT_EXPECT_EQ(test, tkfi_search_run(search, &client, &stats), 0);
	KUNIT_EXPECT_TRUE(test, stats.complete);
}

/* Who was stopped goes on where that was, and no further than to the limit. */
static void resumed(struct kunit *test)
{
	patience = 0;
	KUNIT_EXPECT_EQ(test, tkfi_search_run(search, &client, &stats), 0);
	KUNIT_EXPECT_STREQ(test, called, "BSsEjNp");
	KUNIT_EXPECT_FALSE(test, stats.complete);
	called[0] = '\0';
	client.resumed = true;
	client.limit = 1;
	KUNIT_EXPECT_EQ(test, tkfi_search_run(search, &client, &stats), 0);
	KUNIT_EXPECT_STREQ(test, called, "");
	client.limit = 0;
	KUNIT_EXPECT_EQ(test, tkfi_search_run(search, &client, &stats), 0);
	KUNIT_EXPECT_STREQ(test, called, "SsEjN");
	KUNIT_EXPECT_TRUE(test, stats.complete);
	KUNIT_EXPECT_EQ(test, stats.classes, 2);
}

/* What does not count is not judged. */
static void redundant(struct kunit *test)
{
	to_listed(search)->worth = TKFI_REDUNDANT;
	KUNIT_EXPECT_EQ(test, tkfi_search_run(search, &client, &stats), 0);
	KUNIT_EXPECT_STREQ(test, called, "BSsENpSsEN");
	KUNIT_EXPECT_TRUE(test, stats.complete);
	KUNIT_EXPECT_EQ(test, stats.classes, 0);
	KUNIT_EXPECT_EQ(test, stats.redundant, 2);
	to_listed(search)->worth = TKFI_NOT_COUNTED;
	KUNIT_EXPECT_EQ(test, tkfi_search_run(search, &client, &stats), 0);
	KUNIT_EXPECT_EQ(test, stats.classes + stats.redundant, 0);
}

/* A search may fail: that is the end, and not a complete one. */
static void fails(struct kunit *test)
{
	to_listed(search)->worth = -ENOMEM;
	KUNIT_EXPECT_EQ(test, tkfi_search_run(search, &client, &stats), -ENOMEM);
	KUNIT_EXPECT_STREQ(test, called, "BSsE");
	KUNIT_EXPECT_FALSE(test, stats.complete);
}

/* In the first execution it turns out that others use the word, too. */
static void anew(struct kunit *test)
{
	tkfi_cells_reset();
	KUNIT_ASSERT_EQ(test, tkfi_cells_add("word", &word, sizeof(word)), 0);
	KUNIT_EXPECT_EQ(test, tkfi_search_run(search, &client, &stats), 0);
	KUNIT_EXPECT_STREQ(test, called, "BSsErBSsEjNpSsEjN");
	KUNIT_EXPECT_EQ(test, stats.restarts, 1);
	KUNIT_EXPECT_EQ(test, stats.classes, 2);
	KUNIT_EXPECT_TRUE(test, stats.complete);
}

static unsigned int stop_next(struct tkfi_strategy *s, struct tkfi_engine *e,
			      unsigned long ready)
{
	return TKFI_STOP;
}

/* A type that says nothing samples: all counts, without end; to stop is an error. */
static void by_default(struct kunit *test)
{
	static const struct tkfi_search_type samples = { .size = sizeof(*search) };
	struct tkfi_strategy stop = { .wants = TKFI_WANTS_ACCESSES, .next = stop_next };

	tkfi_search_destroy(search);
	search = tkfi_search_create(&samples, engine);
	KUNIT_ASSERT_NOT_NULL(test, search);
	search->strategy = &first;
	client.limit = 3;
	KUNIT_EXPECT_EQ(test, tkfi_search_run(search, &client, &stats), 0);
	KUNIT_EXPECT_STREQ(test, called, "sjpsjpsj");
	KUNIT_EXPECT_EQ(test, stats.classes, 3);
	KUNIT_EXPECT_FALSE(test, stats.complete);
	search->strategy = &stop;
	KUNIT_EXPECT_EQ(test, tkfi_search_run(search, &client, &stats), -ECANCELED);
	KUNIT_EXPECT_EQ(test, stats.classes, 0);
}

/* Each row of the table is there, under a name of its own. */
static void table(struct kunit *test)
{
	unsigned int i, j;

	for (i = 0; i < TKFI_NR_STRATEGIES; i++) {
		KUNIT_ASSERT_NOT_NULL(test, tkfi_search_types[i]);
		KUNIT_EXPECT_GE(test, tkfi_search_types[i]->size, sizeof(*search));
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_STRNEQ(test, tkfi_strategy_names[i],
					    tkfi_strategy_names[j]);
	}
	KUNIT_EXPECT_STREQ(test, tkfi_strategy_names[TKFI_PCT], "pct");
	KUNIT_EXPECT_PTR_EQ(test, tkfi_search_types[TKFI_PCT], &tkfi_pct_search);
}

static struct kunit_case search_cases[] = {
	KUNIT_CASE(to_the_end),
	KUNIT_CASE(limited),
	KUNIT_CASE(resumed),
	KUNIT_CASE(redundant),
	KUNIT_CASE(fails),
	KUNIT_CASE(anew),
	KUNIT_CASE(by_default),
	KUNIT_CASE(table),
	{}
};

static struct kunit_suite search_suite = {
	.name = "tkfi_engine_search",
	.init = search_test_init,
	.exit = search_test_exit,
	.test_cases = search_cases,
};

kunit_test_suite(search_suite);

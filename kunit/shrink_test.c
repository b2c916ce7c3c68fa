// SPDX-License-Identifier: GPL-2.0
/*
 * Is the plainest order the plainest, and does the order matter that is said to? On
 * small programs that have nothing to do with time, against all their executions.
 */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/xxhash.h>

#include "cells.h"
#include "explain.h"
#include "entry.h"
#include "interleave.h"
#include "result.h"
#include "search.h"
#include "shrink.h"

#undef cpu_relax

/* What an operation of these programs does. */
enum deed {
	LOAD,		/* a word */
	STORE,		/* a word */
	ADD,		/* load and store a word */
	TWICE,		/* the same twice */
	LOCKED,		/* load the other word; then the same under the lock */
	WRITE_BOTH,		/* both words, in a section that a sequence protects */
	READ_BOTH,		/* both words, in one look at that sequence */
	GLANCE,			/* both words, without a second look: nobody waits for readers */
	PUBLISH,		/* store a word; then WRITE_BOTH */
	NR_DEEDS
};

struct deeds {
	unsigned int nr;
	struct {
		u8 deed;
		u8 word;
	} of[4];
};

#define WORDS		2
#define SEQUENCE	2
#define VCPUS		3

/* What VCPUs work on, and what each has seen, hashed. */
static struct {
	unsigned int words[WORDS + 1];
	raw_spinlock_t lock;
	u64 seen[VCPUS];
	unsigned int stores[VCPUS];
} memory;

static struct tkfi_engine *engine;
static struct tkfi_search *dpor;
static struct tkfi_boundaries bounds = { .host = TKFI_MAX_VCPUS };
static struct deeds programs[VCPUS];
static bool last_is_nmi;		/* of VCPU0 */

static int shrink_suite_init(struct kunit_suite *suite)
{
	unsigned int i, j;

	engine = tkfi_engine_create();
	if (!engine)
		return -ENOMEM;
	engine->ranges[engine->nr_ranges++] =
		(struct tkfi_range){ &memory, sizeof(memory) };
	for (i = 0; i < VCPUS; i++)
		for (j = 0; j < ARRAY_SIZE(programs[i].of); j++)
			engine->ranges[engine->nr_ranges++] = (struct tkfi_range){
				&bounds.from[i][j],
				sizeof(bounds.from[i][j]),
			};
	engine->quiet = true;
	dpor = tkfi_search_create(&tkfi_dpor_search, engine);
	return dpor ? 0 : -ENOMEM;
}

static void shrink_suite_exit(struct kunit_suite *suite)
{
	tkfi_search_destroy(dpor);
	tkfi_engine_destroy(engine);
}

static void access(unsigned int word, enum tkfi_transition_kind kind, bool is_volatile)
{
	tkfi_access(&memory.words[word], sizeof(memory.words[0]), kind == TKFI_TRANS_STORE,
		    is_volatile, _THIS_IP_);
}

static void load(struct tkfi_vcpu *vcpu, unsigned int word)
{
	access(word, TKFI_TRANS_LOAD, false);
	memory.seen[vcpu->id] = xxh64(&memory.words[word],
				      sizeof(memory.words[0]),
				      memory.seen[vcpu->id]);
}

/* A value that nobody else stores. */
static void store(struct tkfi_vcpu *vcpu, unsigned int word)
{
	access(word, TKFI_TRANS_STORE, false);
	memory.words[word] = vcpu->id * 100 + ++memory.stores[vcpu->id];
}

static void do_deed(struct tkfi_vcpu *vcpu, enum deed deed, unsigned int word)
{
	bool locked = deed == LOCKED || deed == WRITE_BOTH || deed == PUBLISH;

	if (deed == LOCKED)
		load(vcpu, !word);
	if (deed == PUBLISH)
		store(vcpu, word);
	if (locked)
		tkfi_lock(&memory.lock);
	switch (deed) {
	case LOAD:
		load(vcpu, word);
		break;
	case STORE:
		store(vcpu, word);
		break;
	case WRITE_BOTH:
	case PUBLISH:
		access(SEQUENCE, TKFI_TRANS_STORE, false);
		memory.words[SEQUENCE]++;
		store(vcpu, 0);
		store(vcpu, 1);
		access(SEQUENCE, TKFI_TRANS_STORE, false);
		memory.words[SEQUENCE]++;
		break;
	case READ_BOTH:
		access(SEQUENCE, TKFI_TRANS_LOAD, true);
		load(vcpu, 0);
		load(vcpu, 1);
		access(SEQUENCE, TKFI_TRANS_LOAD, true);
		break;
	case GLANCE:
		access(SEQUENCE, TKFI_TRANS_LOAD, true);
		load(vcpu, 0);
		load(vcpu, 1);
		tkfi_attempts_end();
		break;
	case TWICE:
		load(vcpu, word);
		store(vcpu, word);
		fallthrough;
	default:
		load(vcpu, word);
		store(vcpu, word);
		break;
	}
	if (locked)
		tkfi_unlock(&memory.lock);
}

static void body(struct tkfi_vcpu *vcpu, void *arg)
{
	const struct deeds *deeds = arg;
	unsigned int i;

	for (i = 0; i < deeds->nr; i++) {
		if (i)
			tkfi_yield();
		bounds.from[vcpu->id][i] = vcpu->nr_events;
		do_deed(vcpu, deeds->of[i].deed, deeds->of[i].word);
	}
}

static int start(void *arg)
{
	unsigned int i, j;

	memset(&memory, 0, sizeof(memory));
	tkfi_engine_reset(engine);
	for (i = 0; i < bounds.nr_vcpus; i++) {
		bounds.nr[i] = programs[i].nr;
		for (j = 0; j < programs[i].nr; j++)
			bounds.from[i][j] = 0;
		if (last_is_nmi && i == bounds.nr_vcpus - 1)
			tkfi_engine_add_nmi(engine, &engine->vcpus[0], body,
					    &programs[i]);
		else
			tkfi_engine_add(engine, body, &programs[i]);
	}
	return 0;
}

static void know_cells(void)
{
	tkfi_cells_reset();
	tkfi_cells_add("memory", &memory.words, sizeof(memory.words));
	tkfi_cells_mark(&memory.words[SEQUENCE], TKFI_CELL_SEQUENCE);
}

/* What executions came to, and the least that each costs. */
#define MAX_OUTCOMES	1024

static struct outcomes {
	unsigned int nr;
	struct outcome {
		u64 key;
		struct tkfi_cost cost;
	} of[MAX_OUTCOMES];
} shrunk, seen;

static void add_outcome(struct outcomes *outcomes, const struct tkfi_cost *cost)
{
	struct outcome *o;
	u64 key = xxh64(memory.seen, sizeof(memory.seen), 0);

	key = xxh64(memory.words, sizeof(memory.words), key);
	for (o = outcomes->of; o < outcomes->of + outcomes->nr; o++) {
		if (o->key != key)
			continue;
		if (tkfi_cost_less(cost, &o->cost))
			o->cost = *cost;
		return;
	}
	if (outcomes->nr < MAX_OUTCOMES)
		*o = (struct outcome){ key, *cost };
	outcomes->nr++;
}

static const struct tkfi_goal to_the_end;

static void shrink_class(void *arg, int ret, struct tkfi_happens_before *order)
{
	static struct tkfi_shrunk s;
	bool *failed = arg;

	s.cost = (struct tkfi_cost){ UINT_MAX, UINT_MAX, UINT_MAX };
	*failed |= ret || !order ||
		   !tkfi_shrink(engine, order, &bounds, &to_the_end, &s) ||
		   s.incomplete || s.nr != engine->nr_log;
	add_outcome(&shrunk, &s.cost);
}

static void forget_outcomes(void *arg)
{
	shrunk.nr = 0;
}

/* By all interleavings; false if that went wrong. */
static bool enumerate(void)
{
	static struct tkfi_interleave dfs;
	unsigned int i;

	tkfi_interleave_init(&dfs);
	dfs.strategy.wants = TKFI_WANTS_ACCESSES | BIT(TKFI_TRANS_YIELD);
	do {
		struct tkfi_cost cost = {};

		start(NULL);
		if (tkfi_engine_run(engine, &dfs.strategy) ||
		    tkfi_cells_changed || dfs.nr > TKFI_MAX_CHOICES)
			return false;
		cost.preemptions = dfs.at ? dfs.spent[dfs.at - 1] : 0;
		for (i = 0; i < engine->nr_log; i++)
			cost.turns += !i || engine->log[i].vcpu !=
					    engine->log[i - 1].vcpu;
		add_outcome(&seen, &cost);
	} while (tkfi_interleave_next(&dfs));
	return true;
}

static const struct tkfi_cost *least_of(const struct outcomes *outcomes, u64 key)
{
	unsigned int i;

	for (i = 0; i < outcomes->nr; i++)
		if (outcomes->of[i].key == key)
			return &outcomes->of[i].cost;
	return NULL;
}

/* Shrink all classes of the programs, and compare with all their executions. */
static void compare(struct kunit *test, const char *what, unsigned int number)
{
	struct tkfi_search_stats stats;
	bool failed = false;
	const struct tkfi_search_client client = {
		.start = start,
		.judge = shrink_class,
		.restart = forget_outcomes,
		.arg = &failed,
	};
	unsigned int i;

	know_cells();
	shrunk.nr = 0;
	seen.nr = 0;
	KUNIT_ASSERT_EQ_MSG(test, tkfi_search_run(dpor, &client, &stats), 0,
			    "%s", engine->error);
	KUNIT_ASSERT_FALSE_MSG(test, failed, "%s %u", what, number);
	KUNIT_ASSERT_TRUE_MSG(test, enumerate(), "%s %u", what, number);
	KUNIT_ASSERT_LE(test, seen.nr, MAX_OUTCOMES);
	KUNIT_ASSERT_EQ_MSG(test, shrunk.nr, seen.nr, "%s %u", what, number);
	for (i = 0; i < seen.nr; i++) {
		const struct tkfi_cost *least = least_of(&shrunk, seen.of[i].key);

		KUNIT_ASSERT_NOT_NULL(test, least);
		KUNIT_ASSERT_EQ_MSG(test, least->preemptions,
				    seen.of[i].cost.preemptions, "%s %u", what,
				    number);
		KUNIT_ASSERT_EQ_MSG(test, least->turns, seen.of[i].cost.turns,
				    "%s %u", what, number);
	}
}

#define RANDOM_PROGRAMS	2000

static bool waits(const struct deeds *deeds)
{
	unsigned int i;

	for (i = 0; i < deeds->nr; i++)
		if (deeds->of[i].deed >= LOCKED)
			return true;
	return false;
}

/* A program of so few steps that all its executions can be looked at. */
static bool random_program(struct rnd_state *rnd)
{
	static const u8 steps[NR_DEEDS] = { 1, 1, 2, 4, 5, 6, 4, 3, 7 };
	unsigned int total = 0, i, j;

	bounds.nr_vcpus = 2 + prandom_u32_state(rnd) % 2;
	for (i = 0; i < bounds.nr_vcpus; i++) {
		programs[i].nr = 1 + prandom_u32_state(rnd) % 3;
		for (j = 0; j < programs[i].nr; j++) {
			programs[i].of[j].deed = prandom_u32_state(rnd) % NR_DEEDS;
			programs[i].of[j].word = prandom_u32_state(rnd) % WORDS;
			total += steps[programs[i].of[j].deed] + 1;
		}
	}
	/* An NMI begins and ends by a step each, and never waits for whom it interrupts. */
	last_is_nmi = !(prandom_u32_state(rnd) % 3);
	if (last_is_nmi && waits(&programs[bounds.nr_vcpus - 1]))
		return false;
	return total + 2 * last_is_nmi <= (bounds.nr_vcpus == 2 ? 15 : 11);
}

/* No order of any execution is plainer than what its class was shrunk to. */
static void random_programs(struct kunit *test)
{
	unsigned int counts[6] = {}, n, i;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 2013);
	for (n = 0; n < RANDOM_PROGRAMS; n++) {
		while (!random_program(&rnd))
			;
		compare(test, "program", n);
		for (i = 0; i < shrunk.nr; i++)
			counts[min(shrunk.of[i].cost.preemptions, 5U)]++;
	}
	kunit_info(test, "outcomes by preemptions: %u %u %u %u %u\n", counts[0],
		   counts[1], counts[2], counts[3], counts[4]);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_GT_MSG(test, counts[i], 10, "%u", i);
}

/* The most preemptions that an outcome takes if so many add to a word. */
static unsigned int most_for_adds(struct kunit *test, unsigned int nr)
{
	unsigned int most = 0, i;

	bounds.nr_vcpus = nr;
	last_is_nmi = false;
	for (i = 0; i < nr; i++)
		programs[i] = (struct deeds){ .nr = 1, .of = { { ADD, 0 } } };
	compare(test, "adds", nr);
	for (i = 0; i < shrunk.nr; i++)
		most = max(most, shrunk.of[i].cost.preemptions);
	return most;
}

/* That all load what was there at first takes all but the last one's preemption. */
static void lost_updates(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, most_for_adds(test, 2), 1);
	KUNIT_EXPECT_EQ(test, most_for_adds(test, 3), 2);
}

/*
 * VCPU0 loads and stores, VCPU1 stores X, an NMI of VCPU0 loads twice, a and b. What
 * takes a preemption is abLXS, LXabS, LXSab, and LaXbS: there the NMI is between two
 * operations, but whom it interrupts is not. LSaXb takes none: that has ended.
 */
static void preempted_with_an_nmi(struct kunit *test)
{
	unsigned int counts[2] = {}, i;

	bounds.nr_vcpus = 3;
	last_is_nmi = true;
	programs[0] = (struct deeds){ .nr = 1, .of = { { ADD, 0 } } };
	programs[1] = (struct deeds){ .nr = 1, .of = { { STORE, 0 } } };
	programs[2] = (struct deeds){ .nr = 2, .of = { { LOAD, 0 }, { LOAD, 0 } } };
	compare(test, "an NMI", 0);
	for (i = 0; i < shrunk.nr; i++) {
		KUNIT_ASSERT_LE(test, shrunk.of[i].cost.preemptions, 1);
		counts[shrunk.of[i].cost.preemptions]++;
	}
	KUNIT_EXPECT_EQ(test, counts[0], 8);
	KUNIT_EXPECT_EQ(test, counts[1], 4);
}

/*
 * Nobody waits for readers of a sequence that do not look twice, not even long after: a
 * writer that another one of their looks comes before is preempted there.
 */
static void preempted_by_a_glance(struct kunit *test)
{
	unsigned int counts[2] = {}, i;

	bounds.nr_vcpus = 2;
	last_is_nmi = false;
	programs[0] = (struct deeds){ .nr = 1, .of = { { PUBLISH, 0 } } };
	programs[1] = (struct deeds){ .nr = 2, .of = { { GLANCE }, { GLANCE } } };
	compare(test, "glances", 0);
	for (i = 0; i < shrunk.nr; i++)
		counts[min(shrunk.of[i].cost.preemptions, 1U)]++;
	KUNIT_EXPECT_GT(test, counts[0], 0);
	KUNIT_EXPECT_GT(test, counts[1], 0);
}

/* VCPU1 loads two words, VCPU0 stores both afterwards. */
static unsigned int recorded_next(struct tkfi_strategy *s, struct tkfi_engine *e,
				  unsigned long ready)
{
	return ready & BIT(1) ? 1 : 0;
}

/* What VCPU1 has seen. */
static unsigned int loads[WORDS];

static void load_both(struct tkfi_vcpu *vcpu, void *arg)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++) {
		access(i, TKFI_TRANS_LOAD, false);
		loads[i] = memory.words[i];
	}
}

static void store_both(struct tkfi_vcpu *vcpu, void *arg)
{
	store(vcpu, 0);
	store(vcpu, 1);
}

static int start_both(void *arg)
{
	memset(&memory, 0, sizeof(memory));
	tkfi_engine_reset(engine);
	tkfi_engine_add(engine, store_both, NULL);
	tkfi_engine_add(engine, load_both, NULL);
	return 0;
}

/* Only the second word matters; or nothing helps. */
static u64 saw_the_old_one(void *arg, int ret)
{
	return loads[1] ? 0 : BIT(0);
}

static u64 whatever(void *arg, int ret)
{
	return BIT(0);
}

static struct tkfi_recording recording;

static void record_both(struct kunit *test)
{
	struct tkfi_strategy strategy = {
		.wants = TKFI_WANTS_ACCESSES,
		.next = recorded_next,
	};

	know_cells();
	tkfi_cells_share_all();
	tkfi_record_start(&recording, &strategy);
	start_both(NULL);
	KUNIT_ASSERT_EQ(test, tkfi_engine_run(engine, &recording.strategy), 0);
	tkfi_record_end(&recording, engine);
	KUNIT_ASSERT_EQ(test, recording.hb.nr, 4);
	KUNIT_ASSERT_TRUE(test, saw_the_old_one(NULL, 0));
}

/* Two accesses in the other order change only what depends on it. */
static void reverse(struct kunit *test)
{
	const struct tkfi_trial trial = {
		start_both, saw_the_old_one, NULL, TKFI_MAX_VCPUS
	};
	u64 violates;

	/* The first word: the other order is executed, and nothing is better. */
	record_both(test);
	KUNIT_ASSERT_EQ(test, tkfi_reverse(engine, &recording, 0, 2, &trial,
					   &violates), 0);
	KUNIT_EXPECT_EQ(test, loads[0], 1);
	KUNIT_EXPECT_EQ(test, loads[1], 0);
	KUNIT_EXPECT_TRUE(test, violates);
	/* The second one: that is it. */
	KUNIT_ASSERT_EQ(test, tkfi_reverse(engine, &recording, 1, 3, &trial,
					   &violates), 0);
	KUNIT_EXPECT_EQ(test, loads[0], 0);
	KUNIT_EXPECT_EQ(test, loads[1], 2);
	KUNIT_EXPECT_FALSE(test, violates);
}

/* The pair that is no help is tried first, being the nearest; the other one is it. */
static void explain(struct kunit *test)
{
	struct tkfi_trial trial = {
		start_both, saw_the_old_one, NULL, TKFI_MAX_VCPUS
	};
	struct tkfi_explanation why;

	record_both(test);
	tkfi_explain(engine, &recording, 0, 2, &trial, &why);
	KUNIT_ASSERT_TRUE(test, why.holds);
	KUNIT_EXPECT_EQ(test, why.tried, 2);
	KUNIT_EXPECT_EQ(test, why.first.vcpu, 1);
	KUNIT_EXPECT_EQ(test, why.first.kind, TKFI_TRANS_LOAD);
	KUNIT_EXPECT_EQ(test, why.first.cell, tkfi_cell_at(&memory.words[1]));
	KUNIT_EXPECT_EQ(test, why.first.value, 0);
	KUNIT_EXPECT_NE(test, why.first.ip, 0);
	KUNIT_EXPECT_EQ(test, why.second.vcpu, 0);
	KUNIT_EXPECT_EQ(test, why.second.kind, TKFI_TRANS_STORE);
	KUNIT_EXPECT_EQ(test, why.second.cell, tkfi_cell_at(&memory.words[1]));
	KUNIT_EXPECT_EQ(test, why.second.value, 2);

	/* What no order of two changes is not explained. */
	record_both(test);
	trial.violates = whatever;
	tkfi_explain(engine, &recording, 0, 2, &trial, &why);
	KUNIT_EXPECT_FALSE(test, why.holds);
	KUNIT_EXPECT_EQ(test, why.tried, 2);
}

/* One access of VCPU0, a store, and one of VCPU1, a load, of the same few bytes. */
static struct {
	unsigned int at;
	unsigned int size;
	u64 loaded;
} narrow;

static void *narrow_bytes(void)
{
	return (u8 *)memory.words + narrow.at;
}

static void store_narrow(struct tkfi_vcpu *vcpu, void *arg)
{
	tkfi_access(narrow_bytes(), narrow.size, true, false, _THIS_IP_);
	memset(narrow_bytes(), 0x5a, narrow.size);
}

static void load_narrow(struct tkfi_vcpu *vcpu, void *arg)
{
	tkfi_access(narrow_bytes(), narrow.size, false, false, _THIS_IP_);
	narrow.loaded = 0;
	memcpy(&narrow.loaded, narrow_bytes(), narrow.size);
}

static int start_narrow(void *arg)
{
	u8 *bytes = (u8 *)memory.words;
	unsigned int i;

	for (i = 0; i < 2 * sizeof(memory.words[0]); i++)
		bytes[i] = 0x11 * (i + 1);
	tkfi_engine_reset(engine);
	tkfi_engine_add(engine, store_narrow, NULL);
	tkfi_engine_add(engine, load_narrow, NULL);
	return 0;
}

static u64 saw_no_store(void *arg, int ret)
{
	return (u8)narrow.loaded == 0x5a ? 0 : BIT(0);
}

/* Of an access that is smaller than a cell, or not aligned, its own bytes are its value. */
static void explained_values(struct kunit *test)
{
	static const struct {
		unsigned int at;
		unsigned int size;
		u64 before;
		u64 after;
	} cases[] = {
		{ 0, 1, 0x11, 0x5a },
		{ 1, 1, 0x22, 0x5a },
		{ 3, 1, 0x44, 0x5a },
		{ 0, 2, 0x2211, 0x5a5a },
		{ 2, 2, 0x4433, 0x5a5a },
		{ 3, 2, 0x5544, 0x5a5a },
		{ 0, 4, 0x44332211, 0x5a5a5a5a },
		{ 4, 4, 0x88776655, 0x5a5a5a5a },
		{ 0, 8, 0x8877665544332211, 0x5a5a5a5a5a5a5a5a },
	};
	const struct tkfi_trial trial = { start_narrow, saw_no_store, NULL, TKFI_MAX_VCPUS };
	struct tkfi_strategy strategy = {
		.wants = TKFI_WANTS_ACCESSES,
		.next = recorded_next,
	};
	struct tkfi_explanation why;
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		narrow.at = cases[i].at;
		narrow.size = cases[i].size;
		know_cells();
		tkfi_cells_share_all();
		tkfi_record_start(&recording, &strategy);
		start_narrow(NULL);
		KUNIT_ASSERT_EQ(test, tkfi_engine_run(engine, &recording.strategy), 0);
		tkfi_record_end(&recording, engine);
		KUNIT_EXPECT_EQ(test, narrow.loaded, cases[i].before);
		tkfi_explain(engine, &recording, 0, 0, &trial, &why);
		KUNIT_ASSERT_TRUE(test, why.holds);
		KUNIT_EXPECT_EQ(test, why.first.value, cases[i].before);
		KUNIT_EXPECT_EQ(test, why.second.value, cases[i].after);
	}
}

/* Any text can be a string of a result. */
static void strings(struct kunit *test)
{
	static const char * const texts[][2] = {
		{ "", "" },
		{ "clock_gettime(TAI): 5%", "clock_gettime(TAI): 5%" },
		{ "a \"b\" \\c", "a \\\"b\\\" \\\\c" },
		{ "one\ntwo\t\x7f", "one\\u000atwo\\u0009\\u007f" },
		{ "\xc2\xb5s", "\xc2\xb5s" },
	};
	char buf[64];
	int i;

	for (i = 0; i < ARRAY_SIZE(texts); i++)
		KUNIT_EXPECT_STREQ(test,
				   tkfi_result_string(buf, sizeof(buf),
						      texts[i][0]), texts[i][1]);
	/* Half a character would be none. */
	KUNIT_EXPECT_STREQ(test, tkfi_result_string(buf, 4, "ab\"c"), "ab");
	KUNIT_EXPECT_STREQ(test, tkfi_result_string(buf, 5, "ab\"c"), "ab\\\"");
}

static struct kunit_case shrink_cases[] = {
	KUNIT_CASE(random_programs),
	KUNIT_CASE(lost_updates),
	KUNIT_CASE(preempted_with_an_nmi),
	KUNIT_CASE(preempted_by_a_glance),
	KUNIT_CASE(reverse),
	KUNIT_CASE(explain),
	KUNIT_CASE(explained_values),
	KUNIT_CASE(strings),
	{}
};

static struct kunit_suite shrink_suite = {
	.name = "tkfi_engine_shrink",
	.suite_init = shrink_suite_init,
	.suite_exit = shrink_suite_exit,
	.test_cases = shrink_cases,
};

kunit_test_suite(shrink_suite);

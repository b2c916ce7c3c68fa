// SPDX-License-Identifier: GPL-2.0
/* If something were written or read without a hook that says so, it would be noticed. */
#include <kunit/test.h>
#include <linux/kallsyms.h>
#include <linux/ktime.h>
#include <linux/timekeeping.h>

#include "blocks.h"
#include "cells.h"
#include "clock.h"
#include "hooks.h"
#include "saved_file.h"
#include "strategies.h"
#include "veil.h"

#include <timekeeping.h>

/* Bytes that the operations below use without a hook: this file has none. */
static struct timekeeper *victim(void)
{
	return (struct timekeeper *)tkfi_timekeeper();
}

static s64 run_write(struct tkfi_op *op)
{
	ktime_get();
	victim()->next_leap_ktime ^= 0x100;
	return ktime_get();
}

static s64 run_write_last(struct tkfi_op *op)
{
	ktime_get();
	victim()->next_leap_ktime ^= 0x100;
	return 0;
}

/* A hook reports another write there and then. */
static s64 run_write_beside(struct tkfi_op *op)
{
	tkfi_atomic(&victim()->offs_real, sizeof(ktime_t));
	victim()->offs_boot ^= 1;
	return ktime_get();
}

/* What the compiler calls where it copies a structure in one go. */
void __tsan_write_range(void *addr, size_t size);

static s64 run_block(struct tkfi_op *op)
{
	__tsan_write_range(&victim()->tkr_mono, sizeof(struct tk_read_base));
	return 0;
}

static s64 run_reported_write(struct tkfi_op *op)
{
	tkfi_atomic(&victim()->next_leap_ktime, sizeof(ktime_t));
	victim()->next_leap_ktime ^= 0x100;
	return ktime_get();
}

static s64 run_read(struct tkfi_op *op)
{
	time64_t seen = ktime_get_real_seconds();

	ktime_get();
	return victim()->xtime_sec - seen;
}

static s64 run_read_to_branch(struct tkfi_op *op)
{
	return victim()->xtime_sec == TKFI_START_WALL ? ktime_get() : 0;
}

static s64 run_read_to_copy(struct tkfi_op *op)
{
	tkfi_atomic(&victim()->next_leap_ktime, sizeof(ktime_t));
	victim()->next_leap_ktime = victim()->offs_boot;
	ktime_get();
	return 0;
}

/* A block in memory that is explored, and one that is not. */
static struct block *shared_block(void)
{
	BUILD_BUG_ON(sizeof(struct block) > sizeof(*victim()));
	return (struct block *)victim();
}

static struct block own_block;

static s64 run_assign(struct tkfi_op *op)
{
	block_assign(&own_block, shared_block());
	return block_sum(shared_block(), 1);
}

static s64 run_assign_small(struct tkfi_op *op)
{
	block_assign_small((struct small_block *)&own_block,
			   (struct small_block *)shared_block());
	return ktime_get();
}

static s64 run_assign_last(struct tkfi_op *op)
{
	block_assign_small((struct small_block *)&own_block,
			   (struct small_block *)shared_block());
	return 0;
}

static s64 run_all_blocks(struct tkfi_op *op)
{
	block_assign(&own_block, &own_block);
	block_clear(&own_block);
	return block_sum(&own_block, 1);
}

/* Is this place in the kernel in a function? NULL: there is no such place. */
static bool is_in(unsigned long ip, const char *function)
{
	char symbol[KSYM_SYMBOL_LEN];

	if (!ip || !function)
		return !ip && !function;
	sprint_symbol_no_offset(symbol, ip);
	return !strcmp(symbol, function);
}

static void an_unreported_write_is_reported(struct kunit *test)
{
	static const struct {
		s64 (*run)(struct tkfi_op *op);
		enum tkfi_unreported_kind kind;
		const char *after, *before;
	} cases[] = {
		{ run_write, TKFI_WRITTEN, "ktime_get", "ktime_get" },
		{ run_write_last, TKFI_WRITTEN, "ktime_get", NULL },
		{ run_block, TKFI_COPIED, NULL, "run_block" },
		{ run_assign_small, TKFI_COPIED, NULL, "block_assign_small" },
		{ run_assign_last, TKFI_COPIED, NULL, "block_assign_small" },
		{ run_write_beside, TKFI_WRITTEN, "run_write_beside", "ktime_get" },
	};
	const struct tkfi_unreported *found = &harness.explorer->unreported;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *error = harness.session.engine->error;

		KUNIT_EXPECT_EQ(test, explore_with(test, cases[i].run), -EPROTO);
		KUNIT_EXPECT_EQ_MSG(test, found->kind, cases[i].kind, "%s", error);
		KUNIT_EXPECT_TRUE_MSG(test, is_in(found->after, cases[i].after), "%s",
				      error);
		KUNIT_EXPECT_TRUE_MSG(test, is_in(found->before, cases[i].before), "%s",
				      error);
		KUNIT_EXPECT_EQ(test, harness.explorer->nr_violations, 0);
	}
	KUNIT_EXPECT_EQ_MSG(test, explore_with(test, run_reported_write), 0, "%s",
			    harness.session.engine->error);
	KUNIT_EXPECT_EQ(test, found->kind, TKFI_ALL_REPORTED);
	KUNIT_EXPECT_EQ_MSG(test, explore_with(test, run_assign), 0, "%s",
			    harness.session.engine->error);
	KUNIT_EXPECT_EQ(test, found->kind, TKFI_ALL_REPORTED);
}

/* Accesses of the words of own_block. */
static unsigned int block_loads, block_stores, others;

static void count_words(const struct tkfi_access *access, void *arg)
{
	const void *block = &own_block;

	if (access->barrier || access->addr < block ||
	    access->addr >= block + sizeof(own_block))
		return;
	block_loads += !access->store;
	block_stores += access->store;
	others += access->is_block || access->size != sizeof(u64);
}

/* Each word once: the compiler says before what it copies, and that is not counted. */
static void an_aggregate_is_copied_word_by_word(struct kunit *test)
{
	const unsigned int nr = ARRAY_SIZE(own_block.words);

	if (harness_parse(test, "cpu0: tick"))
		return;
	harness.plan.programs[0].ops[0].type = &(struct tkfi_op_type){
		.run = run_all_blocks,
	};
	block_loads = 0;
	block_stores = 0;
	others = 0;
	own_block.words[0] = 1;
	harness.plan.access = count_words;
	KUNIT_EXPECT_EQ(test, harness_execute(test, "wait 12ms"), 0);
	KUNIT_EXPECT_EQ(test, block_loads, 2 * nr);
	KUNIT_EXPECT_EQ(test, block_stores, 2 * nr);
	KUNIT_EXPECT_EQ(test, others, 0);
	KUNIT_EXPECT_EQ(test, own_block.words[0], 0);
}

static void an_unreported_read_is_reported(struct kunit *test)
{
	static const struct {
		s64 (*run)(struct tkfi_op *op);
		enum unseen_kind kind;
		const char *at;
	} cases[] = {
		{ run_read, OTHER_RESULT },
		{ run_read_to_branch, OTHER_ACCESS, "ktime_get" },
		{ run_read_to_copy, OTHER_STATE },
		{ run_reported_write, ALL_READS_SEEN },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (watch_reads(test, "wait 12ms", "tick", cases[i].run))
			return;
		KUNIT_EXPECT_EQ_MSG(test, unseen.kind, cases[i].kind, "%u: %s", i,
				    unseen.text);
		KUNIT_EXPECT_TRUE(test, is_in(unseen.ip, cases[i].at));
	}
}

#define BETWEEN	"setup: wait 12ms; cpu0: settimeofday 1400000000; cpu1: tick"

/* Has somebody set the clock right now? */
static bool is_being_set(void)
{
	ktime_t first = ktime_get_real();

	return ktime_get_real() != first;
}

static s64 run_write_between(struct tkfi_op *op)
{
	if (is_being_set())
		victim()->next_leap_ktime ^= 0x100;
	return ktime_get();
}

static s64 run_read_between(struct tkfi_op *op)
{
	return is_being_set() ? victim()->next_leap_ktime : 0;
}

static unsigned int told, told_early;

static void see_turn(const struct tkfi_access *access, void *arg)
{
	const struct tkfi_engine *engine = arg;
	unsigned int cell = tkfi_cell_at(access->addr);
	const struct tkfi_event *last = &engine->log[engine->nr_log - 1];

	if (access->barrier || !cell)
		return;
	told++;
	told_early += !engine->nr_log || last->vcpu != access->vcpu ||
		      last->cell != cell;
}

/* Whoever watches is told of an access right before it happens, after all others. */
static void a_watcher_is_told_in_turn(struct kunit *test)
{
	struct tkfi_explorer *explorer = harness.explorer;
	struct tkfi_engine *engine = explorer->engine;
	unsigned long flags;
	struct tkfi_pos pos;
	int ret;

	if (load_with(test, BETWEEN, run_reported_write))
		return;
	told = 0;
	told_early = 0;
	tkfi_pos_init(&pos, 1);
	local_irq_save(flags);
	tkfi_state_save(&tkfi_run_of(explorer)->own);
	tkfi_timekeeping_start();
	tkfi_cells_share_all();
	engine->quiet = true;
	tkfi_plan_start(&tkfi_run_of(explorer)->plan, engine);
	tkfi_access_watch(see_turn, engine);
	ret = tkfi_engine_run(engine, &pos.strategy);
	tkfi_access_watch(NULL, NULL);
	engine->quiet = false;
	tkfi_state_restore(&tkfi_run_of(explorer)->own);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, ret, 0);
	KUNIT_EXPECT_GT(test, told, 100);
	KUNIT_EXPECT_EQ(test, told_early, 0);
}

/* An execution in order does not come there. */
static void what_is_unreported_in_a_branch_is_reported(struct kunit *test)
{
	static const struct tkfi_explore_options options;

	if (load_with(test, BETWEEN, run_write_between))
		return;
	KUNIT_EXPECT_EQ(test, tkfi_explore(harness.explorer, &options), -EPROTO);
	KUNIT_EXPECT_EQ(test, harness.explorer->unreported.kind, TKFI_WRITTEN);
	KUNIT_EXPECT_EQ(test, harness.explorer->stats.classes, 0);

	if (load_with(test, BETWEEN, run_read_between) || watch_sampled_reads(test))
		return;
	KUNIT_EXPECT_EQ_MSG(test, unseen.kind, OTHER_RESULT, "%s", unseen.text);
	if (load_with(test, BETWEEN, run_reported_write) || watch_sampled_reads(test))
		return;
	KUNIT_EXPECT_EQ_MSG(test, unseen.kind, ALL_READS_SEEN, "%s", unseen.text);
}

/* Of more executions than go by until one is watched again, and of several updates. */
#define MANY	"setup: adjtimex freq=+500ppm, wait 13ms, tick, wait 3ms;"	\
		"cpu0: adjtimex freq=-500ppm, tick; cpu1: tick;"		\
		"cpu2: read vdso MONOTONIC, read vdso MONOTONIC;"		\
		"cpu3: read kernel ktime_get, read kernel ktime_get;"		\
		"host: 10ms, 5ms"

static s64 run_write_late(struct tkfi_op *op)
{
	if (harness.explorer->stats.classes >= 10000)
		victim()->next_leap_ktime ^= 0x100;
	return ktime_get();
}

/* Only a look at an exploration under way learns that others use what this writes. */
static s64 run_learn_late(struct tkfi_op *op)
{
	if (harness.explorer->pace.next_check <= TKFI_CHECK_HOOKS_EVERY)
		return ktime_get();
	return run_reported_write(op);
}

static u64 not_as_logged;

/* All that was executed is in the log, and nothing else. */
static void check_log(struct tkfi_explorer *x, int ret)
{
	const struct tkfi_engine *engine = x->engine;
	unsigned int nr[TKFI_MAX_VCPUS] = { }, i;

	for (i = 0; i < engine->nr_log; i++)
		nr[engine->log[i].vcpu]++;
	for (i = 0; i < engine->nr_vcpus; i++)
		not_as_logged += nr[i] != engine->vcpus[i].nr_events;
}

static u64 findings(void)
{
	const struct tkfi_explorer *explorer = harness.explorer;
	u64 nr = 0;
	unsigned int i;

	for (i = 0; i < explorer->nr_violations; i++)
		nr += explorer->violations[i].findings;
	return nr;
}

/* An exploration goes on looking, and goes on as if nobody had looked. */
static void an_exploration_keeps_looking(struct kunit *test)
{
	struct tkfi_explorer *explorer = harness.explorer;
	const struct tkfi_explore_options ways[] = {
		{ TKFI_DPOR, .executions = 40000, .as_found = true },
		{ TKFI_DPOR, .executions = 40000, .as_found = true,
		  .no_snapshots = true },
		{ TKFI_DFS, .executions = 40000, .preemptions = 3,
		  .as_found = true },
		{ TKFI_RANDOM, .executions = 40000, .as_found = true },
	};
	struct tkfi_saved *keep = tkfi_saved_file_create("");
	u64 late, found[ARRAY_SIZE(ways)];
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, keep);
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		struct tkfi_explore_options kept = ways[i];

		kept.keep = keep;
		load_with(test, MANY, run_write_late);
		KUNIT_EXPECT_EQ(test, tkfi_explore(explorer, &kept), -EPROTO);
		/* Nobody goes on from there, and sees nothing. */
		KUNIT_EXPECT_EQ(test, keep->number, 0);
		late = explorer->stats.classes;
		KUNIT_EXPECT_EQ(test, explorer->unreported.kind, TKFI_WRITTEN);
		KUNIT_EXPECT_GT(test, late, 10000);
		load_with(test, MANY, run_reported_write);
		explorer->each = check_log;
		not_as_logged = 0;
		KUNIT_EXPECT_EQ_MSG(test, tkfi_explore(explorer, &ways[i]), 0, "%s",
				    explorer->engine->error);
		explorer->each = NULL;
		KUNIT_EXPECT_EQ(test, not_as_logged, 0);
		KUNIT_EXPECT_GT(test, explorer->stats.classes, late);
		found[i] = findings();
		load_with(test, MANY, run_learn_late);
		KUNIT_EXPECT_EQ_MSG(test, tkfi_explore(explorer, &ways[i]), 0, "%s",
				    explorer->engine->error);
	}
	tkfi_saved_file_destroy(keep);
	/* Who goes on from a snapshot finds what was there. */
	KUNIT_EXPECT_EQ(test, found[0], found[1]);
	KUNIT_EXPECT_GT(test, found[0], 0);
}

static struct kunit_case engine_cases[] = {
	KUNIT_CASE(an_unreported_write_is_reported),
	KUNIT_CASE(an_unreported_read_is_reported),
	KUNIT_CASE(an_aggregate_is_copied_word_by_word),
	KUNIT_CASE(a_watcher_is_told_in_turn),
	KUNIT_CASE(what_is_unreported_in_a_branch_is_reported),
	KUNIT_CASE(an_exploration_keeps_looking),
	{}
};

static struct kunit_suite engine_suite = {
	.name = "tkfi_engine_unreported",
	.suite_init = veil_open,
	.suite_exit = veil_close,
	.test_cases = engine_cases,
};

kunit_test_suite(engine_suite);

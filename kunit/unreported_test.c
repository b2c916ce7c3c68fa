// SPDX-License-Identifier: GPL-2.0
/*
 * No updater and no reader writes or reads the state of timekeeping without a hook
 * that says so; if one did, it would be reported.
 */
#include <kunit/test.h>
#include <linux/kallsyms.h>
#include <linux/ktime.h>
#include <linux/timekeeping.h>
#include <linux/xxhash.h>

#include "cells.h"
#include "clock.h"
#include "explorer_session.h"
#include "readers.h"
#include "hooks.h"
#include "saved_file.h"
#include "subject.h"
#include "strategies.h"
#include "strategy.h"
#include "updaters.h"

#include <timekeeping.h>

/* The most accesses of an operation: a catch-up of 60 s before the series. */
#define MAX_ACCESSES	8192

#define VEIL	0x55

/* Executions by chance of each shipped scenario. */
#define SAMPLES	16

/**
 * struct watched - an execution, and the same once more
 * @begin:	the state before it
 * @end:	the state after it
 * @open:	for each byte of the state, how many of @recent are about it
 * @recent:	the last accesses of each VCPU
 * @nr_of:	how many it has made
 * @nr:		how many there have been
 * @ip:		where they were the first time
 * @addr:	and what they were of
 * @strayed:	number of the first one that was another the second time
 * @is_sampled:	VCPUs take turns at accesses
 */
struct watched {
	struct tkfi_state begin;
	struct tkfi_state end;
	struct tkfi_state open;
	struct tkfi_access recent[TKFI_MAX_VCPUS][TKFI_UNREPORTED_RECENT];
	unsigned int nr_of[TKFI_MAX_VCPUS];
	unsigned int nr;
	unsigned long ip[MAX_ACCESSES];
	const void *addr[MAX_ACCESSES];
	unsigned int strayed;
	bool is_sampled;
};

static struct tkfi_explorer *explorer;
static struct watched watched;
static struct tkfi_plan plan;
static char err[1024];

static int unreported_suite_init(struct kunit_suite *suite)
{
	explorer = tkfi_explorer_open();
	return !explorer || tkfi_state_alloc(&watched.begin) ||
	       tkfi_state_alloc(&watched.end) ||
	       tkfi_state_alloc(&watched.open) ? -ENOMEM : 0;
}

static void unreported_suite_exit(struct kunit_suite *suite)
{
	tkfi_state_free(&watched.open);
	tkfi_state_free(&watched.end);
	tkfi_state_free(&watched.begin);
	tkfi_explorer_close(explorer);
}

/* The last VCPU's first operation does something else than it says. */
static void let_it_run(struct tkfi_plan *p, s64 (*run)(struct tkfi_op *))
{
	struct tkfi_op *op = &p->programs[p->nr_programs - 1 - p->has_host].ops[0];
	static struct tkfi_op_type type;

	type = *op->type;
	type.run = run;
	op->type = &type;
}

/*
 * Writes. An exploration watches its first executions; that is enough of it here.
 */
static void expect_all_writes_seen(struct kunit *test, const char *text)
{
	static const struct tkfi_explore_options once = {
		.strategy = TKFI_RANDOM,
		.executions = 1,
	};
	const struct tkfi_scenario scenario = { "watched", text };
	int ret;

	ret = tkfi_explorer_load(explorer, &scenario, err, sizeof(err));
	KUNIT_ASSERT_EQ_MSG(test, ret, 0, "%s", err);
	ret = tkfi_explore(explorer, &once);
	KUNIT_EXPECT_EQ_MSG(test, ret, 0, "%s: %s", text,
			    explorer->engine->error);
}

static void note(const struct tkfi_access *access, void *arg)
{
	if (watched.nr < MAX_ACCESSES) {
		watched.ip[watched.nr] = access->ip;
		watched.addr[watched.nr] = access->addr;
	}
	watched.nr++;
}

/* The engine itself reads sequences, where an exploration has VCPUs wait for them. */
static bool is_open_to_all(const void *addr)
{
	const u8 flags = TKFI_CELL_SEQUENCE | TKFI_CELL_LATCH;
	size_t size;
	const void *clock = tkfi_clock_storage(&size);

	return (addr >= clock && addr < clock + size) ||
	       (watched.is_sampled &&
		tkfi_cells[tkfi_cell_at(addr)].flags & flags);
}

static void clear(const char *name, void *addr, size_t size)
{
	memset(tkfi_state_copy_of(&watched.open, addr), 0, size);
}

/* Open what an access is about, or, when its time is over, close it again. */
static void draw(const struct tkfi_access *access, int open)
{
	u8 *count = tkfi_state_copy_of(&watched.open, access->addr);
	u8 *byte = (u8 *)access->addr, *end = byte + access->size;

	if (!count)
		return;
	for (; byte < end; byte++, count++) {
		if (*count == (open > 0 ? 0 : 1) && !is_open_to_all(byte))
			*byte ^= VEIL;
		*count += open;
	}
}

static void lift(const struct tkfi_access *access, void *arg)
{
	unsigned int *nr = &watched.nr_of[access->vcpu];
	struct tkfi_access *recent =
		&watched.recent[access->vcpu][(*nr)++ % TKFI_UNREPORTED_RECENT];

	if (watched.strayed > watched.nr && watched.nr < MAX_ACCESSES &&
	    (watched.ip[watched.nr] != access->ip ||
	     watched.addr[watched.nr] != access->addr))
		watched.strayed = watched.nr;
	draw(recent, -1);
	*recent = *access;
	draw(recent, 1);
	watched.nr++;
}

static void veil(const char *name, void *addr, size_t size)
{
	u8 *count = tkfi_state_copy_of(&watched.open, addr), *byte = addr;

	for (; size; size--, byte++, count++) {
		if (!*count && !is_open_to_all(byte))
			*byte ^= VEIL;
		*count = 0;
	}
}

/* All results, hashed. */
static u64 run_once(struct tkfi_plan *p, struct tkfi_strategy *strategy,
		    tkfi_access_fn access)
{
	struct tkfi_engine *engine = explorer->engine;
	unsigned int i, j;
	u64 results = 0;

	watched.nr = 0;
	tkfi_plan_start(p, engine);
	tkfi_access_watch(access, NULL);
	tkfi_engine_run(engine, strategy);
	tkfi_access_watch(NULL, NULL);
	for (i = 0; i < p->nr_programs; i++)
		for (j = 0; j < p->programs[i].nr; j++)
			results = xxh64(&p->programs[i].ops[j].result,
					sizeof(s64), results);
	return results;
}

/* In order if @seed is 0, else by chance, but both times the same. */
static void run_veiled(struct tkfi_plan *p, u64 seed)
{
	struct tkfi_pos pos;
	struct tkfi_strategy *strategy = seed ? &pos.strategy : &tkfi_in_order;
	const char *name;
	unsigned int nr;
	size_t offset;
	u64 results;

	watched.is_sampled = seed;
	tkfi_state_save(&watched.begin);
	/* What is learnt of cells makes another execution of the next one. */
	do {
		tkfi_cells_changed = false;
		tkfi_state_restore(&watched.begin);
		tkfi_pos_init(&pos, seed);
		results = run_once(p, strategy, note);
	} while (tkfi_cells_changed);
	nr = watched.nr;
	tkfi_state_save(&watched.end);

	tkfi_state_restore(&watched.begin);
	memset(watched.recent, 0, sizeof(watched.recent));
	memset(watched.nr_of, 0, sizeof(watched.nr_of));
	watched.strayed = UINT_MAX;
	tkfi_state_each(clear);
	tkfi_state_each(veil);
	tkfi_pos_init(&pos, seed);
	results -= run_once(p, strategy, lift);
	tkfi_state_each(veil);

	err[0] = '\0';
	if (nr > MAX_ACCESSES)
		snprintf(err, sizeof(err), "%u accesses, room for %u", nr,
			 MAX_ACCESSES);
	else if (watched.strayed < nr || watched.nr != nr)
		snprintf(err, sizeof(err), "something is read behind the hooks' back, before %pS",
			 (void *)watched.ip[min(watched.strayed, nr - 1)]);
	else if (results)
		snprintf(err, sizeof(err), "something is read behind the hooks' back: the result is another");
	else if (tkfi_state_differs(&watched.end, &name, &offset))
		snprintf(err, sizeof(err), "something is read behind the hooks' back: %s+%zu is another",
			 name, offset);
}

/*
 * Reads. Every byte of the state is veiled, but at the hooks that report it: whoever
 * reads it without one does not see what it is, and something comes out differently.
 * Then @err says what.
 */
static int watch_reads(const char *setup, const char *op,
		       s64 (*run)(struct tkfi_op *))
{
	struct tkfi_session *session = tkfi_session_of(explorer);
	unsigned long flags;
	int ret;

	ret = tkfi_plan_parse(session->setup, err, sizeof(err), "cpu0: %s",
			      setup) ?:
	      tkfi_plan_parse(&plan, err, sizeof(err), "cpu0: %s", op);
	if (ret)
		return ret;
	if (run)
		let_it_run(&plan, run);
	local_irq_save(flags);
	tkfi_state_save(&session->own);
	tkfi_timekeeping_start();
	ret = tkfi_plan_run(session->setup, session->engine);
	if (!ret)
		run_veiled(&plan, 0);
	tkfi_state_restore(&session->own);
	local_irq_restore(flags);
	return ret;
}

/* The same of executions by chance of the scenario that was loaded. */
static int watch_sampled_reads(struct tkfi_explorer *x)
{
	struct tkfi_session *session = tkfi_session_of(x);
	unsigned long flags;
	int ret = 0;
	u64 seed;

	err[0] = '\0';
	if (tkfi_run_of(x)->setup_text[0])
		ret = tkfi_plan_parse(session->setup, err, sizeof(err),
				      "cpu0: %s", tkfi_run_of(x)->setup_text);
	if (ret)
		return ret;
	local_irq_save(flags);
	tkfi_state_save(&session->own);
	tkfi_timekeeping_start();
	if (tkfi_run_of(x)->setup_text[0])
		ret = tkfi_plan_run(session->setup, session->engine);
	session->engine->quiet = true;
	suppress_printk = true;
	for (seed = 1; seed <= SAMPLES && !ret && !err[0]; seed++) {
		run_veiled(&tkfi_run_of(x)->plan, seed);
		tkfi_state_restore(&watched.begin);
	}
	suppress_printk = false;
	session->engine->quiet = false;
	tkfi_state_restore(&session->own);
	local_irq_restore(flags);
	return ret;
}

static void expect_all_reads_seen(struct kunit *test, const char *setup,
				  const char *op)
{
	KUNIT_EXPECT_EQ(test, watch_reads(setup, op, NULL), 0);
	KUNIT_EXPECT_STREQ_MSG(test, err, "", "%s", op);
}

static void expect_all_seen(struct kunit *test, const char *setup,
			    const char *op)
{
	char text[256];

	snprintf(text, sizeof(text), "setup: %s; cpu0: %s", setup, op);
	expect_all_writes_seen(test, text);
	expect_all_reads_seen(test, setup, op);
}

static void updater_desc(const struct updater *updater, char *desc)
{
	strscpy(desc, updater->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(updater, updaters, updater_desc);

static void updates(struct kunit *test)
{
	const struct updater *updater = test->param_value;

	expect_all_seen(test, updater->setup, updater->update);
}

static void reads(struct kunit *test)
{
	unsigned int i;
	char op[64];

	for (i = 0; i < tkfi_nr_readers; i++) {
		const struct tkfi_reader *reader = &tkfi_readers[i];

		snprintf(op, sizeof(op), "read %s %s",
			 tkfi_family_names[reader->family], reader->clock);
		expect_all_seen(test, "wait 12ms", op);
	}
}

static void jiffies_too(struct kunit *test)
{
	expect_all_seen(test, "wait 12ms", "jiffies");
	expect_all_seen(test, "wait 12ms", "read kernel get_jiffies_64");
}

/* The auxiliary clock's own, where there is one. */
static void aux_too(struct kunit *test)
{
	const struct tkfi_aux_clock *aux = tkfi_aux_clock();
	unsigned int i;
	char op[64];

	if (!aux)
		kunit_skip(test, "this kernel has no auxiliary clocks");
	expect_all_seen(test, "wait 2ms", "aux enable");
	expect_all_seen(test, "aux enable, wait 2ms", "aux disable");
	for (i = 0; i < TKFI_NR_AUX_READERS; i++) {
		snprintf(op, sizeof(op), "read %s %s",
			 tkfi_family_names[aux->readers[i].family],
			 aux->readers[i].clock);
		expect_all_seen(test, "aux enable, wait 12ms", op);
	}
}

/* What is read only when others come between. For writes tkfi_explore has all of these. */
static void sampled_reads(struct kunit *test)
{
	const struct tkfi_scenario *s = tkfi_subject->scenarios;

	for (; s < tkfi_subject->scenarios + tkfi_subject->nr_scenarios; s++) {
		if (tkfi_explorer_lacks(explorer, s))
			continue;
		KUNIT_ASSERT_EQ_MSG(test,
				    tkfi_explorer_load(explorer, s, err, sizeof(err)),
				    0, "%s", err);
		KUNIT_EXPECT_EQ(test, watch_sampled_reads(explorer), 0);
		KUNIT_EXPECT_STREQ_MSG(test, err, "", "%s", s->name);
	}
}

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

/* What reads and writes in one instruction, from 6.13 on: ktime_get_real_ts64_mg(). */
static void (*read_floor)(struct timespec64 *ts);

static s64 run_floor(struct tkfi_op *op)
{
	struct timespec64 ts;

	read_floor(&ts);
	return timespec64_to_ns(&ts);
}

static void load_with(struct kunit *test, const char *text,
		      s64 (*run)(struct tkfi_op *))
{
	const struct tkfi_scenario scenario = { "unreported", text };
	int ret;

	ret = tkfi_explorer_load(explorer, &scenario, err, sizeof(err));
	KUNIT_EXPECT_EQ_MSG(test, ret, 0, "%s", err);
	let_it_run(&tkfi_run_of(explorer)->plan, run);
}

static int explore_loaded(const struct tkfi_explore_options *options)
{
	int ret = tkfi_explore(explorer, options);

	strscpy(err, explorer->engine->error, sizeof(err));
	return ret;
}

static int explore_with(struct kunit *test, s64 (*run)(struct tkfi_op *))
{
	static const struct tkfi_explore_options options;

	load_with(test, "setup: wait 12ms; cpu0: read kernel ktime_get; cpu1: tick",
		  run);
	return explore_loaded(&options);
}

static void an_unreported_write_is_reported(struct kunit *test)
{
	static const struct {
		s64 (*run)(struct tkfi_op *op);
		const char *says[4];
	} cases[] = {
		{ run_write, { "behind the hooks' back", "ktime_get+", "ktime_get+" } },
		{ run_write_last, { "ktime_get+", "before the end" } },
		{ run_block, { "run_block+", "copies an aggregate" } },
		{ run_write_beside, { "run_write_beside+", "ktime_get+" } },
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *at = err;

		KUNIT_EXPECT_EQ(test, explore_with(test, cases[i].run), -EPROTO);
		KUNIT_EXPECT_TRUE_MSG(test, strstarts(err, "[tkfi internal bug] "),
				      "%s", err);
		for (j = 0; at && cases[i].says[j]; j++) {
			at = strstr(at + 1, cases[i].says[j]);
			KUNIT_EXPECT_NOT_NULL_MSG(test, at, "no %s in '%s'",
						  cases[i].says[j], err);
		}
		KUNIT_EXPECT_EQ(test, explorer->nr_violations, 0);
	}
	KUNIT_EXPECT_EQ_MSG(test, explore_with(test, run_reported_write), 0,
			    "%s", err);
}

static void an_unreported_read_is_reported(struct kunit *test)
{
	static const struct {
		s64 (*run)(struct tkfi_op *op);
		const char *says;
	} cases[] = {
		{ run_read, "the result is another" },
		{ run_read_to_branch, "before ktime_get+" },
		{ run_read_to_copy, "is another" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ(test, watch_reads("wait 12ms", "tick",
						  cases[i].run), 0);
		KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(err, cases[i].says),
					  "'%s'", err);
	}
	KUNIT_EXPECT_EQ(test, watch_reads("wait 12ms", "tick",
					  run_reported_write), 0);
	KUNIT_EXPECT_STREQ(test, err, "");
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
	struct tkfi_engine *engine = explorer->engine;
	unsigned long flags;
	struct tkfi_pos pos;
	int ret;

	load_with(test, BETWEEN, run_reported_write);
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
	int ret;

	load_with(test, BETWEEN, run_write_between);
	ret = explore_loaded(&options);
	KUNIT_EXPECT_EQ(test, ret, -EPROTO);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(err, "behind the hooks' back"),
				  "'%s'", err);
	KUNIT_EXPECT_EQ(test, explorer->stats.classes, 0);

	load_with(test, BETWEEN, run_read_between);
	KUNIT_EXPECT_EQ(test, watch_sampled_reads(explorer), 0);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(err, "the result is another"),
				  "'%s'", err);
	load_with(test, BETWEEN, run_reported_write);
	KUNIT_EXPECT_EQ(test, watch_sampled_reads(explorer), 0);
	KUNIT_EXPECT_STREQ(test, err, "");
}

/* Of more executions than go by until one is watched again, and of several updates. */
#define MANY	"setup: adjtimex freq=+500ppm, wait 13ms, tick, wait 3ms;"	\
		"cpu0: adjtimex freq=-500ppm, tick; cpu1: tick;"		\
		"cpu2: read vdso MONOTONIC, read vdso MONOTONIC;"		\
		"cpu3: read kernel ktime_get, read kernel ktime_get;"		\
		"host: 10ms, 5ms"

static s64 run_write_late(struct tkfi_op *op)
{
	if (explorer->stats.classes >= 10000)
		victim()->next_leap_ktime ^= 0x100;
	return ktime_get();
}

/* Only a look at an exploration under way learns that others use what this writes. */
static s64 run_learn_late(struct tkfi_op *op)
{
	if (explorer->pace.next_check <= TKFI_CHECK_HOOKS_EVERY)
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
	u64 nr = 0;
	unsigned int i;

	for (i = 0; i < explorer->nr_violations; i++)
		nr += explorer->violations[i].findings;
	return nr;
}

/* An exploration goes on looking, and goes on as if nobody had looked. */
static void an_exploration_keeps_looking(struct kunit *test)
{
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
		KUNIT_EXPECT_EQ(test, explore_loaded(&kept), -EPROTO);
		/* Nobody goes on from there, and sees nothing. */
		KUNIT_EXPECT_EQ(test, keep->number, 0);
		late = explorer->stats.classes;
		KUNIT_EXPECT_NOT_NULL_MSG(test,
					  strstr(err, "behind the hooks' back"),
					  "'%s'", err);
		KUNIT_EXPECT_GT(test, late, 10000);
		load_with(test, MANY, run_reported_write);
		explorer->each = check_log;
		not_as_logged = 0;
		KUNIT_EXPECT_EQ_MSG(test, explore_loaded(&ways[i]), 0, "%s", err);
		explorer->each = NULL;
		KUNIT_EXPECT_EQ(test, not_as_logged, 0);
		KUNIT_EXPECT_GT(test, explorer->stats.classes, late);
		found[i] = findings();
		load_with(test, MANY, run_learn_late);
		KUNIT_EXPECT_EQ_MSG(test, explore_loaded(&ways[i]), 0, "%s", err);
	}
	tkfi_saved_file_destroy(keep);
	/* Who goes on from a snapshot finds what was there. */
	KUNIT_EXPECT_EQ(test, found[0], found[1]);
	KUNIT_EXPECT_GT(test, found[0], 0);
}

static unsigned int atomics;

static void count_atomics(const struct tkfi_access *access, void *arg)
{
	atomics += access->is_atomic && access->store && !access->is_volatile &&
		   access->size == sizeof(s64);
}

static void an_atomic_access_is_seen(struct kunit *test)
{
	int ret;

	read_floor = (void *)kallsyms_lookup_name("ktime_get_real_ts64_mg");
	if (!read_floor)
		kunit_skip(test, "this kernel has none");
	KUNIT_EXPECT_EQ_MSG(test, explore_with(test, run_floor), 0, "%s", err);
	KUNIT_EXPECT_EQ(test, watch_reads("wait 12ms", "tick", run_floor), 0);
	KUNIT_EXPECT_STREQ(test, err, "");

	atomics = 0;
	plan.access = count_atomics;
	ret = tkfi_session_run(tkfi_session_of(explorer), "wait 12ms", &plan);
	KUNIT_EXPECT_EQ(test, ret, 0);
	KUNIT_EXPECT_EQ(test, atomics, 1);
}

/**
 * struct copy - the copy of publication, word by word
 * @old:	the timekeeper before it
 * @done:	bytes that have been copied
 * @half_done:	how often somebody could have seen words old and new at once
 * @wrong:	words that were not what had been copied so far
 */
struct copy {
	struct timekeeper old;
	size_t done;
	unsigned int half_done;
	unsigned int wrong;
};

static void watch_copy(const struct tkfi_access *access, void *arg)
{
	const void *real = tkfi_timekeeper(), *shadow = tkfi_shadow_timekeeper();
	struct copy *copy = arg;
	const size_t done = copy->done, rest = sizeof(struct timekeeper) - done;

	if (!access->store || access->addr != real + done || !rest)
		return;
	copy->wrong += memcmp(real, shadow, done) != 0;
	copy->wrong += memcmp(real + done, (void *)&copy->old + done, rest) != 0;
	copy->half_done += memcmp(real, &copy->old, done) &&
			   memcmp(real + done, shadow + done, rest);
	copy->done += access->size;
}

static void publication_is_word_by_word(struct kunit *test)
{
	struct tkfi_session *session = tkfi_session_of(explorer);
	static struct copy copy;
	unsigned long flags;
	int ret;

	if (tkfi_variant() == TKFI_PRE_SERIES)
		kunit_skip(test, "before the series nothing was copied");
	ret = tkfi_plan_parse(&plan, err, sizeof(err), "cpu0: tick");
	KUNIT_ASSERT_EQ_MSG(test, ret, 0, "%s", err);
	plan.access = watch_copy;
	plan.probe_arg = &copy;
	copy = (struct copy){ };
	local_irq_save(flags);
	tkfi_state_save(&session->own);
	tkfi_timekeeping_start();
	tkfi_clock_advance(tkfi_clock_cycles(12 * NSEC_PER_MSEC));
	copy.old = *tkfi_timekeeper();
	ret = tkfi_plan_run(&plan, session->engine);
	tkfi_state_restore(&session->own);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, ret, 0);
	KUNIT_EXPECT_EQ(test, copy.done, sizeof(struct timekeeper));
	KUNIT_EXPECT_EQ(test, copy.wrong, 0);
	KUNIT_EXPECT_GT(test, copy.half_done, 1);
}

/**
 * struct ordered - whether barriers order what one VCPU does, by a weaker machine's
 * rules, about sequences
 * @stored:	it has stored data since its last write barrier
 * @loaded:	it has loaded data since its last read barrier
 * @wrote:	it has begun to write a sequence's data since its last write barrier
 * @read:	it has begun to read a sequence's data since its last read barrier
 * @reading:	the sequence that it will look at again
 * @nr:		how many barriers there were
 * @ip:		the first place that wants for one
 * @wanted:	which
 */
struct ordered {
	bool stored;
	bool loaded;
	bool wrote;
	bool read;
	const void *reading;
	unsigned int nr;
	unsigned long ip;
	const char *wanted;
};

static const void *looked_for;
static bool is_marked, is_latch;

static void compare_word(const unsigned int *word, bool latch)
{
	if (word != looked_for)
		return;
	is_marked = true;
	is_latch = latch;
}

static void find_sequence(const void *word)
{
	looked_for = word;
	is_marked = false;
	is_latch = false;
	tkfi_timekeeping_sequences(compare_word);
	tkfi_vdso_sequences(compare_word);
	tkfi_tick_sequences(compare_word);
}

static void pass_barrier(struct ordered *o, const char *name)
{
	bool both = !strcmp(name, "smp_mb");

	o->nr++;
	if (both || !strcmp(name, "smp_wmb") ||
	    !strcmp(name, "smp_store_release")) {
		o->stored = false;
		o->wrote = false;
	}
	if (both || !strcmp(name, "smp_rmb") ||
	    !strcmp(name, "smp_load_acquire")) {
		o->loaded = false;
		o->read = false;
	}
}

static void want(struct ordered *o, const struct tkfi_access *access, bool wants,
		 const char *barrier)
{
	if (!wants || o->wanted)
		return;
	o->ip = access->ip;
	o->wanted = barrier;
}

static void check_order(const struct tkfi_access *access, void *arg)
{
	struct ordered *o = arg;

	if (access->barrier) {
		pass_barrier(o, access->barrier);
		return;
	}
	if (!tkfi_state_covers(access->addr))
		return;
	find_sequence(access->addr);
	if (!is_marked) {
		want(o, access, access->store ? o->wrote : o->read,
		     access->store ? "write, after a sequence" :
				     "read, after a sequence");
		*(access->store ? &o->stored : &o->loaded) = true;
	} else if (access->store) {
		bool is_odd = *(const unsigned int *)access->addr & 1;

		want(o, access, o->stored && (is_odd || is_latch),
		     "write, before a sequence");
		o->wrote = !is_odd || is_latch;
	} else if (access->is_volatile) {
		bool again = o->reading == access->addr;

		want(o, access, again && o->loaded, "read, before a sequence");
		o->reading = again ? NULL : access->addr;
		o->loaded = false;
		/* A latch's readers depend on the value for the address. */
		o->read = !again && !is_latch;
	}
}

static void expect_ordered(struct kunit *test, const char *setup,
			   const char *op, unsigned int least)
{
	struct tkfi_session *session = tkfi_session_of(explorer);
	struct ordered o = { };
	int ret;

	ret = tkfi_plan_parse(&plan, err, sizeof(err), "cpu0: %s", op);
	KUNIT_ASSERT_EQ_MSG(test, ret, 0, "%s", err);
	plan.access = check_order;
	plan.probe_arg = &o;
	ret = tkfi_session_run(session, setup, &plan);
	KUNIT_EXPECT_EQ_MSG(test, ret, 0, "%s", session->engine->error);
	KUNIT_EXPECT_GE_MSG(test, o.nr, least, "%s", op);
	KUNIT_EXPECT_NULL_MSG(test, o.wanted, "no barrier for %s, at %pS in %s",
			      o.wanted, (void *)o.ip, op);
}

static void barriers(struct kunit *test)
{
	static const char * const ops[] = {
		"tick", "adjtimex freq=-500ppm", "settimeofday 1400000000",
		"inject -3ms", "jiffies"
	};
	unsigned int i;
	char op[64];

	/* Two sequences, begun and ended, and a latch or two. */
	for (i = 0; i < ARRAY_SIZE(ops); i++)
		expect_ordered(test, "wait 12ms", ops[i], 6);
	for (i = 0; i < tkfi_nr_readers; i++) {
		const struct tkfi_reader *reader = &tkfi_readers[i];

		snprintf(op, sizeof(op), "read %s %s",
			 tkfi_family_names[reader->family], reader->clock);
		expect_ordered(test, "wait 12ms", op,
			       reader->family == TKFI_FAST ? 1 :
			       reader->lockless ? 0 : 2);
	}
}

static struct kunit_case unreported_cases[] = {
	KUNIT_CASE_PARAM(updates, updater_gen_params),
	KUNIT_CASE(reads),
	KUNIT_CASE(jiffies_too),
	KUNIT_CASE(aux_too),
	KUNIT_CASE(sampled_reads),
	KUNIT_CASE(an_atomic_access_is_seen),
	KUNIT_CASE(publication_is_word_by_word),
	KUNIT_CASE(barriers),
	{}
};

static struct kunit_suite unreported_suite = {
	.name = "tkfi_unreported",
	.suite_init = unreported_suite_init,
	.suite_exit = unreported_suite_exit,
	.test_cases = unreported_cases,
};

/* That it would be noticed. */
static struct kunit_case engine_cases[] = {
	KUNIT_CASE(an_unreported_write_is_reported),
	KUNIT_CASE(an_unreported_read_is_reported),
	KUNIT_CASE(a_watcher_is_told_in_turn),
	KUNIT_CASE(what_is_unreported_in_a_branch_is_reported),
	KUNIT_CASE(an_exploration_keeps_looking),
	{}
};

static struct kunit_suite engine_suite = {
	.name = "tkfi_engine_unreported",
	.suite_init = unreported_suite_init,
	.suite_exit = unreported_suite_exit,
	.test_cases = engine_cases,
};

kunit_test_suites(&unreported_suite, &engine_suite);

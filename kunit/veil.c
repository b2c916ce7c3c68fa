// SPDX-License-Identifier: GPL-2.0
#include <kunit/test.h>
#include <linux/xxhash.h>

#include "cells.h"
#include "clock.h"
#include "strategies.h"
#include "strategy.h"
#include "veil.h"

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

static struct watched watched;
struct unseen_read unseen;

int veil_open(struct kunit_suite *suite)
{
	return harness_open_explorer(suite) ?:
	       tkfi_state_alloc(&watched.begin) ?:
	       tkfi_state_alloc(&watched.end) ?:
	       tkfi_state_alloc(&watched.open);
}

void veil_close(struct kunit_suite *suite)
{
	tkfi_state_free(&watched.open);
	tkfi_state_free(&watched.end);
	tkfi_state_free(&watched.begin);
	harness_close(suite);
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
	struct tkfi_engine *engine = harness.session.engine;
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

__printf(3, 4)
static void find(enum unseen_kind kind, unsigned long ip, const char *fmt, ...)
{
	va_list args;

	unseen.kind = kind;
	unseen.ip = ip;
	va_start(args, fmt);
	vsnprintf(unseen.text, sizeof(unseen.text), fmt, args);
	va_end(args);
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

	unseen = (struct unseen_read){};
	if (nr > MAX_ACCESSES)
		find(TOO_MANY_ACCESSES, 0, "%u accesses, room for %u", nr, MAX_ACCESSES);
	else if (watched.strayed < nr || watched.nr != nr)
		find(OTHER_ACCESS, watched.ip[min(watched.strayed, nr - 1)],
		     "something is read behind the hooks' back, before an access of");
	else if (results)
		find(OTHER_RESULT, 0,
		     "something is read behind the hooks' back: the result is another");
	else if (tkfi_state_differs(&watched.end, &name, &offset))
		find(OTHER_STATE, 0,
		     "something is read behind the hooks' back: %s+%zu is another",
		     name, offset);
}

static int parse_setup(struct kunit *test, const char *setup)
{
	struct tkfi_session *session = &harness.session;
	struct tkfi_engine *engine = session->engine;
	int ret = tkfi_plan_parse(session->setup, engine->error, sizeof(engine->error),
				  "cpu0: %s", setup);

	KUNIT_EXPECT_EQ_MSG(test, ret, 0, "%s: %s", setup, engine->error);
	return ret;
}

int watch_reads(struct kunit *test, const char *setup, const char *op,
		s64 (*run)(struct tkfi_op *))
{
	struct tkfi_session *session = &harness.session;
	unsigned long flags;
	int ret;

	ret = parse_setup(test, setup) ?: harness_parse(test, "cpu0: %s", op);
	if (ret)
		return ret;
	if (run)
		let_it_run(&harness.plan, run);
	local_irq_save(flags);
	tkfi_state_save(&session->own);
	tkfi_timekeeping_start();
	ret = tkfi_plan_run(session->setup, session->engine);
	if (!ret)
		run_veiled(&harness.plan, 0);
	tkfi_state_restore(&session->own);
	local_irq_restore(flags);
	return ret;
}

int watch_sampled_reads(struct kunit *test)
{
	struct tkfi_session *session = &harness.session;
	struct tkfi_run *run = tkfi_run_of(harness.explorer);
	unsigned long flags;
	int ret = 0;
	u64 seed;

	unseen = (struct unseen_read){};
	if (run->setup_text[0])
		ret = parse_setup(test, run->setup_text);
	if (ret)
		return ret;
	local_irq_save(flags);
	tkfi_state_save(&session->own);
	tkfi_timekeeping_start();
	if (run->setup_text[0])
		ret = tkfi_plan_run(session->setup, session->engine);
	session->engine->quiet = true;
	suppress_printk = true;
	for (seed = 1; seed <= SAMPLES && !ret && !unseen.kind; seed++) {
		run_veiled(&run->plan, seed);
		tkfi_state_restore(&watched.begin);
	}
	suppress_printk = false;
	session->engine->quiet = false;
	tkfi_state_restore(&session->own);
	local_irq_restore(flags);
	return ret;
}

int load_with(struct kunit *test, const char *text, s64 (*run)(struct tkfi_op *))
{
	const struct tkfi_scenario scenario = { "unreported", text };
	int ret = harness_load(test, &scenario);

	if (!ret)
		let_it_run(&tkfi_run_of(harness.explorer)->plan, run);
	return ret;
}

int explore_with(struct kunit *test, s64 (*run)(struct tkfi_op *))
{
	static const struct tkfi_explore_options options;

	return load_with(test,
			 "setup: wait 12ms; cpu0: read kernel ktime_get; cpu1: tick",
			 run) ?:
	       tkfi_explore(harness.explorer, &options);
}

// SPDX-License-Identifier: GPL-2.0
/* scratch */
#include <kunit/test.h>
#include "cells.h"
#include "clock.h"
#include "dpor.h"
#include "session.h"
#include "snapshot.h"
#include "stopwatch.h"

static struct tkfi_session session;
static struct tkfi_plan plan, setup;
static struct tkfi_state begin;
static char err[1024];
static u64 back;

static void add_cells(const char *name, void *addr, size_t size)
{
	if (tkfi_cells_add(addr, size))
		panic("cells %s", name);
}
static void add_range(const char *name, void *addr, size_t size)
{
	struct tkfi_engine *e = session.engine;
	e->ranges[e->nr_ranges++] = (struct tkfi_range){ addr, size };
}
static void mark(const unsigned int *word, bool latch)
{
	tkfi_cells_mark(word, latch ? TKFI_CELL_LATCH : TKFI_CELL_SEQUENCE);
}
static int start(void *arg)
{
	int i, j;
	tkfi_state_restore(&begin);
	tkfi_engine_reset(session.engine);
	for (i = 0; i < plan.nr_programs; i++) {
		plan.programs[i].nr_done = 0;
		for (j = 0; j < plan.programs[i].nr; j++)
			plan.programs[i].ops[j].done = false;
		tkfi_engine_add(session.engine, tkfi_program_body, &plan.programs[i]);
	}
	return 0;
}
static bool judge(void *arg, int ret)
{
	int i;
	for (i = 1; i < 3; i++)
		if (plan.programs[i].nr > 1 && plan.programs[i].ops[1].result < plan.programs[i].ops[0].result)
			back++;
	return true;
}
static void scratch(struct kunit *test)
{
	static const char * const texts[] = {
	"cpu0: tick; cpu1: read vdso MONOTONIC",
	"cpu0: adjtimex freq=-500ppm; cpu1: read vdso MONOTONIC",
	"cpu0: adjtimex freq=-500ppm; cpu1: read vdso MONOTONIC, read vdso MONOTONIC; cpu2: wait 10ms",
	"cpu0: adjtimex freq=-500ppm; cpu1: read kernel ktime_get, read kernel ktime_get; cpu2: wait 10ms",
	"cpu0: adjtimex freq=-500ppm; cpu1: read vdso MONOTONIC, read vdso MONOTONIC; cpu2: read kernel ktime_get, read kernel ktime_get; cpu3: wait 10ms",
	"cpu0: adjtimex freq=-500ppm; cpu1: read fast ktime_get_mono_fast_ns, read fast ktime_get_mono_fast_ns; cpu2: wait 10ms",
	"cpu0: adjtimex freq=-500ppm; cpu1: tick; cpu2: wait 10ms",
	"cpu0: adjtimex freq=-500ppm; cpu1: tick; cpu2: read vdso MONOTONIC, read vdso MONOTONIC; cpu3: wait 10ms",
	};
	struct tkfi_dpor *dpor;
	struct tkfi_dpor_stats st;
	struct tkfi_dpor_client client = { .start = start, .judge = judge, .limit = 200000 };
	unsigned long flags;
	int i, j, k, ret;

	KUNIT_ASSERT_EQ(test, tkfi_session_open(&session, NSEC_PER_SEC), 0);
	KUNIT_ASSERT_EQ(test, tkfi_state_alloc(&begin), 0);
	for (k = 0; k < ARRAY_SIZE(texts); k++) {
		u64 t0, t1;
		ret = tkfi_plan_parse(&plan, err, sizeof(err), "%s", texts[k]);
		KUNIT_ASSERT_EQ_MSG(test, ret, 0, "%s", err);
		session.engine->nr_ranges = 0;
		tkfi_cells_reset();
		tkfi_state_each(add_range);
		tkfi_state_each(add_cells);
		tkfi_timekeeping_sequences(mark);
		tkfi_vdso_sequences(mark);
		for (i = 0; i < plan.nr_programs; i++) {
			add_range("", &plan.programs[i].nr_done, sizeof(int));
			for (j = 0; j < plan.programs[i].nr; j++)
				add_range("", &plan.programs[i].ops[j].done, sizeof(struct tkfi_op) - offsetof(struct tkfi_op, done));
		}
		session.engine->quiet = true;
		dpor = tkfi_dpor_create(session.engine);
		KUNIT_ASSERT_NOT_NULL(test, dpor);
		KUNIT_ASSERT_EQ(test, tkfi_plan_parse(&setup, err, sizeof(err), "cpu0: wait 13ms, adjtimex freq=+500ppm, wait 13ms"), 0);
		local_irq_save(flags);
		tkfi_state_save(&session.own);
		tkfi_session_start_anew();
		ret = tkfi_plan_run(&setup, session.engine);
		tkfi_state_save(&begin);
		back = 0;
		if (!ret) {
			t0 = tkfi_tsc();
			ret = tkfi_dpor_explore(dpor, &client, &st);
			t1 = tkfi_tsc();
		}
		tkfi_state_restore(&session.own);
		local_irq_restore(flags);
		kunit_info(test, "%s\n  ret %d %s classes %llu redundant %llu deadlocks %llu steps %llu replayed %llu longest %u restarts %u %s, back %llu; %llu cycles/class, snapshot %zu\n",
			texts[k], ret, session.engine->error, st.classes, st.redundant, st.deadlocks, st.steps, st.replayed, st.longest, st.restarts, st.complete ? "COMPLETE" : "-", back, (t1 - t0) / (st.classes ?: 1), tkfi_snapshot_size(session.engine));
		tkfi_dpor_destroy(dpor);
	}
	tkfi_state_free(&begin);
	session.engine->nr_ranges = 0;
	tkfi_session_close(&session);
}
static struct kunit_case cases[] = { KUNIT_CASE(scratch), {} };
static struct kunit_suite suite = { .name = "tkfi_scratch", .test_cases = cases };
kunit_test_suite(suite);

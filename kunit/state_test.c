// SPDX-License-Identifier: GPL-2.0
/* What an execution changes is known, and undone to the byte. */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kallsyms.h>
#include <linux/vmalloc.h>
#include <asm/sections.h>

#include "clock.h"
#include "harness.h"
#include "hooks.h"

#include <tkfi-glue.h>

/* Every operation there is, with a reader and a delay in each update. */
static const char * const everything[] = {
	"cpu0: adjtimex freq=-500ppm; cpu1: read vdso MONOTONIC; at cpu0 advance.calculated off 10ms run cpu1",
	"cpu0: ntp freq=10%, wait 1s, tick; cpu1: read kernel ktime_get; at cpu0 publish.begin off 1s run cpu1",
	"cpu0: settimeofday 1400000000; cpu1: read fast ktime_get_mono_fast_ns; at cpu0 settime.calculated off 1ms run cpu1",
	"cpu0: inject -3ms; cpu1: read vdso gettimeofday; at cpu0 inject.calculated off 1ms run cpu1",
	"cpu0: wait 10min, tick; cpu1: tick; at cpu0 advance.sampled off 10min run cpu1",
	"cpu0: clocksource second, clocksource first; cpu1: read vdso MONOTONIC; at cpu0 clocksource.calculated off 1ms run cpu1",
	"cpu0: suspend, wait 10s, resume; cpu1: read fast ktime_get_mono_fast_ns; at cpu0 resume.locked off 1ms run cpu1",
	TKFI_AUX_ROWS("cpu0: aux enable, aux settime 1400000000, aux adjtimex freq=-500ppm, aux inject -1ms, clocksource second",
		      "cpu0: aux enable, aux tick; cpu1: read vdso AUX")
	"cpu0: jiffies, jiffies; cpu1: read kernel get_jiffies_64; at cpu0 advance.locked off 1ms run cpu1",
	"cpu0: sleeptime 10s; cpu1: read vdso BOOTTIME; at cpu0 sleeptime.calculated off 1ms run cpu1",
};

static char err[1024];

static int state_test_init(struct kunit *test)
{
	return harness_init(test) ?: harness_open(NULL);
}

static void state_test_exit(struct kunit *test)
{
	harness_trace("tkfi_engine_state", test, NULL);
	harness_close(NULL);
}

/*
 * One execution after which every operation has succeeded. Quiet, because a
 * failed expectation writes to the log, which is watched.
 */
static int run(const char *text)
{
	unsigned int i, j;
	int ret;

	ret = tkfi_plan_parse(&harness.plan, err, sizeof(err), "%s", text);
	if (ret)
		return ret;
	ret = tkfi_session_run(&harness.session, "wait 12ms", &harness.plan);
	if (ret) {
		strscpy(err, harness.session.engine->error, sizeof(err));
		return ret;
	}
	for (i = 0; i < harness.plan.nr_programs; i++) {
		for (j = 0; j < harness.plan.programs[i].nr; j++) {
			const struct tkfi_op *op = &harness.plan.programs[i].ops[j];

			if (op->done && op->result >= 0)
				continue;
			snprintf(err, sizeof(err), "%s: %lld", op->call,
				 op->result);
			return -EIO;
		}
	}
	return 0;
}

static int run_everything(void)
{
	int i, ret = 0;

	for (i = 0; i < ARRAY_SIZE(everything) && !ret; i++)
		ret = run(everything[i]);
	return ret;
}

static void every_byte_is_restored(struct kunit *test)
{
	struct tkfi_state before;
	const char *name = NULL;
	unsigned long flags;
	size_t offset = 0;
	bool differs;
	int ret;

	KUNIT_ASSERT_EQ(test, tkfi_state_alloc(&before), 0);
	local_irq_save(flags);
	tkfi_state_save(&before);
	ret = run_everything();
	differs = tkfi_state_differs(&before, &name, &offset);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ_MSG(test, ret, 0, "%s", err);
	KUNIT_EXPECT_FALSE_MSG(test, differs, "%s, byte %zu", name, offset);
	tkfi_state_free(&before);
}

/* The comparison itself sees a change. */
static void a_changed_byte_is_seen(struct kunit *test)
{
	struct tkfi_state state;
	const char *name = NULL;
	unsigned long flags;
	size_t offset = 0;
	bool differs;

	KUNIT_ASSERT_EQ(test, tkfi_state_alloc(&state), 0);
	local_irq_save(flags);
	tkfi_state_save(&state);
	tkfi_clock_advance(1ULL << 40);
	differs = tkfi_state_differs(&state, &name, &offset);
	tkfi_state_restore(&state);
	local_irq_restore(flags);
	KUNIT_EXPECT_TRUE(test, differs);
	KUNIT_EXPECT_STREQ(test, name, "tkfi_clock");
	KUNIT_EXPECT_EQ(test, offset, 5);
	tkfi_state_free(&state);
}

/*
 * All writable sections of the kernel, those of timekeeping.o, ntp.o and
 * vsyscall.o among them.
 */
static const struct {
	char *start, *end;
} sections[] = {
	{ _sdata, _edata },
	{ __bss_start, __bss_stop },
};

/* What was written outside the state; reported when interrupts are on again. */
static char strangers[8][KSYM_SYMBOL_LEN];

static bool is_inside(const void *addr, const void *object, size_t size)
{
	return addr >= object && addr < object + size;
}

/* Written by the engine and the suites themselves. */
static bool is_our_own(const char *symbol, const void *addr)
{
	return strstarts(symbol, "tkfi_") ||
	       is_inside(addr, &harness, sizeof(harness)) ||
	       is_inside(addr, err, sizeof(err)) ||
	       is_inside(addr, strangers, sizeof(strangers));
}

/*
 * Written by the host, whatever UML runs: its signals arrive on a stack of their own,
 * and are noted for later while interrupts are off; its dynamic linker notes where a
 * function is that is called for the first time.
 */
static bool is_the_hosts(const char *symbol)
{
	return !strcmp(symbol, "_GLOBAL_OFFSET_TABLE_") ||
	       !strcmp(symbol, "signals_pending") ||
	       !strcmp(symbol, "cpu0_irqstack") ||
	       !strcmp(symbol, "cpu_irqstacks");
}

static unsigned int find_strangers(char * const *copy)
{
	char symbol[KSYM_SYMBOL_LEN];
	unsigned int n = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(sections); i++) {
		char *p = sections[i].start, *q = copy[i];

		for (; p < sections[i].end; p++, q++) {
			if (*p == *q || tkfi_state_covers(p))
				continue;
			sprint_symbol_no_offset(symbol, (unsigned long)p);
			if (is_our_own(symbol, p) || is_the_hosts(symbol) ||
			    (n && !strcmp(symbol, strangers[n - 1])))
				continue;
			strscpy(strangers[n++], symbol, KSYM_SYMBOL_LEN);
			if (n == ARRAY_SIZE(strangers))
				return n;
		}
	}
	return n;
}

/* Ticks update the load average every 5 s: make that overdue. Returns when it was due. */
static unsigned long make_load_due(unsigned long *update)
{
	return xchg(update, INITIAL_JIFFIES - HZ);
}

static void nothing_else_is_written(struct kunit *test)
{
	unsigned long *load_update =
		(void *)kallsyms_lookup_name("calc_load_update");
	unsigned long load_was_due;
	char *copy[ARRAY_SIZE(sections)];
	unsigned int n = 0;
	unsigned long flags;
	int i, ret = 0;

	KUNIT_ASSERT_NOT_NULL(test, load_update);
	for (i = 0; i < ARRAY_SIZE(sections); i++) {
		copy[i] = vmalloc(sections[i].end - sections[i].start);
		KUNIT_EXPECT_NOT_NULL(test, copy[i]);
		if (!copy[i])
			return;
	}
	/* kallsyms is used once: let it be. The rest has not run yet in this boot. */
	KUNIT_EXPECT_EQ_MSG(test, run("cpu0: tick"), 0, "%s", err);

	local_irq_save(flags);
	load_was_due = make_load_due(load_update);
	for (i = 0; i < ARRAY_SIZE(sections); i++)
		memcpy(copy[i], sections[i].start,
		       sections[i].end - sections[i].start);
	/* One by one: the start of the next would hide what one leaves behind. */
	for (i = 0; i < ARRAY_SIZE(everything) && !ret && !n; i++) {
		ret = run(everything[i]);
		n = find_strangers(copy);
	}
	*load_update = load_was_due;
	local_irq_restore(flags);

	KUNIT_EXPECT_EQ_MSG(test, ret, 0, "%s", err);
	KUNIT_EXPECT_EQ(test, n, 0);
	while (n--)
		KUNIT_FAIL(test, "%s was written", strangers[n]);
	for (i = 0; i < ARRAY_SIZE(sections); i++)
		vfree(copy[i]);
}

/* As if this machine had slept before the session did. */
static void pretend_sleep(void)
{
	const struct tkfi_local * const *local;
	struct timespec64 *delta;

	for (local = __start_tkfi_locals; local < __stop_tkfi_locals; local++) {
		if (strcmp((*local)->name, "old_delta"))
			continue;
		/* Less than 2 s from what the first suspend will find. */
		delta = (*local)->addr;
		delta->tv_sec = TKFI_START_WALL - 5;
	}
}

static void the_start_is_the_same(struct kunit *test)
{
	static const char sleep[] = "cpu0: suspend, wait 10s, resume, read vdso REALTIME";
	const struct tkfi_op *read = &harness.plan.programs[0].ops[3];
	struct tkfi_state before;
	unsigned long flags;
	s64 first;
	int ret;

	KUNIT_ASSERT_EQ(test, tkfi_state_alloc(&before), 0);
	KUNIT_EXPECT_EQ_MSG(test, run(sleep), 0, "%s", err);
	first = read->result;
	local_irq_save(flags);
	tkfi_state_save(&before);
	pretend_sleep();
	ret = run(sleep);
	tkfi_state_restore(&before);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ_MSG(test, ret, 0, "%s", err);
	KUNIT_EXPECT_EQ(test, read->result, first);
	tkfi_state_free(&before);
}

static void timers_fire_afterwards(struct kunit *test)
{
	unsigned long before = jiffies;
	ktime_t start;

	KUNIT_ASSERT_EQ_MSG(test, run(everything[4]), 0, "%s", err);
	KUNIT_ASSERT_EQ(test, tkfi_clock_uninstall(), 0);
	KUNIT_EXPECT_PTR_NE(test, tkfi_timekeeper()->tkr_mono.clock,
			    (struct clocksource *)&tkfi_clocksource);
	start = ktime_get();
	msleep(50);
	KUNIT_EXPECT_TRUE(test, time_after(jiffies, before));
	KUNIT_EXPECT_GE(test, ktime_get() - start, 49 * NSEC_PER_MSEC);
}

static struct kunit_case state_cases[] = {
	KUNIT_CASE(nothing_else_is_written),
	KUNIT_CASE(every_byte_is_restored),
	KUNIT_CASE(a_changed_byte_is_seen),
	KUNIT_CASE(the_start_is_the_same),
	KUNIT_CASE(timers_fire_afterwards),
	{}
};

static struct kunit_suite state_suite = {
	.name = "tkfi_engine_state",
	.init = state_test_init,
	.exit = state_test_exit,
	.test_cases = state_cases,
};

kunit_test_suite(state_suite);

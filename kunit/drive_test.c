// SPDX-License-Identifier: GPL-2.0
/* The live kernel driven without VCPUs, by counters of all kinds. */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "clock.h"
#include "drive.h"
#include "operation.h"
#include "readers.h"
#include "session.h"

#include <tick-internal.h>

/**
 * struct counter - a clocksource
 * @hz:		its frequency
 * @bits:	width of its counter
 */
struct counter {
	u32 hz;
	unsigned int bits;
};

static const struct counter counters[] = {
	{ TKFI_MIN_HZ, 64 }, { TKFI_MIN_HZ, 24 }, { 3579545, 24 }, { 14318180, 32 },
	{ 24000000, 32 }, { 1000000000, 32 }, { 1000000000, 64 }, { 2893202000U, 32 },
	{ TKFI_MAX_HZ, 32 }, { TKFI_MAX_HZ, 64 },
};

static void counter_desc(const struct counter *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u Hz, %u bits", c->hz, c->bits);
}

KUNIT_ARRAY_PARAM(counter, counters, counter_desc);

/* A minute of ticks. That is three times around for most of the counters that wrap. */
#define TICKS	(60 * HZ)

/*
 * Undisciplined, all readers are on the line that mult and shift define: the counter goes
 * around without a trace.
 */
static void wraps(struct kunit *test)
{
	const struct counter *c = test->param_value;
	struct tkfi_drive drive;
	unsigned int wrong = 0, around = 0;
	u64 start, last, now, passed, i;
	s64 raw, expected;

	KUNIT_ASSERT_EQ(test, tkfi_drive_open(&drive, c->hz, c->bits), 0);
	tkfi_drive_enter(&drive);
	start = tkfi_clock_peek();
	last = tkfi_clocksource.read(&tkfi_clocksource);
	for (i = 1; i <= TICKS; i++) {
		passed = tkfi_drive_tick(i);
		tkfi_clock_set(start + passed);
		update_wall_time();
		raw = ktime_get_raw();
		expected = TKFI_START_MONO * NSEC_PER_SEC +
			   mul_u64_u32_shr(passed, tkfi_clocksource.mult,
					   tkfi_clocksource.shift);
		wrong += raw != expected ||
			 ktime_get() != tkfi_reader_find("vdso", "MONOTONIC")->read() ||
			 abs(ktime_get() - raw) > 1;
		now = tkfi_clocksource.read(&tkfi_clocksource);
		around += now < last;
		last = now;
	}
	tkfi_drive_leave(&drive);
	tkfi_drive_close(&drive);
	KUNIT_EXPECT_EQ(test, wrong, 0);
	/* It starts at 2^32, or 0. */
	KUNIT_EXPECT_EQ(test, around, c->bits == 64 ? 0 : 60ULL * c->hz >> c->bits);
}

/* What was before is back, to the byte, whatever was done; and the kernel goes on. */
static void leaves_no_trace(struct kunit *test)
{
	static const char * const done[] = {
		"adjtimex freq=+500ppm status=1 offset=100000", "inject -3ms", "suspend",
		"resume", "clocksource second", "clocksource first", "settimeofday 1361500000",
	};
	const struct clocksource *own = tkfi_timekeeper()->tkr_mono.clock;
	struct tkfi_state before;
	struct tkfi_drive drive;
	const char *failed = "nothing", *changed = "nothing";
	static struct tkfi_op op;
	static char err[256];
	unsigned long flags;
	time64_t seconds;
	unsigned int i;
	size_t offset;
	ktime_t from;

	KUNIT_ASSERT_EQ(test, tkfi_drive_open(&drive, NSEC_PER_SEC, 64), 0);
	KUNIT_ASSERT_EQ(test, tkfi_state_alloc(&before), 0);
	local_irq_save(flags);
	tkfi_state_save(&before);
	tkfi_drive_enter(&drive);
	for (i = 0; i < ARRAY_SIZE(done); i++) {
		char text[64];

		strscpy(text, done[i], sizeof(text));
		memset(&op, 0, sizeof(op));
		tkfi_clock_advance(NSEC_PER_SEC);
		if (tkfi_op_parse(&op, tkfi_operations, tkfi_nr_operations, text, err,
				  sizeof(err)) || op.type->run(&op) < 0)
			failed = done[i];
		update_wall_time();
	}
	seconds = ktime_get_real_seconds();
	tkfi_drive_leave(&drive);
	tkfi_state_differs(&before, &changed, &offset);
	local_irq_restore(flags);
	tkfi_state_free(&before);
	tkfi_drive_close(&drive);
	KUNIT_EXPECT_STREQ(test, failed, "nothing");
	KUNIT_EXPECT_EQ(test, seconds, 1361500000);
	KUNIT_EXPECT_STREQ(test, changed, "nothing");
	KUNIT_EXPECT_PTR_EQ(test, tkfi_timekeeper()->tkr_mono.clock, own);
	from = ktime_get();
	msleep(20);
	KUNIT_EXPECT_GE(test, ktime_get() - from, 19 * NSEC_PER_MSEC);
}

static void refused(struct kunit *test)
{
	struct tkfi_drive drive;

	/* Around within two ticks, or not a counter that there is. */
	KUNIT_EXPECT_EQ(test, tkfi_drive_open(&drive, (HZ << 23) - HZ, 24), 0);
	tkfi_drive_close(&drive);
	KUNIT_EXPECT_EQ(test, tkfi_drive_open(&drive, HZ << 23, 24), -ERANGE);
	KUNIT_EXPECT_EQ(test, tkfi_drive_open(&drive, TKFI_MIN_HZ, 23), -ERANGE);
	KUNIT_EXPECT_EQ(test, tkfi_drive_open(&drive, TKFI_MIN_HZ, 65), -ERANGE);
	KUNIT_EXPECT_EQ(test, tkfi_drive_open(&drive, TKFI_MIN_HZ - 1, 64), -ERANGE);
}

static struct kunit_case drive_cases[] = {
	KUNIT_CASE_PARAM(wraps, counter_gen_params),
	KUNIT_CASE(leaves_no_trace),
	KUNIT_CASE(refused),
	{}
};

static struct kunit_suite drive_suite = {
	.name = "tkfi_engine_drive",
	.test_cases = drive_cases,
};

kunit_test_suite(drive_suite);

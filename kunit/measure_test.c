// SPDX-License-Identifier: GPL-2.0
/* What is measured of simulations, fed with what is known. */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>

#include "clock.h"
#include "measure.h"
#include "session.h"
#include "simulation.h"

#define POINTS	300

static struct tkfi_moments *moments;
static struct tkfi_simulated *result;

static int measure_suite_init(struct kunit_suite *suite)
{
	moments = vzalloc(sizeof(*moments));
	result = vzalloc(sizeof(*result));
	return moments && result ? 0 : -ENOMEM;
}

static void measure_suite_exit(struct kunit_suite *suite)
{
	vfree(moments);
	vfree(result);
}

/* The farthest error above a line, or below it if @side is -1; of some points. */
static s64 farthest(const struct tkfi_corner *points, unsigned int nr, s64 slope, int side)
{
	s64 most = S64_MIN;
	unsigned int i;

	for (i = 0; i < nr; i++)
		most = max(most, side * (points[i].error - slope * points[i].time));
	return most;
}

/* Against all lines the farthest sample is one of the corners; and the sums are sums. */
static void corners(struct kunit *test)
{
	static struct tkfi_corner points[POINTS];
	struct rnd_state rnd;
	unsigned int round, i, wrong = 0;
	u64 ee = 0, te = 0, tt = 0;
	s64 slope, time = 0;

	prandom_seed_state(&rnd, 1);
	for (round = 0; round < 100; round++) {
		memset(moments, 0, sizeof(*moments));
		ee = 0;
		te = 0;
		tt = 0;
		time = 0;
		for (i = 0; i < POINTS; i++) {
			/* At times two at once. */
			time += prandom_u32_state(&rnd) % 4;
			points[i].time = time;
			points[i].error = (s64)(prandom_u32_state(&rnd) % 64) - 32;
			tkfi_moments_add(moments, time, points[i].error);
			ee += points[i].error * points[i].error;
			te += time * points[i].error;
			tt += time * time;
		}
		for (slope = -3; slope <= 3; slope++)
			wrong += farthest(points, POINTS, slope, 1) !=
				 farthest(moments->above.corners, moments->above.nr,
					  slope, 1) ||
				 farthest(points, POINTS, slope, -1) !=
				 farthest(moments->below.corners, moments->below.nr,
					  slope, -1);
		wrong += moments->nr != POINTS || moments->lost || moments->ee != ee ||
			 moments->te != (s64)te || moments->tt != tt;
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
	/* Far fewer than samples. */
	KUNIT_EXPECT_LT(test, moments->above.nr, 30);
}

/* What has no room in the sums is said to be lost. */
static void limits(struct kunit *test)
{
	memset(moments, 0, sizeof(*moments));
	tkfi_moments_add(moments, BIT_ULL(TKFI_TIME_BITS) - 1, TKFI_MAX_ERROR - 1);
	KUNIT_EXPECT_FALSE(test, moments->lost);
	tkfi_moments_add(moments, BIT_ULL(TKFI_TIME_BITS) - 1, TKFI_MAX_ERROR);
	KUNIT_EXPECT_TRUE(test, moments->lost);
	KUNIT_EXPECT_EQ(test, moments->nr, 1);
}

static void extents(struct kunit *test)
{
	struct tkfi_extent e = { };
	unsigned int i;

	KUNIT_EXPECT_EQ(test, tkfi_extent_rms(&e), 0);
	tkfi_extent_add(&e, -3);
	tkfi_extent_add(&e, 5);
	KUNIT_EXPECT_EQ(test, e.max, 5);
	/* The root of 17. */
	KUNIT_EXPECT_EQ(test, tkfi_extent_rms(&e), 4);
	e = (struct tkfi_extent){ };
	for (i = 0; i < 1000; i++)
		tkfi_extent_add(&e, i % 2 ? -(s64)TKFI_MAX_ERROR : TKFI_MAX_ERROR - 1);
	/* With what is cut off the root of more than 64 bits. */
	KUNIT_EXPECT_LE(test, tkfi_extent_rms(&e), TKFI_MAX_ERROR);
	KUNIT_EXPECT_GE(test, tkfi_extent_rms(&e), TKFI_MAX_ERROR - BIT(17));
}

/* Each so many-th value is left, and all of the first ones. */
static void series(struct kunit *test)
{
	struct tkfi_series *s = &result->series;
	unsigned int i, wrong = 0;

	memset(s, 0, sizeof(*s));
	s->stride = 1;
	for (i = 0; i < TKFI_SERIES; i++)
		tkfi_series_add(s, i);
	while (s->stride < 8)
		tkfi_series_add(s, s->nr * s->stride);
	for (i = 0; i < s->nr; i++)
		wrong += s->values[i] != i * s->stride;
	for (i = 0; i < s->nr_first; i++)
		wrong += s->first[i] != i;
	KUNIT_EXPECT_EQ(test, wrong, 0);
	KUNIT_EXPECT_EQ(test, s->nr_first, TKFI_SERIES);
}

static unsigned int reads;

/* 5 ns too much and 5 ns too little in turns, and 1000 ns every 127th time. */
static s64 read_wrong(void)
{
	const s64 ns = ktime_get();

	return ++reads % 127 ? ns + (reads / 2 % 2 ? 5 : -5) : ns + 1000;
}

/* As if the frequency were 3 ppm too much. */
static s64 read_fast(void)
{
	return ktime_get() + div_u64((tkfi_clock_peek() - TKFI_START_CYCLES) * 3, 1000000);
}

static const struct tkfi_reader wrong_reader = {
	TKFI_KERNEL, "wrong", "wrong()", CLOCK_MONOTONIC, TKFI_FINE, 1, false, read_wrong
};

static const struct tkfi_reader fast_reader = {
	TKFI_KERNEL, "fast", "fast()", CLOCK_MONOTONIC, TKFI_FINE, 1, false, read_fast
};

/*
 * Errors that are known come back. At 1 GHz, undisciplined, the kernel's own time is exact.
 * The runner has a look at the regression.
 */
static void known_errors(struct kunit *test)
{
	struct tkfi_settings s = {
		.hz = NSEC_PER_SEC, .bits = 64, .ticks = 1, .samples = 12800, .seed = 1,
		.reader = &wrong_reader,
	};
	u64 mean;

	reads = 0;
	KUNIT_ASSERT_EQ(test, tkfi_simulate(&s, result), 0);
	tkfi_simulation_report(0, result, 1, false);
	KUNIT_EXPECT_EQ(test, result->error.max, 1000ULL << TKFI_ERROR_SHIFT);
	KUNIT_EXPECT_EQ(test, result->offset.max, 1000ULL << TKFI_ERROR_SHIFT);
	/* The mean of 126 squares of 5 and one of 1000; the series reads, too. */
	mean = (tkfi_extent_rms(&result->error) * tkfi_extent_rms(&result->error)) >>
	       (2 * TKFI_ERROR_SHIFT);
	KUNIT_EXPECT_GE(test, mean, (126 * 25 + 1000000) / 127 * 98 / 100);
	KUNIT_EXPECT_LE(test, mean, (126 * 25 + 1000000) / 127 * 102 / 100);

	s.reader = &fast_reader;
	KUNIT_ASSERT_EQ(test, tkfi_simulate(&s, result), 0);
	tkfi_simulation_report(1, result, 1, false);
	/* 3 us a second. */
	KUNIT_EXPECT_GE(test, result->error.max >> TKFI_ERROR_SHIFT,
			3000ULL * (s.samples - 2) / HZ);
	KUNIT_EXPECT_LE(test, result->error.max >> TKFI_ERROR_SHIFT,
			3000ULL * (s.samples + 2) / HZ);

	/* An oscillator's error is not the kernel's. */
	s.reader = tkfi_reader_find("kernel", "ktime_get");
	s.error_ppb = 3000;
	KUNIT_ASSERT_EQ(test, tkfi_simulate(&s, result), 0);
	KUNIT_EXPECT_EQ(test, result->error.max, 0);
	KUNIT_EXPECT_GE(test, result->offset.max >> TKFI_ERROR_SHIFT,
			3000ULL * (s.samples - 2) / HZ);
	KUNIT_EXPECT_LE(test, result->offset.max >> TKFI_ERROR_SHIFT,
			3000ULL * (s.samples + 2) / HZ);
}

static void refused(struct kunit *test)
{
	static const struct tkfi_settings fine = {
		.hz = NSEC_PER_SEC, .bits = 64, .ticks = 1, .samples = 4,
	};
	struct tkfi_settings s;

#define REFUSED(member, value)						\
do {									\
	s = fine;							\
	s.reader = tkfi_reader_find("kernel", "ktime_get");		\
	s.member = value;						\
	KUNIT_EXPECT_EQ(test, tkfi_simulate(&s, result), -ERANGE);	\
	KUNIT_EXPECT_TRUE(test, result->err[0]);			\
} while (0)
	REFUSED(samples, 3);
	REFUSED(samples, TKFI_MAX_SAMPLES + 1);
	REFUSED(ticks, 0);
	REFUSED(late_ns, TICK_NSEC);
	REFUSED(offset_ppb, 500001);
	REFUSED(hz, 999999);
	REFUSED(bits, 23);
}

static struct kunit_case measure_cases[] = {
	KUNIT_CASE(corners),
	KUNIT_CASE(limits),
	KUNIT_CASE(extents),
	KUNIT_CASE(series),
	KUNIT_CASE(known_errors),
	KUNIT_CASE(refused),
	{}
};

static struct kunit_suite measure_suite = {
	.name = "tkfi_engine_measure",
	.suite_init = measure_suite_init,
	.suite_exit = measure_suite_exit,
	.test_cases = measure_cases,
};

kunit_test_suite(measure_suite);

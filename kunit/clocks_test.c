// SPDX-License-Identifier: GPL-2.0
/*
 * Scenarios by other clocks than one of 1 GHz, whose cycles are not nanoseconds and whose
 * counters wrap around.
 */
#include <kunit/test.h>
#include <linux/string.h>

#include "clock.h"
#include "given.h"
#include "glue.h"
#include "harness.h"
#include "known.h"
#include "subject.h"

static char err[1024];

static void passed(struct kunit *test)
{
	struct tk_read_base tkr = { .mask = CLOCKSOURCE_MASK(24) };

	KUNIT_EXPECT_EQ(test, tkfi_clock_passed(&tkr, 5, 9), 4);
	KUNIT_EXPECT_EQ(test, tkfi_clock_passed(&tkr, 9, 5), -4);
	KUNIT_EXPECT_EQ(test, tkfi_clock_passed(&tkr, 0xfffffe, 1), 3);
	KUNIT_EXPECT_EQ(test, tkfi_clock_passed(&tkr, 1, 0xfffffe), -3);
	tkr.mask = CLOCKSOURCE_MASK(64);
	KUNIT_EXPECT_EQ(test, tkfi_clock_passed(&tkr, U64_MAX, 1), 2);
	KUNIT_EXPECT_EQ(test, tkfi_clock_passed(&tkr, 1, U64_MAX), -2);
}

static int open(struct kunit *test, const char *clock)
{
	KUNIT_ASSERT_EQ(test, tkfi_subject_choose_clock(clock), 0);
	return harness_open_explorer(NULL);
}

static void clocks_exit(struct kunit *test)
{
	if (harness.explorer)
		harness_close(NULL);
	tkfi_subject_choose_clock(tkfi_clocks[0].name);
}

/* A scenario that names a clock is explored by that one. */
static void named(struct kunit *test)
{
	static const struct tkfi_scenario s = { "given", "clock: tsc; cpu0: tick" };
	static const struct tkfi_scenario without = { "given", " cpu0: tick" };
	unsigned int i;

	KUNIT_EXPECT_EQ(test, tkfi_subject_choose_clock("sundial"), -ENOENT);
	for (i = 0; i < TKFI_NR_CLOCKS; i++) {
		const bool is_tsc = !strcmp(tkfi_clocks[i].name, "tsc");

		KUNIT_ASSERT_EQ(test, open(test, tkfi_clocks[i].name), 0);
		KUNIT_EXPECT_EQ(test, tkfi_clock_hz, tkfi_clocks[i].hz);
		KUNIT_EXPECT_EQ(test, tkfi_clocksource.mask,
				CLOCKSOURCE_MASK(tkfi_clocks[i].bits));
		KUNIT_EXPECT_EQ(test, tkfi_given_load(harness.explorer, &s, err, sizeof(err)),
				is_tsc ? 0 : -EINVAL);
		KUNIT_EXPECT_EQ(test,
				tkfi_given_load(harness.explorer, &without, err, sizeof(err)),
				0);
		harness_close(NULL);
	}
}

/* How many violations of a cause a shipped scenario shows by a clock; @known: of these. */
static unsigned int shown(struct kunit *test, const char *scenario, const char *clock,
			  enum tkfi_known cause, unsigned int *known)
{
	static const struct tkfi_explore_options dpor;
	unsigned int nr = 0, i;

	*known = 0;
	KUNIT_ASSERT_EQ(test, open(test, clock), 0);
	KUNIT_ASSERT_EQ(test, harness_load_named(test, scenario), 0);
	KUNIT_ASSERT_EQ(test, tkfi_explore(harness.explorer, &dpor), 0);
	for (i = 0; i < harness.explorer->nr_violations; i++) {
		const struct tkfi_finding *f = &harness.explorer->violations[i].finding;

		nr += f->cause == &tkfi_causes[cause];
		*known += f->cause == &tkfi_causes[cause] && f->is_known;
	}
	harness_close(NULL);
	return nr;
}

/* The race is what its cause predicts, also where the counter wraps around. */
static void raced(struct kunit *test)
{
	unsigned int i, known;

	if (!tkfi_known_is_here(&tkfi_causes[TKFI_COVER_LETTER]))
		kunit_skip(test, "this variant does not have the race");
	for (i = 0; i < TKFI_NR_CLOCKS; i++) {
		KUNIT_EXPECT_EQ_MSG(test,
				    shown(test, "falls-vdso", tkfi_clocks[i].name,
					  TKFI_COVER_LETTER, &known),
				    1, "%s", tkfi_clocks[i].name);
		KUNIT_EXPECT_EQ_MSG(test, known, 1, "%s", tkfi_clocks[i].name);
	}
}

/* What a cycle of 1 ns hides. */
static void hidden(struct kunit *test)
{
	static const struct {
		const char *scenario;
		enum tkfi_known cause;
	} kinds[] = {
		{ "resume-monotonic-fast", TKFI_LOCAL_CLOCK },
		{ "new-clocksource-settimeofday", TKFI_SET_WHOLE_NS },
	};
	unsigned int i, known;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		/* That variant has readers wait, but NMI-safe ones. */
		const bool is_here = tkfi_known_is_here(&tkfi_causes[kinds[i].cause]) &&
				     (kinds[i].cause != TKFI_SET_WHOLE_NS ||
				      tkfi_variant() != TKFI_FIXED);

		KUNIT_EXPECT_EQ_MSG(test,
				    shown(test, kinds[i].scenario, "1ghz", kinds[i].cause, &known),
				    0, "%s", kinds[i].scenario);
		KUNIT_EXPECT_EQ_MSG(test,
				    shown(test, kinds[i].scenario, "tsc", kinds[i].cause,
					  &known) > 0,
				    is_here, "%s", kinds[i].scenario);
		KUNIT_EXPECT_EQ_MSG(test, known > 0, is_here, "%s", kinds[i].scenario);
	}
}

static struct kunit_case clocks_cases[] = {
	KUNIT_CASE(passed),
	KUNIT_CASE(named),
	KUNIT_CASE(raced),
	KUNIT_CASE(hidden),
	{}
};

static struct kunit_suite clocks_suite = {
	.name = "tkfi_engine_clocks",
	.exit = clocks_exit,
	.test_cases = clocks_cases,
};

kunit_test_suite(clocks_suite);

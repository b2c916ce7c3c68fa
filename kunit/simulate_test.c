// SPDX-License-Identifier: GPL-2.0
/*
 * How accurate the kernel's time is over thousands of updates: bounds that unmodified
 * kernels hold; and the simulations that a parameter asks for.
 */
#include <kunit/test.h>
#include <linux/jiffies.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "clock.h"
#include "simulation.h"

/* Of NTP's error nothing is unknown, but what is cut off below 2^-8 ns. */
#define NOTHING		1

/*
 * Where NTP's slews are apart from its ticks, mult has the slew until the second is over, though
 * all of it may be delivered before: up to 500 ppm of a second. ntp_error knows; but if mult
 * is exact the clock stays that far ahead.
 */
#ifdef TKFI_HAS_SKEW_DELTA
#define SLEW_NS		500000
#else
#define SLEW_NS		0
#endif

/**
 * struct bounds - a simulation and what it must keep to
 * @name:	name
 * @settings:	what is simulated; the rest is the same for all
 * @script:	lines of a script, ends with NULL
 * @unknown:	the most of NTP's error that ntp_error does not know of, 2^-8 ns
 * @forgets:	how often the kernel forgets ntp_error: when it resumes, or changes the
 *		clocksource. Each time as much as a unit of mult makes can be lost
 * @slew_ns:	the most that a slew is overdone
 * @offset_ns:	the most that the clock is off in the second half if a servo steers it, ns
 * @leaps:	CLOCK_REALTIME goes back by a second
 */
struct bounds {
	const char *name;
	struct tkfi_settings settings;
	const char *script[8];
	u64 unknown;
	unsigned int forgets;
	u64 slew_ns;
	u64 offset_ns;
	bool leaps;
};

static const struct bounds bounds[] = {
	{ "ticks", { .ticks = 1, .offset_ppb = 100010 }, .unknown = NOTHING },
	{ "NO_HZ 500", { .ticks = 500, .offset_ppb = 100010 }, .unknown = NOTHING },
	{ "NO_HZ 500 fixed", { .ticks = 500, .fixed = true, .offset_ppb = -123456 },
	  .unknown = NOTHING },
	{ "late", { .ticks = 50, .offset_ppb = 499999, .late_ns = 500000 },
	  .unknown = NOTHING },
	{ "1 MHz", { .hz = 1000000, .ticks = 10, .offset_ppb = 100010 },
	  .unknown = NOTHING },
	{ "3.58 MHz 24 bits", { .hz = 3579545, .bits = 24, .ticks = 10, .offset_ppb = 1010 },
	  .unknown = NOTHING },
	{ "4 GHz 32 bits", { .hz = TKFI_MAX_HZ, .bits = 32, .ticks = 10,
			     .offset_ppb = -100010 },
	  .unknown = NOTHING },
	{ "frequency steps", { .ticks = 20 },
	  { "10s adjtimex freq=+100ppm", "20.001s adjtimex freq=-321.123ppm",
	    "33.3333s adjtimex tick=10005 freq=+1ppb" },
	  .unknown = NOTHING },
	/* What is slewed apart from the ticks is rounded: 1 ns. */
	{ "PLL", { .ticks = 20 },
	  { "1s adjtimex offset=1000000 status=1 constant=2",
	    "30s adjtimex offset=-300000 status=1 constant=2" },
	  .unknown = 1 << TKFI_ERROR_SHIFT, .slew_ns = SLEW_NS },
	{ "singleshot", { .ticks = 20 },
	  { "1s adjtimex singleshot=3000", "60s adjtimex singleshot=-100" },
	  .unknown = 1 << TKFI_ERROR_SHIFT, .slew_ns = SLEW_NS },
	{ "suspend", { .ticks = 20, .offset_ppb = 100010 },
	  { "20s suspend 10min", "40.0055s suspend 3s" }, .forgets = 2 },
	{ "clocksources", { .ticks = 20, .offset_ppb = 100010 },
	  { "20s clocksource second", "40.0055s clocksource first" },
	  .forgets = 2 },
	{ "leap second", { .ticks = 10 * HZ, .fixed = true },
	  { "1s adjtimex status=17", "86401s adjtimex status=1" }, .unknown = NOTHING,
	  .leaps = true },
	/* It measures within 50 ns, and corrects by 0.7 ppb for each of them. */
	{ "servo", { .ticks = 1 }, { "0s error +20ppm", "0s servo 128 noise=50" },
	  .unknown = NOTHING, .offset_ns = 100 },
};

static struct tkfi_simulated *result;
static struct tkfi_script script;

static int simulate_suite_init(struct kunit_suite *suite)
{
	result = vzalloc(sizeof(*result));
	return result ? 0 : -ENOMEM;
}

static void simulate_suite_exit(struct kunit_suite *suite)
{
	vfree(result);
}

static void bounds_desc(const struct bounds *b, char *desc)
{
	strscpy(desc, b->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(bounds, bounds, bounds_desc);

static int next_line(void *arg, char *line, size_t size)
{
	const char * const **next = arg;

	if (!**next)
		return 0;
	return strscpy(line, *(*next)++, size) < 0 ? -EINVAL : 1;
}

/*
 * mult is a whole number: time is ahead or behind by what a unit of it makes in the longest
 * time between updates, and by what is cut off: 1 ns when it is read, and a part of one in
 * each conversion.
 */
static u64 unit_ns(const struct tkfi_settings *s)
{
	u64 longest = tkfi_clocksource.max_idle_ns, ticks = s->ticks;

	ticks = min(ticks, max_t(u64, 1, div64_u64(longest, TICK_NSEC))) + 1;
	return (mul_u64_u32_div(ticks, s->hz, HZ) >> tkfi_clocksource.shift) + 2;
}

static void accurate(struct kunit *test)
{
	const struct bounds *b = test->param_value;
	struct tkfi_settings s = b->settings;
	const char * const *next = b->script;
	unsigned int i, back = 0;
	u64 unit;

	s.hz = s.hz ?: NSEC_PER_SEC;
	s.bits = s.bits ?: 64;
	s.samples = 10000;
	s.look = 16;
	s.jitter_ns = 20000;
	s.seed = 1;
	s.reader = tkfi_reader_find("vdso", "MONOTONIC");
	script = (struct tkfi_script){ .next_line = next_line, .arg = &next };
	s.script = &script;
	KUNIT_ASSERT_EQ_MSG(test, tkfi_simulate(&s, result), 0, "%s%s", result->err,
			    script.err);
	for (i = 0; i < tkfi_nr_readers; i++)
		back += result->steps[i].nr;
	unit = unit_ns(&s);
	kunit_info(test, "error max %llu, rms %llu of 2^-8 ns; a unit of mult %llu ns; unknown %llu of 2^-8 ns; offset %llu ns; steps back %u",
		   result->error.max, tkfi_extent_rms(&result->error), unit,
		   result->unknown.max, result->offset.max >> TKFI_ERROR_SHIFT, back);
	KUNIT_EXPECT_FALSE(test, result->script_left);
	KUNIT_EXPECT_LE(test, result->unknown.max,
			b->unknown + (b->forgets * unit << TKFI_ERROR_SHIFT));
	KUNIT_EXPECT_LE(test, result->error.max,
			(((1 + b->forgets) * unit + b->slew_ns) << TKFI_ERROR_SHIFT) +
			b->unknown);
	if (result->is_steered)
		KUNIT_EXPECT_LE(test, result->offset.max >> TKFI_ERROR_SHIFT, b->offset_ns);
	KUNIT_EXPECT_GT(test, result->looks, 0);
	KUNIT_EXPECT_LE(test, result->ahead, 0);
	if (b->leaps)
		KUNIT_EXPECT_GT(test, back, 0);
	else
		KUNIT_EXPECT_EQ(test, back, 0);
}

/* What the parameter asks for. */
static void asked(struct kunit *test)
{
	if (!tkfi_simulations_asked())
		kunit_skip(test, "no parameter asks for any");
	KUNIT_EXPECT_EQ(test, tkfi_simulations(), 0);
}

static struct kunit_case simulate_cases[] = {
	KUNIT_CASE_PARAM(accurate, bounds_gen_params),
	KUNIT_CASE(asked),
	{}
};

static struct kunit_suite simulate_suite = {
	.name = "tkfi_simulate",
	.suite_init = simulate_suite_init,
	.suite_exit = simulate_suite_exit,
	.test_cases = simulate_cases,
};

kunit_test_suite(simulate_suite);

// SPDX-License-Identifier: GPL-2.0
/* The updaters: what they are for, and the points on their way. */
#include <kunit/test.h>

#include "operation.h"
#include "clock.h"
#include "harness.h"
#include "lines.h"

#include <tkfi-glue.h>

/**
 * struct road - the points on the way of an updater
 * @update:	operation
 * @setup:	before
 * @name:	its points are @name.locked, @name.sampled, ...
 * @samples:	it reads the clock under points of its own name
 * @leaves:	the calls out of the subject that are not made, in order
 */
struct road {
	const char *update;
	const char *setup;
	const char *name;
	bool samples;
	const char *leaves;
};

static void updaters_test_exit(struct kunit *test)
{
	const struct road *road = test->param_value;

	harness_trace("tkfi_updaters", test, road ? road->update : NULL);
}

/* What the other updaters are for: the wall clock moves, MONOTONIC does not. */
static void wall_clock(struct kunit *test)
{
	static const char mono[] = "read kernel ktime_get, read vdso MONOTONIC";
	static const char wall[] = "read kernel ktime_get_real, read vdso REALTIME";
	const struct tkfi_op *before = harness.plan.programs[0].ops;
	const struct tkfi_op *after = harness.plan.programs[2].ops;
	int i;

	if (harness_run(test, "wait 12ms, tick",
			"cpu0: %s, %s; cpu1: inject -3ms; cpu2: %s, %s",
			mono, wall, mono, wall))
		return;
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ_MSG(test, after[i].result - before[i].result,
				    i < 2 ? 0 : -3 * NSEC_PER_MSEC, "%s",
				    after[i].call);

	if (harness_run(test, "wait 12ms, tick",
			"cpu0: %s, %s; cpu1: settimeofday 1400000000; cpu2: %s, %s",
			mono, wall, mono, wall))
		return;
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ_MSG(test, after[i].result,
				    i < 2 ? before[i].result :
					    1400000000 * NSEC_PER_SEC, "%s",
				    after[i].call);
}

/* "vdso MONOTONIC" */
static const char *reader_name(const struct tkfi_reader *reader)
{
	static char name[48];

	snprintf(name, sizeof(name), "%s %s",
		 tkfi_family_names[reader->family], reader->clock);
	return name;
}

/*
 * One reader around an operation: before, right after it, and @later. The base
 * of the line is where time stands, so that coarse readers see what all see.
 */
static int read_around(struct kunit *test, const struct tkfi_reader *reader,
		       const char *update, const char *later)
{
	const char *name = reader_name(reader);

	return harness_run(test, "wait 12345us, inject 0ns",
			   "cpu0: read %s; cpu1: %s; cpu2: read %s, wait %s, read %s",
			   name, update, name, later, name);
}

static unsigned int warnings(void)
{
	const struct tkfi_trace *trace = &harness.session.engine->trace;
	unsigned int i, nr = 0;

	for (i = 0; i < tkfi_trace_stored(trace); i++)
		nr += trace->entries[i].kind == TKFI_ENTRY_WARN;
	return nr;
}

static const char * const clocksource_changes[] = {
	"clocksource second", "clocksource second, clocksource first",
};

/* A change of the clocksource moves no clock, and the new rate is right. */
static void clocksource_change(struct kunit *test)
{
	const struct tkfi_op *before = harness.plan.programs[0].ops;
	const struct tkfi_op *after = harness.plan.programs[2].ops;
	const struct clocksource * const expected[] = {
		&tkfi_second_clocksource, &tkfi_clocksource,
	};
	const struct clocksource *clock;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(clocksource_changes); i++) {
		for (j = 0; j < tkfi_nr_readers; j++) {
			const struct tkfi_reader *r = &tkfi_readers[j];
			s64 off;

			if (read_around(test, r, clocksource_changes[i], "1s"))
				return;
			clock = harness.session.outcome.after.tkr_mono.clock;
			KUNIT_EXPECT_PTR_EQ(test, clock, expected[i]);
			KUNIT_EXPECT_EQ_MSG(test, after[0].result,
					    before[0].result, "%s", r->call);
			if (r->kind == TKFI_COARSE)
				continue;
			/* One unit, and what the multiplier is rounded by. */
			off = abs(after[2].result - after[0].result -
				  NSEC_PER_SEC);
			KUNIT_EXPECT_LE_MSG(test, off, r->unit + 1, "%s",
					    r->call);
		}
	}
}

/**
 * struct clocksource_point - a point on the way of a clocksource change
 * @name:	its name
 * @sampled:	the old clocksource was read, and readers may not know yet
 * @old:	readers who do not wait see the old line
 */
struct clocksource_point {
	const char *name;
	bool sampled;
	bool old;
};

static const struct clocksource_point clocksource_points[] = {
	{ "clocksource.locked", false, true },
	{ "publish.begin", false, true },
	{ "vsyscall.begin", false, true },
	{ "clocksource.sampled", true, true },
	{ "clocksource.calculated", true, true },
	{ "vsyscall.end", false, false },
	{ "publish.end", false, false },
	{ "clocksource.unlocked", false, false },
};

/* Whether a reader can see the old rate after the new one's clock was read. */
static bool sees_old_rate(const struct tkfi_reader *reader)
{
	switch (tkfi_variant()) {
	case TKFI_FIXED:
		return false;
	case TKFI_PRE_SERIES:
		return reader->family == TKFI_VDSO;
	default:
		return reader->family == TKFI_VDSO ||
		       !TKFI_WRITERS_HOLD_READERS;
	}
}

/* CLOCK_MONOTONIC by a line, in ns. */
static s64 line_time(const struct tkfi_line *line, u64 counter)
{
	return line->sec * NSEC_PER_SEC +
	       (s64)((line->nsec + (counter - line->cycle_last) * line->mult) >>
		     line->shift);
}

/* How far the new line is ahead of the old one at a cycle, in ns. */
static s64 line_jump(u64 cycle)
{
	u64 counter = tkfi_clock_counter(&tkfi_second_clocksource, cycle);

	return line_time(&harness.session.outcome.line_after, counter) -
	       line_time(&harness.session.outcome.line_before, cycle);
}

static void expect_line_jump(struct kunit *test, const struct tkfi_reader *r,
			     const struct clocksource_point *point)
{
	const struct tkfi_op *reads = harness.plan.programs[1].ops;
	s64 jump = reads[1].result - reads[0].result, predicted = 0;

	if (point->sampled)
		KUNIT_EXPECT_EQ_MSG(test, !reads[0].blocked, sees_old_rate(r),
				    "%s at %s", r->call, point->name);
	if (point->old && !reads[0].blocked)
		predicted = line_jump(tkfi_results(&reads[0])->cycle);
	KUNIT_EXPECT_LE_MSG(test, abs(jump - predicted),
			    predicted ? r->unit : 0,
			    "%s at %s: %lld ns, predicted %lld ns", r->call,
			    point->name, jump, predicted);
	if (!sees_old_rate(r))
		KUNIT_EXPECT_EQ_MSG(test, predicted, 0, "%s at %s", r->call,
				    point->name);
	else if (!strcmp(point->name, "clocksource.sampled"))
		KUNIT_EXPECT_LT_MSG(test, predicted, -19 * NSEC_PER_MSEC, "%s",
				    r->call);
	else if (!strcmp(point->name, "clocksource.calculated"))
		KUNIT_EXPECT_LT_MSG(test, abs(abs(predicted) - 10000), 30, "%s",
				    r->call);
}

/*
 * A change of the clocksource changes the rate as an update does. Between the last
 * read of the old counter and the first of the new one time stands: what passes
 * there is lost. On a real machine stop_machine() keeps everybody but NMIs from
 * reading meanwhile.
 */
static void clocksource_change_delayed(struct kunit *test)
{
	static const char * const setups[] = {
		"wait 2ms, adjtimex freq=+500ppm, wait 3ms",
		"wait 2ms, adjtimex freq=-500ppm, wait 3ms",
	};
	unsigned int i, j, k;

	for (i = 0; i < ARRAY_SIZE(setups); i++) {
		for (j = 0; j < tkfi_nr_readers; j++) {
			const struct tkfi_reader *r = &tkfi_readers[j];
			const char *name = reader_name(r);

			if (r->kind != TKFI_FINE || r->family == TKFI_FAST)
				continue;
			for (k = 0; k < ARRAY_SIZE(clocksource_points); k++) {
				if (harness_run(test, setups[i],
						"cpu0: clocksource second; cpu1: read %s, read %s; at cpu0 %s off 20ms run cpu1",
						name, name, clocksource_points[k].name))
					return;
				expect_line_jump(test, r, &clocksource_points[k]);
			}
		}
	}
}

/* Clocks that count from 1970, or from boot, go on while the machine sleeps. */
static bool counts_sleep(const struct tkfi_reader *reader, s64 value)
{
	return value >= TKFI_START_WALL * NSEC_PER_SEC ||
	       strstr(reader->clock, "boot") || strstr(reader->clock, "BOOT");
}

/* Slept for 10 s: to the ns, by the persistent clock or as an RTC driver says. */
static void sleep_time(struct kunit *test)
{
	static const char * const sleeps[] = {
		"suspend, wait 10s, resume",
		"sleeptime 10s",
		/* The static old_delta compensates nothing: no time was lost. */
		"suspend, wait 4s, resume, suspend, wait 6s, resume",
	};
	const struct tkfi_op *before = harness.plan.programs[0].ops;
	const struct tkfi_op *after = harness.plan.programs[2].ops;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(sleeps); i++) {
		for (j = 0; j < tkfi_nr_readers; j++) {
			const struct tkfi_reader *r = &tkfi_readers[j];
			s64 slept;

			if (read_around(test, r, sleeps[i], "0ns"))
				return;
			slept = after[0].result - before[0].result;
			KUNIT_EXPECT_EQ_MSG(test, slept,
					    counts_sleep(r, before[0].result) ?
					    10 * NSEC_PER_SEC : 0, "%s: %s",
					    sleeps[i], r->call);
			KUNIT_EXPECT_EQ(test, warnings(), 0);
		}
	}
}

/**
 * struct sleep_delay - what a delay does to the wall clock
 * @point:	where
 * @gain:	how often the wall clock gains the delay: after the sleep it is
 *		in, and after the next one; for each of delayed_sleeps[]
 */
struct sleep_delay {
	const char *point;
	s8 gain[3][2];
};

/*
 * The persistent clock is read before the lock is taken, the clocksource under it:
 * what passes in between is counted twice, or not at all. Each suspend takes less
 * than 2 s of that back, but the first one knows no better.
 */
static const struct sleep_delay sleep_delays[] = {
	{ "suspend.locked",	{ { 1, 1 }, { 0, 0 }, { 1, 1 } } },
	{ "suspend.sampled",	{ { 0, 0 }, { 0, 0 }, { 0, 0 } } },
	{ "suspend.calculated",	{ { 0, 0 }, { 0, 0 }, { 0, 0 } } },
	{ "suspend.unlocked",	{ { 0, 0 }, { 0, 0 }, { 0, 0 } } },
	{ "resume.locked",	{ { -1, 0 }, { -1, 0 }, { -1, -1 } } },
	{ "resume.sampled",	{ { 0, 0 }, { 0, 0 }, { 0, 0 } } },
	{ "resume.calculated",	{ { 0, 0 }, { 0, 0 }, { 0, 0 } } },
	{ "resume.unlocked",	{ { 0, 0 }, { 0, 0 }, { 0, 0 } } },
};

static const struct {
	const char *setup;
	unsigned int ms;
} delayed_sleeps[] = {
	{ "wait 12ms", 20 },
	{ "wait 12ms, suspend, wait 1s, resume", 20 },
	{ "wait 12ms, suspend, wait 1s, resume", 3000 },
};

/* How far the wall clock is off after a delayed sleep, and after another one. */
static void sleep_time_delayed(struct kunit *test)
{
	static const char sleep[] = "suspend, wait 10s, resume";
	static const char reader[] = "vdso REALTIME";
	const struct tkfi_op *before = harness.plan.programs[0].ops;
	const struct tkfi_op *once = harness.plan.programs[1].ops;
	const struct tkfi_op *twice = harness.plan.programs[2].ops;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(sleep_delays); i++) {
		const struct sleep_delay *d = &sleep_delays[i];

		for (j = 0; j < ARRAY_SIZE(delayed_sleeps); j++) {
			unsigned int ms = delayed_sleeps[j].ms;

			if (harness_run(test, delayed_sleeps[j].setup,
					"cpu0: read %s, %s; cpu1: read %s; cpu2: %s, read %s; at cpu0 %s off %ums",
					reader, sleep, reader, sleep, reader, d->point,
					ms))
				return;
			KUNIT_EXPECT_EQ_MSG(test,
					    once[0].result - before[0].result,
					    (10000LL + ms + d->gain[j][0] * (int)ms) *
					    NSEC_PER_MSEC, "%s, %u ms, once",
					    d->point, ms);
			KUNIT_EXPECT_EQ_MSG(test,
					    twice[3].result - before[0].result,
					    (20000LL + ms + d->gain[j][1] * (int)ms) *
					    NSEC_PER_MSEC, "%s, %u ms, twice",
					    d->point, ms);
		}
	}
}

/* MONOTONIC stands from the one sample to the other. */
static void monotonic_delayed(struct kunit *test)
{
	static const struct {
		const char *point;
		bool awake;
	} delays[] = {
		{ "suspend.locked", true },
		{ "suspend.sampled", false },
		{ "suspend.calculated", false },
		{ "suspend.unlocked", false },
		{ "resume.locked", false },
		{ "resume.sampled", true },
		{ "resume.calculated", true },
		{ "resume.unlocked", true },
	};
	const struct tkfi_op *before = harness.plan.programs[0].ops;
	const struct tkfi_op *after = harness.plan.programs[1].ops;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(delays); i++) {
		for (j = 0; j < tkfi_nr_readers; j++) {
			const struct tkfi_reader *r = &tkfi_readers[j];
			const char *name = reader_name(r);

			if (strcmp(r->clock, "MONOTONIC") &&
			    strcmp(r->clock, "ktime_get") &&
			    strcmp(r->clock, "ktime_get_raw") &&
			    strcmp(r->clock, "ktime_get_mono_fast_ns"))
				continue;
			if (harness_run(test, "wait 12ms",
					"cpu0: read %s, suspend, wait 10s, resume; cpu1: read %s; at cpu0 %s off 20ms",
					name, name, delays[i].point))
				return;
			KUNIT_EXPECT_EQ_MSG(test,
					    after[0].result - before[0].result,
					    delays[i].awake ?
					    20 * NSEC_PER_MSEC : 0, "%s at %s",
					    r->call, delays[i].point);
		}
	}
}

/* While suspended NMI-safe readers stand still; the kernel's others must not read. */
static void suspended(struct kunit *test)
{
	const struct tkfi_op *before = harness.plan.programs[0].ops;
	const struct tkfi_op *after = harness.plan.programs[2].ops;
	unsigned int i;

	for (i = 0; i < tkfi_nr_readers; i++) {
		const struct tkfi_reader *r = &tkfi_readers[i];

		if (read_around(test, r, "suspend", "1s"))
			return;
		if (r->family == TKFI_FAST) {
			KUNIT_EXPECT_EQ_MSG(test, after[0].result,
					    before[0].result, "%s", r->call);
			KUNIT_EXPECT_EQ_MSG(test, after[2].result,
					    before[0].result, "%s", r->call);
			KUNIT_EXPECT_EQ(test, warnings(), 0);
		} else if (r->family == TKFI_KERNEL) {
			KUNIT_EXPECT_EQ_MSG(test, warnings(), warns(r) ? 2 : 0,
					    "%s", r->call);
		}
	}
}

static const struct road roads[] = {
	{ "tick", "wait 12ms", "advance", true, "" },
	{ "jiffies", "wait 12ms", "advance", true,
	  "calc_global_load update_process_times profile_tick " },
	{ "settimeofday 1400000000", "wait 12ms", "settime", true,
	  "clock_was_set add_device_randomness " },
	{ "inject -3ms", "wait 12ms", "inject", true, TKFI_INJECT_LEAVES },
	{ "adjtimex freq=1ppm", "wait 12ms", "adjtimex", false,
	  "add_device_randomness add_device_randomness ntp_notify_cmos_timer " },
	{ "clocksource second", "wait 12ms", "clocksource", true,
	  "tick_clock_notify " },
	{ "suspend", "wait 12ms", "suspend", true,
	  "tick_suspend clocksource_suspend clockevents_suspend " },
	{ "resume", "wait 12ms, suspend, wait 10s", "resume", true,
	  "clockevents_resume clocksource_resume touch_softlockup_watchdog tick_resume timerfd_resume ",
	},
	{ "sleeptime 10s", "wait 12ms", "sleeptime", true, "clock_was_set " },
	TKFI_AUX_ROWS({ "aux tick", "aux enable, wait 12ms", "advance", true, "" },
		      { "aux settime 1400000000", "aux enable, wait 12ms", "settime", true, "" },
		      { "aux inject -3ms", "aux enable, wait 12ms", "inject", true,
			"add_device_randomness add_device_randomness " },
		      { "aux adjtimex freq=1ppm", "aux enable, wait 12ms", "adjtimex", false,
			"add_device_randomness add_device_randomness " })
};

static void road_desc(const struct road *road, char *desc)
{
	strscpy(desc, road->update, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(road, roads, road_desc);

/* Where in the trace a point is reached, from 1; 0 if it is not. */
static unsigned int reached(const char *name, const char *step)
{
	const struct tkfi_trace *trace = &harness.session.engine->trace;
	char point[32];
	unsigned int i, at = 0;

	snprintf(point, sizeof(point), "%s.%s", name, step);
	for (i = 0; i < tkfi_trace_stored(trace); i++)
		if (trace->entries[i].kind == TKFI_ENTRY_POINT &&
		    !strcmp(trace->entries[i].what, point))
			at = i + 1;
	return at;
}

/* The calls out of the subject, each followed by a space. */
static const char *leaves(void)
{
	const struct tkfi_trace *trace = &harness.session.engine->trace;
	static char text[256];
	unsigned int i, len = 0;

	text[0] = '\0';
	for (i = 0; i < tkfi_trace_stored(trace); i++)
		if (trace->entries[i].kind == TKFI_ENTRY_LEAVE)
			len += scnprintf(text + len, sizeof(text) - len, "%s ",
					 trace->entries[i].what);
	return text;
}

/* All points are there, in the order that their names promise. */
static void points_in_order(struct kunit *test)
{
	const struct road *road = test->param_value;
	const char *n = road->name;

	if (harness_run(test, road->setup, "cpu0: %s", road->update))
		return;
	KUNIT_EXPECT_STREQ(test, leaves(), road->leaves);
	KUNIT_EXPECT_GT(test, reached(n, "locked"), 0);
	if (road->samples)
		KUNIT_EXPECT_GT(test, reached(n, "sampled"),
				reached(n, "locked"));
	KUNIT_EXPECT_GT(test, reached(n, "calculated"),
			reached(n, road->samples ? "sampled" : "locked"));
	KUNIT_EXPECT_GT(test, reached("vsyscall", "begin"),
			reached("publish", "begin"));
	KUNIT_EXPECT_GT(test, reached("publish", "begin"), 0);
	KUNIT_EXPECT_GT(test, reached("vsyscall", "end"),
			reached("vsyscall", "begin"));
	KUNIT_EXPECT_GT(test, reached("vsyscall", "end"),
			reached(n, "calculated"));
	KUNIT_EXPECT_GT(test, reached("publish", "end"),
			reached("vsyscall", "end"));
	/* Offsets come by adjtimex, and where it keeps the lock it drops it. */
	KUNIT_EXPECT_GT(test, reached(n, "unlocked") ?:
			reached("adjtimex", "unlocked"),
			reached(n, "calculated"));
}

static struct kunit_case updaters_cases[] = {
	KUNIT_CASE(wall_clock),
	KUNIT_CASE(clocksource_change),
	KUNIT_CASE(clocksource_change_delayed),
	KUNIT_CASE(sleep_time),
	KUNIT_CASE(sleep_time_delayed),
	KUNIT_CASE(monotonic_delayed),
	KUNIT_CASE(suspended),
	KUNIT_CASE_PARAM(points_in_order, road_gen_params),
	{}
};

static struct kunit_suite updaters_suite = {
	.name = "tkfi_updaters",
	.suite_init = harness_open,
	.suite_exit = harness_close,
	.init = harness_init_at_points,
	.exit = updaters_test_exit,
	.test_cases = updaters_cases,
};

kunit_test_suite(updaters_suite);

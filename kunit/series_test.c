// SPDX-License-Identifier: GPL-2.0
/*
 * The invariants that the series of 2013 established, S1 to S8, at every
 * injection point of every updater. What a variant must show instead, because it
 * is from before the series, is stated beside it.
 */
#include <kunit/test.h>
#include <linux/xxhash.h>

#include "clock.h"
#include "lines.h"
#include "series.h"
#include "updaters.h"

static void updater_desc(const struct updater *updater, char *desc)
{
	strscpy(desc, updater->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(updater, updaters, updater_desc);

static struct looks way, looks;

static int series_test_init(struct kunit *test)
{
	const struct updater *updater = test->param_value;

	harness_init_at_points(test);
	harness.session.aux = updater && updater->aux;
	return 0;
}

int series_run(struct kunit *test, const char *setup, const char *fmt, ...)
{
	va_list args;
	int ret;

	va_start(args, fmt);
	ret = harness_vparse(test, fmt, args);
	va_end(args);
	ret = ret ?: looks_execute(test, &looks, setup);
	if (!ret)
		KUNIT_EXPECT_GE_MSG(test, harness.plan.programs[0].ops[0].result, 0, "%s",
				    harness.text);
	return ret;
}

static void shows(struct kunit *test)
{
	series_shows(test);
}

/* The stops on the updater's way, into way. */
static int find_way(struct kunit *test, const struct updater *u)
{
	int ret = series_run(test, u->setup, "cpu0: %s", u->update);

	way = looks;
	return ret;
}

/* At a stop: the condition of the timekeeper that the updater changes. */
static const struct condition *own(const struct look *stop)
{
	return &stop->of[harness.session.aux ? TKFI_AUX : TKFI_CORE];
}

static bool is_pre_series(void)
{
	return tkfi_variant() == TKFI_PRE_SERIES;
}

static u64 hash_of(const struct timekeeper *tk)
{
	struct timekeeper copy = *tk;

	/* An address differs from build to build. */
	copy.tkr_mono.clock = NULL;
	copy.tkr_raw.clock = NULL;
	return xxh64(&copy, sizeof(copy), 0);
}

static bool ends_as(const struct timekeeper *tk)
{
	return !memcmp(tk, &harness.session.outcome.after, sizeof(*tk));
}

/* S1: many intervals at once are as many one by one, to the bit. */
static void s1_accumulation(struct kunit *test)
{
	static const char four[] =
		"wait 10ms, tick, wait 10ms, tick, wait 10ms, tick, wait 10ms, tick";
	struct timekeeper *once;

	once = kunit_kmalloc(test, sizeof(*once), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, once);
	KUNIT_ASSERT_EQ(test, series_run(test, NULL, "cpu0: wait 80ms, tick"), 0);
	*once = harness.session.outcome.after;
	KUNIT_ASSERT_EQ(test, series_run(test, four, "cpu0: %s", four), 0);
	KUNIT_EXPECT_TRUE(test, ends_as(once));
	KUNIT_EXPECT_EQ(test, once->tkr_mono.cycle_last,
			TKFI_START_CYCLES + 80000000);
}

/*
 * S1: whatever the updater: it accumulates at once what three ticks before it
 * accumulate one by one. Not if it comes to a rate that is about to change: the
 * first of the ticks takes that, and the others go by the new one.
 */
static void s1_updaters(struct kunit *test)
{
	const struct updater *u = test->param_value;
	const bool rate_is_due = strstr(u->setup, "ntp freq=");
	struct timekeeper *once;

	once = kunit_kmalloc(test, sizeof(*once), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, once);
	KUNIT_ASSERT_EQ(test, series_run(test, u->setup, "cpu0: wait 40ms, %s, tick",
					 u->update), 0);
	*once = harness.session.outcome.after;
	KUNIT_ASSERT_EQ(test, series_run(test, u->setup,
					 "cpu0: wait 10ms, tick, wait 10ms, tick, wait 20ms, %s, tick",
					 u->update), 0);
	KUNIT_EXPECT_EQ(test, ends_as(once), !rate_is_due);
}

/**
 * struct gap - where an updater reads two counters one after the other
 * @update:	how its operation begins
 * @from:	the first point between; NULL: from its beginning
 * @to:		the first point after
 */
struct gap {
	const char *update, *from, *to;
};

/*
 * The old clocksource and the new one; the persistent clock, before the lock is
 * taken, and the clocksource.
 */
static const struct gap gaps[] = {
	{ "clocksource", "clocksource.sampled", "clocksource.calculated" },
	{ "resume", NULL, "resume.sampled" },
};

/* What passes at this stop on the way is in neither counter. */
static bool is_in_gap(const struct updater *u, unsigned int nr)
{
	bool between = false;
	unsigned int g, i;

	/* Auxiliary clocks lose their CPU after all that. */
	for (g = 0; g < ARRAY_SIZE(gaps) && !u->aux && !between; g++) {
		if (!strstarts(u->update, gaps[g].update))
			continue;
		between = !gaps[g].from;
		for (i = 0; i <= nr; i++) {
			if (gaps[g].from && !strcmp(way.stops[i].at, gaps[g].from))
				between = true;
			if (!strcmp(way.stops[i].at, gaps[g].to))
				between = false;
		}
	}
	return between;
}

/*
 * S1: what the host takes away from an updater, at any point, passed before it or
 * after it: it accumulates the same, to the bit. Where old and new line meet at
 * publication, what passed between goes by the old rate too; NTP asked for the new
 * one, and the ticks of it are in what it is owed. And what passes between the reads
 * of two counters is lost: time is as if nothing had passed, and goes on by what the
 * second one said.
 */
static void s1_delayed(struct kunit *test)
{
	const struct updater *u = test->param_value;
	struct timekeeper *before, *after, *met, *lost;
	unsigned int i;

	before = kunit_kmalloc(test, sizeof(*before), GFP_KERNEL);
	after = kunit_kmalloc(test, sizeof(*after), GFP_KERNEL);
	met = kunit_kmalloc(test, sizeof(*met), GFP_KERNEL);
	lost = kunit_kmalloc(test, sizeof(*lost), GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, before && after && met && lost);
	KUNIT_ASSERT_EQ(test, series_run(test, u->setup, "cpu0: wait 30ms, %s, tick",
					 u->update), 0);
	*before = harness.session.outcome.after;
	*met = *before;
	met->ntp_error += 3 * (s64)(before->ntp_tick -
				    harness.session.outcome.before.ntp_tick);
	KUNIT_ASSERT_EQ(test, series_run(test, u->setup, "cpu0: %s, wait 30ms, tick",
					 u->update), 0);
	*after = harness.session.outcome.after;
	if (find_way(test, u))
		return;
	*lost = harness.session.outcome.after;
	lost->tkr_mono.cycle_last = before->tkr_mono.cycle_last;
	lost->tkr_raw.cycle_last = before->tkr_raw.cycle_last;
	for (i = 0; i < way.nr; i++) {
		if (series_run(test, u->setup, "cpu0: %s, tick; at cpu0 %s#%u off 30ms",
			       u->update, way.stops[i].at, way.stops[i].hit))
			return;
		if (is_in_gap(u, i))
			KUNIT_EXPECT_TRUE_MSG(test, ends_as(lost), "at %s",
					      way.stops[i].at);
		else
			KUNIT_EXPECT_TRUE_MSG(test, ends_as(before) ||
					      ends_as(after) ||
					      (tkfi_variant() == TKFI_FIXED &&
					       ends_as(met)), "at %s",
					      way.stops[i].at);
	}
}

/* S2: jiffies are not the timekeeper's: nobody waits for them, or moves them. */
static void s2_jiffies(struct kunit *test)
{
	const struct updater *u = test->param_value;

	if (harness_run(test, u->setup, "cpu0: %s", u->update))
		return;
	KUNIT_EXPECT_EQ(test, harness.session.outcome.ticks, 0);
}

/* S3: a timekeeper is plain data: put back, it goes on as it did. */
static void s3_plain_data(struct kunit *test)
{
	const struct updater *u = test->param_value;
	u64 first;

	KUNIT_ASSERT_EQ(test, series_run(test, u->setup, "cpu0: %s", u->update), 0);
	first = hash_of(&harness.session.outcome.after);
	/* The session puts back a byte copy each time. */
	KUNIT_ASSERT_EQ(test, series_run(test, u->setup, "cpu0: %s", u->update), 0);
	KUNIT_EXPECT_EQ(test, first, hash_of(&harness.session.outcome.after));
}

/* S4: a section nests in the lock; the sequence is even when the lock is free. */
static void s4_lock(struct kunit *test)
{
	const struct updater *u = test->param_value;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, series_run(test, u->setup, "cpu0: %s", u->update), 0);
	KUNIT_EXPECT_GT(test, looks.nr, 0);
	for (i = 0; i < looks.nr; i++) {
		const struct look *stop = &looks.stops[i];

		KUNIT_EXPECT_LE_MSG(test, own(stop)->kernel_odd, own(stop)->inside,
				    "%s", stop->at);
		KUNIT_EXPECT_EQ_MSG(test, stop->locks,
				    !strstr(stop->at, ".unlocked"), "%s",
				    stop->at);
	}
	KUNIT_EXPECT_EQ(test, harness.session.outcome.sequence_after % 2, 0);
	/* No warning on the way, as there is none in the log. */
	for (i = 0; i < tkfi_trace_stored(&harness.session.engine->trace); i++)
		KUNIT_EXPECT_NE_MSG(test, harness.session.engine->trace.entries[i].kind,
				    TKFI_ENTRY_WARN, "%s",
				    harness.session.engine->trace.entries[i].what);
}

/* S4: while one updater is inside, wherever it stops, another one waits. */
static void s4_exclusion(struct kunit *test)
{
	const struct updater *u = test->param_value;
	unsigned int i, j;

	if (find_way(test, u))
		return;
	for (i = 0; i < way.nr; i++) {
		for (j = 0; j < 2; j++) {
			const struct tkfi_op *other = harness.plan.programs[1].ops;
			const struct condition *c = own(&looks.stops[i]);

			if (series_run(test, u->setup,
				       "cpu0: %s; cpu1: %s; at cpu0 %s#%u off 1ms run cpu1",
				       u->update,
				       j ? u->aux ? "aux adjtimex freq=500ppm" :
						    "adjtimex freq=500ppm" :
					   u->aux ? "aux tick" : "tick",
				       way.stops[i].at, way.stops[i].hit))
				return;
			KUNIT_EXPECT_EQ_MSG(test, !!other->blocked,
					    own(&way.stops[i])->inside, "%s at %s",
					    other->call, way.stops[i].at);
			/* adjtimex reads the time before it takes the lock. */
			if (other->blocked)
				KUNIT_EXPECT_TRUE_MSG(test,
						      strstarts(other->blocked,
								"timekeeper_lock") ||
						      (j && c->kernel_odd),
						      "%s at %s waited for %s",
						      other->call, way.stops[i].at,
						      other->blocked);
			KUNIT_EXPECT_TRUE(test, harness.session.outcome.mirrored);
		}
	}
}

/* S5: both copies of cycle_last agree whenever the sequence is even. */
static void s5_cycle_last(struct kunit *test)
{
	const struct updater *u = test->param_value;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, series_run(test, u->setup, "cpu0: %s", u->update), 0);
	for (i = 0; i < looks.nr; i++) {
		const struct condition *c = own(&looks.stops[i]);

		if (!c->kernel_odd)
			KUNIT_EXPECT_EQ_MSG(test, c->real.tkr_mono.cycle_last,
					    c->real.tkr_raw.cycle_last, "%s",
					    looks.stops[i].at);
	}
	KUNIT_EXPECT_EQ(test, harness.session.outcome.after.tkr_mono.cycle_last,
			harness.session.outcome.after.tkr_raw.cycle_last);
}

/**
 * struct calculation - where an updater changes the real timekeeper
 * @update:	how its operation begins, for auxiliary clocks its name; "" for every
 *		other writer
 * @in_place:	it calculates there and not in the shadow, by variant
 * @first:	the first point at which a change is to be seen then; NULL: one
 *		before publish.copy
 * @again:	cycle_last moves twice then, and this is the first point after
 *		that; NULL if once
 */
struct calculation {
	const char *update;
	bool in_place[TKFI_NR_VARIANTS];
	const char *first, *again;
};

static const struct calculation calculations[] = {
	/*			post,  pre,  fixed */
	{ "tick",		{ false, true, false }, "advance.calculated" },
	{ "adjtimex freq=",	{ false, true, false }, "advance.calculated" },
	{ "adjtimex tai=",	TKFI_IN_PLACE,		"vsyscall.begin" },
	{ "settimeofday",	TKFI_IN_PLACE,		"settime.sampled" },
	{ "inject",		TKFI_IN_PLACE,		"inject.sampled" },
	/* First by the old counter, then by the new one. */
	{ "clocksource",	TKFI_IN_PLACE,		"clocksource.sampled",
	  "clocksource.calculated" },
	{ "suspend",		TKFI_IN_PLACE,		"suspend.sampled" },
	{ "resume",		TKFI_IN_PLACE,		"resume.calculated" },
	{ "sleeptime",		TKFI_IN_PLACE,		"sleeptime.sampled" },
	{ "aux tick",		{ false, true, false }, "advance.calculated" },
	{ "aux frequency",	{ false, true, false }, "advance.calculated" },
	{ "aux settime",	TKFI_IN_PLACE,		"settime.sampled" },
	{ "aux inject",		TKFI_IN_PLACE,		"inject.sampled" },
	{ "aux clocksource",	TKFI_IN_PLACE,		"vsyscall.begin" },
	{ "",			TKFI_IN_PLACE,		NULL },
};

static const struct calculation *calculation_of(const struct updater *u)
{
	const char *last = strrchr(u->update, ',');
	const char *update = u->aux ? u->name : last ? last + 2 : u->update;
	const struct calculation *c = calculations;

	while (!strstarts(update, c->update))
		c++;
	return c;
}

/* The first stop at which readers' timekeeper is another one; looks.nr if none. */
static unsigned int first_change(const struct timekeeper *before)
{
	unsigned int i;

	for (i = 0; i < looks.nr; i++)
		if (memcmp(&own(&looks.stops[i])->real, before, sizeof(*before)))
			break;
	return i;
}

/* The first stop at a point with the timekeeper's lock held; looks.nr if none. */
static unsigned int first_stop_at(const char *at)
{
	unsigned int i;

	for (i = 0; i < looks.nr; i++)
		if (own(&looks.stops[i])->inside && !strcmp(looks.stops[i].at, at))
			break;
	return i;
}

/*
 * Where the real timekeeper may differ from before for the first time, a stop. A
 * point of the table that is not on the way is an error of the table's.
 */
static unsigned int must_change_at(struct kunit *test, const struct updater *u)
{
	const struct calculation *c = calculation_of(u);
	unsigned int i;

	if (!c->in_place[tkfi_variant()])
		i = first_stop_at("publish.end");
	else if (c->first)
		i = first_stop_at(c->first);
	else
		return first_change(&harness.session.outcome.before);
	KUNIT_EXPECT_LT_MSG(test, i, looks.nr, "%s", u->name);
	return i;
}

/* Where it moves again, a stop; looks.nr if it does not. */
static unsigned int moves_again_at(const struct updater *u)
{
	const struct calculation *c = calculation_of(u);

	return c->again && c->in_place[tkfi_variant()] ?
	       first_stop_at(c->again) : looks.nr;
}

/*
 * S6: readers' cycle_last stays from the lock to the publication, and moves once;
 * where there is no shadow, once too, but while they wait. Only from one clocksource
 * to another it moves twice: to the last value of the old counter first.
 */
static void s6_cycle_last_constant(struct kunit *test)
{
	const struct updater *u = test->param_value;
	const struct tkfi_outcome *o = &harness.session.outcome;
	unsigned int i, moves, again;

	KUNIT_ASSERT_EQ(test, series_run(test, u->setup, "cpu0: %s", u->update), 0);
	again = moves_again_at(u);
	if (o->before.tkr_mono.cycle_last == o->after.tkr_mono.cycle_last)
		moves = looks.nr;
	else
		moves = must_change_at(test, u);
	for (i = 0; i < looks.nr; i++) {
		u64 expected = o->after.tkr_mono.cycle_last;

		if (i < moves)
			expected = o->before.tkr_mono.cycle_last;
		else if (again < looks.nr && i < again)
			expected = tkfi_clock_counter(o->before.tkr_mono.clock,
						      o->start);
		KUNIT_EXPECT_EQ_MSG(test,
				    own(&looks.stops[i])->real.tkr_mono.cycle_last,
				    expected, "%s", looks.stops[i].at);
	}
	if (moves < looks.nr && strcmp(looks.stops[moves].at, "publish.end"))
		KUNIT_EXPECT_TRUE_MSG(test, own(&looks.stops[moves])->kernel_odd,
				      "%s", looks.stops[moves].at);
}

/* S7: readers who do not wait see the old timekeeper or the new one. */
static void s7_shadow(struct kunit *test)
{
	const struct updater *u = test->param_value;
	bool published = false;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, series_run(test, u->setup, "cpu0: %s", u->update), 0);
	for (i = 0; i < looks.nr; i++) {
		const struct look *stop = &looks.stops[i];

		published |= own(stop)->kernel_odd;
		if (!own(stop)->kernel_odd && !published)
			KUNIT_EXPECT_TRUE_MSG(test,
					      !memcmp(&own(stop)->real,
						      &harness.session.outcome.before,
						      sizeof(own(stop)->real)),
					      "%s", stop->at);
		if (!stop->locks)
			KUNIT_EXPECT_TRUE_MSG(test, own(stop)->mirrored, "%s",
					      stop->at);
	}
	KUNIT_EXPECT_TRUE(test, harness.session.outcome.mirrored);
}

/* S7: nor is the real timekeeper a place to calculate in, where there is a shadow. */
static void s7_calculation(struct kunit *test)
{
	const struct updater *u = test->param_value;
	const struct timekeeper *before = &harness.session.outcome.before;
	unsigned int first;

	KUNIT_ASSERT_EQ(test, series_run(test, u->setup, "cpu0: %s", u->update), 0);
	first = first_change(before);
	if (!memcmp(before, &harness.session.outcome.after, sizeof(*before)))
		KUNIT_EXPECT_EQ(test, first, looks.nr);
	else
		KUNIT_EXPECT_EQ_MSG(test, first, must_change_at(test, u),
				    "at %s", looks.stops[first].at);
}

/* S8: an operation's exact number of sections. */
static void s8_sections(struct kunit *test)
{
	const struct updater *u = test->param_value;

	KUNIT_ASSERT_EQ(test, series_run(test, u->setup, "cpu0: %s", u->update), 0);
	KUNIT_EXPECT_EQ(test,
			harness.session.outcome.sequence_after -
			harness.session.outcome.sequence,
			2 * u->sections[tkfi_variant()]);
}

/* S8: the sequence is even during the calculation. */
static void s8_calculation(struct kunit *test)
{
	const struct updater *u = test->param_value;
	unsigned int i, nr = 0;

	KUNIT_ASSERT_EQ(test, series_run(test, u->setup, "cpu0: %s", u->update), 0);
	for (i = 0; i < looks.nr; i++) {
		if (!strstarts(looks.stops[i].at, "advance.") ||
		    !strcmp(looks.stops[i].at, "advance.unlocked"))
			continue;
		nr++;
		KUNIT_EXPECT_EQ_MSG(test, own(&looks.stops[i])->kernel_odd, is_pre_series(), "%s",
				    looks.stops[i].at);
	}
	if (!strcmp(u->update, "tick"))
		KUNIT_EXPECT_GT(test, nr, 0);
	else if (!nr)
		kunit_skip(test, "it calculates elsewhere");
}

/* The leap seconds among the updaters do happen. */
static void leap_seconds(struct kunit *test)
{
	unsigned int i, seen = 0;

	for (i = 0; i < ARRAY_SIZE(updaters); i++) {
		const struct updater *u = &updaters[i];
		const struct tkfi_outcome *o = &harness.session.outcome;

		if (!strstarts(u->name, "leap second"))
			continue;
		if (series_run(test, u->setup, "cpu0: %s", u->update))
			return;
		KUNIT_EXPECT_EQ(test,
				o->after.wall_to_monotonic.tv_sec -
				o->before.wall_to_monotonic.tv_sec,
				strstr(u->name, "inserted") ? 1 : -1);
		seen++;
	}
	KUNIT_EXPECT_EQ(test, seen, 2);
}

static struct kunit_case series_cases[] = {
	KUNIT_CASE(s1_accumulation),
	KUNIT_CASE_PARAM(s1_updaters, updater_gen_params),
	KUNIT_CASE_PARAM(s1_delayed, updater_gen_params),
	KUNIT_CASE_PARAM(s2_jiffies, updater_gen_params),
	KUNIT_CASE_PARAM(s3_plain_data, updater_gen_params),
	KUNIT_CASE_PARAM(s4_lock, updater_gen_params),
	KUNIT_CASE_PARAM(s4_exclusion, updater_gen_params),
	KUNIT_CASE_PARAM(s5_cycle_last, updater_gen_params),
	KUNIT_CASE_PARAM(s6_cycle_last_constant, updater_gen_params),
	KUNIT_CASE_PARAM(s7_shadow, updater_gen_params),
	KUNIT_CASE_PARAM(s7_calculation, updater_gen_params),
	KUNIT_CASE_PARAM(s8_sections, updater_gen_params),
	KUNIT_CASE_PARAM(s8_calculation, updater_gen_params),
	KUNIT_CASE(leap_seconds),
	KUNIT_CASE(shows),
	{}
};

static struct kunit_suite series_suite = {
	.name = "tkfi_series",
	.suite_init = harness_open,
	.suite_exit = harness_close,
	.init = series_test_init,
	.test_cases = series_cases,
};

kunit_test_suite(series_suite);

// SPDX-License-Identifier: GPL-2.0
/*
 * The invariants that the series of 2013 established, S1 to S8, at every
 * injection point of every updater. What a variant must show instead, because it
 * is from before the series, is stated beside it.
 */
#include <kunit/test.h>
#include <linux/xxhash.h>

#include "clock.h"
#include "series.h"
#include "updaters.h"

static void updater_desc(const struct updater *updater, char *desc)
{
	strscpy(desc, updater->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(updater, updaters, updater_desc);

/**
 * struct stop - what the probe saw when a VCPU stopped
 * @vcpu:	which
 * @at:		the point
 * @odd:	the kernel readers' sequence was odd
 * @locks:	how many locks the VCPU held
 * @inside:	the timekeeper's was one of them
 * @same_cycle_last: the real timekeeper's two copies agreed
 * @mirrored:	shadow and real were equal
 * @real:	the real timekeeper
 */
struct stop {
	unsigned int vcpu;
	const char *at;
	bool odd;
	unsigned int locks;
	bool inside;
	bool same_cycle_last;
	bool mirrored;
	struct timekeeper real;
};

#define MAX_STOPS	64

static struct stop stops[MAX_STOPS];
static unsigned int nr_stops;

static struct tkfi_session session;
static struct tkfi_plan plan;
static char err[1024];

static void look(const struct tkfi_vcpu *vcpu, void *arg)
{
	const struct tkfi_timekeepers keepers = tkfi_session_timekeepers(&session);
	const struct timekeeper *real = keepers.real;
	struct stop *stop = &stops[min(nr_stops++, MAX_STOPS - 1U)];

	stop->vcpu = vcpu->id;
	stop->at = vcpu->at;
	stop->odd = *keepers.sequence & 1;
	stop->locks = tkfi_locks_held(vcpu);
	stop->inside = tkfi_lock_held(vcpu, keepers.lock);
	stop->same_cycle_last = real->tkr_mono.cycle_last ==
				real->tkr_raw.cycle_last;
	stop->mirrored = !memcmp(real, keepers.shadow, sizeof(*real));
	stop->real = *real;
}

static int series_suite_init(struct kunit_suite *suite)
{
	return tkfi_session_open(&session, NSEC_PER_SEC);
}

static void series_suite_exit(struct kunit_suite *suite)
{
	tkfi_session_close(&session);
}

static int series_test_init(struct kunit *test)
{
	const struct updater *updater = test->param_value;

	session.aux = updater && updater->aux;
	memset(&plan, 0, sizeof(plan));
	return 0;
}

__printf(5, 6)
int series_run(struct kunit *test, struct tkfi_session *session,
	       struct tkfi_plan *plan, const char *setup, const char *fmt, ...)
{
	char text[384];
	va_list args;
	int ret;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	ret = tkfi_plan_parse(plan, err, sizeof(err), "%s", text);
	KUNIT_EXPECT_EQ_MSG(test, ret, 0, "%s", err);
	if (ret)
		return ret;
	nr_stops = 0;
	plan->probe = look;
	ret = tkfi_session_run(session, setup, plan);
	KUNIT_EXPECT_EQ_MSG(test, ret, 0, "%s", session->engine->error);
	KUNIT_EXPECT_LE(test, nr_stops, MAX_STOPS);
	KUNIT_EXPECT_GE_MSG(test, plan->programs[0].ops[0].result, 0, "%s",
			    text);
	return ret;
}

/* One execution with a look at every point. */
#define run(test, updater, fmt, ...)					\
	series_run(test, &session, &plan, (updater)->setup, fmt, ##__VA_ARGS__)

static void shows(struct kunit *test)
{
	series_shows(test, &session, &plan);
}

/**
 * struct place - where to take an updater off
 * @point:	the point
 * @hit:	at which time it gets there
 * @inside:	it holds the timekeeper's lock there
 */
struct place {
	const char *point;
	unsigned int hit;
	bool inside;
};

/* All places on the way of an updater; how many. */
static unsigned int find_places(struct kunit *test, const struct updater *u,
				struct place places[MAX_STOPS])
{
	unsigned int i, j;

	if (run(test, u, "cpu0: %s", u->update))
		return 0;
	for (i = 0; i < min(nr_stops, MAX_STOPS - 0U); i++) {
		places[i] = (struct place){ stops[i].at, 1, stops[i].inside };
		for (j = 0; j < i; j++)
			places[i].hit += !strcmp(places[j].point, stops[i].at);
	}
	return i;
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
	return !memcmp(tk, &session.outcome.after, sizeof(*tk));
}

/* S1: many intervals at once are as many one by one, to the bit. */
static void s1_accumulation(struct kunit *test)
{
	static const struct updater eight = {
		"8 ticks",
		"wait 10ms, tick, wait 10ms, tick, wait 10ms, tick, wait 10ms, tick",
	};
	static const struct updater none = { "none", NULL };
	struct timekeeper *once;

	once = kunit_kmalloc(test, sizeof(*once), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, once);
	KUNIT_ASSERT_EQ(test, run(test, &none, "cpu0: wait 80ms, tick"), 0);
	*once = session.outcome.after;
	KUNIT_ASSERT_EQ(test, run(test, &eight, "cpu0: %s", eight.setup), 0);
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
	KUNIT_ASSERT_EQ(test, run(test, u, "cpu0: wait 40ms, %s, tick",
				  u->update), 0);
	*once = session.outcome.after;
	KUNIT_ASSERT_EQ(test, run(test, u,
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

/* What passes at this one of @places is in neither counter. */
static bool is_in_gap(const struct updater *u, const struct place *places,
		      unsigned int nr)
{
	bool between = false;
	unsigned int g, i;

	/* Auxiliary clocks lose their CPU after all that. */
	for (g = 0; g < ARRAY_SIZE(gaps) && !u->aux && !between; g++) {
		if (!strstarts(u->update, gaps[g].update))
			continue;
		between = !gaps[g].from;
		for (i = 0; i <= nr; i++) {
			if (gaps[g].from && !strcmp(places[i].point, gaps[g].from))
				between = true;
			if (!strcmp(places[i].point, gaps[g].to))
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
	struct place places[MAX_STOPS];
	unsigned int i, n;

	before = kunit_kmalloc(test, sizeof(*before), GFP_KERNEL);
	after = kunit_kmalloc(test, sizeof(*after), GFP_KERNEL);
	met = kunit_kmalloc(test, sizeof(*met), GFP_KERNEL);
	lost = kunit_kmalloc(test, sizeof(*lost), GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, before && after && met && lost);
	KUNIT_ASSERT_EQ(test, run(test, u, "cpu0: wait 30ms, %s, tick",
				  u->update), 0);
	*before = session.outcome.after;
	*met = *before;
	met->ntp_error += 3 * (s64)(before->ntp_tick -
				    session.outcome.before.ntp_tick);
	KUNIT_ASSERT_EQ(test, run(test, u, "cpu0: %s, wait 30ms, tick",
				  u->update), 0);
	*after = session.outcome.after;
	n = find_places(test, u, places);
	*lost = session.outcome.after;
	lost->tkr_mono.cycle_last = before->tkr_mono.cycle_last;
	lost->tkr_raw.cycle_last = before->tkr_raw.cycle_last;
	for (i = 0; i < n; i++) {
		if (run(test, u, "cpu0: %s, tick; at cpu0 %s#%u off 30ms",
			u->update, places[i].point, places[i].hit))
			return;
		if (is_in_gap(u, places, i))
			KUNIT_EXPECT_TRUE_MSG(test, ends_as(lost), "at %s",
					      places[i].point);
		else
			KUNIT_EXPECT_TRUE_MSG(test, ends_as(before) ||
					      ends_as(after) ||
					      (tkfi_variant() == TKFI_FIXED &&
					       ends_as(met)), "at %s",
					      places[i].point);
	}
}

/* S2: jiffies are not the timekeeper's: nobody waits for them, or moves them. */
static void s2_jiffies(struct kunit *test)
{
	const struct updater *u = test->param_value;
	int ret;

	ret = tkfi_plan_parse(&plan, err, sizeof(err), "cpu0: %s", u->update) ?:
	      tkfi_session_run(&session, u->setup, &plan);
	KUNIT_EXPECT_EQ(test, ret, 0);
	KUNIT_EXPECT_EQ(test, session.outcome.ticks, 0);
}

/* S3: a timekeeper is plain data: put back, it goes on as it did. */
static void s3_plain_data(struct kunit *test)
{
	const struct updater *u = test->param_value;
	u64 first;

	KUNIT_ASSERT_EQ(test, run(test, u, "cpu0: %s", u->update), 0);
	first = hash_of(&session.outcome.after);
	/* The session puts back a byte copy each time. */
	KUNIT_ASSERT_EQ(test, run(test, u, "cpu0: %s", u->update), 0);
	KUNIT_EXPECT_EQ(test, first, hash_of(&session.outcome.after));
}

/* S4: a section nests in the lock; the sequence is even when the lock is free. */
static void s4_lock(struct kunit *test)
{
	const struct updater *u = test->param_value;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, run(test, u, "cpu0: %s", u->update), 0);
	KUNIT_EXPECT_GT(test, nr_stops, 0);
	for (i = 0; i < nr_stops; i++) {
		const struct stop *stop = &stops[i];

		KUNIT_EXPECT_LE_MSG(test, stop->odd, stop->inside, "%s",
				    stop->at);
		KUNIT_EXPECT_EQ_MSG(test, stop->locks,
				    !strstr(stop->at, ".unlocked"), "%s",
				    stop->at);
	}
	KUNIT_EXPECT_EQ(test, session.outcome.sequence_after % 2, 0);
	/* No warning on the way, as there is none in the log. */
	for (i = 0; i < tkfi_trace_stored(&session.engine->trace); i++)
		KUNIT_EXPECT_NE_MSG(test, session.engine->trace.entries[i].kind,
				    TKFI_ENTRY_WARN, "%s",
				    session.engine->trace.entries[i].what);
}

/* S4: while one updater is inside, wherever it stops, another one waits. */
static void s4_exclusion(struct kunit *test)
{
	const struct updater *u = test->param_value;
	struct place places[MAX_STOPS];
	unsigned int i, j, n;

	n = find_places(test, u, places);
	for (i = 0; i < n; i++) {
		for (j = 0; j < 2; j++) {
			const struct tkfi_op *other = plan.programs[1].ops;

			if (run(test, u,
				"cpu0: %s; cpu1: %s; at cpu0 %s#%u off 1ms run cpu1",
				u->update,
				j ? u->aux ? "aux adjtimex freq=500ppm" :
					     "adjtimex freq=500ppm" :
				    u->aux ? "aux tick" : "tick",
				places[i].point, places[i].hit))
				return;
			KUNIT_EXPECT_EQ_MSG(test, !!other->blocked,
					    places[i].inside, "%s at %s",
					    other->call, places[i].point);
			/* adjtimex reads the time before it takes the lock. */
			if (other->blocked)
				KUNIT_EXPECT_TRUE_MSG(test,
						      strstarts(other->blocked,
								"timekeeper_lock") ||
						      (j && stops[i].odd),
						      "%s at %s waited for %s",
						      other->call, places[i].point,
						      other->blocked);
			KUNIT_EXPECT_TRUE(test, session.outcome.mirrored);
		}
	}
}

/* S5: both copies of cycle_last agree whenever the sequence is even. */
static void s5_cycle_last(struct kunit *test)
{
	const struct updater *u = test->param_value;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, run(test, u, "cpu0: %s", u->update), 0);
	for (i = 0; i < nr_stops; i++)
		if (!stops[i].odd)
			KUNIT_EXPECT_TRUE_MSG(test, stops[i].same_cycle_last,
					      "%s", stops[i].at);
	KUNIT_EXPECT_EQ(test, session.outcome.after.tkr_mono.cycle_last,
			session.outcome.after.tkr_raw.cycle_last);
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
	{ "tick",		{ false, true, false }, "tick.calculated" },
	{ "adjtimex freq=",	{ false, true, false }, "tick.calculated" },
	{ "adjtimex tai=",	TKFI_IN_PLACE,		"vsyscall.begin" },
	{ "settimeofday",	TKFI_IN_PLACE,		"settime.sampled" },
	{ "inject",		TKFI_IN_PLACE,		"inject.sampled" },
	/* First by the old counter, then by the new one. */
	{ "clocksource",	TKFI_IN_PLACE,		"clocksource.sampled",
	  "clocksource.calculated" },
	{ "suspend",		TKFI_IN_PLACE,		"suspend.sampled" },
	{ "resume",		TKFI_IN_PLACE,		"resume.calculated" },
	{ "sleeptime",		TKFI_IN_PLACE,		"sleeptime.sampled" },
	{ "aux tick",		{ false, true, false }, "tick.calculated" },
	{ "aux frequency",	{ false, true, false }, "tick.calculated" },
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

/* The first stop at which readers' timekeeper is another one; nr_stops if none. */
static unsigned int first_change(const struct timekeeper *before)
{
	unsigned int i;

	for (i = 0; i < nr_stops; i++)
		if (memcmp(&stops[i].real, before, sizeof(*before)))
			break;
	return i;
}

/* The first stop at a point with the timekeeper's lock held; nr_stops if none. */
static unsigned int first_stop_at(const char *at)
{
	unsigned int i;

	for (i = 0; i < nr_stops; i++)
		if (stops[i].inside && !strcmp(stops[i].at, at))
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
		return first_change(&session.outcome.before);
	KUNIT_EXPECT_LT_MSG(test, i, nr_stops, "%s", u->name);
	return i;
}

/* Where it moves again, a stop; nr_stops if it does not. */
static unsigned int moves_again_at(const struct updater *u)
{
	const struct calculation *c = calculation_of(u);

	return c->again && c->in_place[tkfi_variant()] ?
	       first_stop_at(c->again) : nr_stops;
}

/*
 * S6: readers' cycle_last stays from the lock to the publication, and moves once;
 * where there is no shadow, once too, but while they wait. Only from one clocksource
 * to another it moves twice: to the last value of the old counter first.
 */
static void s6_cycle_last_constant(struct kunit *test)
{
	const struct updater *u = test->param_value;
	const struct tkfi_outcome *o = &session.outcome;
	unsigned int i, moves, again;

	KUNIT_ASSERT_EQ(test, run(test, u, "cpu0: %s", u->update), 0);
	again = moves_again_at(u);
	if (o->before.tkr_mono.cycle_last == o->after.tkr_mono.cycle_last)
		moves = nr_stops;
	else
		moves = must_change_at(test, u);
	for (i = 0; i < nr_stops; i++) {
		u64 expected = o->after.tkr_mono.cycle_last;

		if (i < moves)
			expected = o->before.tkr_mono.cycle_last;
		else if (again < nr_stops && i < again)
			expected = tkfi_clock_counter(o->before.tkr_mono.clock,
						      o->start);
		KUNIT_EXPECT_EQ_MSG(test, stops[i].real.tkr_mono.cycle_last,
				    expected, "%s", stops[i].at);
	}
	if (moves < nr_stops && strcmp(stops[moves].at, "publish.end"))
		KUNIT_EXPECT_TRUE_MSG(test, stops[moves].odd, "%s",
				      stops[moves].at);
}

/* S7: readers who do not wait see the old timekeeper or the new one. */
static void s7_shadow(struct kunit *test)
{
	const struct updater *u = test->param_value;
	bool published = false;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, run(test, u, "cpu0: %s", u->update), 0);
	for (i = 0; i < nr_stops; i++) {
		const struct stop *stop = &stops[i];

		published |= stop->odd;
		if (!stop->odd && !published)
			KUNIT_EXPECT_TRUE_MSG(test,
					      !memcmp(&stop->real,
						      &session.outcome.before,
						      sizeof(stop->real)),
					      "%s", stop->at);
		if (!stop->locks)
			KUNIT_EXPECT_TRUE_MSG(test, stop->mirrored, "%s",
					      stop->at);
	}
	KUNIT_EXPECT_TRUE(test, session.outcome.mirrored);
}

/* S7: nor is the real timekeeper a place to calculate in, where there is a shadow. */
static void s7_calculation(struct kunit *test)
{
	const struct updater *u = test->param_value;
	const struct timekeeper *before = &session.outcome.before;
	unsigned int first;

	KUNIT_ASSERT_EQ(test, run(test, u, "cpu0: %s", u->update), 0);
	first = first_change(before);
	if (!memcmp(before, &session.outcome.after, sizeof(*before)))
		KUNIT_EXPECT_EQ(test, first, nr_stops);
	else
		KUNIT_EXPECT_EQ_MSG(test, first, must_change_at(test, u),
				    "at %s", stops[first].at);
}

/* S8: an operation's exact number of sections. */
static void s8_sections(struct kunit *test)
{
	const struct updater *u = test->param_value;

	KUNIT_ASSERT_EQ(test, run(test, u, "cpu0: %s", u->update), 0);
	KUNIT_EXPECT_EQ(test,
			session.outcome.sequence_after -
			session.outcome.sequence,
			2 * u->sections[tkfi_variant()]);
}

/* S8: the sequence is even during the calculation. */
static void s8_calculation(struct kunit *test)
{
	const struct updater *u = test->param_value;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, run(test, u, "cpu0: %s", u->update), 0);
	for (i = 0; i < nr_stops; i++)
		if (strstarts(stops[i].at, "tick.") &&
		    strcmp(stops[i].at, "tick.unlocked"))
			KUNIT_EXPECT_EQ_MSG(test, stops[i].odd,
					    is_pre_series(), "%s",
					    stops[i].at);
}

/* The leap seconds among the updaters do happen. */
static void leap_seconds(struct kunit *test)
{
	unsigned int i, seen = 0;

	for (i = 0; i < ARRAY_SIZE(updaters); i++) {
		const struct updater *u = &updaters[i];
		const struct tkfi_outcome *o = &session.outcome;

		if (!strstarts(u->name, "leap second"))
			continue;
		KUNIT_ASSERT_EQ(test, run(test, u, "cpu0: %s", u->update), 0);
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
	.suite_init = series_suite_init,
	.suite_exit = series_suite_exit,
	.init = series_test_init,
	.test_cases = series_cases,
};

kunit_test_suite(series_suite);

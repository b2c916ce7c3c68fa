// SPDX-License-Identifier: GPL-2.0
/* The updaters: what they are for, and the points on their way. */
#include <kunit/test.h>

#include "result.h"
#include "session.h"

/**
 * struct road - the points on the way of an updater
 * @update:	operation
 * @name:	its points are @name.locked, @name.sampled, ...
 * @samples:	it reads the clock under points of its own name
 */
struct road {
	const char *update;
	const char *name;
	bool samples;
};

static struct tkfi_session session;
static struct tkfi_plan plan;
static char err[1024];

static int updaters_test_init(struct kunit *test)
{
	return tkfi_session_open(&session, NSEC_PER_SEC);
}

static void updaters_test_exit(struct kunit *test)
{
	const struct road *road = test->param_value;
	char name[64];

	snprintf(name, sizeof(name), "%s%s%s", test->name, road ? " " : "",
		 road ? road->update : "");
	tkfi_result_trace("tkfi_updaters", name, session.events, session.hash);
	tkfi_session_close(&session);
}

/* What the other updaters are for: the wall clock moves, MONOTONIC does not. */
static void wall_clock(struct kunit *test)
{
	static const char mono[] = "read kernel ktime_get, read vdso MONOTONIC";
	static const char wall[] = "read kernel ktime_get_real, read vdso REALTIME";
	const struct tkfi_op *before = plan.programs[0].ops;
	const struct tkfi_op *after = plan.programs[2].ops;
	int i;

	KUNIT_ASSERT_EQ_MSG(test,
			    tkfi_plan_parse(&plan, err, sizeof(err),
					    "cpu0: %s, %s; cpu1: inject -3ms; cpu2: %s, %s",
					    mono, wall, mono, wall), 0, "%s", err);
	KUNIT_ASSERT_EQ(test, tkfi_session_run(&session, "wait 12ms, tick", &plan), 0);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ_MSG(test, after[i].result - before[i].result,
				    i < 2 ? 0 : -3 * NSEC_PER_MSEC, "%s",
				    after[i].call);

	KUNIT_ASSERT_EQ_MSG(test,
			    tkfi_plan_parse(&plan, err, sizeof(err),
					    "cpu0: %s, %s; cpu1: settimeofday 1400000000; cpu2: %s, %s",
					    mono, wall, mono, wall), 0, "%s", err);
	KUNIT_ASSERT_EQ(test, tkfi_session_run(&session, "wait 12ms, tick", &plan), 0);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ_MSG(test, after[i].result,
				    i < 2 ? before[i].result :
					    1400000000 * NSEC_PER_SEC, "%s",
				    after[i].call);
}

static const struct road roads[] = {
	{ "tick", "tick", true },
	{ "settimeofday 1400000000", "settime", true },
	{ "inject -3ms", "inject", true },
	{ "adjtimex freq=1ppm", "adjtimex", false },
};

static void road_desc(const struct road *road, char *desc)
{
	strscpy(desc, road->update, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(road, roads, road_desc);

/* Where in the trace a point is reached, from 1; 0 if it is not. */
static unsigned int reached(const char *name, const char *step)
{
	const struct tkfi_trace *trace = &session.engine->trace;
	char point[32];
	unsigned int i, at = 0;

	snprintf(point, sizeof(point), "%s.%s", name, step);
	for (i = 0; i < tkfi_trace_stored(trace); i++)
		if (trace->events[i].kind == TKFI_EV_POINT &&
		    !strcmp(trace->events[i].what, point))
			at = i + 1;
	return at;
}

/* All points are there, in the order that their names promise. */
static void points_in_order(struct kunit *test)
{
	const struct road *road = test->param_value;
	const char *n = road->name;

	KUNIT_ASSERT_EQ_MSG(test,
			    tkfi_plan_parse(&plan, err, sizeof(err), "cpu0: %s",
					    road->update), 0, "%s", err);
	KUNIT_ASSERT_EQ(test, tkfi_session_run(&session, "wait 12ms", &plan),
			0);
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
	KUNIT_CASE_PARAM(points_in_order, road_gen_params),
	{}
};

static struct kunit_suite updaters_suite = {
	.name = "tkfi_updaters",
	.init = updaters_test_init,
	.exit = updaters_test_exit,
	.test_cases = updaters_cases,
};

kunit_test_suite(updaters_suite);

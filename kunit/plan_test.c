// SPDX-License-Identifier: GPL-2.0
/* Fault plans: what they say, what they refuse, what they do. */
#include <kunit/test.h>

#include "clock.h"
#include "plan.h"
#include "result.h"
#include "session.h"

#include <tkfi-glue.h>

static struct tkfi_plan plan;
static char err[1024];

struct bad_plan {
	const char *text;
	int at;			/* where it is wrong */
	const char *says[3];	/* parts of the sentence */
};

static const struct bad_plan bad_plans[] = {
	{ "cpu0: adjust", 6, { "unknown operation 'adjust'", "adjtimex freq=",
			    "settimeofday" } },
	{ "cpu0: read vdso SUNDIAL", 11, { "unknown reader 'vdso SUNDIAL'",
				       "vdso MONOTONIC",
				       "fast ktime_get_real_fast_ns" } },
	{ "cpu0: adjtimex freq=11%", 15, { "impossible frequency 'freq=11%'",
				       "-10% to +10%" } },
	{ "cpu0: adjtimex 5ppm", 15, { "impossible frequency", "freq=-500ppm" } },
	{ "cpu0: adjtimex freq=0.5ppb", 15, { "impossible frequency" } },
	{ "cpu0: adjtimex status=99999999999", 15,
	  { "impossible adjustment 'status=99999999999'", "an int" } },
	{ "cpu0: adjtimex tai=100001", 15, { "up to 100000" } },
	{ "cpu0: adjtimex offset=1ms", 15, { "offset=N (ns)" } },
	{ "cpu0: wait 1ms, tick 3", 21, { "tick takes no arguments" } },
	{ "cpu0: tick; host: 1ms, 2mss", 23, { "impossible time '2mss'" } },
	{ "cpu0: tick 3", 11, { "tick takes no arguments" } },
	{ "cpu0: settimeofday soon", 19, { "impossible time 'soon'" } },
	{ "cpu0: inject 3", 13, { "impossible offset '3'" } },
	{ "cpu0: clocksource third", 18, { "unknown clocksource 'third'",
				       "first, second" } },
	{ "cpu0: suspend 10s", 14, { "suspend takes no arguments, not '10s'" } },
	TKFI_AUX_ROWS({ "cpu0: aux leap", 10, { "unknown operation 'leap'", "settime SECONDS" } },
		      { "cpu0: aux enable 1", 17, { "enable takes no arguments" } },
		      { "cpu0: aux adjtimex 5ppm", 19, { "impossible frequency" } },
		      { "cpu0: read vdso AUX0", 11, { "kernel ktime_get_aux" } })
	{ "cpu0: resume now", 13, { "resume takes no arguments" } },
	{ "cpu0: sleeptime 1cycles", 16, { "impossible sleep '1cycles'" } },
	{ "cpu0: wait 11min", 11, { "impossible time '11min'" } },
	{ "cpu1: tick", 0, { "'cpu1:' is not expected here" } },
	{ "cpu4: tick", 0, { "'cpu4:' is not expected here", "cpu0: to cpu3:" } },
	{ " ; ", 0, { "an empty plan" } },
	{ "cpu0: tick; cpu0: tick", 12, { "'cpu0:' is not expected here" } },
	{ "nmi cpu0: tick", 0, { "'nmi cpu0:' is not expected here" } },
	{ "cpu0: tick; nmi cpu1: tick", 12, { "'nmi cpu1:' is not expected here" } },
	{ "cpu0: tick; nmi cpu0: tick; nmi cpu0: tick", 28,
	  { "'nmi cpu0:' is not expected here", "once each" } },
	{ "cpu0: tick; nmi cpu0: tick; cpu1: tick", 28,
	  { "'cpu1:' is not expected here" } },
	{ "cpu0: tick; host: 1ms; nmi cpu0: tick", 23,
	  { "'nmi cpu0:' is not expected here" } },
	{ "cpu0: tick; cpu1: tick; cpu2: tick; cpu3: tick; nmi cpu0: tick; nmi cpu1: tick; nmi cpu2: tick; nmi cpu3: tick",
	  96,
	  { "'nmi cpu3:' is not expected here", "up to 3 of them" } },
	{ "cpu0 tick", 0, { "unknown statement 'cpu0 tick'", "cpuN: OPERATION" } },
	{ "cpu0: tick, tick, tick, tick, tick, tick, tick, tick, tick", 54,
	  { "more than 8 operations" } },
	{ "cpu0: tick; at cpu0 tick.tock off 1ms", 20,
	  { "unknown point 'tick.tock'", "tick.calculated", "vsyscall.end" } },
	{ "cpu0: tick; at cpu1 tick.locked off 1ms", 15, { "'cpu1' cannot" } },
	{ "cpu0: tick; at cpu0 tick.locked off 601s", 36,
	  { "impossible delay '601s'", "0 to 10min" } },
	{ "cpu0: tick; at cpu0 tick.locked off -1ms", 36,
	  { "impossible delay '-1ms'" } },
	{ "cpu0: tick; at cpu0 tick.locked off 1", 36, { "impossible delay '1'" } },
	{ "cpu0: tick; at cpu0 tick.locked#0 off 1ms", 32,
	  { "impossible hit '#0'" } },
	{ "cpu0: tick; at cpu0 tick.locked", 20, { "'off TIME' is expected" } },
	{ "cpu0: tick; at cpu0 tick.locked off 1ms run cpu0", 44,
	  { "'cpu0' cannot" } },
	{ "cpu0: tick; at cpu0 tick.locked off 1ms run cpu1", 44,
	  { "'cpu1' cannot" } },
	{ "cpu0: tick; cpu1: tick; at cpu0 tick.locked off 1ms run cpu1 all", 61,
	  { "impossible count 'all'" } },
	{ "cpu0: tick; at cpu0 tick.locked off 1ms while", 40,
	  { "'run cpuN' or 'nmi FAMILY CLOCK' is expected" } },
	{ "cpu0: tick; at cpu0 tick.locked off 1ms nmi", 40,
	  { "unknown reader ' '" } },
	{ "cpu0: tick; cpu1: tick; at cpu0 tick.locked off 1ms run cpu1 2 nmi fast x", 67,
	  { "unknown reader 'fast x'", "fast ktime_get_mono_fast_ns" } },
};

static void bad_plan_desc(const struct bad_plan *bad, char *desc)
{
	strscpy(desc, bad->text, KUNIT_PARAM_DESC_SIZE);
	/* KTAP takes what follows a # for a directive. */
	strreplace(desc, '#', '@');
}

KUNIT_ARRAY_PARAM(bad_plan, bad_plans, bad_plan_desc);

static void refused(struct kunit *test)
{
	const struct bad_plan *bad = test->param_value;
	int i;

	KUNIT_EXPECT_EQ(test, tkfi_plan_parse(&plan, err, sizeof(err), "%s",
					      bad->text), -EINVAL);
	for (i = 0; i < ARRAY_SIZE(bad->says) && bad->says[i]; i++)
		KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(err, bad->says[i]),
					  "'%s' is not in: %s", bad->says[i],
					  err);
	KUNIT_EXPECT_EQ_MSG(test, plan.wrong - plan.text, bad->at, "%s", err);
}

static void too_long(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, tkfi_plan_parse(&plan, err, sizeof(err), "%600s",
					      "cpu0: tick"), -EINVAL);
	KUNIT_EXPECT_NOT_NULL(test, strstr(err, "600 characters"));
}

static void durations(struct kunit *test)
{
	struct tkfi_duration d;

	KUNIT_EXPECT_EQ(test, tkfi_parse_duration("10ms", &d), 0);
	KUNIT_EXPECT_EQ(test, d.amount, 10000000);
	KUNIT_EXPECT_EQ(test, tkfi_parse_duration("10min", &d), 0);
	KUNIT_EXPECT_EQ(test, d.amount, TKFI_MAX_DELAY_NS);
	KUNIT_EXPECT_FALSE(test, d.in_cycles);
	KUNIT_EXPECT_EQ(test, tkfi_parse_duration("7cycles", &d), 0);
	KUNIT_EXPECT_EQ(test, d.amount, 7);
	KUNIT_EXPECT_TRUE(test, d.in_cycles);
	KUNIT_EXPECT_EQ(test, tkfi_parse_duration("0", &d), 0);
	KUNIT_EXPECT_EQ(test, d.amount, 0);
	KUNIT_EXPECT_EQ(test, tkfi_parse_duration("600000000001ns", &d),
			-ERANGE);
	KUNIT_EXPECT_EQ(test, tkfi_parse_duration("99999999999999999999ns", &d),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, tkfi_parse_duration("ms", &d), -EINVAL);
	KUNIT_EXPECT_EQ(test, tkfi_parse_duration("1 ms", &d), -EINVAL);
}

static void frequencies(struct kunit *test)
{
	long tick, freq;
	s32 ppb;

	KUNIT_EXPECT_EQ(test, tkfi_parse_frequency("-500ppm", &ppb), 0);
	KUNIT_EXPECT_EQ(test, ppb, -500000);
	KUNIT_EXPECT_EQ(test, tkfi_parse_frequency("+10%", &ppb), 0);
	KUNIT_EXPECT_EQ(test, ppb, 100000000);
	KUNIT_EXPECT_EQ(test, tkfi_parse_frequency("0.037ppm", &ppb), 0);
	KUNIT_EXPECT_EQ(test, ppb, 37);
	KUNIT_EXPECT_EQ(test, tkfi_parse_frequency("10.0000001%", &ppb),
			-ERANGE);
	KUNIT_EXPECT_EQ(test, tkfi_parse_frequency("0.0001ppm", &ppb), -EINVAL);
	KUNIT_EXPECT_EQ(test, tkfi_parse_frequency("1.ppm", &ppb), -EINVAL);
	KUNIT_EXPECT_EQ(test, tkfi_parse_frequency("--1ppm", &ppb), -EINVAL);

	tkfi_ntp_frequency(-500000, &tick, &freq);
	KUNIT_EXPECT_EQ(test, tick, 10000);
	KUNIT_EXPECT_EQ(test, freq, -500 * 65536);
	tkfi_ntp_frequency(100000000, &tick, &freq);
	KUNIT_EXPECT_EQ(test, tick, 11000);
	KUNIT_EXPECT_EQ(test, freq, 0);
	tkfi_ntp_frequency(-1234567, &tick, &freq);
	KUNIT_EXPECT_EQ(test, tick, 9988);
	KUNIT_EXPECT_EQ(test, freq, -34567LL * 65536 / 1000);
}

/* The trace of an execution as one string, for comparison. */
static const char *story(const struct tkfi_trace *trace)
{
	static char text[1024];
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < tkfi_trace_stored(trace); i++) {
		const struct tkfi_event *e = &trace->events[i];

		if (e->kind == TKFI_EV_CALL || e->kind == TKFI_EV_OFF ||
		    e->kind == TKFI_EV_ON || e->kind == TKFI_EV_BLOCKED)
			len += scnprintf(text + len, sizeof(text) - len,
					 "%u %s %s\n", e->vcpu,
					 tkfi_event_names[e->kind], e->what);
	}
	return text;
}

static void expect_story(struct kunit *test, const char *text,
			 const char *expected)
{
	static struct tkfi_session session;
	int ret;

	KUNIT_ASSERT_EQ_MSG(test, tkfi_plan_parse(&plan, err, sizeof(err), "%s",
						  text), 0, "%s", err);
	KUNIT_ASSERT_EQ(test, tkfi_session_open(&session, NSEC_PER_SEC), 0);
	ret = tkfi_session_run(&session, "wait 12ms", &plan);
	KUNIT_EXPECT_EQ_MSG(test, ret, 0, "%s", session.engine->error);
	KUNIT_EXPECT_STREQ(test, story(&session.engine->trace), expected);
	tkfi_result_trace("tkfi_engine_plan", test->name, session.events,
			  session.hash);
	tkfi_session_close(&session);
}

static void expect_session_error(struct kunit *test, const char *text,
				 int error, const char *says)
{
	static struct tkfi_session session;
	static struct tkfi_state before;
	const char *name = NULL;
	unsigned long flags;
	size_t offset = 0;
	bool differs;
	int ret;

	KUNIT_ASSERT_EQ_MSG(test, tkfi_plan_parse(&plan, err, sizeof(err), "%s",
						  text), 0, "%s", err);
	KUNIT_ASSERT_EQ(test, tkfi_session_open(&session, NSEC_PER_SEC), 0);
	KUNIT_EXPECT_EQ(test, tkfi_state_alloc(&before), 0);
	local_irq_save(flags);
	tkfi_state_save(&before);
	ret = tkfi_session_run(&session, "wait 12ms", &plan);
	differs = tkfi_state_differs(&before, &name, &offset);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, ret, error);
	KUNIT_EXPECT_STREQ(test, session.engine->error, says);
	KUNIT_EXPECT_FALSE_MSG(test, differs, "%s, byte %zu", name, offset);
	tkfi_state_free(&before);
	tkfi_session_close(&session);
}

/* A fault that does not happen is an error, and the state is restored. */
static void point_not_reached(struct kunit *test)
{
	expect_session_error(test,
			     "cpu0: tick; at cpu0 settime.locked off 1ms",
			     -ENXIO,
			     "cpu0 reached settime.locked 0 times, not 1");
	expect_session_error(test,
			     "cpu0: tick; at cpu0 tick.locked#2 off 1ms",
			     -ENXIO,
			     "cpu0 reached tick.locked 1 times, not 2");
}

static void bad_set_up(struct kunit *test)
{
	static struct tkfi_session session;

	KUNIT_ASSERT_EQ(test, tkfi_plan_parse(&plan, err, sizeof(err),
					      "cpu0: tick"), 0);
	KUNIT_ASSERT_EQ(test, tkfi_session_open(&session, NSEC_PER_SEC), 0);
	KUNIT_EXPECT_EQ(test, tkfi_session_run(&session, "read vdso X", &plan),
			-EINVAL);
	KUNIT_EXPECT_NOT_NULL(test, strstr(session.engine->error,
					   "fast ktime_get_raw_fast_ns"));
	tkfi_session_close(&session);
}

/* A second session does not take the first one's clock away. */
static void one_session_at_a_time(struct kunit *test)
{
	static struct tkfi_session first, second;

	KUNIT_ASSERT_EQ(test, tkfi_session_open(&first, NSEC_PER_SEC), 0);
	KUNIT_EXPECT_EQ(test, tkfi_session_open(&second, NSEC_PER_SEC), -EBUSY);
	KUNIT_EXPECT_EQ(test, tkfi_clock_cycles(NSEC_PER_SEC), NSEC_PER_SEC);
	tkfi_session_close(&first);
}

static void host_takes_a_vcpu_off(struct kunit *test)
{
	expect_story(test,
		     "cpu0: tick; cpu1: read vdso MONOTONIC, read kernel ktime_get;"
		     "at cpu0 tick.calculated off 3ms run cpu1",
		     "0 call update_wall_time()\n"
		     "0 off tick.calculated\n"
		     "1 call clock_gettime(MONOTONIC)\n"
		     "0 on tick.calculated\n"
		     "1 call ktime_get()\n");
	KUNIT_EXPECT_EQ(test, plan.programs[1].ops[0].cycle,
			TKFI_START_CYCLES + 15000000);
}

static void second_hit_and_two_operations(struct kunit *test)
{
	expect_story(test,
		     "cpu0: tick, wait 10ms, tick; cpu1: read vdso time, read vdso TAI;"
		     "at cpu0 tick.locked#2 off 0 run cpu1 2",
		     "0 call update_wall_time()\n"
		     "0 call (10ms pass)\n"
		     "0 call update_wall_time()\n"
		     "0 off tick.locked\n"
		     "1 call time()\n"
		     "1 call clock_gettime(TAI)\n"
		     "0 on tick.locked\n");
}

/* Twice at one point, and one VCPU off while another is. */
static void several_faults(struct kunit *test)
{
	expect_story(test,
		     "cpu0: tick, wait 10ms, tick;"
		     "at cpu0 tick.locked#1 off 1ms; at cpu0 tick.locked#2 off 2ms",
		     "0 call update_wall_time()\n"
		     "0 off tick.locked\n"
		     "0 on tick.locked\n"
		     "0 call (10ms pass)\n"
		     "0 call update_wall_time()\n"
		     "0 off tick.locked\n"
		     "0 on tick.locked\n");
	KUNIT_EXPECT_EQ(test, plan.programs[0].ops[2].cycle,
			TKFI_START_CYCLES + 25000000);
	expect_story(test,
		     "cpu0: settimeofday 1400000000; cpu1: tick; cpu2: read vdso TAI;"
		     "at cpu0 settime.unlocked off 10ms run cpu1;"
		     "at cpu1 tick.calculated off 2ms run cpu2",
		     "0 call do_settimeofday64(1400000000)\n"
		     "0 off settime.unlocked\n"
		     "1 call update_wall_time()\n"
		     "1 off tick.calculated\n"
		     "2 call clock_gettime(TAI)\n"
		     "1 on tick.calculated\n"
		     "0 on settime.unlocked\n");
}

/* Operations are not used up: a plan can be run again. */
static void run_again(struct kunit *test)
{
	static struct tkfi_session session;
	s64 first;

	KUNIT_ASSERT_EQ(test, tkfi_plan_parse(&plan, err, sizeof(err),
					      "cpu0: inject -3ms, read kernel ktime_get_real"),
			0);
	KUNIT_ASSERT_EQ(test, tkfi_session_open(&session, NSEC_PER_SEC), 0);
	KUNIT_EXPECT_EQ(test, tkfi_session_run(&session, NULL, &plan), 0);
	first = plan.programs[0].ops[1].result;
	KUNIT_EXPECT_EQ(test, tkfi_session_run(&session, NULL, &plan), 0);
	KUNIT_EXPECT_EQ(test, plan.programs[0].ops[1].result, first);
	tkfi_session_close(&session);
}

static void blocked_reader_gives_way(struct kunit *test)
{
	expect_story(test,
		     "cpu0: tick; cpu1: read kernel ktime_get;"
		     "at cpu0 publish.begin off 1ms run cpu1",
		     "0 call update_wall_time()\n"
		     "0 off publish.begin\n"
		     "1 call ktime_get()\n"
		     "1 blocked tk_core.seq\n"
		     "0 on publish.begin\n");
}

/* In an NMI, after the delay; what is safe there, and what is not. */
static void nmi_in_place(struct kunit *test)
{
	expect_story(test,
		     "cpu0: tick; cpu1: read vdso time;"
		     "at cpu0 publish.begin off 3ms run cpu1 1 nmi fast ktime_get_mono_fast_ns",
		     "0 call update_wall_time()\n"
		     "0 off publish.begin\n"
		     "1 call time()\n"
		     "0 on publish.begin\n"
		     "0 call ktime_get_mono_fast_ns()\n");
	KUNIT_EXPECT_TRUE(test, plan.faults[0].nmi.done);
	KUNIT_EXPECT_EQ(test, plan.faults[0].nmi.result,
			TKFI_START_MONO * NSEC_PER_SEC + 15000000);
	KUNIT_EXPECT_EQ(test, plan.faults[0].nmi.cycle,
			TKFI_START_CYCLES + 15000000);
	expect_session_error(test,
			     "cpu0: tick; at cpu0 vsyscall.begin off 0 nmi vdso MONOTONIC",
			     -EDEADLK,
			     "deadlock: VCPU0 waits for vdso.seq to change from 3");
}

static void updaters_exclude_each_other(struct kunit *test)
{
	expect_story(test,
		     "cpu0: tick; cpu1: settimeofday 1400000000;"
		     "at cpu0 tick.sampled off 1ms run cpu1",
		     "0 call update_wall_time()\n"
		     "0 off tick.sampled\n"
		     "1 call do_settimeofday64(1400000000)\n"
		     "1 blocked timekeeper_lock\n"
		     "0 on tick.sampled\n");
}

static struct kunit_case plan_cases[] = {
	KUNIT_CASE_PARAM(refused, bad_plan_gen_params),
	KUNIT_CASE(too_long),
	KUNIT_CASE(durations),
	KUNIT_CASE(frequencies),
	KUNIT_CASE(host_takes_a_vcpu_off),
	KUNIT_CASE(second_hit_and_two_operations),
	KUNIT_CASE(several_faults),
	KUNIT_CASE(run_again),
	KUNIT_CASE(point_not_reached),
	KUNIT_CASE(bad_set_up),
	KUNIT_CASE(one_session_at_a_time),
	KUNIT_CASE(blocked_reader_gives_way),
	KUNIT_CASE(updaters_exclude_each_other),
	KUNIT_CASE(nmi_in_place),
	{}
};

static struct kunit_suite plan_suite = {
	.name = "tkfi_engine_plan",
	.test_cases = plan_cases,
};

kunit_test_suite(plan_suite);

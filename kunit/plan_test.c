// SPDX-License-Identifier: GPL-2.0
/* Fault plans: what they say, what they refuse, what they do. */
#include <kunit/test.h>
#include <linux/timekeeping.h>
#include <linux/timex.h>

#include "operation.h"
#include "clock.h"
#include "harness.h"
#include "names.h"
#include "refusal.h"
#include "timex.h"

#include <tkfi-glue.h>

static char err[1024];

static const struct refusal bad_plans[] = {
#include "refused_plans.inc"
};

static void bad_plan_desc(const struct refusal *bad, char *desc)
{
	strscpy(desc, bad->text, KUNIT_PARAM_DESC_SIZE);
	/* KTAP takes what follows a # for a directive. */
	strreplace(desc, '#', '@');
}

KUNIT_ARRAY_PARAM(bad_plan, bad_plans, bad_plan_desc);

static void refused(struct kunit *test)
{
	const struct refusal *bad = test->param_value;
	int i;

	KUNIT_EXPECT_EQ(test, tkfi_plan_parse(&harness.plan, err, sizeof(err), "%s",
					      bad->text), -EINVAL);
	for (i = 0; i < ARRAY_SIZE(bad->says) && bad->says[i]; i++)
		KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(err, bad->says[i]),
					  "'%s' is not in: %s", bad->says[i],
					  err);
	KUNIT_EXPECT_EQ_MSG(test, harness.plan.wrong - harness.plan.text, bad->at,
			    "%s", err);
}

static void too_long(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, tkfi_plan_parse(&harness.plan, err, sizeof(err), "%600s",
					      "cpu0: tick"), -EINVAL);
	KUNIT_EXPECT_EQ(test, harness.plan.wrong - harness.plan.text, TKFI_PLAN_TEXT - 1);
}

static void durations(struct kunit *test)
{
	struct tkfi_duration d;

	KUNIT_EXPECT_EQ(test, tkfi_parse_duration("10ms", &d), 0);
	KUNIT_EXPECT_EQ(test, d.amount, 10000000);
	KUNIT_EXPECT_EQ(test, tkfi_parse_duration("10min", &d), 0);
	KUNIT_EXPECT_EQ(test, d.amount, TKFI_MAX_DELAY_NS);
	KUNIT_EXPECT_FALSE(test, d.in_cycles);
	KUNIT_EXPECT_EQ(test, tkfi_parse_duration("5m", &d), 0);
	KUNIT_EXPECT_EQ(test, d.amount, 300 * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, tkfi_parse_duration("11m", &d), -ERANGE);
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

/**
 * struct adjustment - an "adjtimex", and what is then read back
 * @text:	settings
 * @modes:	that they are
 * @sets:	clocks that it may set back
 * @arms:	clocks that a later update may
 * @shows:	what is to be compared: the modes of the fields of @back
 * @back:	what the kernel says afterwards
 */
struct adjustment {
	const char *text;
	unsigned int modes;
	u32 sets;
	u32 arms;
	unsigned int shows;
	struct __kernel_timex back;
};

#define BACK	(BIT(CLOCK_REALTIME) | BIT(CLOCK_TAI))
#define NTP_PHASE	(ADJ_OFFSET | ADJ_STATUS)
#define ADJUST_SINGLE	(ADJ_ADJTIME | ADJ_OFFSET_SINGLESHOT)
#define READ_SINGLE	(ADJUST_SINGLE | ADJ_OFFSET_READONLY)

static const struct adjustment adjustments[] = {
	{ "", 0 },
	{ "freq=+1ppm status=1", ADJ_FREQUENCY | ADJ_TICK | ADJ_STATUS, 0, 0,
	  ADJ_FREQUENCY | ADJ_TICK | ADJ_STATUS,
	  { .freq = 65536, .tick = 10000, .status = STA_PLL } },
	{ "freq=-10%", ADJ_FREQUENCY | ADJ_TICK, 0, 0, ADJ_FREQUENCY | ADJ_TICK,
	  { .tick = 9000 } },
	{ "tick=10001", ADJ_TICK, 0, 0, ADJ_FREQUENCY | ADJ_TICK,
	  { .tick = 10001 } },
	{ "tick=9000 freq=-500ppm", ADJ_FREQUENCY | ADJ_TICK, 0, 0,
	  ADJ_FREQUENCY | ADJ_TICK, { .tick = 9000, .freq = -500 * 65536 } },
	{ "constant=4", ADJ_TIMECONST, 0, 0, ADJ_TIMECONST, { .constant = 8 } },
	{ "constant=6 micro", ADJ_TIMECONST | ADJ_MICRO, 0, 0, ADJ_TIMECONST,
	  { .constant = 10 } },
	{ "nano\tconstant=10", ADJ_TIMECONST | ADJ_NANO, 0, 0,
	  ADJ_TIMECONST | ADJ_STATUS,
	  { .constant = 10, .status = STA_UNSYNC | STA_NANO } },
	{ "tai=4 constant=4", ADJ_TIMECONST | ADJ_TAI, BIT(CLOCK_TAI), 0,
	  ADJ_TIMECONST | ADJ_TAI, { .constant = 8, .tai = 4 } },
	{ "maxerror=1  esterror=16000000", ADJ_MAXERROR | ADJ_ESTERROR, 0, 0,
	  ADJ_MAXERROR | ADJ_ESTERROR, { .maxerror = 1, .esterror = 16000000 } },
	{ "status=16 tai=37", ADJ_STATUS | ADJ_TAI, BIT(CLOCK_TAI),
	  BIT(CLOCK_REALTIME), ADJ_STATUS | ADJ_TAI,
	  { .status = STA_INS, .tai = 37 } },
	{ "status=255", ADJ_STATUS, 0, BIT(CLOCK_REALTIME), ADJ_STATUS,
	  { .status = 255 } },
	{ "offset=1000", NTP_PHASE | ADJ_NANO, 0, 0, NTP_PHASE,
	  { .offset = 1000, .status = STA_PLL | STA_NANO } },
	{ "status=17 offset=1000 maxerror=5", NTP_PHASE | ADJ_NANO | ADJ_MAXERROR,
	  0, BIT(CLOCK_REALTIME), NTP_PHASE | ADJ_MAXERROR,
	  { .offset = 1000, .status = STA_PLL | STA_INS | STA_NANO,
	    .maxerror = 5 } },
	{ "offset=-500000 micro", NTP_PHASE | ADJ_MICRO, 0, 0, NTP_PHASE,
	  { .offset = -500000, .status = STA_PLL } },
	{ "setoffset=-3ms", ADJ_SETOFFSET | ADJ_NANO, BACK, 0, ADJ_SETOFFSET,
	  { .time.tv_usec = -3000000 } },
	{ "setoffset=+3us micro tai=3", ADJ_SETOFFSET | ADJ_MICRO | ADJ_TAI,
	  BIT(CLOCK_TAI), 0, ADJ_SETOFFSET | ADJ_TAI,
	  { .time.tv_usec = 3000, .tai = 3 } },
	{ "setoffset=-1us micro", ADJ_SETOFFSET | ADJ_MICRO, BACK, 0,
	  ADJ_SETOFFSET, { .time.tv_usec = -1000 } },
	{ "singleshot=-1000", ADJUST_SINGLE, 0, 0, ADJUST_SINGLE,
	  { .offset = -1000 } },
	{ "ss_read", READ_SINGLE, 0, 0, ADJUST_SINGLE },
	{ "modes=18 freq=65536 status=16", ADJ_FREQUENCY | ADJ_STATUS, 0,
	  BIT(CLOCK_REALTIME), ADJ_FREQUENCY | ADJ_STATUS,
	  { .freq = 65536, .status = STA_INS } },
	{ "modes=8576 sec=-1 usec=999999999 constant=3",
	  ADJ_SETOFFSET | ADJ_NANO | ADJ_TAI, BACK, 0,
	  ADJ_SETOFFSET | ADJ_TAI, { .time.tv_usec = -1, .tai = 3 } },
	{ "modes=128 status=16 sec=-1", ADJ_TAI, BIT(CLOCK_TAI), 0, ADJ_TAI },
};

/* Each with what is wrong with it, and a call of its kind beside it that is taken. */
static const char * const refused_calls[][2] = {
	{ "modes=16384 tick=8999", "modes=16384 tick=9000" },
	{ "modes=16384 tick=11001", "modes=16384 tick=11000" },
	{ "modes=2 freq=140737488356", "modes=2 freq=140737488355" },
	{ "modes=2 freq=-140737488356", "modes=2 freq=-140737488355" },
	{ "modes=256 usec=1000000", "modes=256 usec=999999" },
	{ "modes=256 usec=-1", "modes=256 usec=0" },
	{ "modes=8448 usec=1000000000", "modes=8448 usec=999999999" },
	{ "modes=256 sec=-4000000000", "modes=256 sec=-1000000000" },
	{ "modes=32768", "modes=32769" },
};

static void adjustment_desc(const struct adjustment *a, char *desc)
{
	strscpy(desc, *a->text ? a->text : "nothing", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(adjustment, adjustments, adjustment_desc);

static struct __kernel_timex once, after;
static s64 jump;

/* Reads back, and how far CLOCK_REALTIME has got from CLOCK_MONOTONIC. */
static s64 read_back(struct tkfi_op *op)
{
	once = (struct __kernel_timex){ .modes = READ_SINGLE };
	after = (struct __kernel_timex){};
	jump = ktime_get_real_ns() - ktime_get_ns() - jump;
	return do_adjtimex(&once) < 0 ? -1 : do_adjtimex(&after);
}

static void expect_back(struct kunit *test, const struct adjustment *a)
{
	const struct __kernel_timex *back = &a->back;

	if (a->shows == ADJUST_SINGLE) {
		KUNIT_EXPECT_EQ(test, once.offset, back->offset);
		return;
	}
	if (a->shows & ADJ_FREQUENCY)
		KUNIT_EXPECT_EQ(test, after.freq, back->freq);
	if (a->shows & ADJ_TICK)
		KUNIT_EXPECT_EQ(test, after.tick, back->tick);
	if (a->shows & ADJ_STATUS)
		KUNIT_EXPECT_EQ(test, after.status, back->status);
	if (a->shows & ADJ_TIMECONST)
		KUNIT_EXPECT_EQ(test, after.constant, back->constant);
	if (a->shows & ADJ_TAI)
		KUNIT_EXPECT_EQ(test, after.tai, back->tai);
	if (a->shows & ADJ_MAXERROR)
		KUNIT_EXPECT_EQ(test, after.maxerror, back->maxerror);
	if (a->shows & ADJ_ESTERROR)
		KUNIT_EXPECT_EQ(test, after.esterror, back->esterror);
	/* What is left is rounded down from 2^-32 ns. */
	if (a->shows & ADJ_OFFSET)
		KUNIT_EXPECT_LE(test, abs(after.offset - back->offset), 1);
	if (a->shows & ADJ_SETOFFSET)
		KUNIT_EXPECT_EQ(test, jump, back->time.tv_usec);
}

/* What is written is what the kernel then has. */
static void adjusts(struct kunit *test)
{
	static const struct tkfi_op_type type = { .name = "", .run = read_back };
	const struct adjustment *a = test->param_value;
	struct tkfi_op *op = harness.plan.programs[0].ops;

	if (harness_parse(test, "cpu0: adjtimex, adjtimex %s, adjtimex", a->text))
		return;
	KUNIT_EXPECT_EQ(test, tkfi_args(&op[1])->timex.modes, a->modes);
	KUNIT_EXPECT_EQ(test, tkfi_args(&op[1])->sets, a->sets);
	KUNIT_EXPECT_EQ(test, tkfi_args(&op[1])->arms, a->arms);
	op[0].type = &type;
	op[2].type = &type;
	jump = 0;
	if (harness_execute(test, NULL))
		return;
	KUNIT_EXPECT_GE(test, op[1].result, 0);
	expect_back(test, a);
}

/* The same of an auxiliary clock, which is on and at 5 s. */
static const char * const refused_aux_calls[][2] = {
	{ "modes=16384 tick=8999", "modes=16384 tick=9000" },
	{ "modes=128 constant=3", "modes=32 constant=3" },
	{ "modes=16 status=16", "modes=16 status=1" },
	{ "modes=256 sec=-6", "modes=256 sec=-5" },
};

static int wanted_error(const struct tkfi_op *op, bool aux)
{
	const struct __kernel_timex *txc = &tkfi_args(op)->timex;
	const s64 now = (aux ? 5 : 1361404800) * NSEC_PER_SEC, least = aux ? 0 : NSEC_PER_SEC;

	return tkfi_timex_error(txc, aux) ?:
	       tkfi_timex_sets_too_early(txc, now, least) ? -EINVAL : 0;
}

static void expect_refused(struct kunit *test, const struct tkfi_op *ops, const char * const *texts,
			   bool aux)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		const int wanted = i ? 0 : -EINVAL;

		KUNIT_EXPECT_EQ_MSG(test, wanted_error(&ops[i], aux), wanted, "%s", texts[i]);
		KUNIT_EXPECT_EQ_MSG(test, min_t(s64, ops[i].result, 0), wanted, "%s", texts[i]);
	}
}

/* What is documented to be refused is refused, and what is beside it is not. */
static void refuses(struct kunit *test)
{
	const struct tkfi_op *ops = harness.plan.programs[0].ops;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(refused_calls); i++) {
		if (harness_parse(test, "cpu0: adjtimex %s, adjtimex %s", refused_calls[i][0],
				  refused_calls[i][1]) ||
		    harness_execute(test, NULL))
			return;
		expect_refused(test, ops, refused_calls[i], false);
	}
	for (i = 0; i < ARRAY_SIZE(refused_aux_calls) && tkfi_aux_clock(); i++) {
		if (harness_parse(test, "cpu0: aux enable, aux settime 5, aux adjtimex %s, aux adjtimex %s",
				  refused_aux_calls[i][0], refused_aux_calls[i][1]) ||
		    harness_execute(test, NULL))
			return;
		expect_refused(test, ops + 2, refused_aux_calls[i], true);
	}
}

static void adjustment_calls(struct kunit *test)
{
	static const char * const calls[][2] = {
		{ "", "do_adjtimex()" },
		{ "freq=1ppm", "do_adjtimex(1ppm)" },
		{ "freq=1ppm \t\n nano", "do_adjtimex(freq=1ppm nano)" },
		{ "tick=10001 status=1 maxerror=1 esterror=1 nano",
		  "do_adjtimex(tick=10001 status=1 maxerror=1 esterror=1 ...)" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		if (harness_parse(test, "cpu0: adjtimex %s", calls[i][0]))
			return;
		KUNIT_EXPECT_STREQ(test, harness.plan.programs[0].ops[0].call,
				   calls[i][1]);
	}
}

/* The trace of an execution as one string, for comparison. */
static const char *story(const struct tkfi_trace *trace)
{
	static char text[1024];
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < tkfi_trace_stored(trace); i++) {
		const struct tkfi_trace_entry *e = &trace->entries[i];

		if (e->kind == TKFI_ENTRY_CALL || e->kind == TKFI_ENTRY_OFF ||
		    e->kind == TKFI_ENTRY_ON || e->kind == TKFI_ENTRY_BLOCKED)
			len += scnprintf(text + len, sizeof(text) - len,
					 "%u %s %s\n", e->vcpu,
					 tkfi_entry_names[e->kind], e->what);
	}
	return text;
}

static void expect_story(struct kunit *test, const char *text,
			 const char *expected)
{
	if (harness_run(test, "wait 12ms", "%s", text))
		return;
	KUNIT_EXPECT_STREQ(test, story(&harness.session.engine->trace), expected);
	harness_trace("tkfi_engine_plan", test, NULL);
}

/* An execution of @text ends with an error, and the state is restored. */
static void expect_error(struct kunit *test, const char *text, int error)
{
	static struct tkfi_state before;
	const char *name = NULL;
	unsigned long flags;
	size_t offset = 0;
	bool differs;
	int ret;

	if (harness_parse(test, "%s", text))
		return;
	KUNIT_ASSERT_EQ(test, tkfi_state_alloc(&before), 0);
	local_irq_save(flags);
	tkfi_state_save(&before);
	ret = tkfi_session_run(&harness.session, "wait 12ms", &harness.plan);
	differs = tkfi_state_differs(&before, &name, &offset);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ_MSG(test, ret, error, "%s", harness.session.engine->error);
	KUNIT_EXPECT_FALSE_MSG(test, differs, "%s, byte %zu", name, offset);
	tkfi_state_free(&before);
}

/* A fault that does not happen is an error. */
static void point_not_reached(struct kunit *test)
{
	static const struct {
		const char *text;
		unsigned int seen, hit;
	} plans[] = {
		{ "cpu0: tick; at cpu0 settime.locked off 1ms", 0, 1 },
		{ "cpu0: tick; at cpu0 advance.locked#2 off 1ms", 1, 2 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(plans); i++) {
		expect_error(test, plans[i].text, -ENXIO);
		KUNIT_EXPECT_EQ(test, harness.plan.faults[0].seen, plans[i].seen);
		KUNIT_EXPECT_EQ(test, harness.plan.faults[0].hit, plans[i].hit);
	}
}

static void bad_set_up(struct kunit *test)
{
	const struct tkfi_plan *setup = harness.session.setup;

	if (harness_parse(test, "cpu0: tick"))
		return;
	KUNIT_EXPECT_EQ(test, tkfi_session_run(&harness.session, "read vdso X",
					       &harness.plan), -EINVAL);
	KUNIT_EXPECT_EQ(test, setup->wrong - setup->text, strlen("cpu0: read "));
}

/* A second session does not take the first one's clock away. */
static void one_session_at_a_time(struct kunit *test)
{
	static struct tkfi_session second;

	KUNIT_EXPECT_EQ(test, tkfi_session_open(&second, NSEC_PER_SEC), -EBUSY);
	KUNIT_EXPECT_EQ(test, tkfi_clock_cycles(NSEC_PER_SEC), NSEC_PER_SEC);
}

static void host_takes_a_vcpu_off(struct kunit *test)
{
	expect_story(test,
		     "cpu0: tick; cpu1: read vdso MONOTONIC, read kernel ktime_get;"
		     "at cpu0 advance.calculated off 3ms run cpu1",
		     "0 call update_wall_time()\n"
		     "0 off advance.calculated\n"
		     "1 call clock_gettime(MONOTONIC)\n"
		     "0 on advance.calculated\n"
		     "1 call ktime_get()\n");
	KUNIT_EXPECT_EQ(test, tkfi_results(&harness.plan.programs[1].ops[0])->cycle,
			TKFI_START_CYCLES + 15000000);
}

static void second_hit_and_two_operations(struct kunit *test)
{
	expect_story(test,
		     "cpu0: tick, wait 10ms, tick; cpu1: read vdso time, read vdso TAI;"
		     "at cpu0 advance.locked#2 off 0 run cpu1 2",
		     "0 call update_wall_time()\n"
		     "0 call (10ms pass)\n"
		     "0 call update_wall_time()\n"
		     "0 off advance.locked\n"
		     "1 call time()\n"
		     "1 call clock_gettime(TAI)\n"
		     "0 on advance.locked\n");
}

/* Twice at one point, and one VCPU off while another is. */
static void several_faults(struct kunit *test)
{
	expect_story(test,
		     "cpu0: tick, wait 10ms, tick;"
		     "at cpu0 advance.locked#1 off 1ms; at cpu0 advance.locked#2 off 2ms",
		     "0 call update_wall_time()\n"
		     "0 off advance.locked\n"
		     "0 on advance.locked\n"
		     "0 call (10ms pass)\n"
		     "0 call update_wall_time()\n"
		     "0 off advance.locked\n"
		     "0 on advance.locked\n");
	KUNIT_EXPECT_EQ(test, tkfi_results(&harness.plan.programs[0].ops[2])->cycle,
			TKFI_START_CYCLES + 25000000);
	expect_story(test,
		     "cpu0: settimeofday 1400000000; cpu1: tick; cpu2: read vdso TAI;"
		     "at cpu0 settime.unlocked off 10ms run cpu1;"
		     "at cpu1 advance.calculated off 2ms run cpu2",
		     "0 call do_settimeofday64(1400000000)\n"
		     "0 off settime.unlocked\n"
		     "1 call update_wall_time()\n"
		     "1 off advance.calculated\n"
		     "2 call clock_gettime(TAI)\n"
		     "1 on advance.calculated\n"
		     "0 on settime.unlocked\n");
}

/* Operations are not used up: a plan can be run again. */
static void run_again(struct kunit *test)
{
	const struct tkfi_op *read = &harness.plan.programs[0].ops[1];
	s64 first;

	if (harness_run(test, NULL, "cpu0: inject -3ms, read kernel ktime_get_real"))
		return;
	first = read->result;
	if (harness_execute(test, NULL))
		return;
	KUNIT_EXPECT_EQ(test, read->result, first);
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
	const struct tkfi_engine *engine = harness.session.engine;

	expect_story(test,
		     "cpu0: tick; cpu1: read vdso time;"
		     "at cpu0 publish.begin off 3ms run cpu1 1 nmi fast ktime_get_mono_fast_ns",
		     "0 call update_wall_time()\n"
		     "0 off publish.begin\n"
		     "1 call time()\n"
		     "0 on publish.begin\n"
		     "0 call ktime_get_mono_fast_ns()\n");
	KUNIT_EXPECT_TRUE(test, harness.plan.faults[0].nmi.done);
	KUNIT_EXPECT_EQ(test, harness.plan.faults[0].nmi.result,
			TKFI_START_MONO * NSEC_PER_SEC + 15000000);
	KUNIT_EXPECT_EQ(test, tkfi_results(&harness.plan.faults[0].nmi)->cycle,
			TKFI_START_CYCLES + 15000000);
	expect_error(test, "cpu0: tick; at cpu0 vsyscall.begin off 0 nmi vdso MONOTONIC",
		     -EDEADLK);
	KUNIT_EXPECT_EQ(test, engine->failure.kind, TKFI_DEADLOCK);
	KUNIT_EXPECT_EQ(test, engine->failure.vcpu, 0);
	KUNIT_EXPECT_STREQ(test, tkfi_name(engine->failure.what), "vdso.seq");
	KUNIT_EXPECT_EQ(test, engine->vcpus[0].next.value, 3);
}

static void updaters_exclude_each_other(struct kunit *test)
{
	expect_story(test,
		     "cpu0: tick; cpu1: settimeofday 1400000000;"
		     "at cpu0 advance.sampled off 1ms run cpu1",
		     "0 call update_wall_time()\n"
		     "0 off advance.sampled\n"
		     "1 call do_settimeofday64(1400000000)\n"
		     "1 blocked timekeeper_lock\n"
		     "0 on advance.sampled\n");
}

static struct kunit_case plan_cases[] = {
	KUNIT_CASE_PARAM(refused, bad_plan_gen_params),
	KUNIT_CASE(too_long),
	KUNIT_CASE_PARAM(adjusts, adjustment_gen_params),
	KUNIT_CASE(refuses),
	KUNIT_CASE(adjustment_calls),
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
	.suite_init = harness_open,
	.suite_exit = harness_close,
	.init = harness_init,
	.test_cases = plan_cases,
};

kunit_test_suite(plan_suite);

// SPDX-License-Identifier: GPL-2.0
/* Auxiliary clocks: what steers them, and what readers see meanwhile. */
#include <kunit/test.h>

#include "operation.h"
#include "clock.h"
#include "harness.h"
#include "stages.h"

static int aux_test_init(struct kunit *test)
{
	harness_init_at_points(test);
	if (!tkfi_aux_clock() && strcmp(test->name, "refused"))
		kunit_skip(test, "this kernel has no auxiliary clocks");
	harness.session.aux = tkfi_aux_clock();
	return 0;
}

static void aux_test_exit(struct kunit *test)
{
	if (harness.session.events)
		harness_trace("tkfi_aux_clock", test, NULL);
}

static const char * const aux_readers[] = { "vdso AUX", "kernel ktime_get_aux" };

/* Where there are none a plan that wants one is refused for that reason. */
static void refused(struct kunit *test)
{
	static const char * const plans[] = {
		"cpu0: aux enable", "cpu0: aux adjtimex freq=+500ppm",
		"cpu0: aux settime 1400000000", "cpu0: aux inject -1ms",
		"cpu0: aux tick", "cpu0: read vdso AUX",
		"cpu0: read kernel ktime_get_aux",
	};
	static char err[1024];
	unsigned int i;

	if (tkfi_aux_clock())
		kunit_skip(test, "this kernel has auxiliary clocks");
	for (i = 0; i < ARRAY_SIZE(plans); i++) {
		KUNIT_EXPECT_EQ_MSG(test,
				    tkfi_plan_parse(&harness.plan, err, sizeof(err), "%s",
						    plans[i]),
				    -EINVAL, "%s", plans[i]);
		KUNIT_EXPECT_TRUE_MSG(test, harness.plan.absent, "%s: %s",
				      plans[i], err);
	}
}

/*
 * vdso_time_update_aux() cuts what is less than a ns off the base, and so the
 * clock stops for up to a ns at each update: it can go back by one.
 */
static s64 cut_ns(const struct tkfi_reader *reader)
{
	return reader->family == TKFI_VDSO && TKFI_AUX_PAGE_IS_WHOLE;
}

/* Off it cannot be read, on it counts from 0. */
static void on_and_off(struct kunit *test)
{
	const struct tkfi_op *ops = harness.plan.programs[0].ops;

	static const s64 disabled[] = { -EOPNOTSUPP, -ENODEV };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(aux_readers); i++) {
		if (harness_run(test, "wait 3ms",
				"cpu0: read %s, aux enable, read %s, aux disable, read %s",
				aux_readers[i], aux_readers[i], aux_readers[i]))
			continue;
		KUNIT_EXPECT_EQ_MSG(test, ops[0].result, disabled[i], "%s",
				    aux_readers[i]);
		KUNIT_EXPECT_EQ_MSG(test, ops[2].result, 0, "%s",
				    aux_readers[i]);
		KUNIT_EXPECT_EQ_MSG(test, ops[4].result, disabled[i], "%s",
				    aux_readers[i]);
	}
}

static const struct {
	const char *update;
	s64 set;		/* to this time, ns */
	s64 step;		/* by this, ns */
} changes[] = {
	{ "aux settime 1400000000", 1400000000 * NSEC_PER_SEC, 0 },
	{ "aux inject -1ms", 0, -NSEC_PER_MSEC },
	{ "aux inject +3s", 0, 3 * NSEC_PER_SEC },
	{ "aux adjtimex freq=+500ppm", 0, 0 },
	{ "aux adjtimex freq=-10%", 0, 0 },
	{ "clocksource second", 0, 0 },
	{ "tick", 0, 0 },
};

/* A change is seen at once, by all readers of the clock. */
static void change(struct kunit *test)
{
	const struct tkfi_op *before = harness.plan.programs[0].ops;
	const struct tkfi_op *after = harness.plan.programs[2].ops;
	unsigned int i, j;
	s64 early;

	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		for (j = 0; j < ARRAY_SIZE(aux_readers); j++) {
			if (harness_run(test, "aux enable, wait 12345us",
					"cpu0: read %s; cpu1: %s; cpu2: read %s",
					aux_readers[j], changes[i].update,
					aux_readers[j]))
				continue;
			early = (changes[i].set ?: before[0].result +
				 changes[i].step) - after[0].result;
			KUNIT_EXPECT_GE_MSG(test, early, 0, "%s: %s",
					    changes[i].update, aux_readers[j]);
			KUNIT_EXPECT_LE_MSG(test, early,
					    cut_ns(tkfi_reader_of(&before[0])), "%s: %s",
					    changes[i].update, aux_readers[j]);
		}
	}
}

/* Nor does what steers it move any other clock. */
static void others_stand(struct kunit *test)
{
	const struct tkfi_op *before = harness.plan.programs[0].ops;
	const struct tkfi_op *after = harness.plan.programs[2].ops;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		if (!strstarts(changes[i].update, "aux"))
			continue;
		for (j = 0; j < tkfi_nr_readers; j++) {
			const struct tkfi_reader *r = &tkfi_readers[j];
			const char *family = tkfi_family_names[r->family];

			if (harness_run(test, "aux enable, wait 12345us",
					"cpu0: read %s %s; cpu1: %s; cpu2: read %s %s",
					family, r->clock, changes[i].update, family,
					r->clock))
				return;
			KUNIT_EXPECT_EQ_MSG(test, after[0].result,
					    before[0].result, "%s: %s",
					    changes[i].update, r->call);
		}
	}
}

/* A second later each clock has its own rate. */
static void rate(struct kunit *test)
{
	static const char mono_reader[] = "kernel ktime_get";
	const struct tkfi_op *ops = harness.plan.programs[0].ops;
	s64 aux, mono;

	if (harness_run(test, "aux enable, wait 2ms, aux adjtimex freq=-500ppm",
			"cpu0: read %s, read %s, wait 1s, tick, read %s, read %s",
			aux_readers[1], mono_reader, aux_readers[1], mono_reader))
		return;
	aux = ops[4].result - ops[0].result;
	mono = ops[5].result - ops[1].result;
	KUNIT_EXPECT_LE(test, abs(aux - 999500000), 500);
	KUNIT_EXPECT_LE(test, abs(mono - 1000000000), 500);
}

/* It is neither suspended nor resumed: it counts what its counter counts. */
static void sleep(struct kunit *test)
{
	const struct tkfi_op *before = harness.plan.programs[0].ops;
	const struct tkfi_op *after = harness.plan.programs[2].ops;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(aux_readers); i++) {
		if (harness_run(test, "aux enable, wait 12345us",
				"cpu0: read %s; cpu1: suspend, wait 10s, resume, tick; cpu2: read %s",
				aux_readers[i], aux_readers[i]))
			continue;
		KUNIT_EXPECT_EQ_MSG(test, after[0].result - before[0].result,
				    10 * NSEC_PER_SEC, "%s", aux_readers[i]);
	}
}

/* The race of the cover letter: the same stages, on the clock's own timekeeper. */
static void delayed(struct kunit *test)
{
	static const char * const frequencies[] = { "-500ppm", "+500ppm" };
	const struct tkfi_op *reads = harness.plan.programs[1].ops;
	const struct stage *stages;
	unsigned int f, s, r, nr;

	stages = variant_stages(&nr);
	for (f = 0; f < ARRAY_SIZE(frequencies); f++) {
		for (s = 0; s < nr; s++) {
			for (r = 0; r < ARRAY_SIZE(aux_readers); r++) {
				const struct tkfi_reader *reader;
				s64 jump, a, off;

				if (!strcmp(stages[s].point, "advance.unlocked"))
					continue;
				if (harness_run(test, "aux enable, wait 3456789ns",
						"cpu0: aux adjtimex freq=%s; cpu1: read %s, read %s; at cpu0 %s off 20ms run cpu1",
						frequencies[f], aux_readers[r],
						aux_readers[r], stages[s].point))
					continue;
				reader = tkfi_reader_of(&reads[0]);
				jump = reads[1].result - reads[0].result;
				a = is_skewed(&stages[s], reader) ?
				    (s64)harness.session.outcome.after.tkr_mono.mult -
				    harness.session.outcome.before.tkr_mono.mult : 0;
				off = abs(jump -
					  (a * 20000000 >>
					   harness.session.outcome.after.tkr_mono.shift));
				KUNIT_EXPECT_LE_MSG(test, off,
						    (a ? 1 : 0) + cut_ns(reader),
						    "%s at %s: %lld ns, a = %lld",
						    reader->call,
						    stages[s].point, jump, a);
				KUNIT_EXPECT_LE(test, jump, a > 0 ? 10001 : 0);
				KUNIT_EXPECT_EQ_MSG(test, !!reads[0].blocked,
						    sight_of(&stages[s], reader) ==
						    BLOCKS, "%s at %s",
						    reader->call,
						    stages[s].point);
				KUNIT_EXPECT_TRUE(test,
						  harness.session.outcome.mirrored);
			}
		}
	}
}

/* A tick that changes no rate moves no clock, however short the delay. */
static void steady(struct kunit *test)
{
	const struct tkfi_op *reads = harness.plan.programs[1].ops;
	s64 jump, least, most;
	unsigned int i, r;

	for (r = 0; r < ARRAY_SIZE(aux_readers); r++) {
		least = 0;
		most = 0;
		for (i = 0; i < 64; i++) {
			if (harness_run(test,
					"aux enable, wait 2ms, aux adjtimex freq=+37ppm, wait 12ms",
					"cpu0: aux tick; cpu1: read %s, read %s; at cpu0 advance.calculated off %ucycles run cpu1",
					aux_readers[r], aux_readers[r], 500 + i * 997))
				return;
			jump = reads[1].result - reads[0].result;
			least = min(least, jump);
			most = max(most, jump);
		}
		KUNIT_EXPECT_EQ_MSG(test, most, 0, "%s", aux_readers[r]);
		KUNIT_EXPECT_EQ_MSG(test, least, -cut_ns(tkfi_reader_of(&reads[0])),
				    "%s", aux_readers[r]);
	}
}

static struct kunit_case aux_cases[] = {
	KUNIT_CASE(refused),
	KUNIT_CASE(on_and_off),
	KUNIT_CASE(change),
	KUNIT_CASE(others_stand),
	KUNIT_CASE(rate),
	KUNIT_CASE(sleep),
	KUNIT_CASE(delayed),
	KUNIT_CASE(steady),
	{}
};

static struct kunit_suite aux_suite = {
	.name = "tkfi_aux_clock",
	.suite_init = harness_open,
	.suite_exit = harness_close,
	.init = aux_test_init,
	.exit = aux_test_exit,
	.test_cases = aux_cases,
};

kunit_test_suite(aux_suite);

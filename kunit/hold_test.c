// SPDX-License-Identifier: GPL-2.0
/*
 * The write hold: what an updater executes while a sequence is odd, and readers
 * wait. In accesses, which are exact, and in host time, which is of this host.
 */
#include <kunit/test.h>
#include <linux/vmalloc.h>

#include "harness.h"
#include "result.h"
#include "stopwatch.h"
#include "updaters.h"

#define SAMPLES	10000

/* What the table calls the updaters of the benchmark. */
struct workload {
	const char *name;
	const char *updater;
};

static const struct workload workloads[] = {
	{ "tick", "tick" },
	{ "NO_HZ 1 s", "NO_HZ 1 s" },
	{ "NO_HZ 60 s", "NO_HZ 60 s" },
	{ "leap second", "leap second inserted" },
	{ "frequency change", "adjtimex frequency" },
};

static void workload_desc(const struct workload *workload, char *desc)
{
	strscpy(desc, workload->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(workload, workloads, workload_desc);

static const char * const readers[TKFI_NR_SEQUENCES] = {
	[TKFI_SEQ_KERNEL] = "kernel",
	[TKFI_SEQ_VDSO]	  = "vdso",
};

/**
 * struct timing - the samples of one workload
 * @watch:	of the sample under way
 * @nr:		how many of its sequence are complete
 * @sections:	write sections of each of them; 0 once two differed
 * @cycles:	host cycles with the sequence odd
 */
struct timing {
	struct tkfi_stopwatch watch;
	unsigned int nr;
	unsigned int sections[TKFI_NR_SEQUENCES];
	u32 cycles[TKFI_NR_SEQUENCES][SAMPLES];
};

static struct timing *timing;
static unsigned int accesses[TKFI_NR_SEQUENCES];

static int hold_suite_init(struct kunit_suite *suite)
{
	timing = vmalloc(sizeof(*timing));
	return timing ? harness_open(suite) : -ENOMEM;
}

static void hold_suite_exit(struct kunit_suite *suite)
{
	harness_close(suite);
	vfree(timing);
}

static const struct updater *find_updater(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(updaters); i++)
		if (!strcmp(updaters[i].name, name))
			return &updaters[i];
	return NULL;
}

static void count(const struct tkfi_access *access, void *arg)
{
	if (access->barrier)
		return;
	accesses[TKFI_SEQ_KERNEL] += *tkfi_core_timekeepers().sequence & 1;
	accesses[TKFI_SEQ_VDSO] += tkfi_vdso_sequence() & 1;
}

/* The accesses, by one execution on a VCPU. */
static int measure_accesses(struct kunit *test, const struct updater *updater)
{
	int ret = harness_parse(test, "cpu0: %s", updater->update);

	memset(accesses, 0, sizeof(accesses));
	harness.plan.access = count;
	return ret ?: harness_execute(test, updater->setup);
}

static void sample(void *arg)
{
	const struct tkfi_stopwatch *watch = &timing->watch;
	unsigned int *sections = &timing->sections[watch->sequence];

	timing->cycles[watch->sequence][timing->nr] = watch->cycles;
	if (!timing->nr)
		*sections = watch->sections;
	else if (*sections != watch->sections)
		*sections = 0;
	timing->nr++;
}

/* The time, by many executions off the VCPUs. */
static int measure_time(struct kunit *test, const struct updater *updater,
			enum tkfi_sequence sequence)
{
	int ret;

	timing->watch.sequence = sequence;
	timing->nr = 0;
	ret = tkfi_session_repeat(&harness.session, updater->setup, &harness.plan,
				  SAMPLES, &timing->watch, sample, NULL);
	KUNIT_EXPECT_EQ_MSG(test, ret, 0, "%s", harness.session.engine->error);
	return ret;
}

/* 1/100 cycles in 1/10 ns. */
static u64 tenths(u64 cycles)
{
	return div64_u64(cycles * (NSEC_PER_MSEC / 10), tkfi_tsc_khz());
}

/* Less what the stopwatch itself takes; in 1/10 ns. */
static u64 quantile(enum tkfi_sequence sequence, unsigned int percent)
{
	u64 shown = tkfi_quantile(timing->cycles[sequence], timing->nr, percent);
	u64 own = timing->sections[sequence] * tkfi_stopwatch_overhead();

	return tenths(shown - min(own, shown));
}

static void say(const struct workload *workload, enum tkfi_sequence sequence)
{
	u64 median = quantile(sequence, 50), p99 = quantile(sequence, 99);
	u64 finest = tenths(timing->sections[sequence] *
			    tkfi_stopwatch_resolution());

	tkfi_result("\"type\":\"hold\",\"workload\":\"%s\",\"readers\":\"%s\",\"hooks\":%s,\"accesses\":%u,\"ns_median\":%llu.%llu,\"ns_p99\":%llu.%llu,\"ns_resolution\":%llu.%llu,\"samples\":%u",
		    workload->name, readers[sequence],
		    IS_ENABLED(CONFIG_TKFI_ACCESS) ? "true" : "false",
		    accesses[sequence], median / 10, median % 10, p99 / 10,
		    p99 % 10, finest / 10, finest % 10, timing->nr);
}

static void hold(struct kunit *test)
{
	const struct workload *workload = test->param_value;
	const struct updater *updater = find_updater(workload->updater);
	unsigned int first[TKFI_NR_SEQUENCES], i;

	KUNIT_ASSERT_NOT_NULL(test, updater);
	KUNIT_ASSERT_EQ(test, measure_accesses(test, updater), 0);
	memcpy(first, accesses, sizeof(first));
	KUNIT_ASSERT_EQ(test, measure_accesses(test, updater), 0);

	for (i = 0; i < TKFI_NR_SEQUENCES; i++) {
		KUNIT_ASSERT_EQ(test, measure_time(test, updater, i), 0);
		KUNIT_EXPECT_EQ(test, timing->nr, SAMPLES);
		KUNIT_EXPECT_EQ(test, first[i], accesses[i]);
		if (IS_ENABLED(CONFIG_TKFI_ACCESS))
			KUNIT_EXPECT_GT(test, accesses[i], 0);
		KUNIT_EXPECT_GT(test, timing->sections[i], 0);
	}
	KUNIT_EXPECT_EQ(test, timing->sections[TKFI_SEQ_KERNEL],
			updater->sections[tkfi_variant()]);
	for (i = 0; i < TKFI_NR_SEQUENCES; i++)
		say(workload, i);
}

static struct kunit_case hold_cases[] = {
	KUNIT_CASE_PARAM(hold, workload_gen_params),
	{}
};

static struct kunit_suite hold_suite = {
	.name = "tkfi_hold",
	.suite_init = hold_suite_init,
	.suite_exit = hold_suite_exit,
	.test_cases = hold_cases,
};

kunit_test_suite(hold_suite);

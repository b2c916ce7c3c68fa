// SPDX-License-Identifier: GPL-2.0
/* The race of the cover letter, with the figures somebody asks for. */
#include <kunit/test.h>
#include <linux/moduleparam.h>

#include "clock.h"
#include "harness.h"
#include "operation.h"
#include "reproduce.h"
#include "result.h"
#include "stages.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX	"tkfi."

static unsigned long long delay_ns = 10 * NSEC_PER_MSEC;
module_param(delay_ns, ullong, 0444);
MODULE_PARM_DESC(delay_ns, "how long VCPU0 is scheduled out, 0 to 10 minutes");

static int from_ppb = 500000;
module_param(from_ppb, int, 0444);
MODULE_PARM_DESC(from_ppb, "frequency before, -100000000 to 100000000 ppb");

static int to_ppb = -500000;
module_param(to_ppb, int, 0444);
MODULE_PARM_DESC(to_ppb, "frequency that VCPU0 sets, in ppb");

static void cover_letter_exit(struct kunit *test)
{
	tkfi_session_close(&harness.session);
}

/* "+500ppm", "-0.037ppm": as people write it. */
static const char *in_ppm(int ppb, char *text, size_t size)
{
	unsigned int magnitude = abs(ppb);
	int len = snprintf(text, size, "%c%u", ppb < 0 ? '-' : '+',
			   magnitude / 1000);

	if (magnitude % 1000)
		len += snprintf(text + len, size - len, ".%03u",
				magnitude % 1000);
	snprintf(text + len, size - len, "ppm");
	return text;
}

static void report(struct kunit *test, const struct tkfi_reader *reader,
		   const char *point, u64 ns, u64 cycles, s64 predicted)
{
	const struct tkfi_op *reads = harness.plan.programs[1].ops;

	tkfi_result("\"type\":\"race\",\"case\":\"%s\",\"reader\":\"%s %s\",\"unit_ns\":%u,\"point\":\"%s\",\"delay_ns\":%llu,\"delay_cycles\":%llu,\"mult_old\":%u,\"mult_new\":%u,\"shift\":%u,\"first_ns\":%lld,\"second_ns\":%lld,\"first_cycle\":%llu,\"second_cycle\":%llu,\"measured_ns\":%lld,\"predicted_ns\":%lld",
		    test->name, tkfi_family_names[reader->family],
		    reader->clock, reader->unit, point, ns, cycles,
		    harness.session.outcome.line_before.mult,
		    harness.session.outcome.line_after.mult,
		    harness.session.outcome.line_after.shift, reads[0].result,
		    reads[1].result, tkfi_results(&reads[0])->counter,
		    tkfi_results(&reads[1])->counter, reads[1].result - reads[0].result,
		    predicted);
}

/* The race for one reader; measured and predicted jumps agree. */
static void race(struct kunit *test, const struct tkfi_reader *reader,
		 int from, int to, u64 ns)
{
	static const char point[] = "advance.calculated";
	const struct tkfi_op *reads = harness.plan.programs[1].ops;
	const char *family = tkfi_family_names[reader->family];
	char setup[128], old[24], new[24];
	s64 jump, predicted;
	u64 cycles;

	snprintf(setup, sizeof(setup),
		 "adjtimex freq=%s, wait 10ms, tick, wait 10ms, tick, wait 3456789ns",
		 in_ppm(from, old, sizeof(old)));
	if (harness_run(test, setup,
			"cpu0: adjtimex freq=%s; cpu1: read %s %s, read %s %s; at cpu0 %s off %lluns run cpu1",
			in_ppm(to, new, sizeof(new)), family, reader->clock,
			family, reader->clock, point, ns))
		return;
	cycles = is_skewed(find_stage(point), reader) ?
		 tkfi_duration_cycles(harness.plan.faults[0].delay) : 0;
	jump = reads[1].result - reads[0].result;
	predicted = predicted_jump(&harness.session.outcome, cycles);
	KUNIT_EXPECT_TRUE_MSG(test,
			      is_predicted(&harness.session.outcome, cycles, jump,
					   reader->unit),
			      "%s: measured %lld ns, predicted %lld ns",
			      reader->call, jump, predicted);
	report(test, reader, point, ns, cycles, predicted);
}

static void cover_letter(struct kunit *test)
{
	unsigned int i;

	KUNIT_ASSERT_EQ(test, tkfi_session_open(&harness.session, NSEC_PER_SEC), 0);
	for (i = 0; i < tkfi_nr_readers; i++) {
		const struct tkfi_reader *reader = &tkfi_readers[i];

		if (reader->kind == TKFI_COARSE)
			continue;
		race(test, reader, from_ppb, to_ppb, delay_ns);
		if (reader == tkfi_reader_find("vdso", "MONOTONIC"))
			tkfi_result_trace_entries(test->name, &harness.session.engine->trace);
	}
	harness_trace("tkfi_cover_letter", test, NULL);
}

/* Counters that kernels live on: ACPI PM timer, Arm, HPET, a TSC. */
static const u32 counters[] = {
	3579545, 24000000, 14318180, 2893202000U, TKFI_MAX_HZ,
};

static void counter_desc(const u32 *hz, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u Hz", *hz);
}

KUNIT_ARRAY_PARAM(counter, counters, counter_desc);

static void counter_frequency(struct kunit *test)
{
	const u32 hz = *(const u32 *)test->param_value;
	const struct tkfi_reader *reader = tkfi_reader_find("vdso",
							    "MONOTONIC");
	char name[32];

	KUNIT_ASSERT_EQ(test, tkfi_session_open(&harness.session, hz), 0);
	race(test, reader, 500000, -500000, 10 * NSEC_PER_MSEC);
	race(test, reader, -100000000, 100000000, 600 * NSEC_PER_SEC);
	race(test, reader, 100000000, -100000000, 600 * NSEC_PER_SEC);
	snprintf(name, sizeof(name), "%u Hz", hz);
	harness_trace("tkfi_cover_letter", test, name);
}

static struct kunit_case cover_letter_cases[] = {
	KUNIT_CASE(cover_letter),
	KUNIT_CASE_PARAM(counter_frequency, counter_gen_params),
	{}
};

static struct kunit_suite cover_letter_suite = {
	.name = "tkfi_cover_letter",
	.init = harness_init_at_points,
	.exit = cover_letter_exit,
	.test_cases = cover_letter_cases,
};

kunit_test_suite(cover_letter_suite);

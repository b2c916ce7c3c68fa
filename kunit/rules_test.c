// SPDX-License-Identifier: GPL-2.0
/* What breaks a rule of the series is found, and by that rule. */
#include <kunit/test.h>
#include <linux/ktime.h>
#include <linux/timekeeping.h>

#include "glue.h"
#include "redirect.h"
#include "veil.h"

#include <timekeeping.h>

static u32 *page;

static void note_page(const unsigned int *sequence, bool latch)
{
	/* What follows the first sequence is the first member that readers use. */
	if (!page)
		page = (u32 *)sequence + 1;
}

static s64 write_page(struct tkfi_op *op)
{
	tkfi_atomic(page, sizeof(*page));
	*page ^= 1;
	return 0;
}

/* Both change a member that no reader of the scenario uses. */
static s64 write_real(struct tkfi_op *op)
{
	struct timekeeper *real = (struct timekeeper *)tkfi_core_timekeepers().real;

	tkfi_atomic(&real->next_leap_ktime, sizeof(real->next_leap_ktime));
	real->next_leap_ktime ^= 1;
	return 0;
}

static s64 write_shadow(struct tkfi_op *op)
{
	struct timekeeper *shadow = (struct timekeeper *)tkfi_core_timekeepers().shadow;

	tkfi_atomic(&shadow->next_leap_ktime, sizeof(shadow->next_leap_ktime));
	shadow->next_leap_ktime ^= 1;
	return 0;
}

static s64 tick(struct tkfi_op *op)
{
	update_wall_time();
	return 0;
}

static bool is_found(const char *rule)
{
	unsigned int i;

	for (i = 0; i < harness.explorer->nr_violations; i++)
		if (!strcmp(harness.explorer->violations[i].finding.rule ?: "", rule))
			return true;
	return false;
}

/* Rules that hold, with an operation that breaks them, and one that breaks none. */
static void writers_hold_what_they_must(struct kunit *test)
{
	static const char * const rules[] = { "s4-write", "s7-write", "vdso-even" };
	static const struct {
		s64 (*run)(struct tkfi_op *op);
		bool breaks[ARRAY_SIZE(rules)];
	} cases[] = {
		{ tick,		{ false, false, false } },
		{ write_shadow,	{ true,	 false, false } },
		{ write_real,	{ true,	 true,	false } },
		{ write_page,	{ false, false, true  } },
	};
	unsigned int i, j;

	page = NULL;
	tkfi_vdso_sequences(note_page);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (explore_with(test, cases[i].run))
			return;
		for (j = 0; j < ARRAY_SIZE(rules); j++)
			KUNIT_EXPECT_EQ_MSG(test, is_found(rules[j]), cases[i].breaks[j],
					    "%u: %s", i, rules[j]);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(writers_hold_what_they_must),
	{}
};

static struct kunit_suite suite = {
	.name = "tkfi_engine_rules",
	.suite_init = veil_open,
	.suite_exit = veil_close,
	.init = harness_init,
	.test_cases = cases,
};

kunit_test_suite(suite);

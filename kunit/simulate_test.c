// SPDX-License-Identifier: GPL-2.0
#include <kunit/test.h>

#include "simulation.h"

/* What the parameter asks for. */
static void asked(struct kunit *test)
{
	if (!tkfi_simulations_asked())
		kunit_skip(test, "not asked for");
	KUNIT_EXPECT_EQ(test, tkfi_simulations(), 0);
}

static struct kunit_case simulate_cases[] = {
	KUNIT_CASE(asked),
	{}
};

static struct kunit_suite simulate_suite = {
	.name = "tkfi_simulate",
	.test_cases = simulate_cases,
};

kunit_test_suite(simulate_suite);

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_KUNIT_EXPLORER_H
#define __TKFI_KUNIT_EXPLORER_H

#include <kunit/test.h>

#include "explore.h"

/**
 * tkfi_expect_replay() - an execution by a violation's schedule, again
 * @test:	fails if the schedule cannot be executed
 * @x:		explorer; its scenario is the violation's. Its violations are those of this
 *		execution, and its engine has the trace
 * @v:		violation, not one of @x
 *
 * Return: whether it came to the same, at no other cost.
 */
bool tkfi_expect_replay(struct kunit *test, struct tkfi_explorer *x,
			const struct tkfi_violation *v);

#endif

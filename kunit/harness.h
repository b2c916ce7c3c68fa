/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What suites about timekeeping share: one session, and the plan that is run in it. There
 * is one virtual clocksource, so there is one session at a time.
 */
#ifndef __TKFI_HARNESS_H
#define __TKFI_HARNESS_H

#include <linux/stdarg.h>

#include "explorer.h"
#include "session.h"

struct kunit;
struct kunit_suite;
struct tkfi_scenario;

/**
 * struct harness - a session and a plan
 * @session:	open while a case runs
 * @explorer:	whose clocksource, engine and state the session uses, NULL if its own
 * @plan:	what is run; its operations hold the results
 * @text:	@plan as it was written, for messages
 */
struct harness {
	struct tkfi_session session;
	struct tkfi_explorer *explorer;
	struct tkfi_plan plan;
	char text[TKFI_PLAN_TEXT + 1];
};

extern struct harness harness;

/**
 * harness_open() - open the session, with a clocksource of 1 GHz; a suite's suite_init
 * @suite:	not used
 *
 * Return: as tkfi_session_open().
 */
int harness_open(struct kunit_suite *suite);

/**
 * harness_close() - close what was opened; a suite's suite_exit
 * @suite:	not used
 */
void harness_close(struct kunit_suite *suite);

/**
 * harness_open_explorer() - open an explorer and a session on it; a suite's suite_init
 * @suite:	not used
 *
 * Return: 0 or -ENOMEM.
 */
int harness_open_explorer(struct kunit_suite *suite);

/**
 * harness_init_at_points() - as harness_init(), for a suite that needs all injection points
 * @test:	skipped where one is missing
 *
 * Return: 0.
 */
int harness_init_at_points(struct kunit *test);

/**
 * harness_init() - no plan, no trace, and the core timekeeper; a suite's init
 * @test:	not used
 *
 * Return: 0.
 */
int harness_init(struct kunit *test);

/**
 * harness_trace() - tell the runner what all executions of a case were
 * @suite:	name of the suite
 * @test:	the case
 * @parameter:	name of its parameter, NULL if it has none
 */
void harness_trace(const char *suite, const struct kunit *test, const char *parameter);

/**
 * harness_vparse() - as harness_parse()
 * @test:	test
 * @fmt:	printf format of a plan
 * @args:	for @fmt
 *
 * Return: as harness_parse().
 */
__printf(2, 0)
int harness_vparse(struct kunit *test, const char *fmt, va_list args);

/**
 * harness_parse() - read a plan, and expect that it is right
 * @test:	test
 * @fmt:	printf format of a plan, see tkfi_plan_parse()
 *
 * Then nobody looks at it, and its VCPUs run one after another.
 *
 * Return: 0, or an error that @test has seen.
 */
__printf(2, 3)
int harness_parse(struct kunit *test, const char *fmt, ...);

/**
 * harness_execute() - execute the plan that was read, and expect that it goes well
 * @test:	test
 * @setup:	operations before, NULL for none
 *
 * Return: 0, or an error that @test has seen.
 */
int harness_execute(struct kunit *test, const char *setup);

/**
 * harness_load() - have the explorer load a scenario, and expect that it is right
 * @test:	test
 * @scenario:	scenario
 *
 * Return: 0, or an error that @test has seen.
 */
int harness_load(struct kunit *test, const struct tkfi_scenario *scenario);

/**
 * harness_load_named() - as harness_load(), one of the scenarios of the subject
 * @test:	test
 * @name:	its name
 *
 * Return: as harness_load().
 */
int harness_load_named(struct kunit *test, const char *name);

/**
 * harness_run() - read a plan and execute it, and expect that both go well
 * @test:	test
 * @setup:	operations before, NULL for none
 * @fmt:	printf format of a plan
 *
 * Return: 0, or an error that @test has seen.
 */
__printf(3, 4)
int harness_run(struct kunit *test, const char *setup, const char *fmt, ...);

#endif

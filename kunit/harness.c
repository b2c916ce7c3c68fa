// SPDX-License-Identifier: GPL-2.0
#include <kunit/test.h>
#include <linux/string.h>

#include "harness.h"
#include "result.h"

#include <tkfi-missing.h>

struct harness harness;

int harness_open(struct kunit_suite *suite)
{
	return tkfi_session_open(&harness.session, NSEC_PER_SEC);
}

int harness_open_explorer(struct kunit_suite *suite)
{
	struct tkfi_run *run;

	harness.explorer = tkfi_explorer_open();
	if (!harness.explorer)
		return -ENOMEM;
	run = tkfi_run_of(harness.explorer);
	harness.session = (struct tkfi_session){
		.engine = run->engine,
		.own = run->own,
		.setup = &run->setup,
	};
	return 0;
}

void harness_close(struct kunit_suite *suite)
{
	if (!harness.explorer) {
		tkfi_session_close(&harness.session);
		return;
	}
	tkfi_explorer_close(harness.explorer);
	harness.explorer = NULL;
	harness.session = (struct tkfi_session){};
}

int harness_init_at_points(struct kunit *test)
{
	if (TKFI_MISSING_POINTS[0])
		kunit_skip(test, "this tree has no place for %s", TKFI_MISSING_POINTS);
	return harness_init(test);
}

int harness_init(struct kunit *test)
{
	memset(&harness.plan, 0, sizeof(harness.plan));
	harness.session.aux = false;
	harness.session.events = 0;
	harness.session.hash = 0;
	return 0;
}

void harness_trace(const char *suite, const struct kunit *test, const char *parameter)
{
	char name[96];

	snprintf(name, sizeof(name), "%s%s%s", test->name, parameter ? " " : "",
		 parameter ?: "");
	tkfi_result_trace(suite, name, harness.session.events, harness.session.hash);
}

int harness_vparse(struct kunit *test, const char *fmt, va_list args)
{
	struct tkfi_engine *engine = harness.session.engine;
	struct tkfi_plan *plan = &harness.plan;
	int ret;

	vsnprintf(harness.text, sizeof(harness.text), fmt, args);
	ret = tkfi_plan_parse(plan, engine->error, sizeof(engine->error), "%s",
			      harness.text);
	KUNIT_EXPECT_EQ_MSG(test, ret, 0, "%s: %s", harness.text, engine->error);
	plan->inner = NULL;
	plan->probe = NULL;
	plan->access = NULL;
	plan->probe_arg = NULL;
	return ret;
}

int harness_parse(struct kunit *test, const char *fmt, ...)
{
	va_list args;
	int ret;

	va_start(args, fmt);
	ret = harness_vparse(test, fmt, args);
	va_end(args);
	return ret;
}

int harness_execute(struct kunit *test, const char *setup)
{
	int ret = tkfi_session_run(&harness.session, setup, &harness.plan);

	KUNIT_EXPECT_EQ_MSG(test, ret, 0, "%s: %s", harness.text,
			    harness.session.engine->error);
	return ret;
}

int harness_load(struct kunit *test, const struct tkfi_scenario *scenario)
{
	struct tkfi_engine *engine = harness.session.engine;
	int ret = tkfi_explorer_load(harness.explorer, scenario, engine->error,
				     sizeof(engine->error));

	KUNIT_EXPECT_EQ_MSG(test, ret, 0, "%s: %s", scenario->text, engine->error);
	return ret;
}

int harness_load_named(struct kunit *test, const char *name)
{
	const struct tkfi_scenario *scenario = tkfi_scenario_find(name);

	KUNIT_EXPECT_NOT_NULL_MSG(test, scenario, "%s", name);
	return scenario ? harness_load(test, scenario) : -ENOENT;
}

int harness_run(struct kunit *test, const char *setup, const char *fmt, ...)
{
	va_list args;
	int ret;

	va_start(args, fmt);
	ret = harness_vparse(test, fmt, args);
	va_end(args);
	return ret ?: harness_execute(test, setup);
}

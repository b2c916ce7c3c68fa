// SPDX-License-Identifier: GPL-2.0
/*
 * Every shipped scenario explored to the end, and the one somebody asks for; a
 * schedule replayed; stories. The front end does it; kunit.py runs it.
 */
#include <kunit/test.h>
#include <linux/string.h>

#include "front.h"
#include "front_stories.h"
#include "lists.h"
#include "result.h"
#include "select.h"
#include "subject.h"

#ifdef CONFIG_TKFI_TIMEKEEPING
#include "readers.h"
#endif

/* Names, for which KUnit has to know at compile time how many there are. */
static const struct tkfi_scenario shipped_scenarios[] = {
#include "scenarios.inc"
};

static struct tkfi_front front;

static int explore_suite_init(struct kunit_suite *suite)
{
	return tkfi_front_open(&front);
}

static void explore_suite_exit(struct kunit_suite *suite)
{
	tkfi_front_close(&front);
}

static void fail(void *arg, const char *text)
{
	struct kunit *test = arg;

	KUNIT_FAIL(test, "%s", text);
}

static int explore_init(struct kunit *test)
{
	front.fail = fail;
	front.arg = test;
	return 0;
}

static void scenario_desc(const struct tkfi_scenario *s, char *desc)
{
	strscpy(desc, s->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(scenario, shipped_scenarios, scenario_desc);

static void skip_if(struct kunit *test, enum tkfi_front_done done)
{
	if (done == TKFI_FRONT_NOT_ASKED)
		kunit_skip(test, "not asked for");
	if (done == TKFI_FRONT_ABSENT)
		kunit_skip(test, "this kernel does not have what it is about");
}

static void shipped(struct kunit *test)
{
	const struct tkfi_scenario *s = test->param_value;

	skip_if(test, tkfi_front_shipped(&front, s->name));
}

static bool is_asked_for_nothing(void)
{
	const struct tkfi_request *request = &front.request;

	return !request->is_list && !request->text && !request->turns && !request->story &&
	       !request->stories && !strcmp(request->name, "*");
}

/* All sequences of operations: as long as is asked for, or, if nothing is, what takes seconds. */
static void stories(struct kunit *test)
{
	const struct tkfi_request asked = front.request;

	if (is_asked_for_nothing())
		front.request.stories = 3;
	skip_if(test, tkfi_front_stories(&front));
	front.request.stories = asked.stories;
}

/* Each operation beside readers, right after boot. What is asked for is done above. */
static void races(struct kunit *test)
{
	if (!is_asked_for_nothing())
		kunit_skip(test, "not asked for");
	front.request.stories = 1;
	front.request.races = true;
	skip_if(test, tkfi_front_stories(&front));
	front.request.stories = 0;
	front.request.races = false;
}

/* What is known to occur does, in one of them. */
static void causes(struct kunit *test)
{
	skip_if(test, tkfi_front_causes(&front));
}

#ifdef CONFIG_TKFI_TIMEKEEPING
/*
 * Elsewhere a reader that looks at its sequence twice is taken to heed what it sees.
 * It does: when the sequence has changed it starts again.
 */
static void heeds(struct kunit *test)
{
	static const struct tkfi_explore_options options = { .no_wait_for_readers = true };
	unsigned int i;

	if (front.request.is_list || front.request.text || front.request.turns ||
	    strcmp(tkfi_subject->name, "timekeeping"))
		kunit_skip(test, "not asked for");
	for (i = 0; i < tkfi_nr_readers; i++) {
		const struct tkfi_reader *reader = &tkfi_readers[i];
		char text[96];

		/* Who reads one word has nothing to heed. */
		if (reader->lockless && reader->family != TKFI_FAST)
			continue;
		snprintf(text, sizeof(text),
			 "setup: wait 12ms; cpu0: tick; cpu1: read %s %s",
			 tkfi_family_names[reader->family], reader->clock);
		tkfi_front_explore(&front,
				   &(struct tkfi_scenario){ reader->call, text },
				   &options, true);
	}
}

/* A tick that changes no rate moves nobody back. */
#define HOLDS	"cpu0: tick; cpu1: read vdso MONOTONIC, read vdso MONOTONIC; host: 12ms"
#else
static void heeds(struct kunit *test)
{
	kunit_skip(test, "this kernel has no timekeeping to explore");
}

#define HOLDS	"cpu0: write 3; cpu1: read, read; host: 12ms"
#endif

/* The parameter's scenario, or else one as a user might write it. */
static void given(struct kunit *test)
{
	const struct tkfi_scenario s = {
		.name = "given",
		.text = front.request.text ?: HOLDS,
	};

	if (front.request.is_list || front.request.turns ||
	    (!front.request.text && IS_ENABLED(CONFIG_TKFI_TIMEKEEPING) &&
	     strcmp(tkfi_subject->name, "timekeeping")))
		kunit_skip(test, "not asked for");
	tkfi_front_explore(&front, &s, &front.request.options, false);
	if (!front.request.text)
		KUNIT_EXPECT_EQ(test, front.explorer->nr_violations, 0);
}

/* The parameter's schedule. */
static void replayed(struct kunit *test)
{
	skip_if(test, tkfi_front_replay(&front));
}

/* What there is, for the runner to know. */
static void lists(struct kunit *test)
{
	struct kunit_suite * const *suite;

	if (!front.request.lists)
		kunit_skip(test, "not asked for");
	tkfi_lists();
	for (suite = __kunit_suites_start; suite < __kunit_suites_end; suite++)
		if (strstarts((*suite)->name, "tkfi_"))
			tkfi_result("\"type\":\"suite\",\"name\":\"%s\"", (*suite)->name);
}

static struct kunit_case explore_cases[] = {
	KUNIT_CASE(lists),
	KUNIT_CASE_PARAM(shipped, scenario_gen_params),
	KUNIT_CASE(causes),
	KUNIT_CASE(heeds),
	KUNIT_CASE(given),
	KUNIT_CASE(replayed),
	{}
};

static struct kunit_suite explore_suite = {
	.name = "tkfi_explore",
	.suite_init = explore_suite_init,
	.suite_exit = explore_suite_exit,
	.init = explore_init,
	.test_cases = explore_cases,
};

static struct kunit_case stories_cases[] = {
	KUNIT_CASE(stories),
	KUNIT_CASE(races),
	{}
};

static struct kunit_suite stories_suite = {
	.name = "tkfi_stories",
	.suite_init = explore_suite_init,
	.suite_exit = explore_suite_exit,
	.init = explore_init,
	.test_cases = stories_cases,
};

kunit_test_suites(&explore_suite, &stories_suite);

// SPDX-License-Identifier: GPL-2.0
/*
 * Which of the suites tkfi_* a boot runs, and how long each takes. KUnit's own filter
 * takes one glob; it leaves out a suite that has no cases.
 */
#include <kunit/test.h>
#include <linux/glob.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <os.h>

#include "result.h"
#include "select.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX	"tkfi."

#define MAX_SUITES	64

static char *suites;
module_param(suites, charp, 0444);
MODULE_PARM_DESC(suites, "of the suites tkfi_* run only these: SUITE[.CASE_GLOB],...");

/* What the suites that run had at their ends before. */
static struct {
	const char *name;
	void (*exit)(struct kunit_suite *suite);
} timed[MAX_SUITES];

/* Of the host, when the last suite ended, or before the first. */
static s64 ended;

/* Whether a list of them has case @name of @suite. */
static bool is_listed(const char *list, const char *suite, const char *name)
{
	char *copy = kstrdup(list, GFP_KERNEL), *rest = copy, *one;
	bool found = false;

	while (!found && (one = strsep(&rest, ","))) {
		const char *listed = strsep(&one, ".");

		found = !strcmp(listed, suite) &&
			(!one || glob_match(one, name));
	}
	kfree(copy);
	return found;
}

static void keep_listed(struct kunit_suite *suite)
{
	struct kunit_case *from, *to = suite->test_cases;

	for (from = to; from->run_case; from++)
		if (is_listed(suites, suite->name, from->name))
			*to++ = *from;
	*to = (struct kunit_case){};
}

/* KUnit runs copies of the suites: they are known by their names. */
static void timed_exit(struct kunit_suite *suite)
{
	s64 now;
	int i;

	for (i = 0; strcmp(timed[i].name, suite->name);)
		i++;
	if (timed[i].exit)
		timed[i].exit(suite);
	now = os_nsecs();
	tkfi_result("\"type\":\"took\",\"suite\":\"%s\",\"ns\":%lld",
		    suite->name, now - ended);
	ended = now;
}

/* KUnit starts when all initcalls have returned. */
static int __init select_suites(void)
{
	struct kunit_suite * const *suite;
	unsigned int nr = 0;

	if (!suites)
		return 0;
	for (suite = __kunit_suites_start; suite < __kunit_suites_end; suite++) {
		if (!strstarts((*suite)->name, "tkfi_"))
			continue;
		keep_listed(*suite);
		if (nr == MAX_SUITES)
			continue;
		timed[nr].name = (*suite)->name;
		timed[nr++].exit = (*suite)->suite_exit;
		(*suite)->suite_exit = timed_exit;
	}
	ended = os_nsecs();
	return 0;
}
late_initcall(select_suites);

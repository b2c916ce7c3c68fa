// SPDX-License-Identifier: GPL-2.0
/* The kernel parameters that say what is to be explored. */
#include <linux/glob.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <os.h>

#include "saved_file.h"
#include "request.h"
#include "stories.h"
#include "strategies.h"
#include "subject.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX	"tkfi."

static char *scenario = "*";
module_param(scenario, charp, 0444);
MODULE_PARM_DESC(scenario, "which of the shipped scenarios (a glob), or the text of another one");

static char *list;
module_param(list, charp, 0444);
MODULE_PARM_DESC(list, "host file that names shipped scenarios, in place of a glob: lines NAME FILE, where FILE is as keep");

static char *turns;
module_param_named(schedule, turns, charp, 0444);
MODULE_PARM_DESC(schedule, "the turns to replay in that scenario");

static char *strategy = "dpor";
module_param(strategy, charp, 0444);
MODULE_PARM_DESC(strategy, "one of search/strategy_list.h before replay");

static unsigned long long executions;
module_param(executions, ullong, 0444);
MODULE_PARM_DESC(executions, "the most executions of a scenario; 0: all, or for ms, or 10000");

static unsigned long long ms;
module_param(ms, ullong, 0444);
MODULE_PARM_DESC(ms, "of host time for a scenario, 0 for as long as it takes");

static unsigned long long seed;
module_param(seed, ullong, 0444);
MODULE_PARM_DESC(seed, "number of the first execution of those that sample");

static unsigned int depth = 3;
module_param(depth, uint, 0444);
MODULE_PARM_DESC(depth, "of the bugs that pct looks for, 1 to 8");

static int preemptions = -1;
module_param(preemptions, int, 0444);
MODULE_PARM_DESC(preemptions, "the most preemptions of an execution: of dpor, if not -1; of dfs, 2 if -1");

static char *part;
module_param(part, charp, 0444);
MODULE_PARM_DESC(part, "I/N: explore only the I-th of N parts, from 0; dpor only");

static char *shared;
module_param(shared, charp, 0444);
MODULE_PARM_DESC(shared, "cells that are shared, as a result has them");

static char *keep;
module_param(keep, charp, 0444);
MODULE_PARM_DESC(keep, "host file for the state of the exploration; .0 and .1 are added");

static bool outcomes;
module_param(outcomes, bool, 0444);
MODULE_PARM_DESC(outcomes, "report the outcomes of each scenario: hashes of all that can be observed");

static char *outcome;
module_param(outcome, charp, 0444);
MODULE_PARM_DESC(outcome, "report one execution with this outcome, in hex, in place of violations");

static bool coverage;
module_param(coverage, bool, 0444);
MODULE_PARM_DESC(coverage, "report which instructions were executed in the executions that are watched");

static bool steps;
module_param(steps, bool, 0444);
MODULE_PARM_DESC(steps, "report every step of executions that are shown");

static bool resume;
module_param(resume, bool, 0444);
MODULE_PARM_DESC(resume, "go on from the state that was kept");

static bool lists;
module_param(lists, bool, 0444);
MODULE_PARM_DESC(lists, "report what there is");

static unsigned int stories;
module_param(stories, uint, 0444);
MODULE_PARM_DESC(stories, "tell all stories of up to so many steps, 1 to 6, in place of scenarios");

static bool races;
module_param(races, bool, 0444);
MODULE_PARM_DESC(races, "with stories: explore each step beside readers, from each state that they reach");

static char *clock;
module_param(clock, charp, 0444);
MODULE_PARM_DESC(clock, "the clock that scenarios go by (the first), or stories (each in turn)");

static char *story;
module_param(story, charp, 0444);
MODULE_PARM_DESC(story, "tell one story: operations of scenarios, with commas between them");

static char *subject;
module_param(subject, charp, 0444);
MODULE_PARM_DESC(subject, "what is explored: timekeeping, if that is built in, or seqlock");

/* The scenarios in the list, and the file of each. */
#define LIST_SIZE	(128 << 10)
#define LISTED		512

static char *listed;
static struct {
	const char *name;
	char *file;
} files[LISTED];
static unsigned int nr_files;

/* As much of a host's file as fits. Return: its length, or the host's error. */
static int read_file(const char *name, char *buf, size_t size)
{
	int fd = os_open_file(name, of_read(OPENFLAGS()), 0);
	int len = 0, ret = fd;

	while (ret >= 0 && len < size) {
		ret = os_read_file(fd, buf + len, size - len);
		if (ret <= 0)
			break;
		len += ret;
	}
	if (fd >= 0)
		os_close_file(fd);
	return ret < 0 ? ret : len;
}

static int read_list(void)
{
	char *rest, *line, *name;
	int len;

	listed = vzalloc(LIST_SIZE);
	if (!listed)
		return -ENOMEM;
	len = read_file(list, listed, LIST_SIZE);
	if (len < 0 || len == LIST_SIZE) {
		pr_err("tkfi: cannot read %s: %d\n", list, len < 0 ? len : -E2BIG);
		return -EINVAL;
	}
	nr_files = 0;
	rest = listed;
	while ((line = strsep(&rest, "\n"))) {
		if (!*line)
			continue;
		name = strsep(&line, " ");
		if (!tkfi_scenario_find(name) || !line || nr_files == LISTED) {
			pr_err("tkfi: %s: '%s' is no line NAME FILE with the name of a shipped scenario\n",
			       list, name);
			return -EINVAL;
		}
		files[nr_files].name = name;
		files[nr_files++].file = line;
	}
	return 0;
}

static int read_options(struct tkfi_explore_options *options)
{
	*options = (struct tkfi_explore_options){
		.executions = executions,
		.ms = ms,
		.seed = seed,
		.depth = depth,
		.preemptions = preemptions < 0 ? 2 : preemptions,
		.outcomes = outcomes,
		.seeks = outcome,
		.coverage = coverage,
		.shared = shared,
		.resume = resume,
	};
	if (outcome && kstrtou64(outcome, 16, &options->outcome)) {
		pr_err("tkfi: '%s' is no outcome; write 16 hexadecimal digits\n", outcome);
		return -EINVAL;
	}
	if (part && (sscanf(part, "%u/%u", &options->part, &options->parts) != 2 ||
		     options->part >= options->parts)) {
		pr_err("tkfi: '%s' is no part; write 0/4 to 3/4\n", part);
		return -EINVAL;
	}
	while (options->strategy < TKFI_REPLAY &&
	       strcmp(tkfi_strategy_names[options->strategy], strategy))
		options->strategy++;
	if (options->strategy == TKFI_REPLAY) {
		pr_err("tkfi: no strategy is called %s\n", strategy);
		return -EINVAL;
	}
	if (!depth || depth > TKFI_PCT_MAX_DEPTH) {
		pr_err("tkfi: a depth of %u; 1 to %u are possible\n", depth,
		       TKFI_PCT_MAX_DEPTH);
		return -EINVAL;
	}
	options->bounded = options->strategy == TKFI_DPOR && preemptions >= 0;
	return 0;
}

int tkfi_request_read(struct tkfi_request *request)
{
	int ret;

	*request = (struct tkfi_request){
		.text = strchr(scenario, ':') ? scenario : NULL,
		.name = scenario,
		.turns = turns,
		.steps = steps,
		.is_list = list,
		.lists = lists,
		.stories = stories,
		.races = races,
		.story = story,
		.clock = clock,
	};
	if (stories > TKFI_MAX_STORY) {
		pr_err("tkfi: stories of %u steps; 1 to %u are possible\n", stories,
		       TKFI_MAX_STORY);
		return -EINVAL;
	}
	if (subject && tkfi_subject_choose(subject)) {
		pr_err("tkfi: no subject is called %s\n", subject);
		return -EINVAL;
	}
	if (clock && tkfi_subject_choose_clock(clock)) {
		pr_err("tkfi: no clock is called %s\n", clock);
		return -EINVAL;
	}
	ret = read_options(&request->options) ?: (list ? read_list() : 0);
	if (ret || (!keep && !list))
		return ret;
	request->options.keep = tkfi_saved_file_create(keep ?: "");
	return request->options.keep ? 0 : -ENOMEM;
}

void tkfi_request_free(struct tkfi_request *request)
{
	tkfi_saved_file_destroy(request->options.keep);
	request->options.keep = NULL;
	vfree(listed);
	listed = NULL;
}

static const char *file_of(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_files; i++)
		if (!strcmp(files[i].name, name))
			return files[i].file;
	return NULL;
}

bool tkfi_request_wants(const struct tkfi_request *request, const char *name)
{
	if (!tkfi_scenario_find(name))
		return false;
	if (request->is_list)
		return file_of(name);
	return !request->text && !request->stories && !request->story &&
	       glob_match(request->name, name);
}

const char *tkfi_request_state(const struct tkfi_request *request, const char *name)
{
	return request->is_list ? file_of(name) : NULL;
}

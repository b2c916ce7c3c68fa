// SPDX-License-Identifier: GPL-2.0
/*
 * Every shipped scenario explored to the end, and the one somebody asks for; a
 * schedule replayed.
 */
#include <kunit/test.h>
#include <linux/glob.h>
#include <linux/math64.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <linux/utsname.h>
#include <linux/vmalloc.h>
#include <os.h>

#include "cells.h"
#include "given.h"
#include "keep.h"
#include "known.h"
#include "readers.h"
#include "result.h"
#include "scenarios.h"
#include "strategies.h"

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
MODULE_PARM_DESC(strategy, "dpor, dfs, random, pos or pct");

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

static bool steps;
module_param(steps, bool, 0444);
MODULE_PARM_DESC(steps, "report every step of executions that are shown");

static bool resume;
module_param(resume, bool, 0444);
MODULE_PARM_DESC(resume, "go on from the state that was kept");

static struct tkfi_explorer *explorer;
static char err[1024];

/* What the list says, and for each shipped scenario that is on it its file. */
static char *listed;
static char *state_files[ARRAY_SIZE(tkfi_scenarios)];

#define LIST_SIZE	(128 << 10)

static struct tkfi_explore_options options;

static void say_progress(struct tkfi_explorer *x);

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
	const struct tkfi_scenario *s;
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
	rest = listed;
	while ((line = strsep(&rest, "\n"))) {
		if (!*line)
			continue;
		name = strsep(&line, " ");
		s = tkfi_scenario_find(name);
		if (!s || !line) {
			pr_err("tkfi: %s: '%s' is no line NAME FILE with the name of a shipped scenario\n",
			       list, name);
			return -EINVAL;
		}
		state_files[s - tkfi_scenarios] = line;
	}
	return 0;
}

static int explore_suite_init(struct kunit_suite *suite)
{
	int ret;

	options = (struct tkfi_explore_options){
		.executions = executions,
		.ms = ms,
		.seed = seed,
		.depth = depth,
		.preemptions = preemptions < 0 ? 2 : preemptions,
		.shared = shared,
		.resume = resume,
	};
	if (part && (sscanf(part, "%u/%u", &options.part, &options.parts) != 2 ||
		     options.part >= options.parts)) {
		pr_err("tkfi: '%s' is no part; write 0/4 to 3/4\n", part);
		return -EINVAL;
	}
	ret = list ? read_list() : 0;
	if (ret)
		return ret;
	if (keep || list) {
		options.keep = tkfi_keep_create(keep ?: "");
		if (!options.keep)
			return -ENOMEM;
	}
	while (options.strategy < TKFI_REPLAY &&
	       strcmp(tkfi_strategy_names[options.strategy], strategy))
		options.strategy++;
	if (options.strategy == TKFI_REPLAY) {
		pr_err("tkfi: no strategy is called %s\n", strategy);
		return -EINVAL;
	}
	if (!depth || depth > TKFI_PCT_MAX_DEPTH) {
		pr_err("tkfi: a depth of %u; 1 to %u are possible\n", depth,
		       TKFI_PCT_MAX_DEPTH);
		return -EINVAL;
	}
	options.bounded = options.strategy == TKFI_DPOR && preemptions >= 0;
	explorer = tkfi_explorer_open(NSEC_PER_SEC);
	if (!explorer)
		return -ENOMEM;
	explorer->progress = say_progress;
	return 0;
}

static void explore_suite_exit(struct kunit_suite *suite)
{
	tkfi_explorer_close(explorer);
	tkfi_keep_destroy(options.keep);
	vfree(listed);
}

/* Is the parameter a scenario's text, not the names of shipped ones? */
static bool is_text(void)
{
	return strchr(scenario, ':');
}

static void scenario_desc(const struct tkfi_scenario *s, char *desc)
{
	strscpy(desc, s->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(scenario, tkfi_scenarios, scenario_desc);

/* One of two accesses, as members of a JSON object. */
static const char *say_access(char *buf, size_t size,
			      const struct tkfi_seen *seen)
{
	char names[TKFI_MAX_VCPUS][TKFI_VCPU_NAME];
	bool has_value = seen->kind != TKFI_STEP_LOCK &&
			 seen->kind != TKFI_STEP_UNLOCK;
	char name[40];
	size_t len;

	tkfi_plan_names(&explorer->plan, names);
	tkfi_cell_name(seen->cell, seen->nr_cells, name, sizeof(name));
	len = scnprintf(buf, size, "{\"vcpu\":%u,\"who\":\"%s\",\"kind\":\"%s\",\"name\":\"%s\",\"value\":",
			seen->vcpu, names[seen->vcpu],
			tkfi_step_kind_name(seen->kind), name);
	len += has_value ? scnprintf(buf + len, size - len, "%lld", seen->value) :
			   scnprintf(buf + len, size - len, "null");
	/* The place that counts is the call, not what it returns to. */
	if (seen->ip)
		scnprintf(buf + len, size - len, ",\"ip\":%lu,\"at\":\"%pS\"}",
			  seen->ip - 1, (void *)(seen->ip - 1));
	else
		scnprintf(buf + len, size - len, ",\"ip\":0,\"at\":\"\"}");
	return buf;
}

/* The @number-th, as a line of @type. */
static void say_violation(const char *type, unsigned int number,
			  const struct tkfi_violation *v, u64 searched)
{
	const struct tkfi_known *known = tkfi_known_find(explorer->name,
							 &v->finding);
	static char name[512], reason[512], first[512], clock[512];
	static char like[512], waits[512];
	const struct tkfi_known *other =
		known ? NULL : tkfi_known_like(&v->finding);
	static char schedule[2 * TKFI_SCHEDULE_TEXT], accesses[2][512];
	const struct tkfi_finding *f = &v->finding;
	char stopped[40], about[40] = "";
	const struct tkfi_explanation *why = &v->why;

	tkfi_result_string(name, sizeof(name), explorer->name);
	tkfi_result_string(reason, sizeof(reason), known ? known->reason : "");
	snprintf(like, sizeof(like), "%s%s%s", other ? other->scenarios : "",
		 other ? ": " : "", other ? other->reason : "");
	tkfi_result_string(waits, sizeof(waits), v->waits);
	tkfi_result_string(first, sizeof(first),
			   f->first ? f->first->call : f->clock);
	tkfi_result_string(clock, sizeof(clock), f->clock);
	tkfi_result_string(schedule, sizeof(schedule), v->schedule);
	tkfi_cell_name(v->about, 1, stopped, sizeof(stopped));
	if (why->holds) {
		tkfi_cell_name(why->about, 1, about, sizeof(about));
		say_access(accesses[0], sizeof(accesses[0]), &why->first);
		say_access(accesses[1], sizeof(accesses[1]), &why->second);
	}
	tkfi_result("\"type\":\"%s\",\"number\":%u,\"scenario\":\"%s\",\"oracle\":\"%s\",\"clock\":\"%s\",\"first\":\"%s\",\"first_ns\":%lld,\"second_ns\":%lld,\"findings\":%llu,\"turns\":%u,\"preemptions\":%u,\"delays\":%u,\"minimal\":%s,\"searched\":%llu,\"explained\":%s,\"tried\":%u,\"accesses\":[%s%s%s],\"stopped\":\"%s\",\"about\":\"%s\",\"known\":%s,\"reason\":\"%s\",\"like\":\"%s\",\"waits\":\"%s\",\"family\":\"%s\",\"schedule\":\"tkfi1 %s %s %s: %s\"",
		    type, number, name, f->oracle, clock, first, f->first_ns, f->second_ns,
		    v->findings, v->cost.turns, v->cost.preemptions,
		    v->cost.delays, v->minimal ? "true" : "false",
		    searched, why->holds ? "true" : "false",
		    why->tried, why->holds ? accesses[0] : "",
		    why->holds ? "," : "", why->holds ? accesses[1] : "",
		    stopped, about, known ? "true" : "false", reason, like, waits,
		    f->second ? tkfi_family_names[f->second->reader->family] : "",
		    init_utsname()->release,
		    tkfi_variant_names[tkfi_variant()], name, schedule);
}

/*
 * What was found so far, for whoever ends us before we say all: when it is new, or plainer,
 * or was found twice as often.
 */
static void say_found(const struct tkfi_explorer *x)
{
	static struct {
		struct tkfi_finding finding;
		struct tkfi_cost cost;
		u64 findings;
	} said[TKFI_MAX_VIOLATIONS];
	static char name[sizeof(x->name)];
	static unsigned int nr;
	unsigned int i;

	/* It began anew, or is another one. */
	if (x->nr_violations < nr || strcmp(x->name, name))
		memset(said, 0, sizeof(said));
	strscpy(name, x->name, sizeof(name));
	nr = x->nr_violations;
	for (i = 0; i < nr; i++) {
		const struct tkfi_violation *v = &x->violations[i];

		if (!memcmp(&said[i].finding, &v->finding, sizeof(v->finding)) &&
		    !memcmp(&said[i].cost, &v->cost, sizeof(v->cost)) &&
		    v->findings / 2 < said[i].findings)
			continue;
		said[i].finding = v->finding;
		said[i].cost = v->cost;
		said[i].findings = v->findings;
		say_violation("found", i, v, 0);
	}
}

static void say_progress(struct tkfi_explorer *x)
{
	const struct tkfi_search_stats *stats = &x->stats;

	tkfi_result("\"type\":\"progress\",\"scenario\":\"%s\",\"part\":\"%u/%u\",\"classes\":%llu,\"executions\":%llu,\"violations\":%u,\"ns\":%llu",
		    x->name, options.part, options.parts ?: 1, stats->classes,
		    stats->classes + stats->redundant, x->nr_violations,
		    os_nsecs() - x->watch.began);
	say_found(x);
}

/*
 * How likely an execution of pct is to meet a bug of its depth, at the least, in 1e-18:
 * see struct tkfi_pct.
 */
static u64 least_likely(void)
{
	u64 p = div_u64(1000000000000000000ULL, explorer->plan.nr_programs);
	unsigned int i;

	for (i = 1; i < explorer->options.depth; i++)
		p = div_u64(p, max(explorer->stats.longest, 1U));
	return p;
}

static void say_explored(u64 ns)
{
	const struct tkfi_explore_options *o = &explorer->options;
	const struct tkfi_search_type *type = explorer->search->type;
	const struct tkfi_search_stats *stats = &explorer->stats;
	char more[128] = "";
	size_t len = 0;

	if (type->takes & TKFI_TAKES_PREEMPTIONS)
		len += scnprintf(more, sizeof(more), ",\"preemptions\":%u",
				 o->preemptions);
	if (explorer->classes)
		len += scnprintf(more + len, sizeof(more) - len,
				 ",\"estimate\":%llu,\"estimate_error\":%llu",
				 explorer->classes, explorer->classes_error);
	if (type->takes & TKFI_TAKES_DEPTH)
		scnprintf(more + len, sizeof(more) - len,
			  ",\"depth\":%u,\"bound\":%llue-18", o->depth,
			  least_likely());
	tkfi_result("\"type\":\"explored\",\"scenario\":\"%s\",\"part\":\"%u/%u\",\"shared\":\"%s\",\"strategy\":\"%s\",\"classes\":%llu,\"executions\":%llu,\"redundant\":%llu,\"deadlocks\":%llu,\"steps\":%llu,\"replayed\":%llu,\"longest\":%u,\"complete\":%s,\"ns\":%llu%s",
		    explorer->name, options.part, options.parts ?: 1, explorer->shared,
		    tkfi_strategy_names[explorer->options.strategy],
		    type->distinct ? stats->classes : 0,
		    stats->classes + stats->redundant, stats->redundant,
		    stats->deadlocks, stats->steps, stats->replayed,
		    stats->longest, stats->complete ? "true" : "false",
		    ns, more);
}

/* The order that matters, for whoever has no runner. */
static const char *say_order(const struct tkfi_explanation *why)
{
	const struct tkfi_seen *a = &why->first, *b = &why->second;
	char name[40], names[TKFI_MAX_VCPUS][TKFI_VCPU_NAME];
	static char text[256];

	if (!why->holds)
		return "";
	tkfi_plan_names(&explorer->plan, names);
	tkfi_cell_name(b->cell, b->nr_cells, name, sizeof(name));
	snprintf(text, sizeof(text), "; it holds if the order of these is another: %s at %pS, %s at %pS, both to %s",
		 names[a->vcpu], (void *)a->ip, names[b->vcpu], (void *)b->ip,
		 name);
	return text;
}

/*
 * What is wrong besides what the oracles found: with the kernel, or with what it was asked
 * for. Whoever has a runner is told by that.
 */
__printf(3, 4)
static void say_problem(struct kunit *test, const char *name, const char *fmt, ...)
{
	static char text[1024], said[2048];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	tkfi_result_string(said, sizeof(said), text);
	tkfi_result("\"type\":\"problem\",\"scenario\":\"%s\",\"text\":\"%s\"",
		    name, said);
	KUNIT_FAIL(test, "%s", text);
}

/* Operations that fail explore nothing. Of reads an oracle says whether they may. */
static void expect_success(struct kunit *test, const struct tkfi_plan *plan)
{
	unsigned int i, j;

	for (i = 0; i < plan->nr_programs; i++)
		for (j = 0; j < plan->programs[i].nr; j++)
			if (!plan->programs[i].ops[j].reader &&
			    plan->programs[i].ops[j].result < 0)
				say_problem(test, explorer->name,
					    "%s: %s failed: %lld", explorer->name,
					    plan->programs[i].ops[j].call,
					    plan->programs[i].ops[j].result);
}

/*
 * What somebody wrote cannot be explored, or replayed: @err says why. Whoever has a runner
 * is told by that, with a caret under the fault, in @text or in its turns.
 */
static void say_malformed(struct kunit *test, const char *what, const char *text)
{
	static char why[2 * sizeof(err)];

	tkfi_result_string(why, sizeof(why), err);
	tkfi_result("\"type\":\"malformed\",\"what\":\"%s\",\"why\":\"%s\",\"at\":%u,\"absent\":%s",
		    what, why, explorer->wrong,
		    explorer->plan.absent || explorer->session.setup->absent ?
		    "true" : "false");
	KUNIT_FAIL(test, "%s\n%s\n%*s^", err, text, explorer->wrong, "");
}

/*
 * What is found no longer does not belong on the list. A part has not seen all: whoever has
 * all parts sees what none of them found.
 */
static void say_not_found(struct kunit *test, const struct tkfi_scenario *s,
			  const struct tkfi_known *known, bool part)
{
	if (part)
		tkfi_result("\"type\":\"not_found\",\"scenario\":\"%s\",\"reason\":\"%s\"",
			    s->name, known->reason);
	else
		say_problem(test, s->name, "%s: known, but not found: %s",
			    s->name, known->reason);
}

/*
 * Load a scenario. Returns whether there is something to explore in it; if not, it has been
 * said why.
 */
static bool load(struct kunit *test, const struct tkfi_scenario *s, bool is_shipped)
{
	if (is_shipped) {
		if (!tkfi_explorer_load(explorer, s, err, sizeof(err)))
			return true;
		say_problem(test, s->name, "%s: %s", s->name, err);
	} else {
		if (!tkfi_given_load(explorer, s, err, sizeof(err)))
			return true;
		say_malformed(test, "scenario", s->text);
	}
	return false;
}

/* What must hold of the exploration of a scenario, whatever it found. */
static void check_explored(struct kunit *test, const struct tkfi_explore_options *o,
			   bool all, bool must_be_known)
{
	const struct tkfi_search_stats *stats = &explorer->stats;

	if (must_be_known) {
		expect_success(test, &explorer->plan);
		if (explorer->setup[0])
			expect_success(test, explorer->session.setup);
	}
	/* Who gave a scenario may know that there is but one, who bounds it gets fewer. */
	if (!o->parts && must_be_known && stats->complete &&
	    tkfi_search_is_full(explorer->search->type) && stats->classes < 2)
		say_problem(test, explorer->name,
			    "%s: %llu classes: nothing in it depends on the order",
			    explorer->name, stats->classes);
	if (all && !stats->complete)
		say_problem(test, explorer->name,
			    "%s: the exploration did not come to its end",
			    explorer->name);
	/* Parts find some beginnings to be of no use only at their end. */
	if (!o->parts && !o->bounded && stats->redundant)
		say_problem(test, explorer->name,
			    "[tkfi internal bug] %s: %llu redundant executions",
			    explorer->name, stats->redundant);
}

/* What steps are reported as. */
static char shown[64];

/* The log is that of the execution until another one explains it. */
static void say_steps(struct tkfi_explorer *x, int ret)
{
	tkfi_result_steps(shown, x->session.engine);
}

/* What an execution by the schedule of a violation comes to, event by event. */
static void show_execution(struct kunit *test, const struct tkfi_violation *violations,
			   unsigned int nr, unsigned int number)
{
	static struct tkfi_violation same[TKFI_MAX_VIOLATIONS];
	const char *schedule = violations[number].schedule;
	unsigned int nr_same = 0, i;

	for (i = number; i < nr; i++)
		if (!strcmp(violations[i].schedule, schedule))
			same[nr_same++] = violations[i];
	snprintf(shown, sizeof(shown), "%s#%u", explorer->name, number);
	explorer->each = steps ? say_steps : NULL;
	if (tkfi_explorer_confirm(explorer, same, nr_same, err, sizeof(err)))
		say_problem(test, explorer->name, "%s: %s", explorer->name, err);
	explorer->each = NULL;
	tkfi_result_events(shown, &explorer->session.engine->trace);
}

/* A violation, and what happens in it; several of one schedule have that in common. */
static void show_violation(struct kunit *test, const struct tkfi_violation *violations,
			   unsigned int nr, unsigned int number, u64 searched)
{
	const struct tkfi_violation *v = &violations[number];
	unsigned int i;

	say_violation("violation", number, v, searched);
	/* It has too many turns. */
	if (v->cost.turns == UINT_MAX)
		return;
	for (i = 0; strcmp(violations[i].schedule, v->schedule); i++)
		;
	if (i < number)
		tkfi_result("\"type\":\"events\",\"case\":\"%s#%u\",\"same_as\":\"%s#%u\"",
			    explorer->name, number, explorer->name, i);
	else
		show_execution(test, violations, nr, number);
}

static void explore(struct kunit *test, const struct tkfi_scenario *s,
		    const struct tkfi_explore_options *options,
		    bool must_be_known)
{
	bool all = tkfi_search_is_full(tkfi_search_types[options->strategy]) &&
		   !options->executions && !options->ms && !options->bounded;
	static struct tkfi_violation violations[TKFI_MAX_VIOLATIONS];
	bool occurs[TKFI_MAX_KNOWN] = {};
	unsigned int i, nr;
	u64 searched;
	bool complete;
	int ret;

	tkfi_result("\"type\":\"begin\",\"scenario\":\"%s\"", s->name);
	if (!load(test, s, must_be_known))
		return;
	ret = tkfi_explore(explorer, options);
	if (ret == -ESTALE)
		tkfi_result("\"type\":\"refused\",\"scenario\":\"%s\",\"why\":\"%s\"",
			    s->name, explorer->session.engine->error);
	/* What was found before it failed is not lost. */
	for (i = 0; i < explorer->nr_violations && ret; i++)
		say_violation("violation", i, &explorer->violations[i],
			      explorer->searched);
	if (ret) {
		say_problem(test, s->name, "%s: %s", s->name,
			    explorer->session.engine->error);
		return;
	}
	say_explored(os_nsecs() - explorer->watch.began);
	check_explored(test, options, all, must_be_known);

	nr = explorer->nr_violations;
	searched = explorer->searched;
	complete = explorer->stats.complete;
	memcpy(violations, explorer->violations, sizeof(violations));
	for (i = 0; i < nr; i++) {
		const struct tkfi_violation *v = &violations[i];
		const struct tkfi_known *known =
			tkfi_known_find(s->name, &v->finding);

		/* What the other parts find may be plainer. */
		if (all && !options->parts && !v->minimal)
			say_problem(test, s->name,
				    "[tkfi internal bug] there may be a plainer schedule than %s",
				    v->schedule);
		if (known)
			occurs[known - tkfi_known] = true;
		else if (must_be_known)
			KUNIT_FAIL(test, "new: %s of %s after %s: %lld ns, then %lld ns; schedule %s%s",
				   v->finding.oracle, v->finding.clock,
				   v->finding.first ? v->finding.first->call : "",
				   v->finding.first_ns, v->finding.second_ns,
				   v->schedule, say_order(&v->why));
		show_violation(test, violations, nr, i, searched);
	}
	for (i = 0; i < tkfi_nr_known && must_be_known && all; i++)
		if (tkfi_known[i].variants & BIT(tkfi_variant()) &&
		    glob_match(tkfi_known[i].scenarios, s->name) && !occurs[i])
			say_not_found(test, s, &tkfi_known[i], options->parts);
	tkfi_result("\"type\":\"end\",\"scenario\":\"%s\"", s->name);
	/* All is said: what is complete need not be gone on with. */
	if (options->keep && complete)
		tkfi_keep_clear(options->keep);
}

static bool is_wanted(const struct tkfi_scenario *s)
{
	if (list)
		return state_files[s - tkfi_scenarios];
	return !is_text() && glob_match(scenario, s->name);
}

static void shipped(struct kunit *test)
{
	const struct tkfi_scenario *s = test->param_value;

	if (!is_wanted(s))
		kunit_skip(test, "not asked for");
	if (tkfi_scenario_is_absent(s)) {
		tkfi_result("\"type\":\"absent\",\"scenario\":\"%s\"", s->name);
		kunit_skip(test, "this kernel does not have what it is about");
	}
	if (list && tkfi_keep_rename(options.keep, state_files[s - tkfi_scenarios]))
		say_problem(test, s->name,
			    "%s: the name of its file, %s, is too long", s->name,
			    state_files[s - tkfi_scenarios]);
	else
		explore(test, s, &options, true);
}

/*
 * Elsewhere a reader that looks at its sequence twice is taken to heed what it sees.
 * It does: when the sequence has changed it starts again.
 */
static void heeds(struct kunit *test)
{
	static const struct tkfi_explore_options options = { .unchecked = true };
	unsigned int i;

	if (list || is_text() || turns)
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
		explore(test, &(struct tkfi_scenario){ reader->call, text },
			&options, true);
	}
}

/* The parameter's scenario, or else one as a user might write it. */
static void given(struct kunit *test)
{
	const struct tkfi_scenario s = {
		.name = "given",
		.text = is_text() ? scenario :
			"cpu0: tick; cpu1: read vdso MONOTONIC, read vdso MONOTONIC; host: 12ms",
	};

	if (list || turns)
		kunit_skip(test, "not asked for");
	explore(test, &s, &options, false);
	/* A tick that changes no rate moves nobody back. */
	if (!is_text())
		KUNIT_EXPECT_EQ(test, explorer->nr_violations, 0);
}

/* The parameter's schedule. */
static void replayed(struct kunit *test)
{
	const struct tkfi_scenario text = { "given", scenario };
	const struct tkfi_scenario *s = is_text() ? &text : tkfi_scenario_find(scenario);
	unsigned int i;
	int ret;

	if (!turns)
		kunit_skip(test, "not asked for");
	KUNIT_ASSERT_NOT_NULL_MSG(test, s, "no scenario is called %s", scenario);
	if (!load(test, s, s != &text))
		return;
	strscpy(shown, "replayed", sizeof(shown));
	explorer->each = steps ? say_steps : NULL;
	ret = tkfi_explorer_replay(explorer, turns, err, sizeof(err));
	explorer->each = NULL;
	if (ret == -EINVAL || ret == -ECANCELED) {
		say_malformed(test, ret == -EINVAL ? "schedule" : "kernel", turns);
		return;
	}
	if (ret != -EDEADLK)
		KUNIT_ASSERT_EQ_MSG(test, ret, 0, "%s", err);
	tkfi_result_events(shown, &explorer->session.engine->trace);
	tkfi_result_trace("tkfi_explore", "replayed",
			  explorer->session.engine->trace.nr + explorer->nr_replayed,
			  tkfi_trace_hash(&explorer->session.engine->trace,
					  explorer->replayed));
	for (i = 0; i < explorer->nr_violations; i++)
		say_violation("violation", i, &explorer->violations[i],
			      explorer->searched);
}

static struct kunit_case explore_cases[] = {
	KUNIT_CASE_PARAM(shipped, scenario_gen_params),
	KUNIT_CASE(heeds),
	KUNIT_CASE(given),
	KUNIT_CASE(replayed),
	{}
};

static struct kunit_suite explore_suite = {
	.name = "tkfi_explore",
	.suite_init = explore_suite_init,
	.suite_exit = explore_suite_exit,
	.test_cases = explore_cases,
};

kunit_test_suite(explore_suite);

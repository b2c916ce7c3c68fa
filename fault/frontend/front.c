// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <os.h>

#include "cells.h"
#include "front.h"
#include "given.h"
#include "saved_file.h"
#include "report.h"
#include "result.h"
#include "subject.h"

static char err[1024];

__printf(2, 3)
static void fail(struct tkfi_front *f, const char *fmt, ...)
{
	static char text[2048];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	f->fail(f->arg, text);
}

/* Report a problem that is no finding of an oracle: of the kernel, or of the request. */
__printf(3, 4)
static void say_problem(struct tkfi_front *f, const char *name, const char *fmt, ...)
{
	static char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	tkfi_report_problem(name, text);
	f->fail(f->arg, text);
}

/*
 * Operations must not fail, as nothing is explored then. Of reads, an oracle checks that.
 */
static void expect_success(struct tkfi_front *f, const struct tkfi_plan *plan)
{
	const char *name = tkfi_run_of(f->explorer)->name;
	unsigned int i, j;

	for (i = 0; i < plan->nr_programs; i++)
		for (j = 0; j < plan->programs[i].nr; j++)
			if (!plan->programs[i].ops[j].reads &&
			    plan->programs[i].ops[j].result < 0)
				say_problem(f, name, "%s: %s failed: %lld", name,
					    plan->programs[i].ops[j].call,
					    plan->programs[i].ops[j].result);
}

/* Report a malformed scenario or schedule: @err says why, and a caret marks the fault. */
static void say_malformed(struct tkfi_front *f, const char *what, const char *text)
{
	tkfi_report_malformed(f->explorer, what, err);
	fail(f, "%s\n%s\n%*s^", err, text, f->explorer->wrong, "");
}

/*
 * Report what causes there are, once: who has explored all scenarios, in however many boots,
 * can say which were not found. By another clock than the first some need not be.
 */
static void say_causes(struct tkfi_front *f, const struct tkfi_scenario *s)
{
	unsigned int i;

	for (i = 0; i < tkfi_subject->nr_causes && !f->causes_said && !tkfi_subject_clock; i++) {
		const struct tkfi_cause *cause = &tkfi_subject->causes[i];

		if (tkfi_cause_occurs(cause))
			tkfi_result("\"type\":\"cause\",\"scenario\":\"%s\",\"subject\":\"%s\",\"scenarios\":%u,\"cause\":\"%s\",\"reason\":\"%s\"",
				    s->name, tkfi_subject->name, tkfi_subject->nr_scenarios,
				    cause->id, cause->reason);
	}
	f->causes_said = true;
}

/* Load a scenario. Returns whether it can be explored; if not, the reason is reported. */
static bool load(struct tkfi_front *f, const struct tkfi_scenario *s, bool is_shipped)
{
	if (is_shipped) {
		if (!tkfi_explorer_load(f->explorer, s, err, sizeof(err)))
			return true;
		say_problem(f, s->name, "%s: %s", s->name, err);
	} else {
		if (!tkfi_given_load(f->explorer, s, err, sizeof(err)))
			return true;
		say_malformed(f, "scenario", s->text);
	}
	return false;
}

/* Check an exploration for problems other than findings. */
static void check_explored(struct tkfi_front *f, const struct tkfi_explore_options *o,
			   bool all, bool is_shipped)
{
	const struct tkfi_explorer *x = f->explorer;
	const struct tkfi_search_stats *stats = &x->stats;

	if (is_shipped) {
		expect_success(f, &tkfi_run_of(x)->plan);
		if (tkfi_run_of(x)->setup_text[0])
			expect_success(f, &tkfi_run_of(x)->setup);
	}
	/* One class is fine for a scenario that somebody gave, or within a bound. */
	if (!o->parts && is_shipped && stats->complete &&
	    tkfi_search_is_full(x->search->type) && stats->classes < 2)
		say_problem(f, tkfi_run_of(x)->name,
			    "%s: %llu classes: nothing in it depends on the order",
			    tkfi_run_of(x)->name, stats->classes);
	if (all && !stats->complete)
		say_problem(f, tkfi_run_of(x)->name,
			    "%s: the exploration did not come to its end",
			    tkfi_run_of(x)->name);
	/* With parts, some prefixes are found to be redundant at their end only. */
	if (!o->parts && !o->bounded && stats->redundant)
		say_problem(f, tkfi_run_of(x)->name,
			    "[tkfi internal bug] %s: %llu redundant executions",
			    tkfi_run_of(x)->name, stats->redundant);
}

static void report_shown(const char *of, const char *name, s64 value, bool later,
			 void *arg)
{
	const struct tkfi_front *f = arg;

	tkfi_result("\"type\":\"observed\",\"case\":\"%s\",\"of\":\"%s\",\"name\":\"%s\",\"value\":%lld,\"later\":%s",
		    f->shown, of, name, value, later ? "true" : "false");
}

/* Called right after the execution, as explaining it executes others. */
static void report_execution(struct tkfi_explorer *x, int ret)
{
	struct tkfi_front *f = x->each_arg;

	if (x->options.seeks)
		tkfi_outcome_each(tkfi_run_of(x), ret, report_shown, f);
}

/* Report every event of it, and what the subject has to tell. */
static void report_recording(struct tkfi_explorer *x, int ret)
{
	const struct tkfi_run *run = tkfi_run_of(x);
	const struct tkfi_front *f = x->each_arg;
	const struct tkfi_judged judged = {
		.engine = x->engine,
		.setup = &run->setup,
		.plan = &run->plan,
		.ret = ret,
		.hb = &x->recording.hb,
	};

	tkfi_result_log(f->shown, &x->recording, x->engine->nr_log);
	if (tkfi_subject->show)
		tkfi_subject->show(&judged, f->shown, tkfi_result);
}

/*
 * Report the events of the executions that follow, and what the final state shows, if that
 * is asked for; or stop that.
 */
static void report_steps(struct tkfi_front *f, bool on)
{
	f->explorer->each = on ? report_execution : NULL;
	f->explorer->recorded = on && f->request.steps ? report_recording : NULL;
	f->explorer->each_arg = f;
}

/* Execute the schedule of a violation, and report its events and its trace. */
static void show_execution(struct tkfi_front *f, const struct tkfi_violation *violations,
			   unsigned int nr, unsigned int number)
{
	static struct tkfi_violation same[TKFI_MAX_VIOLATIONS];
	struct tkfi_explorer *x = f->explorer;
	const char *schedule = violations[number].schedule;
	unsigned int nr_same = 0, i;

	for (i = number; i < nr; i++)
		if (!strcmp(violations[i].schedule, schedule))
			same[nr_same++] = violations[i];
	snprintf(f->shown, sizeof(f->shown), "%s#%u", tkfi_run_of(x)->name, number);
	report_steps(f, true);
	if (tkfi_explorer_confirm(x, same, nr_same, err, sizeof(err)))
		say_problem(f, tkfi_run_of(x)->name, "%s: %s", tkfi_run_of(x)->name, err);
	report_steps(f, false);
	tkfi_result_trace_entries(f->shown, &x->engine->trace);
}

/* Report a violation and its execution, which several violations may have in common. */
static void show_violation(struct tkfi_front *f, const struct tkfi_violation *violations,
			   unsigned int nr, unsigned int number, u64 searched)
{
	const struct tkfi_explorer *x = f->explorer;
	const struct tkfi_violation *v = &violations[number];
	unsigned int i;

	tkfi_report_violation(x, number, v, searched);
	/* It has too many turns for a schedule. */
	if (v->cost.turns == UINT_MAX)
		return;
	for (i = 0; strcmp(violations[i].schedule, v->schedule); i++)
		;
	if (i < number)
		tkfi_result("\"type\":\"events\",\"case\":\"%s#%u\",\"same_as\":\"%s#%u\"",
			    tkfi_run_of(x)->name, number, tkfi_run_of(x)->name, i);
	else
		show_execution(f, violations, nr, number);
}

void tkfi_front_explore(struct tkfi_front *f, const struct tkfi_scenario *s,
			const struct tkfi_explore_options *options, bool is_shipped)
{
	struct tkfi_explorer *x = f->explorer;
	bool all = tkfi_search_is_full(tkfi_search_types[options->strategy]) &&
		   !options->executions && !options->ms && !options->bounded;
	static struct tkfi_violation violations[TKFI_MAX_VIOLATIONS];
	unsigned int i, nr;
	u64 searched;
	bool complete, not_all_orders;
	int ret;

	tkfi_result("\"type\":\"begin\",\"scenario\":\"%s\"", s->name);
	if (!load(f, s, is_shipped))
		return;
	ret = tkfi_explore(x, options);
	if (ret == -ESTALE)
		tkfi_result("\"type\":\"refused\",\"scenario\":\"%s\",\"why\":\"%s\"",
			    s->name, x->engine->error);
	/* Report what was found before it failed. */
	for (i = 0; i < x->nr_violations && ret; i++)
		tkfi_report_violation(x, i, &x->violations[i], x->searched);
	if (ret) {
		say_problem(f, s->name, "%s: %s", s->name,
			    x->engine->error);
		return;
	}
	tkfi_report_outcomes(x);
	tkfi_report_executed(x);
	if (is_shipped)
		say_causes(f, s);
	tkfi_report_explored(x, os_nsecs() - x->pace.began);
	check_explored(f, options, all, is_shipped);

	nr = x->nr_violations;
	searched = x->searched;
	complete = x->stats.complete;
	not_all_orders = x->incomplete;
	memcpy(violations, x->violations, sizeof(violations));
	for (i = 0; i < nr; i++) {
		const struct tkfi_violation *v = &violations[i];

		/* Of a part, another one may have a schedule that costs less. */
		if (all && !options->parts && !not_all_orders && !v->minimal)
			say_problem(f, s->name,
				    "[tkfi internal bug] there may be a plainer schedule than %s",
				    v->schedule);
		if (v->finding.is_known)
			f->occurs[v->finding.cause - tkfi_subject->causes] |= is_shipped;
		else if (is_shipped && !options->seeks)
			fail(f, "new: %s of %s after %s: %lld ns, then %lld ns; schedule %s%s",
			     v->finding.oracle, v->finding.clock,
			     v->finding.is_pair ? v->finding.first.call : "",
			     v->finding.first_ns, v->finding.second_ns,
			     v->schedule, tkfi_report_order(x, &v->why));
		show_violation(f, violations, nr, i, searched);
	}
	f->nr_whole += is_shipped && all && complete && !options->parts && !options->seeks;
	tkfi_result("\"type\":\"end\",\"scenario\":\"%s\"", s->name);
	/* All is reported: a complete exploration need not be resumed. */
	if (options->keep && complete)
		tkfi_saved_file_clear(options->keep);
}

enum tkfi_front_done tkfi_front_shipped(struct tkfi_front *f, const char *name)
{
	const struct tkfi_scenario *s = tkfi_scenario_find(name);
	const char *file = tkfi_request_state(&f->request, name);

	if (!s || !tkfi_request_wants(&f->request, name))
		return TKFI_FRONT_NOT_ASKED;
	if (tkfi_explorer_lacks(f->explorer, s)) {
		tkfi_result("\"type\":\"absent\",\"scenario\":\"%s\"", name);
		f->nr_whole++;
		return TKFI_FRONT_ABSENT;
	}
	if (file && tkfi_saved_file_rename(f->request.options.keep, file))
		say_problem(f, name, "%s: the name of its file, %s, is too long", name,
			    file);
	else
		tkfi_front_explore(f, s, &f->request.options, true);
	return TKFI_FRONT_DONE;
}

enum tkfi_front_done tkfi_front_causes(struct tkfi_front *f)
{
	unsigned int i;

	if (f->nr_whole < tkfi_subject->nr_scenarios || tkfi_subject_clock)
		return TKFI_FRONT_NOT_ASKED;
	for (i = 0; i < tkfi_subject->nr_causes; i++) {
		const struct tkfi_cause *cause = &tkfi_subject->causes[i];

		if (tkfi_cause_occurs(cause) && !f->occurs[i])
			fail(f, "known, but not found: %s: %s", cause->id, cause->reason);
	}
	return TKFI_FRONT_DONE;
}

enum tkfi_front_done tkfi_front_replay(struct tkfi_front *f)
{
	const struct tkfi_request *request = &f->request;
	const struct tkfi_scenario text = { "given", request->text };
	const struct tkfi_scenario *s =
		request->text ? &text : tkfi_scenario_find(request->name);
	struct tkfi_explorer *x = f->explorer;
	unsigned int i;
	int ret;

	if (!request->turns)
		return TKFI_FRONT_NOT_ASKED;
	if (!s) {
		say_problem(f, request->name, "no scenario is called %s", request->name);
		return TKFI_FRONT_DONE;
	}
	if (!load(f, s, s != &text))
		return TKFI_FRONT_DONE;
	strscpy(f->shown, "replayed", sizeof(f->shown));
	report_steps(f, true);
	ret = tkfi_explorer_replay(x, request->turns, err, sizeof(err));
	report_steps(f, false);
	if (ret == -EINVAL || ret == -ECANCELED) {
		say_malformed(f, ret == -EINVAL ? "schedule" : "kernel", request->turns);
		return TKFI_FRONT_DONE;
	}
	if (ret && ret != -EDEADLK) {
		say_problem(f, tkfi_run_of(x)->name, "%s", err);
		return TKFI_FRONT_DONE;
	}
	tkfi_result_trace_entries(f->shown, &x->engine->trace);
	tkfi_result_trace("tkfi_explore", "replayed",
			  x->engine->trace.nr + x->nr_replayed,
			  tkfi_trace_hash(&x->engine->trace, x->replayed));
	for (i = 0; i < x->nr_violations; i++)
		tkfi_report_violation(x, i, &x->violations[i], x->searched);
	return TKFI_FRONT_DONE;
}

int tkfi_front_open(struct tkfi_front *f)
{
	int ret;

	f->explorer = NULL;
	ret = tkfi_request_read(&f->request);
	if (!ret) {
		f->explorer = tkfi_explorer_open();
		ret = f->explorer ? 0 : -ENOMEM;
	}
	if (ret) {
		tkfi_front_close(f);
		return ret;
	}
	f->explorer->progress = tkfi_report_progress;
	return 0;
}

void tkfi_front_close(struct tkfi_front *f)
{
	tkfi_explorer_close(f->explorer);
	f->explorer = NULL;
	tkfi_request_free(&f->request);
}

// SPDX-License-Identifier: GPL-2.0
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "cells.h"
#include "explore_internal.h"

void tkfi_violations_forget(void *arg)
{
	struct tkfi_explorer *x = arg;

	/* The search for schedules that cost less keeps what was found before. */
	if (x->searching)
		return;
	x->nr_violations = 0;
	x->incomplete = false;
	tkfi_outcomes_forget(x->outcomes);
}

/* How many findings of a kind are shrunk if executions are sampled. */
#define SHRUNK_SAMPLES	16

/* More than any cost. */
static const struct tkfi_cost no_cost = { UINT_MAX, UINT_MAX, UINT_MAX };

bool tkfi_finding_is_like(const struct tkfi_finding *a, const struct tkfi_finding *b)
{
	return a->oracle == b->oracle && a->rule == b->rule && a->clock == b->clock &&
	       a->is_pair == b->is_pair && a->first.kind == b->first.kind;
}

bool tkfi_finding_is_same(const struct tkfi_finding *a, const struct tkfi_finding *b)
{
	return tkfi_finding_is_like(a, b) && a->cause == b->cause && a->is_known == b->is_known;
}

/* The violation that a finding belongs to; NULL if there is no room. */
static struct tkfi_violation *find_or_add(struct tkfi_explorer *x,
					  const struct tkfi_finding *finding,
					  unsigned int about)
{
	struct tkfi_violation *v;
	unsigned int i;

	for (i = 0; i < x->nr_violations; i++) {
		v = &x->violations[i];
		if (tkfi_finding_is_same(&v->finding, finding) && v->about == about)
			return v;
	}
	if (x->nr_violations == TKFI_MAX_VIOLATIONS)
		return NULL;
	v = &x->violations[x->nr_violations++];
	*v = (struct tkfi_violation){
		.finding = *finding,
		.cost = no_cost,
		.about = about,
	};
	return v;
}

/*
 * The result is kept for the next finding: several in a row may have the same goal, as when
 * readers of several clocks do not agree.
 */
const struct tkfi_shrunk *tkfi_violations_shrink(struct tkfi_explorer *x,
						 const struct tkfi_finding *finding)
{
	const struct tkfi_engine *engine = x->engine;
	struct tkfi_goal goal = {};

	if (finding->is_pair) {
		goal.first = finding->first.vcpu;
		goal.nth = finding->first.to;
		goal.second = finding->second.vcpu;
		goal.from = finding->second.from + 1;
		goal.to = finding->second.to;
	}
	if (!x->shrink_tried || memcmp(&goal, &x->goal, sizeof(goal))) {
		if (!x->hb->nr)
			tkfi_happens_before_of(engine, x->hb);
		x->shrunk.cost = no_cost;
		x->target.boundaries(x->target.arg, &x->boundaries);
		x->is_shrunk = tkfi_shrink(engine, x->hb, &x->boundaries, &goal,
					   &x->shrunk);
		x->goal = goal;
		x->shrink_tried = true;
	}
	return x->is_shrunk ? &x->shrunk : NULL;
}

/*
 * Samples have the same findings many times. After some of them, further ones are only
 * counted: schedules that cost less are left to the search at the end.
 */
static bool only_counts(struct tkfi_explorer *x, const struct tkfi_finding *finding)
{
	struct tkfi_violation *v;

	if (x->searching ||
	    (x->search->type->exhaustive && !x->options.as_found))
		return false;
	for (v = x->violations; v < x->violations + x->nr_violations; v++) {
		if (tkfi_finding_is_same(&v->finding, finding) &&
		    v->findings >= SHRUNK_SAMPLES) {
			v->findings++;
			return true;
		}
	}
	return false;
}

/* Copy the engine's sentence about a deadlock, with VCPUs named as in schedules. */
static void say_waits(const char *error,
		      const char names[TKFI_MAX_VCPUS][TKFI_VCPU_NAME], char *buf,
		      size_t size)
{
	static const char deadlock[] = "deadlock: ";
	size_t len = 0;

	if (strstarts(error, deadlock))
		error += strlen(deadlock);
	while (*error && len + TKFI_VCPU_NAME < size) {
		if (strstarts(error, "VCPU") && isdigit(error[4])) {
			len += scnprintf(buf + len, size - len, "%s",
					 names[error[4] - '0']);
			error += 5;
		} else {
			buf[len++] = *error++;
		}
	}
	buf[len] = '\0';
}

/* Is a finding like one of @x->only? */
static bool is_sought(const struct tkfi_explorer *x, const struct tkfi_finding *finding)
{
	unsigned int i;

	for (i = 0; x->only && i < x->nr_only; i++)
		if (tkfi_finding_is_same(finding, &x->only[i].finding))
			return true;
	return !x->only;
}

void tkfi_violations_add(const struct tkfi_finding *finding, void *arg)
{
	struct tkfi_explorer *x = arg;
	const struct tkfi_engine *engine = x->engine;
	static struct tkfi_schedule schedule;
	const struct tkfi_shrunk *shrunk;
	char text[TKFI_SCHEDULE_TEXT];
	struct tkfi_violation *v;

	if (!is_sought(x, finding) || only_counts(x, finding))
		return;
	shrunk = tkfi_violations_shrink(x, finding);
	x->incomplete |= !shrunk || shrunk->incomplete;
	/* One execution is enough to show an outcome, whatever it is preempted at. */
	v = find_or_add(x, finding, shrunk && shrunk->nr && !x->options.seeks ?
			tkfi_cell_about(engine->log[shrunk->stopped].cell) : 0);
	if (!v)
		return;
	v->findings += !x->searching;
	if (!shrunk || !tkfi_cost_less(&shrunk->cost, &v->cost))
		return;
	tkfi_explorer_names(x, &schedule);
	/* If it is too long it is dropped; a later one may be shorter. */
	if (tkfi_schedule_of(&schedule, engine, shrunk->events, shrunk->nr) ||
	    tkfi_schedule_print(&schedule, text, sizeof(text)) >= sizeof(text))
		return;
	v->cost = shrunk->cost;
	v->finding = *finding;
	strscpy(v->schedule, text, sizeof(v->schedule));
	if (engine->ret)
		say_waits(engine->error, schedule.names, v->waits,
			  sizeof(v->waits));
}

static bool same_pair(const struct tkfi_explanation *a,
		      const struct tkfi_explanation *b)
{
	return a->holds && b->holds && a->about == b->about &&
	       (a->first.kind == TKFI_TRANS_STORE) ==
	       (b->first.kind == TKFI_TRANS_STORE) &&
	       (a->second.kind == TKFI_TRANS_STORE) ==
	       (b->second.kind == TKFI_TRANS_STORE);
}

void tkfi_violations_merge(struct tkfi_explorer *x)
{
	struct tkfi_violation *v, *w;

	for (v = x->violations; v < x->violations + x->nr_violations; v++) {
		for (w = v + 1; w < x->violations + x->nr_violations; w++) {
			if (!tkfi_finding_is_same(&v->finding, &w->finding) ||
			    !same_pair(&v->why, &w->why))
				continue;
			if (tkfi_cost_less(&w->cost, &v->cost))
				swap(*v, *w);
			v->findings += w->findings;
			*w-- = x->violations[--x->nr_violations];
		}
	}
}

const char * const tkfi_outcome_oracle = "outcome";

/* In place of the oracles: does the execution have the outcome that is sought? */
static void check_outcome(struct tkfi_explorer *x, int ret, tkfi_finding_fn fn, void *arg)
{
	const struct tkfi_finding found = {
		.oracle = tkfi_outcome_oracle,
		.clock = tkfi_outcome_oracle,
	};

	if (x->target.outcome(x->target.arg, ret) == x->options.outcome)
		fn(&found, arg);
}

void tkfi_explorer_check(struct tkfi_explorer *x, int ret, struct tkfi_happens_before *hb,
			 tkfi_finding_fn fn, void *arg)
{
	x->own_hb.nr = 0;
	x->hb = hb ?: &x->own_hb;
	x->shrink_tried = false;
	if (x->options.seeks)
		check_outcome(x, ret, fn, arg);
	else
		x->target.judge(x->target.arg, ret, x->hb, fn, arg);
}

void tkfi_explorer_judge(void *arg, int ret, struct tkfi_happens_before *hb)
{
	struct tkfi_explorer *x = arg;

	if (x->each)
		x->each(x, ret);
	if (x->options.outcomes && !x->searching)
		tkfi_outcomes_add(x->outcomes, x->target.outcome(x->target.arg, ret));
	tkfi_explorer_check(x, ret, hb, tkfi_violations_add, x);
}

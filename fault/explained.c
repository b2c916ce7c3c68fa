// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "cells.h"
#include "explorer.h"

/* All executions with up to @preemptions are known. */
static void none_is_plainer(struct tkfi_explorer *x, unsigned int preemptions)
{
	unsigned int i;

	for (i = 0; i < x->nr_violations && !x->cut; i++)
		x->violations[i].minimal =
			x->violations[i].cost.preemptions <= preemptions;
}

void tkfi_explorer_seek_plainer(struct tkfi_explorer *x)
{
	const struct tkfi_dpor_stats stats = x->stats;
	unsigned int bound, i;
	bool go_on = true;

	if (stats.complete) {
		x->searched = stats.classes;
		none_is_plainer(x, x->options.strategy == TKFI_DPOR &&
				!x->options.bounded ? UINT_MAX :
				x->options.preemptions);
		return;
	}
	x->searching = true;
	x->cut = strchr(x->shared, 'u');
	x->watch.stop = 0;
	for (bound = 0; go_on; bound++) {
		memset(&x->stats, 0, sizeof(x->stats));
		tkfi_explore_within(x, bound, true, TKFI_MAX_SEARCHED - x->searched);
		x->searched += x->stats.classes;
		if (!x->stats.complete)
			break;
		none_is_plainer(x, bound);
		go_on = false;
		for (i = 0; i < x->nr_violations; i++)
			go_on |= x->violations[i].cost.preemptions > bound;
		go_on &= x->searched < TKFI_MAX_SEARCHED;
	}
	x->searching = false;
	x->stats = stats;
}

/* One that is looked for among others. */
struct sought {
	struct tkfi_explorer *x;
	const struct tkfi_finding *finding;
	bool found;
	bool wants_stopped;
	unsigned int stopped;
};

static void look_for(const struct tkfi_finding *finding, void *arg)
{
	struct sought *sought = arg;
	const struct tkfi_shrunk *shrunk;

	if (sought->found || !tkfi_finding_is_like(finding, sought->finding))
		return;
	sought->found = true;
	if (!sought->wants_stopped)
		return;
	shrunk = tkfi_violations_shrink(sought->x, finding);
	sought->stopped = shrunk ? shrunk->stopped : 0;
}

static bool violates(void *arg, int ret)
{
	struct sought *sought = arg;
	struct tkfi_explorer *x = sought->x;

	sought->found = false;
	tkfi_explorer_check(x, ret, NULL, look_for, sought);
	/* What ends otherwise than by its VCPUs' ends does not hold. */
	return sought->found || ret;
}

static int start_sought(void *arg)
{
	struct sought *sought = arg;

	return tkfi_explorer_start(sought->x);
}

/* Which two accesses are it? The violation's schedule is executed again. */
static void explain(struct tkfi_explorer *x, struct tkfi_violation *v)
{
	struct tkfi_engine *engine = x->session.engine;
	const struct tkfi_finding finding = v->finding;
	struct sought sought = { .x = x, .finding = &finding };
	const struct tkfi_trial trial = {
		.start = start_sought,
		.violates = violates,
		.arg = &sought,
		.host = x->plan.has_host ? x->plan.nr_programs - 1 : TKFI_MAX_VCPUS,
	};
	static struct tkfi_schedule schedule;
	int ret;

	tkfi_plan_names(&x->plan, schedule.names);
	schedule.nr_vcpus = x->plan.nr_programs;
	if (v->cost.turns == UINT_MAX ||
	    tkfi_schedule_parse(&schedule, v->schedule, engine->error,
				sizeof(engine->error)))
		return;
	tkfi_record_start(&x->recording, &schedule.strategy);
	tkfi_explorer_start(x);
	ret = tkfi_explorer_too_long(engine, tkfi_engine_run(engine, &x->recording.strategy));
	if (ret && ret != -EDEADLK)
		return;
	tkfi_record_end(&x->recording, engine);
	sought.wants_stopped = true;
	violates(&sought, ret);
	sought.wants_stopped = false;
	if (sought.found)
		tkfi_explain(engine, &x->recording, sought.stopped, &trial,
			     &v->why);
}

void tkfi_explorer_explain(struct tkfi_explorer *x)
{
	struct tkfi_engine *engine = x->session.engine;
	bool quiet = engine->quiet;
	unsigned int nr = engine->trace.nr, i;

	engine->quiet = true;
	tkfi_cells_share_all();
	tkfi_cells_uncheck();
	for (i = 0; i < x->nr_violations; i++)
		explain(x, &x->violations[i]);
	tkfi_explorer_collect(x);
	/* Of parts, whoever has them all knows the plainest ones, and merges these. */
	if (x->options.parts <= 1)
		tkfi_violations_merge(x);
	engine->trace.nr = nr;
	engine->quiet = quiet;
}

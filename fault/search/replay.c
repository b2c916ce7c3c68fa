// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/kernel.h>

#include "cells.h"
#include "explore_internal.h"

/* Execute a schedule. Returns as tkfi_engine_run(). */
static int execute(struct tkfi_explorer *x, struct tkfi_schedule *schedule)
{
	const struct tkfi_search_client client = {
		.start = tkfi_explorer_start,
		.judge = tkfi_explorer_judge,
		.restart = tkfi_violations_forget,
		.arg = x,
		.options.schedule = schedule,
		.limit = 1,
	};
	struct tkfi_search_stats stats;

	return tkfi_search_run(x->searches[TKFI_REPLAY], &client, &stats) ?:
	       x->engine->ret;
}

/* Execute a schedule once more, for @recorded. The trace stays. */
static void record(struct tkfi_explorer *x, const char *text)
{
	struct tkfi_engine *engine = x->engine;
	const unsigned int nr = engine->trace.nr;
	const bool quiet = engine->quiet;
	int ret;

	engine->quiet = true;
	if (!tkfi_explorer_record(x, text, &ret))
		x->recorded(x, ret);
	engine->trace.nr = nr;
	engine->quiet = quiet;
}

static int replay(struct tkfi_explorer *x, const char *text, bool explains, char *err,
		  size_t size)
{
	static struct tkfi_schedule schedule;
	unsigned long flags;
	int ret;

	tkfi_explorer_collect(x);
	tkfi_explorer_names(x, &schedule);
	ret = tkfi_schedule_parse(&schedule, text, err, size);
	x->wrong = schedule.wrong;
	if (ret)
		return ret;
	tkfi_violations_forget(x);
	x->searched = 0;
	ret = x->target.enter(x->target.arg, &flags);
	if (!ret) {
		tkfi_cells_share_all();
		tkfi_cells_no_retry();
		ret = execute(x, &schedule);
		x->wrong = schedule.wrong;
		x->misfit = schedule.misfit;
		x->replayed = tkfi_log_hash(x->engine);
		x->nr_replayed = x->engine->nr_log;
	}
	if (ret)
		snprintf(err, size, "%s", x->engine->error);
	if (x->recorded && (!ret || ret == -EDEADLK))
		record(x, text);
	if (explains)
		tkfi_explorer_explain(x);
	else
		tkfi_explorer_collect(x);
	x->target.leave(x->target.arg, flags);
	return ret;
}

int tkfi_explorer_replay(struct tkfi_explorer *x, const char *text, char *err,
			 size_t size)
{
	return replay(x, text, true, err, size);
}

/* Was a violation found again? */
static bool is_found(const struct tkfi_explorer *x, const struct tkfi_violation *v)
{
	const struct tkfi_violation *found;

	/*
	 * Turns may be more, as here all accesses are scheduling points; and so may preemptions:
	 * a writer that waited for a reader does not wait here, and loses its CPU instead.
	 */
	for (found = x->violations; found < x->violations + x->nr_violations; found++)
		if (found->finding.first_ns == v->finding.first_ns &&
		    found->finding.second_ns == v->finding.second_ns &&
		    found->cost.delays <= v->cost.delays)
			return true;
	return false;
}

int tkfi_explorer_confirm(struct tkfi_explorer *x, const struct tkfi_violation *v,
			  unsigned int nr, char *err, size_t size)
{
	unsigned int i;
	int ret;

	x->only = v;
	x->nr_only = nr;
	ret = replay(x, v->schedule, false, err, size);
	x->only = NULL;
	if (ret && ret != -EDEADLK)
		return ret;
	for (i = 0; i < nr; i++) {
		if (is_found(x, &v[i]))
			continue;
		snprintf(err, size,
			 "[tkfi internal bug] executed again it comes to something else: %s",
			 v->schedule);
		return -EPROTO;
	}
	return 0;
}

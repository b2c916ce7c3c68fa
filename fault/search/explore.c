// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <os.h>

#include "cells.h"
#include "estimate.h"
#include "explore_internal.h"

/* At the end: save the state, if something is left to explore and nothing is wrong. */
static int keep_rest(struct tkfi_explorer *x, int ret)
{
	/* If it is complete, the state is cleared when the results are out. */
	if (!ret && !x->stats.complete && x->options.keep)
		tkfi_explorer_save(x);
	return ret;
}

/* Explore as the options say; if classes are left then, estimate their number. */
static int explore(struct tkfi_explorer *x)
{
	const struct tkfi_explore_options *o = &x->options;
	const struct tkfi_search_type *type = x->search->type;
	const struct tkfi_search_options options = {
		.preemptions = o->preemptions,
		.seed = o->seed,
		.depth = o->depth,
		.schedule = o->schedule,
		.part = o->part,
		.parts = o->parts,
	};
	u64 limit = o->executions;
	int ret;

	if (o->parts > 1 && !(type->takes & TKFI_TAKES_PARTS))
		return tkfi_search_fail(x->search, -EINVAL,
					"only dpor without a bound explores in parts");
	/* Sampling has no end of its own. */
	if (!limit && !type->exhaustive && !o->ms)
		limit = TKFI_SAMPLES;
	ret = tkfi_explorer_resume(x);
	if (ret < 0)
		return ret;
	ret = keep_rest(x, tkfi_explorer_search(x, x->search, &options, limit, ret));
	if (ret || x->stats.complete || !tkfi_search_is_full(type))
		return ret;
	return tkfi_estimate(x->searches[TKFI_ESTIMATE], tkfi_explorer_start, x,
			     &x->classes, &x->classes_error);
}

static int parse_shared(struct tkfi_explorer *x, const char *shared)
{
	if (!shared || !tkfi_cells_parse_shared(shared))
		return 0;
	snprintf(x->engine->error, sizeof(x->engine->error),
		 "'%s' is no list of shared cells; write 12-14,77", shared);
	return -EINVAL;
}

int tkfi_explore(struct tkfi_explorer *x,
		 const struct tkfi_explore_options *options)
{
	unsigned long flags;
	int ret;

	tkfi_violations_forget(x);
	x->searched = 0;
	x->options = *options;
	x->search = x->searches[options->bounded ? TKFI_BOUNDED : options->strategy];
	x->pace = (struct tkfi_pace){ .began = os_nsecs() };
	x->pace.reported = x->pace.began;
	x->pace.saved = x->pace.began;
	x->pace.next_check = TKFI_CHECK_HOOKS_EVERY;
	if (options->ms)
		x->pace.deadline = x->pace.began + options->ms * NSEC_PER_MSEC;
	memset(&x->stats, 0, sizeof(x->stats));
	x->classes = 0;
	x->classes_error = 0;
	ret = tkfi_explorer_enter(x, &flags) ?: tkfi_explorer_check_hooks(x);
	x->engine->quiet = true;
	if (!ret) {
		tkfi_cells_begin();
		ret = parse_shared(x, options->shared);
		if (options->no_wait_for_readers)
			tkfi_cells_no_retry();
	}
	ret = ret ?: explore(x);
	if (tkfi_cells_print_shared(x->shared, sizeof(x->shared)) >=
	    sizeof(x->shared) && !ret) {
		snprintf(x->engine->error,
			 sizeof(x->engine->error),
			 "too many shared cells to be named");
		ret = -E2BIG;
	}
	/* Where nobody waits for readers, what is a preemption is not known for sure. */
	if (tkfi_cells_have_no_retry())
		x->incomplete = true;
	if (!ret && x->nr_violations && !options->as_found) {
		/* Of a complete part the runner finds the minimum, among all parts. */
		if (options->parts <= 1 || !x->stats.complete)
			tkfi_explorer_seek_plainer(x);
		tkfi_explorer_explain(x);
	}
	x->engine->quiet = false;
	x->target.leave(x->target.arg, flags);
	return ret;
}

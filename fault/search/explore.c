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
#include "points.h"
#include "strategies.h"
#include "strategy.h"

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

#define LOOK_EVERY	16		/* executions */
#define KEEP_EVERY	(5 * NSEC_PER_SEC)

/* Checking hooks makes an execution some hundred times slower. */
#define CHECKED_FIRST	32

static void cover(const struct tkfi_access *access, void *arg)
{
	struct tkfi_covered *covered = arg;

	tkfi_covered_add(covered, access->ip);
}

static void cover_and_check(const struct tkfi_access *access, void *arg)
{
	struct tkfi_explorer *x = arg;

	tkfi_covered_add(&x->covered, access->ip);
	tkfi_unreported_access(access, &x->unreported);
}

static void cover_point(unsigned long ip, void *arg)
{
	struct tkfi_covered *covered = arg;

	tkfi_covered_add(covered, ip);
}

static void watch_begin(struct tkfi_explorer *x)
{
	tkfi_unreported_begin(&x->unreported);
	if (!x->options.coverage) {
		tkfi_access_watch(tkfi_unreported_access, &x->unreported);
		return;
	}
	tkfi_access_watch(cover_and_check, x);
	tkfi_points_watch(cover_point, &x->covered);
	x->covered.executions++;
}

static void watch_end(void)
{
	tkfi_access_watch(NULL, NULL);
	tkfi_points_watch(NULL, NULL);
}

/* Prepare the target. The set-up is watched for what it covers. */
static int enter(struct tkfi_explorer *x, unsigned long *flags)
{
	int ret;

	if (!x->options.coverage)
		return x->target.enter(x->target.arg, flags);
	tkfi_covered_forget(&x->covered);
	tkfi_access_watch(cover, &x->covered);
	tkfi_points_watch(cover_point, &x->covered);
	ret = x->target.enter(x->target.arg, flags);
	watch_end();
	return ret;
}

/* A random execution. Returns whether hooks reported all writes in it. */
static bool check_hooks_once(struct tkfi_explorer *x, u64 seed)
{
	struct tkfi_pos pos;

	tkfi_pos_init(&pos, seed);
	tkfi_explorer_start(x);
	watch_begin(x);
	suppress_printk = true;
	tkfi_engine_run(x->engine, &pos.strategy);
	suppress_printk = false;
	watch_end();
	return !tkfi_unreported_end(&x->unreported);
}

/* As check_hooks_once(), if it is due. */
static bool check_hooks_again(struct tkfi_explorer *x)
{
	u64 nr = x->stats.classes;

	if (x->searching || nr < x->pace.next_check)
		return true;
	x->pace.next_check = nr + TKFI_CHECK_HOOKS_EVERY;
	tkfi_search_disturb(x->search);
	return check_hooks_once(x, nr);
}

/* Do what is due between two executions. Returns whether the search is to go on. */
static bool between_executions(void *arg)
{
	struct tkfi_explorer *x = arg;
	struct tkfi_pace *pace = &x->pace;
	s64 now;

	if (pace->skip--)
		return true;
	pace->skip = LOOK_EVERY;
	now = os_nsecs();
	if (x->progress && !x->searching && now - pace->reported >= NSEC_PER_SEC) {
		x->progress(x);
		pace->reported = now;
	}
	if (x->options.keep && !x->searching && now - pace->saved >= KEEP_EVERY) {
		tkfi_explorer_save(x);
		pace->saved = now;
	}
	return check_hooks_again(x) && (!pace->deadline || now < pace->deadline);
}

static int say_unreported(struct tkfi_explorer *x)
{
	struct tkfi_engine *engine = x->engine;

	strscpy(engine->error, x->unreported.report, sizeof(engine->error));
	return -EPROTO;
}

/* At the end: save the state, if something is left to explore and nothing is wrong. */
static int keep_rest(struct tkfi_explorer *x, int ret)
{
	if (!ret && x->unreported.kind)
		return say_unreported(x);
	/* If it is complete, the state is cleared when the results are out. */
	if (!ret && !x->stats.complete && x->options.keep)
		tkfi_explorer_save(x);
	return ret;
}

int tkfi_explorer_search(struct tkfi_explorer *x, struct tkfi_search *search,
			 const struct tkfi_search_options *options, u64 limit,
			 bool resumed)
{
	const struct tkfi_search_client client = {
		.start = tkfi_explorer_start,
		.judge = tkfi_explorer_judge,
		.pause = between_executions,
		.restart = tkfi_violations_forget,
		.arg = x,
		.options = *options,
		.limit = limit,
		.no_snapshots = x->options.no_snapshots,
		.resumed = resumed,
	};

	return tkfi_search_run(search, &client, &x->stats);
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

/*
 * Check that hooks report all writes, in one execution in order and some random ones. If
 * these find cells to be shared, that is kept.
 */
static int check_hooks(struct tkfi_explorer *x)
{
	struct tkfi_engine *engine = x->engine;
	unsigned int i;
	bool go_on;
	int ret;

	if (x->hooks_checked)
		return 0;
	tkfi_explorer_start(x);
	watch_begin(x);
	ret = tkfi_engine_run(engine, &tkfi_in_order);
	watch_end();
	engine->quiet = true;
	go_on = !tkfi_unreported_end(&x->unreported);
	for (i = 0; i < CHECKED_FIRST && go_on; i++)
		go_on = check_hooks_once(x, i);
	if (!go_on)
		return say_unreported(x);
	x->hooks_checked = true;
	/* A deadlock is for the exploration to find. */
	return ret == -EDEADLK ? 0 : ret;
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
	ret = enter(x, &flags) ?: check_hooks(x);
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

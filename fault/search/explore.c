// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <os.h>

#include "cells.h"
#include "explore_internal.h"
#include "saved.h"
#include "strategies.h"
#include "strategy.h"
#include "visited.h"

void tkfi_explorer_check(struct tkfi_explorer *x, int ret, struct tkfi_order *order,
			 tkfi_finding_fn fn, void *arg)
{
	x->steps.nr = 0;
	x->order = order ?: &x->steps;
	x->sought = false;
	x->target.judge(x->target.arg, ret, x->order, fn, arg);
}

void tkfi_explorer_judge(void *arg, int ret, struct tkfi_order *order)
{
	struct tkfi_explorer *x = arg;

	if (x->each)
		x->each(x, ret);
	tkfi_explorer_check(x, ret, order, tkfi_violations_add, x);
}

#define LOOK_EVERY	16		/* executions */
#define KEEP_EVERY	(5 * NSEC_PER_SEC)

/* A watched execution takes as long as some hundred others. */
#define WATCHED_FIRST	32

/* An execution by chance. Returns whether hooks report all that is written. */
static bool watch_sample(struct tkfi_explorer *x, u64 seed)
{
	struct tkfi_pos pos;

	tkfi_pos_init(&pos, seed);
	tkfi_explorer_start(x);
	tkfi_unseen_begin(&x->unseen);
	tkfi_access_watch(tkfi_unseen_access, &x->unseen);
	suppress_printk = true;
	tkfi_engine_run(x->engine, &pos.strategy);
	suppress_printk = false;
	tkfi_access_watch(NULL, NULL);
	return !tkfi_unseen_end(&x->unseen);
}

/* The same, now and then in an exploration. */
static bool watch_another(struct tkfi_explorer *x)
{
	u64 nr = x->stats.classes;

	if (x->searching || nr < x->watch.watch_at)
		return true;
	x->watch.watch_at = nr + TKFI_WATCH_EVERY;
	tkfi_search_disturb(x->dpor);
	tkfi_checkpoints_drop(&x->checkpoints);
	return watch_sample(x, nr);
}

/* Between executions. Returns whether to go on. */
static bool look_at_clock(struct tkfi_explorer *x)
{
	struct tkfi_watch *w = &x->watch;
	s64 now;

	if (w->skip--)
		return true;
	w->skip = LOOK_EVERY;
	now = os_nsecs();
	if (x->progress && !x->searching && now - w->said >= NSEC_PER_SEC) {
		x->progress(x);
		w->said = now;
	}
	if (x->options.keep && !x->searching && now - w->kept >= KEEP_EVERY) {
		tkfi_explorer_save(x);
		w->kept = now;
	}
	return watch_another(x) && (!w->stop || now < w->stop);
}

static int say_unseen(struct tkfi_explorer *x)
{
	struct tkfi_engine *engine = x->engine;

	strscpy(engine->error, x->unseen.report, sizeof(engine->error));
	return -EPROTO;
}

/* At the end: keep what is left, if there is anything, and nothing is wrong. */
static int keep_rest(struct tkfi_explorer *x, int ret)
{
	if (!ret && x->unseen.report[0])
		return say_unseen(x);
	/* What is complete is forgotten when its results are out: tkfi_saved_file_clear(). */
	if (!ret && !x->stats.complete && x->options.keep)
		tkfi_explorer_save(x);
	return ret;
}

static bool pause(void *arg)
{
	return look_at_clock(arg);
}

const char * const tkfi_strategy_names[TKFI_NR_STRATEGIES] = {
	[TKFI_DPOR]	= "dpor",
	[TKFI_DFS]	= "dfs",
	[TKFI_RANDOM]	= "random",
	[TKFI_POS]	= "pos",
	[TKFI_PCT]	= "pct",
	[TKFI_REPLAY]	= "replay",
};

static int explore_dpor(struct tkfi_explorer *x)
{
	struct tkfi_search_client client = {
		.start = tkfi_explorer_start,
		.judge = tkfi_explorer_judge,
		.pause = pause,
		.restart = tkfi_violations_forget,
		.arg = x,
		.options.part = x->options.part,
		.options.parts = x->options.parts,
		.limit = x->options.executions,
		.no_snapshots = x->options.no_snapshots,
	};
	int ret = tkfi_explorer_resume(x);

	if (ret < 0)
		return ret;
	client.resumed = ret;
	ret = keep_rest(x, tkfi_search_run(x->dpor, &client, &x->stats));
	if (ret || x->stats.complete)
		return ret;
	return tkfi_estimate(&x->estimate, x->engine, tkfi_explorer_start, x,
			     &x->classes, &x->classes_error);
}

/* From the start, or the last checkpoint before what dfs does differently. */
static int run(struct tkfi_explorer *x, struct tkfi_strategy *strategy)
{
	struct tkfi_engine *engine = x->engine;
	const struct tkfi_snapshot *from = NULL;
	unsigned int again;

	if (strategy == &x->dfs.strategy) {
		from = tkfi_interleave_back(&x->dfs, &again);
		x->stats.replayed += again;
	}
	if (from)
		return tkfi_engine_resume(engine, strategy, from);
	tkfi_explorer_start(x);
	return tkfi_engine_run(engine, strategy);
}

/* One execution; returns whether to go on. */
static bool execute(struct tkfi_explorer *x, struct tkfi_strategy *strategy,
		    int *ret)
{
	struct tkfi_engine *engine = x->engine;

	*ret = tkfi_search_too_long(engine, run(x, strategy));
	if (*ret && *ret != -EDEADLK)
		return false;
	if (strategy == &x->dfs.strategy && x->dfs.visited &&
	    tkfi_visited_class(x->dfs.visited, engine)) {
		x->stats.redundant++;
		return true;
	}
	x->stats.classes++;
	x->stats.steps += engine->nr_log;
	x->stats.longest = max(x->stats.longest, engine->nr_log);
	x->stats.deadlocks += *ret == -EDEADLK;
	tkfi_explorer_judge(x, *ret, NULL);
	return true;
}

/* Where dfs remembers what. Checkpoints of another search are none of this one's. */
static void set_memory(struct tkfi_explorer *x, bool prune)
{
	x->dfs.visited = prune ? x->visited : NULL;
	x->dfs.checkpoints = x->options.no_snapshots ? NULL : &x->checkpoints;
	tkfi_checkpoints_drop(&x->checkpoints);
}

static void start_dfs(struct tkfi_explorer *x, unsigned int bound, bool prune)
{
	tkfi_interleave_init(&x->dfs);
	/* Between two operations nobody is preempted. */
	x->dfs.strategy.wants = TKFI_WANTS_ACCESSES | BIT(TKFI_STEP_YIELD);
	x->dfs.bound = bound;
	set_memory(x, prune);
	if (prune)
		tkfi_visited_init(x->visited);
}

/* Everything from the start: choices have come up that were none before. */
static void restart_dfs(struct tkfi_explorer *x)
{
	tkfi_cells_begin();
	memset(&x->stats, 0, sizeof(x->stats));
	tkfi_violations_forget(x);
	start_dfs(x, x->dfs.bound, x->dfs.visited);
}

int tkfi_explore_within(struct tkfi_explorer *x, unsigned int bound, bool prune,
			u64 most)
{
	int ret = tkfi_checkpoints_fit(x->engine);

	if (!ret && !x->searching)
		ret = tkfi_explorer_resume(x);
	if (ret < 0)
		return ret;
	if (ret)	/* What was kept was elsewhere. */
		set_memory(x, prune);
	else
		start_dfs(x, bound, prune);
	while (execute(x, &x->dfs.strategy, &ret) || x->dfs.pruned) {
		x->stats.redundant += x->dfs.pruned;
		if (tkfi_cells_changed) {
			restart_dfs(x);
			continue;
		}
		if (x->dfs.nr > TKFI_MAX_CHOICES) {
			snprintf(x->engine->error,
				 sizeof(x->engine->error),
				 "an execution of %u choices; %u are possible",
				 x->dfs.nr, TKFI_MAX_CHOICES);
			return -E2BIG;
		}
		if (prune && !x->searching &&
		    !tkfi_visited_has_room(x->visited)) {
			snprintf(x->engine->error,
				 sizeof(x->engine->error),
				 "more than can be remembered; explore with fewer preemptions");
			return -E2BIG;
		}
		if (!tkfi_interleave_next(&x->dfs)) {
			x->stats.complete = true;
			break;
		}
		if ((most && x->stats.classes >= most) || !look_at_clock(x))
			break;
		/* It may have learnt by looking. */
		if (tkfi_cells_changed)
			restart_dfs(x);
	}
	ret = ret == -EDEADLK || x->dfs.pruned ? 0 : ret;
	return x->searching ? ret : keep_rest(x, ret);
}

static int explore_samples(struct tkfi_explorer *x)
{
	const struct tkfi_explore_options *options = &x->options;
	u64 nr = options->executions ?: options->ms ? U64_MAX : TKFI_SAMPLES;
	struct tkfi_random random;
	struct tkfi_pos pos;
	struct tkfi_pct pct;
	int ret = tkfi_explorer_resume(x);

	if (ret < 0)
		return ret;
	while (x->stats.classes < nr) {
		u64 i = options->seed + x->stats.classes;
		struct tkfi_strategy *strategy;

		switch (options->strategy) {
		case TKFI_RANDOM:
			tkfi_random_init(&random, i);
			strategy = &random.strategy;
			break;
		case TKFI_POS:
			tkfi_pos_init(&pos, i);
			strategy = &pos.strategy;
			break;
		case TKFI_REPLAY:
			strategy = &options->schedule->strategy;
			break;
		default:
			tkfi_pct_init(&pct, i, options->depth,
				      x->stats.longest);
			strategy = &pct.strategy;
			break;
		}
		if (!execute(x, strategy, &ret))
			break;
		if (tkfi_cells_changed) {
			/* What was learnt makes other choices: from the start. */
			tkfi_cells_begin();
			memset(&x->stats, 0, sizeof(x->stats));
			tkfi_violations_forget(x);
		}
		if (!look_at_clock(x))
			break;
	}
	return keep_rest(x, ret == -EDEADLK ? 0 : ret);
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
 * Executions, in order and by chance, to see that hooks report all that is written.
 * That cells are shared may be learnt in these; it is true in others.
 */
static int look_behind_hooks(struct tkfi_explorer *x)
{
	struct tkfi_engine *engine = x->engine;
	unsigned int i;
	bool go_on;
	int ret;

	if (x->watched)
		return 0;
	tkfi_explorer_start(x);
	tkfi_unseen_begin(&x->unseen);
	tkfi_access_watch(tkfi_unseen_access, &x->unseen);
	ret = tkfi_engine_run(engine, &tkfi_in_order);
	tkfi_access_watch(NULL, NULL);
	engine->quiet = true;
	go_on = !tkfi_unseen_end(&x->unseen);
	for (i = 0; i < WATCHED_FIRST && go_on; i++)
		go_on = watch_sample(x, i);
	if (!go_on)
		return say_unseen(x);
	x->watched = true;
	/* That nobody can go on is what an exploration may find. */
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
	x->watch = (struct tkfi_watch){ .began = os_nsecs() };
	x->watch.said = x->watch.began;
	x->watch.kept = x->watch.began;
	x->watch.watch_at = TKFI_WATCH_EVERY;
	if (options->ms)
		x->watch.stop = x->watch.began + options->ms * NSEC_PER_MSEC;
	memset(&x->stats, 0, sizeof(x->stats));
	x->classes = 0;
	x->classes_error = 0;
	ret = x->target.enter(x->target.arg, &flags) ?: look_behind_hooks(x);
	x->engine->quiet = true;
	if (!ret) {
		tkfi_cells_begin();
		ret = parse_shared(x, options->shared);
		if (options->unchecked)
			tkfi_cells_uncheck();
	}
	if (!ret && options->parts > 1 &&
	    (options->strategy != TKFI_DPOR || options->bounded)) {
		snprintf(x->engine->error,
			 sizeof(x->engine->error),
			 "only dpor without a bound explores in parts");
		ret = -EINVAL;
	}
	if (!ret) {
		if (options->strategy == TKFI_DPOR && !options->bounded)
			ret = explore_dpor(x);
		else if (options->strategy <= TKFI_DFS)
			ret = tkfi_explore_within(x, options->preemptions,
						  options->bounded, options->executions);
		else
			ret = explore_samples(x);
	}
	if (tkfi_cells_print_shared(x->shared, sizeof(x->shared)) >=
	    sizeof(x->shared) && !ret) {
		snprintf(x->engine->error,
			 sizeof(x->engine->error),
			 "too many shared cells to be named");
		ret = -E2BIG;
	}
	/* Where nobody waits for readers, what is a preemption is not known for sure. */
	x->cut |= !!strchr(x->shared, 'u');
	if (!ret && x->nr_violations && !options->as_found) {
		/* What the other parts find may be plainer; if all are complete, it is known. */
		if (options->parts <= 1 || !x->stats.complete)
			tkfi_explorer_seek_plainer(x);
		tkfi_explorer_explain(x);
	}
	x->engine->quiet = false;
	x->target.leave(x->target.arg, flags);
	return ret;
}

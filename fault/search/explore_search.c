// SPDX-License-Identifier: GPL-2.0
/* A search of an explorer, what is due between two of its executions, and hooks checked. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <os.h>

#include "explore_internal.h"
#include "points.h"
#include "strategies.h"
#include "strategy.h"

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

int tkfi_explorer_enter(struct tkfi_explorer *x, unsigned long *flags)
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
	int ret = tkfi_search_run(search, &client, &x->stats);

	return !ret && x->unreported.kind ? say_unreported(x) : ret;
}

int tkfi_explorer_check_hooks(struct tkfi_explorer *x)
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

// SPDX-License-Identifier: GPL-2.0
/*
 * All interleavings with up to so many preemptions, depth first. Or one execution of each
 * class that has such an interleaving, by pruning what was visited.
 */
#include <linux/bits.h>
#include <linux/container_of.h>
#include <linux/errno.h>
#include <linux/vmalloc.h>

#include "interleave.h"
#include "saved.h"
#include "search.h"
#include "visited.h"

/**
 * struct dfs - the search
 * @search:	what all searches have
 * @interleave:	the choices of the last execution, and then of the next one
 * @visited:	what prunes it; NULL for none
 */
struct dfs {
	struct tkfi_search search;
	struct tkfi_interleave interleave;
	struct tkfi_visited *visited;
};

static struct dfs *to_dfs(struct tkfi_search *search)
{
	return container_of(search, struct dfs, search);
}

static int dfs_init(struct tkfi_search *search)
{
	struct dfs *s = to_dfs(search);

	tkfi_interleave_init(&s->interleave);
	/* The begin of an operation is a choice that costs no preemption. */
	s->interleave.strategy.wants = TKFI_WANTS_ACCESSES | BIT(TKFI_TRANS_YIELD);
	s->interleave.checkpoints = &search->checkpoints;
	search->strategy = &s->interleave.strategy;
	return 0;
}

static int bounded_init(struct tkfi_search *search)
{
	struct dfs *s = to_dfs(search);

	dfs_init(search);
	s->visited = vzalloc(sizeof(*s->visited));
	s->interleave.visited = s->visited;
	return s->visited ? 0 : -ENOMEM;
}

static void bounded_exit(struct tkfi_search *search)
{
	vfree(to_dfs(search)->visited);
}

static void dfs_begin(struct tkfi_search *search)
{
	struct dfs *s = to_dfs(search);

	s->interleave.nr = 0;
	if (s->visited)
		tkfi_visited_init(s->visited);
}

static const struct tkfi_snapshot *dfs_start(struct tkfi_search *search, u64 *replayed)
{
	struct dfs *s = to_dfs(search);
	const struct tkfi_snapshot *from;
	unsigned int again;

	s->interleave.bound = search->options.preemptions;
	from = tkfi_interleave_back(&s->interleave, &again);
	*replayed += again;
	return from;
}

static int dfs_executed(struct tkfi_search *search, struct tkfi_executed *e)
{
	struct dfs *s = to_dfs(search);

	if (e->ret == -ECANCELED && !s->interleave.pruned)
		return e->ret;
	if (!s->interleave.pruned &&
	    !(s->visited && tkfi_visited_class(s->visited, search->engine)))
		return TKFI_COUNTS;
	e->events = 0;
	e->length = 0;
	return TKFI_REDUNDANT;
}

static int dfs_next_execution(struct tkfi_search *search)
{
	struct dfs *s = to_dfs(search);

	if (s->interleave.nr > TKFI_MAX_CHOICES)
		return tkfi_search_fail(search, -E2BIG,
					"an execution of %u choices; %u are possible",
					s->interleave.nr, TKFI_MAX_CHOICES);
	if (s->visited && !search->options.forgetful &&
	    !tkfi_visited_has_room(s->visited))
		return tkfi_search_fail(search, -E2BIG,
					"more than can be remembered; explore with fewer preemptions");
	return tkfi_interleave_next(&s->interleave);
}

static void dfs_keep(struct tkfi_search *search, struct tkfi_saved *keep)
{
	struct dfs *s = to_dfs(search);
	struct tkfi_interleave *i = &s->interleave;

	tkfi_saved_move(keep, &i->nr, sizeof(i->nr));
	if (keep->failed || i->nr > TKFI_MAX_CHOICES) {
		keep->failed = true;
		return;
	}
	tkfi_saved_move(keep, i->chosen, i->nr * sizeof(i->chosen[0]));
	tkfi_saved_move(keep, i->ready, i->nr * sizeof(i->ready[0]));
	tkfi_saved_move(keep, i->spent, i->nr * sizeof(i->spent[0]));
	tkfi_saved_move(keep, i->when, i->nr * sizeof(i->when[0]));
	if (s->visited)
		tkfi_visited_keep(s->visited, keep);
}

const struct tkfi_search_type tkfi_dfs_search = {
	.size = sizeof(struct dfs),
	.takes = TKFI_TAKES_PREEMPTIONS,
	.exhaustive = true,
	.backtracks = true,
	.init = dfs_init,
	.begin_search = dfs_begin,
	.begin_execution = dfs_start,
	.executed = dfs_executed,
	.next_execution = dfs_next_execution,
	.keep = dfs_keep,
};

const struct tkfi_search_type tkfi_bounded_search = {
	.size = sizeof(struct dfs),
	.takes = TKFI_TAKES_PREEMPTIONS,
	.exhaustive = true,
	.distinct = true,
	.backtracks = true,
	.init = bounded_init,
	.exit = bounded_exit,
	.begin_search = dfs_begin,
	.begin_execution = dfs_start,
	.executed = dfs_executed,
	.next_execution = dfs_next_execution,
	.keep = dfs_keep,
};

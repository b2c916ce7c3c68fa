// SPDX-License-Identifier: GPL-2.0
/*
 * Optimal dynamic partial order reduction: executes each class of executions, which differ
 * only in the order of independent events, once.
 *
 * Abdulla, Aronis, Jonsson, Sagonas: Source Sets: A Foundation for Optimal Dynamic
 * Partial Order Reduction, J. ACM 64(4), 2017: algorithm 2, with locks as in its
 * section on disabling. Two transitions are dependent if they are of one VCPU or conflict,
 * see footprint.h.
 *
 * A search can be divided into parts, by prefixes of executions: up to some depth every
 * VCPU that is not in the sleep set is explored (sleep sets alone, Godefroid, LNCS 1032,
 * 1996), and each part goes on from its share of the prefixes that are met. So no part
 * depends on races that another part finds.
 */
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "cells.h"
#include "dpor_internal.h"
#include "saved.h"

#define SHARES		256	/* prefixes of a part at least, if there are so many */
#define MAX_SPLIT	40	/* the most events of a prefix */

static bool same(struct tkfi_footprint a, struct tkfi_footprint b)
{
	return a.cell == b.cell && a.nr == b.nr && a.writes == b.writes &&
	       a.cpu == b.cpu;
}

/* Give up. */
static unsigned int stop(struct tkfi_dpor *d, int ret, const char *why)
{
	d->ret = tkfi_search_fail(&d->search, ret, "%s", why);
	return TKFI_STOP;
}

/*
 * Is this execution one of this part? Executions shorter than a prefix are the first
 * part's.
 */
static bool is_ours(const struct tkfi_dpor *d)
{
	bool divided = d->depth > d->split ||
		       (d->depth == d->split && d->nodes[d->split].visited);

	return !d->split || (divided ? !d->skipped : !d->search.options.part);
}

/* Is the prefix that ends here another part's? While prefixes are counted, all are. */
static bool is_anothers(struct tkfi_dpor *d, struct dpor_node *node)
{
	const struct tkfi_search_options *options = &d->search.options;

	if (node->visited)
		return false;
	node->visited = true;
	d->skipped = d->beginnings++ % options->parts != options->part || d->counting;
	return d->skipped;
}

/* An execution begins at the start, not at a snapshot. */
static void dpor_begin(struct tkfi_strategy *s, struct tkfi_engine *engine)
{
	struct tkfi_dpor *d = container_of(s, struct tkfi_dpor, strategy);

	tkfi_checkpoints_begin(&d->search.checkpoints, d->search.checkpoints.most);
}

static unsigned int dpor_next(struct tkfi_strategy *s,
			      struct tkfi_engine *engine, unsigned long ready)
{
	struct tkfi_dpor *d = container_of(s, struct tkfi_dpor, strategy);
	unsigned int k = d->depth, p, i;
	struct dpor_node *node = &d->nodes[k];
	struct tkfi_footprint f;
	unsigned long awake;

	tkfi_checkpoint(&d->search.checkpoints, engine, k);
	if (k < d->known) {
		p = d->history.events[k].vcpu;
		f = d->history.events[k].footprint;
		if (!same(f, dpor_footprint_of(d, &engine->vcpus[p])))
			return stop(d, -EPROTO,
				    "[tkfi internal bug] an execution was not the same again");
		d->depth++;
		return p;
	}
	if (k == TKFI_MAX_EVENTS)
		return stop(d, -E2BIG, "an execution has too many steps");
	if (k == d->split && d->split && is_anothers(d, node))
		return TKFI_STOP;
	if (node->tree) {
		const struct dpor_tree *t = tkfi_dpor_take_branch(d, node);

		p = t->vcpu;
		if (!same(t->footprint, dpor_footprint_of(d, &engine->vcpus[p])))
			return stop(d, -EPROTO,
				    "[tkfi internal bug] a VCPU does something else than before");
	} else {
		awake = ready & ~node->asleep;
		node->subtree = 0;
		if (!awake)
			return TKFI_STOP;
		p = awake & BIT(engine->last->id) ? engine->last->id :
						    __ffs(awake);
		if (k < d->split)
			d->ret = tkfi_dpor_branch_out(d, node, awake, p);
	}
	if (!d->ret)
		d->ret = tkfi_dpor_next_event(d, &engine->vcpus[p]);
	if (d->ret)
		return TKFI_STOP;
	tkfi_history_append(&d->history);
	f = d->history.events[k].footprint;

	node[1].asleep = 0;
	node[1].visited = false;
	for (i = 0; i < engine->nr_vcpus; i++) {
		if (!(node->asleep & BIT(i)) ||
		    tkfi_footprints_conflict(node->footprint[i], f))
			continue;
		node[1].asleep |= BIT(i);
		node[1].footprint[i] = node->footprint[i];
	}
	node[1].tree = node->subtree;
	d->depth++;
	d->known = d->depth;
	return p;
}

/*
 * Go back to the last choice with a branch left to explore. Returns false if there is
 * none.
 */
static bool backtrack(struct tkfi_dpor *d)
{
	while (d->depth--) {
		const struct tkfi_history_event *e = tkfi_history_take_back(&d->history);
		struct dpor_node *node = &d->nodes[d->depth];

		node->asleep |= BIT(e->vcpu);
		node->footprint[e->vcpu] = e->footprint;
		if (node->tree)
			return true;
	}
	return false;
}

/* The search begins, or begins again. */
static void forget(struct tkfi_dpor *d)
{
	d->depth = 0;
	d->known = 0;
	d->nr_races = 0;
	tkfi_history_init(&d->history);
	d->nodes[0] = (struct dpor_node){};
	d->beginnings = 0;
	d->skipped = false;
	d->free_tree = 0;
	d->nr_tree = 1;
	tkfi_checkpoints_drop(&d->search.checkpoints);
	tkfi_cells_begin();
}

static void dpor_search_begin(struct tkfi_search *search)
{
	struct tkfi_dpor *d = to_dpor(search);

	d->counting = search->options.parts > 1;
	d->split = d->counting;
	d->counted = 0;
	forget(d);
}

/*
 * The next execution begins at the last snapshot before the choice that backtrack()
 * found.
 */
static const struct tkfi_snapshot *dpor_start(struct tkfi_search *search, u64 *replayed)
{
	struct tkfi_dpor *d = to_dpor(search);
	const struct tkfi_snapshot *from = NULL;

	d->known = d->depth;
	d->depth = 0;
	d->ret = 0;
	d->nr_races = 0;
	if (search->checkpoints.nr)
		from = tkfi_checkpoints_back(&search->checkpoints, d->known, &d->depth);
	if (!d->counting)
		*replayed += d->known - d->depth;
	d->new_from = d->known;
	return from;
}

static int dpor_executed(struct tkfi_search *search, struct tkfi_executed *e)
{
	struct tkfi_dpor *d = to_dpor(search);

	if (d->ret)
		return d->ret;
	if (d->counting) {
		e->events = 0;
		e->length = 0;
		return TKFI_NOT_COUNTED;
	}
	e->events = d->depth - d->new_from;
	e->length = d->depth;
	/* A choice of a transition that touches no cell is no event in the engine's log. */
	e->hb = d->depth == d->engine->nr_log ? &d->history.hb : NULL;
	if (!is_ours(d))
		return TKFI_NOT_COUNTED;
	return e->ret == -ECANCELED ? TKFI_REDUNDANT : TKFI_COUNTS;
}

/*
 * The length of prefixes is found by trial: all prefixes of a length are executed, and
 * counted, until there are enough of them. Returns whether to try the next length.
 */
static bool divide_deeper(struct tkfi_dpor *d)
{
	const u64 counted = d->counted;

	d->counted = d->beginnings;
	if (d->beginnings >= SHARES * d->search.options.parts ||
	    d->beginnings < counted || d->split == MAX_SPLIT)
		return false;
	d->split++;
	return true;
}

static int dpor_next_execution(struct tkfi_search *search)
{
	struct tkfi_dpor *d = to_dpor(search);
	int ret = tkfi_dpor_reverse_races(d);

	d->skipped = false;
	if (ret)
		return ret;
	if (backtrack(d))
		return 1;
	if (!d->counting)
		return 0;
	d->counting = divide_deeper(d);
	forget(d);
	return 1;
}

static void dpor_keep(struct tkfi_search *search, struct tkfi_saved *keep)
{
	struct tkfi_dpor *d = to_dpor(search);
	struct tkfi_history *h = &d->history;

	tkfi_saved_move(keep, &d->depth, sizeof(d->depth));
	tkfi_saved_move(keep, &d->counting, sizeof(d->counting));
	tkfi_saved_move(keep, &d->counted, sizeof(d->counted));
	tkfi_saved_move(keep, &d->split, sizeof(d->split));
	tkfi_saved_move(keep, &d->beginnings, sizeof(d->beginnings));
	tkfi_saved_move(keep, &d->free_tree, sizeof(d->free_tree));
	tkfi_saved_move(keep, &d->nr_tree, sizeof(d->nr_tree));
	if (keep->failed || d->depth > TKFI_MAX_EVENTS || d->nr_tree > DPOR_TREE_NODES) {
		keep->failed = true;
		return;
	}
	tkfi_saved_move(keep, d->tree, d->nr_tree * sizeof(d->tree[0]));
	tkfi_saved_move(keep, d->nodes, (d->depth + 1) * sizeof(d->nodes[0]));
	tkfi_saved_move(keep, d->old, d->depth * sizeof(d->old[0]));
	tkfi_saved_move(keep, h->events, d->depth * sizeof(h->events[0]));
	tkfi_saved_move(keep, h->hb.nth, d->depth * sizeof(h->hb.nth[0]));
	tkfi_saved_move(keep, h->hb.clock, d->depth * sizeof(h->hb.clock[0]));
	tkfi_saved_move(keep, h->last_of, sizeof(h->last_of));
	tkfi_saved_move(keep, h->last_at, sizeof(h->last_at));
	h->hb.nr = d->depth;
	/* Between two executions, no prefix is being skipped. */
	if (keep->loading)
		d->skipped = false;
}

static int dpor_init(struct tkfi_search *search)
{
	struct tkfi_dpor *d = to_dpor(search);

	d->engine = search->engine;
	d->strategy.wants = TKFI_WANTS_ACCESSES;
	d->strategy.begin = dpor_begin;
	d->strategy.next = dpor_next;
	search->strategy = &d->strategy;
	return 0;
}

const struct tkfi_search_type tkfi_dpor_search = {
	.size = sizeof(struct tkfi_dpor),
	.takes = TKFI_TAKES_PARTS,
	.exhaustive = true,
	.distinct = true,
	.backtracks = true,
	.init = dpor_init,
	.begin_search = dpor_search_begin,
	.begin_execution = dpor_start,
	.executed = dpor_executed,
	.next_execution = dpor_next_execution,
	.keep = dpor_keep,
};

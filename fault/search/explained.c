// SPDX-License-Identifier: GPL-2.0
#include <linux/bitops.h>
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "cells.h"
#include "explore_internal.h"

/* All executions with up to @preemptions preemptions are known: note what is minimal. */
static void note_minimal(struct tkfi_explorer *x, unsigned int preemptions)
{
	unsigned int i;

	for (i = 0; i < x->nr_violations && !x->incomplete; i++)
		x->violations[i].minimal =
			x->violations[i].cost.preemptions <= preemptions;
}

void tkfi_explorer_seek_plainer(struct tkfi_explorer *x)
{
	const struct tkfi_search_stats stats = x->stats;
	struct tkfi_search_options options = { .forgetful = true };
	unsigned int *bound = &options.preemptions, i;
	bool go_on = true;

	if (stats.complete) {
		x->searched = stats.classes;
		note_minimal(x, x->search->type->takes & TKFI_TAKES_PREEMPTIONS ?
				x->options.preemptions : UINT_MAX);
		return;
	}
	x->searching = true;
	x->incomplete = tkfi_cells_have_no_retry();
	x->pace.deadline = 0;
	for (; go_on; ++*bound) {
		tkfi_explorer_search(x, x->searches[TKFI_BOUNDED], &options,
				     TKFI_MAX_SEARCHED - x->searched, false);
		x->searched += x->stats.classes;
		if (!x->stats.complete)
			break;
		note_minimal(x, *bound);
		go_on = false;
		for (i = 0; i < x->nr_violations; i++)
			go_on |= x->violations[i].cost.preemptions > *bound;
		go_on &= x->searched < TKFI_MAX_SEARCHED;
	}
	x->searching = false;
	x->stats = stats;
}

/**
 * struct sought - violations of one schedule, to be looked for in one execution
 * @x:		explorer
 * @which:	BIT(number in @x->violations) each
 * @found:	those of them that were found
 * @shrink:	fill @stopped
 * @stopped:	for each of them, @stopped of struct tkfi_shrunk
 */
struct sought {
	struct tkfi_explorer *x;
	u64 which;
	u64 found;
	bool shrink;
	u16 stopped[TKFI_MAX_VIOLATIONS];
};

static void look_for(const struct tkfi_finding *finding, void *arg)
{
	struct sought *sought = arg;
	struct tkfi_explorer *x = sought->x;
	const struct tkfi_shrunk *shrunk;
	unsigned int i;

	for (i = 0; i < x->nr_violations; i++) {
		if (!(sought->which & ~sought->found & BIT_ULL(i)) ||
		    !tkfi_finding_is_like(finding, &x->violations[i].finding))
			continue;
		sought->found |= BIT_ULL(i);
		if (!sought->shrink)
			continue;
		shrunk = tkfi_violations_shrink(x, finding);
		sought->stopped[i] = shrunk ? shrunk->stopped : 0;
	}
}

static u64 violates(void *arg, int ret)
{
	struct sought *sought = arg;

	sought->found = 0;
	tkfi_explorer_check(sought->x, ret, NULL, look_for, sought);
	/* An execution that fails has all findings: it explains none. */
	return ret ? U64_MAX : sought->found;
}

static int start_sought(void *arg)
{
	struct sought *sought = arg;

	return tkfi_explorer_start(sought->x);
}

int tkfi_explorer_record(struct tkfi_explorer *x, const char *text, int *ended)
{
	struct tkfi_engine *engine = x->engine;
	static struct tkfi_schedule schedule;
	int ret;

	tkfi_explorer_names(x, &schedule);
	ret = tkfi_schedule_parse(&schedule, text, engine->error, sizeof(engine->error));
	if (ret)
		return ret;
	tkfi_record_start(&x->recording, &schedule.strategy);
	tkfi_explorer_start(x);
	*ended = tkfi_search_too_long(engine,
				      tkfi_engine_run(engine, &x->recording.strategy));
	if (*ended && *ended != -EDEADLK)
		return *ended;
	tkfi_record_end(&x->recording, engine);
	return 0;
}

/* Explain violations that have one schedule. */
static void explain(struct tkfi_explorer *x, u64 which)
{
	static struct sought sought;
	struct tkfi_trial trial = {
		.start = start_sought,
		.violates = violates,
		.arg = &sought,
	};
	unsigned int i;
	u64 found;
	int ret;

	if (tkfi_explorer_record(x, x->violations[__ffs64(which)].schedule, &ret))
		return;
	x->target.boundaries(x->target.arg, &x->boundaries);
	trial.host = x->boundaries.host;
	sought = (struct sought){ .x = x, .which = which, .shrink = true };
	violates(&sought, ret);
	sought.shrink = false;
	found = sought.found;
	for (i = 0; i < x->nr_violations; i++)
		if (found & BIT_ULL(i))
			tkfi_explain(x->engine, &x->recording, i,
				     sought.stopped[i], &trial, &x->violations[i].why);
}

/* Violations of one schedule are explained together: they share the reversals. */
static void explain_all(struct tkfi_explorer *x)
{
	unsigned int i, j;
	u64 done = 0, which;

	static_assert(TKFI_MAX_VIOLATIONS <= 64);
	for (i = 0; i < x->nr_violations; i++) {
		if (done & BIT_ULL(i) || x->violations[i].cost.turns == UINT_MAX)
			continue;
		which = 0;
		for (j = i; j < x->nr_violations; j++)
			if (!strcmp(x->violations[i].schedule, x->violations[j].schedule))
				which |= BIT_ULL(j);
		explain(x, which);
		done |= which;
	}
}

void tkfi_explorer_explain(struct tkfi_explorer *x)
{
	struct tkfi_engine *engine = x->engine;
	bool quiet = engine->quiet;
	unsigned int nr = engine->trace.nr;

	engine->quiet = true;
	tkfi_cells_share_all();
	tkfi_cells_no_retry();
	explain_all(x);
	tkfi_explorer_collect(x);
	/* Of a part the runner merges, once it has the violations of all parts. */
	if (x->options.parts <= 1)
		tkfi_violations_merge(x);
	engine->trace.nr = nr;
	engine->quiet = quiet;
}

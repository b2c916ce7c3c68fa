// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <os.h>

#include "cells.h"
#include "explore_internal.h"
#include "saved.h"

/* Save or load the state of the exploration. */
static void keep_all(struct tkfi_explorer *x)
{
	struct tkfi_saved *keep = x->options.keep;
	s64 spent = os_nsecs() - x->pace.began;

	tkfi_saved_move(keep, &spent, sizeof(spent));
	x->pace.began = os_nsecs() - spent;
	tkfi_saved_move(keep, &x->stats, sizeof(x->stats));
	tkfi_saved_move(keep, &x->nr_violations, sizeof(x->nr_violations));
	tkfi_saved_move(keep, x->violations, sizeof(x->violations));
	tkfi_saved_move(keep, &x->incomplete, sizeof(x->incomplete));
	if (x->options.outcomes)
		tkfi_outcomes_keep(x->outcomes, keep);
	if (x->options.coverage)
		tkfi_saved_move(keep, &x->covered, sizeof(x->covered));
	tkfi_cells_keep(keep);
	tkfi_search_keep(x->search, keep);
}

/*
 * What a state belongs to: this build, scenario, and way to explore. A state of something
 * else cannot be resumed. Limits of time and executions may differ.
 */
static void name_state(const struct tkfi_explorer *x, char *name, size_t size)
{
	const struct tkfi_explore_options *o = &x->options;

	snprintf(name, size, "%s%s\n%s %u %u %u %llu %u %u %u %u/%u %u %u %llx %u %s",
		 linux_banner, x->target.text, tkfi_strategy_names[o->strategy],
		 o->no_snapshots, o->no_wait_for_readers, o->as_found, o->seed, o->depth,
		 o->bounded, o->preemptions, o->part, o->parts, o->outcomes, o->seeks,
		 o->outcome, o->coverage, o->shared ?: "");
}

#define NAME_SIZE	(TKFI_SHARED_TEXT + 2048)

void tkfi_explorer_save(struct tkfi_explorer *x)
{
	static char name[NAME_SIZE];

	name_state(x, name, sizeof(name));
	tkfi_saved_begin(x->options.keep);
	tkfi_saved_move(x->options.keep, name, sizeof(name));
	keep_all(x);
	/* Whoever writes it says what goes wrong: the exploration itself goes on. */
	tkfi_saved_write(x->options.keep);
}

int tkfi_explorer_resume(struct tkfi_explorer *x)
{
	static char name[NAME_SIZE], kept[NAME_SIZE];

	if (!x->options.keep || !x->options.resume ||
	    tkfi_saved_read(x->options.keep))
		return 0;
	name_state(x, name, sizeof(name));
	tkfi_saved_move(x->options.keep, kept, sizeof(kept));
	if (!x->options.keep->failed && !strcmp(name, kept)) {
		keep_all(x);
		if (!x->options.keep->failed)
			return 1;
	}
	snprintf(x->engine->error, sizeof(x->engine->error),
		 "the state that was kept is of another kernel, scenario or strategy");
	return -ESTALE;
}

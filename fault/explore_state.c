// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <os.h>

#include "cells.h"
#include "explorer.h"
#include "keep.h"

/* A pointer into @x or to something of the kernel's image, as @x was at @old. */
static void relocate(struct tkfi_explorer *x, unsigned long old, const void *pointer)
{
	unsigned long *p = (unsigned long *)pointer;

	if (*p >= old && *p < old + sizeof(*x))
		*p += (unsigned long)x - old;
}

/* Save or load where the exploration is. */
static void keep_all(struct tkfi_explorer *x)
{
	struct tkfi_keep *keep = x->options.keep;
	unsigned long self = (unsigned long)x;
	s64 spent = os_nsecs() - x->watch.began;
	unsigned int i;

	tkfi_keep_move(keep, &self, sizeof(self));
	tkfi_keep_move(keep, &spent, sizeof(spent));
	x->watch.began = os_nsecs() - spent;
	tkfi_keep_move(keep, &x->stats, sizeof(x->stats));
	tkfi_keep_move(keep, &x->nr_violations, sizeof(x->nr_violations));
	tkfi_keep_move(keep, x->violations, sizeof(x->violations));
	tkfi_keep_move(keep, &x->cut, sizeof(x->cut));
	tkfi_cells_keep(keep);
	tkfi_search_keep(x->search, keep);
	for (i = 0; i < x->nr_violations; i++) {
		relocate(x, self, &x->violations[i].finding.first);
		relocate(x, self, &x->violations[i].finding.second);
	}
}

/*
 * Whose state it is: of this build, scenario, and way to explore. How long and how much
 * may be something else the next time.
 */
static void name_state(const struct tkfi_explorer *x, char *name, size_t size)
{
	const struct tkfi_explore_options *o = &x->options;

	snprintf(name, size, "%s%s\n%s %u %u %u %llu %u %u %u %u/%u %s", linux_banner,
		 x->text, tkfi_strategy_names[o->strategy], o->no_snapshots,
		 o->unchecked, o->as_found, o->seed, o->depth, o->bounded,
		 o->preemptions, o->part, o->parts, o->shared ?: "");
}

#define NAME_SIZE	(TKFI_SCENARIO_TEXT + TKFI_SHARED_TEXT + 1024)

void tkfi_explorer_save(struct tkfi_explorer *x)
{
	static char name[NAME_SIZE];
	int ret;

	name_state(x, name, sizeof(name));
	tkfi_keep_begin(x->options.keep);
	tkfi_keep_move(x->options.keep, name, sizeof(name));
	keep_all(x);
	ret = tkfi_keep_write(x->options.keep);
	if (ret)
		pr_err_once("tkfi: the state of the exploration cannot be kept: %d\n",
			    ret);
}

int tkfi_explorer_resume(struct tkfi_explorer *x)
{
	static char name[NAME_SIZE], kept[NAME_SIZE];

	if (!x->options.keep || !x->options.resume ||
	    tkfi_keep_read(x->options.keep))
		return 0;
	name_state(x, name, sizeof(name));
	tkfi_keep_move(x->options.keep, kept, sizeof(kept));
	if (!x->options.keep->failed && !strcmp(name, kept)) {
		keep_all(x);
		if (!x->options.keep->failed)
			return 1;
	}
	snprintf(x->session.engine->error, sizeof(x->session.engine->error),
		 "the state that was kept is of another kernel, scenario or strategy");
	return -ESTALE;
}

// SPDX-License-Identifier: GPL-2.0
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "explore_internal.h"
#include "visited.h"

struct tkfi_explorer *tkfi_explorer_create(const struct tkfi_target *target)
{
	struct tkfi_explorer *x = vzalloc(sizeof(*x));

	if (!x)
		return NULL;
	x->target = *target;
	x->engine = target->engine;
	if (tkfi_unseen_alloc(&x->unseen, target->own, target->own_size) ||
	    tkfi_checkpoints_create(&x->checkpoints))
		goto failed;
	x->dpor = tkfi_search_create(&tkfi_dpor_search, x->engine);
	x->visited = vzalloc(sizeof(*x->visited));
	if (!x->dpor || !x->visited)
		goto failed;
	return x;

failed:
	tkfi_explorer_destroy(x);
	return NULL;
}

void tkfi_explorer_destroy(struct tkfi_explorer *x)
{
	if (!x)
		return;
	vfree(x->visited);
	tkfi_checkpoints_destroy(&x->checkpoints);
	tkfi_search_destroy(x->dpor);
	tkfi_unseen_free(&x->unseen);
	vfree(x);
}

int tkfi_explorer_start(void *arg)
{
	struct tkfi_explorer *x = arg;

	return x->target.start(x->target.arg);
}

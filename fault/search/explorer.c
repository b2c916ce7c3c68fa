// SPDX-License-Identifier: GPL-2.0
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "explore_internal.h"

struct tkfi_explorer *tkfi_explorer_create(const struct tkfi_target *target)
{
	struct tkfi_explorer *x = vzalloc(sizeof(*x));
	unsigned int i;

	if (!x)
		return NULL;
	x->target = *target;
	x->engine = target->engine;
	if (tkfi_unreported_alloc(&x->unreported, target->own, target->own_size))
		goto failed;
	for (i = 0; i < TKFI_NR_STRATEGIES; i++) {
		x->searches[i] = tkfi_search_create(tkfi_search_types[i], x->engine);
		if (!x->searches[i])
			goto failed;
	}
	x->search = x->searches[0];
	x->outcomes = vzalloc(sizeof(*x->outcomes));
	if (!x->outcomes)
		goto failed;
	return x;

failed:
	tkfi_explorer_destroy(x);
	return NULL;
}

void tkfi_explorer_destroy(struct tkfi_explorer *x)
{
	unsigned int i;

	if (!x)
		return;
	for (i = 0; i < TKFI_NR_STRATEGIES; i++)
		tkfi_search_destroy(x->searches[i]);
	tkfi_unreported_free(&x->unreported);
	vfree(x->outcomes);
	vfree(x);
}

int tkfi_explorer_start(void *arg)
{
	struct tkfi_explorer *x = arg;

	return x->target.start(x->target.arg);
}

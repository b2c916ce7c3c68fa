// SPDX-License-Identifier: GPL-2.0
/* Wakeup trees of dpor: the sequences that are yet to be explored from a choice. */
#include <linux/bitmap.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "dpor_internal.h"

static const char too_big[] = "the wakeup trees are too big";

/* A node, 0 if there is none left. */
static u32 new_tree(struct tkfi_dpor *d)
{
	u32 t = d->free_tree;

	if (t)
		d->free_tree = d->tree[t].sibling;
	else if (d->nr_tree < DPOR_TREE_NODES)
		t = d->nr_tree++;
	return t;
}

const struct dpor_tree *tkfi_dpor_take_branch(struct tkfi_dpor *d,
					      struct dpor_node *node)
{
	u32 t = node->tree;

	node->tree = d->tree[t].sibling;
	node->subtree = d->tree[t].child;
	d->tree[t].child = 0;
	d->tree[t].sibling = d->free_tree;
	d->free_tree = t;
	return &d->tree[t];
}

int tkfi_dpor_branch_out(struct tkfi_dpor *d, struct dpor_node *node,
			 unsigned long awake, unsigned int first)
{
	u32 *link = &node->tree;
	unsigned int i;

	for_each_set_bit(i, &awake, d->engine->nr_vcpus) {
		u32 t;

		if (i == first)
			continue;
		t = new_tree(d);
		if (!t)
			return tkfi_search_fail(&d->search, -ENOMEM, "%s", too_big);
		d->tree[t] = (struct dpor_tree){
			.vcpu = i,
			.footprint = dpor_footprint_of(d, &d->engine->vcpus[i]),
		};
		*link = t;
		link = &d->tree[t].sibling;
	}
	return 0;
}

bool tkfi_dpor_can_begin(const struct tkfi_dpor *d, const struct dpor_move *v,
			 unsigned int nr, unsigned int vcpu,
			 struct tkfi_footprint footprint, unsigned int *at)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (v[i].vcpu == vcpu)
			break;
		if (tkfi_footprints_conflict(v[i].footprint, footprint))
			return false;
	}
	*at = i;
	return i < nr || !d->split;
}

int tkfi_dpor_insert(struct tkfi_dpor *d, struct dpor_node *node,
		     struct dpor_move *v, unsigned int nr)
{
	u32 *link = &node->tree;
	bool at_root = true;
	unsigned int at, i;

	while (nr) {
		struct dpor_tree *t;

		if (!at_root && !*link)
			return 0;	/* a leaf: everything that begins so is explored */
		for (; *link; link = &t->sibling) {
			t = &d->tree[*link];
			if (tkfi_dpor_can_begin(d, v, nr, t->vcpu, t->footprint, &at))
				break;
		}
		if (!*link)
			break;
		if (at < nr) {
			memmove(v + at, v + at + 1, (nr - at - 1) * sizeof(*v));
			nr--;
		}
		link = &t->child;
		at_root = false;
	}
	for (i = 0; i < nr; i++) {
		u32 t = new_tree(d);

		if (!t)
			return tkfi_search_fail(&d->search, -ENOMEM, "%s", too_big);
		d->tree[t] = (struct dpor_tree){
			.vcpu = v[i].vcpu,
			.footprint = v[i].footprint,
		};
		*link = t;
		link = &d->tree[t].child;
	}
	return 0;
}


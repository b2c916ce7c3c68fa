/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interfaces between the files of dpor.
 *
 * dpor.c: the search, and its parts; dpor_races.c: which events race, and which races are
 * to be reversed; dpor_tree.c: wakeup trees.
 */
#ifndef __TKFI_DPOR_INTERNAL_H
#define __TKFI_DPOR_INTERNAL_H

#include <linux/compiler.h>
#include <linux/container_of.h>

#include "footprint.h"
#include "happens_before.h"
#include "search.h"

#define DPOR_MAX_RACES	8192
#define DPOR_TREE_NODES	65536

/**
 * struct dpor_tree - a node of a wakeup tree: one transition of a sequence to be explored
 * @footprint:	of the transition
 * @vcpu:	id of its VCPU
 * @child:	number of its first child, 0 for none
 * @sibling:	number of its next sibling, 0 for none
 */
struct dpor_tree {
	struct tkfi_footprint footprint;
	u8 vcpu;
	u32 child;
	u32 sibling;
};

/**
 * struct dpor_node - a choice: the state before an event
 * @asleep:	the sleep set, BIT(id) each: VCPUs whose next transition need not be
 *		explored from here
 * @footprint:	footprint of the next transition of each VCPU in @asleep; of other VCPUs
 *		it is not valid
 * @tree:	number of the first root of the wakeup tree: the branches left to explore
 * @subtree:	number of the first node of the tree below the branch that is explored
 * @visited:	this is the end of a prefix that has been counted
 *
 * invariant: no branch of @tree begins with a VCPU in @asleep, nor do two of them with the
 * same VCPU.
 */
struct dpor_node {
	u8 asleep;
	bool visited;
	struct tkfi_footprint footprint[TKFI_MAX_VCPUS];
	u32 tree;
	u32 subtree;
};

/**
 * struct dpor_race - two events that could have been executed the other way round
 * @first:	number of the earlier event
 * @second:	number of the later one
 */
struct dpor_race {
	u16 first;
	u16 second;
};

/**
 * struct tkfi_dpor - the search
 * @search:	what all searches have
 * @strategy:	makes the choices
 * @engine:	as @search's
 * @history:	events of the execution under way
 * @old:	for each event that stores, the values of its cells before
 * @nodes:	the choices before the events
 * @depth:	events of this execution so far
 * @known:	events that it has in common with the execution before, or @depth if that is
 *		more
 * @new_from:	events that it has in common with the execution before
 * @ret:	why it was given up, 0 if it was not
 * @counting:	prefixes are counted, to find their length
 * @counted:	how many there were when they were one event shorter
 * @split:	number of events of a prefix; 0 if the search is not divided
 * @beginnings:	how many prefixes were met so far
 * @skipped:	the prefix of this execution is another part's
 * @races:	of the execution under way
 * @nr_races:	how many
 * @tree:	nodes of wakeup trees; number 0 is not used, as it stands for none
 * @free_tree:	number of the first free node; others follow by @sibling
 * @nr_tree:	how many nodes have been used at least once, and one for number 0
 * @wrong_writes: does a transition write? Wrong on purpose, in tests that must fail then;
 *		else NULL
 *
 * invariant, while an execution is under way: @depth <= @known, and they are equal from
 * where it is a new one; @history has the first @known events, and @old and @nodes are
 * valid up to there.
 */
struct tkfi_dpor {
	struct tkfi_search search;
	struct tkfi_strategy strategy;
	struct tkfi_engine *engine;
	struct tkfi_history history;
	unsigned int old[TKFI_HISTORY_EVENTS][TKFI_ACCESS_CELLS];
	struct dpor_node nodes[TKFI_HISTORY_EVENTS];
	unsigned int depth;
	unsigned int known;
	unsigned int new_from;
	int ret;
	bool counting;
	u64 counted;
	unsigned int split;
	u64 beginnings;
	bool skipped;
	struct dpor_race races[DPOR_MAX_RACES];
	unsigned int nr_races;
	struct dpor_tree tree[DPOR_TREE_NODES];
	u32 free_tree;
	u32 nr_tree;
	bool (*wrong_writes)(const struct tkfi_transition *transition);
};

/**
 * to_dpor() - the dpor that a search is
 * @search:	search of type tkfi_dpor_search
 *
 * Return: the struct tkfi_dpor that it is in.
 */
static inline struct tkfi_dpor *to_dpor(struct tkfi_search *search)
{
	return container_of(search, struct tkfi_dpor, search);
}

/**
 * struct dpor_move - a transition of a sequence
 * @vcpu:	id of its VCPU
 * @footprint:	its footprint
 */
struct dpor_move {
	u8 vcpu;
	struct tkfi_footprint footprint;
};

/**
 * dpor_footprint_of() - the footprint of a VCPU's next transition, as dpor takes it
 * @d:		search
 * @v:		VCPU
 *
 * Return: as tkfi_footprint_of(), but for @d->wrong_writes.
 */
static inline struct tkfi_footprint dpor_footprint_of(const struct tkfi_dpor *d,
						      const struct tkfi_vcpu *v)
{
	struct tkfi_footprint f = tkfi_footprint_of(v);

	if (unlikely(d->wrong_writes))
		f.writes = d->wrong_writes(&v->next);
	return f;
}

/*
 * dpor_tree.c
 */

/**
 * tkfi_dpor_take_branch() - take the first branch off a choice's wakeup tree
 * @d:		search
 * @node:	choice, with a tree; what follows the branch becomes its subtree
 *
 * Return: the branch; valid until the tree is changed.
 */
const struct dpor_tree *tkfi_dpor_take_branch(struct tkfi_dpor *d,
					      struct dpor_node *node);

/**
 * tkfi_dpor_branch_out() - add a branch for each VCPU that is awake
 * @d:		search
 * @node:	choice, without a tree
 * @awake:	VCPUs that can go on and are not in the sleep set, BIT(id) each
 * @first:	id of the one that goes on now, and needs no branch
 *
 * Return: 0, or -ENOMEM, and why.
 */
int tkfi_dpor_branch_out(struct tkfi_dpor *d, struct dpor_node *node,
			 unsigned long awake, unsigned int first);

/**
 * tkfi_dpor_can_begin() - is a VCPU a weak initial of a sequence?
 * @d:		search
 * @v:		the sequence
 * @nr:		number of its transitions
 * @vcpu:	id of the VCPU
 * @footprint:	footprint of its next transition
 * @at:		set to the index of that transition in @v, to @nr if it is not there; not
 *		set if a transition before it is dependent on it
 *
 * A weak initial can begin an execution that is equivalent to one that begins with the
 * sequence. In a search that is divided, only initials count, which are in the sequence: a
 * transition that is not might conflict with something later, and that race would be
 * found with the prefix of another part.
 *
 * Return: whether it is.
 */
bool tkfi_dpor_can_begin(const struct tkfi_dpor *d, const struct dpor_move *v,
			 unsigned int nr, unsigned int vcpu,
			 struct tkfi_footprint footprint, unsigned int *at);

/**
 * tkfi_dpor_insert() - insert a sequence into the wakeup tree of a choice
 * @d:		search
 * @node:	choice
 * @v:		the sequence; overwritten
 * @nr:		number of its transitions
 *
 * Nothing is inserted if the tree leads to an equivalent execution already.
 *
 * Return: 0, or -ENOMEM, and why.
 */
int tkfi_dpor_insert(struct tkfi_dpor *d, struct dpor_node *node,
		     struct dpor_move *v, unsigned int nr);

/*
 * dpor_races.c
 */

/**
 * tkfi_dpor_next_event() - a VCPU is about to execute its next transition
 * @d:		search; the next event of its history is filled, but not appended, and the
 *		races of the event are noted
 * @v:		VCPU
 *
 * Return: 0; -E2BIG if there are too many races, and why.
 */
int tkfi_dpor_next_event(struct tkfi_dpor *d, const struct tkfi_vcpu *v);

/**
 * tkfi_dpor_reverse_races() - after an execution, have its races explored in reverse
 * @d:		search; sequences are inserted into the wakeup trees of its choices
 *
 * Return: 0, or as tkfi_dpor_next_event() and tkfi_dpor_insert().
 */
int tkfi_dpor_reverse_races(struct tkfi_dpor *d);

#endif

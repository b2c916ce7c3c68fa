/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of dpor need of each other.
 *
 * dpor.c: the search, and its parts; dpor_races.c: what happened before what, and which
 * races are explored the other way round; dpor_tree.c: wakeup trees.
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
 * struct dpor_tree - a wakeup tree's node: one step of a beginning
 * @footprint:	which cells the step touches
 * @vcpu:	who takes it
 * @child:	number of the first node of what follows it, 0 for none
 * @sibling:	number of the next node that begins otherwise, 0 for none
 */
struct dpor_tree {
	struct tkfi_footprint footprint;
	u8 vcpu;
	u32 child;
	u32 sibling;
};

/**
 * struct dpor_node - a choice: the state before an event
 * @asleep:	VCPUs whose next step has been explored, or is of no use: the sleep set
 * @footprint:	what each of those would do; of others it means nothing
 * @tree:	other beginnings that have to be explored from here
 * @subtree:	how the chosen beginning goes on
 * @visited:	a beginning that has been counted
 *
 * invariant: no branch of @tree begins with a VCPU that is asleep, nor do two of them with
 * the same one.
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
 * @depth:	steps executed
 * @known:	the first of them only repeat
 * @new_from:	steps that the execution before had, too
 * @ret:	why it was given up, 0 if it was not
 * @counting:	beginnings are counted, to find out how deep to divide
 * @counted:	how many there were when they were one step shorter
 * @split:	steps of the beginnings that are divided, or 0
 * @beginnings:	so far
 * @skipped:	this one belongs to another part
 * @races:	of the execution under way
 * @nr_races:	how many
 * @tree:	nodes of wakeup trees
 * @free_tree:	those that were used, by sibling
 * @nr_tree:	how many were used, and 0, which is none
 * @wrong_writes: a relation that is wrong on purpose: does a step write? NULL but in
 *		tests of the tests
 *
 * invariant, while an execution is under way: @depth <= @known, and they are equal from
 * where it is a new one; @history has the first @known events, and @old and @nodes are valid
 * up to there.
 */
struct tkfi_dpor {
	struct tkfi_search search;
	struct tkfi_strategy strategy;
	struct tkfi_engine *engine;
	struct tkfi_history history;
	unsigned int old[TKFI_MAX_EVENTS + 1][TKFI_ACCESS_CELLS];
	struct dpor_node nodes[TKFI_MAX_EVENTS + 1];
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
 * struct dpor_move - a step of a sequence of steps
 * @vcpu:	who takes it
 * @footprint:	which cells it touches
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
 * tkfi_dpor_branch_out() - everybody who is awake goes on from a choice
 * @d:		search
 * @node:	choice, without a tree
 * @awake:	who is, a bit each
 * @first:	who goes on right now, and needs no branch
 *
 * Return: 0, or -ENOMEM, and why.
 */
int tkfi_dpor_branch_out(struct tkfi_dpor *d, struct dpor_node *node,
			 unsigned long awake, unsigned int first);

/**
 * tkfi_dpor_can_begin() - can a VCPU begin what is equivalent to some steps?
 * @d:		search
 * @v:		the steps
 * @nr:		how many
 * @vcpu:	VCPU
 * @footprint:	its next step
 * @at:		set to the place of that step in @v, @nr if it is not there; not set if one of
 *		the steps before it is dependent on it
 *
 * Or equivalent to what the steps begin: the paper's initials, and weak initials. Within
 * a part the step must be among the steps: what conflicts with it and comes after them
 * would be found by races with beginnings of other parts.
 *
 * Return: whether it can.
 */
bool tkfi_dpor_can_begin(const struct tkfi_dpor *d, const struct dpor_move *v,
			 unsigned int nr, unsigned int vcpu,
			 struct tkfi_footprint footprint, unsigned int *at);

/**
 * tkfi_dpor_insert() - add a beginning to a choice's wakeup tree, unless that has it
 * @d:		search
 * @node:	choice
 * @v:		the steps; torn up
 * @nr:		how many
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
 * @d:		search; the event that comes next in its history is filled, but not appended. Its
 *		races are noted
 * @v:		VCPU
 *
 * Return: 0; -E2BIG if there are too many races, and why.
 */
int tkfi_dpor_next_event(struct tkfi_dpor *d, const struct tkfi_vcpu *v);

/**
 * tkfi_dpor_reverse_races() - after an execution: what else is to be explored
 * @d:		search; its choices get wakeup trees
 *
 * Return: 0, or as tkfi_dpor_next_event() and tkfi_dpor_insert().
 */
int tkfi_dpor_reverse_races(struct tkfi_dpor *d);

#endif

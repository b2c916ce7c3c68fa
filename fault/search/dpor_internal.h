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

#include "search.h"

#define DPOR_NONE	(-1)
#define DPOR_MAX_CELLS	5	/* of an unaligned access of 16 bytes */
#define DPOR_MAX_RACES	8192
#define DPOR_TREE_NODES	65536

/**
 * struct dpor_access - what makes two steps dependent
 * @cell:	the first cell that is touched
 * @cpu:	the cell that a step of a VCPU with an NMI reads besides, 0 if it has none
 * @nr:		how many cells are touched, from @cell on
 * @writes:	they are written
 */
struct dpor_access {
	u16 cell;
	u16 cpu;
	u8 nr;
	bool writes;
};

/**
 * struct dpor_event - a transition that was executed
 * @vcpu:	who
 * @kind:	enum tkfi_transition_kind
 * @access:	which cells
 * @old:	for each cell written its value before, for steps that wait for values
 * @prev_same:	number of this VCPU's event before, or DPOR_NONE
 * @prev:	for each cell touched the event before that touched it, or DPOR_NONE; that of
 *		access.cpu is the last
 * @prev_write:	and the last event before that wrote it, or DPOR_NONE
 *
 * invariant: both lead to earlier events only; so whatever was last is found again when
 * this event is taken back.
 */
struct dpor_event {
	u8 vcpu;
	u8 kind;
	struct dpor_access access;
	unsigned int old[DPOR_MAX_CELLS];
	s16 prev_same;
	s16 prev[DPOR_MAX_CELLS + 1];
	s16 prev_write[DPOR_MAX_CELLS + 1];
};

/**
 * struct dpor_tree - a wakeup tree's node: one step of a beginning
 * @access:	which cells the step touches
 * @vcpu:	who takes it
 * @child:	number of the first node of what follows it, 0 for none
 * @sibling:	number of the next node that begins otherwise, 0 for none
 */
struct dpor_tree {
	struct dpor_access access;
	u8 vcpu;
	u32 child;
	u32 sibling;
};

/**
 * struct dpor_node - a choice: the state before an event
 * @asleep:	VCPUs whose next step has been explored, or is of no use: the sleep set
 * @access:	what each of those would do; of others it means nothing
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
	struct dpor_access access[TKFI_MAX_VCPUS];
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
 * @events:	of the execution under way
 * @order:	of the events
 * @nodes:	the choices before the events
 * @depth:	steps executed
 * @known:	the first of them only repeat
 * @new_from:	steps that the execution before had, too
 * @last_of:	each VCPU's last event, or DPOR_NONE
 * @last_at:	each cell's
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
 * where it is a new one; @events, @order and @nodes are valid up to @known, and @last_of
 * and @last_at are as the first @known events have left them.
 */
struct tkfi_dpor {
	struct tkfi_search search;
	struct tkfi_strategy strategy;
	struct tkfi_engine *engine;
	struct dpor_event events[TKFI_MAX_STEPS + 1];
	struct tkfi_order order;
	struct dpor_node nodes[TKFI_MAX_STEPS + 1];
	unsigned int depth;
	unsigned int known;
	unsigned int new_from;
	s16 last_of[TKFI_MAX_VCPUS];
	s16 last_at[TKFI_MAX_CELLS];
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
	bool (*wrong_writes)(const struct tkfi_transition *step);
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
 * @access:	which cells it touches
 */
struct dpor_move {
	u8 vcpu;
	struct dpor_access access;
};

/**
 * dpor_access_of() - what a VCPU touches when it goes on
 * @d:		search
 * @v:		VCPU, with its transition
 *
 * Return: which cells, and whether it writes them.
 */
static inline struct dpor_access dpor_access_of(const struct tkfi_dpor *d,
						const struct tkfi_vcpu *v)
{
	return (struct dpor_access){
		.cell = v->next.cell,
		.cpu = v->cpu,
		.nr = v->next.nr_cells,
		.writes = likely(!d->wrong_writes) ? tkfi_step_writes(&v->next) :
						     d->wrong_writes(&v->next),
	};
}

/**
 * dpor_writes() - does a step write a cell?
 * @t:		which cells the step touches
 * @cell:	number of the cell
 *
 * Return: whether it does.
 */
static inline bool dpor_writes(struct dpor_access t, unsigned int cell)
{
	return t.writes && cell - t.cell < t.nr;
}

/**
 * dpor_dependent() - are two steps of different VCPUs dependent?
 * @a:		which cells one step touches
 * @b:		which cells the other one touches
 *
 * As tkfi_vcpus_conflict(), of steps that need not be the next ones.
 *
 * Return: whether they are.
 */
static inline bool dpor_dependent(struct dpor_access a, struct dpor_access b)
{
	return tkfi_cells_conflict(a.cell, a.nr, a.writes, b.cell, b.nr,
				   b.writes) ||
	       (a.cpu && dpor_writes(b, a.cpu)) || (b.cpu && dpor_writes(a, b.cpu));
}

/**
 * dpor_nr_cells() - how many cells a step touches, with that of an NMI
 * @t:		which cells the step touches
 *
 * Return: their number, for dpor_nth_cell().
 */
static inline unsigned int dpor_nr_cells(struct dpor_access t)
{
	return t.nr + !!t.cpu;
}

/**
 * dpor_nth_cell() - one of the cells that a step touches
 * @t:		which cells the step touches
 * @n:		0 ... dpor_nr_cells() - 1
 *
 * Return: number of the cell; that of an NMI is the last.
 */
static inline unsigned int dpor_nth_cell(struct dpor_access t, unsigned int n)
{
	return n < t.nr ? t.cell + n : t.cpu;
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
 * @access:	its next step
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
			 struct dpor_access access, unsigned int *at);

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
 * tkfi_dpor_add_event() - a VCPU is about to take its next step
 * @d:		search; gets the event, with its clock and races
 * @nr:		number of the event
 * @v:		VCPU
 *
 * Return: 0; -E2BIG if there are too many races, and why.
 */
int tkfi_dpor_add_event(struct tkfi_dpor *d, unsigned int nr,
			const struct tkfi_vcpu *v);

/**
 * tkfi_dpor_reverse_races() - after an execution: what else is to be explored
 * @d:		search; its choices get wakeup trees
 *
 * Return: 0, or as tkfi_dpor_add_event() and tkfi_dpor_insert().
 */
int tkfi_dpor_reverse_races(struct tkfi_dpor *d);

#endif

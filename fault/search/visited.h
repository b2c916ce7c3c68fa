/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The prefixes of executions that a search has visited: the class of each, as a hash of 64
 * bits. An execution can be pruned if its prefix was visited, with the same last VCPU and
 * at least as many preemptions left. (Musuvathi, Qadeer: Partial-Order Reduction for
 * Context-Bounded State Exploration, MSR-TR-2007-12, 2007.)
 */
#ifndef __TKFI_VISITED_H
#define __TKFI_VISITED_H

#include "saved.h"
#include "happens_before.h"

#define TKFI_VISITED_BITS	22
#define TKFI_VISITED	BIT(TKFI_VISITED_BITS)

/**
 * struct tkfi_visited - the prefixes that were visited
 * @history:	events of the execution under way
 * @hash:	of these events and their clocks; independent of their order
 * @nr:		how many prefixes @keys has; when it is three quarters full no more are
 *		added
 * @keys:	a hash table of their hashes, 0 for a free place
 *
 * invariant: @hash is of the first @history.hb.nr events of the engine's log.
 */
struct tkfi_visited {
	struct tkfi_history history;
	u64 hash;
	unsigned int nr;
	u64 keys[TKFI_VISITED];
};

/**
 * tkfi_visited_init() - forget everything
 * @visited:	memory; all 0 before its first use
 */
void tkfi_visited_init(struct tkfi_visited *visited);

/**
 * tkfi_visited_begin() - a new execution begins
 * @visited:	memory
 */
void tkfi_visited_begin(struct tkfi_visited *visited);

/**
 * tkfi_visited_before() - was the prefix up to a choice visited before?
 * @visited:	memory; remembers it, if there is room
 * @engine:	engine, at a choice
 * @spent:	preemptions so far
 *
 * Return: whether it was, with no more than @spent preemptions.
 */
bool tkfi_visited_before(struct tkfi_visited *visited,
			 const struct tkfi_engine *engine, unsigned int spent);

/**
 * tkfi_visited_class() - is an execution of a class that has been seen?
 * @visited:	memory; remembers it, if there is room
 * @engine:	engine, after the execution
 *
 * Return: whether it is.
 */
bool tkfi_visited_class(struct tkfi_visited *visited,
			const struct tkfi_engine *engine);

/**
 * tkfi_visited_keep() - save or load what is remembered; between executions
 * @visited:	memory
 * @keep:	state to save to or load from; a failure shows at its end
 */
void tkfi_visited_keep(struct tkfi_visited *visited, struct tkfi_saved *keep);

/**
 * tkfi_visited_has_room() - was there room for everything?
 * @visited:	memory
 *
 * Return: whether there still is: three quarters of the places are not taken.
 */
static inline bool tkfi_visited_has_room(const struct tkfi_visited *visited)
{
	return visited->nr < TKFI_VISITED / 4 * 3;
}

#endif

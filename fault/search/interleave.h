/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_INTERLEAVE_H
#define __TKFI_INTERLEAVE_H

#include "engine.h"

struct tkfi_checkpoints;
struct tkfi_snapshot;
struct tkfi_visited;

/* Most choices between VCPUs in one execution. */
#define TKFI_MAX_CHOICES	2048U

/**
 * struct tkfi_interleave - every order in which VCPUs can go on at their stops
 * @strategy:	for tkfi_engine_run(), or a plan's @order
 * @nr:		choices of the last execution at which more than one was ready
 * @at:		the choice that comes next
 * @asked:	how often the engine has asked who is next, choice or not
 * @bound:	the most preemptions: see preempt.h. One that yields is between two
 *		operations
 * @visited:	what has been searched and need not be again; NULL to search everything
 * @pruned:	the last execution was abandoned because of @visited
 * @checkpoints: of the last execution; NULL to execute all from the start
 * @chosen:	the VCPU chosen at each
 * @ready:	who was ready at each, within the bound
 * @spent:	preemptions up to each, with it
 * @when:	@asked at each
 *
 * Depth first, in lexicographic order of the choices: an execution repeats those
 * of the last one up to the latest that leaves another VCPU to try. Nothing is
 * pruned but what is beyond the bound, and what @visited knows. @nr above TKFI_MAX_CHOICES
 * says that there were too many.
 *
 * invariant: at each choice below @nr, @chosen is one of @ready; those of a lower id have
 * been tried; and @spent is at most @bound.
 */
struct tkfi_interleave {
	struct tkfi_strategy strategy;
	unsigned int nr;
	unsigned int at;
	unsigned int asked;
	unsigned int bound;
	struct tkfi_visited *visited;
	bool pruned;
	struct tkfi_checkpoints *checkpoints;
	u8 chosen[TKFI_MAX_CHOICES];
	u8 ready[TKFI_MAX_CHOICES];
	u16 spent[TKFI_MAX_CHOICES];
	unsigned int when[TKFI_MAX_CHOICES];
};

/**
 * tkfi_interleave_init() - begin with the first order: always the lowest id
 * @s:		strategy; without a bound, @visited and @checkpoints
 */
void tkfi_interleave_init(struct tkfi_interleave *s);

/**
 * tkfi_interleave_next() - go on to the next one
 * @s:		after an execution
 *
 * Return: whether there is one that has not been executed.
 */
bool tkfi_interleave_next(struct tkfi_interleave *s);

/**
 * tkfi_interleave_back() - where the next one can begin
 * @s:		after tkfi_interleave_next()
 * @again:	how often the engine will ask again what it has asked before
 *
 * Return: a snapshot for tkfi_engine_resume(); NULL if there is none, and
 * tkfi_engine_run() is to begin from the start.
 */
const struct tkfi_snapshot *tkfi_interleave_back(struct tkfi_interleave *s,
						 unsigned int *again);

#endif

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
 * struct tkfi_interleave - all interleavings of the VCPUs at their scheduling points
 * @strategy:	for tkfi_engine_run(), or @inner of a plan
 * @nr:		how many choices the last execution had: calls of @next with more than one
 *		VCPU ready. More than TKFI_MAX_CHOICES says that there were too many
 * @at:		number of the choice that comes next
 * @asked:	how many times @next was called in this execution
 * @bound:	the most preemptions: see preempt.h. A VCPU that yields is between two
 *		operations
 * @visited:	what has been searched and is pruned; NULL to prune nothing
 * @pruned:	the last execution was abandoned because of @visited
 * @checkpoints: of the last execution; NULL to begin all executions at the start
 * @chosen:	for each choice, id of the VCPU that was chosen
 * @ready:	for each choice, the VCPUs that can be chosen within the bound, BIT(id) each
 * @spent:	for each choice, number of preemptions up to it, itself included
 * @when:	for each choice, @asked before it
 *
 * The search is depth first, in lexicographic order of the choices: an execution repeats
 * the choices of the last one up to the latest that has another VCPU left to try.
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
 * tkfi_interleave_init() - begin with the first interleaving: always the lowest id
 * @s:		strategy; without a bound, @visited and @checkpoints
 */
void tkfi_interleave_init(struct tkfi_interleave *s);

/**
 * tkfi_interleave_next() - go on to the next interleaving
 * @s:		after an execution
 *
 * Return: whether there is one that has not been executed.
 */
bool tkfi_interleave_next(struct tkfi_interleave *s);

/**
 * tkfi_interleave_back() - where the next execution can begin
 * @s:		after tkfi_interleave_next()
 * @again:	set to how many calls of @next will only repeat earlier ones
 *
 * Return: a snapshot for tkfi_engine_resume(); NULL if there is none, and
 * tkfi_engine_run() is to begin from the start.
 */
const struct tkfi_snapshot *tkfi_interleave_back(struct tkfi_interleave *s,
						 unsigned int *again);

#endif

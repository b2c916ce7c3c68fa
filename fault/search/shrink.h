/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The plainest order of a class: the steps of an execution, those that conflict in
 * the same order, with the fewest preemptions, then the fewest delays of the host,
 * then the fewest turns.
 *
 * What a preemption is: preempt.h. What the execution is about may have come to its end
 * before all steps have: the rest does not count.
 */
#ifndef __TKFI_SHRINK_H
#define __TKFI_SHRINK_H

#include "happens_before.h"
#include "target.h"

/**
 * struct tkfi_goal - what an order of the steps has to get to
 * @first:	VCPU that has to get to the end of its step @nth (from 1) ...
 * @nth:	... before ...
 * @second:	... this VCPU begins with its step @from, ...
 * @from:	... from 1, and ...
 * @to:		... gets to the end of this one. 0: all VCPUs but the host have to
 *		get to their ends, and nothing else is of interest
 */
struct tkfi_goal {
	unsigned int first;
	unsigned int nth;
	unsigned int second;
	unsigned int from;
	unsigned int to;
};

/**
 * struct tkfi_cost - what an order costs; compared member by member, the first one first
 * @preemptions: how many, see preempt.h
 * @delays:	how many of the host
 * @turns:	how many turns of VCPUs
 */
struct tkfi_cost {
	unsigned int preemptions;
	unsigned int delays;
	unsigned int turns;
};

/**
 * tkfi_cost_less() - is one cost less than another?
 * @a:		cost
 * @b:		cost
 *
 * Return: whether @a is less than @b.
 */
bool tkfi_cost_less(const struct tkfi_cost *a, const struct tkfi_cost *b);

/**
 * struct tkfi_shrunk - an order of an execution's steps
 * @cost:	of the steps up to the goal
 * @nr:		how many these are
 * @events:	numbers of all steps of the execution: those first, then the others
 * @stopped:	number of the step that the VCPU was about to take that was preempted
 *		last; without a preemption, the first step of the second turn
 * @incomplete:	there were too many ways to try them all
 */
struct tkfi_shrunk {
	struct tkfi_cost cost;
	unsigned int nr;
	u16 events[TKFI_MAX_EVENTS];
	unsigned int stopped;
	bool incomplete;
};

/**
 * tkfi_shrink() - search the orders of the class of the engine's last execution
 * @engine:	engine; its log
 * @hb:	of its steps
 * @boundaries:	where operations began in it
 * @goal:	what to get to; the order must allow it
 * @shrunk:	filled; @shrunk->cost must be what others cost that are known: only
 *		one that costs less is looked for
 *
 * Whoever goes on does so until it has to let another VCPU go first, or to the end
 * of an operation: to stop earlier never helps, as what it does next can be done at
 * once. So there are few places to stop at, and all of them are tried.
 *
 * Return: whether there is one that costs less.
 */
bool tkfi_shrink(const struct tkfi_engine *engine, const struct tkfi_happens_before *hb,
		 const struct tkfi_boundaries *boundaries, const struct tkfi_goal *goal,
		 struct tkfi_shrunk *shrunk);

#endif

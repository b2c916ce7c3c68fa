/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The order of least cost in the class of an execution: with the fewest preemptions, of
 * these with the fewest delays of the host, of these with the fewest turns. For what counts
 * as a preemption, see preempt.h. Only events up to the goal have a cost.
 */
#ifndef __TKFI_SHRINK_H
#define __TKFI_SHRINK_H

#include "happens_before.h"
#include "target.h"

/**
 * struct tkfi_goal - what an order of the events has to reach
 * @first:	id of the VCPU whose @nth event has to come before ...
 * @nth:	its number, from 1; 0 for none
 * @second:	... the event @from of this VCPU
 * @from:	its number, from 1
 * @to:		number of the event of @second with which the goal is reached. 0: it is
 *		reached when all VCPUs but the host are at their ends; all else is ignored
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
 * struct tkfi_shrunk - an order of an execution's events
 * @cost:	of the events up to the goal
 * @nr:		how many these are
 * @events:	numbers of all events of the execution: those first, then the others
 * @stopped:	number of the event before which a VCPU was preempted last; without a
 *		preemption, the first event of the second turn
 * @incomplete:	there were too many prefixes to try them all
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
 * @hb:		happens-before of its events
 * @boundaries:	where operations began in it
 * @goal:	what to reach; the execution must allow it
 * @shrunk:	filled; @shrunk->cost is set to a cost before, and only orders that cost
 *		less are looked for
 *
 * A turn ends where the VCPU needs an event of another one first, or at the end of an
 * operation. To end it earlier does not help, as the next event can be executed at once.
 * So there are few places where a turn can end, and all of them are tried.
 *
 * Return: whether there is one that costs less.
 */
bool tkfi_shrink(const struct tkfi_engine *engine, const struct tkfi_happens_before *hb,
		 const struct tkfi_boundaries *boundaries, const struct tkfi_goal *goal,
		 struct tkfi_shrunk *shrunk);

#endif

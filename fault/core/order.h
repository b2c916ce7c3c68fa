/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Happens-before among the events of an execution, from the engine's log: the least order
 * in which each event comes after the one before it of its VCPU, and after those before
 * it that it conflicts with. So an event that reads a cell comes after what was written to
 * it, one that writes it after all that touched it; and an event of a VCPU that has an NMI
 * reads the cell that the NMI writes when it begins and ends.
 *
 * dpor takes events back, which these clocks do not: dpor_races.c finds the same clocks
 * from one event to the next. The suite tkfi_engine_dpor compares the two, event by event.
 */
#ifndef __TKFI_ORDER_H
#define __TKFI_ORDER_H

#include <linux/minmax.h>

#include "cells.h"
#include "engine.h"

/**
 * struct tkfi_order - happens-before of an execution, as vector clocks
 * @nr:		number of events
 * @nth:	for each event, its number among those of its VCPU, from 1
 * @clock:	for each event and VCPU, how many of the VCPU's events happened before
 *		it or are it
 *
 * invariant: the clock of an event has @nth for its own VCPU; event a happened before b, or
 * is it, if and only if nth[a] <= clock[b][VCPU of a].
 */
struct tkfi_order {
	unsigned int nr;
	u16 nth[TKFI_MAX_STEPS + 1];
	u16 clock[TKFI_MAX_STEPS + 1][TKFI_MAX_VCPUS];
};

/**
 * struct tkfi_clocks - vector clocks of an execution under way
 * @nr:		events so far
 * @own:	of each VCPU
 * @all:	of all that happened to each cell
 * @written:	of what was written to it
 * @is_used:	cells of which the latter two are not 0
 * @used:	which these are
 * @nr_used:	how many
 *
 * invariant: of each cell, no component of @written is more than that of @all.
 */
struct tkfi_clocks {
	unsigned int nr;
	u16 own[TKFI_MAX_VCPUS][TKFI_MAX_VCPUS];
	u16 all[TKFI_MAX_CELLS][TKFI_MAX_VCPUS];
	u16 written[TKFI_MAX_CELLS][TKFI_MAX_VCPUS];
	bool is_used[TKFI_MAX_CELLS];
	u16 used[TKFI_MAX_CELLS];
	unsigned int nr_used;
};

/**
 * tkfi_clock_join() - what happened before one clock, or is it, has happened before another
 * @to:		vector clock that is raised, component by component, to at least @from
 * @from:	vector clock; not changed
 * @nr_vcpus:	components to look at: number of VCPUs that take part
 */
static __always_inline void tkfi_clock_join(u16 *to, const u16 *from,
					    unsigned int nr_vcpus)
{
	unsigned int i;

	for (i = 0; i < nr_vcpus; i++)
		to[i] = max(to[i], from[i]);
}

/**
 * tkfi_clocks_begin() - an execution begins: all clocks are 0
 * @clocks:	clocks; all 0 before their first use
 */
void tkfi_clocks_begin(struct tkfi_clocks *clocks);

/**
 * tkfi_clocks_add() - add the next event of the execution
 * @clocks:	clocks, with all events of the execution before this one
 * @engine:	engine whose execution it is; gives the VCPUs, and which of them have an NMI
 * @step:	the event
 *
 * Return: the vector clock of its VCPU, with this event in it: engine->nr_vcpus components,
 * valid until the next event of that VCPU is added.
 */
const u16 *tkfi_clocks_add(struct tkfi_clocks *clocks,
			   const struct tkfi_engine *engine,
			   const struct tkfi_event *step);

/**
 * tkfi_order_of() - find happens-before of an engine's last execution
 * @engine:	engine, after an execution
 * @order:	receives the clocks of the events in its log: the first TKFI_MAX_STEPS
 */
void tkfi_order_of(const struct tkfi_engine *engine, struct tkfi_order *order);

#endif

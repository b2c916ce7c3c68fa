/* SPDX-License-Identifier: GPL-2.0 */
/* Happens-before among the steps of an execution, from the engine's log. */
#ifndef __TKFI_ORDER_H
#define __TKFI_ORDER_H

#include "cells.h"
#include "engine.h"

/**
 * struct tkfi_order - vector clocks
 * @nr:		steps
 * @nth:	for each step, the how manieth of its VCPU it is, from 1
 * @clock:	for each step and VCPU, how many of the VCPU's steps happened before
 *		it or are it
 */
struct tkfi_order {
	unsigned int nr;
	u16 nth[TKFI_MAX_STEPS + 1];
	u16 clock[TKFI_MAX_STEPS + 1][TKFI_MAX_VCPUS];
};

/**
 * struct tkfi_clocks - vector clocks of an execution under way
 * @nr:		steps so far
 * @own:	of each VCPU
 * @all:	of all that happened to each cell
 * @written:	of what was written to it
 * @is_used:	cells of which the latter two are not 0
 * @used:	which these are
 * @nr_used:	how many
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

/* An execution begins. */
void tkfi_clocks_begin(struct tkfi_clocks *clocks);

/* The next step of it. Return: the clock of its VCPU with it. */
const u16 *tkfi_clocks_add(struct tkfi_clocks *clocks,
			   const struct tkfi_engine *engine,
			   const struct tkfi_done *step);

/* The order of the steps of @engine's last execution. */
void tkfi_order_of(const struct tkfi_engine *engine, struct tkfi_order *order);

#endif

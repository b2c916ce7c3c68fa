/* SPDX-License-Identifier: GPL-2.0 */
/* Happens-before among the steps of an execution, from the engine's log. */
#ifndef __TKFI_ORDER_H
#define __TKFI_ORDER_H

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
	u16 nth[TKFI_MAX_STEPS];
	u16 clock[TKFI_MAX_STEPS][TKFI_MAX_VCPUS];
};

/* The order of the steps of @engine's last execution. */
void tkfi_order_of(const struct tkfi_engine *engine, struct tkfi_order *order);

/**
 * tkfi_order_in_turns() - the steps in an order of their class with few turns
 * @engine:	engine
 * @order:	the order of its last execution's steps
 * @first:	VCPU whose @nth step is not to come after ...
 * @nth:	... any step of @second from its @from'th on; 0 for no such wish
 * @second:	VCPU
 * @from:	its step, from 1
 * @most:	take no more turns than one less
 * @steps:	filled with the numbers of all steps, if that is possible
 *
 * The wish must be one that the order allows. Whoever goes on does so for as long as
 * it can; of all ways to begin the one with the fewest turns is taken.
 *
 * Return: how many turns, @most if there is no such order.
 */
unsigned int tkfi_order_in_turns(const struct tkfi_engine *engine,
				 const struct tkfi_order *order,
				 unsigned int first, unsigned int nth,
				 unsigned int second, unsigned int from,
				 unsigned int most, u16 *steps);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_STRATEGY_H
#define __TKFI_STRATEGY_H

#include "engine.h"

/* The VCPU that executes goes on until it has to wait or is done; then the lowest id. */
extern struct tkfi_strategy tkfi_in_order;

/* At every choice the next id after the last one. */
extern struct tkfi_strategy tkfi_round_robin;

/**
 * tkfi_next_in_order() - the choice of tkfi_in_order, for strategies that differ at times
 * @engine:	engine that asks for a choice
 * @ready:	VCPUs that can go on, BIT(id) each; not 0
 *
 * Return: the id of the VCPU that executed last if it can go on, else the lowest id in @ready.
 */
unsigned int tkfi_next_in_order(const struct tkfi_engine *engine,
				unsigned long ready);

#endif

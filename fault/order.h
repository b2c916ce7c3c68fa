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

#endif

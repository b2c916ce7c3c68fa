/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How many classes are there? A strategy that samples the tree in which sleep sets and
 * persistent sets (Godefroid, LNCS 1032, 1996) let each class be met by one execution:
 * at every choice one of the branches, a VCPU the more likely the more steps it has left.
 * An execution that comes to its end, with probability p, counts as 1/p classes, one that
 * need not be gone on with as 0; the mean is an unbiased estimate of their number (Knuth,
 * Estimating the Efficiency of Backtrack Programs, Math. Comp. 29, 1975).
 *
 * What a VCPU is going to touch is taken from the executions before: if one of them
 * does something that was not seen, all samples are drawn anew.
 */
#ifndef __TKFI_ESTIMATE_H
#define __TKFI_ESTIMATE_H

#include "cells.h"
#include "engine.h"

/* Samples, in batches whose sums tell the error. */
#define TKFI_BATCHES		20
#define TKFI_BATCH		1000

#define TKFI_FRACTION		16

/**
 * struct tkfi_estimate - the strategy, and what it has seen
 * @strategy:	for tkfi_engine_run()
 * @state:	of the generator
 * @asleep:	VCPUs whose next step need not be taken here
 * @product:	1/p of the choices so far, in 2^-TKFI_FRACTION; at most U64_MAX
 * @longest:	the most steps of each VCPU
 * @loads:	for each VCPU and cell the last of its steps that read it, from 1; 0 if
 *		none did
 * @stores:	likewise the last that wrote it
 * @sums:	of the products of each batch, whole numbers
 */
struct tkfi_estimate {
	struct tkfi_strategy strategy;
	u64 state;
	u8 asleep;
	u64 product;
	u16 longest[TKFI_MAX_VCPUS];
	u16 loads[TKFI_MAX_VCPUS][TKFI_MAX_CELLS];
	u16 stores[TKFI_MAX_VCPUS][TKFI_MAX_CELLS];
	u64 sums[TKFI_BATCHES];
};

/**
 * tkfi_estimate() - estimate a number of classes
 * @s:		memory
 * @engine:	engine
 * @start:	puts everything where executions begin, and adds the VCPUs
 * @arg:	for @start
 * @classes:	the estimate; U64_MAX if there are more than can be counted
 * @error:	its standard error
 *
 * Return: 0, or as tkfi_engine_run().
 */
int tkfi_estimate(struct tkfi_estimate *s, struct tkfi_engine *engine,
		  int (*start)(void *arg), void *arg, u64 *classes, u64 *error);

#endif

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

#include "search.h"

/* Samples, in batches whose sums tell the error. */
#define TKFI_BATCHES		20
#define TKFI_BATCH		1000

/**
 * tkfi_estimate() - estimate a number of classes
 * @search:	a search of the type tkfi_estimate_search
 * @start:	puts everything where executions begin, and adds the VCPUs
 * @arg:	for @start
 * @classes:	the estimate; U64_MAX if there are more than can be counted
 * @error:	its standard error
 *
 * Return: 0, or as tkfi_search_run().
 */
int tkfi_estimate(struct tkfi_search *search, int (*start)(void *arg), void *arg,
		  u64 *classes, u64 *error);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An estimate of the number of classes. With sleep sets and persistent sets (Godefroid,
 * LNCS 1032, 1996) there is a tree of executions that has each class once. A sample is a
 * random path in it: at each choice one of the branches, with a probability proportional
 * to the number of events that the VCPU has left. A path that comes to the end of an
 * execution with probability p counts as 1/p classes, one that is cut off as 0. The mean
 * is an unbiased estimate of the number of classes (Knuth, Estimating the Efficiency of
 * Backtrack Programs, Math. Comp. 29, 1975).
 *
 * What a VCPU is going to touch is known from earlier samples only. If an execution does
 * something that was not seen before, all samples so far are dropped.
 */
#ifndef __TKFI_ESTIMATE_H
#define __TKFI_ESTIMATE_H

#include "search.h"

/*
 * Number of batches of samples, and of samples in a batch: the sums of batches tell the
 * error.
 */
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

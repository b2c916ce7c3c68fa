/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The outcomes of an exploration: all that its executions let anybody observe, each as a
 * hash of 64 bits. Two kernels that have the same set of them cannot be told apart by what
 * the scenario reads.
 */
#ifndef __TKFI_OUTCOMES_H
#define __TKFI_OUTCOMES_H

#include <linux/types.h>

#include "saved.h"

#define TKFI_OUTCOMES_BITS	16

/* The most outcomes of a scenario that are known: three quarters of the table. */
#define TKFI_MAX_OUTCOMES	((1U << TKFI_OUTCOMES_BITS) / 4 * 3)

/**
 * struct tkfi_outcomes - a set of outcomes
 * @nr:		how many it has
 * @is_full:	there were more than TKFI_MAX_OUTCOMES: the set is of no use
 * @hashes:	a hash table of them, 0 for a free place
 */
struct tkfi_outcomes {
	unsigned int nr;
	bool is_full;
	u64 hashes[1U << TKFI_OUTCOMES_BITS];
};

/**
 * tkfi_outcomes_forget() - make it the empty set
 * @outcomes:	set; all 0 before its first use
 */
void tkfi_outcomes_forget(struct tkfi_outcomes *outcomes);

/**
 * tkfi_outcomes_add() - an execution had an outcome
 * @outcomes:	set; sets @is_full if there is no more room
 * @hash:	the outcome, not 0
 */
void tkfi_outcomes_add(struct tkfi_outcomes *outcomes, u64 hash);

/**
 * tkfi_outcomes_keep() - save or load a set
 * @outcomes:	set; if it is loaded, the empty one
 * @keep:	state to save to or load from; a failure shows at its end
 */
void tkfi_outcomes_keep(struct tkfi_outcomes *outcomes, struct tkfi_saved *keep);

#endif

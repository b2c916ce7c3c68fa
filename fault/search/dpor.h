/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Optimal dynamic partial order reduction: every class of executions that differ
 * only in the order of independent steps is executed once.
 *
 * Abdulla, Aronis, Jonsson, Sagonas: Source Sets: A Foundation for Optimal Dynamic
 * Partial Order Reduction, J. ACM 64(4), 2017: algorithm 2, with locks as in its
 * section on disabling. Two steps are dependent if they are of one VCPU, or touch
 * one cell and one of them writes.
 *
 * Parts divide the beginnings of executions: up to some depth everybody who is awake
 * goes on (sleep sets alone, Godefroid, LNCS 1032, 1996), and each part takes its share
 * of what can be met there. So parts need not know of each other's races.
 */
#ifndef __TKFI_DPOR_H
#define __TKFI_DPOR_H

#include "order.h"

/**
 * struct tkfi_dpor_stats - what an exploration did
 * @classes:	executions to the end, each of another class
 * @redundant:	executions abandoned because all that could go on was asleep
 * @deadlocks:	classes that ended with VCPUs waiting for ever
 * @steps:	steps executed that were a choice
 * @prefixes:	beginnings that other parts explore
 * @replayed:	steps executed again to get from a snapshot to a choice
 * @longest:	most steps of an execution
 * @restarts:	how often a cell turned out to be shared after all
 * @complete:	nothing is left to explore
 */
struct tkfi_dpor_stats {
	u64 classes;
	u64 redundant;
	u64 deadlocks;
	u64 steps;
	u64 prefixes;
	u64 replayed;
	unsigned int longest;
	unsigned int restarts;
	bool complete;
};

/**
 * struct tkfi_dpor_client - who explores
 * @start:	put everything where executions begin, and add the VCPUs
 * @judge:	look at an execution that has ended, with what tkfi_engine_run()
 *		returned, and the order of its steps; NULL if some are not in the log
 *		because nobody else uses their cells
 * @pause:	called between executions, when tkfi_dpor_keep() can be. Return false
 *		to end the exploration. May be NULL
 * @restart:	forget all judgements: what follows repeats them
 * @arg:	for all of them
 * @limit:	the most classes to explore, 0 for no limit
 * @no_snapshots: take none but at the start
 * @part:	explore only this part of @parts, from 0; all parts together explore
 *		each class once if they agree about what is shared
 * @parts:	how many there are; 0 and 1 for everything
 * @resumed:	go on from what tkfi_dpor_keep() has loaded; @stats are kept too
 */
struct tkfi_dpor_client {
	int (*start)(void *arg);
	void (*judge)(void *arg, int ret, struct tkfi_order *order);
	bool (*pause)(void *arg);
	void (*restart)(void *arg);
	void *arg;
	u64 limit;
	bool no_snapshots;
	unsigned int part;
	unsigned int parts;
	bool resumed;
};

struct tkfi_dpor;

/**
 * tkfi_dpor_create() - memory for explorations, some 4 MB
 * @engine:	engine
 *
 * Return: NULL when out of memory. Free with tkfi_dpor_destroy().
 */
struct tkfi_dpor *tkfi_dpor_create(struct tkfi_engine *engine);
void tkfi_dpor_destroy(struct tkfi_dpor *dpor);

/**
 * tkfi_dpor_explore() - explore all classes, or those of a part
 * @dpor:	memory
 * @client:	what is explored
 * @stats:	filled
 *
 * Return: 0, also when the client ended it; -E2BIG if an execution has more than
 * TKFI_MAX_STEPS steps, or there is too much state, -ENOMEM, or -EPROTO.
 * engine->error has the sentence.
 */
int tkfi_dpor_explore(struct tkfi_dpor *dpor,
		      const struct tkfi_dpor_client *client,
		      struct tkfi_dpor_stats *stats);

/*
 * What an execution leaves behind is not all as it was: the next one begins at the
 * start, not at a snapshot. For @pause.
 */
void tkfi_dpor_disturb(struct tkfi_dpor *dpor);

struct tkfi_keep;

/* Save or load what is left to explore. For @pause, and before a resumption. */
void tkfi_dpor_keep(struct tkfi_dpor *dpor, struct tkfi_keep *keep);

#endif

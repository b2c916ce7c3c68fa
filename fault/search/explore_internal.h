/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the explorer need of each other; explore.h is for everybody else.
 *
 * explorer.c: its memory; explore.c: the explorations; violations.c: what they find, by
 * kinds; explained.c: the plainest schedule of that, and why it violates; replay.c: once
 * more; explore_state.c: going on after a kill.
 */
#ifndef __TKFI_EXPLORE_INTERNAL_H
#define __TKFI_EXPLORE_INTERNAL_H

#include "explore.h"

/* Forget what was learnt of cells, and what snapshots hold. */
static inline void tkfi_explorer_collect(struct tkfi_explorer *x)
{
	x->target.collect(x->target.arg);
}

/* What the VCPUs are called, for a schedule. */
static inline void tkfi_explorer_names(struct tkfi_explorer *x,
				       struct tkfi_schedule *schedule)
{
	schedule->nr_vcpus = x->target.names(x->target.arg, schedule->names);
}

/* Put everything where executions begin; @arg is the explorer. Return: 0. */
int tkfi_explorer_start(void *arg);

/**
 * tkfi_explorer_check() - let the oracles look at the last execution
 * @x:		explorer
 * @ret:	what tkfi_engine_run() returned
 * @order:	of its steps, NULL if nobody knows it yet
 * @fn:		called for each finding
 * @arg:	for @fn
 */
void tkfi_explorer_check(struct tkfi_explorer *x, int ret, struct tkfi_order *order,
			 tkfi_finding_fn fn, void *arg);

/* The same, and keep the violations; @arg is the explorer. */
void tkfi_explorer_judge(void *arg, int ret, struct tkfi_order *order);

/**
 * tkfi_explorer_search() - search, and keep what is found
 * @x:		explorer; @x->stats are filled
 * @search:	one of its searches
 * @options:	for it
 * @limit:	the most executions that count, 0 for all
 * @resumed:	go on from what was kept
 *
 * Return: as tkfi_search_run().
 */
int tkfi_explorer_search(struct tkfi_explorer *x, struct tkfi_search *search,
			 const struct tkfi_search_options *options, u64 limit,
			 bool resumed);

/* Are two findings of one kind? Which operations of the programs does not matter. */
bool tkfi_finding_is_like(const struct tkfi_finding *a, const struct tkfi_finding *b);

/*
 * The plainest order of the last execution's steps that comes to a finding; NULL if there
 * is none to be had. Valid until it is asked for again.
 */
const struct tkfi_shrunk *tkfi_violations_shrink(struct tkfi_explorer *x,
						 const struct tkfi_finding *finding);

/* Add a finding of the last execution; @arg is the explorer. */
void tkfi_violations_add(const struct tkfi_finding *finding, void *arg);

/* Those of one kind whose accesses are the same are the same. */
void tkfi_violations_merge(struct tkfi_explorer *x);

/* All executions are going to be repeated; @arg is the explorer. */
void tkfi_violations_forget(void *arg);

/*
 * Is there anything plainer than what was found? If not all executions are known, look at
 * all that could be, as far as that is not too much.
 */
void tkfi_explorer_seek_plainer(struct tkfi_explorer *x);

/*
 * Explain all that was found. Every step is a choice to that, but not to an exploration
 * that comes after it.
 */
void tkfi_explorer_explain(struct tkfi_explorer *x);

/* Write down where the exploration is. */
void tkfi_explorer_save(struct tkfi_explorer *x);

/* Go on from what was saved. Return: 1 if there was something, 0 if not, -ESTALE. */
int tkfi_explorer_resume(struct tkfi_explorer *x);

#endif

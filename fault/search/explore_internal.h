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

/**
 * tkfi_explorer_collect() - forget what was learnt of cells, and what snapshots hold
 * @x:		explorer
 */
static inline void tkfi_explorer_collect(struct tkfi_explorer *x)
{
	x->target.collect(x->target.arg);
}

/**
 * tkfi_explorer_names() - say what the VCPUs are called, for a schedule
 * @x:		explorer
 * @schedule:	schedule; its names, and how many there are, are set
 */
static inline void tkfi_explorer_names(struct tkfi_explorer *x,
				       struct tkfi_schedule *schedule)
{
	schedule->nr_vcpus = x->target.names(x->target.arg, schedule->names);
}

/**
 * tkfi_explorer_start() - put everything where executions begin, and add the VCPUs
 * @arg:	the explorer
 *
 * Return: 0, as @start of the target.
 */
int tkfi_explorer_start(void *arg);

/**
 * tkfi_explorer_check() - let the oracles look at the last execution
 * @x:		explorer
 * @ret:	what tkfi_engine_run() returned
 * @hb:	of its steps, NULL if nobody knows it yet
 * @fn:		called for each finding
 * @arg:	for @fn
 */
void tkfi_explorer_check(struct tkfi_explorer *x, int ret, struct tkfi_happens_before *hb,
			 tkfi_finding_fn fn, void *arg);

/**
 * tkfi_explorer_judge() - let the oracles look at an execution, and keep the violations
 * @arg:	the explorer
 * @ret:	what tkfi_engine_run() returned
 * @hb:	of its steps, NULL if nobody knows it yet
 *
 * As tkfi_explorer_check(); calls @each of the explorer first.
 */
void tkfi_explorer_judge(void *arg, int ret, struct tkfi_happens_before *hb);

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

/**
 * tkfi_finding_is_like() - are two findings of one kind?
 * @a:		finding
 * @b:		finding
 *
 * They are if oracle, clock and the kind of the earlier read are the same. Which operations of
 * the programs they are about does not matter.
 *
 * Return: whether they are.
 */
bool tkfi_finding_is_like(const struct tkfi_finding *a, const struct tkfi_finding *b);

/**
 * tkfi_violations_shrink() - the plainest order of the last execution's steps with a finding
 * @x:		explorer
 * @finding:	a finding of the last execution
 *
 * Return: the order, NULL if there is none to be had. Valid until it is asked for again.
 */
const struct tkfi_shrunk *tkfi_violations_shrink(struct tkfi_explorer *x,
						 const struct tkfi_finding *finding);

/**
 * tkfi_violations_add() - add a finding of the last execution to the violations
 * @finding:	the finding
 * @arg:	the explorer
 *
 * The plainest schedule of each violation is kept. Findings of more kinds than
 * TKFI_MAX_VIOLATIONS are dropped; and those that nobody looks for, see @only of the explorer.
 */
void tkfi_violations_add(const struct tkfi_finding *finding, void *arg);

/**
 * tkfi_violations_merge() - make one of violations of one kind whose accesses are the same
 * @x:		explorer; its violations have been explained
 *
 * The plainest of them stays, with the findings of all.
 */
void tkfi_violations_merge(struct tkfi_explorer *x);

/**
 * tkfi_violations_forget() - forget all violations: all executions are going to be repeated
 * @arg:	the explorer; nothing is forgotten while it seeks plainer ones
 */
void tkfi_violations_forget(void *arg);

/**
 * tkfi_explorer_seek_plainer() - is there anything plainer than what was found?
 * @x:		explorer, after an exploration; its violations get plainer schedules, and say
 *		whether none is plainer still
 *
 * If not all executions are known, all that could be are looked at, up to TKFI_MAX_SEARCHED:
 * those without preemptions, then with one, and so on.
 */
void tkfi_explorer_seek_plainer(struct tkfi_explorer *x);

/**
 * tkfi_explorer_explain() - explain all that was found, and merge what is the same
 * @x:		explorer; its violations get the two accesses whose order matters
 *
 * Every step is a choice to that, but not to an exploration that comes after it: cells are
 * collected anew. Violations of a part of an exploration are not merged.
 */
void tkfi_explorer_explain(struct tkfi_explorer *x);

/**
 * tkfi_explorer_save() - write down where the exploration is
 * @x:		explorer; @x->options.keep is not NULL
 *
 * A failure is printed, once, and does not end the exploration.
 */
void tkfi_explorer_save(struct tkfi_explorer *x);

/**
 * tkfi_explorer_resume() - go on from what was saved, if that is asked for
 * @x:		explorer, its options set; what was saved is loaded into it
 *
 * Return: 1 if there was something, 0 if not, -ESTALE if it is of another kernel, target or
 * way to explore; the sentence is in the engine's error then.
 */
int tkfi_explorer_resume(struct tkfi_explorer *x);

#endif

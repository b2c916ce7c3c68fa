/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interfaces between the files of the explorer; explore.h is for everybody else.
 *
 * explorer.c: its memory; explore.c: explorations; explore_search.c: one search of them;
 * violations.c: the violations found; explained.c: their schedules of least cost, and
 * explanations; replay.c: replays; explore_state.c: saving and resuming.
 */
#ifndef __TKFI_EXPLORE_INTERNAL_H
#define __TKFI_EXPLORE_INTERNAL_H

#include "explore.h"

/**
 * tkfi_explorer_collect() - list again the cells, and what snapshots hold
 * @x:		explorer
 */
static inline void tkfi_explorer_collect(struct tkfi_explorer *x)
{
	x->target.collect(x->target.arg);
}

/**
 * tkfi_explorer_names() - set the names of VCPUs that a schedule uses
 * @x:		explorer
 * @schedule:	schedule; its @names and @nr_vcpus are set
 */
static inline void tkfi_explorer_names(struct tkfi_explorer *x,
				       struct tkfi_schedule *schedule)
{
	schedule->nr_vcpus = x->target.names(x->target.arg, schedule->names);
}

/**
 * tkfi_explorer_start() - restore the state in which executions begin, and add the VCPUs
 * @arg:	the explorer
 *
 * Return: 0, as @start of the target.
 */
int tkfi_explorer_start(void *arg);

/**
 * tkfi_explorer_check() - let the oracles look at the last execution
 * @x:		explorer
 * @ret:	what tkfi_engine_run() returned
 * @hb:		happens-before of its events; NULL if it is not known yet
 * @fn:		called for each finding
 * @arg:	for @fn
 */
void tkfi_explorer_check(struct tkfi_explorer *x, int ret, struct tkfi_happens_before *hb,
			 tkfi_finding_fn fn, void *arg);

/**
 * tkfi_explorer_judge() - let the oracles look at an execution, and keep the violations
 * @arg:	the explorer
 * @ret:	what tkfi_engine_run() returned
 * @hb:		happens-before of its events; NULL if it is not known yet
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
 * Return: as tkfi_search_run(); -EPROTO if hooks did not report all writes, and why.
 */
int tkfi_explorer_search(struct tkfi_explorer *x, struct tkfi_search *search,
			 const struct tkfi_search_options *options, u64 limit,
			 bool resumed);

/**
 * tkfi_explorer_enter() - prepare the target, and watch its set-up for what that covers
 * @x:		explorer
 * @flags:	for the target's @leave
 *
 * Return: as @enter of the target.
 */
int tkfi_explorer_enter(struct tkfi_explorer *x, unsigned long *flags);

/**
 * tkfi_explorer_check_hooks() - check that hooks report all writes, unless that was done
 * @x:		explorer
 *
 * In one execution in order and some random ones. If these find cells to be shared, that is
 * kept.
 *
 * Return: 0, or an error: -EPROTO if hooks did not, and why.
 */
int tkfi_explorer_check_hooks(struct tkfi_explorer *x);

/**
 * tkfi_finding_is_like() - are two findings of one kind?
 * @a:		finding
 * @b:		finding
 *
 * They are if oracle, rule, clock and the kind of the earlier read are the same, whichever
 * operations of the programs they are about.
 *
 * Return: whether they are.
 */
bool tkfi_finding_is_like(const struct tkfi_finding *a, const struct tkfi_finding *b);

/**
 * tkfi_finding_is_same() - do two findings belong to one violation?
 * @a:		finding
 * @b:		finding
 *
 * What is new must not be taken for what is known.
 *
 * Return: whether they are alike, for the same cause, and both are known or both new.
 */
bool tkfi_finding_is_same(const struct tkfi_finding *a, const struct tkfi_finding *b);

/**
 * tkfi_violations_shrink() - the order of least cost in which an execution has a finding
 * @x:		explorer
 * @finding:	a finding of the last execution
 *
 * Return: the order, NULL if none was found. Valid until the next call.
 */
const struct tkfi_shrunk *tkfi_violations_shrink(struct tkfi_explorer *x,
						 const struct tkfi_finding *finding);

/**
 * tkfi_violations_add() - add a finding of the last execution to the violations
 * @finding:	the finding
 * @arg:	the explorer
 *
 * Of each violation the schedule of least cost is kept. Findings are dropped if there are
 * TKFI_MAX_VIOLATIONS other violations, or if @only of the explorer leaves them out.
 */
void tkfi_violations_add(const struct tkfi_finding *finding, void *arg);

/**
 * tkfi_violations_merge() - merge violations of one kind that have the same explanation
 * @x:		explorer; its violations have been explained
 *
 * The one of least cost stays, with the number of findings of all.
 */
void tkfi_violations_merge(struct tkfi_explorer *x);

/**
 * tkfi_violations_forget() - forget all violations, as a search begins again
 * @arg:	the explorer; nothing is forgotten while @searching is set
 */
void tkfi_violations_forget(void *arg);

/**
 * tkfi_explorer_seek_plainer() - look for schedules of the violations that cost less
 * @x:		explorer, after an exploration; @schedule, @cost and @minimal of its
 *		violations are updated
 *
 * Unless the exploration was complete, this explores executions without preemptions, then
 * those with up to one, and so on, until none could cost less, or TKFI_MAX_SEARCHED of
 * them.
 */
void tkfi_explorer_seek_plainer(struct tkfi_explorer *x);

/**
 * tkfi_explorer_record() - execute a schedule, and record it in @recording of the explorer
 * @x:		explorer; its target is the schedule's, and all accesses are scheduling points
 * @text:	the schedule
 * @ended:	set to what tkfi_engine_run() returned
 *
 * Return: 0, or an error if it cannot be executed.
 */
int tkfi_explorer_record(struct tkfi_explorer *x, const char *text, int *ended);

/**
 * tkfi_explorer_explain() - explain all violations, and merge those that are the same
 * @x:		explorer; @why of its violations is set
 *
 * To explain, all accesses are scheduling points. What is known of cells is forgotten after
 * that. Violations of a part of an exploration are not merged.
 */
void tkfi_explorer_explain(struct tkfi_explorer *x);

/**
 * tkfi_explorer_save() - save the state of the exploration
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

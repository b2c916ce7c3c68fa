/* SPDX-License-Identifier: GPL-2.0 */
/* Explorations, and what they find. */
#ifndef __TKFI_EXPLORE_H
#define __TKFI_EXPLORE_H

#include "explain.h"
#include "schedule.h"
#include "search.h"
#include "shrink.h"
#include "unreported.h"

/**
 * struct tkfi_violation - findings of one oracle, clock and pair of readers, whose
 * plainest schedules have a VCPU stop for the same
 * @finding:	the one whose schedule is the plainest
 * @schedule:	its schedule; "" if it does not fit
 * @cost:	of that; UINT_MAX turns if it does not fit
 * @minimal:	none costs less: all executions are known, or all with so many
 *		preemptions
 * @about:	what that VCPU stopped for, as tkfi_explanation's
 * @why:	the two accesses whose order matters
 * @findings:	how many there are, in all classes
 * @waits:	if VCPUs do not come to their end, who waits for what
 */
struct tkfi_violation {
	struct tkfi_finding finding;
	char schedule[TKFI_SCHEDULE_TEXT];
	struct tkfi_cost cost;
	bool minimal;
	unsigned int about;
	struct tkfi_explanation why;
	u64 findings;
	char waits[256];
};

#define TKFI_MAX_VIOLATIONS	64

/**
 * struct tkfi_explore_options - how to explore
 * @strategy:	which strategy
 * @executions:	the most executions; 0: dpor and dfs go on to the end, the others for
 *		@ms, if given, or TKFI_SAMPLES
 * @ms:		of host time after which to stop; 0: never. A resumption begins anew
 * @seed:	number of the first execution of those that sample
 * @depth:	of bugs that pct looks for, 1 ... TKFI_PCT_MAX_DEPTH
 * @schedule:	of replay
 * @preemptions: the most of an execution of dfs; and of dpor, if @bounded
 * @bounded:	dpor looks only at such executions: still one of each class, but found
 *		by pruned search. It says nothing of others, also when it is complete
 * @as_found:	look for no plainer schedules of what is found, and explain nothing
 * @no_snapshots: dpor and dfs execute from the start again each time
 * @no_wait_for_readers:	writers of sequences do not wait for their readers: many more
 *		executions, in which readers find that a sequence has changed
 * @part:	of dpor: explore only this part of @parts
 * @parts:	how many there are, 0 for everything
 * @shared:	what tkfi_cells_print_shared() printed, to begin with; NULL for nothing
 * @keep:	where to keep the state, NULL for nowhere; whoever has written down the
 *		results clears it
 * @resume:	go on from the state that was kept, if there is one
 */
struct tkfi_explore_options {
	enum tkfi_strategy_kind strategy;
	u64 executions;
	u64 ms;
	u64 seed;
	unsigned int depth;
	struct tkfi_schedule *schedule;
	unsigned int preemptions;
	bool bounded;
	bool as_found;
	bool no_snapshots;
	bool no_wait_for_readers;
	unsigned int part;
	unsigned int parts;
	const char *shared;
	struct tkfi_saved *keep;
	bool resume;
};

#define TKFI_SAMPLES	10000

/* The longest list of shared cells. */
#define TKFI_SHARED_TEXT	2048

/**
 * struct tkfi_pace - what is due between the executions of an exploration, and when
 * @began:	host time at which it began, ns; earlier by as long as it took before it was
 *		resumed
 * @deadline:	host time at which it has to end, ns; 0 for never
 * @reported:	host time at which progress was reported last, ns
 * @saved:	host time at which its state was saved last, ns
 * @skip:	how many executions there are before the host's clock is read again
 * @next_check: the number of classes at which hooks are checked again
 */
struct tkfi_pace {
	s64 began;
	s64 deadline;
	s64 reported;
	s64 saved;
	unsigned int skip;
	u64 next_check;
};

/* Classes after which hooks are checked once more: see unreported.h. */
#define TKFI_CHECK_HOOKS_EVERY	16384

/* Executions after which the search for plainer schedules is given up. */
#define TKFI_MAX_SEARCHED	20000

/**
 * struct tkfi_explorer - explorations of scenarios
 * @target:	what is explored
 * @engine:	the target's
 * @wrong:	where the fault is in what is refused: a schedule, or a scenario
 * @unreported:	watches executions of each scenario: the first ones, and now and then
 *		another one
 * @hooks_checked:	it has watched the first ones
 * @searches:	memory of the searches, by strategy
 * @search:	the one of the last exploration
 * @hb:		happens-before of the execution that is judged; @hb->nr is 0 until
 *		somebody needs it
 * @own_hb:	what @hb points to if the search does not know it
 * @boundaries:	where its operations began
 * @shrink_tried: the plainest order of this execution that comes to @goal was looked for
 * @goal:	what the order comes to
 * @is_shrunk:	there is one
 * @shrunk:	the order
 * @recording:	of an execution that is explained
 * @options:	of the last exploration
 * @pace:	looks after time and state while it goes on
 * @classes:	how many classes there are, also those of other parts: estimated, when
 *		dpor without a bound did not come to its end; else 0
 * @classes_error: its standard error
 * @shared:	what tkfi_cells_print_shared() said at its end
 * @replayed:	tkfi_log_hash() of the execution that was replayed last
 * @nr_replayed: how many steps that execution had; every access is one
 * @stats:	what it did; for other strategies than dpor @classes are executions
 * @only:	look for findings like those of these violations, all of one schedule, only;
 *		NULL for all
 * @nr_only:	how many
 * @each:	called after each execution with what tkfi_engine_run() returned; may be
 *		NULL. For tests
 * @each_arg:	for @each
 * @progress:	called about once a second meanwhile; may be NULL
 * @violations:	distinct ones of the last exploration
 * @nr_violations: how many; those of more kinds than TKFI_MAX_VIOLATIONS are
 *		dropped
 * @searching:	for plainer ones than those that were found
 * @searched:	executions among which no plainer ones of these were found
 * @incomplete:	but not all orders of their steps were looked at
 */
struct tkfi_explorer {
	struct tkfi_target target;
	struct tkfi_engine *engine;
	unsigned int wrong;
	struct tkfi_unreported unreported;
	bool hooks_checked;
	struct tkfi_search *searches[TKFI_NR_STRATEGIES];
	struct tkfi_search *search;
	struct tkfi_happens_before *hb;
	struct tkfi_happens_before own_hb;
	struct tkfi_boundaries boundaries;
	bool shrink_tried;
	struct tkfi_goal goal;
	bool is_shrunk;
	struct tkfi_shrunk shrunk;
	struct tkfi_recording recording;
	struct tkfi_explore_options options;
	struct tkfi_pace pace;
	u64 classes;
	u64 classes_error;
	char shared[TKFI_SHARED_TEXT];
	u64 replayed;
	unsigned int nr_replayed;
	struct tkfi_search_stats stats;
	const struct tkfi_violation *only;
	unsigned int nr_only;
	void (*each)(struct tkfi_explorer *x, int ret);
	void *each_arg;
	void (*progress)(struct tkfi_explorer *x);
	struct tkfi_violation violations[TKFI_MAX_VIOLATIONS];
	unsigned int nr_violations;
	bool searching;
	u64 searched;
	bool incomplete;
};

/**
 * tkfi_explorer_create() - allocate memory for explorations of a target
 * @target:	what is explored; copied, but for what it points to
 *
 * Free with tkfi_explorer_destroy().
 *
 * Return: the explorer, NULL when out of memory.
 */
struct tkfi_explorer *tkfi_explorer_create(const struct tkfi_target *target);

/**
 * tkfi_explorer_destroy() - free an explorer, and the memory of its searches
 * @x:		explorer, or NULL
 */
void tkfi_explorer_destroy(struct tkfi_explorer *x);

/**
 * tkfi_explore() - explore the target
 * @x:		explorer; @x->stats and @x->violations are filled
 * @options:	how
 *
 * Return: as tkfi_search_run(); -EINVAL for bad @options->shared, -ESTALE if the state
 * that was kept is of something else, -EPROTO also if something was written that no hook
 * reports. The sentence is in the engine's error.
 */
int tkfi_explore(struct tkfi_explorer *x,
		 const struct tkfi_explore_options *options);

/**
 * tkfi_explorer_replay() - one execution of the target
 * @x:		explorer; @x->violations hold its findings, the engine its trace
 * @text:	schedule
 * @err:	a sentence that says what is wrong
 * @size:	of @err
 *
 * Return: 0, -EINVAL for a bad schedule, -ECANCELED if it does not fit, both with
 * @x->wrong, or as tkfi_engine_run().
 */
int tkfi_explorer_replay(struct tkfi_explorer *x, const char *text, char *err,
			 size_t size);

/**
 * tkfi_explorer_confirm() - an execution by the schedule of violations, again
 * @x:		explorer; its target is the violations'. Its engine has the trace
 * @v:		violations of one schedule, not those of @x
 * @nr:		how many, from 1
 * @err:	a sentence that says what is wrong
 * @size:	of @err
 *
 * Return: 0 if it comes to the same findings, with no more preemptions and delays; -EPROTO
 * if it does not; or as tkfi_explorer_replay().
 */
int tkfi_explorer_confirm(struct tkfi_explorer *x, const struct tkfi_violation *v,
			  unsigned int nr,
			  char *err, size_t size);

#endif

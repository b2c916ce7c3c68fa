/* SPDX-License-Identifier: GPL-2.0 */
/* Explorations of a target, and the violations that they find. */
#ifndef __TKFI_EXPLORE_H
#define __TKFI_EXPLORE_H

#include "covered.h"
#include "explain.h"
#include "outcomes.h"
#include "schedule.h"
#include "search.h"
#include "shrink.h"
#include "unreported.h"

/**
 * struct tkfi_violation - findings of one kind and cause, see tkfi_finding_is_same(), in whose
 * schedules of least cost a VCPU is preempted before an access of the same object
 * @finding:	the one with the schedule of least cost
 * @schedule:	that schedule; "" if it has too many turns
 * @cost:	its cost; UINT_MAX turns if it has too many
 * @minimal:	it is known that no schedule costs less: all executions were explored, or
 *		all that have no more preemptions
 * @about:	cell of the object, as for struct tkfi_explanation
 * @why:	explanation of @finding
 * @findings:	how many findings there are, in all classes
 * @waits:	who waits for what, if VCPUs wait for ever
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
 * @ms:		host time after which to stop, ms; 0 for never. Counts from a resumption
 * @seed:	random, pos, pct: number of the first execution
 * @depth:	pct: depth of the bugs to look for, 1 ... TKFI_PCT_MAX_DEPTH
 * @schedule:	replay: what to execute
 * @preemptions: dfs, and dpor with @bounded: the most preemptions of an execution
 * @bounded:	dpor explores only classes that have an execution with so few preemptions,
 *		by the search TKFI_BOUNDED. Nothing is known of others then
 * @as_found:	do not look for schedules that cost less, and explain nothing
 * @no_snapshots: dpor and dfs begin each execution at the start
 * @no_wait_for_readers: writers of sequences do not wait for readers. There are many more
 *		executions then, in which readers retry
 * @outcomes:	collect the outcomes of the executions that count. Of samples not all are met
 * @seeks:	report executions with the outcome @outcome, and nothing else
 * @outcome:	what to seek
 * @coverage:	note which instructions are executed in the executions that are watched, see
 *		@covered of struct tkfi_explorer
 * @part:	dpor: explore only this part, 0 ... @parts - 1
 * @parts:	how many parts there are, 0 for no parts
 * @shared:	as printed by tkfi_cells_print_shared(), known from the begin; NULL for none
 * @keep:	where to save the state, NULL for nowhere. To be cleared when the results
 *		are written
 * @resume:	go on from the saved state, if there is one
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
	bool outcomes;
	bool seeks;
	u64 outcome;
	bool coverage;
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

/* The most executions of a search for schedules that cost less. */
#define TKFI_MAX_SEARCHED	20000

/* The oracle of the finding that an execution has the outcome that is sought. */
extern const char * const tkfi_outcome_oracle;

/**
 * struct tkfi_explorer - explorations of scenarios
 * @target:	what is explored
 * @engine:	the target's
 * @wrong:	offset of the fault in a schedule or scenario that was refused
 * @misfit:	why the schedule that was replayed last did not fit
 * @unreported:	checks that hooks report all writes
 * @hooks_checked: it has done so before the first exploration of this scenario
 * @outcomes:	of the last exploration, if they were asked for
 * @covered:	the instructions of instrumented code that the last exploration saw executed, if
 *		that was asked for. Watched for them are the set-up, and the executions that
 *		check hooks: one in order and 32 random ones at the begin of a
 *		scenario's first exploration, then one random one for each
 *		TKFI_CHECK_HOOKS_EVERY classes. @executions of it says how many; the set-up is
 *		not counted. What only other executions execute is not in it
 * @searches:	memory of the searches, by strategy
 * @search:	the one of the last exploration
 * @hb:		happens-before of the execution that is judged; @hb->nr is 0 until
 *		somebody needs it
 * @own_hb:	what @hb points to if the search does not know it
 * @boundaries:	where operations began in the execution that is judged
 * @shrink_tried: tkfi_shrink() was called for that execution, with @goal
 * @goal:	the goal it was called with
 * @is_shrunk:	there is an order that reaches the goal
 * @shrunk:	the order of least cost that does
 * @recording:	of an execution that is explained
 * @options:	of the last exploration
 * @pace:	what is due between its executions
 * @classes:	an estimate of the number of all classes, if an unbounded dpor did not come
 *		to its end; else 0
 * @classes_error: standard error of @classes
 * @shared:	what tkfi_cells_print_shared() printed at the end of the last exploration
 * @replayed:	tkfi_log_hash() of the execution that was replayed last
 * @nr_replayed: how many events that execution had; all accesses are events there
 * @stats:	of the last exploration
 * @only:	violations of one schedule: only findings like theirs count. NULL: all count
 * @nr_only:	how many violations @only has
 * @each:	called after each execution with what tkfi_engine_run() returned; may be
 *		NULL
 * @each_arg:	for @each and @recorded
 * @recorded:	called for an execution that is replayed, with what tkfi_engine_run()
 *		returned, when it is in @recording, and @engine and the target are as it left
 *		them; may be NULL
 * @progress:	called about once a second during an exploration; may be NULL
 * @violations:	of the last exploration
 * @nr_violations: how many; at most TKFI_MAX_VIOLATIONS, further ones are dropped
 * @searching:	the search for schedules that cost less is under way
 * @searched:	how many executions were searched for such schedules
 * @incomplete:	not all of their orders were tried, so none can be called minimal
 */
struct tkfi_explorer {
	struct tkfi_target target;
	struct tkfi_engine *engine;
	unsigned int wrong;
	enum tkfi_misfit misfit;
	struct tkfi_unreported unreported;
	bool hooks_checked;
	struct tkfi_outcomes *outcomes;
	struct tkfi_covered covered;
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
	void (*recorded)(struct tkfi_explorer *x, int ret);
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
 * tkfi_explorer_confirm() - execute the schedule of some violations again
 * @x:		explorer; its target is the violations'. Its engine has the trace
 * @v:		violations of one schedule, not those of @x
 * @nr:		how many, from 1
 * @err:	a sentence that says what is wrong
 * @size:	of @err
 *
 * Return: 0 if the execution has the same findings, at no higher cost in preemptions and
 * delays; -EPROTO if it does not; or as tkfi_explorer_replay().
 */
int tkfi_explorer_confirm(struct tkfi_explorer *x, const struct tkfi_violation *v,
			  unsigned int nr,
			  char *err, size_t size);

#endif

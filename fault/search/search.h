/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A search: a sequence of executions. A strategy makes the choices in an execution; a
 * search says which execution comes next, and whether there is one.
 *
 * There is one loop, tkfi_search_run(), for all types of searches: it has the limits, the
 * pauses, the snapshots and the statistics, and restarts the search when cells are found to
 * be shared that were not known to be. What differs is in struct tkfi_search_type.
 */
#ifndef __TKFI_SEARCH_H
#define __TKFI_SEARCH_H

#include "engine.h"
#include "happens_before.h"
#include "snapshot.h"

struct tkfi_saved;
struct tkfi_schedule;
struct tkfi_search_type;

/**
 * struct tkfi_search_options - what searches can be asked for
 * @preemptions: the most of an execution
 * @forgetful:	go on when there is no more room to remember what was visited
 * @seed:	number of the first execution of searches that sample
 * @depth:	pct: depth of the bugs to look for, 1 ... TKFI_PCT_MAX_DEPTH
 * @schedule:	replay: what to execute
 * @part:	explore only this part, 0 ... @parts - 1. All parts together explore each
 *		class once, if all know the same cells to be shared
 * @parts:	how many parts there are; 0 or 1 if the search is not divided
 *
 * A search looks only at those that @takes of its type has.
 */
struct tkfi_search_options {
	unsigned int preemptions;
	bool forgetful;
	u64 seed;
	unsigned int depth;
	struct tkfi_schedule *schedule;
	unsigned int part;
	unsigned int parts;
};

/**
 * struct tkfi_search_stats - what a search did
 * @classes:	executions that count; if the type is distinct, each of another class
 * @redundant:	executions of a class that was known, or abandoned as they would be
 * @deadlocks:	those of @classes that ended with VCPUs waiting for ever
 * @events:	events executed, without those of @replayed
 * @replayed:	events executed again to get from a snapshot to a choice
 * @longest:	the most events of an execution
 * @restarts:	how many times the search was restarted
 * @complete:	nothing is left to execute
 */
struct tkfi_search_stats {
	u64 classes;
	u64 redundant;
	u64 deadlocks;
	u64 events;
	u64 replayed;
	unsigned int longest;
	unsigned int restarts;
	bool complete;
};

/**
 * struct tkfi_search - what all searches have
 * @type:	what differs
 * @engine:	where it executes
 * @strategy:	makes the choices of the execution under way
 * @options:	of the exploration
 * @stats:	of the exploration, so far
 * @checkpoints: snapshots of the last execution, if the type backtracks
 *
 * invariant: if there are checkpoints, they are of the execution whose events are in the
 * engine's log.
 */
struct tkfi_search {
	const struct tkfi_search_type *type;
	struct tkfi_engine *engine;
	struct tkfi_strategy *strategy;
	struct tkfi_search_options options;
	struct tkfi_search_stats *stats;
	struct tkfi_checkpoints checkpoints;
};

/* The strategies, by number: see strategy_list.h. */
enum tkfi_strategy_kind {
#define TKFI_STRATEGY(id, name)	TKFI_##id,
#include "strategy_list.h"
#undef TKFI_STRATEGY
	TKFI_NR_STRATEGIES
};

/**
 * enum tkfi_worth - how a search counts an execution
 * @TKFI_COUNTS:	it counts, and the client judges it
 * @TKFI_REDUNDANT:	its class is known
 * @TKFI_NOT_COUNTED:	it is another part's, or was only needed by the search
 */
enum tkfi_worth {
	TKFI_COUNTS,
	TKFI_REDUNDANT,
	TKFI_NOT_COUNTED,
};

/**
 * struct tkfi_executed - an execution that has ended
 * @ret:	what tkfi_engine_run() returned
 * @events:	how many events to add to the statistics; set to all of them before
 *		@executed of the type is called
 * @length:	the length for @longest of the statistics; likewise
 * @hb:		happens-before of its events, NULL at first; for searches that know it
 */
struct tkfi_executed {
	int ret;
	unsigned int events;
	unsigned int length;
	struct tkfi_happens_before *hb;
};

/* Which of struct tkfi_search_options a search takes, besides those that all do. */
#define TKFI_TAKES_PREEMPTIONS	BIT(0)
#define TKFI_TAKES_SEED		BIT(1)
#define TKFI_TAKES_DEPTH	BIT(2)
#define TKFI_TAKES_SCHEDULE	BIT(3)
#define TKFI_TAKES_PARTS	BIT(4)

/**
 * struct tkfi_search_type - a type of searches
 * @size:	size of its memory, which begins with struct tkfi_search
 * @takes:	TKFI_TAKES_*
 * @exhaustive: it comes to an end, when all executions within its bounds are covered.
 *		Others sample: an execution may be repeated
 * @distinct:	no two executions that count are of one class
 * @backtracks:	executions begin from snapshots of the one before
 * @init:	@search is zero, but for what all searches have. Returns 0 or -ENOMEM. May
 *		be NULL
 * @exit:	undoes @init, also one that failed. May be NULL
 * @begin_search: a search begins, or is restarted. May be NULL
 * @begin_execution: the next execution is about to start: set @search->strategy, unless
 *		it is always the same. Returns the snapshot that it begins from, and adds
 *		to *@replayed how many events from there are a repetition; or NULL if it
 *		begins at the start. May be NULL: all do
 * @executed:	look at an execution that has ended, in whatever way. Returns enum
 *		tkfi_worth, or an error. May be NULL: all count, and it is an error if one
 *		was stopped
 * @next_execution: is there another execution? Returns 1 or 0, or an error. Not called
 *		before the first one. May be NULL: there always is
 * @keep:	save or load where the search is, between @next_execution and
 *		@begin_execution. May be NULL: @search->stats are enough
 *
 * Errors are negative; @engine->error has a sentence then.
 */
struct tkfi_search_type {
	size_t size;
	unsigned int takes;
	bool exhaustive;
	bool distinct;
	bool backtracks;
	int (*init)(struct tkfi_search *search);
	void (*exit)(struct tkfi_search *search);
	void (*begin_search)(struct tkfi_search *search);
	const struct tkfi_snapshot *(*begin_execution)(struct tkfi_search *search,
						       u64 *replayed);
	int (*executed)(struct tkfi_search *search, struct tkfi_executed *e);
	int (*next_execution)(struct tkfi_search *search);
	void (*keep)(struct tkfi_search *search, struct tkfi_saved *keep);
};

/* The strategies by number: their names for people, and their types. */
extern const char * const tkfi_strategy_names[TKFI_NR_STRATEGIES];
extern const struct tkfi_search_type * const tkfi_search_types[TKFI_NR_STRATEGIES];

/* One declaration of all types; the last name only ends it, and is not defined. */
extern const struct tkfi_search_type
#define TKFI_STRATEGY(id, name)	tkfi_##name##_search,
#include "strategy_list.h"
#undef TKFI_STRATEGY
	tkfi_last_search;

/**
 * tkfi_search_is_full() - does a complete search execute each class exactly once?
 * @type:	type of the search
 *
 * Return: whether it does; not so with a bound of preemptions.
 */
static inline bool tkfi_search_is_full(const struct tkfi_search_type *type)
{
	return type->exhaustive && type->distinct &&
	       !(type->takes & TKFI_TAKES_PREEMPTIONS);
}

/**
 * tkfi_search_create() - memory for searches of a type
 * @type:	type
 * @engine:	engine
 *
 * Return: NULL when out of memory. Free with tkfi_search_destroy().
 */
struct tkfi_search *tkfi_search_create(const struct tkfi_search_type *type,
				       struct tkfi_engine *engine);

/**
 * tkfi_search_destroy() - free the memory of searches
 * @search:	memory, or NULL
 */
void tkfi_search_destroy(struct tkfi_search *search);

/**
 * struct tkfi_search_client - what is searched, and who judges the executions
 * @start:	restores the state in which executions begin, and adds the VCPUs
 * @judge:	judges an execution that counts; is given what tkfi_engine_run() returned,
 *		and happens-before of its events, NULL if it is not known yet. May be NULL
 * @pause:	called between executions; may call tkfi_search_keep(). Returns false to
 *		end the search. May be NULL
 * @restart:	the search is restarted: forget all judgements. May be NULL
 * @arg:	for all of them
 * @options:	what is searched
 * @limit:	the most executions that count, 0 for no limit
 * @no_snapshots: take none but at the start
 * @resumed:	go on from what tkfi_search_keep() has loaded, and with the statistics
 */
struct tkfi_search_client {
	int (*start)(void *arg);
	void (*judge)(void *arg, int ret, struct tkfi_happens_before *hb);
	bool (*pause)(void *arg);
	void (*restart)(void *arg);
	void *arg;
	struct tkfi_search_options options;
	u64 limit;
	bool no_snapshots;
	bool resumed;
};

/**
 * tkfi_search_run() - execute until nothing is left, or the client ends it
 * @search:	memory
 * @client:	what is explored
 * @stats:	filled
 *
 * What is known of cells is kept. The caller calls tkfi_cells_begin() first, unless it
 * wants to keep who accessed them, too.
 *
 * Return: 0, also when the client ended it; -E2BIG if an execution has more than
 * TKFI_MAX_EVENTS events, or there is too much state for a snapshot; -ECANCELED if a
 * schedule did not fit; or as tkfi_engine_run(), but not -EDEADLK. @search->engine->error
 * has a sentence then.
 */
int tkfi_search_run(struct tkfi_search *search, const struct tkfi_search_client *client,
		    struct tkfi_search_stats *stats);

/**
 * tkfi_search_too_long() - does the log have all events of the last execution?
 * @engine:	engine, after the execution
 * @ret:	what it returned
 *
 * Return: -E2BIG, with a sentence in @engine->error, if there were more events than
 * TKFI_MAX_EVENTS; else @ret.
 */
int tkfi_search_too_long(struct tkfi_engine *engine, int ret);

/**
 * tkfi_search_sample() - the number of the next sample
 * @search:	search that samples
 *
 * It is the seed of the generator of random numbers.
 *
 * Return: @seed of the options for the first one, and one more for each that counted.
 */
static inline u64 tkfi_search_sample(const struct tkfi_search *search)
{
	return search->options.seed + search->stats->classes;
}

/**
 * tkfi_search_fail() - say why a search cannot go on
 * @search:	search; its engine's error is set
 * @ret:	the error
 * @fmt:	printf format of the sentence
 *
 * Return: @ret.
 */
__printf(3, 4)
int tkfi_search_fail(struct tkfi_search *search, int ret, const char *fmt, ...);

/**
 * tkfi_search_disturb() - have the next execution begin at the start, not at a snapshot
 * @search:	search
 *
 * For @pause of the client, if it executes something: the engine's log is not that of the
 * search then.
 */
void tkfi_search_disturb(struct tkfi_search *search);

/**
 * tkfi_search_keep() - save or load what is left to execute
 * @search:	search
 * @keep:	state to save to or load from; a failure shows at its end
 *
 * For @pause of the client, and before a resumption. The statistics are not in it.
 */
void tkfi_search_keep(struct tkfi_search *search, struct tkfi_saved *keep);

#endif

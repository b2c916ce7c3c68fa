/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A search: which executions there are, one after another. A strategy says who goes on
 * in an execution; a search says what the next execution is, and whether there is one.
 *
 * There is one loop, tkfi_search_run(): it has the limits, the pauses, the snapshots,
 * the statistics, and begins anew when more turns out to be shared than was known. A
 * search has what differs: struct tkfi_search_type.
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
 * @forgetful:	when there is no more room to remember what was seen, go on all the same
 * @seed:	number of the first execution of those that sample
 * @depth:	of bugs that pct looks for, 1 ... TKFI_PCT_MAX_DEPTH
 * @schedule:	what replay executes
 * @part:	explore only this part of @parts, from 0; all parts together explore each
 *		class once if they agree about what is shared
 * @parts:	how many there are; 0 and 1 for everything
 *
 * Each search takes some of these, those that its type says, and knows nothing of others.
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
 * @redundant:	executions that came to nothing new, or were abandoned as they would not
 * @deadlocks:	those of @classes that ended with VCPUs waiting for ever
 * @events:	steps executed that were a choice
 * @replayed:	steps executed again to get from a snapshot to a choice
 * @longest:	most steps of an execution
 * @restarts:	how often a cell turned out to be shared after all
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
 * invariant: if there are checkpoints, they are of the execution whose steps the engine's
 * log has.
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
 * enum tkfi_worth - what an execution is to a search
 * @TKFI_COUNTS:	it is looked at by whoever explores
 * @TKFI_REDUNDANT:	it came to nothing new
 * @TKFI_NOT_COUNTED:	it is another part's, or only serves the search
 */
enum tkfi_worth {
	TKFI_COUNTS,		/* it is looked at by whoever explores */
	TKFI_REDUNDANT,		/* it came to nothing new */
	TKFI_NOT_COUNTED,	/* it is another part's, or only serves the search */
};

/**
 * struct tkfi_executed - an execution that has ended
 * @ret:	what tkfi_engine_run() returned
 * @events:	how many of its steps count in the statistics: at first, all
 * @length:	how long it was, for the statistics: at first, as @events
 * @hb:	the order of its steps; NULL if nobody knows it yet
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
 * struct tkfi_search_type - a way to search
 * @size:	of its memory, of which struct tkfi_search is the first member
 * @takes:	TKFI_TAKES_*
 * @exhaustive: it comes to an end, and has executed then all that there is, within the
 *		bounds it was given. Others sample: an execution may come up again
 * @distinct:	no two executions that count are of one class
 * @backtracks:	executions begin from snapshots of the one before
 * @init:	@search is zero, but for what all searches have. Returns 0 or -ENOMEM. May
 *		be NULL
 * @exit:	the opposite; also after an @init that failed. May be NULL
 * @begin_search: a whole search begins, or begins anew. May be NULL
 * @begin_execution: the next execution is about to start: set @search->strategy, unless it is
 *		always the same. Returns the snapshot it begins from and adds to *@replayed
 *		the steps from there that were executed before; or NULL: it begins at the
 *		start. May be NULL, which is that
 * @executed:	look at an execution that has ended, in whatever way. Returns enum
 *		tkfi_worth, or an error. May be NULL: all count, and it is an error if one
 *		was stopped
 * @next_execution: is there another execution? Returns 1 or 0, or an error. Not called
 *		before the first one. May be NULL: there always is
 * @keep:	save or load where the search is, between @next_execution and @begin_execution. May
 *		be NULL: @search->stats are enough
 *
 * Errors are negative, and @engine->error has the sentence.
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
	const struct tkfi_snapshot *(*begin_execution)(struct tkfi_search *search, u64 *replayed);
	int (*executed)(struct tkfi_search *search, struct tkfi_executed *e);
	int (*next_execution)(struct tkfi_search *search);
	void (*keep)(struct tkfi_search *search, struct tkfi_saved *keep);
};

/* By number. What people call them, and what they are. */
extern const char * const tkfi_strategy_names[TKFI_NR_STRATEGIES];
extern const struct tkfi_search_type * const tkfi_search_types[TKFI_NR_STRATEGIES];

/* One declaration of all; what ends it is defined nowhere. */
extern const struct tkfi_search_type
#define TKFI_STRATEGY(id, name)	tkfi_##name##_search,
#include "strategy_list.h"
#undef TKFI_STRATEGY
	tkfi_last_search;

/**
 * tkfi_search_is_full() - at the end of a search, has each class been executed, once?
 * @type:	type of the search
 *
 * Return: whether it has; a bound of preemptions leaves out some.
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
 * struct tkfi_search_client - who explores
 * @start:	put everything where executions begin, and add the VCPUs
 * @judge:	look at an execution that counts, with what tkfi_engine_run() returned,
 *		and the order of its steps; NULL if nobody knows it yet. May be NULL
 * @pause:	called between executions, when tkfi_search_keep() can be. Return false
 *		to end the search. May be NULL
 * @restart:	forget all judgements: what follows repeats them. May be NULL
 * @arg:	for all of them
 * @options:	what is searched
 * @limit:	the most executions that count, 0 for no limit
 * @no_snapshots: take none but at the start
 * @resumed:	go on from what tkfi_search_keep() has loaded; the statistics go on too
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
 * What is known of cells is kept; the caller has called tkfi_cells_begin(), or wants
 * to go on with what was learnt.
 *
 * Return: 0, also when the client ended it; -E2BIG if an execution has more than
 * TKFI_MAX_EVENTS steps, or there is too much state; -ECANCELED if one could not be as
 * it should; or as tkfi_engine_run(), but not -EDEADLK. @search->engine->error has the
 * sentence.
 */
int tkfi_search_run(struct tkfi_search *search, const struct tkfi_search_client *client,
		    struct tkfi_search_stats *stats);

/**
 * tkfi_search_too_long() - are all steps of the last execution known?
 * @engine:	engine, after the execution
 * @ret:	what it returned
 *
 * Return: -E2BIG, with a sentence in @engine->error, if there were more than TKFI_MAX_EVENTS
 * steps; else @ret.
 */
int tkfi_search_too_long(struct tkfi_engine *engine, int ret);

/**
 * tkfi_search_sample() - the number of the next sample
 * @search:	search that samples
 *
 * The generator of random numbers begins with it.
 *
 * Return: the seed for the first one, then one more for each that counted.
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
 * What an execution leaves behind is not all as it was. For @pause of the client.
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

// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "cells.h"
#include "saved.h"
#include "search.h"

int tkfi_search_fail(struct tkfi_search *search, int ret, const char *fmt, ...)
{
	struct tkfi_engine *engine = search->engine;
	va_list args;

	va_start(args, fmt);
	vsnprintf(engine->error, sizeof(engine->error), fmt, args);
	va_end(args);
	return ret;
}

int tkfi_search_too_long(struct tkfi_engine *engine, int ret)
{
	if (engine->nr_log <= TKFI_MAX_EVENTS)
		return ret;
	snprintf(engine->error, sizeof(engine->error),
		 "an execution of %u steps; %d are possible", engine->nr_log,
		 TKFI_MAX_EVENTS);
	return -E2BIG;
}

static void begin(struct tkfi_search *search)
{
	tkfi_checkpoints_drop(&search->checkpoints);
	if (search->type->begin_search)
		search->type->begin_search(search);
}

/* Begin the search again, as cells were found to be shared that were not known to be. */
static void restart(struct tkfi_search *search, const struct tkfi_search_client *client)
{
	const unsigned int restarts = search->stats->restarts + 1;

	*search->stats = (struct tkfi_search_stats){ .restarts = restarts };
	tkfi_cells_begin();
	if (client->restart)
		client->restart(client->arg);
	begin(search);
}

static int execute(struct tkfi_search *search, const struct tkfi_search_client *client)
{
	const struct tkfi_snapshot *from = NULL;
	int ret;

	if (search->type->begin_execution)
		from = search->type->begin_execution(search, &search->stats->replayed);
	if (from)
		return tkfi_engine_resume(search->engine, search->strategy, from);
	ret = client->start(client->arg);
	return ret ?: tkfi_engine_run(search->engine, search->strategy);
}

static int worth(struct tkfi_search *search, struct tkfi_executed *e)
{
	if (search->type->executed)
		return search->type->executed(search, e);
	return e->ret == -ECANCELED ? e->ret : TKFI_COUNTS;
}

/* Add an execution to the statistics, and have it judged. */
static int count(struct tkfi_search *search, const struct tkfi_search_client *client,
		 const struct tkfi_executed *e, enum tkfi_worth worth)
{
	struct tkfi_search_stats *stats = search->stats;

	if (worth == TKFI_COUNTS && tkfi_search_too_long(search->engine, 0))
		return -E2BIG;
	stats->events += e->events;
	stats->longest = max(stats->longest, e->length);
	stats->redundant += worth == TKFI_REDUNDANT;
	if (worth != TKFI_COUNTS)
		return 0;
	stats->classes++;
	stats->deadlocks += e->ret == -EDEADLK;
	if (client->judge)
		client->judge(client->arg, e->ret, e->hb);
	return 0;
}

/* One execution. Returns 1 if another one is to follow, 0 at the end, or an error. */
static int execute_one(struct tkfi_search *search,
		       const struct tkfi_search_client *client)
{
	const u64 limit = client->limit;
	struct tkfi_executed e = {};
	int ret, what;

	e.ret = execute(search, client);
	e.events = search->engine->nr_log;
	e.length = e.events;
	what = worth(search, &e);
	if (tkfi_cells_changed) {
		restart(search, client);
		return 1;
	}
	if (e.ret && e.ret != -EDEADLK && e.ret != -ECANCELED)
		return e.ret;
	if (what < 0)
		return what;
	ret = count(search, client, &e, what);
	if (!ret)
		ret = search->type->next_execution ?
		      search->type->next_execution(search) : 1;
	search->stats->complete = !ret;
	if (ret <= 0 || (limit && search->stats->classes >= limit))
		return min(ret, 0);
	if (client->pause && !client->pause(client->arg))
		return 0;
	/* An execution of @pause may have found more cells to be shared. */
	if (tkfi_cells_changed)
		restart(search, client);
	return 1;
}

int tkfi_search_run(struct tkfi_search *search, const struct tkfi_search_client *client,
		    struct tkfi_search_stats *stats)
{
	int ret = search->type->backtracks ? tkfi_checkpoints_fit(search->engine) : 0;

	if (ret)
		return ret;
	search->options = client->options;
	search->stats = stats;
	search->checkpoints.most = client->no_snapshots ? 1 : TKFI_CHECKPOINTS;
	if (client->resumed) {
		/* The snapshots are not those of the state that was loaded. */
		tkfi_checkpoints_drop(&search->checkpoints);
	} else {
		*stats = (struct tkfi_search_stats){};
		begin(search);
	}
	/* A search that is resumed may have reached the limit already. */
	if (client->limit && stats->classes >= client->limit)
		return 0;
	do {
		ret = execute_one(search, client);
	} while (ret > 0);
	return ret;
}

void tkfi_search_disturb(struct tkfi_search *search)
{
	tkfi_checkpoints_drop(&search->checkpoints);
}

void tkfi_search_keep(struct tkfi_search *search, struct tkfi_saved *keep)
{
	if (search->type->keep)
		search->type->keep(search, keep);
}

struct tkfi_search *tkfi_search_create(const struct tkfi_search_type *type,
				       struct tkfi_engine *engine)
{
	struct tkfi_search *search = vzalloc(type->size);

	if (!search)
		return NULL;
	search->type = type;
	search->engine = engine;
	if ((type->backtracks && tkfi_checkpoints_create(&search->checkpoints)) ||
	    (type->init && type->init(search))) {
		tkfi_search_destroy(search);
		return NULL;
	}
	return search;
}

void tkfi_search_destroy(struct tkfi_search *search)
{
	if (!search)
		return;
	if (search->type->exit)
		search->type->exit(search);
	tkfi_checkpoints_destroy(&search->checkpoints);
	vfree(search);
}

// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "cells.h"
#include "clock.h"
#include "explorer.h"
#include "publish.h"

struct tkfi_explorer *tkfi_explorer_open(u32 hz)
{
	struct tkfi_explorer *x = vzalloc(sizeof(*x));
	unsigned int i;

	if (!x)
		return NULL;
	if (tkfi_session_open(&x->session, hz) ||
	    tkfi_state_alloc(&x->begin) || tkfi_unseen_alloc(&x->unseen))
		goto failed;
	for (i = 0; i < TKFI_NR_STRATEGIES; i++) {
		x->searches[i] = tkfi_search_create(tkfi_search_types[i],
						    x->session.engine);
		if (!x->searches[i])
			goto failed;
	}
	x->search = x->searches[0];
	return x;

failed:
	tkfi_explorer_close(x);
	return NULL;
}

void tkfi_explorer_close(struct tkfi_explorer *x)
{
	unsigned int i;

	if (!x)
		return;
	for (i = 0; i < TKFI_NR_STRATEGIES; i++)
		tkfi_search_destroy(x->searches[i]);
	tkfi_unseen_free(&x->unseen);
	tkfi_state_free(&x->begin);
	tkfi_session_close(&x->session);
	vfree(x);
}

static void add_range(struct tkfi_engine *engine, void *addr, size_t size)
{
	if (engine->nr_ranges == TKFI_MAX_RANGES)
		panic("[tkfi internal bug] more than %d ranges\n",
		      TKFI_MAX_RANGES);
	engine->ranges[engine->nr_ranges++] = (struct tkfi_range){ addr, size };
}

static struct tkfi_engine *loading;

static void add_object(const char *name, void *addr, size_t size)
{
	add_range(loading, addr, size);
	if (tkfi_cells_add(name, addr, size))
		panic("[tkfi internal bug] no room for the cells of %s\n", name);
}

static void mark(const unsigned int *word, bool latch)
{
	tkfi_cells_mark(word, latch ? TKFI_CELL_LATCH : TKFI_CELL_SEQUENCE);
}

/* What executions change: the state, and the results of the operations. */
void tkfi_explorer_collect(struct tkfi_explorer *x)
{
	struct tkfi_engine *engine = x->session.engine;
	unsigned int i, j;
	size_t size;
	void *published = tkfi_publish_storage(&size);

	engine->nr_ranges = 0;
	tkfi_cells_reset();
	loading = engine;
	tkfi_state_each(add_object);
	tkfi_timekeeping_sequences(mark);
	tkfi_vdso_sequences(mark);
	add_range(engine, published, size);
	add_range(engine, &tkfi_cells_bared, sizeof(tkfi_cells_bared));
	tkfi_tick_sequences(mark);
	tkfi_oracles_prepare();
	for (i = 0; i < x->plan.nr_programs; i++) {
		struct tkfi_program *program = &x->plan.programs[i];

		add_range(engine, &program->nr_done, sizeof(program->nr_done));
		for (j = 0; j < program->nr; j++)
			add_range(engine, &program->ops[j].done,
				  sizeof(program->ops[j]) -
				  offsetof(struct tkfi_op, done));
	}
}

/* Where the set-up begins in its plan. */
#define SETUP_CPU	"cpu0: "

static int parse_setup(struct tkfi_explorer *x, char *err, size_t size)
{
	x->session.setup->nr_programs = 0;
	return x->setup[0] ? tkfi_plan_parse(x->session.setup, err, size,
					     SETUP_CPU "%s", x->setup) : 0;
}

/* From a place in one of the plans to that in the scenario's text. */
static unsigned int place_in_text(const struct tkfi_explorer *x,
				  const struct tkfi_plan *plan, const char *at)
{
	if (plan == &x->plan)
		return x->plan_at + (at - plan->text);
	/* What the user did not write is not where it is wrong. */
	return x->setup_at + max(0, (int)(at - plan->text) -
				 (int)strlen(SETUP_CPU));
}

unsigned int tkfi_explorer_find(const struct tkfi_explorer *x,
				const struct tkfi_op *op)
{
	const struct tkfi_plan *setup = x->session.setup;
	bool in_setup = op >= setup->programs[0].ops &&
			op < setup->programs[1].ops;

	return place_in_text(x, in_setup ? setup : &x->plan, op->text);
}

/* The first statement that only a plan has; NULL if there is none. */
static const char *find_fault(const char *text)
{
	for (; *text; text += *text == ';') {
		text = skip_spaces(text);
		if (strstarts(text, "at "))
			return text;
		text = strchrnul(text, ';');
	}
	return NULL;
}

bool tkfi_scenario_is_absent(const struct tkfi_scenario *scenario)
{
	return (scenario->aux && !tkfi_aux_clock()) ||
	       (scenario->stamps &&
		!tkfi_reader_find("fast", "ktime_get_fast_timestamps.mono"));
}

int tkfi_explorer_load(struct tkfi_explorer *x,
		       const struct tkfi_scenario *scenario, char *err,
		       size_t size)
{
	const char *text = skip_spaces(scenario->text), *end, *fault;
	int ret;

	x->setup[0] = '\0';
	x->plan.absent = false;
	x->session.setup->absent = false;
	if (strstarts(text, "setup:")) {
		text += strlen("setup:");
		end = strchrnul(text, ';');
		x->setup_at = text - scenario->text;
		if (end - text >= sizeof(x->setup)) {
			x->wrong = x->setup_at + sizeof(x->setup) - 1;
			snprintf(err, size, "a set-up of %d characters; %zu are possible",
				 (int)(end - text), sizeof(x->setup) - 1);
			return -EINVAL;
		}
		memcpy(x->setup, text, end - text);
		x->setup[end - text] = '\0';
		text = *end ? end + 1 : end;
	}
	ret = parse_setup(x, err, size);
	if (ret) {
		x->wrong = place_in_text(x, x->session.setup,
					 x->session.setup->wrong);
		return ret;
	}
	fault = find_fault(text);
	if (fault) {
		x->wrong = fault - scenario->text;
		snprintf(err, size, "a scenario has no 'at' statements: all places are tried");
		return -EINVAL;
	}
	x->plan_at = text - scenario->text;
	ret = tkfi_plan_parse(&x->plan, err, size, "%s", text);
	if (ret) {
		x->wrong = place_in_text(x, &x->plan, x->plan.wrong);
		return ret;
	}
	strscpy(x->name, scenario->name, sizeof(x->name));
	strscpy(x->text, scenario->text, sizeof(x->text));
	x->watched = false;
	tkfi_explorer_collect(x);
	return 0;
}

int tkfi_explorer_start(void *arg)
{
	struct tkfi_explorer *x = arg;

	tkfi_state_restore(&x->begin);
	tkfi_publish_start();
	tkfi_cells_bared = 0;
	tkfi_plan_start(&x->plan, x->session.engine);
	return 0;
}

int tkfi_explorer_enter(struct tkfi_explorer *x, unsigned long *flags)
{
	struct tkfi_session *session = &x->session;
	int ret = parse_setup(x, session->engine->error,
			      sizeof(session->engine->error));

	local_irq_save(*flags);
	tkfi_state_save(&session->own);
	if (ret)
		return ret;
	tkfi_session_start_anew();
	if (x->setup[0])
		ret = tkfi_plan_run(session->setup, session->engine);
	tkfi_state_save(&x->begin);
	return ret;
}

void tkfi_explorer_leave(struct tkfi_explorer *x, unsigned long flags)
{
	tkfi_publish_stop();
	tkfi_state_restore(&x->session.own);
	local_irq_restore(flags);
}

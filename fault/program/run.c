// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "cells.h"
#include "run.h"

int tkfi_run_open(struct tkfi_run *run)
{
	int ret;

	memset(run, 0, sizeof(*run));
	run->engine = tkfi_engine_create();
	if (!run->engine)
		return -ENOMEM;
	tkfi_state_use(tkfi_subject->state);
	ret = tkfi_state_alloc(&run->own) ?: tkfi_state_alloc(&run->begin);
	if (!ret && tkfi_subject->open)
		ret = tkfi_subject->open(tkfi_subject_clock);
	run->is_open = !ret;
	if (!ret) {
		run->finals = tkfi_finals_create();
		ret = run->finals ? 0 : -ENOMEM;
	}
	if (ret)
		tkfi_run_close(run);
	return ret;
}

void tkfi_run_close(struct tkfi_run *run)
{
	if (run->is_open && tkfi_subject->close)
		tkfi_subject->close();
	tkfi_finals_destroy(run->finals);
	tkfi_engine_destroy(run->engine);
	tkfi_state_free(&run->begin);
	tkfi_state_free(&run->own);
	memset(run, 0, sizeof(*run));
}

static void add_range(struct tkfi_engine *engine, void *addr, size_t size)
{
	if (engine->nr_ranges == TKFI_MAX_RANGES)
		panic("[tkfi internal bug] more than %d ranges\n",
		      TKFI_MAX_RANGES);
	if (size)
		engine->ranges[engine->nr_ranges++] = (struct tkfi_range){ addr, size };
}

static struct tkfi_engine *collecting;

static void add_object(const char *name, void *addr, size_t size)
{
	add_range(collecting, addr, size);
	if (tkfi_cells_add(name, addr, size))
		panic("[tkfi internal bug] no room for the cells of %s\n", name);
}

static void mark(const unsigned int *word, bool latch)
{
	tkfi_cells_mark(word, latch ? TKFI_CELL_LATCH : TKFI_CELL_SEQUENCE);
}

/* Executions change the state, what oracles record, and the results of the operations. */
void tkfi_run_collect(struct tkfi_run *run)
{
	struct tkfi_engine *engine = run->engine;
	unsigned int i, j;
	void *record;
	size_t size;

	engine->nr_ranges = 0;
	tkfi_cells_reset();
	collecting = engine;
	tkfi_state_each(add_object);
	tkfi_subject->sequences(mark);
	if (tkfi_subject->record) {
		record = tkfi_subject->record(&size);
		add_range(engine, record, size);
	}
	add_range(engine, &tkfi_guards_missed, sizeof(tkfi_guards_missed));
	if (tkfi_subject->prepare)
		tkfi_subject->prepare();
	for (i = 0; i < run->plan.nr_programs; i++) {
		struct tkfi_program *program = &run->plan.programs[i];

		add_range(engine, &program->nr_done, sizeof(program->nr_done));
		for (j = 0; j < program->nr; j++)
			add_range(engine, &program->ops[j].done,
				  sizeof(program->ops[j]) -
				  offsetof(struct tkfi_op, done));
	}
}

/* What comes before the set-up's operations in the text of its plan. */
#define SETUP_CPU	"cpu0: "

static int parse_setup(struct tkfi_run *run, char *err, size_t size)
{
	run->setup.nr_programs = 0;
	return run->setup_text[0] ? tkfi_plan_parse(&run->setup, err, size,
					     SETUP_CPU "%s", run->setup_text) : 0;
}

/* Convert a place in the text of one of the plans to an offset in the scenario's text. */
static unsigned int place_in_text(const struct tkfi_run *run,
				  const struct tkfi_plan *plan, const char *at)
{
	if (plan == &run->plan)
		return run->plan_at + (at - plan->text);
	/* SETUP_CPU is not in the scenario's text. */
	return run->setup_at + max(0, (int)(at - plan->text) -
				 (int)strlen(SETUP_CPU));
}

unsigned int tkfi_run_find(const struct tkfi_run *run, const struct tkfi_op *op)
{
	const struct tkfi_plan *setup = &run->setup;
	bool in_setup = op >= setup->programs[0].ops &&
			op < setup->programs[1].ops;

	return place_in_text(run, in_setup ? setup : &run->plan, op->text);
}

/* The first fault, which a scenario must not have; NULL if there is none. */
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

/*
 * A scenario may begin with the name of the clock that it goes by, which was chosen before the
 * subject was opened. Returns what comes after it, NULL if it is another clock.
 */
static const char *after_clock(const char *text)
{
	const char *name = tkfi_subject->clocks ? tkfi_subject->clocks[tkfi_subject_clock] : "";
	const size_t len = strlen(name);

	if (!strstarts(text, "clock:"))
		return text;
	text = skip_spaces(text + strlen("clock:"));
	if (strncmp(text, name, len))
		return NULL;
	text = skip_spaces(text + len);
	return *text == ';' ? skip_spaces(text + 1) : NULL;
}

int tkfi_run_load(struct tkfi_run *run, const struct tkfi_scenario *scenario,
		  char *err, size_t size)
{
	const char *text = after_clock(skip_spaces(scenario->text)), *end, *fault;
	int ret;

	run->setup_text[0] = '\0';
	run->plan.absent = false;
	run->setup.absent = false;
	if (!text) {
		run->wrong = skip_spaces(scenario->text) - scenario->text;
		snprintf(err, size, "it goes by another clock than was chosen by tkfi.clock");
		return -EINVAL;
	}
	if (strstarts(text, "setup:")) {
		text += strlen("setup:");
		end = strchrnul(text, ';');
		run->setup_at = text - scenario->text;
		if (end - text >= sizeof(run->setup_text)) {
			run->wrong = run->setup_at + sizeof(run->setup_text) - 1;
			snprintf(err, size, "a set-up of %d characters; %zu are possible",
				 (int)(end - text), sizeof(run->setup_text) - 1);
			return -EINVAL;
		}
		memcpy(run->setup_text, text, end - text);
		run->setup_text[end - text] = '\0';
		text = *end ? end + 1 : end;
	}
	ret = parse_setup(run, err, size);
	if (ret) {
		run->wrong = place_in_text(run, &run->setup, run->setup.wrong);
		return ret;
	}
	fault = find_fault(text);
	if (fault) {
		run->wrong = fault - scenario->text;
		snprintf(err, size, "a scenario has no 'at' statements: all places are tried");
		return -EINVAL;
	}
	run->plan_at = text - scenario->text;
	ret = tkfi_plan_parse(&run->plan, err, size, "%s", text);
	if (ret) {
		run->wrong = place_in_text(run, &run->plan, run->plan.wrong);
		return ret;
	}
	strscpy(run->name, scenario->name, sizeof(run->name));
	strscpy(run->text, scenario->text, sizeof(run->text));
	tkfi_run_collect(run);
	return 0;
}

void tkfi_run_start(struct tkfi_run *run)
{
	tkfi_state_restore(&run->begin);
	if (tkfi_subject->begin)
		tkfi_subject->begin();
	tkfi_guards_missed = 0;
	tkfi_plan_start(&run->plan, run->engine);
}

int tkfi_run_enter(struct tkfi_run *run, unsigned long *flags)
{
	int ret = parse_setup(run, run->engine->error,
			      sizeof(run->engine->error));

	local_irq_save(*flags);
	tkfi_state_save(&run->own);
	if (ret)
		return ret;
	tkfi_subject->reset();
	if (run->setup_text[0])
		ret = tkfi_plan_run(&run->setup, run->engine);
	tkfi_state_save(&run->begin);
	tkfi_finals_forget(run->finals);
	return ret;
}

void tkfi_run_leave(struct tkfi_run *run, unsigned long flags)
{
	if (tkfi_subject->end)
		tkfi_subject->end();
	tkfi_state_restore(&run->own);
	local_irq_restore(flags);
}

int tkfi_run_in_order(struct tkfi_run *run, unsigned int times)
{
	unsigned long flags;
	unsigned int i, j;
	int ret;

	ret = tkfi_run_enter(run, &flags);
	suppress_printk = true;
	for (; times && !ret; times--) {
		tkfi_state_restore(&run->begin);
		for (i = 0; i < run->plan.nr_programs; i++) {
			for (j = 0; j < run->plan.programs[i].nr; j++) {
				struct tkfi_op *op = &run->plan.programs[i].ops[j];

				op->result = op->type->run(op);
			}
		}
	}
	suppress_printk = false;
	tkfi_run_leave(run, flags);
	return ret;
}

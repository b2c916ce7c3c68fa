/* SPDX-License-Identifier: GPL-2.0 */
/* A scenario of the subject, ready to be executed again and again. */
#ifndef __TKFI_RUN_H
#define __TKFI_RUN_H

#include "plan.h"
#include "state.h"
#include "subject.h"

/* The longest text of a scenario: a kernel parameter. */
#define TKFI_SCENARIO_TEXT	1024

/**
 * struct tkfi_run - a scenario, and where its executions begin
 * @engine:	engine; its trace is that of the last execution
 * @own:	the kernel's own state while executions run
 * @begin:	the state in which executions begin
 * @setup:	operations that are performed before that
 * @plan:	the programs
 * @name:	the scenario's
 * @text:	the scenario's
 * @setup_text:	the set-up's operations; "" if there are none
 * @setup_at:	where these are in the scenario's text
 * @plan_at:	and where what is in @plan
 * @wrong:	where the fault is in a scenario that is refused
 * @is_open:	the subject is open
 */
struct tkfi_run {
	struct tkfi_engine *engine;
	struct tkfi_state own;
	struct tkfi_state begin;
	struct tkfi_plan setup;
	struct tkfi_plan plan;
	char name[48];
	char text[TKFI_SCENARIO_TEXT];
	char setup_text[TKFI_PLAN_TEXT];
	unsigned int setup_at;
	unsigned int plan_at;
	unsigned int wrong;
	bool is_open;
};

/**
 * tkfi_run_open() - allocate what a run needs, and open the subject
 * @run:	run; need not be initialized
 *
 * Sleeps. After an error nothing is to be closed.
 *
 * Return: 0, -ENOMEM, or an error of the subject's open().
 */
int tkfi_run_open(struct tkfi_run *run);

/**
 * tkfi_run_close() - close the subject, and free what tkfi_run_open() allocated
 * @run:	run
 */
void tkfi_run_close(struct tkfi_run *run);

/**
 * tkfi_run_load() - choose a scenario
 * @run:	run
 * @scenario:	scenario
 * @err:	a sentence that says what is wrong; @run->wrong is where
 * @size:	of @err
 *
 * Return: 0 or -EINVAL.
 */
int tkfi_run_load(struct tkfi_run *run, const struct tkfi_scenario *scenario,
		  char *err, size_t size);

/**
 * tkfi_run_is_absent() - was a scenario refused only because this kernel lacks what it names?
 * @run:	run, after tkfi_run_load() has returned an error
 *
 * Return: whether it was.
 */
static inline bool tkfi_run_is_absent(const struct tkfi_run *run)
{
	return run->plan.absent || run->setup.absent;
}

/**
 * tkfi_run_find() - where an operation begins in the scenario's text
 * @run:	run; a scenario has been loaded
 * @op:		operation of its plan or of its set-up
 *
 * Return: characters of @run->text that are before it.
 */
unsigned int tkfi_run_find(const struct tkfi_run *run, const struct tkfi_op *op);

/**
 * tkfi_run_collect() - gather the scenario's cells and what snapshots hold, anew
 * @run:	run; a scenario has been loaded
 *
 * What was learnt of the cells is forgotten.
 */
void tkfi_run_collect(struct tkfi_run *run);

/**
 * tkfi_run_enter() - begin to execute
 * @run:	run; a scenario has been loaded
 * @flags:	for tkfi_run_leave(), whatever is returned
 *
 * Interrupts are off, the kernel's own state is saved, the scenario is set up.
 *
 * Return: 0, or what the set-up came to, as tkfi_plan_run().
 */
int tkfi_run_enter(struct tkfi_run *run, unsigned long *flags);

/**
 * tkfi_run_leave() - give the kernel its own state back, and its interrupts
 * @run:	run, after tkfi_run_enter(), whatever that returned
 * @flags:	as set by tkfi_run_enter()
 */
void tkfi_run_leave(struct tkfi_run *run, unsigned long flags);

/**
 * tkfi_run_start() - put everything where executions begin, and add the VCPUs
 * @run:	run, after tkfi_run_enter() has returned 0
 */
void tkfi_run_start(struct tkfi_run *run);

/**
 * tkfi_run_in_order() - perform the operations one after another, off the VCPUs
 * @run:	run; a scenario has been loaded
 * @times:	how often all of them, each time from where executions begin
 *
 * Nothing is redirected or reported.
 *
 * Return: as tkfi_run_enter().
 */
int tkfi_run_in_order(struct tkfi_run *run, unsigned int times);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* A scenario of the subject, set up to be executed many times. */
#ifndef __TKFI_RUN_H
#define __TKFI_RUN_H

#include "outcome.h"
#include "plan.h"
#include "state.h"
#include "subject.h"

/* The longest text of a scenario: it is a kernel parameter. */
#define TKFI_SCENARIO_TEXT	1024

/**
 * struct tkfi_run - a scenario, and the state in which its executions begin
 * @engine:	engine; its trace is that of the last execution
 * @own:	saves the kernel's own state between tkfi_run_enter() and tkfi_run_leave()
 * @begin:	the state in which executions begin
 * @finals:	what their final states show
 * @setup:	operations that lead to that state
 * @plan:	the programs of the scenario
 * @name:	name of the scenario
 * @text:	text of the scenario
 * @setup_text:	the part of @text with the operations of the set-up; "" if there is none
 * @setup_at:	offset of that part in @text
 * @plan_at:	offset in @text of what @plan was parsed from
 * @wrong:	offset of the fault in the text of a scenario that was refused
 * @is_open:	the subject is open
 */
struct tkfi_run {
	struct tkfi_engine *engine;
	struct tkfi_state own;
	struct tkfi_state begin;
	struct tkfi_finals *finals;
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
 * tkfi_run_load() - load a scenario
 * @run:	run
 * @scenario:	scenario
 * @err:	receives a sentence that says what is wrong; @run->wrong is set
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
 * tkfi_run_find() - the offset of an operation in the scenario's text
 * @run:	run; a scenario has been loaded
 * @op:		operation of its plan or of its set-up
 *
 * Return: its offset in @run->text.
 */
unsigned int tkfi_run_find(const struct tkfi_run *run, const struct tkfi_op *op);

/**
 * tkfi_run_collect() - list the cells of a scenario, and what snapshots hold
 * @run:	run; a scenario has been loaded
 *
 * What is known of cells is forgotten.
 */
void tkfi_run_collect(struct tkfi_run *run);

/**
 * tkfi_run_enter() - begin to execute
 * @run:	run; a scenario has been loaded
 * @flags:	for tkfi_run_leave(), whatever is returned
 *
 * Switches interrupts off, saves the kernel's own state, and sets the scenario up.
 *
 * Return: 0, or what the set-up came to, as tkfi_plan_run().
 */
int tkfi_run_enter(struct tkfi_run *run, unsigned long *flags);

/**
 * tkfi_run_leave() - restore the kernel's own state and interrupts
 * @run:	run, after tkfi_run_enter(), whatever that returned
 * @flags:	as set by tkfi_run_enter()
 */
void tkfi_run_leave(struct tkfi_run *run, unsigned long flags);

/**
 * tkfi_run_start() - restore the state in which executions begin, and add the VCPUs
 * @run:	run, after tkfi_run_enter() has returned 0
 */
void tkfi_run_start(struct tkfi_run *run);

/**
 * tkfi_run_in_order() - perform the operations one after another, on no VCPU
 * @run:	run; a scenario has been loaded
 * @times:	how many times all of them are performed, each time from the same state
 *
 * Nothing is redirected or reported: this measures what the kernel's own code costs.
 *
 * Return: as tkfi_run_enter().
 */
int tkfi_run_in_order(struct tkfi_run *run, unsigned int times);

#endif

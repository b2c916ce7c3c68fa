/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_PLAN_H
#define __TKFI_PLAN_H

#include "access.h"
#include "op.h"
#include "units.h"

/**
 * struct tkfi_fault - the host schedules a VCPU out at an injection point
 * @victim:	id of the VCPU
 * @point:	name of the injection point
 * @hit:	which time the VCPU is at the point, from 1
 * @delay:	for how long it is scheduled out
 * @other:	id of the VCPU that executes meanwhile, -1 for none
 * @nr_ops:	how many operations of @other are executed; fewer if it has to wait
 * @nmi:	a read by an NMI when the VCPU is scheduled in; without a type, there is
 *		none
 * @seen:	how many times the VCPU was at the point in this execution
 * @until:	@nr_done of the program of @other at which the VCPU is scheduled in again
 */
struct tkfi_fault {
	unsigned int victim;
	const char *point;
	unsigned int hit;
	struct tkfi_duration delay;
	int other;
	unsigned int nr_ops;
	struct tkfi_op nmi;
	unsigned int seen;
	unsigned int until;
};

#define TKFI_MAX_CPUS	4
#define TKFI_MAX_FAULTS	4
#define TKFI_PLAN_TEXT	512

/**
 * struct tkfi_plan - programs, and faults of the host; and a strategy that executes them
 * @strategy:	for tkfi_engine_run()
 * @programs:	one for each VCPU
 * @nr_programs: how many VCPUs there are, with the host
 * @has_host:	the last of them is the host
 * @faults:	the faults
 * @nr_faults:	how many
 * @active:	the faults under way; they nest, the innermost is the last
 * @nr_active:	how many
 * @inner:	strategy that chooses while no fault is under way; NULL: the VCPUs go on one
 *		after another
 * @probe:	called when a VCPU has stopped at a point, before anybody goes on; must
 *		change nothing. NULL for none
 * @access:	called before every access of a VCPU; must change nothing. NULL for none
 * @probe_arg:	for @probe and @access
 * @text:	the text of the plan, modified by the parser
 * @wrong:	place of the fault in @text, if the parser refused it
 * @absent:	it was refused only because this kernel does not have what it names
 */
struct tkfi_plan {
	struct tkfi_strategy strategy;
	struct tkfi_program programs[TKFI_MAX_VCPUS];
	unsigned int nr_programs;
	bool has_host;
	struct tkfi_fault faults[TKFI_MAX_FAULTS];
	unsigned int nr_faults;
	struct tkfi_fault *active[TKFI_MAX_FAULTS];
	unsigned int nr_active;
	struct tkfi_strategy *inner;
	void (*probe)(const struct tkfi_vcpu *vcpu, void *arg);
	tkfi_access_fn access;
	void *probe_arg;
	char text[TKFI_PLAN_TEXT];
	const char *wrong;
	bool absent;
};

/**
 * tkfi_plan_parse() - parse a plan
 * @plan:	plan
 * @err:	on error a sentence that says what is wrong and what exists; @plan->wrong
 *		is where
 * @size:	of @err; 1024 holds every list
 * @fmt:	printf format of statements separated by ";":
 *
 *   cpuN: OPERATION[, OPERATION]...
 *   nmi cpuN: OPERATION[, OPERATION]...
 *   host: TIME[, TIME]...
 *   at cpuN POINT[#HIT] off TIME [run cpuM [COUNT]] [nmi FAMILY CLOCK]
 *
 * CPUs are numbered from 0 without gaps. An NMI interrupts its CPU once, anywhere; its
 * statement comes after those of all CPUs, and a CPU has at most one NMI. The statement
 * of the host comes last: it lets time pass whenever it is chosen. While no fault is
 * under way, the VCPUs go on one after another, or as @plan->inner chooses.
 *
 * Return: 0 or -EINVAL.
 */
__printf(4, 5)
int tkfi_plan_parse(struct tkfi_plan *plan, char *err, size_t size,
		    const char *fmt, ...);

/**
 * tkfi_plan_names() - the names of the VCPUs of a plan
 * @plan:	plan, parsed
 * @names:	receives cpu0, nmi0, host and the like for each VCPU of the plan; the rest is
 *		not changed
 */
void tkfi_plan_names(const struct tkfi_plan *plan,
		     char names[TKFI_MAX_VCPUS][TKFI_VCPU_NAME]);

/**
 * tkfi_plan_start() - add a VCPU for each program of a plan to an engine
 * @plan:	plan, parsed; none of its operations is done afterwards
 * @engine:	engine; reset first
 */
void tkfi_plan_start(struct tkfi_plan *plan, struct tkfi_engine *engine);

/**
 * tkfi_plan_run() - one execution of a plan
 * @plan:	plan; its operations hold the results
 * @engine:	engine; reset first, holds the trace
 *
 * Return: as tkfi_engine_run(); -ENXIO if a fault's point was not reached as often
 * as it asks for. @engine->error says which.
 */
int tkfi_plan_run(struct tkfi_plan *plan, struct tkfi_engine *engine);

#endif

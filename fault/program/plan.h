/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_PLAN_H
#define __TKFI_PLAN_H

#include "access.h"
#include "op.h"
#include "units.h"

/**
 * struct tkfi_fault - what the host does to one VCPU
 * @victim:	the VCPU it takes off
 * @point:	where
 * @hit:	at which time it gets there, from 1
 * @delay:	for how long
 * @other:	VCPU that runs meanwhile, -1 for none
 * @nr_ops:	how many operations of @other; fewer if it blocks
 * @nmi:	what the victim reads in an NMI as soon as it is back; no type if it
 *		gets none
 * @seen:	how often the victim got there in this execution
 * @until:	@other's nr_done at which the victim is scheduled in again
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
 * struct tkfi_plan - programs, and the host's faults; a strategy
 * @strategy:	for tkfi_engine_run()
 * @programs:	one for each VCPU
 * @nr_programs: how many VCPUs; the host is one
 * @has_host:	the last of them is the host
 * @faults:	what the host does
 * @nr_faults:	how often
 * @active:	the faults in force, the latest last
 * @nr_active:	how many
 * @inner:	chooses while no fault is in force; NULL: one after another
 * @probe:	called whenever a VCPU stopped at a point, before anybody goes on; may
 *		look at everything and change nothing. NULL for none
 * @access:	called before every access of a VCPU's instrumented code; likewise
 * @probe_arg:	for @probe and @access
 * @text:	the plan as it was written, torn up by the parser
 * @wrong:	when the parser refused it, where in @text the fault is
 * @absent:	and whether that is only because this kernel does not have it
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
 * tkfi_plan_parse() - read a plan
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
 * An NMI interrupts its CPU once, anywhere; its statement comes after those of all
 * CPUs, and one CPU has one NMI. The host, whose statement comes last, lets time
 * pass, when it is its turn. CPUs are numbered from 0 without gaps. Without faults,
 * and between them, the VCPUs run one after another, or as @plan->inner says.
 *
 * Return: 0 or -EINVAL.
 */
__printf(4, 5)
int tkfi_plan_parse(struct tkfi_plan *plan, char *err, size_t size,
		    const char *fmt, ...);

/**
 * tkfi_plan_names() - what the VCPUs of a plan are called
 * @plan:	plan, parsed
 * @names:	receives cpu0, nmi0, host and the like for each VCPU of the plan; the rest is
 *		not changed
 */
void tkfi_plan_names(const struct tkfi_plan *plan,
		     char names[TKFI_MAX_VCPUS][TKFI_VCPU_NAME]);

/**
 * tkfi_plan_start() - let an engine have a plan's programs as VCPUs that have not begun
 * @plan:	plan, parsed; none of its operations has been performed afterwards
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

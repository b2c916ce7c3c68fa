/* SPDX-License-Identifier: GPL-2.0 */
/* What a search needs to know of what it explores. */
#ifndef __TKFI_TARGET_H
#define __TKFI_TARGET_H

#include "engine.h"
#include "finding.h"
#include "happens_before.h"

/* The most operations of a VCPU. */
#define TKFI_MAX_BOUNDARIES	8

/**
 * struct tkfi_boundaries - where operations begin
 * @nr_vcpus:	how many VCPUs there are
 * @host:	the one that only lets time pass; TKFI_MAX_VCPUS for none
 * @nr:		how many operations each has
 * @from:	how many steps of the VCPU are before each
 */
struct tkfi_boundaries {
	unsigned int nr_vcpus;
	unsigned int host;
	unsigned int nr[TKFI_MAX_VCPUS];
	unsigned int from[TKFI_MAX_VCPUS][TKFI_MAX_BOUNDARIES];
};

/**
 * struct tkfi_target - what is explored
 * @arg:	for all functions
 * @engine:	its engine
 * @enter:	begin to execute: interrupts are off from here on, what was there before is
 *		saved. Returns 0 or an error, with the sentence in the engine's; @leave is
 *		called in either case
 * @leave:	the opposite
 * @collect:	forget what was learnt of cells, and what snapshots hold
 * @start:	put everything where executions begin, and add the VCPUs; @arg is this
 *		target's. Returns 0
 * @judge:	look at an execution with what tkfi_engine_run() returned, and the order of
 *		its steps, or room for it; call @report for each finding
 * @boundaries:	where operations began in the last execution
 * @names:	what the VCPUs are called; returns how many there are
 * @text:	what it is, in words: two targets with one text are the same. Valid as long
 *		as the target
 * @own:	memory that the target's own code writes without hooks
 * @own_size:	its size in bytes
 */
struct tkfi_target {
	void *arg;
	struct tkfi_engine *engine;
	int (*enter)(void *arg, unsigned long *flags);
	void (*leave)(void *arg, unsigned long flags);
	void (*collect)(void *arg);
	int (*start)(void *arg);
	void (*judge)(void *arg, int ret, struct tkfi_happens_before *hb,
		      tkfi_finding_fn report, void *report_arg);
	void (*boundaries)(void *arg, struct tkfi_boundaries *boundaries);
	unsigned int (*names)(void *arg, char names[TKFI_MAX_VCPUS][TKFI_VCPU_NAME]);
	const char *text;
	const void *own;
	size_t own_size;
};

#endif

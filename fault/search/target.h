/* SPDX-License-Identifier: GPL-2.0 */
/* What an explorer needs to know of what it explores. */
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
 * @host:	id of the host, TKFI_MAX_VCPUS for none
 * @nr:		how many operations each has
 * @from:	for each operation, how many events of the VCPU are before it
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
 * @enter:	switch interrupts off, save the kernel's state, and prepare to execute.
 *		Returns 0 or an error, with a sentence in @engine->error; @leave is called
 *		in either case
 * @leave:	undo @enter
 * @collect:	list the cells, and what snapshots hold; what is known of cells is forgotten
 * @start:	restore the state in which executions begin, and add the VCPUs. Returns 0
 * @judge:	judge an execution: calls @report for each finding. Is given what
 *		tkfi_engine_run() returned, and happens-before of its events; with @hb->nr
 *		0 that is not known, and can be filled in
 * @outcome:	a hash of all that the last execution lets anybody observe, not 0. Is given what
 *		tkfi_engine_run() returned. The state, the engine's log and its trace stay
 * @boundaries:	tell where operations began in the last execution
 * @names:	tell the names of the VCPUs; returns how many there are
 * @text:	identifies the target: a saved state belongs to targets with the same text.
 *		Valid as long as the target
 * @own:	memory that tkfi itself writes without hooks
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
	u64 (*outcome)(void *arg, int ret);
	void (*boundaries)(void *arg, struct tkfi_boundaries *boundaries);
	unsigned int (*names)(void *arg, char names[TKFI_MAX_VCPUS][TKFI_VCPU_NAME]);
	const char *text;
	const void *own;
	size_t own_size;
};

#endif

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_SESSION_H
#define __TKFI_SESSION_H

#include <linux/bits.h>
#include <linux/timekeeper_internal.h>

#include "glue.h"
#include "plan.h"
#include "state.h"
#include "stopwatch.h"

/*
 * The clocks at the begin of every execution; the wall clock is 2013-02-21 00:00 UTC, in
 * s.
 */
#define TKFI_START_CYCLES	BIT_ULL(32)
#define TKFI_START_MONO		100
#define TKFI_START_WALL		1361404800

/**
 * struct tkfi_outcome - what one execution did to the clock
 * @ret:	what tkfi_plan_run() returned
 * @start:	the clock when the plan began, cycles
 * @before:	the kernel's timekeeper then
 * @after:	the kernel's timekeeper when the plan had ended
 * @end:	the clock when it had ended, cycles
 * @line_before: the vDSO's line then
 * @line_after:	the vDSO's line when the plan had ended
 * @sequence:	the kernel readers' sequence when the plan began
 * @sequence_after: the same when it had ended
 * @vdso_sequence_after: the vDSO readers' sequence then
 * @ntp_after:	hash of NTP's state then
 * @ticks:	ticks counted in jiffies since the start, set-up included
 * @mirrored:	shadow and real timekeeper were equal then, byte for byte
 */
struct tkfi_outcome {
	int ret;
	u64 start;
	struct timekeeper before;
	struct timekeeper after;
	u64 end;
	struct tkfi_line line_before;
	struct tkfi_line line_after;
	unsigned int sequence;
	unsigned int sequence_after;
	unsigned int vdso_sequence_after;
	u64 ntp_after;
	u64 ticks;
	bool mirrored;
};

/**
 * struct tkfi_session - executions of plans that all begin in the same state
 * @engine:	engine; its trace is that of the last execution
 * @own:	the kernel's own state while an execution runs
 * @setup:	for the set-up's operations
 * @installed:	the virtual clocksource is this session's
 * @aux:	@outcome is to be that of the auxiliary clock
 * @outcome:	of the last execution
 * @events:	trace entries of all executions so far
 * @hash:	hash of all their traces
 */
struct tkfi_session {
	struct tkfi_engine *engine;
	struct tkfi_state own;
	struct tkfi_plan *setup;
	bool installed;
	bool aux;
	struct tkfi_outcome outcome;
	u64 events;
	u64 hash;
};

/**
 * tkfi_session_open() - allocate an engine, and install the virtual clocksource
 * @session:	session
 * @hz:		frequency of the virtual clocksource, TKFI_MIN_HZ ... TKFI_MAX_HZ
 *
 * Sleeps. Close with tkfi_session_close().
 *
 * Return: 0, -ENOMEM, or as tkfi_clock_install().
 */
int tkfi_session_open(struct tkfi_session *session, u32 hz);

/**
 * tkfi_session_close() - give the kernel its clocksource back, free everything
 * @session:	session, opened or not
 */
void tkfi_session_close(struct tkfi_session *session);

/**
 * tkfi_session_run() - one execution from the common start
 * @session:	session; @session->outcome is filled
 * @setup:	operations of one VCPU that nobody preempts, NULL for none
 * @plan:	plan, parsed; its operations hold the results
 *
 * Interrupts are off from saving the kernel's own state until it is back.
 *
 * Return: 0, -EINVAL for a bad @setup, or as tkfi_plan_run(). session->engine->error
 * has the sentence.
 */
int tkfi_session_run(struct tkfi_session *session, const char *setup,
		     struct tkfi_plan *plan);

/**
 * tkfi_timekeeping_start() - set the state in which every execution begins
 *
 * Everything is as at boot, and the same at every boot; the clock is at TKFI_START_CYCLES.
 * Interrupts must be off.
 */
void tkfi_timekeeping_start(void);

/**
 * tkfi_timekeeping_state() - list the objects that executions change
 * @add:	called for each object of timekeeping, NTP, vDSO and jiffies, and for the clock
 */
void tkfi_timekeeping_state(tkfi_region_fn add);

/**
 * tkfi_ntp_hash() - one number for what NTP remembers
 *
 * Return: XXH64 over the objects that tkfi_ntp_regions() lists.
 */
u64 tkfi_ntp_hash(void);

/**
 * tkfi_session_timekeepers() - the timekeeper that a session is about
 * @session:	session; its @aux is set only where the kernel has auxiliary clocks
 *
 * Return: that of the auxiliary clock, or the core timekeeper.
 */
struct tkfi_timekeepers tkfi_session_timekeepers(const struct tkfi_session *session);

/**
 * tkfi_session_run_body() - one VCPU with a body of its own, from the start
 * @session:	session; @session->outcome is not filled, the trace not accounted
 * @body:	what the VCPU runs
 * @arg:	for @body
 * @strategy:	the host
 *
 * Return: as tkfi_engine_run().
 */
int tkfi_session_run_body(struct tkfi_session *session,
			  void (*body)(struct tkfi_vcpu *, void *), void *arg,
			  struct tkfi_strategy *strategy);

/**
 * tkfi_session_repeat() - perform an operation many times, on no VCPU
 * @session:	session; @session->outcome is not filled
 * @setup:	operations of one VCPU that nobody preempts; must not be NULL
 * @plan:	plan, parsed; its first operation is performed
 * @nr:		how often, each time from the same state
 * @watch:	stopwatch that runs during the operation, from 0 each time
 * @done:	called after each time
 * @arg:	for @done
 *
 * Nothing is redirected, recorded or preempted. Functions outside the subject are called,
 * as when a leap second queues the kernel's hrtimer work; but nothing is printed.
 *
 * Return: 0, -ENOMEM, or as tkfi_session_run().
 */
int tkfi_session_repeat(struct tkfi_session *session, const char *setup,
			struct tkfi_plan *plan, unsigned int nr,
			struct tkfi_stopwatch *watch, void (*done)(void *arg),
			void *arg);

#endif

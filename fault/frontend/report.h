/* SPDX-License-Identifier: GPL-2.0 */
/* Reports of explorations and violations as JSON lines: see result.h. */
#ifndef __TKFI_REPORT_H
#define __TKFI_REPORT_H

#include "explorer.h"

/**
 * tkfi_report_progress() - report the progress of an exploration, and what it found
 * @x:		explorer, during an exploration
 *
 * For @progress of the explorer.
 */
void tkfi_report_progress(struct tkfi_explorer *x);

/**
 * tkfi_report_explored() - report that an exploration is over
 * @x:		explorer
 * @ns:		how long it took, nanoseconds of the host's time
 */
void tkfi_report_explored(const struct tkfi_explorer *x, u64 ns);

/**
 * tkfi_report_outcomes() - report the outcomes of an exploration, if they were asked for
 * @x:		explorer
 *
 * In as many lines of type "outcomes" as are needed: @hashes has 16 digits for each, in no
 * order. To be called before tkfi_report_explored().
 */
void tkfi_report_outcomes(const struct tkfi_explorer *x);

/**
 * tkfi_report_executed() - report what an exploration covered, if that was asked for
 * @x:		explorer
 *
 * In as many lines of type "executed" as are needed: @ips has 8 digits for each instruction
 * that @covered of the explorer has, in no order: its address. To be called before
 * tkfi_report_explored().
 */
void tkfi_report_executed(const struct tkfi_explorer *x);

/**
 * tkfi_report_violation() - report a violation
 * @x:		explorer; its scenario is the violation's
 * @number:	of the violation, from 0
 * @v:		violation
 * @searched:	how many executions were searched for one that costs less
 */
void tkfi_report_violation(const struct tkfi_explorer *x, unsigned int number,
			   const struct tkfi_violation *v, u64 searched);

/**
 * tkfi_report_malformed() - report that a scenario or schedule is malformed
 * @x:		explorer; @x->wrong is where the fault is
 * @what:	scenario, schedule, or kernel, which the schedule does not fit
 * @err:	why
 */
void tkfi_report_malformed(const struct tkfi_explorer *x, const char *what,
			   const char *err);

/**
 * tkfi_report_problem() - report a problem that is no finding of an oracle
 * @scenario:	name of the scenario whose exploration it is
 * @text:	a sentence
 */
void tkfi_report_problem(const char *scenario, const char *text);

/**
 * tkfi_report_order() - say which order matters, for users without the runner
 * @x:		explorer; its scenario is the explanation's
 * @why:	explanation of a violation
 *
 * Return: the end of a sentence, "" if no order is known; valid until the next call.
 */
const char *tkfi_report_order(const struct tkfi_explorer *x,
			      const struct tkfi_explanation *why);

#endif

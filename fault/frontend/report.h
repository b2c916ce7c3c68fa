/* SPDX-License-Identifier: GPL-2.0 */
/* What an exploration does and finds, as JSON lines: see result.h. */
#ifndef __TKFI_REPORT_H
#define __TKFI_REPORT_H

#include "explorer.h"

/* How far it is, and what is new since this was said last; for @x->progress. */
void tkfi_report_progress(struct tkfi_explorer *x);

/* It is over, after @ns of the host's time. */
void tkfi_report_explored(const struct tkfi_explorer *x, u64 ns);

/**
 * tkfi_report_violation() - what was found
 * @x:		explorer; its scenario is the violation's
 * @number:	of the violation, from 0
 * @v:		violation
 * @searched:	executions among which there was no plainer one
 */
void tkfi_report_violation(const struct tkfi_explorer *x, unsigned int number,
			   const struct tkfi_violation *v, u64 searched);

/**
 * tkfi_report_malformed() - what somebody wrote cannot be explored, or replayed
 * @x:		explorer; @x->wrong is where the fault is
 * @what:	scenario, schedule, or kernel, which the schedule does not fit
 * @err:	why
 */
void tkfi_report_malformed(const struct tkfi_explorer *x, const char *what,
			   const char *err);

/* What is wrong with a scenario's exploration besides what the oracles found. */
void tkfi_report_problem(const char *scenario, const char *text);

/* The order that matters, as a sentence for whoever has no runner; "" if none is known. */
const char *tkfi_report_order(const struct tkfi_explorer *x,
			      const struct tkfi_explanation *why);

#endif

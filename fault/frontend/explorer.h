/* SPDX-License-Identifier: GPL-2.0 */
/* An explorer of the subject's scenarios. */
#ifndef __TKFI_EXPLORER_H
#define __TKFI_EXPLORER_H

#include "explore.h"
#include "run.h"

/* Open the subject; sleeps. Return: NULL if that fails. */
struct tkfi_explorer *tkfi_explorer_open(void);
void tkfi_explorer_close(struct tkfi_explorer *x);

/* What it executes. */
static inline struct tkfi_run *tkfi_run_of(const struct tkfi_explorer *x)
{
	return x->target.arg;
}

/**
 * tkfi_explorer_load() - choose a scenario
 * @x:		explorer
 * @scenario:	scenario
 * @err:	a sentence that says what is wrong; @x->wrong is where
 * @size:	of @err
 *
 * Return: 0 or -EINVAL.
 */
int tkfi_explorer_load(struct tkfi_explorer *x,
		       const struct tkfi_scenario *scenario, char *err,
		       size_t size);

/* Does this kernel lack what a scenario names? */
bool tkfi_explorer_lacks(struct tkfi_explorer *x, const struct tkfi_scenario *scenario);

#endif

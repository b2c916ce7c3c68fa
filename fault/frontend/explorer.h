/* SPDX-License-Identifier: GPL-2.0 */
/* An explorer of the subject's scenarios. */
#ifndef __TKFI_EXPLORER_H
#define __TKFI_EXPLORER_H

#include "explore.h"
#include "run.h"

/**
 * tkfi_explorer_open() - open the subject, and an explorer of its scenarios
 *
 * Sleeps. Close with tkfi_explorer_close().
 *
 * Return: the explorer, no scenario loaded; NULL when out of memory, or if the subject
 * cannot be opened.
 */
struct tkfi_explorer *tkfi_explorer_open(void);

/**
 * tkfi_explorer_close() - close an explorer, and the subject
 * @x:		as returned by tkfi_explorer_open(), or NULL
 */
void tkfi_explorer_close(struct tkfi_explorer *x);

/**
 * tkfi_run_of() - the run of an explorer
 * @x:		as returned by tkfi_explorer_open()
 *
 * Return: its run.
 */
static inline struct tkfi_run *tkfi_run_of(const struct tkfi_explorer *x)
{
	return x->target.arg;
}

/**
 * tkfi_explorer_load() - load a scenario
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

/**
 * tkfi_explorer_lacks() - does this kernel lack what a scenario names?
 * @x:		explorer; loads the scenario, to find out
 * @scenario:	scenario
 *
 * Return: whether it does; false also for a scenario that is refused for another reason.
 */
bool tkfi_explorer_lacks(struct tkfi_explorer *x, const struct tkfi_scenario *scenario);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* Scenarios that somebody wrote: is there anything in them to explore? */
#ifndef __TKFI_GIVEN_H
#define __TKFI_GIVEN_H

#include "explorer.h"

/**
 * tkfi_given_load() - choose a scenario in which operations may fail
 * @x:		explorer
 * @scenario:	scenario
 * @err:	a sentence that says what is wrong; @x->wrong is where
 * @size:	of @err
 *
 * One whose operation fails whatever the others do explores nothing. That is seen in a
 * few executions by chance.
 *
 * Return: 0 or -EINVAL.
 */
int tkfi_given_load(struct tkfi_explorer *x, const struct tkfi_scenario *scenario,
		    char *err, size_t size);

#endif

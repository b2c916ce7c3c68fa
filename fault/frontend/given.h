/* SPDX-License-Identifier: GPL-2.0 */
/* Loading scenarios that somebody wrote, whose operations may fail. */
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
 * A scenario is refused if one of its operations fails in all of a few random executions:
 * it would explore nothing.
 *
 * Return: 0 or -EINVAL.
 */
int tkfi_given_load(struct tkfi_explorer *x, const struct tkfi_scenario *scenario,
		    char *err, size_t size);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the suite tkfi_series share. */
#ifndef __TKFI_SERIES_H
#define __TKFI_SERIES_H

#include "session.h"

struct kunit;

/**
 * series_run() - one execution, with expectations that it goes well
 * @test:	test
 * @session:	open session
 * @plan:	plan to parse into
 * @setup:	operations before, NULL for none
 * @fmt:	the plan
 *
 * Return: 0, or an error that @test has seen.
 */
__printf(5, 6)
int series_run(struct kunit *test, struct tkfi_session *session,
	       struct tkfi_plan *plan, const char *setup, const char *fmt, ...);

/* The table "what each build must show", as results and expectations. */
void series_shows(struct kunit *test, struct tkfi_session *session,
		  struct tkfi_plan *plan);

#endif

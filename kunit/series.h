/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the suite tkfi_series share. */
#ifndef __TKFI_SERIES_H
#define __TKFI_SERIES_H

struct kunit;

/**
 * series_run() - as looks_run(), and expect that the first operation succeeds
 * @test:	test
 * @setup:	operations before, NULL for none
 * @fmt:	printf format of a plan
 *
 * Return: 0, or an error that @test has seen.
 */
__printf(3, 4)
int series_run(struct kunit *test, const char *setup, const char *fmt, ...);

/**
 * series_shows() - the table "what each build must show", as results and expectations
 * @test:	test
 */
void series_shows(struct kunit *test);

#endif

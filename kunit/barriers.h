/* SPDX-License-Identifier: GPL-2.0 */
/* Whether barriers order what an operation does, by the rules of a weaker machine. */
#ifndef __TKFI_BARRIERS_H
#define __TKFI_BARRIERS_H

struct kunit;

/**
 * expect_ordered() - execute an operation, and expect that no barrier is missing
 * @test:	test
 * @setup:	operations before
 * @op:		operation
 * @least:	how many barriers it has at least
 */
void expect_ordered(struct kunit *test, const char *setup, const char *op,
		    unsigned int least);

#endif

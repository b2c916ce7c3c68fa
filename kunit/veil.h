/* SPDX-License-Identifier: GPL-2.0 */
/*
 * To see what is read without a hook that says so. Every byte of the state is veiled, but
 * at the hooks that report it: whoever reads it without one does not see what it is, and
 * something comes out differently.
 */
#ifndef __TKFI_VEIL_H
#define __TKFI_VEIL_H

#include "harness.h"

/**
 * enum unseen_kind - what came out differently
 * @ALL_READS_SEEN:	nothing
 * @TOO_MANY_ACCESSES:	there were more than there is room for
 * @OTHER_ACCESS:	what was accessed, or where, or how often
 * @OTHER_RESULT:	what an operation returned
 * @OTHER_STATE:	what was written
 */
enum unseen_kind {
	ALL_READS_SEEN,
	TOO_MANY_ACCESSES,
	OTHER_ACCESS,
	OTHER_RESULT,
	OTHER_STATE,
};

/**
 * struct unseen_read - what was read without a hook
 * @kind:	by what it is known
 * @ip:		of OTHER_ACCESS: where in the kernel the access should have been
 * @text:	for messages
 */
struct unseen_read {
	enum unseen_kind kind;
	unsigned long ip;
	char text[192];
};

/* What was found last. */
extern struct unseen_read unseen;

/**
 * veil_open() - open an explorer, with room for a watch; a suite's suite_init
 * @suite:	not used
 *
 * Return: 0 or -ENOMEM.
 */
int veil_open(struct kunit_suite *suite);

/**
 * veil_close() - close the explorer; a suite's suite_exit
 * @suite:	not used
 */
void veil_close(struct kunit_suite *suite);

/**
 * watch_reads() - look for reads of an operation that no hook reports, into unseen
 * @test:	test
 * @setup:	operations before
 * @op:		operation
 * @run:	what it does instead of what it says, NULL for that
 *
 * Return: 0, or an error.
 */
int watch_reads(struct kunit *test, const char *setup, const char *op,
		s64 (*run)(struct tkfi_op *));

/**
 * watch_sampled_reads() - the same of executions by chance of the scenario loaded last
 * @test:	test
 *
 * Return: 0, or an error.
 */
int watch_sampled_reads(struct kunit *test);

/**
 * load_with() - load a scenario, and let one operation do something else
 * @test:	test
 * @text:	scenario
 * @run:	what the last CPU's first operation does instead of what it says
 *
 * Return: 0, or an error that @test has seen.
 */
int load_with(struct kunit *test, const char *text, s64 (*run)(struct tkfi_op *));

/**
 * explore_with() - explore a read and a tick, the tick doing something else
 * @test:	test
 * @run:	what it does
 *
 * Return: as tkfi_explore(), or an error that @test has seen.
 */
int explore_with(struct kunit *test, s64 (*run)(struct tkfi_op *));

#endif

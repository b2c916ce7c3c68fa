/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which instructions of instrumented code were executed: those that access memory, the
 * barriers and the injection points. Code between them has no hook, and is not known of.
 */
#ifndef __TKFI_COVERED_H
#define __TKFI_COVERED_H

#include <linux/types.h>

#define TKFI_COVERED_BITS	14

/* The most instructions that are known: three quarters of the table. */
#define TKFI_MAX_COVERED	((1U << TKFI_COVERED_BITS) / 4 * 3)

/**
 * struct tkfi_covered - a set of instructions
 * @nr:		how many it has
 * @is_full:	there were more than TKFI_MAX_COVERED: some are missing
 * @executions:	how many executions were watched for them
 * @ips:	a hash table of them, 0 for a free place: the address of the instruction after
 *		each one's hook
 */
struct tkfi_covered {
	unsigned int nr;
	bool is_full;
	u64 executions;
	u64 ips[1U << TKFI_COVERED_BITS];
};

/**
 * tkfi_covered_forget() - make it the empty set
 * @covered:	set
 */
void tkfi_covered_forget(struct tkfi_covered *covered);

/**
 * tkfi_covered_add() - an instruction is executed
 * @covered:	set; sets @is_full if there is no more room
 * @ip:		address of the instruction after its hook, not 0
 */
void tkfi_covered_add(struct tkfi_covered *covered, unsigned long ip);

#endif

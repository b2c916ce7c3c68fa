/* SPDX-License-Identifier: GPL-2.0 */
/* Assignments of aggregates, in a file that is instrumented. */
#ifndef __TKFI_BLOCKS_H
#define __TKFI_BLOCKS_H

#include <linux/types.h>

/**
 * struct block - an aggregate that the compiler copies by a call
 * @words:	its words
 */
struct block {
	u64 words[24];
};

/**
 * struct small_block - an aggregate that the compiler copies without a call
 * @words:	its words
 */
struct small_block {
	u64 words[4];
};

/**
 * block_assign() - assign an aggregate
 * @to:		where to
 * @from:	where from
 */
void block_assign(struct block *to, const struct block *from);

/**
 * block_clear() - assign an aggregate of zeroes
 * @to:		where to
 */
void block_clear(struct block *to);

/**
 * block_sum() - copy an aggregate into a local variable, and use it
 * @from:	aggregate
 * @nr:		how many of its words to add
 *
 * Return: sum of its first words.
 */
u64 block_sum(const struct block *from, unsigned int nr);

/**
 * block_assign_small() - assign a small aggregate
 * @to:		where to
 * @from:	where from
 */
void block_assign_small(struct small_block *to, const struct small_block *from);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copies of aggregates. Where the source has an assignment, as *real_tk = *tk, and the
 * aggregate is big, the compiler itself calls memcpy() or memset(): no macro redirects
 * that. Included before all else where accesses are reported: see access.mk.
 */
#ifndef __TKFI_BLOCK_H
#define __TKFI_BLOCK_H

#include <linux/types.h>

/**
 * tkfi_block_copy() - what the compiler calls in place of memcpy()
 * @to:		where to
 * @from:	where from
 * @size:	in bytes
 *
 * As tkfi_memcpy(). The compiler has said before what it is going to copy.
 *
 * Return: @to.
 */
void *tkfi_block_copy(void *to, const void *from, size_t size);

/**
 * tkfi_block_set() - what the compiler calls in place of memset()
 * @to:		where to
 * @byte:	value of each byte
 * @size:	bytes
 *
 * As tkfi_memset(). The compiler has said before what it is going to set.
 *
 * Return: @to.
 */
void *tkfi_block_set(void *to, int byte, size_t size);

#ifdef TKFI_REDIRECT_BLOCKS
/* For the assembler these are other names of the functions above. */
asm(".set memcpy, tkfi_block_copy; .set memset, tkfi_block_set");
#endif

#endif

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_HASH_TABLE_H
#define __TKFI_HASH_TABLE_H

#include <linux/hash.h>
#include <linux/types.h>

/**
 * tkfi_hash_place() - where a key is in a hash table, or would be
 * @keys:	the table, of 1 << @bits places; 0 is a free one. At least one must be free
 * @bits:	its size
 * @key:	key, not 0
 *
 * Open addressing with linear probing (Knuth, The Art of Computer Programming 3, 6.4).
 *
 * Return: the key's place, which is free if the table does not have the key.
 */
static inline u64 *tkfi_hash_place(u64 *keys, unsigned int bits, u64 key)
{
	unsigned int at = hash_64(key, bits);

	while (keys[at] && keys[at] != key)
		at = (at + 1) & ((1U << bits) - 1);
	return &keys[at];
}

#endif

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_STATE_H
#define __TKFI_STATE_H

#include <linux/types.h>

/**
 * typedef tkfi_region_fn - takes one object that executions change
 * @name:	its name in the source
 * @addr:	its address
 * @size:	its size in bytes
 */
typedef void (*tkfi_region_fn)(const char *name, void *addr, size_t size);

/**
 * typedef tkfi_sequence_fn - takes one sequence word
 * @word:	its address
 * @latch:	readers never wait: they read the copy that is not being written
 */
typedef void (*tkfi_sequence_fn)(const unsigned int *word, bool latch);

/* Hands all of them to @add, always in the same order. */
typedef void (*tkfi_regions_fn)(tkfi_region_fn add);

/* Whose objects belong to the state, from the next tkfi_state_alloc() on. */
void tkfi_state_use(tkfi_regions_fn regions);

/**
 * struct tkfi_state - a copy of everything that executions change
 * @bytes:	the objects, one after another
 */
struct tkfi_state {
	u8 *bytes;
};

/* -ENOMEM; free with tkfi_state_free(). */
int tkfi_state_alloc(struct tkfi_state *state);
void tkfi_state_free(struct tkfi_state *state);

/* Interrupts must be off from what is saved or restored to its next use. */
void tkfi_state_save(struct tkfi_state *state);
void tkfi_state_restore(const struct tkfi_state *state);

/**
 * tkfi_state_differs() - compare the live state with a copy
 * @state:	copy
 * @name:	set to the name of the first object that differs
 * @offset:	set to the first byte in it that differs
 *
 * Return: that byte in the live state, NULL if none differs.
 */
const u8 *tkfi_state_differs(const struct tkfi_state *state, const char **name,
			     size_t *offset);

/* Where a copy has the byte at @addr; NULL if that belongs to no object. */
u8 *tkfi_state_copy_of(const struct tkfi_state *state, const void *addr);

/* Copy the live bytes at @addr, if they are in one object, once more. */
void tkfi_state_refresh(struct tkfi_state *state, const void *addr,
			size_t size);

/* Every object that belongs to the state. */
void tkfi_state_each(tkfi_region_fn fn);

/* Whether an address belongs to the state. */
bool tkfi_state_covers(const void *addr);

#endif

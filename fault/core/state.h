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
 * @latch:	it is a latch: readers never wait, as they read the copy that is not written
 */
typedef void (*tkfi_sequence_fn)(const unsigned int *word, bool latch);

/**
 * typedef tkfi_regions_fn - lists the objects that executions change
 * @add:	to be called for each of them, always in the same order
 */
typedef void (*tkfi_regions_fn)(tkfi_region_fn add);

/**
 * tkfi_state_use() - say whose objects belong to the state
 * @regions:	lists them; called by every tkfi_state_alloc() from now on
 */
void tkfi_state_use(tkfi_regions_fn regions);

/* What tkfi_state_changes() compares in one go, in bytes. */
#define TKFI_STATE_BLOCK	32

/**
 * struct tkfi_state - a copy of everything that executions change
 * @bytes:	the objects, one after another
 */
struct tkfi_state {
	u8 *bytes;
};

/**
 * tkfi_state_alloc() - list the objects of the state again, and allocate a copy of them
 * @state:	copy; its bytes are not set yet
 *
 * The objects are listed each time, as they move in early boot: copies that were allocated
 * before are of use only if the list is the same. Free with tkfi_state_free().
 *
 * Return: 0 or -ENOMEM.
 */
int tkfi_state_alloc(struct tkfi_state *state);

/**
 * tkfi_state_free() - free a copy
 * @state:	copy
 */
void tkfi_state_free(struct tkfi_state *state);

/**
 * tkfi_state_save() - copy the live state
 * @state:	copy, overwritten
 *
 * Interrupts must be off from here to the next use of the copy.
 */
void tkfi_state_save(struct tkfi_state *state);

/**
 * tkfi_state_restore() - make the live state what it was
 * @state:	copy, saved before
 *
 * Interrupts must be off from here to the next use of the live state.
 */
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

/**
 * tkfi_state_changes() - one number for what differs between the live state and a copy
 * @state:	copy
 *
 * Return: XXH64 over the blocks of TKFI_STATE_BLOCK bytes that differ, as they are in the live
 * state, and where they are. Equal numbers of one copy stand for equal states.
 */
u64 tkfi_state_changes(const struct tkfi_state *state);

/**
 * tkfi_state_hash() - one number for a copy
 * @state:	copy
 *
 * Return: XXH64 over all of it.
 */
u64 tkfi_state_hash(const struct tkfi_state *state);

/**
 * tkfi_state_copy_of() - where a copy has a byte of the live state
 * @state:	copy
 * @addr:	address of the live byte
 *
 * Return: the byte in the copy, NULL if @addr belongs to no object.
 */
u8 *tkfi_state_copy_of(const struct tkfi_state *state, const void *addr);

/**
 * tkfi_state_refresh() - copy some live bytes once more
 * @state:	copy
 * @addr:	first byte; nothing is copied if it belongs to no object
 * @size:	bytes; all in the object that @addr is in
 */
void tkfi_state_refresh(struct tkfi_state *state, const void *addr,
			size_t size);

/**
 * tkfi_state_each() - call a function for every object that belongs to the state
 * @fn:		function; called in the order of the list
 */
void tkfi_state_each(tkfi_region_fn fn);

/**
 * tkfi_state_covers() - does an address belong to the state?
 * @addr:	address
 *
 * Return: whether it lies in one of its objects.
 */
bool tkfi_state_covers(const void *addr);

#endif

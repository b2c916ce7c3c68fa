/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of a search, saved to be resumed from: bytes, in the order in which they were
 * saved.
 */
#ifndef __TKFI_SAVED_H
#define __TKFI_SAVED_H

#include <linux/types.h>

/* The most bytes of a state. */
#define TKFI_SAVED_SIZE	(32 << 20)

/**
 * struct tkfi_saved - a state that is saved or loaded
 * @write:	writes @bytes to where they outlive the kernel; returns 0 or an error.
 *		NULL if the state stays in memory
 * @read:	fills @bytes and @size with what was written last; returns 0, or -ENOENT if
 *		there is nothing
 * @number:	how many times a state was written
 * @loading:	tkfi_saved_move() copies from @bytes; else it copies to them
 * @failed:	there were too few bytes to load, or too many to save
 * @at:		number of bytes that have been moved
 * @size:	number of bytes of the state that was written or read last
 * @bytes:	the state; room for TKFI_SAVED_SIZE bytes
 */
struct tkfi_saved {
	int (*write)(struct tkfi_saved *saved);
	int (*read)(struct tkfi_saved *saved);
	u64 number;
	bool loading;
	bool failed;
	size_t at;
	size_t size;
	u8 *bytes;
};

/**
 * tkfi_saved_create() - allocate room for a state, in memory
 *
 * For a state that outlives the kernel, set @write and @read. Free with
 * tkfi_saved_destroy().
 *
 * Return: the room, NULL when out of memory.
 */
struct tkfi_saved *tkfi_saved_create(void);

/**
 * tkfi_saved_destroy() - free a state
 * @saved:	state, or NULL
 */
void tkfi_saved_destroy(struct tkfi_saved *saved);

/**
 * tkfi_saved_move() - save or load some memory
 * @saved:	state; whether it is saved or loaded is in @saved->loading
 * @what:	memory that is saved from, or loaded to
 * @size:	bytes
 *
 * A failure, for want of room or of saved bytes, is remembered in @saved->failed: nothing more
 * is moved then.
 */
void tkfi_saved_move(struct tkfi_saved *saved, void *what, size_t size);

/**
 * tkfi_saved_begin() - the state that is moved next is to be saved
 * @saved:	state
 */
void tkfi_saved_begin(struct tkfi_saved *saved);

/**
 * tkfi_saved_write() - write the state that was saved
 * @saved:	state
 *
 * Return: 0; -E2BIG if it was too much; or as @saved->write. A state that was written to a
 * file before is still there then; one that was in memory is lost.
 */
int tkfi_saved_write(struct tkfi_saved *saved);

/**
 * tkfi_saved_read() - read the state that was written last
 * @saved:	state; to be loaded by tkfi_saved_move() in the order it was saved
 *
 * Return: 0, or -ENOENT if there is none.
 */
int tkfi_saved_read(struct tkfi_saved *saved);

#endif

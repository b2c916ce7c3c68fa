/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a long exploration would not like to lose: its state, in files of the host. Two
 * files take turns, FILE.0 and FILE.1, each with a number and a checksum: whatever
 * happens while one is written, the other is whole.
 */
#ifndef __TKFI_KEEP_H
#define __TKFI_KEEP_H

#include <linux/types.h>

#define TKFI_KEEP_SIZE	(32 << 20)
#define TKFI_KEEP_FILE	256

/**
 * struct tkfi_keep - a state on its way to or from a file
 * @file:	name of the files, without .0 and .1; "" to stay in memory
 * @number:	of the state written last
 * @loading:	tkfi_keep_move() fills memory from @bytes, else it adds to them
 * @failed:	there were too few bytes, or too many
 * @at:		how many have been moved
 * @size:	how many the state has that was written, or read, last
 * @bytes:	the state; TKFI_KEEP_SIZE of them
 */
struct tkfi_keep {
	char file[TKFI_KEEP_FILE];
	u64 number;
	bool loading;
	bool failed;
	size_t at;
	size_t size;
	u8 *bytes;
};

/* Return: NULL when out of memory or @file is too long. */
struct tkfi_keep *tkfi_keep_create(const char *file);
void tkfi_keep_destroy(struct tkfi_keep *keep);

/* Another state, in other files. Return: 0, or -E2BIG if @file is too long. */
int tkfi_keep_rename(struct tkfi_keep *keep, const char *file);

/* Save or load @size bytes at @what. A failure shows at the end. */
void tkfi_keep_move(struct tkfi_keep *keep, void *what, size_t size);

/* The state that is moved next is to be saved. */
void tkfi_keep_begin(struct tkfi_keep *keep);

/**
 * tkfi_keep_write() - write the state that was saved
 * @keep:	state
 *
 * Return: 0; -E2BIG if it was too much; or the host's error. The state that was
 * written before is still there then.
 */
int tkfi_keep_write(struct tkfi_keep *keep);

/**
 * tkfi_keep_read() - read the newest state that is whole
 * @keep:	state; to be loaded by tkfi_keep_move() in the order it was saved
 *
 * Return: 0, or -ENOENT if there is none.
 */
int tkfi_keep_read(struct tkfi_keep *keep);

/* There is nothing to go on with any more: both files become empty. */
void tkfi_keep_clear(struct tkfi_keep *keep);

#endif

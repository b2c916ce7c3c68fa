/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of a long exploration, in files of the host. There are two, FILE.0 and FILE.1,
 * with a number and a checksum each, written in turns: if writing one of them is
 * interrupted, the other one is intact.
 */
#ifndef __TKFI_SAVED_FILE_H
#define __TKFI_SAVED_FILE_H

#include "saved.h"

/* The longest name of a file, with its end. */
#define TKFI_SAVED_FILE	256

/**
 * tkfi_saved_file_create() - a state in files
 * @file:	name of the files, without .0 and .1; "" to stay in memory
 *
 * Return: NULL when out of memory or @file is too long.
 */
struct tkfi_saved *tkfi_saved_file_create(const char *file);

/**
 * tkfi_saved_file_destroy() - free a state; its files stay
 * @saved:	as returned by tkfi_saved_file_create(), or NULL
 */
void tkfi_saved_file_destroy(struct tkfi_saved *saved);

/**
 * tkfi_saved_file_rename() - another state, in other files
 * @saved:	state; what was in memory is forgotten, the old files stay
 * @file:	name of the files, without .0 and .1; "" to stay in memory
 *
 * Return: 0, or -E2BIG if @file is too long.
 */
int tkfi_saved_file_rename(struct tkfi_saved *saved, const char *file);

/**
 * tkfi_saved_file_clear() - there is nothing left to resume
 * @saved:	state; both its files become empty
 */
void tkfi_saved_file_clear(struct tkfi_saved *saved);

#endif

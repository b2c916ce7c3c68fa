/* SPDX-License-Identifier: GPL-2.0 */
/* A file of the host, line by line: however long it is, a part of it is in memory. */
#ifndef __TKFI_HOST_LINES_H
#define __TKFI_HOST_LINES_H

#include <linux/types.h>

/**
 * struct tkfi_host_lines - an open file
 * @fd:		its descriptor
 * @again:	begin again at the end
 * @len:	bytes in @buf
 * @at:		of these, those that were used
 * @buf:	a part of the file
 */
struct tkfi_host_lines {
	int fd;
	bool again;
	unsigned int len;
	unsigned int at;
	char buf[4096];
};

/**
 * tkfi_host_lines_open() - open a file
 * @lines:	file
 * @name:	its name on the host
 * @again:	begin again at the end
 *
 * Close with tkfi_host_lines_close().
 *
 * Return: 0, or the host's error.
 */
int tkfi_host_lines_open(struct tkfi_host_lines *lines, const char *name, bool again);

/**
 * tkfi_host_lines_next() - get the next line
 * @arg:	file
 * @line:	receives it, without its end
 * @size:	of @line
 *
 * Return: 1, 0 if there is none, -EINVAL if it is too long, or the host's error.
 */
int tkfi_host_lines_next(void *arg, char *line, size_t size);

/**
 * tkfi_host_lines_close() - close a file
 * @lines:	file
 */
void tkfi_host_lines_close(struct tkfi_host_lines *lines);

#endif

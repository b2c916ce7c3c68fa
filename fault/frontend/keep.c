// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/xxhash.h>
#include <os.h>

#include "keep.h"

static const char magic[8] = "tkfi-st1";

struct header {
	char magic[sizeof(magic)];
	u64 number;
	u64 size;
	u64 hash;
};

struct tkfi_keep *tkfi_keep_create(const char *file)
{
	struct tkfi_keep *keep = kzalloc(sizeof(*keep), GFP_KERNEL);

	if (!keep)
		return NULL;
	keep->bytes = vmalloc(TKFI_KEEP_SIZE);
	if (!keep->bytes ||
	    strscpy(keep->file, file, sizeof(keep->file)) < 0) {
		tkfi_keep_destroy(keep);
		return NULL;
	}
	return keep;
}

void tkfi_keep_destroy(struct tkfi_keep *keep)
{
	if (!keep)
		return;
	vfree(keep->bytes);
	kfree(keep);
}

int tkfi_keep_rename(struct tkfi_keep *keep, const char *file)
{
	keep->number = 0;
	keep->size = 0;
	return strscpy(keep->file, file, sizeof(keep->file)) < 0 ? -E2BIG : 0;
}

void tkfi_keep_move(struct tkfi_keep *keep, void *what, size_t size)
{
	size_t room = keep->loading ? keep->size : TKFI_KEEP_SIZE;

	if (keep->failed || size > room - keep->at) {
		keep->failed = true;
		return;
	}
	if (keep->loading)
		memcpy(what, keep->bytes + keep->at, size);
	else
		memcpy(keep->bytes + keep->at, what, size);
	keep->at += size;
}

void tkfi_keep_begin(struct tkfi_keep *keep)
{
	keep->loading = false;
	keep->failed = false;
	keep->at = 0;
}

/* Open one of the two files. */
static int open_file(const struct tkfi_keep *keep, u64 number,
		     struct openflags flags)
{
	char name[TKFI_KEEP_FILE + 2];

	snprintf(name, sizeof(name), "%s.%u", keep->file,
		 (unsigned int)(number % 2));
	return os_open_file(name, flags, 0644);
}

static int write_all(int fd, const void *bytes, size_t size)
{
	int ret = os_write_file(fd, bytes, size);

	if (ret < 0)
		return ret;
	return ret == size ? 0 : -ENOSPC;
}

int tkfi_keep_write(struct tkfi_keep *keep)
{
	struct header header = {
		.number = keep->number + 1,
		.size = keep->at,
		.hash = xxh64(keep->bytes, keep->at, keep->number + 1),
	};
	int fd, ret;

	if (keep->failed)
		return -E2BIG;
	keep->size = keep->at;
	if (!keep->file[0]) {
		keep->number++;
		return 0;
	}
	memcpy(header.magic, magic, sizeof(magic));
	fd = open_file(keep, header.number,
		       of_trunc(of_create(of_write(OPENFLAGS()))));
	if (fd < 0)
		return fd;
	ret = write_all(fd, &header, sizeof(header));
	if (!ret)
		ret = write_all(fd, keep->bytes, keep->at);
	os_close_file(fd);
	if (!ret)
		keep->number++;
	return ret;
}

/* The header of a file that is whole, and what follows it. */
static bool read_one(struct tkfi_keep *keep, u64 number, struct header *header)
{
	int fd = open_file(keep, number, of_read(OPENFLAGS()));
	bool whole;

	if (fd < 0)
		return false;
	whole = os_read_file(fd, header, sizeof(*header)) == sizeof(*header) &&
		!memcmp(header->magic, magic, sizeof(magic)) &&
		header->size <= TKFI_KEEP_SIZE &&
		os_read_file(fd, keep->bytes, header->size) == header->size &&
		header->hash == xxh64(keep->bytes, header->size, header->number);
	os_close_file(fd);
	return whole;
}

/* Fill @keep from the newer of the files that are whole. */
static int read_newest(struct tkfi_keep *keep)
{
	struct header headers[2];
	bool whole[2];
	int i, newest;

	for (i = 0; i < 2; i++)
		whole[i] = read_one(keep, i, &headers[i]);
	newest = whole[1] && (!whole[0] || headers[1].number > headers[0].number);
	if (!whole[newest] || !read_one(keep, newest, &headers[newest]))
		return -ENOENT;
	keep->number = headers[newest].number;
	keep->size = headers[newest].size;
	return 0;
}

int tkfi_keep_read(struct tkfi_keep *keep)
{
	int ret = 0;

	if (keep->file[0])
		ret = read_newest(keep);
	else if (!keep->number)
		ret = -ENOENT;
	keep->loading = !ret;
	keep->failed = ret;
	keep->at = 0;
	return ret;
}

void tkfi_keep_clear(struct tkfi_keep *keep)
{
	int i, fd;

	keep->number = 0;
	for (i = 0; i < 2 && keep->file[0]; i++) {
		fd = open_file(keep, i,
			       of_trunc(of_create(of_write(OPENFLAGS()))));
		if (fd >= 0)
			os_close_file(fd);
	}
}

// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/xxhash.h>
#include <os.h>

#include "result.h"
#include "saved_file.h"

static const char magic[8] = "tkfi-st1";

struct header {
	char magic[sizeof(magic)];
	u64 number;
	u64 size;
	u64 hash;
};

/**
 * struct saved_file - a state in files of the host
 * @saved:	the state
 * @file:	name of the files, without .0 and .1; "" to stay in memory
 * @failed:	the last attempt to write it did
 */
struct saved_file {
	struct tkfi_saved saved;
	char file[TKFI_SAVED_FILE];
	bool failed;
};

static struct saved_file *file_of(struct tkfi_saved *saved)
{
	return container_of(saved, struct saved_file, saved);
}

/* Open one of the two files. */
static int open_file(const struct saved_file *f, u64 number,
		     struct openflags flags)
{
	char name[TKFI_SAVED_FILE + 2];

	snprintf(name, sizeof(name), "%s.%u", f->file,
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

static int write_file(struct tkfi_saved *saved)
{
	struct saved_file *f = file_of(saved);
	struct header header = {
		.number = saved->number + 1,
		.size = saved->at,
	};
	int fd, ret;

	if (!f->file[0])
		return 0;
	header.hash = xxh64(saved->bytes, saved->at, header.number);
	memcpy(header.magic, magic, sizeof(magic));
	fd = open_file(f, header.number,
		       of_trunc(of_create(of_write(OPENFLAGS()))));
	ret = fd < 0 ? fd : write_all(fd, &header, sizeof(header));
	if (!ret)
		ret = write_all(fd, saved->bytes, saved->at);
	if (fd >= 0)
		os_close_file(fd);
	/* Each state is written anew: once is enough to say. */
	if (ret && !f->failed)
		tkfi_result_not_written(f->file, ret);
	f->failed = ret;
	return ret;
}

/* Read a file: its header, and the state. Returns whether it is intact. */
static bool read_one(struct saved_file *f, u64 number, struct header *header)
{
	u8 *bytes = f->saved.bytes;
	int fd = open_file(f, number, of_read(OPENFLAGS()));
	bool intact;

	if (fd < 0)
		return false;
	intact = os_read_file(fd, header, sizeof(*header)) == sizeof(*header) &&
		!memcmp(header->magic, magic, sizeof(magic)) &&
		header->size <= TKFI_SAVED_SIZE &&
		os_read_file(fd, bytes, header->size) == header->size &&
		header->hash == xxh64(bytes, header->size, header->number);
	os_close_file(fd);
	return intact;
}

/* Read the newer of the files that are intact. */
static int read_newest(struct saved_file *f)
{
	struct header headers[2];
	bool intact[2];
	int i, newest;

	for (i = 0; i < 2; i++)
		intact[i] = read_one(f, i, &headers[i]);
	newest = intact[1] && (!intact[0] || headers[1].number > headers[0].number);
	if (!intact[newest] || !read_one(f, newest, &headers[newest]))
		return -ENOENT;
	f->saved.number = headers[newest].number;
	f->saved.size = headers[newest].size;
	return 0;
}

static int read_file(struct tkfi_saved *saved)
{
	struct saved_file *f = file_of(saved);

	if (!f->file[0])
		return saved->number ? 0 : -ENOENT;
	return read_newest(f);
}

struct tkfi_saved *tkfi_saved_file_create(const char *file)
{
	struct saved_file *f = kzalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return NULL;
	f->saved.write = write_file;
	f->saved.read = read_file;
	f->saved.bytes = vmalloc(TKFI_SAVED_SIZE);
	if (!f->saved.bytes || tkfi_saved_file_rename(&f->saved, file)) {
		tkfi_saved_file_destroy(&f->saved);
		return NULL;
	}
	return &f->saved;
}

void tkfi_saved_file_destroy(struct tkfi_saved *saved)
{
	if (!saved)
		return;
	vfree(saved->bytes);
	kfree(file_of(saved));
}

int tkfi_saved_file_rename(struct tkfi_saved *saved, const char *file)
{
	struct saved_file *f = file_of(saved);

	saved->number = 0;
	saved->size = 0;
	return strscpy(f->file, file, sizeof(f->file)) < 0 ? -E2BIG : 0;
}

void tkfi_saved_file_clear(struct tkfi_saved *saved)
{
	struct saved_file *f = file_of(saved);
	int i, fd;

	saved->number = 0;
	for (i = 0; i < 2 && f->file[0]; i++) {
		fd = open_file(f, i, of_trunc(of_create(of_write(OPENFLAGS()))));
		if (fd >= 0)
			os_close_file(fd);
	}
}

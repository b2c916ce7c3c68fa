// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "saved.h"

struct tkfi_saved *tkfi_saved_create(void)
{
	struct tkfi_saved *saved = kzalloc(sizeof(*saved), GFP_KERNEL);

	if (!saved)
		return NULL;
	saved->bytes = vmalloc(TKFI_SAVED_SIZE);
	if (!saved->bytes) {
		kfree(saved);
		return NULL;
	}
	return saved;
}

void tkfi_saved_destroy(struct tkfi_saved *saved)
{
	if (!saved)
		return;
	vfree(saved->bytes);
	kfree(saved);
}

void tkfi_saved_move(struct tkfi_saved *saved, void *what, size_t size)
{
	size_t room = saved->loading ? saved->size : TKFI_SAVED_SIZE;

	if (saved->failed || size > room - saved->at) {
		saved->failed = true;
		return;
	}
	if (saved->loading)
		memcpy(what, saved->bytes + saved->at, size);
	else
		memcpy(saved->bytes + saved->at, what, size);
	saved->at += size;
}

void tkfi_saved_begin(struct tkfi_saved *saved)
{
	saved->loading = false;
	saved->failed = false;
	saved->at = 0;
}

int tkfi_saved_write(struct tkfi_saved *saved)
{
	int ret;

	if (saved->failed)
		return -E2BIG;
	saved->size = saved->at;
	ret = saved->write ? saved->write(saved) : 0;
	if (!ret)
		saved->number++;
	return ret;
}

int tkfi_saved_read(struct tkfi_saved *saved)
{
	int ret = saved->read ? saved->read(saved) : saved->number ? 0 : -ENOENT;

	saved->loading = !ret;
	saved->failed = ret;
	saved->at = 0;
	return ret;
}

// SPDX-License-Identifier: GPL-2.0
/* The injection points of this kernel, as the linker gathered them. */
#include <linux/kernel.h>
#include <linux/string.h>

#include "points.h"

static void (*watcher)(unsigned long ip, void *arg);
static void *watcher_arg;

void tkfi_points_watch(void (*fn)(unsigned long ip, void *arg), void *arg)
{
	watcher = fn;
	watcher_arg = arg;
}

void tkfi_point_tell(unsigned long ip)
{
	if (unlikely(watcher))
		watcher(ip, watcher_arg);
}

const char *tkfi_point_find(const char *name)
{
	const struct tkfi_point *p;

	for (p = __start_tkfi_points; p < __stop_tkfi_points; p++)
		if (!strcmp(p->name, name))
			return p->name;
	return NULL;
}

static bool is_first(const struct tkfi_point *point)
{
	const struct tkfi_point *p;

	for (p = __start_tkfi_points; p < point; p++)
		if (!strcmp(p->name, point->name))
			return false;
	return true;
}

void tkfi_points_each(void (*fn)(const struct tkfi_point *point))
{
	const struct tkfi_point *p;

	for (p = __start_tkfi_points; p < __stop_tkfi_points; p++)
		fn(p);
}

void tkfi_point_list(char *buf, size_t size)
{
	const struct tkfi_point *p;
	size_t len = 0;

	for (p = __start_tkfi_points; p < __stop_tkfi_points; p++)
		if (is_first(p))
			len += scnprintf(buf + len, size - len, "%s%s",
					 len ? ", " : "", p->name);
}

void tkfi_locals_each(void (*fn)(const char *name, void *addr, size_t size))
{
	const struct tkfi_local * const *local;

	for (local = __start_tkfi_locals; local < __stop_tkfi_locals; local++)
		fn((*local)->name, (*local)->addr, (*local)->size);
}

void tkfi_locals_reset(void)
{
	const struct tkfi_local * const *local;

	for (local = __start_tkfi_locals; local < __stop_tkfi_locals; local++)
		memset((*local)->addr, 0, (*local)->size);
}

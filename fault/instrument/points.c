// SPDX-License-Identifier: GPL-2.0
/* The injection points of this kernel, as the linker gathered them. */
#include <linux/kernel.h>
#include <linux/string.h>

#include "points.h"

const char *tkfi_point_find(const char *name)
{
	const char * const *p;

	for (p = __start_tkfi_points; p < __stop_tkfi_points; p++)
		if (!strcmp(*p, name))
			return *p;
	return NULL;
}

void tkfi_point_list(char *buf, size_t size)
{
	const char * const *p, * const *q;
	size_t len = 0;

	for (p = __start_tkfi_points; p < __stop_tkfi_points; p++) {
		/* Several places may share a name: list the first. */
		for (q = __start_tkfi_points; strcmp(*q, *p); q++)
			;
		if (q == p)
			len += scnprintf(buf + len, size - len, "%s%s",
					 len ? ", " : "", *p);
	}
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

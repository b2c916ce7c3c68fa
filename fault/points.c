// SPDX-License-Identifier: GPL-2.0
/* The injection points of this kernel, as the linker gathered them. */
#include <linux/kernel.h>
#include <linux/string.h>

#include "hooks.h"
#include "plan.h"

const struct tkfi_point *tkfi_point_find(const char *name)
{
	const struct tkfi_point * const *p;

	for (p = __start_tkfi_points; p < __stop_tkfi_points; p++)
		if (!strcmp((*p)->name, name))
			return *p;
	return NULL;
}

void tkfi_point_list(char *buf, size_t size)
{
	const struct tkfi_point * const *p;
	size_t len = 0;

	for (p = __start_tkfi_points; p < __stop_tkfi_points; p++) {
		/* Name a point once, where it stands first. */
		if (tkfi_point_find((*p)->name) != *p)
			continue;
		len += scnprintf(buf + len, size - len, "%s%s",
				 len ? ", " : "", (*p)->name);
	}
}

// SPDX-License-Identifier: GPL-2.0
#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "covered.h"

void tkfi_covered_forget(struct tkfi_covered *covered)
{
	memset(covered, 0, sizeof(*covered));
}

void tkfi_covered_add(struct tkfi_covered *covered, unsigned long ip)
{
	unsigned int at = hash_64(ip, TKFI_COVERED_BITS);

	for (; covered->ips[at]; at = (at + 1) % ARRAY_SIZE(covered->ips))
		if (covered->ips[at] == ip)
			return;
	if (covered->nr == TKFI_MAX_COVERED) {
		covered->is_full = true;
		return;
	}
	covered->ips[at] = ip;
	covered->nr++;
}

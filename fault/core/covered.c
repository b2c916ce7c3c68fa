// SPDX-License-Identifier: GPL-2.0
#include <linux/string.h>

#include "covered.h"
#include "hash_table.h"

void tkfi_covered_forget(struct tkfi_covered *covered)
{
	memset(covered, 0, sizeof(*covered));
}

void tkfi_covered_add(struct tkfi_covered *covered, unsigned long ip)
{
	u64 *place = tkfi_hash_place(covered->ips, TKFI_COVERED_BITS, ip);

	if (*place)
		return;
	if (covered->nr == TKFI_MAX_COVERED) {
		covered->is_full = true;
		return;
	}
	*place = ip;
	covered->nr++;
}

// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/string.h>

#include "hash_table.h"
#include "outcomes.h"

void tkfi_outcomes_forget(struct tkfi_outcomes *outcomes)
{
	if (outcomes->nr)
		memset(outcomes->hashes, 0, sizeof(outcomes->hashes));
	outcomes->nr = 0;
	outcomes->is_full = false;
}

void tkfi_outcomes_add(struct tkfi_outcomes *outcomes, u64 hash)
{
	u64 *place = tkfi_hash_place(outcomes->hashes, TKFI_OUTCOMES_BITS, hash | !hash);

	if (*place)
		return;
	if (outcomes->nr == TKFI_MAX_OUTCOMES) {
		outcomes->is_full = true;
		return;
	}
	*place = hash;
	outcomes->nr++;
}

void tkfi_outcomes_keep(struct tkfi_outcomes *outcomes, struct tkfi_saved *keep)
{
	unsigned int nr = outcomes->nr, i;
	u64 hash = 0;

	tkfi_saved_move(keep, &outcomes->is_full, sizeof(outcomes->is_full));
	tkfi_saved_move(keep, &nr, sizeof(nr));
	if (!keep->loading) {
		for (i = 0; i < ARRAY_SIZE(outcomes->hashes); i++)
			if (outcomes->hashes[i])
				tkfi_saved_move(keep, &outcomes->hashes[i], sizeof(hash));
		return;
	}
	for (i = 0; i < nr && !keep->failed; i++) {
		tkfi_saved_move(keep, &hash, sizeof(hash));
		tkfi_outcomes_add(outcomes, hash);
	}
}

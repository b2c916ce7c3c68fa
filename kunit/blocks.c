// SPDX-License-Identifier: GPL-2.0
#include "blocks.h"

void block_assign(struct block *to, const struct block *from)
{
	*to = *from;
}

void block_clear(struct block *to)
{
	*to = (struct block){ };
}

u64 block_sum(const struct block *from, unsigned int nr)
{
	struct block local = *from;
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < nr; i++)
		sum += local.words[i];
	return sum;
}

void block_assign_small(struct small_block *to, const struct small_block *from)
{
	*to = *from;
}

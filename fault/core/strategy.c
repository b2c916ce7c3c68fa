// SPDX-License-Identifier: GPL-2.0
#include <linux/bitops.h>

#include "strategy.h"

unsigned int tkfi_next_in_order(const struct tkfi_engine *engine,
				unsigned long ready)
{
	if (engine->last && (ready & BIT(engine->last->id)))
		return engine->last->id;
	return __ffs(ready);
}

static unsigned int in_order_next(struct tkfi_strategy *s,
				  struct tkfi_engine *engine,
				  unsigned long ready)
{
	return tkfi_next_in_order(engine, ready);
}

struct tkfi_strategy tkfi_in_order = { .next = in_order_next };

static unsigned int round_robin_next(struct tkfi_strategy *s,
				     struct tkfi_engine *engine,
				     unsigned long ready)
{
	unsigned long higher = 0;

	if (engine->last)
		higher = ready & ~GENMASK(engine->last->id, 0);
	return __ffs(higher ?: ready);
}

struct tkfi_strategy tkfi_round_robin = { .next = round_robin_next };

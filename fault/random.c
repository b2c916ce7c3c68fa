// SPDX-License-Identifier: GPL-2.0
#include <linux/bitops.h>
#include <linux/container_of.h>

#include "strategies.h"

static unsigned int random_next(struct tkfi_strategy *strategy,
				struct tkfi_engine *engine, unsigned long ready)
{
	struct tkfi_random *s =
		container_of(strategy, struct tkfi_random, strategy);
	unsigned int nr = 0, skip;
	unsigned long left;

	/* Faster than hweight_long(), which is a call. */
	for (left = ready; left; left &= left - 1)
		nr++;
	for (skip = tkfi_draw(&s->state, nr); skip; skip--)
		ready &= ready - 1;
	return __ffs(ready);
}

void tkfi_random_init(struct tkfi_random *s, u64 seed)
{
	s->strategy = (struct tkfi_strategy){
		.wants = TKFI_WANTS_ACCESSES,
		.next = random_next,
	};
	s->state = tkfi_draw_init(seed);
}

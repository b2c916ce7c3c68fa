// SPDX-License-Identifier: GPL-2.0
#include <linux/bitops.h>
#include <linux/container_of.h>

#include "search.h"
#include "strategies.h"

static unsigned int random_next(struct tkfi_strategy *strategy,
				struct tkfi_engine *engine, unsigned long ready)
{
	struct tkfi_random *s =
		container_of(strategy, struct tkfi_random, strategy);
	unsigned int nr = 0, skip, i;

	/* No branch depends on who is ready, or drawn: it would be mispredicted. */
	for (i = 0; i < engine->nr_vcpus; i++)
		nr += ready >> i & 1;
	skip = tkfi_draw(&s->state, nr);
	for (i = 1; i < engine->nr_vcpus; i++)
		ready &= ready - (i <= skip);
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

struct random_search {
	struct tkfi_search search;
	struct tkfi_random random;
};

static const struct tkfi_snapshot *random_start(struct tkfi_search *search, u64 *replayed)
{
	struct random_search *s = container_of(search, struct random_search, search);

	tkfi_random_init(&s->random, tkfi_search_sample(search));
	search->strategy = &s->random.strategy;
	return NULL;
}

const struct tkfi_search_type tkfi_random_search = {
	.size = sizeof(struct random_search),
	.takes = TKFI_TAKES_SEED,
	.begin_execution = random_start,
};

// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>
#include <linux/container_of.h>
#include <linux/limits.h>

#include "footprint.h"
#include "search.h"
#include "strategies.h"

static unsigned int pos_next(struct tkfi_strategy *strategy,
			     struct tkfi_engine *engine, unsigned long ready)
{
	struct tkfi_pos *s = container_of(strategy, struct tkfi_pos, strategy);
	unsigned int i, best = __ffs(ready);

	for_each_set_bit(i, &ready, TKFI_MAX_VCPUS)
		if (s->priority[i] > s->priority[best])
			best = i;
	for (i = 0; i < engine->nr_vcpus; i++)
		if (tkfi_vcpus_conflict(&engine->vcpus[i], &engine->vcpus[best]))
			s->priority[i] = tkfi_draw(&s->state, U32_MAX);
	return best;
}

void tkfi_pos_init(struct tkfi_pos *s, u64 seed)
{
	unsigned int i;

	s->strategy = (struct tkfi_strategy){
		.wants = TKFI_WANTS_ACCESSES,
		.next = pos_next,
	};
	s->state = tkfi_draw_init(seed);
	for (i = 0; i < TKFI_MAX_VCPUS; i++)
		s->priority[i] = tkfi_draw(&s->state, U32_MAX);
}

struct pos_search {
	struct tkfi_search search;
	struct tkfi_pos pos;
};

static const struct tkfi_snapshot *pos_start(struct tkfi_search *search, u64 *replayed)
{
	struct pos_search *s = container_of(search, struct pos_search, search);

	tkfi_pos_init(&s->pos, tkfi_search_sample(search));
	search->strategy = &s->pos.strategy;
	return NULL;
}

const struct tkfi_search_type tkfi_pos_search = {
	.size = sizeof(struct pos_search),
	.takes = TKFI_TAKES_SEED,
	.begin_execution = pos_start,
};

// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>
#include <linux/container_of.h>
#include <linux/minmax.h>

#include "search.h"
#include "strategies.h"

static unsigned int highest(const struct tkfi_pct *s, unsigned long ready)
{
	unsigned int i, best = __ffs(ready);

	for_each_set_bit(i, &ready, TKFI_MAX_VCPUS)
		if (s->priority[i] > s->priority[best])
			best = i;
	return best;
}

static unsigned int pct_next(struct tkfi_strategy *strategy,
			     struct tkfi_engine *engine, unsigned long ready)
{
	struct tkfi_pct *s = container_of(strategy, struct tkfi_pct, strategy);
	unsigned int i, next;

	next = highest(s, ready);
	s->at++;
	for (i = 0; i + 1 < s->depth; i++) {
		if (s->change[i] == s->at) {
			s->priority[next] = i;
			next = highest(s, ready);
		}
	}
	return next;
}

void tkfi_pct_init(struct tkfi_pct *s, u64 seed, unsigned int depth,
		   unsigned int length)
{
	unsigned int i, j;

	s->strategy = (struct tkfi_strategy){
		.wants = TKFI_WANTS_ACCESSES,
		.next = pct_next,
	};
	s->state = tkfi_draw_init(seed);
	s->depth = clamp(depth, 1U, TKFI_PCT_MAX_DEPTH + 0U);
	s->length = max(length, 1U);
	s->at = 0;
	for (i = 0; i + 1 < s->depth; i++)
		s->change[i] = 1 + tkfi_draw(&s->state, s->length);
	/* A permutation of d ... d + n - 1. */
	for (i = 0; i < TKFI_MAX_VCPUS; i++) {
		j = tkfi_draw(&s->state, i + 1);
		s->priority[i] = s->priority[j];
		s->priority[j] = s->depth + i;
	}
}

struct pct_search {
	struct tkfi_search search;
	struct tkfi_pct pct;
};

static const struct tkfi_snapshot *pct_start(struct tkfi_search *search, u64 *replayed)
{
	struct pct_search *s = container_of(search, struct pct_search, search);

	tkfi_pct_init(&s->pct, tkfi_search_sample(search), search->options.depth,
		      search->stats->longest);
	search->strategy = &s->pct.strategy;
	return NULL;
}

const struct tkfi_search_type tkfi_pct_search = {
	.size = sizeof(struct pct_search),
	.takes = TKFI_TAKES_SEED | TKFI_TAKES_DEPTH,
	.begin_execution = pct_start,
};

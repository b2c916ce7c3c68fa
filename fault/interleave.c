// SPDX-License-Identifier: GPL-2.0
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/limits.h>

#include "interleave.h"
#include "visited.h"

static void interleave_begin(struct tkfi_strategy *strategy,
			     struct tkfi_engine *engine)
{
	struct tkfi_interleave *s =
		container_of(strategy, struct tkfi_interleave, strategy);

	s->at = 0;
	s->pruned = false;
	if (s->visited)
		tkfi_visited_begin(s->visited);
}

static unsigned int interleave_next(struct tkfi_strategy *strategy,
				    struct tkfi_engine *engine,
				    unsigned long ready)
{
	struct tkfi_interleave *s =
		container_of(strategy, struct tkfi_interleave, strategy);
	const struct tkfi_vcpu *last = engine->last;
	bool goes_on = last && ready & BIT(last->id) &&
		       last->next.kind != TKFI_STEP_YIELD;
	unsigned int at, spent;

	if (hweight_long(ready) == 1)
		return __ffs(ready);
	at = s->at;
	spent = at ? s->spent[min(at, TKFI_MAX_CHOICES) - 1] : 0;
	if (s->visited && at >= s->nr &&
	    tkfi_visited_before(s->visited, engine, spent)) {
		s->pruned = true;
		return TKFI_STOP;
	}
	s->at++;
	if (at >= TKFI_MAX_CHOICES) {
		s->nr = s->at;
		return __ffs(ready);
	}
	if (at >= s->nr) {
		s->nr = s->at;
		s->ready[at] = goes_on && spent >= s->bound ?
			       BIT(last->id) : ready;
		s->chosen[at] = __ffs(s->ready[at]);
	}
	s->spent[at] = spent + (goes_on && s->chosen[at] != last->id);
	return s->chosen[at];
}

void tkfi_interleave_init(struct tkfi_interleave *s)
{
	s->strategy.begin = interleave_begin;
	s->strategy.next = interleave_next;
	s->nr = 0;
	s->bound = UINT_MAX;
	s->visited = NULL;
	s->pruned = false;
}

bool tkfi_interleave_next(struct tkfi_interleave *s)
{
	s->nr = min(s->nr, TKFI_MAX_CHOICES);
	while (s->nr) {
		u8 *chosen = &s->chosen[s->nr - 1];
		unsigned long higher = s->ready[s->nr - 1] &
				       ~GENMASK(*chosen, 0);

		if (higher) {
			*chosen = __ffs(higher);
			return true;
		}
		s->nr--;
	}
	return false;
}

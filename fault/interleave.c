// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>
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

/*
 * The VCPU that would be preempted if another one went on: the last one, or the one
 * that the last one was an NMI of; NULL if nobody would be.
 */
static const struct tkfi_vcpu *under_way(const struct tkfi_engine *engine,
					 unsigned long ready)
{
	const struct tkfi_vcpu *last = engine->last;

	if (last && last->done && last->interrupts)
		last = last->interrupts;
	/* An NMI has to come to its end. */
	else if (last && last->steps && last->interrupts &&
		 last->interrupts->next.kind != TKFI_STEP_YIELD &&
		 ready & BIT(last->id))
		return last;
	return last && ready & BIT(last->id) &&
	       last->next.kind != TKFI_STEP_YIELD ? last : NULL;
}

/* Of those that are ready those that preempt nobody: itself, and its NMI. */
static unsigned long preempt_none(const struct tkfi_engine *engine,
				  const struct tkfi_vcpu *last,
				  unsigned long ready)
{
	unsigned long none = 0;
	unsigned int i;

	for_each_set_bit(i, &ready, engine->nr_vcpus)
		if (!last || i == last->id || engine->vcpus[i].interrupts == last)
			none |= BIT(i);
	return none;
}

static unsigned int interleave_next(struct tkfi_strategy *strategy,
				    struct tkfi_engine *engine,
				    unsigned long ready)
{
	struct tkfi_interleave *s =
		container_of(strategy, struct tkfi_interleave, strategy);
	unsigned long none;
	unsigned int at, spent;

	if (hweight_long(ready) == 1)
		return __ffs(ready);
	none = preempt_none(engine, under_way(engine, ready), ready);
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
		s->ready[at] = spent >= s->bound ? none : ready;
		s->chosen[at] = __ffs(s->ready[at]);
	}
	s->spent[at] = spent + !(none & BIT(s->chosen[at]));
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

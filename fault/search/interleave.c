// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/limits.h>

#include "interleave.h"
#include "preempt.h"
#include "snapshot.h"
#include "visited.h"

static void interleave_begin(struct tkfi_strategy *strategy,
			     struct tkfi_engine *engine)
{
	struct tkfi_interleave *s =
		container_of(strategy, struct tkfi_interleave, strategy);

	s->at = 0;
	s->asked = 0;
	s->pruned = false;
	if (s->visited)
		tkfi_visited_begin(s->visited);
	if (s->checkpoints)
		tkfi_checkpoints_begin(s->checkpoints, s->checkpoints->most);
}

static enum tkfi_whereabouts whereabouts(const struct tkfi_vcpu *v)
{
	if (v->done)
		return TKFI_ENDED;
	return v->next.kind == TKFI_TRANS_YIELD ? TKFI_BETWEEN : TKFI_AMID;
}

/* Of the VCPUs in @ready, those that can go on without preempting another one. */
static unsigned long preempt_none(const struct tkfi_engine *engine,
				  unsigned long ready)
{
	const struct tkfi_vcpu *last = engine->last, *victim;
	unsigned long none = 0;
	unsigned int i;

	if (last) {
		victim = last->interrupts;
		last = tkfi_under_way(last, whereabouts(last),
				      victim ? whereabouts(victim) : TKFI_BETWEEN);
	}
	/* A VCPU that has to wait is not preempted. */
	if (!last || !(ready & BIT(last->id)))
		return ready;
	for_each_set_bit(i, &ready, engine->nr_vcpus)
		if (!tkfi_preempts(last, &engine->vcpus[i]))
			none |= BIT(i);
	return none;
}

/*
 * Is a choice to be looked up in @visited, and added? If no preemption is left and only the
 * last VCPU may go on, pruning merely cuts an execution short: every fourth choice of it is
 * enough.
 */
static bool is_worth(const struct tkfi_interleave *s, const struct tkfi_engine *engine,
		     unsigned int spent, unsigned long none)
{
	return spent < s->bound || hweight_long(none) > 1 ||
	       engine->last->nr_events % 4 == 0;
}

static unsigned int interleave_next(struct tkfi_strategy *strategy,
				    struct tkfi_engine *engine,
				    unsigned long ready)
{
	struct tkfi_interleave *s =
		container_of(strategy, struct tkfi_interleave, strategy);
	unsigned long none;
	unsigned int asked = s->asked++, at, spent;

	if (s->checkpoints)
		tkfi_checkpoint(s->checkpoints, engine, asked);
	if (hweight_long(ready) == 1)
		return __ffs(ready);
	none = preempt_none(engine, ready);
	at = s->at;
	spent = at ? s->spent[min(at, TKFI_MAX_CHOICES) - 1] : 0;
	if (s->visited && at >= s->nr && is_worth(s, engine, spent, none) &&
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
		s->when[at] = asked;
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
	s->checkpoints = NULL;
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

const struct tkfi_snapshot *tkfi_interleave_back(struct tkfi_interleave *s,
						 unsigned int *again)
{
	const struct tkfi_snapshot *from;

	*again = s->nr ? s->when[s->nr - 1] : 0;
	if (!s->checkpoints || !s->checkpoints->nr || !s->nr)
		return NULL;
	from = tkfi_checkpoints_back(s->checkpoints, s->when[s->nr - 1],
				     &s->asked);
	*again -= s->asked;
	for (s->at = s->nr - 1; s->at && s->when[s->at - 1] >= s->asked; s->at--)
		;
	s->pruned = false;
	/* Events up to there are added from the engine's log. */
	if (s->visited)
		tkfi_visited_begin(s->visited);
	return from;
}

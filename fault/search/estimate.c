// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/overflow.h>
#include <linux/string.h>

#include "estimate.h"
#include "strategies.h"

/* Will @q, as far as is known, touch what conflicts with the next step of @v? */
static bool may_conflict(const struct tkfi_estimate *s, const struct tkfi_vcpu *q,
			 const struct tkfi_vcpu *v)
{
	const struct tkfi_step *step = &v->next;
	bool writes = tkfi_step_writes(step);
	unsigned int c;

	for (c = step->cell; c < step->cell + step->nr_cells; c++)
		if (s->stores[q->id][c] > q->steps ||
		    (writes && (s->loads[q->id][c] > q->steps || q->cpu == c)))
			return true;
	return v->cpu && s->stores[q->id][v->cpu] > q->steps;
}

/*
 * A persistent set around @v: whatever the others do first, it does not touch what the
 * set's VCPUs are about to do. With one that has to wait come those it waits for.
 */
static unsigned long close_around(const struct tkfi_estimate *s,
				  const struct tkfi_engine *engine,
				  unsigned int v)
{
	unsigned long set = BIT(v), before = 0, waits_for;
	unsigned int i, j;

	while (set != before) {
		before = set;
		for_each_set_bit(i, &before, engine->nr_vcpus) {
			const struct tkfi_vcpu *member = &engine->vcpus[i];

			waits_for = tkfi_engine_waits_for(engine, member);
			for (j = 0; j < engine->nr_vcpus; j++) {
				const struct tkfi_vcpu *q = &engine->vcpus[j];

				if (!q->done &&
				    (waits_for & BIT(j) ||
				     (member->interrupted && q->interrupts == member) ||
				     may_conflict(s, q, member)))
					set |= BIT(j);
			}
		}
	}
	return set;
}

static unsigned long choose_set(const struct tkfi_estimate *s,
				const struct tkfi_engine *engine,
				unsigned long ready)
{
	unsigned long best = ready, set;
	unsigned int i;

	for_each_set_bit(i, &ready, engine->nr_vcpus) {
		set = close_around(s, engine, i) & ready;
		if (hweight_long(set) < hweight_long(best))
			best = set;
	}
	return best;
}

/* An NMI is one step of those around it. */
static unsigned int steps_left(const struct tkfi_estimate *s,
			       const struct tkfi_vcpu *v)
{
	if (v->interrupts && !v->steps)
		return 1;
	return v->steps < s->longest[v->id] ? s->longest[v->id] - v->steps : 1;
}

/* @a * @b / @c, at most U64_MAX. */
static u64 scale(u64 a, u32 b, u32 c)
{
	return a < U64_MAX / b ? div_u64(a * b, c) : U64_MAX;
}

static unsigned int estimate_next(struct tkfi_strategy *strategy,
				  struct tkfi_engine *engine,
				  unsigned long ready)
{
	struct tkfi_estimate *s =
		container_of(strategy, struct tkfi_estimate, strategy);
	unsigned int i, next, skip, left = 1, all = 0;
	unsigned long branches;

	branches = choose_set(s, engine, ready) & ~s->asleep;
	if (!branches)
		return TKFI_STOP;
	for_each_set_bit(i, &branches, engine->nr_vcpus)
		all += steps_left(s, &engine->vcpus[i]);
	skip = tkfi_draw(&s->state, all);
	for_each_set_bit(next, &branches, engine->nr_vcpus) {
		left = steps_left(s, &engine->vcpus[next]);
		if (skip < left)
			break;
		skip -= left;
		s->asleep |= BIT(next);
	}
	s->product = scale(s->product, all, left);
	for (i = 0; i < engine->nr_vcpus; i++)
		if (tkfi_vcpus_conflict(&engine->vcpus[i], &engine->vcpus[next]))
			s->asleep &= ~BIT(i);
	return next;
}

static void estimate_begin(struct tkfi_strategy *strategy,
			   struct tkfi_engine *engine)
{
	struct tkfi_estimate *s =
		container_of(strategy, struct tkfi_estimate, strategy);

	s->asleep = 0;
	s->product = 1ULL << TKFI_FRACTION;
}

/* Note what an execution touched, and when. Returns whether there was news. */
static bool learn(struct tkfi_estimate *s, const struct tkfi_engine *engine)
{
	unsigned int n[TKFI_MAX_VCPUS] = {}, i, c;
	bool news = false;

	for (i = 0; i < min(engine->nr_log, TKFI_MAX_STEPS + 0U); i++) {
		const struct tkfi_done *done = &engine->log[i];
		u16 (*last)[TKFI_MAX_CELLS] =
			tkfi_step_writes(&(struct tkfi_step){ .kind = done->kind }) ?
			s->stores : s->loads;

		n[done->vcpu]++;
		for (c = done->cell; c < done->cell + done->nr_cells; c++) {
			if (last[done->vcpu][c] < n[done->vcpu]) {
				last[done->vcpu][c] = n[done->vcpu];
				news = true;
			}
		}
	}
	for (i = 0; i < TKFI_MAX_VCPUS; i++)
		s->longest[i] = max_t(u16, s->longest[i], n[i]);
	return news;
}

/* One batch; -EAGAIN if something was seen that had not been. */
static int sample(struct tkfi_estimate *s, struct tkfi_engine *engine,
		  int (*start)(void *arg), void *arg, u64 *sum)
{
	u64 part = 0;
	int i, ret;

	*sum = 0;
	for (i = 0; i < TKFI_BATCH; i++) {
		ret = start(arg) ?: tkfi_engine_run(engine, &s->strategy);
		if (ret && ret != -EDEADLK && ret != -ECANCELED)
			return ret;
		if (learn(s, engine) || tkfi_cells_changed)
			return -EAGAIN;
		if (ret == -ECANCELED)
			continue;
		part += s->product & GENMASK_ULL(TKFI_FRACTION - 1, 0);
		if (s->product == U64_MAX ||
		    check_add_overflow(*sum, s->product >> TKFI_FRACTION, sum))
			*sum = U64_MAX;
	}
	if (*sum != U64_MAX)
		*sum += part >> TKFI_FRACTION;
	return 0;
}

/* The mean of all samples, and how far the batches' sums are from each other. */
static void judge(const struct tkfi_estimate *s, u64 *classes, u64 *error)
{
	u64 most = 0, sum = 0, squares = 0, mean;
	unsigned int shift, i;

	*classes = U64_MAX;
	*error = U64_MAX;
	for (i = 0; i < TKFI_BATCHES; i++) {
		if (check_add_overflow(sum, s->sums[i], &sum))
			return;
		most = max(most, s->sums[i]);
	}
	*classes = DIV_ROUND_CLOSEST_ULL(sum, TKFI_BATCHES * TKFI_BATCH);
	/* Differences of 28 bits have squares that can be added up. */
	shift = fls64(most) > 28 ? fls64(most) - 28 : 0;
	mean = div_u64(sum, TKFI_BATCHES) >> shift;
	for (i = 0; i < TKFI_BATCHES; i++) {
		s64 d = (s64)(s->sums[i] >> shift) - (s64)mean;

		squares += d * d;
	}
	squares = div_u64(squares, TKFI_BATCHES * (TKFI_BATCHES - 1));
	*error = DIV_ROUND_UP_ULL((u64)int_sqrt64(squares) << shift, TKFI_BATCH);
}

int tkfi_estimate(struct tkfi_estimate *s, struct tkfi_engine *engine,
		  int (*start)(void *arg), void *arg, u64 *classes, u64 *error)
{
	int i = 0, ret;

	memset(s, 0, sizeof(*s));
	s->strategy.wants = TKFI_WANTS_ACCESSES;
	s->strategy.begin = estimate_begin;
	s->strategy.next = estimate_next;
	s->state = tkfi_draw_init(0);
	while (i < TKFI_BATCHES) {
		ret = sample(s, engine, start, arg, &s->sums[i]);
		if (ret && ret != -EAGAIN)
			return ret;
		i = ret ? 0 : i + 1;
		tkfi_cells_changed = false;
	}
	judge(s, classes, error);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/overflow.h>
#include <linux/string.h>

#include "cells.h"
#include "estimate.h"
#include "footprint.h"
#include "strategies.h"

#define FRACTION	16

/**
 * struct estimate - the search, and what it has seen
 * @search:	what all searches have
 * @strategy:	makes the choices
 * @state:	of the generator
 * @asleep:	the sleep set, BIT(id) each
 * @product:	1/p for the probability p of the choices so far, times 2^FRACTION; at most
 *		U64_MAX
 * @longest:	the most events of each VCPU in any execution
 * @loads:	for each VCPU and cell, number of its last event that read the cell in any
 *		execution, from 1; 0 if none did
 * @stores:	likewise the last one that wrote it
 * @batch:	which batch is being sampled; TKFI_BATCHES when all were
 * @nr:		how many samples it has so far
 * @part:	sum of the fractions of their products, times 2^FRACTION
 * @sums:	for each batch, sum of the whole parts of the products
 */
struct estimate {
	struct tkfi_search search;
	struct tkfi_strategy strategy;
	u64 state;
	u8 asleep;
	u64 product;
	u16 longest[TKFI_MAX_VCPUS];
	u16 loads[TKFI_MAX_VCPUS][TKFI_MAX_CELLS];
	u16 stores[TKFI_MAX_VCPUS][TKFI_MAX_CELLS];
	unsigned int batch;
	unsigned int nr;
	u64 part;
	u64 sums[TKFI_BATCHES];
};

static struct estimate *to_estimate(struct tkfi_search *search)
{
	return container_of(search, struct estimate, search);
}

/*
 * Can @q, by what was seen of it, still do what conflicts with the next transition of @v?
 */
static bool may_conflict(const struct estimate *s, const struct tkfi_vcpu *q,
			 const struct tkfi_vcpu *v)
{
	const struct tkfi_footprint f = tkfi_footprint_of(v);
	unsigned int i;

	for (i = 0; i < tkfi_footprint_nr(f); i++) {
		unsigned int c = tkfi_footprint_cell(f, i);

		if (s->stores[q->id][c] > q->nr_events)
			return true;
		if (tkfi_footprint_writes(f, c) &&
		    (s->loads[q->id][c] > q->nr_events || q->cpu == c))
			return true;
	}
	return false;
}

/*
 * The persistent set of @v: whatever VCPUs outside it do, it does not conflict with the
 * next transitions of those in it. If one of them has to wait, those it waits for belong
 * to it.
 */
static unsigned long close_around(const struct estimate *s,
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

static unsigned long choose_set(const struct estimate *s,
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

/*
 * How many events a VCPU still has, at least one. An NMI that has not begun counts as
 * one.
 */
static unsigned int events_left(const struct estimate *s, const struct tkfi_vcpu *v)
{
	if (v->interrupts && !v->nr_events)
		return 1;
	return v->nr_events < s->longest[v->id] ? s->longest[v->id] - v->nr_events : 1;
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
	struct estimate *s =
		container_of(strategy, struct estimate, strategy);
	unsigned int i, next, skip, left = 1, all = 0;
	unsigned long branches;

	branches = choose_set(s, engine, ready) & ~s->asleep;
	if (!branches)
		return TKFI_STOP;
	for_each_set_bit(i, &branches, engine->nr_vcpus)
		all += events_left(s, &engine->vcpus[i]);
	skip = tkfi_draw(&s->state, all);
	for_each_set_bit(next, &branches, engine->nr_vcpus) {
		left = events_left(s, &engine->vcpus[next]);
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
	struct estimate *s =
		container_of(strategy, struct estimate, strategy);

	s->asleep = 0;
	s->product = 1ULL << FRACTION;
}

/* Note what an execution touched, and when. Returns whether something was not known. */
static bool learn(struct estimate *s, const struct tkfi_engine *engine)
{
	unsigned int n[TKFI_MAX_VCPUS] = {}, i, c;
	bool changed = false;

	for (i = 0; i < min(engine->nr_log, TKFI_MAX_EVENTS + 0U); i++) {
		const struct tkfi_event *done = &engine->log[i];
		u16 (*last)[TKFI_MAX_CELLS] =
			tkfi_kind_writes(done->kind) ? s->stores : s->loads;

		n[done->vcpu]++;
		for (c = done->cell; c < done->cell + done->nr_cells; c++) {
			if (last[done->vcpu][c] < n[done->vcpu]) {
				last[done->vcpu][c] = n[done->vcpu];
				changed = true;
			}
		}
	}
	for (i = 0; i < TKFI_MAX_VCPUS; i++)
		s->longest[i] = max_t(u16, s->longest[i], n[i]);
	return changed;
}

/* Forget all samples. */
static void restart_sampling(struct estimate *s)
{
	s->batch = 0;
	s->nr = 0;
	s->part = 0;
	memset(s->sums, 0, sizeof(s->sums));
}

static void add_sample(struct estimate *s, bool stopped)
{
	u64 *sum = &s->sums[s->batch];

	if (!stopped) {
		s->part += s->product & GENMASK_ULL(FRACTION - 1, 0);
		if (s->product == U64_MAX ||
		    check_add_overflow(*sum, s->product >> FRACTION, sum))
			*sum = U64_MAX;
	}
	if (++s->nr < TKFI_BATCH)
		return;
	if (*sum != U64_MAX)
		*sum += s->part >> FRACTION;
	s->batch++;
	s->nr = 0;
	s->part = 0;
}

static void estimate_search_begin(struct tkfi_search *search)
{
	struct estimate *s = to_estimate(search);

	memset(s->longest, 0, sizeof(s->longest));
	memset(s->loads, 0, sizeof(s->loads));
	memset(s->stores, 0, sizeof(s->stores));
	s->state = tkfi_draw_init(0);
	restart_sampling(s);
}

static int estimate_executed(struct tkfi_search *search, struct tkfi_executed *e)
{
	struct estimate *s = to_estimate(search);

	if (learn(s, search->engine) || tkfi_cells_changed) {
		/* The samples do not count, but what was learnt is kept. */
		tkfi_cells_changed = false;
		restart_sampling(s);
	} else {
		add_sample(s, e->ret == -ECANCELED);
	}
	return TKFI_NOT_COUNTED;
}

static int estimate_next_execution(struct tkfi_search *search)
{
	return to_estimate(search)->batch < TKFI_BATCHES;
}

static int estimate_init(struct tkfi_search *search)
{
	struct estimate *s = to_estimate(search);

	s->strategy.wants = TKFI_WANTS_ACCESSES;
	s->strategy.begin = estimate_begin;
	s->strategy.next = estimate_next;
	search->strategy = &s->strategy;
	return 0;
}

const struct tkfi_search_type tkfi_estimate_search = {
	.size = sizeof(struct estimate),
	.init = estimate_init,
	.begin_search = estimate_search_begin,
	.executed = estimate_executed,
	.next_execution = estimate_next_execution,
};

/* The mean of all samples, and its standard error from the sums of the batches. */
static void judge(const struct estimate *s, u64 *classes, u64 *error)
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
	/* With differences of up to 28 bits, the sum of squares fits into 64. */
	shift = fls64(most) > 28 ? fls64(most) - 28 : 0;
	mean = div_u64(sum, TKFI_BATCHES) >> shift;
	for (i = 0; i < TKFI_BATCHES; i++) {
		s64 d = (s64)(s->sums[i] >> shift) - (s64)mean;

		squares += d * d;
	}
	squares = div_u64(squares, TKFI_BATCHES * (TKFI_BATCHES - 1));
	*error = DIV_ROUND_UP_ULL((u64)int_sqrt64(squares) << shift, TKFI_BATCH);
}

int tkfi_estimate(struct tkfi_search *search, int (*start)(void *arg), void *arg,
		  u64 *classes, u64 *error)
{
	const struct tkfi_search_client client = { .start = start, .arg = arg };
	struct tkfi_search_stats stats;
	int ret = tkfi_search_run(search, &client, &stats);

	if (!ret)
		judge(to_estimate(search), classes, error);
	return ret;
}

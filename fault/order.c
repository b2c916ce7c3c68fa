// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "cells.h"
#include "order.h"

static bool writes(const struct tkfi_done *step)
{
	return tkfi_step_writes(&(struct tkfi_step){ .kind = step->kind });
}

static void join(u16 *to, const u16 *from)
{
	unsigned int i;

	for (i = 0; i < TKFI_MAX_VCPUS; i++)
		to[i] = max(to[i], from[i]);
}

void tkfi_order_of(const struct tkfi_engine *engine, struct tkfi_order *order)
{
	/* What happened to each cell so far: all of it, and its writes. */
	static u16 all[TKFI_MAX_CELLS][TKFI_MAX_VCPUS];
	static u16 written[TKFI_MAX_CELLS][TKFI_MAX_VCPUS];
	u16 own[TKFI_MAX_VCPUS][TKFI_MAX_VCPUS] = {};
	unsigned int i, c;

	order->nr = min(engine->nr_log, TKFI_MAX_STEPS + 0U);
	for (i = 0; i < engine->nr_vcpus; i++) {
		memset(all[engine->vcpus[i].cpu], 0, sizeof(all[0]));
		memset(written[engine->vcpus[i].cpu], 0, sizeof(written[0]));
	}
	for (i = 0; i < order->nr; i++) {
		for (c = 0; c < engine->log[i].nr_cells; c++) {
			memset(all[engine->log[i].cell + c], 0, sizeof(all[0]));
			memset(written[engine->log[i].cell + c], 0,
			       sizeof(written[0]));
		}
	}
	for (i = 0; i < order->nr; i++) {
		const struct tkfi_done *step = &engine->log[i];
		u16 *clock = own[step->vcpu], cpu = engine->vcpus[step->vcpu].cpu;

		order->nth[i] = ++clock[step->vcpu];
		for (c = step->cell; c < step->cell + step->nr_cells; c++)
			join(clock, writes(step) ? all[c] : written[c]);
		if (cpu)
			join(clock, written[cpu]);
		for (c = step->cell; c < step->cell + step->nr_cells; c++) {
			join(all[c], clock);
			if (writes(step))
				join(written[c], clock);
		}
		if (cpu)
			join(all[cpu], clock);
		memcpy(order->clock[i], clock, sizeof(order->clock[i]));
	}
}

/* The steps of each VCPU, and a wish: see tkfi_order_in_turns(). */
struct turns {
	const struct tkfi_order *order;
	u16 steps[TKFI_MAX_VCPUS][TKFI_MAX_STEPS];
	unsigned int nr[TKFI_MAX_VCPUS];
	unsigned int nr_vcpus;
	unsigned int first, nth, second, from;
};

/* Can @vcpu, of which @done steps are done, take its next one? */
static bool can_step(const struct turns *t, const unsigned int *done,
		     unsigned int vcpu)
{
	const u16 *clock;
	unsigned int i;

	if (done[vcpu] == t->nr[vcpu])
		return false;
	if (t->nth && vcpu == t->second && done[vcpu] + 1 >= t->from &&
	    done[t->first] < t->nth)
		return false;
	clock = t->order->clock[t->steps[vcpu][done[vcpu]]];
	for (i = 0; i < TKFI_MAX_VCPUS; i++)
		if (i != vcpu && done[i] < clock[i])
			return false;
	return true;
}

/* @ranks says whom to prefer, the first one most. */
static unsigned int take_turns(const struct turns *t, const u8 *ranks,
			       unsigned int most, u16 *steps)
{
	unsigned int done[TKFI_MAX_VCPUS] = {};
	unsigned int turns = 0, n = 0, i, vcpu;

	while (n < t->order->nr && turns < most) {
		for (i = 0; i < t->nr_vcpus; i++)
			if (can_step(t, done, ranks[i]))
				break;
		if (i == t->nr_vcpus)
			return most;	/* the wish cannot be met */
		vcpu = ranks[i];
		turns++;
		while (can_step(t, done, vcpu))
			steps[n++] = t->steps[vcpu][done[vcpu]++];
	}
	return n < t->order->nr ? most : turns;
}

/* All orders of @ranks from its @at'th on. */
static unsigned int try_ranks(const struct turns *t, u8 *ranks, unsigned int at,
			      unsigned int most, u16 *steps)
{
	static u16 tried[TKFI_MAX_STEPS];
	unsigned int i;

	if (at == t->nr_vcpus) {
		i = take_turns(t, ranks, most, tried);
		if (i < most)
			memcpy(steps, tried, t->order->nr * sizeof(*steps));
		return i;
	}
	for (i = at; i < t->nr_vcpus; i++) {
		swap(ranks[at], ranks[i]);
		most = try_ranks(t, ranks, at + 1, most, steps);
		swap(ranks[at], ranks[i]);
	}
	return most;
}

unsigned int tkfi_order_in_turns(const struct tkfi_engine *engine,
				 const struct tkfi_order *order,
				 unsigned int first, unsigned int nth,
				 unsigned int second, unsigned int from,
				 unsigned int most, u16 *steps)
{
	static struct turns t;
	u8 ranks[TKFI_MAX_VCPUS];
	unsigned int i;

	t.order = order;
	t.nr_vcpus = engine->nr_vcpus;
	t.first = first;
	t.nth = nth;
	t.second = second;
	t.from = from;
	memset(t.nr, 0, sizeof(t.nr));
	for (i = 0; i < order->nr; i++)
		t.steps[engine->log[i].vcpu][t.nr[engine->log[i].vcpu]++] = i;
	for (i = 0; i < TKFI_MAX_VCPUS; i++)
		ranks[i] = i;
	return try_ranks(&t, ranks, 0, most, steps);
}

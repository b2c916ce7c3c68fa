// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "cells.h"
#include "order.h"

static bool writes(const struct tkfi_event *step)
{
	return tkfi_step_writes(&(struct tkfi_transition){ .kind = step->kind });
}

static void copy(u16 *to, const u16 *from, unsigned int nr_vcpus)
{
	unsigned int i;

	for (i = 0; i < nr_vcpus; i++)
		to[i] = from[i];
}

void tkfi_clocks_begin(struct tkfi_clocks *c)
{
	unsigned int i;

	for (i = 0; i < c->nr_used; i++) {
		unsigned int cell = c->used[i];

		c->is_used[cell] = false;
		memset(c->all[cell], 0, sizeof(c->all[0]));
		memset(c->written[cell], 0, sizeof(c->written[0]));
	}
	c->nr_used = 0;
	c->nr = 0;
	memset(c->own, 0, sizeof(c->own));
}

static void use(struct tkfi_clocks *c, unsigned int cell)
{
	if (!c->is_used[cell]) {
		c->is_used[cell] = true;
		c->used[c->nr_used++] = cell;
	}
}

const u16 *tkfi_clocks_add(struct tkfi_clocks *c, const struct tkfi_engine *engine,
			   const struct tkfi_event *step)
{
	u16 *clock = c->own[step->vcpu], cpu = engine->vcpus[step->vcpu].cpu;
	const unsigned int nr = engine->nr_vcpus, end = step->cell + step->nr_cells;
	const bool write = writes(step);
	unsigned int i;

	c->nr++;
	clock[step->vcpu]++;
	for (i = step->cell; i < end; i++)
		tkfi_clock_join(clock, write ? c->all[i] : c->written[i], nr);
	if (cpu)
		tkfi_clock_join(clock, c->written[cpu], nr);
	for (i = step->cell; i < end; i++) {
		use(c, i);
		/* What is written comes after all that was. */
		if (write) {
			copy(c->all[i], clock, nr);
			copy(c->written[i], clock, nr);
		} else {
			tkfi_clock_join(c->all[i], clock, nr);
		}
	}
	if (cpu) {
		use(c, cpu);
		tkfi_clock_join(c->all[cpu], clock, nr);
	}
	return clock;
}

void tkfi_order_of(const struct tkfi_engine *engine, struct tkfi_order *order)
{
	static struct tkfi_clocks clocks;
	unsigned int i;

	tkfi_clocks_begin(&clocks);
	order->nr = min(engine->nr_log, TKFI_MAX_STEPS + 0U);
	for (i = 0; i < order->nr; i++) {
		const struct tkfi_event *step = &engine->log[i];
		const u16 *clock = tkfi_clocks_add(&clocks, engine, step);

		order->nth[i] = clock[step->vcpu];
		copy(order->clock[i], clock, engine->nr_vcpus);
	}
}

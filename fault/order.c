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

void tkfi_clocks_begin(struct tkfi_clocks *c)
{
	unsigned int i;

	for (i = 0; i < c->nr_used; i++) {
		memset(c->all[c->used[i]], 0, sizeof(c->all[0]));
		memset(c->written[c->used[i]], 0, sizeof(c->written[0]));
	}
	c->nr_used = 0;
	c->nr = 0;
	memset(c->own, 0, sizeof(c->own));
}

/* Something with this clock touches a cell. */
static void touch(struct tkfi_clocks *c, unsigned int cell, const u16 *clock,
		  bool write)
{
	if (!memchr_inv(c->all[cell], 0, sizeof(c->all[cell])))
		c->used[c->nr_used++] = cell;
	join(c->all[cell], clock);
	if (write)
		join(c->written[cell], clock);
}

const u16 *tkfi_clocks_add(struct tkfi_clocks *c, const struct tkfi_engine *engine,
			   const struct tkfi_done *step)
{
	u16 *clock = c->own[step->vcpu], cpu = engine->vcpus[step->vcpu].cpu;
	unsigned int i;

	c->nr++;
	clock[step->vcpu]++;
	for (i = step->cell; i < step->cell + step->nr_cells; i++)
		join(clock, writes(step) ? c->all[i] : c->written[i]);
	if (cpu)
		join(clock, c->written[cpu]);
	for (i = step->cell; i < step->cell + step->nr_cells; i++)
		touch(c, i, clock, writes(step));
	if (cpu)
		touch(c, cpu, clock, false);
	return clock;
}

void tkfi_order_of(const struct tkfi_engine *engine, struct tkfi_order *order)
{
	static struct tkfi_clocks clocks;
	unsigned int i;

	tkfi_clocks_begin(&clocks);
	order->nr = min(engine->nr_log, TKFI_MAX_STEPS + 0U);
	for (i = 0; i < order->nr; i++) {
		const struct tkfi_done *step = &engine->log[i];
		const u16 *clock = tkfi_clocks_add(&clocks, engine, step);

		order->nth[i] = clock[step->vcpu];
		memcpy(order->clock[i], clock, sizeof(order->clock[i]));
	}
}

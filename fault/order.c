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

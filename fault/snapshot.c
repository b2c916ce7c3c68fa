// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/thread_info.h>

#include "snapshot.h"

static size_t stack_used(const struct tkfi_vcpu *v)
{
	return (unsigned long)v->context.stack + THREAD_SIZE - v->context.sp;
}

size_t tkfi_snapshot_size(const struct tkfi_engine *engine)
{
	size_t size = sizeof(struct tkfi_snapshot);
	unsigned int i;

	for (i = 0; i < engine->nr_ranges; i++)
		size += engine->ranges[i].size;
	return size + TKFI_MAX_VCPUS * TKFI_SNAPSHOT_STACK;
}

void tkfi_snapshot_take(struct tkfi_snapshot *snapshot,
			const struct tkfi_engine *engine)
{
	u8 *p = snapshot->bytes;
	unsigned int i;

	for (i = 0; i < engine->nr_ranges; p += engine->ranges[i++].size)
		memcpy(p, engine->ranges[i].addr, engine->ranges[i].size);
	for (i = 0; i < engine->nr_vcpus; i++) {
		const struct tkfi_vcpu *v = &engine->vcpus[i];
		size_t used = stack_used(v);

		if (used > TKFI_SNAPSHOT_STACK)
			panic("[tkfi internal bug] VCPU%u has %zu bytes on its stack\n",
			      i, used);
		snapshot->vcpus[i] = *v;
		memcpy(p, (void *)v->context.sp, used);
		p += used;
	}
	snapshot->last = engine->last;
	snapshot->free = engine->free;
	snapshot->bound = engine->bound;
	snapshot->nr_log = engine->nr_log;
	memcpy(snapshot->held, engine->held, sizeof(snapshot->held));
}

void tkfi_snapshot_restore(const struct tkfi_snapshot *snapshot,
			   struct tkfi_engine *engine)
{
	const u8 *p = snapshot->bytes;
	unsigned int i;

	for (i = 0; i < engine->nr_ranges; p += engine->ranges[i++].size)
		memcpy(engine->ranges[i].addr, p, engine->ranges[i].size);
	for (i = 0; i < engine->nr_vcpus; i++) {
		struct tkfi_vcpu *v = &engine->vcpus[i];
		size_t used;

		*v = snapshot->vcpus[i];
		used = stack_used(v);
		memcpy((void *)v->context.sp, p, used);
		p += used;
	}
	engine->last = snapshot->last;
	engine->free = snapshot->free;
	engine->bound = snapshot->bound;
	engine->nr_log = snapshot->nr_log;
	memcpy(engine->held, snapshot->held, sizeof(engine->held));
}

// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/thread_info.h>
#include <linux/vmalloc.h>

#include "snapshot.h"

#define SPACING	16	/* choices between checkpoints, until it is doubled */

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

/* Most ranges are a word, and UML's memcpy() is a call. */
static __always_inline void copy(void *to, const void *from, size_t size)
{
	if (size == sizeof(u64))
		__builtin_memcpy(to, from, sizeof(u64));
	else if (size == sizeof(u32))
		__builtin_memcpy(to, from, sizeof(u32));
	else
		memcpy(to, from, size);
}

void tkfi_snapshot_take(struct tkfi_snapshot *snapshot,
			const struct tkfi_engine *engine)
{
	u8 *p = snapshot->bytes;
	unsigned int i;

	for (i = 0; i < engine->nr_ranges; p += engine->ranges[i++].size)
		copy(p, engine->ranges[i].addr, engine->ranges[i].size);
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
		copy(engine->ranges[i].addr, p, engine->ranges[i].size);
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

static struct tkfi_snapshot *checkpoint(const struct tkfi_checkpoints *c,
					unsigned int i)
{
	return (struct tkfi_snapshot *)(c->bytes +
					c->slot[i] * TKFI_CHECKPOINT_SIZE);
}

int tkfi_checkpoints_create(struct tkfi_checkpoints *c)
{
	unsigned int i;

	c->bytes = vmalloc(TKFI_CHECKPOINTS * TKFI_CHECKPOINT_SIZE);
	if (!c->bytes)
		return -ENOMEM;
	for (i = 0; i < TKFI_CHECKPOINTS; i++)
		c->slot[i] = i;
	tkfi_checkpoints_begin(c, TKFI_CHECKPOINTS);
	return 0;
}

void tkfi_checkpoints_destroy(struct tkfi_checkpoints *c)
{
	vfree(c->bytes);
}

int tkfi_checkpoints_fit(struct tkfi_engine *engine)
{
	if (tkfi_snapshot_size(engine) <= TKFI_CHECKPOINT_SIZE)
		return 0;
	snprintf(engine->error, sizeof(engine->error), "too much to take a snapshot of");
	return -E2BIG;
}

void tkfi_checkpoints_begin(struct tkfi_checkpoints *c, unsigned int most)
{
	c->nr = 0;
	c->most = most;
	c->spacing = SPACING;
}

void tkfi_checkpoints_take(struct tkfi_checkpoints *c, struct tkfi_engine *engine)
{
	unsigned int i;

	if (c->nr == c->most) {
		if (c->most == 1)
			return;
		c->nr /= 2;
		c->spacing *= 2;
		for (i = 1; i < c->nr; i++)
			swap(c->slot[i], c->slot[2 * i]);
	}
	engine->save = checkpoint(c, c->nr++);
}

const struct tkfi_snapshot *tkfi_checkpoints_back(struct tkfi_checkpoints *c,
						  unsigned int choice,
						  unsigned int *at)
{
	c->nr = min(c->nr, choice / c->spacing + 1);
	*at = (c->nr - 1) * c->spacing;
	return checkpoint(c, c->nr - 1);
}

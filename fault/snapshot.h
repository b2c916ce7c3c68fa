/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_SNAPSHOT_H
#define __TKFI_SNAPSHOT_H

#include "engine.h"

/* The most that a VCPU's stack may hold while it is stopped, in bytes. */
#define TKFI_SNAPSHOT_STACK	2048

/**
 * struct tkfi_snapshot - an execution as it was at a choice
 * @vcpus:	the VCPUs; what is on their stacks is in @bytes
 * @last:	as in struct tkfi_engine
 * @free:	likewise
 * @bound:	likewise
 * @held:	likewise
 * @nr_log:	likewise
 * @bytes:	the engine's ranges, then the used part of each stack
 *
 * Stacks and state go back to where they were: pointers among them stay right.
 */
struct tkfi_snapshot {
	struct tkfi_vcpu vcpus[TKFI_MAX_VCPUS];
	struct tkfi_vcpu *last;
	unsigned long free;
	unsigned long bound;
	struct tkfi_held held[TKFI_MAX_LOCKS];
	unsigned int nr_log;
	u8 bytes[];
};

/* The most bytes a snapshot of this engine takes, its ranges being set. */
size_t tkfi_snapshot_size(const struct tkfi_engine *engine);

/* No VCPU executes. A stack that is too full is an internal error. */
void tkfi_snapshot_take(struct tkfi_snapshot *snapshot,
			const struct tkfi_engine *engine);
void tkfi_snapshot_restore(const struct tkfi_snapshot *snapshot,
			   struct tkfi_engine *engine);

#endif

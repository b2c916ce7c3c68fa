/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_SNAPSHOT_H
#define __TKFI_SNAPSHOT_H

#include <linux/sizes.h>

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
 * Stacks and state are restored at the addresses they had, so pointers stay valid.
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

/**
 * tkfi_snapshot_size() - the most bytes that a snapshot takes
 * @engine:	engine; its ranges are set
 *
 * Return: bytes, with TKFI_SNAPSHOT_STACK for the stack of every VCPU there can be.
 */
size_t tkfi_snapshot_size(const struct tkfi_engine *engine);

/**
 * tkfi_snapshot_take() - copy an execution as it is
 * @snapshot:	room of tkfi_snapshot_size() bytes
 * @engine:	engine; no VCPU of it executes
 *
 * A stack that holds more than TKFI_SNAPSHOT_STACK bytes is an internal error.
 */
void tkfi_snapshot_take(struct tkfi_snapshot *snapshot,
			const struct tkfi_engine *engine);

/**
 * tkfi_snapshot_restore() - go back to an execution as it was
 * @snapshot:	snapshot of an execution of this engine, with the same VCPUs and ranges
 * @engine:	engine; no VCPU of it executes
 */
void tkfi_snapshot_restore(const struct tkfi_snapshot *snapshot,
			   struct tkfi_engine *engine);

/* Snapshots of one execution, and the most bytes of each. */
#define TKFI_CHECKPOINTS	64
#define TKFI_CHECKPOINT_SIZE	SZ_32K

/**
 * struct tkfi_checkpoints - snapshots of the execution under way, to go back to
 * @nr:		how many there are
 * @most:	how many there can be
 * @spacing:	number of choices from one to the next
 * @slot:	where in @bytes each is
 * @bytes:	the snapshots
 *
 * invariant: snapshot i, of @nr, was taken at the choice i * @spacing.
 *
 * The first is of the begin of the execution. When there is no more room every second one
 * is dropped, so that the length of an execution is not limited.
 */
struct tkfi_checkpoints {
	unsigned int nr;
	unsigned int most;
	unsigned int spacing;
	u8 slot[TKFI_CHECKPOINTS];
	u8 *bytes;
};

/**
 * tkfi_checkpoints_create() - allocate room for TKFI_CHECKPOINTS snapshots
 * @c:		checkpoints; none is taken yet
 *
 * Return: 0 or -ENOMEM.
 */
int tkfi_checkpoints_create(struct tkfi_checkpoints *c);

/**
 * tkfi_checkpoints_destroy() - free what tkfi_checkpoints_create() allocated
 * @c:		checkpoints
 */
void tkfi_checkpoints_destroy(struct tkfi_checkpoints *c);

/**
 * tkfi_checkpoints_fit() - is there room for an engine's state in a snapshot?
 * @engine:	engine; its ranges are set
 *
 * Return: 0, or -E2BIG if it takes more than TKFI_CHECKPOINT_SIZE bytes; @engine->error says
 * so then.
 */
int tkfi_checkpoints_fit(struct tkfi_engine *engine);

/**
 * tkfi_checkpoints_begin() - an execution begins; forget the snapshots of the last one
 * @c:		checkpoints
 * @most:	how many are wanted at most: 1, which is that of the beginning, or an even
 *		number up to TKFI_CHECKPOINTS
 */
void tkfi_checkpoints_begin(struct tkfi_checkpoints *c, unsigned int most);

/**
 * tkfi_checkpoints_drop() - forget the snapshots
 * @c:		checkpoints
 *
 * For when something else was executed since: the engine's log, which is in no snapshot, is
 * not that of these snapshots then. The next execution begins at the start.
 */
static inline void tkfi_checkpoints_drop(struct tkfi_checkpoints *c)
{
	c->nr = 0;
}

/**
 * tkfi_checkpoints_take() - have a snapshot taken before the chosen VCPU goes on
 * @c:		checkpoints
 * @engine:	engine; its @save is set
 *
 * If there is no room, every second snapshot is dropped first and the spacing doubled. If
 * only one is wanted and it exists, none is taken.
 */
void tkfi_checkpoints_take(struct tkfi_checkpoints *c, struct tkfi_engine *engine);

/**
 * tkfi_checkpoint() - have a snapshot taken if it is time; for strategies, in @next
 * @c:		checkpoints
 * @engine:	engine that asks the strategy for a choice
 * @choice:	number of this choice in the execution, from 0
 */
static inline void tkfi_checkpoint(struct tkfi_checkpoints *c,
				   struct tkfi_engine *engine, unsigned int choice)
{
	if (choice == c->nr * c->spacing)
		tkfi_checkpoints_take(c, engine);
}

/**
 * tkfi_checkpoints_back() - the last snapshot that was taken at a choice or before it
 * @c:		checkpoints, at least one; those taken after the choice are dropped
 * @choice:	number of the choice, from 0
 * @at:		number of the choice that it was taken at
 *
 * Return: for tkfi_engine_resume().
 */
const struct tkfi_snapshot *tkfi_checkpoints_back(struct tkfi_checkpoints *c,
						  unsigned int choice,
						  unsigned int *at);

#endif

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

/* Snapshots of one execution, and the most bytes of each. */
#define TKFI_CHECKPOINTS	64
#define TKFI_CHECKPOINT_SIZE	SZ_32K

/**
 * struct tkfi_checkpoints - snapshots of the execution under way, to go back to
 * @nr:		how many there are
 * @most:	how many there can be
 * @spacing:	choices from each to the next
 * @slot:	where in @bytes each is
 * @bytes:	the snapshots
 *
 * invariant: snapshot i, of @nr, was taken at the choice i * @spacing.
 *
 * The first is that of the beginning. When there is no more room each second one is
 * dropped: an execution may be as long as it likes.
 */
struct tkfi_checkpoints {
	unsigned int nr;
	unsigned int most;
	unsigned int spacing;
	u8 slot[TKFI_CHECKPOINTS];
	u8 *bytes;
};

/* Returns 0 or -ENOMEM. */
int tkfi_checkpoints_create(struct tkfi_checkpoints *c);
void tkfi_checkpoints_destroy(struct tkfi_checkpoints *c);

/* Is there room for this engine's state? If not -E2BIG, and engine->error says so. */
int tkfi_checkpoints_fit(struct tkfi_engine *engine);

/*
 * An execution begins; at most @most are wanted: 1, which is that of the beginning, or an
 * even number up to TKFI_CHECKPOINTS.
 */
void tkfi_checkpoints_begin(struct tkfi_checkpoints *c, unsigned int most);

/*
 * Something else was executed since: what is not in a snapshot, as the engine's log, is
 * not as it was. The next execution begins at the start.
 */
static inline void tkfi_checkpoints_drop(struct tkfi_checkpoints *c)
{
	c->nr = 0;
}

/* The engine asks the strategy for its choice number @choice: take one if it is time. */
void tkfi_checkpoints_take(struct tkfi_checkpoints *c, struct tkfi_engine *engine);
static inline void tkfi_checkpoint(struct tkfi_checkpoints *c,
				   struct tkfi_engine *engine, unsigned int choice)
{
	if (choice == c->nr * c->spacing)
		tkfi_checkpoints_take(c, engine);
}

/**
 * tkfi_checkpoints_back() - the last one that is not behind a choice
 * @c:		at least one was taken; later ones are dropped
 * @choice:	number of the choice, from 0
 * @at:		number of the choice that it was taken at
 *
 * Return: for tkfi_engine_resume().
 */
const struct tkfi_snapshot *tkfi_checkpoints_back(struct tkfi_checkpoints *c,
						  unsigned int choice,
						  unsigned int *at);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* Transitions: what VCPUs do next; and events: transitions that were executed. */
#ifndef __TKFI_TRANSITION_H
#define __TKFI_TRANSITION_H

#include <linux/bits.h>
#include <linux/types.h>

/**
 * enum tkfi_transition_kind - what a VCPU does next
 * @TKFI_TRANS_YIELD:	begins its body, or goes on after tkfi_yield()
 * @TKFI_TRANS_POINT:	goes on from an injection point
 * @TKFI_TRANS_LOCK:	takes a lock, once that is free
 * @TKFI_TRANS_UNLOCK:	drops a lock
 * @TKFI_TRANS_AWAIT:	loads a word, once its value is not @value of the transition
 * @TKFI_TRANS_LOAD:	loads
 * @TKFI_TRANS_BEGIN:	loads a sequence, at the begin of a read section
 * @TKFI_TRANS_CHECK:	loads it again, at the end of the section
 * @TKFI_TRANS_STORE:	stores
 *
 * The first two touch no cells, all others do.
 */
enum tkfi_transition_kind {
	TKFI_TRANS_YIELD,
	TKFI_TRANS_POINT,
	TKFI_TRANS_LOCK,
	TKFI_TRANS_UNLOCK,
	TKFI_TRANS_AWAIT,
	TKFI_TRANS_LOAD,
	TKFI_TRANS_BEGIN,
	TKFI_TRANS_CHECK,
	TKFI_TRANS_STORE,
};

/**
 * tkfi_transition_kind_name() - what a schedule and a diagram call a kind of transition
 * @kind:	kind
 *
 * Return: "lock", "unlock", "store"; "load" for all others.
 */
const char *tkfi_transition_kind_name(enum tkfi_transition_kind kind);

#define TKFI_WANTS_POINTS	(BIT(TKFI_TRANS_YIELD) | BIT(TKFI_TRANS_POINT))
#define TKFI_WANTS_ACCESSES	(~0U & ~TKFI_WANTS_POINTS)

/**
 * struct tkfi_transition - what a VCPU does next, once it is chosen
 * @kind:	enum tkfi_transition_kind
 * @nr_cells:	how many cells it touches; 0 if it is of no consequence to other VCPUs
 * @cell:	the first of them
 * @value:	for TKFI_TRANS_AWAIT: the value that makes it wait
 * @size:	for other accesses: bytes, 1, 2, 4, 8 or 16; see tkfi_transition_size()
 * @what:	name of the point, address of the lock, or address of the first byte
 * @ip:		address of the instruction after it; 0 if unknown
 */
struct tkfi_transition {
	u8 kind;
	u8 nr_cells;
	u16 cell;
	union {
		unsigned int value;
		unsigned int size;
	};
	const void *what;
	unsigned long ip;
};

/**
 * tkfi_transition_size() - how many bytes a transition accesses
 * @t:		transition
 *
 * Return: bytes, from its @what on; 0 if it is no access.
 */
static inline unsigned int tkfi_transition_size(const struct tkfi_transition *t)
{
	return t->kind == TKFI_TRANS_AWAIT ? sizeof(t->value) : t->size;
}

/**
 * tkfi_kind_writes() - does a kind of transition write its cells?
 * @kind:	kind
 *
 * Return: true for stores, and for taking and dropping a lock.
 */
static inline bool tkfi_kind_writes(enum tkfi_transition_kind kind)
{
	return kind == TKFI_TRANS_STORE || kind == TKFI_TRANS_LOCK ||
	       kind == TKFI_TRANS_UNLOCK;
}

/**
 * tkfi_transition_writes() - does a transition write its cells?
 * @t:		transition
 *
 * Return: as tkfi_kind_writes().
 */
static inline bool tkfi_transition_writes(const struct tkfi_transition *t)
{
	return tkfi_kind_writes(t->kind);
}

/* The most events of an execution. */
#define TKFI_MAX_EVENTS	8192

/**
 * struct tkfi_event - a transition that was executed, in the log
 * @vcpu:	id of the VCPU
 * @kind:	enum tkfi_transition_kind
 * @nr_cells:	how many cells it touched
 * @cell:	the first of them
 */
struct tkfi_event {
	u8 vcpu;
	u8 kind;
	u8 nr_cells;
	u16 cell;
};

#endif

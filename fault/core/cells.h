/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory locations: cells of four bytes. An access of a cell is a scheduling point only if
 * the cell is shared: several VCPUs access it, at least one of them writes it, and no guard
 * protects it. A guard is a lock or a sequence. If all who access a cell hold one guard,
 * then the order of their accesses follows from the order in which they take the guard.
 * (These are the locksets of Eraser: Savage et al., ACM TOCS 15(4), 1997.) A writer holds a
 * sequence while it is odd, a reader from the begin of a read section to the check that
 * succeeds.
 */
#ifndef __TKFI_CELLS_H
#define __TKFI_CELLS_H

#include <linux/bits.h>
#include <linux/limits.h>
#include <linux/types.h>

#include "filter.h"

#define TKFI_CELL_SHARED	BIT(0)	/* its accesses are scheduling points */
#define TKFI_CELL_SEQUENCE	BIT(1)	/* a seqcount: odd means writing */
#define TKFI_CELL_LATCH		BIT(2)	/* a latch: readers never wait */
#define TKFI_CELL_MANY_WRITERS	BIT(3)	/* a sequence with more than one writer at a time */
#define TKFI_CELL_NO_RETRY	BIT(4)	/* a sequence that some reader does not check */

/* The most cells that one access touches: those of 16 bytes that are not aligned. */
#define TKFI_ACCESS_CELLS	5

/*
 * Set when a cell is found to be shared that was not known to be. Executions so far have
 * lacked scheduling points, so the search has to be restarted.
 */
extern bool tkfi_cells_changed;

/*
 * Required guards that a writer of a cell did not hold, BIT(guard) each, in the execution
 * under way. To be cleared when an execution begins, and part of what snapshots hold.
 */
extern u16 tkfi_guards_missed;

/**
 * tkfi_cells_reset() - forget all cells, objects, locks and guards
 */
void tkfi_cells_reset(void);

/**
 * tkfi_cells_begin() - forget who accessed the cells
 *
 * Cells that are known to be shared stay shared. Clears tkfi_cells_changed.
 */
void tkfi_cells_begin(void);

/**
 * tkfi_cells_add() - make an object of the kernel image known
 * @name:	its name, valid for ever
 * @addr:	its address
 * @size:	bytes
 *
 * Return: 0, or -ENOSPC when there are too many objects or cells, or the objects are too
 * far apart.
 */
int tkfi_cells_add(const char *name, const void *addr, size_t size);

/* How many locks and sequences there can be. */
#define TKFI_MAX_GUARDS	16

/**
 * tkfi_cells_mark() - mark a word as a sequence, and make a guard of it
 * @addr:	the word; must be in an object that tkfi_cells_add() made known, else panic
 * @flag:	TKFI_CELL_SEQUENCE or TKFI_CELL_LATCH
 *
 * There can be TKFI_MAX_GUARDS guards; one more is an internal error.
 */
void tkfi_cells_mark(const void *addr, u8 flag);

/**
 * tkfi_cell_of_lock() - the cell that stands for a lock
 * @lock:	address of the lock
 *
 * Locks have no memory of their own on UP. A lock that is not known yet is given a cell and a
 * guard; too many of either is an internal error.
 *
 * Return: number of the cell, not 0.
 */
unsigned int tkfi_cell_of_lock(const void *lock);

/**
 * tkfi_cells_require() - say which guards a writer of some cells must hold
 * @addr:	memory that the cells belong to; sequences in it are left out
 * @size:	bytes
 * @guards:	BIT(guard) each; a writer must hold all of them
 */
void tkfi_cells_require(const void *addr, size_t size, u16 guards);

/**
 * tkfi_guard_of_sequence() - the guard that a sequence is
 * @word:	the sequence's word, marked with tkfi_cells_mark()
 *
 * Return: BIT(guard); 0 for a sequence with more than one writer at a time: its holder is
 * not known.
 */
u16 tkfi_guard_of_sequence(const unsigned int *word);

/**
 * tkfi_guard_of_lock() - the guard that a lock is
 * @lock:	address of the lock
 *
 * Return: BIT(guard).
 */
u16 tkfi_guard_of_lock(const void *lock);

/**
 * tkfi_cell_word() - where a cell is
 * @cell:	number of the cell
 *
 * Return: its address, a multiple of TKFI_CELL_SIZE; NULL for one that stands for a lock.
 */
const void *tkfi_cell_word(unsigned int cell);

/**
 * tkfi_cell_about() - the cell that represents the object of a cell
 * @cell:	number of the cell, not 0
 *
 * Return: @cell itself if it is a lock or a sequence, else the first cell of its object.
 */
unsigned int tkfi_cell_about(unsigned int cell);

/**
 * tkfi_cell_name() - the name of some cells, for schedules and reports
 * @cell:	the first of them, not 0
 * @nr:		how many
 * @buf:	receives the name given with tkfi_name_add(); else the object's name, with
 *		offset and size in bytes if the cells are only a part of it: tk_core+40/8
 * @size:	of @buf
 */
void tkfi_cell_name(unsigned int cell, unsigned int nr, char *buf, size_t size);

/**
 * tkfi_cells_have() - does tkfi_cell_name() give this name to any cells?
 * @name:	a name, as in a schedule
 *
 * Looks at all cells, and at accesses of every width.
 *
 * Return: whether there is.
 */
bool tkfi_cells_have(const char *name);

/**
 * tkfi_cells_print_shared() - print which cells were found to be shared
 * @buf:	receives "12-14,77,b80": numbers of cells; b marks a sequence of
 *		TKFI_CELL_MANY_WRITERS, u one of TKFI_CELL_NO_RETRY. Locks and sequences
 *		are always shared and not listed as such
 * @size:	of @buf
 *
 * Return: as snprintf().
 */
int tkfi_cells_print_shared(char *buf, size_t size);

/**
 * tkfi_cells_parse_shared() - set flags of cells as they were printed
 * @text:	as printed by tkfi_cells_print_shared(); "" for none
 *
 * Flags that are set stay set.
 *
 * Return: 0, or -EINVAL if @text is malformed: the flags of cells before the error are set
 * then.
 */
int tkfi_cells_parse_shared(const char *text);

struct tkfi_saved;

/**
 * tkfi_cells_keep() - save or load what is known of cells and locks
 * @keep:	state to save to or load from; @keep->failed tells of a failure
 *
 * The objects are not saved: they are the same when the state is loaded.
 */
void tkfi_cells_keep(struct tkfi_saved *keep);

/**
 * tkfi_cells_no_retry() - writers do not wait for readers of sequences from now on
 *
 * Sets TKFI_CELL_NO_RETRY of all sequences and latches.
 */
void tkfi_cells_no_retry(void);

/**
 * tkfi_cells_have_no_retry() - is there a sequence whose writers do not wait for readers?
 *
 * Return: whether TKFI_CELL_NO_RETRY of any is set.
 */
bool tkfi_cells_have_no_retry(void);

/**
 * tkfi_cells_share_all() - every access of a cell is a scheduling point from now on
 */
void tkfi_cells_share_all(void);

/**
 * tkfi_mask_of() - which accesses of a VCPU must not be skipped
 * @vcpu:	its id
 * @store:	true for stores, false for loads
 * @held:	guards it holds, BIT(guard) each
 *
 * Return: mask of a cell's word. If any of these bits is set, an access of the cell is a
 * scheduling point, or tells something about the cell that is not known yet.
 */
static inline u64 tkfi_mask_of(unsigned int vcpu, bool store, u16 held)
{
	const u16 not_held = ~held;
	union tkfi_cell mask = {
		.flags = TKFI_CELL_SHARED,
		.unread = store ? 0 : BIT(vcpu),
		.unwritten = store ? BIT(vcpu) : 0,
		.guarded = not_held,
		.required = store ? not_held : 0,
	};

	return mask.word;
}

/**
 * tkfi_cells_learn() - note an access of cells; slow path of tkfi_cells_use()
 * @cell:	first
 * @nr:		how many
 * @vcpu:	id of the VCPU that is about to use them
 * @store:	it writes
 * @held:	guards it holds, BIT(guard) each
 *
 * Sets tkfi_cells_changed if a cell turns out to be shared, and adds to tkfi_guards_missed the
 * required guards that a writer does not hold.
 *
 * Return: whether one of the cells is shared.
 */
bool tkfi_cells_learn(unsigned int cell, unsigned int nr, unsigned int vcpu,
		      bool store, u16 held);

/**
 * tkfi_cells_use() - a VCPU is about to access cells
 * @cell:	the first of them
 * @nr:		how many
 * @vcpu:	id of the VCPU
 * @store:	it writes
 * @held:	guards it holds, BIT(guard) each
 *
 * Return: whether one of them is shared: the access is a scheduling point then.
 */
static inline bool tkfi_cells_use(unsigned int cell, unsigned int nr,
				  unsigned int vcpu, bool store, u16 held)
{
	const union tkfi_cell shared = { .flags = TKFI_CELL_SHARED };
	const union tkfi_cell *c = &tkfi_cells[cell];
	const union tkfi_cell *end = c + nr;
	u64 all = 0;

	for (; c < end; c++)
		all |= c->word;
	if (unlikely(all & tkfi_mask_of(vcpu, store, held) & ~shared.word))
		return tkfi_cells_learn(cell, nr, vcpu, store, held);
	return all & shared.word;
}

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared memory, as the engine sees it: cells of four bytes. Only accesses to cells
 * that several VCPUs use, that one of them writes, and that nothing protects, are
 * worth a choice: where all who use a cell hold one lock, the order in which they
 * take it decides. (The locksets of Eraser: Savage et al., ACM TOCS 15(4), 1997.)
 * A sequence protects like a lock: held by a writer while it is odd, and by a
 * reader from reading to checking it, with success.
 */
#ifndef __TKFI_CELLS_H
#define __TKFI_CELLS_H

#include <linux/bits.h>
#include <linux/limits.h>
#include <linux/types.h>

#include "filter.h"

#define TKFI_CELL_SHARED	BIT(0)	/* worth a choice */
#define TKFI_CELL_SEQUENCE	BIT(1)	/* a seqcount: odd means writing */
#define TKFI_CELL_LATCH		BIT(2)	/* a latch: readers never wait */
#define TKFI_CELL_MANY_WRITERS	BIT(3)	/* a sequence that two write at once */
#define TKFI_CELL_NO_RETRY	BIT(4)	/* or that somebody reads and does not check */

/* The most cells that one access touches: those of 16 bytes that are not aligned. */
#define TKFI_ACCESS_CELLS	5

/* Set whenever a cell turns out to be shared: explore anew. */
extern bool tkfi_cells_changed;

/*
 * Guards without which somebody wrote a cell that requires them, or was about to, a bit
 * each. Of one execution: to be cleared at its start, and part of what snapshots hold.
 */
extern u16 tkfi_guards_missed;

/**
 * tkfi_cells_reset() - forget all cells, objects, locks and guards
 */
void tkfi_cells_reset(void);

/**
 * tkfi_cells_begin() - forget who used the cells
 *
 * What is known to be shared stays so. Clears tkfi_cells_changed.
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
 * @addr:	memory whose cells these are; sequences in it are not
 * @size:	bytes
 * @guards:	BIT(guard) each; a writer must hold all of them
 */
void tkfi_cells_require(const void *addr, size_t size, u16 guards);

/**
 * tkfi_guard_of_sequence() - the guard that a sequence is
 * @word:	the sequence's word, marked with tkfi_cells_mark()
 *
 * Return: BIT(guard); 0 for a sequence that two write at once, as nobody knows who holds that.
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
 * tkfi_cell_about() - the cell that stands for what a cell belongs to
 * @cell:	number of the cell, not 0
 *
 * Return: @cell itself if it is a lock or a sequence, else the first cell of its object.
 */
unsigned int tkfi_cell_about(unsigned int cell);

/**
 * tkfi_cell_name() - what people call some cells
 * @cell:	first; not 0
 * @nr:		how many
 * @buf:	receives the name given with tkfi_name_add(), or else the object's, if
 *		these are not all of it with offset and size in bytes: tk_core+40/8
 * @size:	of @buf
 */
void tkfi_cell_name(unsigned int cell, unsigned int nr, char *buf, size_t size);

/**
 * tkfi_cells_have() - is there anything that tkfi_cell_name() calls so?
 * @name:	a name, as in a schedule
 *
 * Looks at all cells, and at accesses of every width.
 *
 * Return: whether there is.
 */
bool tkfi_cells_have(const char *name);

/**
 * tkfi_cells_print_shared() - which cells have turned out to be worth a choice
 * @buf:	receives "12-14,77,b80": numbers, a b before sequences that two write at
 *		once, a u before those that somebody does not check; locks and sequences
 *		always are and not mentioned
 * @size:	of @buf
 *
 * Return: as snprintf().
 */
int tkfi_cells_print_shared(char *buf, size_t size);

/**
 * tkfi_cells_parse_shared() - make those cells worth a choice that were printed
 * @text:	as printed by tkfi_cells_print_shared(); "" if none
 *
 * Adds to what is known already.
 *
 * Return: 0, or -EINVAL for something else than was printed: cells before the error are
 * shared then.
 */
int tkfi_cells_parse_shared(const char *text);

struct tkfi_saved;

/**
 * tkfi_cells_keep() - save or load all that is known of cells and locks
 * @keep:	state to save to or load from; a failure shows at its end
 *
 * What objects there are is not in it: they are the same when it is loaded.
 */
void tkfi_cells_keep(struct tkfi_saved *keep);

/**
 * tkfi_cells_no_retry() - nobody waits for readers of sequences from now on
 *
 * Sets TKFI_CELL_NO_RETRY of all sequences and latches.
 */
void tkfi_cells_no_retry(void);

/**
 * tkfi_cells_have_no_retry() - is there a sequence whose readers nobody waits for?
 *
 * Return: whether TKFI_CELL_NO_RETRY of any is set.
 */
bool tkfi_cells_have_no_retry(void);

/**
 * tkfi_cells_share_all() - every cell is worth a choice from now on
 */
void tkfi_cells_share_all(void);

/**
 * tkfi_mask_of() - which accesses of a VCPU are of consequence
 * @vcpu:	its id
 * @store:	those that write
 * @held:	guards it holds
 *
 * Return: the bits that are set in a cell's word if an access of it is a scheduling point,
 * or if something would be learnt of it that is not known.
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
 * tkfi_cells_learn() - what tkfi_cells_use() does if there is something to be learnt
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
 * tkfi_cells_use() - VCPU @vcpu is about to use cells
 * @cell:	first
 * @nr:		how many
 * @vcpu:	its id
 * @store:	it writes
 * @held:	guards it holds
 *
 * Return: whether one of them is shared, so that it matters when this happens.
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

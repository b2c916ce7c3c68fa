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
#include <linux/log2.h>
#include <linux/types.h>
#include <asm/page.h>

#define TKFI_CELL_SIZE		4
#define TKFI_MAX_CELLS		4096

#define TKFI_CELL_SHARED	BIT(0)	/* worth a choice */
#define TKFI_CELL_SEQUENCE	BIT(1)	/* a seqcount: odd means writing */
#define TKFI_CELL_LATCH		BIT(2)	/* a latch: readers never wait */
#define TKFI_CELL_BROKEN	BIT(3)	/* a sequence that two write at once */
#define TKFI_CELL_UNCHECKED	BIT(4)	/* or that somebody reads and does not check */

/**
 * struct tkfi_cell - what is known of one cell
 * @loaded:	VCPUs that have read it, a bit each
 * @stored:	VCPUs that have written it
 * @flags:	TKFI_CELL_*
 * @guard:	what it is to others, BIT(guard), if it is a lock or sequence
 * @unguarded:	guards that somebody who used it did not hold
 * @bare:	guards that somebody who wrote it did not hold
 */
struct tkfi_cell {
	u8 loaded;
	u8 stored;
	u8 flags;
	u8 guard;
	u16 unguarded;
	u16 bare;
};

/* By number; 0 is no cell. */
extern struct tkfi_cell tkfi_cells[TKFI_MAX_CELLS];

/* Set whenever a cell turns out to be shared: explore anew. */
extern bool tkfi_cells_changed;

/*
 * Guards without which somebody wrote a cell of which that was not known, a bit
 * each; for those who ask to clear.
 */
extern u16 tkfi_cells_bared;

/* Forget all cells. */
void tkfi_cells_reset(void);

/* Forget who used them; what is known to be shared stays so. */
void tkfi_cells_begin(void);

/**
 * tkfi_cells_add() - make an object of the kernel image known
 * @name:	its name, valid for ever
 * @addr:	its address
 * @size:	bytes
 *
 * Return: 0, or -ENOSPC when there are too many cells or the objects are too far
 * apart.
 */
int tkfi_cells_add(const char *name, const void *addr, size_t size);

/* How many locks and sequences there can be. */
#define TKFI_MAX_GUARDS	16

/* Mark a word as a sequence: TKFI_CELL_SEQUENCE or TKFI_CELL_LATCH. */
void tkfi_cells_mark(const void *addr, u8 flag);

/* From address to cell: the page's number, then the place in it. */
#define TKFI_CELL_SPAN		8192	/* pages */
#define TKFI_CELL_PAGES		24
#define TKFI_CELLS_PER_PAGE	(PAGE_SIZE / TKFI_CELL_SIZE)

extern unsigned long tkfi_cell_first_page;
extern u8 tkfi_cell_pages[TKFI_CELL_SPAN];
extern u16 tkfi_cell_map[TKFI_CELL_PAGES][TKFI_CELLS_PER_PAGE];

/* The cell at an address, 0 if it is none's. */
static inline unsigned int tkfi_cell_at(const void *addr)
{
	unsigned long at = (unsigned long)addr;
	unsigned long page = at / PAGE_SIZE - tkfi_cell_first_page;

	/* Page 0 of the map is empty: it belongs to all that is not known. */
	if (page >= TKFI_CELL_SPAN)
		return 0;
	return tkfi_cell_map[tkfi_cell_pages[page]]
			    [at % PAGE_SIZE / TKFI_CELL_SIZE];
}

/* The cell that stands for a lock; locks have no memory of their own on UP. */
unsigned int tkfi_cell_of_lock(const void *lock);

/**
 * tkfi_cells_written_without() - does some cell have a writer without a guard?
 * @addr:	memory whose cells are looked at; sequences in it are not
 * @size:	bytes
 * @guards:	BIT(guard) each; a writer must hold one of them
 */
bool tkfi_cells_written_without(const void *addr, size_t size, u16 guards);

/* The guard that a sequence, or a lock, is. BIT() of it. */
u16 tkfi_guard_of_sequence(const unsigned int *word);
u16 tkfi_guard_of_lock(const void *lock);

/* Where a cell is; NULL for one that stands for a lock. */
const void *tkfi_cell_word(unsigned int cell);

/* The cell itself if it is a lock or a sequence, else the first one of its object. */
unsigned int tkfi_cell_about(unsigned int cell);

/**
 * tkfi_cell_name() - what people call some cells
 * @cell:	first
 * @nr:		how many
 * @buf:	receives the name given with tkfi_name_add(), or else the object's,
 *		with offset and size in bytes: tk_core+40/8
 * @size:	of @buf
 */
void tkfi_cell_name(unsigned int cell, unsigned int nr, char *buf, size_t size);

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

/* The opposite. Return: 0, or -EINVAL for something else than was printed. */
int tkfi_cells_parse_shared(const char *text);

struct tkfi_keep;

/* Save or load all that is known of cells. */
void tkfi_cells_keep(struct tkfi_keep *keep);

/* Nobody waits for readers of sequences from now on. */
void tkfi_cells_uncheck(void);

/* Every cell is worth a choice from now on. */
void tkfi_cells_share_all(void);

/**
 * tkfi_cells_private() - is it of no consequence that some cells are used?
 * @cell:	first
 * @nr:		how many
 * @vcpu:	the user's id
 * @store:	it writes
 * @held:	guards it holds
 *
 * So it is if none of them is worth a choice, and nothing is learnt of them that was
 * not known. This is what most accesses come to: it must be fast.
 */
static inline bool tkfi_cells_private(unsigned int cell, unsigned int nr,
				      unsigned int vcpu, bool store, u16 held)
{
	const struct tkfi_cell *c = &tkfi_cells[cell], *end = c + nr;
	u8 self = BIT(vcpu);

	for (; c < end; c++)
		if (c->flags & TKFI_CELL_SHARED ||
		    !((store ? c->stored : c->loaded) & self) ||
		    (u16)((store ? c->bare : c->unguarded) | held) != U16_MAX)
			return false;
	return true;
}

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
	u8 shared = 0, self = BIT(vcpu);
	unsigned int i;

	for (i = cell; i < cell + nr; i++) {
		struct tkfi_cell *c = &tkfi_cells[i];

		if (store) {
			c->stored |= self;
			tkfi_cells_bared |= ~c->bare & (u16)~held;
			c->bare |= ~held;
		} else {
			c->loaded |= self;
		}
		c->unguarded |= ~held;
		if (!(c->flags & TKFI_CELL_SHARED) && c->stored &&
		    c->unguarded == U16_MAX &&
		    !is_power_of_2(c->stored | c->loaded)) {
			c->flags |= TKFI_CELL_SHARED;
			tkfi_cells_changed = true;
		}
		shared |= c->flags & TKFI_CELL_SHARED;
	}
	return shared;
}

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which accesses are of no consequence: what every instrumented load and store asks first.
 * Memory that is explored is divided into cells of four bytes; core/cells.h says what is
 * known of each, and fills these tables.
 */
#ifndef __TKFI_FILTER_H
#define __TKFI_FILTER_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/math.h>
#include <linux/types.h>
#include <asm/page.h>

#include "entry.h"

#define TKFI_CELL_SIZE		4
#define TKFI_MAX_CELLS		4096

/**
 * union tkfi_cell - what is known of one cell
 * @flags:	TKFI_CELL_*
 * @guard:	what it is to others, BIT(guard), if it is a lock or sequence
 * @unread:	VCPUs that have not read it, a bit each
 * @unwritten:	VCPUs that have not written it
 * @guarded:	guards that all who used it held
 * @required:	guards that who writes it must hold
 * @word:	all of it. A bit that is set makes an access a scheduling point, or lets it
 *		find out something, if it is in the access's mask too
 */
union tkfi_cell {
	struct {
		u8 flags;
		u8 guard;
		u8 unread;
		u8 unwritten;
		u16 guarded;
		u16 required;
	};
	u64 word;
};

/* By number; 0 is no cell. */
extern union tkfi_cell tkfi_cells[TKFI_MAX_CELLS];

/* From address to cell: the page's number, then the place in it. */
#define TKFI_CELL_SPAN		8192	/* pages */
#define TKFI_CELL_PAGES		24
#define TKFI_CELLS_PER_PAGE	(PAGE_SIZE / TKFI_CELL_SIZE)

extern unsigned long tkfi_cell_first_page;
extern u8 tkfi_cell_pages[TKFI_CELL_SPAN];
extern u16 tkfi_cell_map[TKFI_CELL_PAGES][TKFI_CELLS_PER_PAGE];

/**
 * struct tkfi_masks - the accesses of a VCPU that are of consequence
 * @load:	bits of a cell's word, one of which must be set if it loads the cell
 * @store:	likewise, if it stores to it. 0: no access is of consequence
 *
 * invariant: struct tkfi_vcpu begins with it.
 */
struct tkfi_masks {
	u64 load;
	u64 store;
};

/**
 * tkfi_mask() - which accesses of the executing VCPU are of consequence
 * @store:	those that write
 *
 * There must be a VCPU.
 *
 * Return: bits, see struct tkfi_masks.
 */
static __always_inline u64 tkfi_mask(bool store)
{
	const struct tkfi_masks *masks = (const void *)tkfi_current;

	return store ? masks->store : masks->load;
}

/**
 * tkfi_cell_at() - the cell at an address
 * @addr:	address
 *
 * Return: number of the cell, 0 if the address belongs to none.
 */
static __always_inline unsigned int tkfi_cell_at(const void *addr)
{
	unsigned long at = (unsigned long)addr;
	unsigned long page = at / PAGE_SIZE - tkfi_cell_first_page;

	/* Page 0 of the map is empty: it belongs to all that is not known. */
	if (page >= TKFI_CELL_SPAN)
		return 0;
	return tkfi_cell_map[tkfi_cell_pages[page]]
			    [at % PAGE_SIZE / TKFI_CELL_SIZE];
}

/**
 * tkfi_nr_cells() - how many cells an access touches
 * @addr:	first byte
 * @size:	bytes, not 0
 *
 * Return: their number.
 */
static inline unsigned int tkfi_nr_cells(const void *addr, size_t size)
{
	return DIV_ROUND_UP((unsigned long)addr % TKFI_CELL_SIZE + size,
			    TKFI_CELL_SIZE);
}

/**
 * tkfi_is_private() - is it of no consequence that some memory is accessed?
 * @addr:	first byte
 * @size:	bytes
 * @mask:	of the access, see tkfi_mask()
 *
 * This is what most accesses come to: it must be fast.
 *
 * Return: true if @addr is in no cell, or no cell that is touched has a bit of @mask set.
 */
static __always_inline bool tkfi_is_private(const void *addr, size_t size, u64 mask)
{
	const unsigned int cell = tkfi_cell_at(addr);
	const union tkfi_cell *c = &tkfi_cells[cell];
	unsigned int nr = DIV_ROUND_UP(size, TKFI_CELL_SIZE);
	u64 all = 0;

	if (!cell)
		return true;
	if (unlikely(tkfi_nr_cells(addr, size) > nr))
		all = c[nr].word;
	for (; nr >= 4; nr -= 4, c += 4)
		all |= c[0].word | c[1].word | c[2].word | c[3].word;
	for (; nr; nr--, c++)
		all |= c->word;
	return !(all & mask);
}

/**
 * tkfi_access() - the executing VCPU is about to access memory
 * @addr:	first byte
 * @size:	bytes
 * @store:	it writes
 * @is_volatile: as for tkfi_use()
 * @ip:		where in the kernel
 *
 * Returns when it is its turn.
 */
static __always_inline void tkfi_access(const void *addr, unsigned int size,
					bool store, bool is_volatile,
					unsigned long ip)
{
	if (!tkfi_is_private(addr, size, tkfi_mask(store)))
		tkfi_use(addr, size, store, is_volatile, ip);
}

/**
 * tkfi_copy_is_private() - may the executing VCPU copy all this at once, unnoticed?
 * @to:		where to
 * @from:	where from
 * @size:	bytes
 *
 * Return: whether it is of no consequence that this is read and written.
 */
static inline bool tkfi_copy_is_private(const void *to, const void *from, size_t size)
{
	return tkfi_is_private(to, size, tkfi_mask(true)) &&
	       tkfi_is_private(from, size, tkfi_mask(false));
}

#endif

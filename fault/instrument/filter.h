/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The filter that every instrumented access passes first: is it private? Memory that is
 * explored is divided into cells of four bytes; core/cells.h fills these tables with what
 * is known of each.
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
 * @guard:	number of the guard that it is, if it is a lock or a sequence
 * @unread:	VCPUs that have not read it, BIT(id) each
 * @unwritten:	VCPUs that have not written it, BIT(id) each
 * @guarded:	guards that were held at all accesses of it, BIT(guard) each
 * @required:	guards that its writers must hold, BIT(guard) each
 * @word:	all of these. An access is private if no bit is set both here and in the
 *		mask of the access: see tkfi_mask_of()
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

/* By number; 0 stands for no cell. */
extern union tkfi_cell tkfi_cells[TKFI_MAX_CELLS];

/*
 * From address to cell: tkfi_cell_pages[] has for each page of a range of addresses a
 * number, and tkfi_cell_map[] for each cell of a page so numbered the cell's number.
 */
#define TKFI_CELL_SPAN		8192	/* pages */
#define TKFI_CELL_PAGES		24
#define TKFI_CELLS_PER_PAGE	(PAGE_SIZE / TKFI_CELL_SIZE)

extern unsigned long tkfi_cell_first_page;
extern u8 tkfi_cell_pages[TKFI_CELL_SPAN];
extern u16 tkfi_cell_map[TKFI_CELL_PAGES][TKFI_CELLS_PER_PAGE];

/**
 * struct tkfi_masks - which accesses of a VCPU are private
 * @load:	mask of a cell's word: a load is private if none of its bits is set in it
 * @store:	likewise for stores. With 0 all are private
 *
 * invariant: struct tkfi_vcpu begins with it.
 */
struct tkfi_masks {
	u64 load;
	u64 store;
};

/**
 * tkfi_mask() - which accesses of the executing VCPU are private
 * @store:	true for stores, false for loads
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

	/* Page 0 of the map is all 0: pages that are not known have this number. */
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
 * tkfi_is_private() - is an access of no consequence to other VCPUs, as far as is known?
 * @addr:	first byte
 * @size:	bytes
 * @mask:	of the access, see tkfi_mask()
 *
 * Most accesses are private: this must be fast.
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
 * @ip:		address of the instruction after it
 *
 * Returns at once if the access is private, else when the VCPU is chosen.
 */
static __always_inline void tkfi_access(const void *addr, unsigned int size,
					bool store, bool is_volatile,
					unsigned long ip)
{
	if (!tkfi_is_private(addr, size, tkfi_mask(store)))
		tkfi_use(addr, size, store, is_volatile, ip);
}

/**
 * tkfi_copy_is_private() - are all accesses of a copy private?
 * @to:		where to
 * @from:	where from
 * @size:	bytes
 *
 * Return: whether they are.
 */
static inline bool tkfi_copy_is_private(const void *to, const void *from, size_t size)
{
	return tkfi_is_private(to, size, tkfi_mask(true)) &&
	       tkfi_is_private(from, size, tkfi_mask(false));
}

#endif

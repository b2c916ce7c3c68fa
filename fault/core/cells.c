// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "cells.h"
#include "saved.h"
#include "names.h"

union tkfi_cell tkfi_cells[TKFI_MAX_CELLS];
bool tkfi_cells_changed;
u16 tkfi_guards_missed;

/* Cells 1 ... MAX_LOCKS represent locks. */
#define MAX_LOCKS	8

static const void *locks[MAX_LOCKS];
static unsigned int nr_locks;
static unsigned int nr_guards;
static unsigned int nr_cells;

/* The objects that cells belong to; @cell is the first cell of an object. */
#define MAX_OBJECTS	48

static struct object {
	const char *name;
	const void *addr;
	size_t size;
	unsigned int cell;
} objects[MAX_OBJECTS];

static unsigned int nr_objects;

unsigned long tkfi_cell_first_page;
u8 tkfi_cell_pages[TKFI_CELL_SPAN];
u16 tkfi_cell_map[TKFI_CELL_PAGES][TKFI_CELLS_PER_PAGE];
static unsigned int nr_pages;
static const void *addr_of[TKFI_MAX_CELLS];

static void forget_users(union tkfi_cell *c)
{
	c->unread = U8_MAX;
	c->unwritten = U8_MAX;
	c->guarded = U16_MAX;
}

void tkfi_cells_reset(void)
{
	unsigned int i;

	memset(tkfi_cells, 0, sizeof(tkfi_cells));
	/* Cell 0 stays all 0: an access of memory without a cell is never noted. */
	for (i = 1; i < TKFI_MAX_CELLS; i++)
		forget_users(&tkfi_cells[i]);
	memset(tkfi_cell_pages, 0, sizeof(tkfi_cell_pages));
	memset(tkfi_cell_map, 0, sizeof(tkfi_cell_map));
	nr_locks = 0;
	nr_guards = 0;
	nr_objects = 0;
	nr_cells = MAX_LOCKS + 1;
	nr_pages = 1;
	tkfi_cell_first_page = 0;
	tkfi_cells_changed = false;
}

void tkfi_cells_begin(void)
{
	unsigned int i;

	for (i = 1; i < nr_cells; i++)
		forget_users(&tkfi_cells[i]);
	tkfi_cells_changed = false;
}

void tkfi_cells_no_retry(void)
{
	unsigned int i;

	for (i = 1; i < nr_cells; i++)
		if (tkfi_cells[i].flags & (TKFI_CELL_SEQUENCE | TKFI_CELL_LATCH))
			tkfi_cells[i].flags |= TKFI_CELL_NO_RETRY;
}

bool tkfi_cells_have_no_retry(void)
{
	unsigned int i;

	for (i = 1; i < nr_cells; i++)
		if (tkfi_cells[i].flags & TKFI_CELL_NO_RETRY)
			return true;
	return false;
}

static bool is_mentioned(unsigned int cell)
{
	const union tkfi_cell *c = &tkfi_cells[cell];
	u8 sequence = c->flags & (TKFI_CELL_SEQUENCE | TKFI_CELL_LATCH);

	return cell > MAX_LOCKS && cell < nr_cells &&
	       c->flags & TKFI_CELL_SHARED && !sequence;
}

int tkfi_cells_print_shared(char *buf, size_t size)
{
	const char *comma = "";
	size_t len = 0;
	unsigned int i, last;

	buf[0] = '\0';
	for (i = MAX_LOCKS + 1; i < nr_cells; i++) {
		if (tkfi_cells[i].flags & TKFI_CELL_MANY_WRITERS) {
			len += snprintf(buf + min(len, size),
					size - min(len, size), "%sb%u", comma,
					i);
			comma = ",";
		}
		if (tkfi_cells[i].flags & TKFI_CELL_NO_RETRY) {
			len += snprintf(buf + min(len, size),
					size - min(len, size), "%su%u", comma,
					i);
			comma = ",";
		}
		if (!is_mentioned(i))
			continue;
		for (last = i; is_mentioned(last + 1); last++)
			;
		len += snprintf(buf + min(len, size), size - min(len, size),
				last > i ? "%s%u-%u" : "%s%u", comma, i, last);
		comma = ",";
		i = last;
	}
	return len;
}

int tkfi_cells_parse_shared(const char *text)
{
	while (*text) {
		u8 flag = *text == 'b' ? TKFI_CELL_MANY_WRITERS :
			  *text == 'u' ? TKFI_CELL_NO_RETRY : TKFI_CELL_SHARED;
		unsigned int first, last;
		int length, longer, n;

		text += flag != TKFI_CELL_SHARED;
		n = sscanf(text, "%u%n-%u%n", &first, &length, &last, &longer);
		if (n < 1)
			return -EINVAL;
		text += n == 1 ? length : longer;
		if (n == 1)
			last = first;
		if ((*text && *text != ',') || first <= MAX_LOCKS ||
		    last >= nr_cells)
			return -EINVAL;
		for (; first <= last; first++)
			tkfi_cells[first].flags |= flag;
		text += *text == ',';
	}
	return 0;
}

void tkfi_cells_keep(struct tkfi_saved *keep)
{
	tkfi_saved_move(keep, tkfi_cells, nr_cells * sizeof(tkfi_cells[0]));
	tkfi_saved_move(keep, locks, sizeof(locks));
	tkfi_saved_move(keep, &nr_locks, sizeof(nr_locks));
	tkfi_saved_move(keep, &nr_guards, sizeof(nr_guards));
}

void tkfi_cells_share_all(void)
{
	unsigned int i;

	for (i = 1; i < nr_cells; i++)
		tkfi_cells[i].flags |= TKFI_CELL_SHARED;
}

int tkfi_cells_add(const char *name, const void *addr, size_t size)
{
	unsigned long at = round_down((unsigned long)addr, TKFI_CELL_SIZE);
	unsigned long end = (unsigned long)addr + size;

	if (nr_objects == MAX_OBJECTS)
		return -ENOSPC;
	objects[nr_objects++] = (struct object){ name, addr, size, nr_cells };
	for (; at < end; at += TKFI_CELL_SIZE) {
		unsigned long page = at / PAGE_SIZE;

		/* The first object's page is in the middle of the span. */
		if (!tkfi_cell_first_page)
			tkfi_cell_first_page = page - TKFI_CELL_SPAN / 2;
		page -= tkfi_cell_first_page;
		if (page >= TKFI_CELL_SPAN || nr_cells == TKFI_MAX_CELLS)
			return -ENOSPC;
		if (!tkfi_cell_pages[page]) {
			if (nr_pages == TKFI_CELL_PAGES)
				return -ENOSPC;
			tkfi_cell_pages[page] = nr_pages++;
		}
		addr_of[nr_cells] = (const void *)at;
		tkfi_cell_map[tkfi_cell_pages[page]][at % PAGE_SIZE / TKFI_CELL_SIZE] =
			nr_cells++;
	}
	return 0;
}

static void make_guard(unsigned int cell)
{
	if (nr_guards == TKFI_MAX_GUARDS)
		panic("[tkfi internal bug] more than %d locks and sequences\n",
		      TKFI_MAX_GUARDS);
	tkfi_cells[cell].guard = nr_guards++;
	tkfi_cells[cell].flags |= TKFI_CELL_SHARED;
}

void tkfi_cells_mark(const void *addr, u8 flag)
{
	unsigned int cell = tkfi_cell_at(addr);

	if (!cell)
		panic("[tkfi internal bug] a sequence that is in no object\n");
	tkfi_cells[cell].flags |= flag;
	make_guard(cell);
}

unsigned int tkfi_cell_of_lock(const void *lock)
{
	unsigned int i;

	for (i = 0; i < nr_locks; i++)
		if (locks[i] == lock)
			return i + 1;
	if (nr_locks == MAX_LOCKS)
		panic("[tkfi internal bug] more than %d locks\n", MAX_LOCKS);
	locks[nr_locks++] = lock;
	make_guard(nr_locks);
	return nr_locks;
}

void tkfi_cells_require(const void *addr, size_t size, u16 guards)
{
	const unsigned int cell = tkfi_cell_at(addr);
	union tkfi_cell *c = &tkfi_cells[cell];
	const union tkfi_cell *end = c + size / TKFI_CELL_SIZE;

	for (; cell && c < end; c++)
		if (!(c->flags & (TKFI_CELL_SEQUENCE | TKFI_CELL_LATCH)))
			c->required |= guards;
}

u16 tkfi_guard_of_sequence(const unsigned int *word)
{
	const union tkfi_cell *c = &tkfi_cells[tkfi_cell_at(word)];

	return c->flags & TKFI_CELL_MANY_WRITERS ? 0 : BIT(c->guard);
}

u16 tkfi_guard_of_lock(const void *lock)
{
	return BIT(tkfi_cells[tkfi_cell_of_lock(lock)].guard);
}

const void *tkfi_cell_word(unsigned int cell)
{
	return addr_of[cell];
}

static const struct object *object_of(unsigned int cell)
{
	const struct object *object = objects;

	while (object + 1 < objects + nr_objects && object[1].cell <= cell)
		object++;
	return object;
}

unsigned int tkfi_cell_about(unsigned int cell)
{
	if (cell <= MAX_LOCKS ||
	    tkfi_cells[cell].flags & (TKFI_CELL_SEQUENCE | TKFI_CELL_LATCH))
		return cell;
	return object_of(cell)->cell;
}

void tkfi_cell_name(unsigned int cell, unsigned int nr, char *buf, size_t size)
{
	const struct object *object;
	const char *name;

	if (!cell) {
		*buf = '\0';
		return;
	}
	if (cell <= MAX_LOCKS) {
		strscpy(buf, tkfi_name(locks[cell - 1]), size);
		return;
	}
	name = tkfi_name_given(addr_of[cell]);
	if (name) {
		strscpy(buf, name, size);
		return;
	}
	object = object_of(cell);
	if (cell == object->cell && nr * TKFI_CELL_SIZE >= object->size) {
		strscpy(buf, object->name, size);
		return;
	}
	snprintf(buf, size, "%s+%zu/%u", object->name,
		 (size_t)(addr_of[cell] - object->addr), nr * TKFI_CELL_SIZE);
}

bool tkfi_cells_have(const char *name)
{
	unsigned int cell, nr;
	char other[40];

	for (cell = 1; cell < nr_cells; cell++) {
		if (cell > nr_locks && cell <= MAX_LOCKS)
			continue;
		for (nr = 1; nr <= TKFI_ACCESS_CELLS; nr++) {
			tkfi_cell_name(cell, nr, other, sizeof(other));
			if (!strcmp(other, name))
				return true;
		}
	}
	return false;
}

bool tkfi_cells_learn(unsigned int cell, unsigned int nr, unsigned int vcpu,
		      bool store, u16 held)
{
	u8 shared = 0, self = BIT(vcpu);
	union tkfi_cell *c = &tkfi_cells[cell];

	for (; nr; nr--, c++) {
		if (store) {
			tkfi_guards_missed |= c->required & (u16)~held;
			c->unwritten &= ~self;
		} else {
			c->unread &= ~self;
		}
		c->guarded &= held;
		if (!(c->flags & TKFI_CELL_SHARED) && !c->guarded &&
		    c->unwritten != U8_MAX &&
		    !is_power_of_2((u8)~(c->unwritten & c->unread))) {
			c->flags |= TKFI_CELL_SHARED;
			tkfi_cells_changed = true;
		}
		shared |= c->flags & TKFI_CELL_SHARED;
	}
	return shared;
}

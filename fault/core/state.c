// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/xxhash.h>

#include "state.h"

#define TKFI_MAX_REGIONS	40

static struct {
	const char *name;
	void *addr;
	size_t size;
} regions[TKFI_MAX_REGIONS];

static int nr_regions;
static tkfi_regions_fn regions_of;

static void add_region(const char *name, void *addr, size_t size)
{
	if (WARN_ON_ONCE(nr_regions == TKFI_MAX_REGIONS))
		return;
	regions[nr_regions].name = name;
	regions[nr_regions].addr = addr;
	regions[nr_regions++].size = size;
}

void tkfi_state_use(tkfi_regions_fn regions)
{
	regions_of = regions;
}

void tkfi_state_each(tkfi_region_fn fn)
{
	int i;

	for (i = 0; i < nr_regions; i++)
		fn(regions[i].name, regions[i].addr, regions[i].size);
}

int tkfi_state_alloc(struct tkfi_state *state)
{
	size_t size = 0;
	int i;

	/* Listed each time, as objects move in early boot. */
	nr_regions = 0;
	regions_of(add_region);
	for (i = 0; i < nr_regions; i++)
		size += regions[i].size;
	state->bytes = vmalloc(size);
	return state->bytes ? 0 : -ENOMEM;
}

void tkfi_state_free(struct tkfi_state *state)
{
	vfree(state->bytes);
	state->bytes = NULL;
}

void tkfi_state_save(struct tkfi_state *state)
{
	u8 *p = state->bytes;
	int i;

	for (i = 0; i < nr_regions; p += regions[i++].size)
		memcpy(p, regions[i].addr, regions[i].size);
}

void tkfi_state_restore(const struct tkfi_state *state)
{
	const u8 *p = state->bytes;
	int i;

	for (i = 0; i < nr_regions; p += regions[i++].size)
		memcpy(regions[i].addr, p, regions[i].size);
}

static u64 word_at(const u8 *p)
{
	u64 word;

	__builtin_memcpy(&word, p, sizeof(word));
	return word;
}

/*
 * Where two regions differ first; @size if they do not. By words: UML's memcmp() goes
 * byte by byte, and this is asked before every access of an execution that is watched.
 */
static size_t first_difference(const u8 *a, const u8 *b, size_t size)
{
	const size_t word = sizeof(u64);
	size_t at = 0;

	while (at + 4 * word <= size &&
	       !((word_at(a + at) ^ word_at(b + at)) |
		 (word_at(a + at + word) ^ word_at(b + at + word)) |
		 (word_at(a + at + 2 * word) ^ word_at(b + at + 2 * word)) |
		 (word_at(a + at + 3 * word) ^ word_at(b + at + 3 * word))))
		at += 4 * word;
	while (at < size && a[at] == b[at])
		at++;
	return at;
}

const u8 *tkfi_state_differs(const struct tkfi_state *state, const char **name,
			     size_t *offset)
{
	const u8 *p = state->bytes;
	int i;

	for (i = 0; i < nr_regions; p += regions[i++].size) {
		const u8 *live = regions[i].addr;
		size_t at = first_difference(live, p, regions[i].size);

		if (at == regions[i].size)
			continue;
		*name = regions[i].name;
		*offset = at;
		return live + at;
	}
	return NULL;
}

/**
 * struct changes - blocks that differ, to be hashed
 * @hash:	of those that were here before
 * @nr:		how many there are
 * @blocks:	each of them, and where it is in the state; the last one of a region may be
 *		shorter, with zeros after it
 */
struct changes {
	u64 hash;
	unsigned int nr;
	struct {
		u64 at;
		u8 bytes[TKFI_STATE_BLOCK];
	} blocks[64];
};

static void hash_changes(struct changes *changes)
{
	changes->hash = xxh64(changes->blocks, changes->nr * sizeof(changes->blocks[0]),
			      changes->hash);
	changes->nr = 0;
}

static void add_change(struct changes *changes, u64 at, const u8 *live, size_t size)
{
	u8 *bytes = changes->blocks[changes->nr].bytes;

	changes->blocks[changes->nr++].at = at;
	if (size == TKFI_STATE_BLOCK) {
		__builtin_memcpy(bytes, live, TKFI_STATE_BLOCK);
	} else {
		memset(bytes, 0, TKFI_STATE_BLOCK);
		memcpy(bytes, live, size);
	}
	if (changes->nr == ARRAY_SIZE(changes->blocks))
		hash_changes(changes);
}

u64 tkfi_state_changes(const struct tkfi_state *state)
{
	static struct changes changes;
	const u8 *p = state->bytes;
	size_t at, end;
	int i;

	changes.hash = 0;
	for (i = 0; i < nr_regions; p += regions[i++].size) {
		const u8 *live = regions[i].addr;
		const size_t size = regions[i].size;

		for (at = 0; at < size; at = end) {
			at += first_difference(live + at, p + at, size - at);
			end = at;
			if (at == size)
				break;
			at = round_down(at, TKFI_STATE_BLOCK);
			end = min(at + TKFI_STATE_BLOCK, size);
			add_change(&changes, p + at - state->bytes, live + at, end - at);
		}
	}
	hash_changes(&changes);
	return changes.hash;
}

u64 tkfi_state_hash(const struct tkfi_state *state)
{
	size_t size = 0;
	int i;

	for (i = 0; i < nr_regions; i++)
		size += regions[i].size;
	return xxh64(state->bytes, size, 0);
}

static bool is_in(int region, const void *addr)
{
	return addr >= regions[region].addr &&
	       addr < regions[region].addr + regions[region].size;
}

u8 *tkfi_state_copy_of(const struct tkfi_state *state, const void *addr)
{
	u8 *p = state->bytes;
	int i;

	for (i = 0; i < nr_regions; p += regions[i++].size)
		if (is_in(i, addr))
			return p + (addr - regions[i].addr);
	return NULL;
}

void tkfi_state_refresh(struct tkfi_state *state, const void *addr,
			size_t size)
{
	u8 *copy = tkfi_state_copy_of(state, addr);

	if (copy)
		memcpy(copy, addr, size);
}

bool tkfi_state_covers(const void *addr)
{
	int i;

	for (i = 0; i < nr_regions; i++)
		if (is_in(i, addr))
			return true;
	return false;
}

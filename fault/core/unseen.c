// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "unseen.h"

int tkfi_unseen_alloc(struct tkfi_unseen *unseen, const void *own, size_t size)
{
	unseen->own = own;
	unseen->own_size = size;
	return tkfi_state_alloc(&unseen->shadow);
}

void tkfi_unseen_free(struct tkfi_unseen *unseen)
{
	tkfi_state_free(&unseen->shadow);
}

void tkfi_unseen_begin(struct tkfi_unseen *unseen)
{
	tkfi_state_save(&unseen->shadow);
	memset(unseen->recent, 0, sizeof(unseen->recent));
	memset(unseen->nr, 0, sizeof(unseen->nr));
	memset(&unseen->last, 0, sizeof(unseen->last));
	unseen->report[0] = '\0';
}

/* What is our own is written without hooks, and what was reported may have been written. */
static void expect(struct tkfi_unseen *unseen)
{
	unsigned int i, j;

	tkfi_state_refresh(&unseen->shadow, unseen->own, unseen->own_size);
	for (i = 0; i < TKFI_MAX_VCPUS; i++) {
		for (j = 0; j < TKFI_UNSEEN_RECENT; j++) {
			const struct tkfi_recent *r = &unseen->recent[i][j];

			if (r->copy)
				memcpy(r->copy, r->addr, r->size);
		}
	}
}

/* Copied with no hook between its words, where others could see it half done. */
static void look_at_block(struct tkfi_unseen *unseen,
			  const struct tkfi_access *access)
{
	if (!unseen->report[0] && access->is_block &&
	    tkfi_state_covers(access->addr))
		snprintf(unseen->report, sizeof(unseen->report),
			 "[tkfi internal bug] %pS copies an aggregate behind the hooks' back, %ps",
			 (void *)access->ip, access->addr);
}

static void look(struct tkfi_unseen *unseen, const struct tkfi_access *next)
{
	size_t offset, len, room = sizeof(unseen->report);
	const struct tkfi_access *last = &unseen->last;
	const u8 *live, *old;
	const char *name;

	if (unseen->report[0])
		return;
	expect(unseen);
	live = tkfi_state_differs(&unseen->shadow, &name, &offset);
	if (!live)
		return;
	old = tkfi_state_copy_of(&unseen->shadow, live);
	len = scnprintf(unseen->report, room,
			"[tkfi internal bug] %s+%zu was written behind the hooks' back, %#x to %#x, ",
			name, offset, *old, *live);
	len += scnprintf(unseen->report + len, room - len,
			 last->ip ? "after VCPU%u was at %pS" : "first of all",
			 last->vcpu, (void *)last->ip);
	scnprintf(unseen->report + len, room - len,
		  next ? " and before VCPU%u was at %pS" : " and before the end",
		  next ? next->vcpu : 0, next ? (void *)next->ip : NULL);
}

void tkfi_unseen_access(const struct tkfi_access *access, void *arg)
{
	struct tkfi_unseen *unseen = arg;
	unsigned int *nr = &unseen->nr[access->vcpu];

	look(unseen, access);
	look_at_block(unseen, access);
	unseen->last = *access;
	unseen->recent[access->vcpu][(*nr)++ % TKFI_UNSEEN_RECENT] =
		(struct tkfi_recent){
			.addr = access->addr,
			.size = access->size,
			.copy = access->store ?
				tkfi_state_copy_of(&unseen->shadow, access->addr) :
				NULL,
		};
}

int tkfi_unseen_end(struct tkfi_unseen *unseen)
{
	look(unseen, NULL);
	return unseen->report[0] ? -EPROTO : 0;
}

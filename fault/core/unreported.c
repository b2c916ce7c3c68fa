// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "unreported.h"

int tkfi_unreported_alloc(struct tkfi_unreported *unreported, const void *own, size_t size)
{
	unreported->own = own;
	unreported->own_size = size;
	return tkfi_state_alloc(&unreported->shadow);
}

void tkfi_unreported_free(struct tkfi_unreported *unreported)
{
	tkfi_state_free(&unreported->shadow);
}

void tkfi_unreported_begin(struct tkfi_unreported *unreported)
{
	tkfi_state_save(&unreported->shadow);
	memset(unreported->recent, 0, sizeof(unreported->recent));
	memset(unreported->nr, 0, sizeof(unreported->nr));
	memset(&unreported->last, 0, sizeof(unreported->last));
	unreported->kind = TKFI_ALL_REPORTED;
	unreported->report[0] = '\0';
}

/* Refresh in the shadow what may have changed: tkfi's own object, and reported stores. */
static void expect(struct tkfi_unreported *unreported)
{
	unsigned int i, j;

	tkfi_state_refresh(&unreported->shadow, unreported->own, unreported->own_size);
	for (i = 0; i < TKFI_MAX_VCPUS; i++) {
		for (j = 0; j < TKFI_UNREPORTED_RECENT; j++) {
			const struct tkfi_recent *r = &unreported->recent[i][j];

			if (r->copy)
				memcpy(r->copy, r->addr, r->size);
		}
	}
}

/*
 * The compiler copies an aggregate with no hook between its words. On memory that others
 * see, no execution would show it half copied.
 */
static void look_at_block(struct tkfi_unreported *unreported,
			  const struct tkfi_access *access)
{
	if (unreported->kind || !access->is_block || !tkfi_state_covers(access->addr))
		return;
	unreported->kind = TKFI_COPIED;
	unreported->after = 0;
	unreported->before = access->ip;
	snprintf(unreported->report, sizeof(unreported->report),
		 "[tkfi internal bug] %pS copies an aggregate behind the hooks' back, %ps",
		 (void *)access->ip, access->addr);
}

static void look(struct tkfi_unreported *unreported, const struct tkfi_access *next)
{
	size_t offset, len, room = sizeof(unreported->report);
	const struct tkfi_access *last = &unreported->last;
	const u8 *live, *old;
	const char *name;

	if (unreported->kind)
		return;
	expect(unreported);
	live = tkfi_state_differs(&unreported->shadow, &name, &offset);
	if (!live)
		return;
	unreported->kind = TKFI_WRITTEN;
	unreported->after = last->ip;
	unreported->before = next ? next->ip : 0;
	old = tkfi_state_copy_of(&unreported->shadow, live);
	len = scnprintf(unreported->report, room,
			"[tkfi internal bug] %s+%zu was written behind the hooks' back, %#x to %#x, ",
			name, offset, *old, *live);
	len += scnprintf(unreported->report + len, room - len,
			 last->ip ? "after VCPU%u was at %pS" : "first of all",
			 last->vcpu, (void *)last->ip);
	scnprintf(unreported->report + len, room - len,
		  next ? " and before VCPU%u was at %pS" : " and before the end",
		  next ? next->vcpu : 0, next ? (void *)next->ip : NULL);
}

void tkfi_unreported_access(const struct tkfi_access *access, void *arg)
{
	struct tkfi_unreported *unreported = arg;
	unsigned int *nr = &unreported->nr[access->vcpu];

	/* A block has been copied when it is reported. */
	look_at_block(unreported, access);
	look(unreported, access);
	unreported->last = *access;
	unreported->recent[access->vcpu][(*nr)++ % TKFI_UNREPORTED_RECENT] =
		(struct tkfi_recent){
			.addr = access->addr,
			.size = access->size,
			.copy = access->store ?
				tkfi_state_copy_of(&unreported->shadow, access->addr) :
				NULL,
		};
}

int tkfi_unreported_end(struct tkfi_unreported *unreported)
{
	look(unreported, NULL);
	return unreported->kind ? -EPROTO : 0;
}

// SPDX-License-Identifier: GPL-2.0
#include <linux/string.h>
#include <linux/xxhash.h>

#include "trace.h"

const char * const tkfi_entry_names[TKFI_NR_ENTRY_KINDS] = {
	[TKFI_ENTRY_POINT]		= "point",
	[TKFI_ENTRY_OFF]		= "off",
	[TKFI_ENTRY_ON]		= "on",
	[TKFI_ENTRY_STOP]		= "stop",
	[TKFI_ENTRY_NMI]		= "nmi",
	[TKFI_ENTRY_BLOCKED]	= "blocked",
	[TKFI_ENTRY_LOCK]		= "lock",
	[TKFI_ENTRY_UNLOCK]	= "unlock",
	[TKFI_ENTRY_LEAVE]		= "leave",
	[TKFI_ENTRY_WARN]		= "warn",
	[TKFI_ENTRY_CALL]		= "call",
	[TKFI_ENTRY_RETURN]	= "return",
	[TKFI_ENTRY_READ]		= "read",
};

void tkfi_trace_reset(struct tkfi_trace *trace)
{
	trace->nr = 0;
}

void tkfi_trace_add(struct tkfi_trace *trace, const struct tkfi_trace_entry *entry)
{
	if (trace->nr < TKFI_TRACE_ENTRIES)
		trace->entries[trace->nr] = *entry;
	trace->nr++;
}

u64 tkfi_trace_hash(const struct tkfi_trace *trace, u64 seed)
{
	struct xxh64_state state;
	unsigned int i;

	xxh64_reset(&state, seed);
	for (i = 0; i < tkfi_trace_stored(trace); i++) {
		const struct tkfi_trace_entry *e = &trace->entries[i];

		xxh64_update(&state, &e->vcpu, sizeof(e->vcpu));
		xxh64_update(&state, &e->kind, sizeof(e->kind));
		xxh64_update(&state, e->what, strlen(e->what) + 1);
		xxh64_update(&state, &e->value, sizeof(e->value));
	}
	return xxh64_digest(&state);
}

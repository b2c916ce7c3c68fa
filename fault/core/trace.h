/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_TRACE_H
#define __TKFI_TRACE_H

#include <linux/limits.h>
#include <linux/types.h>

/**
 * enum tkfi_entry_kind - what a trace entry says
 * @TKFI_ENTRY_POINT:		reached an injection point
 * @TKFI_ENTRY_OFF:		the host scheduled it out; value: for how long, in ns or
 *				cycles, as the plan has it
 * @TKFI_ENTRY_ON:		the host scheduled it in again
 * @TKFI_ENTRY_STOP:		preempted before an access; value: number of the first
 *				cell, and how many << 16
 * @TKFI_ENTRY_NMI:		an NMI interrupts it
 * @TKFI_ENTRY_BLOCKED:		waits for a word or a lock
 * @TKFI_ENTRY_LOCK:		took a lock
 * @TKFI_ENTRY_UNLOCK:		dropped a lock
 * @TKFI_ENTRY_LEAVE:		would have called a function outside the subject
 * @TKFI_ENTRY_WARN:		the condition of a WARN_ON() is true; nothing was printed
 * @TKFI_ENTRY_CALL:		an operation begins
 * @TKFI_ENTRY_RETURN:		an operation ends; value: what it returned
 * @TKFI_ENTRY_READ:		a reader ends; value: ns
 * @TKFI_NR_ENTRY_KINDS:	how many kinds there are
 */
enum tkfi_entry_kind {
	TKFI_ENTRY_POINT,
	TKFI_ENTRY_OFF,
	TKFI_ENTRY_ON,
	TKFI_ENTRY_STOP,
	TKFI_ENTRY_NMI,
	TKFI_ENTRY_BLOCKED,
	TKFI_ENTRY_LOCK,
	TKFI_ENTRY_UNLOCK,
	TKFI_ENTRY_LEAVE,
	TKFI_ENTRY_WARN,
	TKFI_ENTRY_CALL,
	TKFI_ENTRY_RETURN,
	TKFI_ENTRY_READ,
	TKFI_NR_ENTRY_KINDS
};

/**
 * struct tkfi_trace_entry - one line of what a person is shown of an execution
 * @vcpu:	id of the VCPU it happened on
 * @kind:	what
 * @nr_events:	how many events of all VCPUs were before it
 * @what:	symbolic name, never an address: traces compare across builds
 * @value:	a number that belongs to it
 * @clock:	value of the subject's clock that it depends on; TKFI_NO_CLOCK if there is
 *		none. It is not in tkfi_trace_hash(), as @value tells of it
 */
struct tkfi_trace_entry {
	u8 vcpu;
	u8 kind;
	u16 nr_events;
	const char *what;
	s64 value;
	u64 clock;
};

#define TKFI_NO_CLOCK		U64_MAX

#define TKFI_TRACE_ENTRIES	4096

/**
 * struct tkfi_trace - what a person is shown of an execution, in order
 * @nr:		number of entries, also of those that did not fit
 * @entries:	the first TKFI_TRACE_ENTRIES of them
 */
struct tkfi_trace {
	unsigned int nr;
	struct tkfi_trace_entry entries[TKFI_TRACE_ENTRIES];
};

/**
 * tkfi_trace_reset() - empty a trace
 * @trace:	trace
 */
void tkfi_trace_reset(struct tkfi_trace *trace);

/**
 * tkfi_trace_add() - add an entry to a trace
 * @trace:	trace; when it is full, entries are counted and not stored
 * @entry:	entry; copied. Its @what must outlive the trace
 */
void tkfi_trace_add(struct tkfi_trace *trace, const struct tkfi_trace_entry *entry);

/**
 * tkfi_trace_hash() - one number for a whole trace
 * @trace:	trace; must not have overflowed
 * @seed:	hash of what came before, 0 at first
 *
 * Return: XXH64 over VCPU, kind, name and value of every entry that is stored.
 */
u64 tkfi_trace_hash(const struct tkfi_trace *trace, u64 seed);

/**
 * tkfi_trace_stored() - how many entries of a trace are stored
 * @trace:	trace
 *
 * Return: their number, for loops: at most TKFI_TRACE_ENTRIES.
 */
static inline unsigned int tkfi_trace_stored(const struct tkfi_trace *trace)
{
	return trace->nr < TKFI_TRACE_ENTRIES ? trace->nr : TKFI_TRACE_ENTRIES;
}

extern const char * const tkfi_entry_names[TKFI_NR_ENTRY_KINDS];

#endif

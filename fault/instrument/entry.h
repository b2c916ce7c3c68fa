/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What instrumented code calls: core/ implements all of it. Off a VCPU none of it does
 * anything.
 */
#ifndef __TKFI_ENTRY_H
#define __TKFI_ENTRY_H

#include <linux/compiler.h>
#include <linux/types.h>

struct tkfi_vcpu;

/*
 * A variable of our own that macros read in instrumented code: not an access of the code
 * that is explored. A section that no linker script knows gets __start_ and __stop_
 * symbols if its name is a C identifier.
 */
#define __tkfi_own	__section("tkfi_own")

/* The VCPU that is executing; NULL while the kernel minds its own business. */
extern struct tkfi_vcpu *tkfi_current;

/**
 * tkfi_current_id() - number of the executing VCPU; there must be one
 *
 * Return: its id, 0 ... TKFI_MAX_VCPUS - 1.
 */
unsigned int tkfi_current_id(void);

/**
 * tkfi_hit() - the executing VCPU got to an injection point
 * @name:	name of the point, valid for ever
 *
 * There must be a VCPU. Returns when it is its turn.
 */
void tkfi_hit(const char *name);

/**
 * tkfi_note_sequence() - the executing VCPU is about to read a sequence
 * @word:	the sequence's word
 *
 * Does nothing off a VCPU.
 */
void tkfi_note_sequence(const unsigned int *word);

/**
 * tkfi_await() - the executing VCPU relaxes because the sequence it read was odd
 *
 * There must be a VCPU, and it has called tkfi_note_sequence(). Returns when it is its turn, and the
 * word has another value.
 */
void tkfi_await(void);

/**
 * tkfi_lock() - the executing VCPU takes a lock
 * @lock:	address of the lock
 *
 * Returns when it has it, having waited if need be. Does nothing off a VCPU.
 */
void tkfi_lock(const void *lock);

/**
 * tkfi_unlock() - the executing VCPU drops a lock
 * @lock:	address of the lock
 *
 * If it does not hold it, the execution ends with -EPERM, and this does not return. Does
 * nothing off a VCPU.
 */
void tkfi_unlock(const void *lock);

/**
 * tkfi_use() - it is about to access memory that may be shared
 * @addr:	first byte
 * @size:	bytes
 * @store:	it writes
 * @is_volatile: a load that is part of a sequence's protocol is
 * @ip:		where in the kernel
 *
 * Returns when it is its turn.
 */
void tkfi_use(const void *addr, unsigned int size, bool store, bool is_volatile,
	      unsigned long ip);

/**
 * tkfi_leave() - the executing VCPU would have called what leaves the code that is explored
 * @what:	name of what it would have called, valid for ever
 *
 * Only the trace has it. Does nothing off a VCPU.
 */
void tkfi_leave(const char *what);

/**
 * tkfi_warn() - the executing VCPU would have printed a warning
 * @condition:	the warning's condition, as in the source; valid for ever
 *
 * Only the trace has it. Does nothing off a VCPU.
 */
void tkfi_warn(const char *condition);

/**
 * struct tkfi_observer - is told of what VCPUs do with sequences and locks
 * @begin:	a write section has begun: the sequence is odd
 * @end:	a write section is about to end: the sequence is odd still
 * @unlock:	a lock is about to be dropped
 *
 * Nobody else executes while it is called. It must not access what is explored through
 * instrumented code.
 */
struct tkfi_observer {
	void (*begin)(const unsigned int *sequence);
	void (*end)(const unsigned int *sequence);
	void (*unlock)(const void *lock);
};

/* NULL for nobody. */
extern const struct tkfi_observer *tkfi_observer;

/**
 * tkfi_observe_begin() - tell the observer, if any, that a write section has begun
 * @sequence:	the sequence's word; odd
 */
static __always_inline void tkfi_observe_begin(const unsigned int *sequence)
{
	if (unlikely(tkfi_observer))
		tkfi_observer->begin(sequence);
}

/**
 * tkfi_observe_end() - tell the observer, if any, that a write section is about to end
 * @sequence:	the sequence's word; odd still
 */
static __always_inline void tkfi_observe_end(const unsigned int *sequence)
{
	if (unlikely(tkfi_observer))
		tkfi_observer->end(sequence);
}

/**
 * tkfi_observe_unlock() - tell the observer, if any, that a lock is about to be dropped
 * @lock:	address of the lock
 */
static __always_inline void tkfi_observe_unlock(const void *lock)
{
	if (unlikely(tkfi_observer))
		tkfi_observer->unlock(lock);
}

#endif

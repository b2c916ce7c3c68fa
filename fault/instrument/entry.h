/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What instrumented code calls, implemented by core/. None of it does anything if no VCPU
 * executes.
 */
#ifndef __TKFI_ENTRY_H
#define __TKFI_ENTRY_H

#include <linux/compiler.h>
#include <linux/types.h>

struct tkfi_vcpu;

/*
 * For variables of tkfi that macros read in instrumented code: these accesses are not of
 * the code that is explored, and not reported. The linker defines __start_ and __stop_
 * symbols for sections that no linker script knows, if their names are C identifiers.
 */
#define __tkfi_own	__section("tkfi_own")

/* The VCPU that executes; NULL if none does. */
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
 * There must be a VCPU. Returns when it is chosen.
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
 * There must be a VCPU, and it has called tkfi_note_sequence(). Returns when the word has
 * another value and the VCPU is chosen.
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
 * tkfi_use() - the executing VCPU is about to access memory that may be shared
 * @addr:	first byte
 * @size:	bytes
 * @store:	it writes
 * @is_volatile: it is volatile; loads of a sequence that begin or check a read section are
 * @ip:		address of the instruction after it
 *
 * Returns when the VCPU is chosen.
 */
void tkfi_use(const void *addr, unsigned int size, bool store, bool is_volatile,
	      unsigned long ip);

/**
 * tkfi_leave() - the executing VCPU would have called a function outside the subject
 * @what:	name of the function, valid for ever
 *
 * It is shown in the trace only. Does nothing if no VCPU executes.
 */
void tkfi_leave(const char *what);

/**
 * tkfi_warn() - the executing VCPU would have printed a warning
 * @condition:	the warning's condition, as in the source; valid for ever
 *
 * It is shown in the trace only. Does nothing if no VCPU executes.
 */
void tkfi_warn(const char *condition);

/**
 * struct tkfi_observer - functions called when VCPUs change sequences and locks
 * @begin:	a write section has begun: the sequence is odd
 * @end:	a write section is about to end: the sequence is odd still
 * @unlock:	a lock is about to be dropped
 *
 * No other VCPU executes meanwhile. They must not call instrumented code.
 */
struct tkfi_observer {
	void (*begin)(const unsigned int *sequence);
	void (*end)(const unsigned int *sequence);
	void (*unlock)(const void *lock);
};

/* NULL for none. */
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

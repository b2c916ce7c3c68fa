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

/* Its number. There must be one. */
unsigned int tkfi_current_id(void);

/* It got to the injection point @name. */
void tkfi_hit(const char *name);

/* It is about to read the sequence @word; and it relaxes because that was odd. */
void tkfi_watch(const unsigned int *word);
void tkfi_await(void);

/* It takes, waiting if need be, or drops a lock. */
void tkfi_lock(const void *lock);
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

/* It would have called @what, which leaves the code that is explored. */
void tkfi_leave(const char *what);

/* It would have printed that warning. */
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

static __always_inline void tkfi_observe_begin(const unsigned int *sequence)
{
	if (unlikely(tkfi_observer))
		tkfi_observer->begin(sequence);
}

static __always_inline void tkfi_observe_end(const unsigned int *sequence)
{
	if (unlikely(tkfi_observer))
		tkfi_observer->end(sequence);
}

static __always_inline void tkfi_observe_unlock(const void *lock)
{
	if (unlikely(tkfi_observer))
		tkfi_observer->unlock(lock);
}

#endif

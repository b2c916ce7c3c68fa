/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory accesses of the instrumented files, as the compiler's hooks report them.
 */
#ifndef __TKFI_ACCESS_H
#define __TKFI_ACCESS_H

#include <linux/string.h>
#include <linux/types.h>

/* What an access is, or'ed to its size. */
#define TKFI_ATOMIC	BIT(5)
#define TKFI_STORE	BIT(6)
#define TKFI_VOLATILE	BIT(7)
#define TKFI_BLOCK	BIT(8)

/**
 * struct tkfi_access - one load or store, about to happen; or a barrier
 * @barrier:	its name; NULL for an access. Nothing else is set but @ip and @vcpu
 * @addr:	first byte
 * @ip:		instruction after it
 * @size:	bytes: 1, 2, 4, 8 or 16. Two words are one step where the compiler stores a
 *		structure that it has in registers: wall_to_monotonic is the only such
 *		object of 6.1, 6.12 and 7.3
 * @store:	it writes
 * @is_volatile: the source says so: READ_ONCE(), WRITE_ONCE() and the like
 * @is_atomic:	one instruction reads and writes it
 * @is_block:	part of an aggregate that the compiler copies in one go: nobody can
 *		come between its words
 * @vcpu:	whose
 */
struct tkfi_access {
	const char *barrier;
	const void *addr;
	unsigned long ip;
	u8 size;
	bool store;
	bool is_volatile;
	bool is_atomic;
	bool is_block;
	u8 vcpu;
};

/**
 * typedef tkfi_access_fn - is told of an access or a barrier
 * @access:	what is about to happen; valid during the call
 * @arg:	as given to tkfi_access_watch()
 *
 * Called on the VCPU's stack. What it accesses itself is not reported.
 */
typedef void (*tkfi_access_fn)(const struct tkfi_access *access, void *arg);

#ifdef CONFIG_TKFI_ACCESS

/**
 * tkfi_memcpy() - memcpy() word by word, each load and store of which is reported
 * @to:		where to; does not overlap
 * @from:	where from
 * @size:	bytes; those after the last 8-byte word are copied one by one
 *
 * Others see a copy that is half done. Off a VCPU it is memcpy(); also where nobody could
 * tell the difference.
 *
 * Return: @to.
 */
void *tkfi_memcpy(void *to, const void *from, size_t size);

/**
 * tkfi_memset() - memset() word by word, each store of which is reported
 * @to:		where to
 * @byte:	value of each byte
 * @size:	bytes
 *
 * Off a VCPU it is memset().
 *
 * Return: @to.
 */
void *tkfi_memset(void *to, int byte, size_t size);

/**
 * tkfi_atomic() - report a load and a store by one instruction of inline assembly
 * @addr:	first byte
 * @size:	bytes: 1, 2, 4, 8 or 16
 *
 * To be called before the instruction, which no hook sees. It is reported as a store. Does
 * nothing off a VCPU.
 */
void tkfi_atomic(const void *addr, size_t size);
#else
#define tkfi_memcpy(to, from, size)	memcpy(to, from, size)
#endif

/**
 * tkfi_access_watch() - be told of every access and barrier of VCPUs
 * @fn:		called before the access, on the VCPU's stack; NULL for nobody
 * @arg:	for @fn
 *
 * Without CONFIG_TKFI_ACCESS no access is reported.
 */
#ifdef CONFIG_TKFI_ACCESS
void tkfi_access_watch(tkfi_access_fn fn, void *arg);
#else
static inline void tkfi_access_watch(tkfi_access_fn fn, void *arg)
{
}
#endif

#endif

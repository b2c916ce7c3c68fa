/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory accesses of the instrumented files, reported by the compiler's hooks.
 */
#ifndef __TKFI_ACCESS_H
#define __TKFI_ACCESS_H

#include <linux/string.h>
#include <linux/types.h>

/* Properties of an access, or'ed to its size in bytes. */
#define TKFI_ATOMIC	BIT(5)
#define TKFI_STORE	BIT(6)
#define TKFI_VOLATILE	BIT(7)
#define TKFI_BLOCK	BIT(8)

/**
 * struct tkfi_access - a load or store that is about to be executed; or a barrier
 * @barrier:	name of the barrier, and only @ip and @vcpu are set besides; NULL for an
 *		access
 * @addr:	address of the first byte
 * @ip:		address of the instruction after it
 * @size:	in bytes: 1, 2, 4, 8 or 16. 16 bytes are one access where the compiler
 *		stores a structure that it has in registers: of the objects of 6.1, 6.12
 *		and 7.3, wall_to_monotonic only
 * @store:	it writes
 * @is_volatile: the object is volatile, as by READ_ONCE() and WRITE_ONCE()
 * @is_atomic:	one instruction loads and stores
 * @is_block:	it is part of an aggregate that the compiler copies with no hook between
 *		its words
 * @vcpu:	id of the VCPU
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
 * typedef tkfi_access_fn - called before an access or at a barrier
 * @access:	the access; valid during the call
 * @arg:	as given to tkfi_access_watch()
 *
 * Called on the VCPU's stack. Its own accesses are not reported.
 */
typedef void (*tkfi_access_fn)(const struct tkfi_access *access, void *arg);

#ifdef CONFIG_TKFI_ACCESS

/**
 * tkfi_memcpy() - memcpy() word by word, each load and store of which is reported
 * @to:		where to; does not overlap
 * @from:	where from
 * @size:	in bytes; those after the last 8-byte word are copied one by one
 *
 * Other VCPUs can see a copy that is half done. It is memcpy() if no VCPU executes, or if
 * no access of the copy is a scheduling point or watched.
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
 * tkfi_access_watch() - have a function called for every access and barrier of VCPUs
 * @fn:		the function; NULL for none
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

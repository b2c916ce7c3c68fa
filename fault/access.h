/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory accesses of the instrumented files, as the compiler's hooks report them.
 */
#ifndef __TKFI_ACCESS_H
#define __TKFI_ACCESS_H

#include <linux/types.h>

/* What an access is, or'ed to its size. */
#define TKFI_STORE	BIT(6)
#define TKFI_VOLATILE	BIT(7)

/**
 * struct tkfi_access - one load or store, about to happen
 * @addr:	first byte
 * @ip:		instruction after it
 * @size:	bytes: 1, 2, 4, 8 or 16
 * @store:	it writes
 * @is_volatile: the source says so: READ_ONCE(), WRITE_ONCE() and the like
 */
struct tkfi_access {
	const void *addr;
	unsigned long ip;
	u8 size;
	bool store;
	bool is_volatile;
};

typedef void (*tkfi_access_fn)(const struct tkfi_access *access, void *arg);

/**
 * tkfi_access_watch() - be told of every access of VCPUs
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

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Barriers are reported to the watcher of accesses. Included before all else where accesses
 * are reported, as inline functions of the kernel's headers have barriers, too. On this
 * uniprocessor a barrier is one for the compiler only.
 */
#ifndef __TKFI_BARRIER_H
#define __TKFI_BARRIER_H

#include <linux/compiler.h>
#include <asm/barrier.h>

/**
 * tkfi_barrier() - the executing VCPU is at a barrier
 * @name:	name of the barrier, valid for ever
 *
 * Calls the watcher of accesses. It is no scheduling point, as execution is sequentially
 * consistent. Does nothing if no VCPU executes.
 */
void tkfi_barrier(const char *name);

#undef smp_mb
#undef smp_rmb
#undef smp_wmb
#undef smp_load_acquire
#undef smp_store_release

#define TKFI_BARRIER(name)						\
do {									\
	barrier();							\
	tkfi_barrier(name);						\
} while (0)

/* A compiler barrier that is reported. */
#define smp_mb()	TKFI_BARRIER("smp_mb")
/* A compiler barrier that is reported. */
#define smp_rmb()	TKFI_BARRIER("smp_rmb")
/* A compiler barrier that is reported. */
#define smp_wmb()	TKFI_BARRIER("smp_wmb")

/* The barrier comes after the load. */
#define smp_load_acquire(p) ({						\
	typeof(*(p)) __tkfi_loaded = READ_ONCE(*(p));			\
									\
	TKFI_BARRIER("smp_load_acquire");				\
	__tkfi_loaded;							\
})

/* The barrier comes before the store. */
#define smp_store_release(p, v)						\
do {									\
	TKFI_BARRIER("smp_store_release");				\
	WRITE_ONCE(*(p), v);						\
} while (0)

#endif

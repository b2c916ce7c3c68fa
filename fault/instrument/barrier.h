/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Barriers as events. Included before all else where accesses are reported: inline
 * functions of the kernel's headers have barriers too. On this uniprocessor each is
 * no more than the compiler's.
 */
#ifndef __TKFI_BARRIER_H
#define __TKFI_BARRIER_H

#include <linux/compiler.h>
#include <asm/barrier.h>

/**
 * tkfi_barrier() - the executing VCPU is at a barrier
 * @name:	name of the barrier, valid for ever
 *
 * Whoever watches accesses is told. It is no choice: execution is sequentially consistent.
 * Does nothing off a VCPU.
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

/* An event, no choice. */
#define smp_mb()	TKFI_BARRIER("smp_mb")
/* An event, no choice. */
#define smp_rmb()	TKFI_BARRIER("smp_rmb")
/* An event, no choice. */
#define smp_wmb()	TKFI_BARRIER("smp_wmb")

/* Likewise, after the load. */
#define smp_load_acquire(p) ({						\
	typeof(*(p)) __tkfi_loaded = READ_ONCE(*(p));			\
									\
	TKFI_BARRIER("smp_load_acquire");				\
	__tkfi_loaded;							\
})

/* And before the store. */
#define smp_store_release(p, v)						\
do {									\
	TKFI_BARRIER("smp_store_release");				\
	WRITE_ONCE(*(p), v);						\
} while (0)

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Redirections of the kernel's primitives in instrumented files, to be included after
 * everything else. Each has an effect only if a VCPU executes. Calls of functions outside
 * the subject are redirected by the subject.
 */
#ifndef __TKFI_REDIRECT_H
#define __TKFI_REDIRECT_H

#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/irqflags.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>
#include <linux/time64.h>
#include <asm/processor.h>

#include "access.h"
#include "entry.h"
#include "points.h"
#include "stopwatch.h"

/*
 * Locks: on a uniprocessor a spinlock does nothing, and two VCPUs could both hold it. The
 * engine knows the owner, and has the others wait.
 */
#undef raw_spin_lock
#define raw_spin_lock(lock)						\
do {									\
	tkfi_lock(lock);						\
	_raw_spin_lock(lock);						\
} while (0)

#undef raw_spin_unlock
#define raw_spin_unlock(lock)						\
do {									\
	_raw_spin_unlock(lock);						\
	tkfi_observe_unlock(lock);					\
	tkfi_unlock(lock);						\
} while (0)

#undef raw_spin_lock_irqsave
#define raw_spin_lock_irqsave(lock, flags)				\
do {									\
	local_irq_save(flags);						\
	raw_spin_lock(lock);						\
} while (0)

#undef raw_spin_unlock_irqrestore
#define raw_spin_unlock_irqrestore(lock, flags)				\
do {									\
	raw_spin_unlock(lock);						\
	local_irq_restore(flags);					\
} while (0)

#ifdef DEFINE_LOCK_GUARD_1
DEFINE_LOCK_GUARD_1(tkfi_irqsave, raw_spinlock_t,
		    raw_spin_lock_irqsave(_T->lock, _T->flags),
		    raw_spin_unlock_irqrestore(_T->lock, _T->flags),
		    unsigned long flags)
DEFINE_LOCK_GUARD_1(tkfi_nested, raw_spinlock_t, raw_spin_lock(_T->lock),
		    raw_spin_unlock(_T->lock))
/* guard(raw_spinlock_irqsave) and scoped_guard() expand their first argument. */
#define raw_spinlock_irqsave	tkfi_irqsave
/* The interrupts of a VCPU are off, and have to stay off. */
#define raw_spinlock_irq	tkfi_irqsave
#define raw_spinlock		tkfi_nested
#define raw_spinlock_nested	tkfi_nested
#endif

/*
 * Readers of sequences: the kernel's loop would spin on an odd sequence for ever, as nobody
 * else executes meanwhile. The word is noted where lockdep would note the reader; when the
 * loop calls cpu_relax(), the VCPU waits until the word has changed.
 */
#undef seqcount_lockdep_reader_access
#define seqcount_lockdep_reader_access(s)	tkfi_note_sequence(&(s)->sequence)

#define cpu_relax()		(tkfi_current ? tkfi_await() : cpu_relax())

/*
 * Write sections, for the observer and the stopwatch, which runs while the sequence is odd.
 */
#define TKFI_SECTION(step, sequence)					\
do {									\
	if (unlikely(tkfi_stopwatch))					\
		tkfi_section_##step(sequence);				\
} while (0)

#define do_write_seqcount_begin(s)					\
do {									\
	do_write_seqcount_begin(s);					\
	tkfi_observe_begin(&(s)->sequence);				\
	TKFI_SECTION(begin, TKFI_SEQ_KERNEL);				\
} while (0)

#define do_write_seqcount_end(s)					\
do {									\
	TKFI_SECTION(end, TKFI_SEQ_KERNEL);				\
	tkfi_observe_end(&(s)->sequence);				\
	do_write_seqcount_end(s);					\
} while (0)

#ifdef CONFIG_TKFI_ACCESS
/* A block is copied and set word by word, with an access each. */
#undef memcpy
#define memcpy(to, from, size)	tkfi_memcpy(to, from, size)
#undef memset
#define memset(to, byte, size)	tkfi_memset(to, byte, size)

/*
 * GCC calls no hook when it stores a structure that a function returns. A structure that is
 * composed of members is stored word by word, with hooks.
 */
#define ns_to_timespec64(ns) ({						\
	const struct timespec64 __tkfi_ts = ns_to_timespec64(ns);	\
									\
	(struct timespec64){						\
		.tv_sec = __tkfi_ts.tv_sec,				\
		.tv_nsec = __tkfi_ts.tv_nsec				\
	};								\
})

/* The compiler calls no hook for inline assembly. */
#undef set_bit
#define set_bit(nr, addr)						\
	(tkfi_atomic(addr, sizeof(long)), set_bit(nr, addr))
#undef clear_bit
#define clear_bit(nr, addr)						\
	(tkfi_atomic(addr, sizeof(long)), clear_bit(nr, addr))
#undef atomic64_try_cmpxchg
#define atomic64_try_cmpxchg(v, old, new)				\
	(tkfi_atomic(v, sizeof(s64)), atomic64_try_cmpxchg(v, old, new))

#endif

/**
 * tkfi_warn_on() - a WARN_ON() of instrumented code holds
 * @condition:	its condition, as in the source
 *
 * If a VCPU executes nothing is printed, as the unwinder does not know its stack.
 */
static inline void tkfi_warn_on(const char *condition)
{
	if (tkfi_current)
		tkfi_warn(condition);
	else
		WARN(1, "%s\n", condition);
}

#undef WARN_ON
#define WARN_ON(condition) ({						\
	bool __tkfi_warn = !!(condition);				\
									\
	if (unlikely(__tkfi_warn))					\
		tkfi_warn_on(#condition);				\
	unlikely(__tkfi_warn);						\
})

/*
 * Warns each time, as the state that is restored has no flag for a warning already given.
 */
#undef WARN_ON_ONCE
#define WARN_ON_ONCE(condition)	WARN_ON(condition)

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a patched file of kernel/time/ sees: the injection points, and every
 * redirection. Include it last. Without CONFIG_TKFI it is nothing at all.
 */
#ifndef __TKFI_HOOKS_H
#define __TKFI_HOOKS_H

#ifndef CONFIG_TKFI

#define tkfi_point(name)	do { } while (0)
#define tkfi_local(object)	do { } while (0)

#else

#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/irqflags.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>
#include <linux/time64.h>
#include <asm/processor.h>

#include "stopwatch.h"

struct tkfi_vcpu;

/* The VCPU that is executing; NULL while the kernel minds its own business. */
extern struct tkfi_vcpu *tkfi_current;

/* The executing VCPU got to the injection point @name. */
void tkfi_hit(const char *name);

/* It is about to read the sequence @word; and it relaxes because that was odd. */
void tkfi_watch(const unsigned int *word);
void tkfi_await(void);

/* It takes, waiting if need be, or drops a lock. Nothing off a VCPU. */
void tkfi_lock(const void *lock);
void tkfi_unlock(const void *lock);

/* It would have called @what, which leaves the subject. */
void tkfi_leave(const char *what);

/* It would have printed that warning. */
void tkfi_warn(const char *condition);

/* What the virtual clock says, in ns since it was 0. */
u64 tkfi_clock_ns(void);

/*
 * The name of each point is in a section of its own. A section that no linker
 * script knows gets these two symbols if its name is a C identifier.
 */
extern const char * const __start_tkfi_points[];
extern const char * const __stop_tkfi_points[];

#define tkfi_point(name)						\
do {									\
	static const char * const __tkfi_point				\
		__used __section("tkfi_points") = #name;		\
									\
	if (unlikely(tkfi_current))					\
		tkfi_hit(__tkfi_point);					\
} while (0)

/**
 * struct tkfi_local - a static variable inside a function
 * @name:	its name
 * @addr:	its address
 * @size:	its size in bytes
 */
struct tkfi_local {
	const char *name;
	void *addr;
	size_t size;
};

extern const struct tkfi_local * const __start_tkfi_locals[];
extern const struct tkfi_local * const __stop_tkfi_locals[];

/* State that no glue at the end of the file can see. */
#define tkfi_local(object)						\
do {									\
	static const struct tkfi_local __tkfi_local = {			\
		#object, &(object), sizeof(object)			\
	};								\
	static const struct tkfi_local * const __tkfi_local_entry	\
		__used __section("tkfi_locals") = &__tkfi_local;	\
} while (0)

/* Oracles want to know what is published, and when. */
extern bool tkfi_publishing;
void tkfi_publish_kernel_begin(const unsigned int *sequence);
void tkfi_publish_kernel_end(const unsigned int *sequence);
void tkfi_publish_vdso_end(bool aux);
void tkfi_publish_unlock(const void *lock);

#define TKFI_PUBLISH(step, what)					\
do {									\
	if (unlikely(tkfi_publishing))					\
		tkfi_publish_##step(what);				\
} while (0)

/*
 * Redirections. Each applies on a VCPU only; elsewhere the kernel does what it
 * always does. There is one more, vdso.c's cpu_relax(), for the same reason as
 * the one here. Not redirected, because they reach nobody in this
 * configuration: update_pvclock_gtod() (UML registers no notifier), audit
 * (CONFIG_TKFI excludes it), printk_once() and printk_deferred() (the log only),
 * clocksource_start_suspend_timing() and its end (no clocksource of UML counts
 * while it sleeps), stop_machine() (on a uniprocessor a call with interrupts
 * off: other VCPUs are not stopped, and see what it hides on a real machine).
 *
 * Locks: on a uniprocessor a spinlock is nothing, and two VCPUs would both be
 * inside. The engine keeps the owner and blocks the other.
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
	TKFI_PUBLISH(unlock, lock);					\
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
/* A VCPU's interrupts are off before, and must be so afterwards. */
#define raw_spinlock_irq	tkfi_irqsave
#define raw_spinlock		tkfi_nested
#define raw_spinlock_nested	tkfi_nested
#endif

/*
 * Sequence readers: the kernel's own loop spins on an odd sequence for ever,
 * because nobody else runs meanwhile. Remember the word it is about to read (where
 * lockdep would); when the loop relaxes, block until that word changes.
 */
#undef seqcount_lockdep_reader_access
#define seqcount_lockdep_reader_access(s)	tkfi_watch(&(s)->sequence)

#define cpu_relax()		(tkfi_current ? tkfi_await() : cpu_relax())

/*
 * Write sections, for these and the stopwatch: it starts when the sequence is odd
 * and stops when it is about to be even.
 */
#define TKFI_SECTION(step, sequence)					\
do {									\
	if (unlikely(tkfi_stopwatch))					\
		tkfi_section_##step(sequence);				\
} while (0)

#define do_write_seqcount_begin(s)					\
do {									\
	do_write_seqcount_begin(s);					\
	TKFI_PUBLISH(kernel_begin, &(s)->sequence);			\
	TKFI_SECTION(begin, TKFI_SEQ_KERNEL);				\
} while (0)

#define do_write_seqcount_end(s)					\
do {									\
	TKFI_SECTION(end, TKFI_SEQ_KERNEL);				\
	TKFI_PUBLISH(kernel_end, &(s)->sequence);			\
	do_write_seqcount_end(s);					\
} while (0)

#define vdso_write_begin(vd)						\
do {									\
	vdso_write_begin(vd);						\
	TKFI_SECTION(begin, TKFI_SEQ_VDSO);				\
} while (0)

#define vdso_write_end(vd)						\
do {									\
	TKFI_SECTION(end, TKFI_SEQ_VDSO);				\
	TKFI_PUBLISH(vdso_end, false);					\
	vdso_write_end(vd);						\
} while (0)

/* Of an auxiliary clock, where there are any. */
#define vdso_write_end_clock(vc)					\
do {									\
	TKFI_PUBLISH(vdso_end, true);					\
	vdso_write_end_clock(vc);					\
} while (0)

#ifdef CONFIG_TKFI_ACCESS
/* A block is as many accesses as it has words. */
void *tkfi_memcpy(void *to, const void *from, size_t size);
void *tkfi_memset(void *to, int byte, size_t size);

#undef memcpy
#define memcpy(to, from, size)	tkfi_memcpy(to, from, size)
#undef memset
#define memset(to, byte, size)	tkfi_memset(to, byte, size)

/*
 * GCC has no hook for the store of a structure that a function returns. One that is
 * made of its members is stored word by word, with hooks.
 */
#define ns_to_timespec64(ns) ({						\
	const struct timespec64 __tkfi_ts = ns_to_timespec64(ns);	\
									\
	(struct timespec64){						\
		.tv_sec = __tkfi_ts.tv_sec,				\
		.tv_nsec = __tkfi_ts.tv_nsec				\
	};								\
})

/* Inline assembly is an access that the compiler does not know of. */
void tkfi_atomic(const void *addr, size_t size);

#undef set_bit
#define set_bit(nr, addr)						\
	(tkfi_atomic(addr, sizeof(long)), set_bit(nr, addr))
#undef clear_bit
#define clear_bit(nr, addr)						\
	(tkfi_atomic(addr, sizeof(long)), clear_bit(nr, addr))
#undef atomic64_try_cmpxchg
#define atomic64_try_cmpxchg(v, old, new)				\
	(tkfi_atomic(v, sizeof(s64)), atomic64_try_cmpxchg(v, old, new))

/* noinstr, for a read of the seconds by ntp.c, means KCSAN too. */
#undef __no_kcsan
#define __no_kcsan

/* That the chain is empty is read by a function that reports nothing. */
#define raw_notifier_call_chain(chain, val, v)				\
	(tkfi_current && !READ_ONCE((chain)->head) ? NOTIFY_DONE :	\
	 raw_notifier_call_chain(chain, val, v))
#endif

/* These leave timekeeping, for hrtimers, the RTC and the random pool. */
#define clock_was_set(bases)						\
	(tkfi_current ? tkfi_leave("clock_was_set") : clock_was_set(bases))
#define clock_was_set_delayed()						\
	(tkfi_current ? tkfi_leave("clock_was_set_delayed") :		\
			clock_was_set_delayed())
#define ntp_notify_cmos_timer(set)					\
	(tkfi_current ? tkfi_leave("ntp_notify_cmos_timer") :		\
			ntp_notify_cmos_timer(set))
#define add_device_randomness(buf, len)					\
	(tkfi_current ? tkfi_leave("add_device_randomness") :		\
			add_device_randomness(buf, len))

#define calc_global_load()						\
	(tkfi_current ? tkfi_leave("calc_global_load") : calc_global_load())
#define tick_clock_notify()						\
	(tkfi_current ? tkfi_leave("tick_clock_notify") : tick_clock_notify())

/* These suspend and resume what depends on timekeeping. */
#define tick_suspend()							\
	(tkfi_current ? tkfi_leave("tick_suspend") : tick_suspend())
#define clocksource_suspend()						\
	(tkfi_current ? tkfi_leave("clocksource_suspend") :		\
			clocksource_suspend())
#define clockevents_suspend()						\
	(tkfi_current ? tkfi_leave("clockevents_suspend") :		\
			clockevents_suspend())
#define clockevents_resume()						\
	(tkfi_current ? tkfi_leave("clockevents_resume") :		\
			clockevents_resume())
#define clocksource_resume()						\
	(tkfi_current ? tkfi_leave("clocksource_resume") :		\
			clocksource_resume())
#define touch_softlockup_watchdog()					\
	(tkfi_current ? tkfi_leave("touch_softlockup_watchdog") :	\
			touch_softlockup_watchdog())
#define tick_resume()							\
	(tkfi_current ? tkfi_leave("tick_resume") : tick_resume())
#define timerfd_resume()						\
	(tkfi_current ? tkfi_leave("timerfd_resume") : timerfd_resume())

/*
 * These read clocks of the host: the RTC, which tells how long the machine slept,
 * and the scheduler's clock, behind the NMI-safe readers' dummy. timekeeping.c has
 * a weak read_persistent_clock64() too; by this name it gives way to clock.c's.
 */
void tkfi_read_persistent_clock64(struct timespec64 *ts);

#define read_persistent_clock64	tkfi_read_persistent_clock64
#define local_clock()		(tkfi_current ? tkfi_clock_ns() : local_clock())

/* A report would be made from a stack that the unwinder does not know. */
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

/* Whoever has warned before is none of an execution's business. */
#undef WARN_ON_ONCE
#define WARN_ON_ONCE(condition)	WARN_ON(condition)

#endif /* CONFIG_TKFI */
#endif /* __TKFI_HOOKS_H */

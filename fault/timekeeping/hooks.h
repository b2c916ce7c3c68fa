/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For the patched files of kernel/time/: injection points and redirections. To be included
 * last. Empty without CONFIG_TKFI_TIMEKEEPING.
 */
#ifndef __TKFI_HOOKS_H
#define __TKFI_HOOKS_H

#ifndef CONFIG_TKFI_TIMEKEEPING

#define tkfi_point(name)	do { } while (0)
#define tkfi_local(object)	do { } while (0)

#else

#include "redirect.h"

/**
 * tkfi_clock_ns() - what the virtual clock says; see clock.h
 *
 * Return: nanoseconds since it was 0.
 */
u64 tkfi_clock_ns(void);

/*
 * Oracles need to know what is published, and when. Write sections of the kernel's sequence
 * are reported to the observer of publish.c; those of the vDSO page are reported here.
 */
extern bool tkfi_publishing;

/**
 * tkfi_publish_vdso_end() - a write section of the vDSO page is about to end; see publish.h
 * @aux:	of the auxiliary clock's part of it
 */
void tkfi_publish_vdso_end(bool aux);

#define TKFI_PUBLISH_VDSO(aux)						\
do {									\
	if (unlikely(tkfi_publishing))					\
		tkfi_publish_vdso_end(aux);				\
} while (0)

#define vdso_write_begin(vd)						\
do {									\
	vdso_write_begin(vd);						\
	TKFI_SECTION(begin, TKFI_SEQ_VDSO);				\
} while (0)

#define vdso_write_end(vd)						\
do {									\
	TKFI_SECTION(end, TKFI_SEQ_VDSO);				\
	TKFI_PUBLISH_VDSO(false);					\
	vdso_write_end(vd);						\
} while (0)

/* For the part of an auxiliary clock. */
#define vdso_write_end_clock(vc)					\
do {									\
	TKFI_PUBLISH_VDSO(true);					\
	vdso_write_end_clock(vc);					\
} while (0)

#ifdef CONFIG_TKFI_ACCESS
/* noinstr implies __no_kcsan; but a read of the seconds by ntp.c is to be instrumented. */
#undef __no_kcsan
#define __no_kcsan

/* Whether the chain is empty would be read by a function that is not instrumented. */
#define raw_notifier_call_chain(chain, val, v)				\
	(tkfi_current && !READ_ONCE((chain)->head) ? NOTIFY_DONE :	\
	 raw_notifier_call_chain(chain, val, v))
#endif

/* Interrupts are off, and the code runs on virtual time without VCPUs; see drive.h. */
extern bool tkfi_driven;

#define TKFI_VIRTUAL	(tkfi_current || tkfi_driven)

/*
 * Functions outside timekeeping are not called. vdso.c redirects cpu_relax() itself.
 * Not redirected, because they reach nobody in this configuration: update_pvclock_gtod()
 * (UML registers no notifier), audit (CONFIG_TKFI excludes it), printk_once() and
 * printk_deferred() (the log only), clocksource_start_suspend_timing() and its end (no
 * clocksource of UML counts while it sleeps), stop_machine() (on a uniprocessor a call
 * with interrupts off: other VCPUs are not stopped, and see what it hides on a real
 * machine).
 */

/* These leave timekeeping, for hrtimers, the RTC and the random pool. */
#define clock_was_set(bases)						\
	(TKFI_VIRTUAL ? tkfi_leave("clock_was_set") : clock_was_set(bases))
#define clock_was_set_delayed()						\
	(TKFI_VIRTUAL ? tkfi_leave("clock_was_set_delayed") :		\
			clock_was_set_delayed())
#define ntp_notify_cmos_timer(set)					\
	(TKFI_VIRTUAL ? tkfi_leave("ntp_notify_cmos_timer") :		\
			ntp_notify_cmos_timer(set))
#define add_device_randomness(buf, len)					\
	(TKFI_VIRTUAL ? tkfi_leave("add_device_randomness") :		\
			add_device_randomness(buf, len))

#define calc_global_load()						\
	(TKFI_VIRTUAL ? tkfi_leave("calc_global_load") : calc_global_load())
#define tick_clock_notify()						\
	(TKFI_VIRTUAL ? tkfi_leave("tick_clock_notify") : tick_clock_notify())

/* These suspend and resume what depends on timekeeping. */
#define tick_suspend()							\
	(TKFI_VIRTUAL ? tkfi_leave("tick_suspend") : tick_suspend())
#define clocksource_suspend()						\
	(TKFI_VIRTUAL ? tkfi_leave("clocksource_suspend") :		\
			clocksource_suspend())
#define clockevents_suspend()						\
	(TKFI_VIRTUAL ? tkfi_leave("clockevents_suspend") :		\
			clockevents_suspend())
#define clockevents_resume()						\
	(TKFI_VIRTUAL ? tkfi_leave("clockevents_resume") :		\
			clockevents_resume())
#define clocksource_resume()						\
	(TKFI_VIRTUAL ? tkfi_leave("clocksource_resume") :		\
			clocksource_resume())
#define touch_softlockup_watchdog()					\
	(TKFI_VIRTUAL ? tkfi_leave("touch_softlockup_watchdog") :	\
			touch_softlockup_watchdog())
#define tick_resume()							\
	(TKFI_VIRTUAL ? tkfi_leave("tick_resume") : tick_resume())
#define timerfd_resume()						\
	(TKFI_VIRTUAL ? tkfi_leave("timerfd_resume") : timerfd_resume())

/**
 * tkfi_read_persistent_clock64() - the RTC, which tells how long the machine slept
 * @ts:		receives the time, see clock.h
 *
 * This and the scheduler's clock, behind the NMI-safe readers' dummy, are clocks of the host.
 * timekeeping.c has a weak read_persistent_clock64() too; by this name it gives way to
 * clock.c's.
 */
void tkfi_read_persistent_clock64(struct timespec64 *ts);

#define read_persistent_clock64	tkfi_read_persistent_clock64
#define local_clock()		(TKFI_VIRTUAL ? tkfi_clock_ns() : local_clock())

#endif /* CONFIG_TKFI_TIMEKEEPING */
#endif /* __TKFI_HOOKS_H */

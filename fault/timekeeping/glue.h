/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interface of glue-<version>.h: access to static data of timekeeping.c and ntp.c,
 * and to the vDSO data page. It is the same for all kernel versions.
 */
#ifndef __TKFI_GLUE_H
#define __TKFI_GLUE_H

#include <linux/time64.h>
#include <linux/types.h>

#include "state.h"

struct __kernel_timex;
struct clocksource;
struct timekeeper;
struct tkfi_reader;

/**
 * enum tkfi_variant - which build of the kernel's own code this is
 * @TKFI_POST_SERIES:	as the tree is
 * @TKFI_PRE_SERIES:	calculates on the real timekeeper, sequence odd
 * @TKFI_FIXED:		publishes a line that fits the time of its publication
 * @TKFI_NR_VARIANTS:	how many there are
 */
enum tkfi_variant {
	TKFI_POST_SERIES,
	TKFI_PRE_SERIES,
	TKFI_FIXED,
	TKFI_NR_VARIANTS
};

/* Do coarse clocks stay when an adjustment moves the base of the line? */
#ifdef TKFI_HAS_COARSE_NSEC
#define TKFI_COARSE_IS_STEADY	true
#else
#define TKFI_COARSE_IS_STEADY	false
#endif

/* Have they a second of their own, too, which no adjustment moves? */
#ifdef TKFI_HAS_COARSE_SEC
#define TKFI_COARSE_HAS_SECOND	true
#else
#define TKFI_COARSE_HAS_SECOND	false
#endif

/* Has the vDSO page of an auxiliary clock whole nanoseconds? */
#ifdef TKFI_HAS_WHOLE_AUX_PAGE
#define TKFI_AUX_PAGE_IS_WHOLE	true
#else
#define TKFI_AUX_PAGE_IS_WHOLE	false
#endif

/*
 * What NTP has a tick be, of cycle_interval cycles, 2^-32 ns: ntp_tick, less what a whole
 * number of cycles cannot be if that is kept apart, and with the slew if that is.
 */
#ifdef TKFI_HAS_XTIME_REMAINDER
#define TKFI_REMAINDER(tk)	((tk)->xtime_remainder << (tk)->ntp_error_shift)
#else
#define TKFI_REMAINDER(tk)	0
#endif

#ifdef TKFI_HAS_SKEW_DELTA
#define TKFI_SKEW(tk)		((tk)->skew_delta * HZ)
#else
#define TKFI_SKEW(tk)		0
#endif

extern const char * const tkfi_variant_names[TKFI_NR_VARIANTS];

/**
 * tkfi_variant() - which build of the kernel's own code this is
 *
 * A variant's patch sets TKFI_VARIANT at the end of timekeeping.c. A tree that has what the
 * patch of the variant fixed adds is TKFI_FIXED, whoever put it in: see fault/tree.mk.
 *
 * Return: the variant.
 */
enum tkfi_variant tkfi_variant(void);

/**
 * tkfi_timekeeping_regions() - list every writable object of timekeeping.c
 * @add:	called for each of them
 */
void tkfi_timekeeping_regions(tkfi_region_fn add);

/**
 * tkfi_tick_regions() - list every writable object of jiffies
 * @add:	called for each of them
 */
void tkfi_tick_regions(tkfi_region_fn add);

/**
 * tkfi_ntp_regions() - list every writable object of ntp.c
 * @add:	called for each of them
 */
void tkfi_ntp_regions(tkfi_region_fn add);

/**
 * tkfi_vdso_regions() - list the vDSO page
 * @add:	called for it
 */
void tkfi_vdso_regions(tkfi_region_fn add);

/**
 * tkfi_timekeeping_sequences() - list the sequences of timekeeping.c
 * @mark:	called for each of them, and for the auxiliary clock's, if there is one
 */
void tkfi_timekeeping_sequences(tkfi_sequence_fn mark);

/**
 * tkfi_tick_sequences() - list the sequence of jiffies
 * @mark:	called for it
 */
void tkfi_tick_sequences(tkfi_sequence_fn mark);

/**
 * tkfi_vdso_sequences() - list the sequences of the vDSO page
 * @mark:	called for each of them
 */
void tkfi_vdso_sequences(tkfi_sequence_fn mark);

/**
 * tkfi_vdso_clock_size() - how much of the vDSO page one of its sequences is for
 *
 * Return: bytes, from the sequence's own word on.
 */
size_t tkfi_vdso_clock_size(void);

/**
 * tkfi_timekeeping_reset() - set the state of timekeeping.c and the vDSO page as at boot
 * @cs:		clocksource to keep time by
 * @mono:	CLOCK_MONOTONIC, seconds; RAW starts there too
 * @wall:	CLOCK_REALTIME, seconds
 *
 * Zeroes the timekeeper, its sequences and the vDSO page, and does with the
 * kernel's own functions what timekeeping_init() does at boot.
 */
void tkfi_timekeeping_reset(struct clocksource *cs, time64_t mono,
			    time64_t wall);

/**
 * tkfi_ntp_reset() - set the state of ntp.c as at boot
 *
 * To be called before tkfi_timekeeping_reset().
 */
void tkfi_ntp_reset(void);

/**
 * tkfi_vdso_reset() - zero the vDSO page, and name its members
 *
 * Called by tkfi_timekeeping_reset().
 */
void tkfi_vdso_reset(void);

/**
 * tkfi_tick_reset() - set jiffies as at boot, with the first tick due when the clock was 0
 */
void tkfi_tick_reset(void);

/**
 * tkfi_tick_periodic() - the periodic tick's interrupt
 *
 * It counts a jiffy, and updates the timekeeper.
 */
void tkfi_tick_periodic(void);

/**
 * tkfi_read_jiffies() - read jiffies by get_jiffies_64()
 *
 * Return: nanoseconds.
 */
s64 tkfi_read_jiffies(void);

/**
 * tkfi_ticks_in_jiffies() - ticks that jiffies have counted
 *
 * Return: how many since tkfi_tick_reset().
 */
u64 tkfi_ticks_in_jiffies(void);

/**
 * tkfi_ticks_until_next() - ticks that were counted by the time of the next one
 *
 * Return: how many since tkfi_tick_reset().
 */
u64 tkfi_ticks_until_next(void);

/**
 * tkfi_ntp_set_frequency() - change the NTP tick length and nothing else
 * @tick_us:	as ADJ_TICK, microseconds
 * @freq:	as ADJ_FREQUENCY, ppm << 16
 *
 * As the PPS code does under the lock: the next tick adjusts the multiplier. adjtimex would
 * adjust it at once. The caller excludes all updaters.
 */
void tkfi_ntp_set_frequency(long tick_us, long freq);

/**
 * tkfi_ntp_phase_left() - the phase that NTP has still to slew, where ticks do not include it
 *
 * Return: 2^-32 ns; 0 where the tick length includes the slew.
 */
s64 tkfi_ntp_phase_left(void);

/**
 * tkfi_timekeeper() - the core timekeeper that readers use
 *
 * Return: its address.
 */
const struct timekeeper *tkfi_timekeeper(void);

/**
 * tkfi_shadow_timekeeper() - the core timekeeper on which updaters calculate
 *
 * Return: its address.
 */
const struct timekeeper *tkfi_shadow_timekeeper(void);

/**
 * tkfi_read_snapshot() - read a clock by ktime_get_snapshot()
 * @id:		the clock; where ktime_get_snapshot() takes none, it is CLOCK_REALTIME
 * @raw:	read the raw clock of the snapshot instead
 *
 * Return: nanoseconds; -ENODEV if the kernel says that the snapshot is not valid.
 */
s64 tkfi_read_snapshot(clockid_t id, bool raw);

/**
 * tkfi_read_crosststamp() - read a clock by get_device_system_crosststamp()
 * @id:		the clock; where the function takes none, it is CLOCK_REALTIME
 * @raw:	read the raw clock of the timestamp instead
 *
 * The device samples the counter by which time is kept.
 *
 * Return: nanoseconds, or an error of the kernel's.
 */
s64 tkfi_read_crosststamp(clockid_t id, bool raw);

/**
 * tkfi_read_timestamps() - read a clock by ktime_get_fast_timestamps()
 * @id:		CLOCK_MONOTONIC, CLOCK_BOOTTIME, or CLOCK_REALTIME
 * @raw:	not used
 *
 * Defined only where there is such a function, and only then called.
 *
 * Return: nanoseconds.
 */
s64 tkfi_read_timestamps(clockid_t id, bool raw);

/**
 * tkfi_halted_at() - where NMI-safe readers are halted while timekeeping is suspended
 *
 * Return: the counter's value that they use, in its cycles.
 */
u64 tkfi_halted_at(void);

/**
 * tkfi_vdso_sequence() - the sequence of the vDSO's readers
 *
 * Return: its value; odd during a write section.
 */
unsigned int tkfi_vdso_sequence(void);

/**
 * tkfi_vdso_aux_sequence() - the sequence of the auxiliary clock's vDSO readers
 *
 * Return: its value; 0 if there is none.
 */
unsigned int tkfi_vdso_aux_sequence(void);

/**
 * struct tkfi_timekeepers - a timekeeper and what guards it
 * @real:	the timekeeper that readers use
 * @shadow:	the one on which updaters calculate
 * @sequence:	word of the sequence of the kernel's readers
 * @lock:	lock of the updaters
 */
struct tkfi_timekeepers {
	const struct timekeeper *real;
	const struct timekeeper *shadow;
	const unsigned int *sequence;
	const void *lock;
};

/**
 * tkfi_core_timekeepers() - the core timekeeper, and what guards it
 *
 * Return: real and shadow timekeeper, sequence and lock.
 */
struct tkfi_timekeepers tkfi_core_timekeepers(void);

#define TKFI_NR_AUX_READERS	4

/**
 * struct tkfi_aux_clock - the first auxiliary clock; its functions are called on a VCPU
 * @timekeepers: its timekeeper, real and shadow
 * @readers:	its TKFI_NR_AUX_READERS readers
 * @enable:	switches it on, as by sysfs; it begins at 0
 * @disable:	switches it off, as by sysfs
 * @tick:	the part of update_wall_time() that is for auxiliary clocks
 * @set:	clock_settime()
 * @adjtimex:	clock_adjtime()
 */
struct tkfi_aux_clock {
	struct tkfi_timekeepers timekeepers;
	const struct tkfi_reader *readers;
	int (*enable)(void);
	int (*disable)(void);
	int (*tick)(void);
	int (*set)(const struct timespec64 *ts);
	int (*adjtimex)(struct __kernel_timex *txc);
};

/**
 * tkfi_aux_clock() - the first auxiliary clock
 *
 * Return: the clock, NULL where the kernel has none.
 */
const struct tkfi_aux_clock *tkfi_aux_clock(void);

/**
 * struct tkfi_line - the line by which the vDSO page converts cycles to time
 * @mult:	multiplier, shifted ns per cycle
 * @shift:	its shift
 * @cycle_last:	cycle at which @nsec holds
 * @nsec:	CLOCK_MONOTONIC's ns part at @cycle_last, shifted
 * @sec:	CLOCK_MONOTONIC's seconds
 */
struct tkfi_line {
	u32 mult;
	u32 shift;
	u64 cycle_last;
	u64 nsec;
	u64 sec;
};

/**
 * struct tkfi_coarse - CLOCK_REALTIME for readers that do not read the counter
 * @ns:		time that coarse clocks show, ns
 * @seconds_ns:	time whose whole seconds are shown by readers of seconds, ns
 */
struct tkfi_coarse {
	s64 ns;
	s64 seconds_ns;
};

/**
 * tkfi_coarse() - CLOCK_REALTIME of a published timekeeper, if the counter is not read
 * @tk:		timekeeper
 *
 * Return: the time.
 */
struct tkfi_coarse tkfi_coarse(const struct timekeeper *tk);

/**
 * tkfi_vdso_line() - the published line of CLOCK_MONOTONIC in the vDSO page
 *
 * Return: the line.
 */
struct tkfi_line tkfi_vdso_line(void);

#define TKFI_REGION(add, object)	((add)(#object, &(object), sizeof(object)))

/* Name the members of a part of the vDSO page that define its line. */
#define TKFI_NAME_VDSO_LINE(of, kind)					\
do {									\
	tkfi_name_add(&(of)->seq, "vdso.seq" kind);			\
	tkfi_name_add(&(of)->clock_mode, "vdso.clock_mode" kind);	\
	tkfi_name_add(&(of)->mask, "vdso.mask" kind);			\
	tkfi_name_add(&(of)->cycle_last, "vdso.cycle_last" kind);	\
	tkfi_name_add(&(of)->mult, "vdso.mult" kind);			\
	tkfi_name_add(&(of)->shift, "vdso.shift" kind);			\
} while (0)

/* Name the time that a clock had at cycle_last. */
#define TKFI_NAME_VDSO_CLOCK(of, clock)					\
do {									\
	tkfi_name_add(&(of)->basetime[CLOCK_##clock].sec,		\
		      "vdso.sec[" #clock "]");				\
	tkfi_name_add(&(of)->basetime[CLOCK_##clock].nsec,		\
		      "vdso.nsec[" #clock "]");				\
} while (0)

#define TKFI_NAME_VDSO_LINES(of, raw)					\
do {									\
	TKFI_NAME_VDSO_LINE(of, "");					\
	TKFI_NAME_VDSO_LINE(raw, "[RAW]");				\
	TKFI_NAME_VDSO_CLOCK(of, REALTIME);				\
	TKFI_NAME_VDSO_CLOCK(of, MONOTONIC);				\
	TKFI_NAME_VDSO_CLOCK(of, REALTIME_COARSE);			\
	TKFI_NAME_VDSO_CLOCK(of, MONOTONIC_COARSE);			\
	TKFI_NAME_VDSO_CLOCK(of, BOOTTIME);				\
	TKFI_NAME_VDSO_CLOCK(of, TAI);					\
	TKFI_NAME_VDSO_CLOCK(raw, MONOTONIC_RAW);			\
} while (0)

#ifdef TKFI_GLUE_TIMEKEEPING
#include "glue-timekeeping.h"
#endif

#ifdef TKFI_GLUE_TICK
#include "glue-tick.h"
#endif

#endif

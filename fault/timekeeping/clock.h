/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_CLOCK_H
#define __TKFI_CLOCK_H

#include <linux/clocksource.h>
#include <linux/timekeeper_internal.h>
#include <linux/types.h>

#include "units.h"

/* What tkfi_clock_install() accepts, in Hz. */
#define TKFI_MIN_HZ		1000000U
#define TKFI_MAX_HZ		4000000000U

/**
 * struct tkfi_clock - a clock that timekeeping is explored by
 * @name:	its name
 * @hz:		frequency
 * @bits:	width of its counter
 */
struct tkfi_clock {
	const char *name;
	u32 hz;
	unsigned int bits;
};

/*
 * The kindest clock there is, then some that real machines have. tkfi_clock_names has their
 * names, and NULL.
 */
#define TKFI_NR_CLOCKS		4

extern const struct tkfi_clock tkfi_clocks[TKFI_NR_CLOCKS];
extern const char * const tkfi_clock_names[TKFI_NR_CLOCKS + 1];

/* Frequency of the installed clock, Hz; 0 while none is installed. */
extern u32 tkfi_clock_hz;

/* The virtual clocksource; only tkfi_clock_set() and tkfi_clock_advance() change it. */
extern struct clocksource tkfi_clocksource;

/*
 * Another counter of the same time, of an HPET's frequency and with a shift of its
 * own: what the kernel can change to. Rated too low to be selected.
 */
#define TKFI_SECOND_HZ		14318180U

extern struct clocksource tkfi_second_clocksource;

/**
 * tkfi_clock_install_bits() - have the kernel keep time by the virtual clocksource
 * @hz:		its frequency, TKFI_MIN_HZ ... TKFI_MAX_HZ
 * @bits:	width of its counter, 24 ... 64; it must not wrap around within two ticks
 *
 * Registers it and the second one; the clocksource core calculates mult and shift, and
 * selects it for its rating. Sleeps.
 *
 * Return: 0, -ERANGE for @hz or @bits, -EBUSY if already installed, -ENODEV if another
 * clocksource was preferred.
 */
int tkfi_clock_install_bits(u32 hz, unsigned int bits);

/**
 * tkfi_clock_install() - the same, with a counter that does not wrap around
 * @hz:		its frequency, TKFI_MIN_HZ ... TKFI_MAX_HZ
 *
 * Return: as tkfi_clock_install_bits().
 */
static inline int tkfi_clock_install(u32 hz)
{
	return tkfi_clock_install_bits(hz, 64);
}

/**
 * tkfi_clock_uninstall() - have the kernel keep time by its own clocksource again
 *
 * Nothing happens if it is not installed. Sleeps.
 *
 * Return: 0, or what clocksource_unregister() said.
 */
int tkfi_clock_uninstall(void);

/**
 * tkfi_clock_read() - read the clock
 *
 * On a VCPU this is a load of shared memory, and calls tkfi_clock_note().
 *
 * Return: the clock's value, in cycles.
 */
u64 tkfi_clock_read(void);

/**
 * tkfi_clock_peek() - read the clock, but not as a load of a VCPU
 *
 * Return: the clock's value, in cycles.
 */
u64 tkfi_clock_peek(void);

/**
 * tkfi_clock_note() - note the clock's value that the result of an operation depends on
 * @cycles:	the clock's value
 *
 * The operation is that of the executing VCPU. Does nothing if there is none.
 */
void tkfi_clock_note(u64 cycles);

/**
 * tkfi_clock_ns() - the time since the clock was 0, as by a clock that never stops
 *
 * To be called while the virtual clocksource is installed.
 *
 * Return: as tkfi_clock_read(), in nanoseconds since the clock was 0.
 */
u64 tkfi_clock_ns(void);

/**
 * tkfi_read_persistent_clock64() - read_persistent_clock64() of the files that are explored
 * @ts:		receives the time
 *
 * On a VCPU the time is that of an RTC that shows 1970 when the clock is 0, and is never
 * set, or 0 if there is none; else it is the kernel's own.
 */
void tkfi_read_persistent_clock64(struct timespec64 *ts);

/**
 * tkfi_rtc_set_absent() - take that RTC away, or put it back
 * @absent:	it is not there
 *
 * On a VCPU this is a store to shared memory.
 */
void tkfi_rtc_set_absent(bool absent);

/**
 * tkfi_clock_count() - cycles of a counter in cycles of the clock
 * @cs:		tkfi_clocksource, tkfi_second_clocksource, or NULL for the clock itself
 * @cycles:	cycles of the clock
 *
 * Return: cycles of the counter, which would not wrap around, rounded down.
 */
u64 tkfi_clock_count(const struct clocksource *cs, u64 cycles);

/**
 * tkfi_clock_counter() - convert a value of the clock to a counter's
 * @cs:		tkfi_clocksource or tkfi_second_clocksource; NULL for one that counts as the clock
 *		does, and does not wrap around
 * @cycles:	the clock's value
 *
 * The clock itself never wraps around.
 *
 * Return: the counter's value, in its own cycles, and within its mask.
 */
u64 tkfi_clock_counter(const struct clocksource *cs, u64 cycles);

/**
 * tkfi_clock_passed() - how far a counter has gone
 * @tkr:	whose clock's counter it is
 * @from:	a value of it
 * @to:		another one
 *
 * Return: cycles from one to the other by the shorter way around; negative if that is back.
 */
s64 tkfi_clock_passed(const struct tk_read_base *tkr, u64 from, u64 to);

/**
 * tkfi_clock_read_mode() - read the counter behind a vDSO clock mode
 * @clock_mode:	VDSO_CLOCKMODE_TKFI or VDSO_CLOCKMODE_TKFI_SECOND
 *
 * Reads the clock as tkfi_clock_read() does.
 *
 * Return: the counter's value, in its own cycles.
 */
u64 tkfi_clock_read_mode(s32 clock_mode);

/**
 * tkfi_clock_set() - set the clock
 * @cycles:	its value; may be less than before only if the state of timekeeping is set
 *		back as well
 */
void tkfi_clock_set(u64 cycles);

/**
 * tkfi_clock_advance() - let time pass
 * @cycles:	how much
 *
 * On a VCPU this is a store to shared memory.
 */
void tkfi_clock_advance(u64 cycles);

/**
 * tkfi_clock_cycles() - whole cycles of the installed clock in a time
 * @ns:		time in nanoseconds, up to TKFI_MAX_DELAY_NS
 *
 * Return: cycles, rounded down; 0 while no clock is installed.
 */
u64 tkfi_clock_cycles(u64 ns);

/**
 * tkfi_clock_max_delay() - the longest delay in cycles
 *
 * Return: TKFI_MAX_DELAY_NS in cycles; U64_MAX while no clock is installed.
 */
u64 tkfi_clock_max_delay(void);

/**
 * tkfi_clock_storage() - where the clock's value is stored, and whether there is an RTC: part
 * of the state
 * @size:	set to its size in bytes
 *
 * Return: its address.
 */
void *tkfi_clock_storage(size_t *size);

#endif

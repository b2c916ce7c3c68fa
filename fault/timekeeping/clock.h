/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_CLOCK_H
#define __TKFI_CLOCK_H

#include <linux/clocksource.h>
#include <linux/types.h>

#include "units.h"

/* What tkfi_clock_install() accepts, in Hz. */
#define TKFI_MIN_HZ		1000000U
#define TKFI_MAX_HZ		4000000000U

/* The virtual clocksource; moves only when told. */
extern struct clocksource tkfi_clocksource;

/*
 * Another counter of the same time, of an HPET's frequency and with a shift of its
 * own: what the kernel can change to. Rated too low to be selected.
 */
#define TKFI_SECOND_HZ		14318180U

extern struct clocksource tkfi_second_clocksource;

/**
 * tkfi_clock_install() - let the kernel keep time by the virtual clocksource
 * @hz:		its frequency, TKFI_MIN_HZ ... TKFI_MAX_HZ
 *
 * Registers it and the second one; the clocksource core selects it for its rating. Sleeps.
 *
 * Return: 0, -ERANGE for @hz, -EBUSY if already installed, -ENODEV if another
 * clocksource was preferred.
 */
int tkfi_clock_install(u32 hz);

/**
 * tkfi_clock_uninstall() - give the kernel its own clocksource back
 *
 * Nothing happens if it is not installed. Sleeps.
 *
 * Return: 0, or what clocksource_unregister() said.
 */
int tkfi_clock_uninstall(void);

/* The clock's value, in cycles; as VCPUs read it, and for those who only look. */
u64 tkfi_clock_read(void);
u64 tkfi_clock_peek(void);

/* Of the times the executing VCPU read it in an operation, which one that is about. */
void tkfi_clock_note(u64 cycles);

/* The same in ns: what a clock that never stops says. */
u64 tkfi_clock_ns(void);

/* read_persistent_clock64() of the files that are explored. */
void tkfi_read_persistent_clock64(struct timespec64 *ts);

/* What a clocksource's counter says at a value of the clock. */
u64 tkfi_clock_counter(const struct clocksource *cs, u64 cycles);

/* What the counter behind a vDSO clock mode says. */
u64 tkfi_clock_read_mode(s32 clock_mode);

/* Set the clock, in cycles; it may go back only with all that used it. */
void tkfi_clock_set(u64 cycles);

/* Let time pass, in cycles. */
void tkfi_clock_advance(u64 cycles);

/**
 * tkfi_clock_cycles() - whole cycles of the installed clock in a time
 * @ns:		time in nanoseconds, up to TKFI_MAX_DELAY_NS
 */
u64 tkfi_clock_cycles(u64 ns);

/* TKFI_MAX_DELAY_NS in cycles; U64_MAX while no clock is installed. */
u64 tkfi_clock_max_delay(void);

/* Where the clock's value is stored: part of the state. */
void *tkfi_clock_storage(size_t *size);

#endif

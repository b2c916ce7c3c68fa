/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Drives the live kernel's timekeeping: operations are called one after another, as fast as
 * they are, without an engine, VCPUs, or anybody who listens to accesses.
 */
#ifndef __TKFI_DRIVE_H
#define __TKFI_DRIVE_H

#include "state.h"

/* Between tkfi_drive_enter() and tkfi_drive_leave(). */
extern bool tkfi_driven;

/**
 * struct tkfi_drive - a driver of the live kernel
 * @own:	the kernel's own state while it is driven
 * @flags:	the interrupt flags to come back to
 */
struct tkfi_drive {
	struct tkfi_state own;
	unsigned long flags;
};

/**
 * tkfi_drive_open() - install the virtual clocksource, and allocate what is needed
 * @drive:	driver
 * @hz:		frequency of the clocksource, TKFI_MIN_HZ ... TKFI_MAX_HZ
 * @bits:	width of its counter, 24 ... 64
 *
 * Sleeps. Close with tkfi_drive_close().
 *
 * Return: 0, -ENOMEM, or as tkfi_clock_install_bits().
 */
int tkfi_drive_open(struct tkfi_drive *drive, u32 hz, unsigned int bits);

/**
 * tkfi_drive_close() - give the kernel its clocksource back, free everything
 * @drive:	driver that was opened
 */
void tkfi_drive_close(struct tkfi_drive *drive);

/**
 * tkfi_drive_enter() - start timekeeping as at boot; the live state is saved
 * @drive:	driver
 *
 * Until tkfi_drive_leave() interrupts are off, nothing is printed, and functions outside
 * timekeeping are not called. Time passes by tkfi_clock_advance() alone. What may be
 * called is update_wall_time(), readers, and @run of any operation.
 */
void tkfi_drive_enter(struct tkfi_drive *drive);

/**
 * tkfi_drive_leave() - restore the live state
 * @drive:	driver that was entered
 */
void tkfi_drive_leave(struct tkfi_drive *drive);

/**
 * tkfi_drive_tick() - cycles of the clock to the end of a tick
 * @ticks:	number of the tick since tkfi_drive_enter()
 *
 * Ticks come HZ times a second of the clocksource's frequency, which need not be a multiple
 * of that.
 *
 * Return: cycles since tkfi_drive_enter(), rounded down.
 */
u64 tkfi_drive_tick(u64 ticks);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The time of a published timekeeper, calculated independently of the kernel; and a
 * record of what updaters publish during an execution, and when.
 */
#ifndef __TKFI_PUBLISH_H
#define __TKFI_PUBLISH_H

#include <linux/time.h>
#include <linux/timekeeper_internal.h>

#include "glue.h"
#include "readers.h"

/**
 * tkfi_line_time() - the time that a reader must return for a published line at a cycle
 * @tk:		timekeeper
 * @reader:	reader: defines the clock, its kind and the resolution
 * @cycle:	value of the clock, in cycles
 *
 * It is calculated in 128 bits, from the members that updaters calculate with and the
 * counter of the timekeeper's clocksource. Bases and offsets that the kernel derives for
 * its readers are not used, nor any of the kernel's functions that convert cycles or
 * time.
 *
 * Return: nanoseconds, in whole units of the reader; 0 for TKFI_FLOORED, which is on no line.
 */
s64 tkfi_line_time(const struct timekeeper *tk, const struct tkfi_reader *reader,
		   u64 cycle);

/**
 * tkfi_has_leapt() - does a reader insert a leap second at a cycle before a tick does?
 * @tk:		timekeeper
 * @reader:	reader
 * @cycle:	value of the clock, in cycles
 *
 * Return: whether it has; false for readers that leave leap seconds to the tick.
 */
bool tkfi_has_leapt(const struct timekeeper *tk, const struct tkfi_reader *reader,
		    u64 cycle);

/**
 * tkfi_line_step() - how far a clock was set between two timekeepers
 * @before:	the earlier timekeeper
 * @after:	the later one
 * @reader:	says which clock, and what that follows
 *
 * It is the difference of the clock's offsets to CLOCK_MONOTONIC, which cannot be set.
 *
 * Return: nanoseconds, negative if it was set back; 0 for TKFI_RAW.
 */
s64 tkfi_line_step(const struct timekeeper *before,
		   const struct timekeeper *after,
		   const struct tkfi_reader *reader);

/**
 * tkfi_line_base() - the time at the cycle at which a line begins
 * @tk:		timekeeper
 * @id:		id of the clock; not CLOCK_MONOTONIC_RAW
 *
 * Coarse clocks show it, unless the kernel keeps it steady for them.
 *
 * Return: nanoseconds, rounded down.
 */
s64 tkfi_line_base(const struct timekeeper *tk, clockid_t id);

/**
 * enum tkfi_owner - the owner of a timekeeper, and of readers
 * @TKFI_CORE:		the core timekeeper
 * @TKFI_AUX:		the auxiliary clock
 * @TKFI_NR_OWNERS:	how many owners there are; stands for no owner
 */
enum tkfi_owner { TKFI_CORE, TKFI_AUX, TKFI_NR_OWNERS };

/**
 * tkfi_owner_of() - whose a reader is
 * @reader:	reader
 *
 * Return: TKFI_CORE or TKFI_AUX.
 */
static inline enum tkfi_owner tkfi_owner_of(const struct tkfi_reader *reader)
{
	return reader->id >= MAX_CLOCKS ? TKFI_AUX : TKFI_CORE;
}

/**
 * tkfi_timekeepers_of() - an owner's timekeeper
 * @owner:	owner
 *
 * Return: that of the auxiliary clock, if it is @owner and the kernel has one; else the core
 * timekeeper.
 */
struct tkfi_timekeepers tkfi_timekeepers_of(enum tkfi_owner owner);

#define TKFI_NEVER	(~0U)

/**
 * struct tkfi_publication - a timekeeper that an updater has published
 * @tk:		copy of the timekeeper
 * @owner:	its owner; TKFI_NR_OWNERS if it is not published yet, but kept in case that
 *		another update follows in the same write section
 * @vcpu:	id of the VCPU that published it
 * @begun:	from when on readers that do not wait could see a part of it
 * @vdso:	from when on readers of the vDSO could see it; TKFI_NEVER if they cannot
 * @kernel:	from when on readers of the kernel could see it; TKFI_NEVER if another
 *		update replaced it in the same write section
 * @over:	from when on no reader could see the publication before
 * @asleep:	timekeeping was suspended, and this does not resume it
 * @sampled:	value of the clock that its updater had read last, TKFI_NOT_READ if none: this
 *		line and the one before meet there
 * @left:	value that it had read before that; of a new counter, where the line of the
 *		old one was left
 *
 * Times are numbers of events of the execution.
 */
struct tkfi_publication {
	struct timekeeper tk;
	enum tkfi_owner owner;
	unsigned int vcpu;
	unsigned int begun;
	unsigned int vdso;
	unsigned int kernel;
	unsigned int over;
	bool asleep;
	u64 sampled;
	u64 left;
};

/* The publications of the execution, in order; the state at its begin comes first. */
extern struct tkfi_publication tkfi_published[];

/**
 * tkfi_nr_published() - how many publications of the execution there are so far
 *
 * Return: their number, with what it began with.
 */
unsigned int tkfi_nr_published(void);

/**
 * enum tkfi_misdeed - things that updaters must not do
 * @TKFI_BEGIN_UNLOCKED:	S4: begin a write section without the lock
 * @TKFI_UNLOCK_ODD:		S4: drop the lock with the sequence odd
 * @TKFI_CYCLES_APART:		S5: publish two values of cycle_last
 * @TKFI_NOT_MIRRORED:		S7: drop the lock with shadow and real different
 * @TKFI_LEAP_NOT_MIRRORED:	S7: the same, but only of when the next leap second is due
 * @TKFI_VDSO_OUTSIDE:		end a write section of the vDSO page while kernel readers go on
 * @TKFI_NR_MISDEEDS:		how many kinds there are
 *
 * The series is the patch series of 2013, S1 to S8.
 */
enum tkfi_misdeed {
	TKFI_BEGIN_UNLOCKED,
	TKFI_UNLOCK_ODD,
	TKFI_CYCLES_APART,
	TKFI_NOT_MIRRORED,
	TKFI_LEAP_NOT_MIRRORED,
	TKFI_VDSO_OUTSIDE,
	TKFI_NR_MISDEEDS
};

/**
 * tkfi_misdeeds() - what updaters did in the execution so far that they must not do
 *
 * Return: BIT(enum tkfi_misdeed) each.
 */
unsigned int tkfi_misdeeds(void);

/* Publications are being recorded. */
extern bool tkfi_publishing;

/**
 * tkfi_publish_vdso_end() - a write section of the vDSO page is about to end; for hooks.h
 * @aux:	of the auxiliary clock's part of it
 *
 * To be called only while tkfi_publishing is set.
 */
void tkfi_publish_vdso_end(bool aux);

/**
 * tkfi_publish_start() - an execution begins: record what is published from now on
 */
void tkfi_publish_start(void);

/**
 * tkfi_publish_stop() - record no longer what is published
 *
 * What was recorded stays.
 */
void tkfi_publish_stop(void);

/**
 * tkfi_publish_storage() - the memory of the record that snapshots have to hold
 * @size:	set to its size in bytes
 *
 * Return: its address.
 */
void *tkfi_publish_storage(size_t *size);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The time a published timekeeper says it is, calculated apart from the kernel; and
 * what updaters publish, and when, while VCPUs execute.
 */
#ifndef __TKFI_PUBLISH_H
#define __TKFI_PUBLISH_H

#include <linux/time.h>
#include <linux/timekeeper_internal.h>

#include "readers.h"

/**
 * tkfi_line_time() - a published line at a cycle, as a reader must return it
 * @tk:		timekeeper
 * @reader:	says which clock, what that follows, and the resolution
 * @cycle:	of the clock
 *
 * By the counter of the line's own clocksource. From the members that updaters
 * calculate with, in 128 bits: no base or offset that the kernel derives for its
 * readers has a part in it, nor any function of the kernel's that converts cycles
 * or time.
 *
 * Return: nanoseconds, in whole units of the reader; 0 for TKFI_FLOORED, which is on no line.
 */
s64 tkfi_line_time(const struct timekeeper *tk, const struct tkfi_reader *reader,
		   u64 cycle);

/**
 * tkfi_has_leapt() - has a reader inserted a second by then that no tick has?
 * @tk:		timekeeper
 * @reader:	reader
 * @cycle:	of the clock
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
 * As an offset to CLOCK_MONOTONIC, which nobody can set.
 *
 * Return: nanoseconds, negative if it was set back; 0 for TKFI_RAW.
 */
s64 tkfi_line_step(const struct timekeeper *before,
		   const struct timekeeper *after,
		   const struct tkfi_reader *reader);

/**
 * enum tkfi_owner - whose timekeeper, and readers
 * @TKFI_CORE:		the core timekeeper's
 * @TKFI_AUX:		the auxiliary clock's
 * @TKFI_NR_OWNERS:	how many owners there are; nobody's
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

#define TKFI_NEVER	(~0U)

/**
 * struct tkfi_publication - a line that an updater let readers at
 * @tk:		the timekeeper as it was then
 * @owner:	whose it is; TKFI_NR_OWNERS of what is kept in case that another update
 *		follows in the same write section, and nobody has published
 * @vcpu:	who published it
 * @begun:	when readers that do not wait could first see some of it
 * @vdso:	when the vDSO's readers could; TKFI_NEVER if it is not for them
 * @kernel:	when the kernel's readers could; TKFI_NEVER if another update took
 *		its place in the same write section
 * @over:	when nobody could see the one before any longer
 * @asleep:	timekeeping was suspended then
 *
 * Times are how many steps of the execution were before.
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
};

/* Those of the execution, in order; what it began with comes first. */
extern struct tkfi_publication tkfi_published[];

/**
 * tkfi_nr_published() - how many publications of the execution there are so far
 *
 * Return: their number, with what it began with.
 */
unsigned int tkfi_nr_published(void);

/**
 * enum tkfi_misdeed - what updaters must not do
 * @TKFI_BEGIN_UNLOCKED:	S4: begin a write section without the lock
 * @TKFI_UNLOCK_ODD:		S4: drop the lock with the sequence odd
 * @TKFI_CYCLES_APART:		S5: publish two values of cycle_last
 * @TKFI_NOT_MIRRORED:		S7: drop the lock with shadow and real different
 * @TKFI_VDSO_OUTSIDE:		update the vDSO page while kernel readers go on
 * @TKFI_NR_MISDEEDS:		how many kinds there are
 *
 * The series is the patch series of 2013, S1 to S8.
 */
enum tkfi_misdeed {
	TKFI_BEGIN_UNLOCKED,	/* S4: begin a write section without the lock */
	TKFI_UNLOCK_ODD,	/* S4: drop the lock with the sequence odd */
	TKFI_CYCLES_APART,	/* S5: publish two values of cycle_last */
	TKFI_NOT_MIRRORED,	/* S7: drop the lock with shadow and real different */
	TKFI_VDSO_OUTSIDE,	/* update the vDSO page while kernel readers go on */
	TKFI_NR_MISDEEDS
};

/**
 * tkfi_misdeeds() - what updaters did in the execution so far that they must not do
 *
 * Return: BIT(enum tkfi_misdeed) each.
 */
unsigned int tkfi_misdeeds(void);

/* Is what is published recorded? */
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
 * tkfi_publish_storage() - what of all this executions change: part of what snapshots hold
 * @size:	set to its size in bytes
 *
 * Return: its address.
 */
void *tkfi_publish_storage(size_t *size);

#endif

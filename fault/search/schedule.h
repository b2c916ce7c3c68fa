/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A schedule: all choices of one execution, as a line that people can read and write.
 *
 *   cpu0 before store vdso.seq#2, host, cpu1, cpu0
 *
 * Each turn names a VCPU that goes on, and where it stops: before its second store to
 * vdso.seq in that turn, or at its end. After the last turn the VCPUs go on one after
 * another, the lowest id first.
 */
#ifndef __TKFI_SCHEDULE_H
#define __TKFI_SCHEDULE_H

#include "engine.h"

#define TKFI_MAX_TURNS		64
#define TKFI_SCHEDULE_TEXT	1024

/**
 * struct tkfi_turn - one turn of a schedule
 * @vcpu:	id of the VCPU that goes on
 * @before:	it stops before a transition; else it goes on to its end
 * @kind:	of that transition: "load", "store", "lock" or "unlock"
 * @name:	name of the cells that the transition touches
 * @hit:	the how many-th such transition of the turn, from 1
 * @at:		offset of the turn in the text
 * @name_at:	offset of @name in the text
 */
struct tkfi_turn {
	unsigned int vcpu;
	bool before;
	char kind[8];
	char name[40];
	unsigned int hit;
	u16 at;
	u16 name_at;
};

/**
 * enum tkfi_misfit - why a schedule does not fit an execution
 * @TKFI_FITS:		it does
 * @TKFI_ENDED:		a VCPU ended before its turn did
 * @TKFI_HAS_TO_WAIT:	a VCPU cannot go on in its turn
 * @TKFI_NO_SUCH_NAME:	nothing is called what it names
 */
enum tkfi_misfit {
	TKFI_FITS,
	TKFI_ENDED,
	TKFI_HAS_TO_WAIT,
	TKFI_NO_SUCH_NAME,
};

/**
 * struct tkfi_schedule - a schedule, and the strategy that executes it
 * @strategy:	for tkfi_engine_run()
 * @turns:	the turns
 * @nr_turns:	how many
 * @at:		number of the turn under way
 * @seen:	how many transitions like the one that ends it were met in it
 * @moved:	its VCPU has been chosen in it
 * @names:	names of the VCPUs, by id
 * @nr_vcpus:	how many VCPUs there are
 * @wrong:	offset of the fault in the text, if it is refused or does not fit
 * @misfit:	why it did not fit the last execution
 */
struct tkfi_schedule {
	struct tkfi_strategy strategy;
	struct tkfi_turn turns[TKFI_MAX_TURNS];
	unsigned int nr_turns;
	unsigned int at;
	unsigned int seen;
	bool moved;
	char names[TKFI_MAX_VCPUS][TKFI_VCPU_NAME];
	unsigned int nr_vcpus;
	unsigned int wrong;
	enum tkfi_misfit misfit;
};

/**
 * tkfi_schedule_parse() - read a schedule
 * @schedule:	schedule; the caller sets @schedule->names and @schedule->nr_vcpus
 * @text:	what was written
 * @err:	on error a sentence; @schedule->wrong is where
 * @size:	of @err
 *
 * Return: 0 or -EINVAL.
 */
int tkfi_schedule_parse(struct tkfi_schedule *schedule, const char *text,
			char *err, size_t size);

/**
 * tkfi_schedule_of() - the schedule of the engine's last execution
 * @schedule:	schedule; the caller sets @schedule->names
 * @engine:	engine; its log
 * @order:	numbers of its events in another order of the same class; NULL for the
 *		order in which they were executed
 * @nr:		how many of them the schedule has to determine; the others come as they come
 *
 * Return: 0, or -E2BIG if it takes more than TKFI_MAX_TURNS turns.
 */
int tkfi_schedule_of(struct tkfi_schedule *schedule,
		     const struct tkfi_engine *engine, const u16 *order,
		     unsigned int nr);

/**
 * tkfi_schedule_print() - a schedule as text
 * @schedule:	schedule
 * @buf:	receives the text; TKFI_SCHEDULE_TEXT bytes are what is meant to be enough
 * @size:	of @buf, in bytes
 *
 * Return: as snprintf().
 */
int tkfi_schedule_print(const struct tkfi_schedule *schedule, char *buf,
			size_t size);

#endif

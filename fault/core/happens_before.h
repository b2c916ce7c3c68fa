/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Happens-before among the events of an execution: the least order in which each event
 * comes after the one before it of its VCPU, and after those before it that it conflicts
 * with. So an event that reads a cell comes after what was written to it, one that writes
 * it after all that touched it; and an event of a VCPU that has an NMI reads the cell that
 * the NMI writes when it begins and ends.
 *
 * There is one computation of it, that of struct tkfi_history. Events can be appended to a
 * history and taken back, as dpor needs it. To find happens-before of an execution that has
 * ended, the events of the engine's log are appended.
 */
#ifndef __TKFI_HAPPENS_BEFORE_H
#define __TKFI_HAPPENS_BEFORE_H

#include "cells.h"
#include "engine.h"
#include "footprint.h"

/* Room for the most events, and one that may come next. */
#define TKFI_HISTORY_EVENTS	(TKFI_MAX_EVENTS + 1)

/**
 * struct tkfi_happens_before - happens-before of an execution, as vector clocks
 * @nr:		number of events
 * @nth:	for each event, its number among those of its VCPU, from 1
 * @clock:	for each event and VCPU, how many of the VCPU's events happened before
 *		it or are it
 *
 * invariant: the clock of an event has @nth for its own VCPU; event a happened before b, or
 * is it, if and only if nth[a] <= clock[b][VCPU of a].
 */
struct tkfi_happens_before {
	unsigned int nr;
	u16 nth[TKFI_HISTORY_EVENTS];
	u16 clock[TKFI_HISTORY_EVENTS][TKFI_MAX_VCPUS];
};

/* No event. */
#define TKFI_NO_EVENT	(-1)

/**
 * struct tkfi_history_event - an event, and those before it that touched the same cells
 * @vcpu:	id of its VCPU
 * @kind:	enum tkfi_transition_kind
 * @footprint:	the cells it touched
 * @prev_same:	number of the event before of the same VCPU, or TKFI_NO_EVENT
 * @prev:	for each cell of the footprint, in the order of tkfi_footprint_cell(), the
 *		last event before that touched it, or TKFI_NO_EVENT
 * @prev_write:	likewise the last event before that wrote it
 *
 * invariant: all of these are numbers of earlier events.
 */
struct tkfi_history_event {
	u8 vcpu;
	u8 kind;
	struct tkfi_footprint footprint;
	s16 prev_same;
	s16 prev[TKFI_ACCESS_CELLS + 1];
	s16 prev_write[TKFI_ACCESS_CELLS + 1];
};

/**
 * struct tkfi_history - the events of an execution under way, and happens-before among them
 * @hb:		happens-before; @hb.nr is the number of events so far
 * @events:	the events
 * @last_of:	for each VCPU its last event, or TKFI_NO_EVENT
 * @last_at:	for each cell the last event that touched it, or TKFI_NO_EVENT
 *
 * The entries at @hb.nr of @hb and @events are those of the event that comes next.
 */
struct tkfi_history {
	struct tkfi_happens_before hb;
	struct tkfi_history_event events[TKFI_HISTORY_EVENTS];
	s16 last_of[TKFI_MAX_VCPUS];
	s16 last_at[TKFI_MAX_CELLS];
};

/**
 * tkfi_history_init() - an execution begins: there are no events
 * @h:		history
 */
void tkfi_history_init(struct tkfi_history *h);

/**
 * tkfi_history_order() - find what happened before the event that comes next
 * @h:		history; the caller has set @vcpu, @kind and @footprint of the event at
 *		@h->hb.nr. The rest of it is filled, with its clock
 * @nr_vcpus:	how many VCPUs there are
 * @first:	index of the first cell of its footprint that counts; 0 for all
 *
 * The event is no part of the history until tkfi_history_append().
 */
void tkfi_history_order(struct tkfi_history *h, unsigned int nr_vcpus, unsigned int first);

/**
 * tkfi_history_append() - the event that came next has happened
 * @h:		history; tkfi_history_order() was called for the event, with all cells
 */
static inline void tkfi_history_append(struct tkfi_history *h)
{
	const struct tkfi_history_event *e = &h->events[h->hb.nr];
	unsigned int i;

	h->last_of[e->vcpu] = h->hb.nr;
	for (i = 0; i < tkfi_footprint_nr(e->footprint); i++)
		h->last_at[tkfi_footprint_cell(e->footprint, i)] = h->hb.nr;
	h->hb.nr++;
}

/**
 * tkfi_history_take_back() - the last event has not happened
 * @h:		history, with at least one event
 *
 * Return: the event that was taken back; valid until another one is appended.
 */
static inline const struct tkfi_history_event *
tkfi_history_take_back(struct tkfi_history *h)
{
	const struct tkfi_history_event *e = &h->events[--h->hb.nr];
	unsigned int i;

	h->last_of[e->vcpu] = e->prev_same;
	for (i = 0; i < tkfi_footprint_nr(e->footprint); i++)
		h->last_at[tkfi_footprint_cell(e->footprint, i)] = e->prev[i];
	return e;
}

/**
 * tkfi_history_add_logged() - append the next event of an engine's log
 * @h:		history of the events in the log before it
 * @engine:	engine, whose log has more events than @h
 *
 * Return: the vector clock of the event, TKFI_MAX_VCPUS components: 0 for VCPUs that there
 * are not.
 */
const u16 *tkfi_history_add_logged(struct tkfi_history *h,
				   const struct tkfi_engine *engine);

/**
 * tkfi_history_previous() - the last event before another one that touched a cell
 * @h:		history
 * @at:		number of an event
 * @cell:	number of a cell that it touches
 *
 * Return: number of the event, or TKFI_NO_EVENT.
 */
static inline s16 tkfi_history_previous(const struct tkfi_history *h, s16 at,
					unsigned int cell)
{
	const struct tkfi_history_event *e = &h->events[at];

	return e->prev[tkfi_footprint_index(e->footprint, cell)];
}

/**
 * tkfi_history_conflicting() - the last event before another one that conflicts on a cell
 * @e:		the other one
 * @i:		index of the cell in its footprint
 *
 * With tkfi_history_before_it() it lists the events that @e comes right after because of
 * the cell: all that touched the cell, from the last write on; or that write alone, if @e
 * does not write it.
 *
 * Return: number of the event, or TKFI_NO_EVENT.
 */
static inline s16 tkfi_history_conflicting(const struct tkfi_history_event *e,
					   unsigned int i)
{
	return e->footprint.writes && i < e->footprint.nr ? e->prev[i] : e->prev_write[i];
}

/**
 * tkfi_history_before_it() - the next one in the list of tkfi_history_conflicting()
 * @h:		history
 * @at:		number of an event in the list
 * @cell:	number of the cell
 *
 * Return: number of the event, or TKFI_NO_EVENT at the end of the list.
 */
static inline s16 tkfi_history_before_it(const struct tkfi_history *h, s16 at,
					 unsigned int cell)
{
	return tkfi_footprint_writes(h->events[at].footprint, cell) ?
	       TKFI_NO_EVENT : tkfi_history_previous(h, at, cell);
}

/**
 * tkfi_happens_before_of() - find happens-before of an engine's last execution
 * @engine:	engine, after an execution
 * @hb:		receives the clocks of the events in its log: the first TKFI_MAX_EVENTS
 */
void tkfi_happens_before_of(const struct tkfi_engine *engine,
			    struct tkfi_happens_before *hb);

#endif

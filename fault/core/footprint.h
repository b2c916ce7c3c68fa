/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which cells a transition touches, and by that which transitions conflict. Everybody
 * who asks whether two of them commute asks here.
 */
#ifndef __TKFI_FOOTPRINT_H
#define __TKFI_FOOTPRINT_H

#include "engine.h"
#include "transition.h"

/**
 * struct tkfi_footprint - the cells that a transition touches
 * @cell:	the first of its own cells
 * @cpu:	the cell that a transition of a VCPU with an NMI reads besides, see @cpu of
 *		struct tkfi_vcpu; 0 if the VCPU has none
 * @nr:		how many cells of its own it touches, from @cell on: 0 ... TKFI_ACCESS_CELLS
 * @writes:	it writes its own cells
 */
struct tkfi_footprint {
	u16 cell;
	u16 cpu;
	u8 nr;
	bool writes;
};

/**
 * tkfi_footprint_of() - the footprint of a VCPU's next transition
 * @v:		VCPU
 *
 * Return: the footprint.
 */
static inline struct tkfi_footprint tkfi_footprint_of(const struct tkfi_vcpu *v)
{
	return (struct tkfi_footprint){
		.cell = v->next.cell,
		.cpu = v->cpu,
		.nr = v->next.nr_cells,
		.writes = tkfi_kind_writes(v->next.kind),
	};
}

/**
 * tkfi_footprint_of_event() - the footprint of a transition that was executed
 * @event:	event
 * @cpu:	@cpu of its VCPU; 0 to leave NMIs out of account
 *
 * Return: the footprint.
 */
static inline struct tkfi_footprint
tkfi_footprint_of_event(const struct tkfi_event *event, u16 cpu)
{
	return (struct tkfi_footprint){
		.cell = event->cell,
		.cpu = cpu,
		.nr = event->nr_cells,
		.writes = tkfi_kind_writes(event->kind),
	};
}

/**
 * tkfi_footprint_writes() - does a transition write a cell?
 * @f:		its footprint
 * @cell:	number of the cell
 *
 * Return: whether it does.
 */
static inline bool tkfi_footprint_writes(struct tkfi_footprint f, unsigned int cell)
{
	return f.writes && cell - f.cell < f.nr;
}

/**
 * tkfi_footprints_conflict() - do transitions of two VCPUs conflict?
 * @a:		footprint of one of them
 * @b:		footprint of the other one
 *
 * They do if both touch one cell and at least one of them writes it. Each transition of a
 * VCPU with an NMI reads the cell that the NMI writes when it begins and when it ends, so
 * it conflicts with both. Transitions of different VCPUs that do not conflict commute.
 *
 * Return: whether they conflict.
 */
static __always_inline bool tkfi_footprints_conflict(struct tkfi_footprint a,
						     struct tkfi_footprint b)
{
	return ((a.writes || b.writes) &&
		a.cell < b.cell + b.nr && b.cell < a.cell + a.nr) ||
	       (a.cpu && tkfi_footprint_writes(b, a.cpu)) ||
	       (b.cpu && tkfi_footprint_writes(a, b.cpu));
}

/**
 * tkfi_vcpus_conflict() - may it make a difference which of two VCPUs goes on first?
 * @a:		VCPU
 * @b:		VCPU
 *
 * Return: true if they are one VCPU, or if their next transitions conflict.
 */
static inline bool tkfi_vcpus_conflict(const struct tkfi_vcpu *a,
				       const struct tkfi_vcpu *b)
{
	return a == b ||
	       tkfi_footprints_conflict(tkfi_footprint_of(a), tkfi_footprint_of(b));
}

/**
 * tkfi_footprint_nr() - how many cells a transition touches
 * @f:		its footprint
 *
 * Return: the number of its own cells, and one more if its VCPU has an NMI.
 */
static inline unsigned int tkfi_footprint_nr(struct tkfi_footprint f)
{
	return f.nr + !!f.cpu;
}

/**
 * tkfi_footprint_cell() - one of the cells that a transition touches
 * @f:		its footprint
 * @n:		0 ... tkfi_footprint_nr() - 1
 *
 * Return: number of the cell; @f.cpu comes last.
 */
static inline unsigned int tkfi_footprint_cell(struct tkfi_footprint f, unsigned int n)
{
	return n < f.nr ? f.cell + n : f.cpu;
}

/**
 * tkfi_footprint_index() - which of the cells of a transition is this one?
 * @f:		its footprint
 * @cell:	number of a cell that it touches
 *
 * Return: the @n with which tkfi_footprint_cell() returns @cell.
 */
static inline unsigned int tkfi_footprint_index(struct tkfi_footprint f, unsigned int cell)
{
	unsigned int n = cell - f.cell;

	return n < f.nr ? n : f.nr;
}

#endif

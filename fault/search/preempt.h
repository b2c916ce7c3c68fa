/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What counts as a preemption: another VCPU goes on than the last one, although that is
 * in an operation and could go on. It is no preemption if the last VCPU is between two
 * operations, if it has to wait, or if its own NMI goes on. While an NMI interrupts an
 * operation, it counts as in an operation itself; after its end, the interrupted VCPU
 * counts as the last one. A delay of the host is an operation like others.
 */
#ifndef __TKFI_PREEMPT_H
#define __TKFI_PREEMPT_H

#include "engine.h"

/**
 * enum tkfi_whereabouts - where a VCPU is in its program
 * @TKFI_BETWEEN:	it is between two operations, or has not begun
 * @TKFI_AMID:		it is in an operation
 * @TKFI_ENDED:		its program has ended
 */
enum tkfi_whereabouts {
	TKFI_BETWEEN,
	TKFI_AMID,
	TKFI_ENDED,
};

/**
 * tkfi_under_way() - who would be preempted if another VCPU went on
 * @last:	the VCPU that executed last
 * @at:		where it is
 * @victim_at:	where the VCPU is that @last interrupts; ignored if @last is no NMI
 *
 * Return: the VCPU, if it can go on; NULL if nobody would be preempted.
 */
static inline const struct tkfi_vcpu *
tkfi_under_way(const struct tkfi_vcpu *last, enum tkfi_whereabouts at,
	       enum tkfi_whereabouts victim_at)
{
	if (at == TKFI_AMID)
		return last;
	if (!last->interrupts || victim_at != TKFI_AMID)
		return NULL;
	return at == TKFI_ENDED ? last->interrupts : last;
}

/**
 * tkfi_preempts() - is it a preemption if a VCPU goes on?
 * @under_way:	as returned by tkfi_under_way(); NULL if nobody would be preempted
 * @next:	VCPU that goes on
 *
 * Return: whether it does.
 */
static inline bool tkfi_preempts(const struct tkfi_vcpu *under_way,
				 const struct tkfi_vcpu *next)
{
	return under_way && next != under_way && next->interrupts != under_way;
}

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a preemption is: the host lets another VCPU go on than the last one, which is in
 * the middle of an operation and could have gone on. Between two operations nobody is
 * preempted; nor is who has to wait; nor is anybody by an NMI of its own, which in turn
 * has to come to its end if it came in the middle of an operation. The host's delay is
 * an operation like others.
 */
#ifndef __TKFI_PREEMPT_H
#define __TKFI_PREEMPT_H

#include "engine.h"

/**
 * enum tkfi_whereabouts - how far a VCPU has got
 * @TKFI_BETWEEN:	it is between two operations, or has not begun
 * @TKFI_AMID:		it is in an operation
 * @TKFI_ENDED:		its program has ended
 */
enum tkfi_whereabouts {
	TKFI_BETWEEN,	/* two operations, or it has not begun */
	TKFI_AMID,	/* an operation */
	TKFI_ENDED,
};

/**
 * tkfi_under_way() - who would be preempted if another VCPU went on
 * @last:	who executed last
 * @at:		where that is
 * @victim_at:	where the VCPU is that @last is an NMI of; of no interest if it is none
 *
 * Return: the VCPU, if it could go on; NULL if nobody would be.
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
 * tkfi_preempts() - does it preempt who is under way that another VCPU goes on?
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

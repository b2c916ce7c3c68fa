/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_KNOWN_H
#define __TKFI_KNOWN_H

#include "oracle.h"

/**
 * enum tkfi_known - the causes of the violations that kernels are known to have
 * @TKFI_COVER_LETTER:		the race of the cover letter
 * @TKFI_NMI_SAFE:		the same for NMI-safe accessors, which never wait
 * @TKFI_COARSE_BASE:		the base that coarse clocks show moves back
 * @TKFI_BORROWED_SECOND:	the same across the edge of a second
 * @TKFI_LOST_TIME:		between two counters
 * @TKFI_ASLEEP:		time that passes while the machine sleeps
 * @TKFI_HALTED_LATE:		suspend halts NMI-safe accessors at an earlier time
 * @TKFI_SECONDS_BEHIND:	ktime_get_real_seconds() before it is published to it
 * @TKFI_SECONDS_EARLY:		the same before it is published to others
 * @TKFI_SECONDS_IN_PIECES:	the same in the middle of a calculation
 * @TKFI_OFFSET_IN_PIECES:	NMI-safe accessors that read an offset apart from the line
 * @TKFI_KNOWN_LEAP_NOT_MIRRORED: the shadow lacks when the next leap second is due
 * @TKFI_AUX_WHOLE_NS:		an auxiliary clock's page has no fractions of ns
 * @TKFI_GAINED_SECOND:		lowering the rate moves coarse clocks ahead by a second
 * @TKFI_REFUSED_SET:		settimeofday that is refused changes what is behind readers
 * @TKFI_REFUSED_OFFSET:	so does an offset that is refused
 * @TKFI_LOCAL_CLOCK:		NMI-safe accessors take the scheduler's ns for cycles
 * @TKFI_SET_WHOLE_NS:		settimeofday drops fractions of ns
 * @TKFI_NR_CAUSES:		how many there are; stands for none
 */
enum tkfi_known {
	TKFI_COVER_LETTER,
	TKFI_NMI_SAFE,
	TKFI_COARSE_BASE,
	TKFI_BORROWED_SECOND,
	TKFI_LOST_TIME,
	TKFI_ASLEEP,
	TKFI_HALTED_LATE,
	TKFI_SECONDS_BEHIND,
	TKFI_SECONDS_EARLY,
	TKFI_SECONDS_IN_PIECES,
	TKFI_OFFSET_IN_PIECES,
	TKFI_KNOWN_LEAP_NOT_MIRRORED,
	TKFI_AUX_WHOLE_NS,
	TKFI_GAINED_SECOND,
	TKFI_REFUSED_SET,
	TKFI_REFUSED_OFFSET,
	TKFI_LOCAL_CLOCK,
	TKFI_SET_WHOLE_NS,
	TKFI_NR_CAUSES
};

extern const struct tkfi_cause tkfi_causes[TKFI_NR_CAUSES];

/**
 * tkfi_known_occurs() - is a cause to be found in this build?
 * @cause:	one of tkfi_causes
 *
 * Return: whether it is, when all shipped scenarios are explored by the first clock.
 */
bool tkfi_known_occurs(const struct tkfi_cause *cause);

/**
 * tkfi_known_is_here() - does this build have a cause?
 * @cause:	one of tkfi_causes
 *
 * Return: whether it has, by whatever clock and scenario that is to be seen.
 */
bool tkfi_known_is_here(const struct tkfi_cause *cause);

/**
 * tkfi_known_cause() - find the cause of a finding, by what the execution did
 * @finding:	the finding; its members from @cause on are set
 * @e:		the execution
 * @first:	the earlier read of a pair; else NULL
 * @second:	the later read of a pair, or the read that is wrong; else NULL
 *
 * In which scenario it was is of no account.
 */
void tkfi_known_cause(struct tkfi_finding *finding, const struct tkfi_execution *e,
		      const struct tkfi_read *first, const struct tkfi_read *second);

#endif

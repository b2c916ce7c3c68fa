// SPDX-License-Identifier: GPL-2.0
/*
 * The causes of the violations that kernels are known to have. Each that a build is to have,
 * and that no shipped scenario shows any more, fails an exploration of all.
 */
#include <linux/bitops.h>

#include "known.h"

#include <tkfi-glue.h>

#define POST	BIT(TKFI_POST_SERIES)
#define PRE	BIT(TKFI_PRE_SERIES)
#define FIXED	BIT(TKFI_FIXED)
#define ALL	(PRE | POST | FIXED)

/* Variants in which other updaters than the tick change the real timekeeper in place. */
#define IN_PLACE	(TKFI_WRITERS_HOLD_READERS ? PRE | POST : PRE)

const struct tkfi_cause tkfi_causes[TKFI_NR_CAUSES] = {
	[TKFI_COVER_LETTER] = {
		"cover-letter", TKFI_CLASS_BUG,
		.reason = "the race of the cover letter: a delay before a lower multiplier is published",
	},
	[TKFI_NMI_SAFE] = {
		"nmi-safe", TKFI_CLASS_DESIGN,
		.reason = "NMI-safe accessors cannot wait: documented at ktime_get_mono_fast_ns()",
	},
	[TKFI_COARSE_BASE] = {
		"coarse-base", TKFI_CLASS_FIXED, "6.15", "b71f9804f66c",
		"raising the rate moves the base that coarse clocks show",
	},
	[TKFI_BORROWED_SECOND] = {
		"borrowed-second", TKFI_CLASS_BUG,
		.reason = "raising the rate right after the edge of a second borrows that second",
	},
	[TKFI_LOST_TIME] = {
		"lost-time", TKFI_CLASS_HARDWARE,
		.reason = "what passes between two counters is lost; stop_machine() hides it from all but NMIs",
	},
	[TKFI_ASLEEP] = {
		"asleep", TKFI_CLASS_HARDWARE,
		.reason = "read while the machine sleeps or wakes, when only NMIs can: time that does not count",
	},
	[TKFI_HALTED_LATE] = {
		"halted-late", TKFI_CLASS_BUG,
		.reason = "suspend samples where NMI-safe clocks are to stand, and they go on until they do",
	},
	[TKFI_SECONDS_BEHIND] = {
		"seconds-behind", TKFI_CLASS_DESIGN,
		.reason = "ktime_get_real_seconds() never waits, as documented there: it is behind what the vDSO page shows",
	},
	[TKFI_SECONDS_EARLY] = {
		"seconds-early", TKFI_CLASS_DESIGN,
		.reason = "ktime_get_real_seconds() never waits, as documented there: it shows what is in place, not published",
	},
	[TKFI_SECONDS_IN_PIECES] = {
		"seconds-in-pieces", TKFI_CLASS_DESIGN,
		.reason = "ktime_get_real_seconds() never waits, as documented there: it looks into a calculation in place",
	},
	[TKFI_OFFSET_IN_PIECES] = {
		"offset-in-pieces", TKFI_CLASS_DESIGN,
		.reason = "NMI-safe accessors read the offset apart from the line: documented at ktime_get_boot_fast_ns()",
	},
	[TKFI_KNOWN_LEAP_NOT_MIRRORED] = {
		"leap-not-mirrored", TKFI_CLASS_FIXED, "6.13", "ae455cb7b8ad",
		"do_adjtimex() writes next_leap_ktime past the shadow; the next update makes up for it",
	},
	[TKFI_AUX_WHOLE_NS] = {
		"aux-whole-ns", TKFI_CLASS_BUG,
		.reason = "an auxiliary clock's page has whole ns: it is behind the line by what is left",
	},
	[TKFI_GAINED_SECOND] = {
		"gained-second", TKFI_CLASS_BUG,
		.reason = "lowering the rate right before the edge of a second gives coarse clocks that second, and not its fraction",
	},
	[TKFI_REFUSED_SET] = {
		"refused-set", TKFI_CLASS_FIXED, "6.13", "bba9898ef399",
		.reason = "do_settimeofday64() that refuses a time before boot clears NTP's state, and tells hrtimers of it",
	},
	[TKFI_REFUSED_OFFSET] = {
		"refused-offset", TKFI_CLASS_FIXED, "6.13", "82214756d35f",
		.reason = "timekeeping_inject_offset() that refuses a time before boot clears NTP's state, and tells hrtimers of it",
	},
	[TKFI_LOCAL_CLOCK] = {
		"local-clock", TKFI_CLASS_BUG,
		.reason = "resume lets NMI-safe accessors take local_clock() for the counter until it updates them: dummy_clock_read()",
	},
	[TKFI_SET_WHOLE_NS] = {
		"set-whole-ns", TKFI_CLASS_BUG,
		.reason = "do_settimeofday64() drops what is less than a nanosecond of CLOCK_MONOTONIC, too",
	},
};

/* The variants that have a cause, BIT(enum tkfi_variant) each. */
static u8 variants_with(enum tkfi_known known)
{
	switch (known) {
	case TKFI_COVER_LETTER:
		return PRE | POST;
	case TKFI_BORROWED_SECOND:
		return TKFI_COARSE_HAS_SECOND ? 0 : PRE | POST;
	case TKFI_COARSE_BASE:
		return TKFI_COARSE_IS_STEADY ? 0 : PRE | POST;
	case TKFI_NMI_SAFE:
	case TKFI_LOST_TIME:
	case TKFI_ASLEEP:
	case TKFI_HALTED_LATE:
	case TKFI_LOCAL_CLOCK:
	case TKFI_SET_WHOLE_NS:
		return ALL;
	case TKFI_SECONDS_BEHIND:
		return POST | FIXED;
	case TKFI_SECONDS_EARLY:
	case TKFI_SECONDS_IN_PIECES:
		return IN_PLACE;
	case TKFI_OFFSET_IN_PIECES:
		return PRE;
	case TKFI_KNOWN_LEAP_NOT_MIRRORED:
		return TKFI_WRITERS_HOLD_READERS ? ALL : 0;
	case TKFI_AUX_WHOLE_NS:
		return tkfi_aux_clock() && TKFI_AUX_PAGE_IS_WHOLE ? PRE | POST : 0;
	case TKFI_GAINED_SECOND:	/* only stories show these: see story_known.c */
	case TKFI_REFUSED_SET:
	case TKFI_REFUSED_OFFSET:
	case TKFI_NR_CAUSES:
		break;
	}
	return 0;
}

bool tkfi_known_is_here(const struct tkfi_cause *cause)
{
	return variants_with(cause - tkfi_causes) & BIT(tkfi_variant());
}

bool tkfi_known_occurs(const struct tkfi_cause *cause)
{
	const enum tkfi_known known = cause - tkfi_causes;

	/* A cycle that is 1 ns hides these. */
	if (known == TKFI_LOCAL_CLOCK || known == TKFI_SET_WHOLE_NS)
		return false;
	return tkfi_known_is_here(cause);
}

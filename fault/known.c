// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernels are known to do wrong, each with its reason. Anything else that
 * an exploration finds is news; and so is an entry that is found no longer.
 */
#include <linux/bits.h>
#include <linux/glob.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "known.h"

#include <tkfi-glue.h>

#define POST	BIT(TKFI_POST_SERIES)
#define PRE	BIT(TKFI_PRE_SERIES)
#define FIXED	BIT(TKFI_FIXED)
#define VDSO	BIT(TKFI_VDSO)
#define KERNEL	BIT(TKFI_KERNEL)
#define FAST	BIT(TKFI_FAST)

static const char cover_letter[] =
	"the race of the cover letter: a delay before a lower multiplier is published";
static const char vdso_cover_letter[] =
	"the same: the vDSO's readers never waited for the calculation";
static const char nmi_safe[] =
	"NMI-safe accessors cannot wait, and are documented to go back";
static const char moved_base[] =
	"raising the rate moves the base that coarse clocks show: fixed by b71f9804f66c in 6.15";
static const char borrowed_second[] =
	"raising the rate right after the edge of a second borrows that second";

static const char lost_time[] =
	"what passes between two counters is lost; stop_machine() hides it from all but NMIs";

#define FINE(variants, scenario, families, reason)			\
	{ variants, scenario, "monotonic", families, 0, BIT(TKFI_FINE), reason }
#define FINE_VDSO(variants, scenario, reason)				\
	{ variants, scenario, "monotonic", VDSO | KERNEL, VDSO,		\
	  BIT(TKFI_FINE), reason }
#define COARSE(variants, scenario, reason)				\
	{ variants, scenario, "monotonic", VDSO | KERNEL, 0, BIT(TKFI_COARSE), reason }

const struct tkfi_known tkfi_known[] = {
	FINE(POST, "cover-letter", VDSO | KERNEL, cover_letter),
	FINE(POST, "falls-vdso", VDSO, cover_letter),
	FINE(POST, "falls-kernel", KERNEL, cover_letter),
	FINE(POST, "tick-adjusts", VDSO | KERNEL, cover_letter),
	FINE(POST, "tick-adjtimex", VDSO, cover_letter),
	FINE(POST, "adjtimex-adjtimex", VDSO, cover_letter),
	FINE_VDSO(PRE, "cover-letter", vdso_cover_letter),
	FINE(PRE, "falls-vdso", VDSO, vdso_cover_letter),
	FINE_VDSO(PRE, "tick-adjusts", vdso_cover_letter),
	FINE(PRE, "tick-adjtimex", VDSO, vdso_cover_letter),
	FINE(PRE, "adjtimex-adjtimex", VDSO, vdso_cover_letter),
	FINE(POST, "clocksource", VDSO | KERNEL, lost_time),
	FINE_VDSO(PRE, "clocksource", lost_time),
	FINE(PRE | POST | FIXED, "falls-fast", FAST, nmi_safe),
	FINE(PRE | POST | FIXED, "falls-nmi", FAST, nmi_safe),
	COARSE(TKFI_COARSE_IS_STEADY ? 0 : PRE | POST, "rises-coarse", moved_base),
	COARSE(PRE | POST, "rises-at-the-edge", borrowed_second),
};

const unsigned int tkfi_nr_known = ARRAY_SIZE(tkfi_known);
static_assert(ARRAY_SIZE(tkfi_known) <= TKFI_MAX_KNOWN);

static bool belongs(const struct tkfi_known *known, const struct tkfi_op *op)
{
	return !op || (known->families & BIT(op->reader->family) &&
		       known->kinds & BIT(op->reader->kind));
}

static bool has_one_of(const struct tkfi_finding *finding, u8 families)
{
	return !families || !finding->first ||
	       families & (BIT(finding->first->reader->family) |
			   BIT(finding->second->reader->family));
}

const struct tkfi_known *tkfi_known_find(const char *scenario,
					 const struct tkfi_finding *finding)
{
	unsigned int i;

	for (i = 0; i < tkfi_nr_known; i++) {
		const struct tkfi_known *known = &tkfi_known[i];

		if (known->variants & BIT(tkfi_variant()) &&
		    glob_match(known->scenarios, scenario) &&
		    !strcmp(known->oracle, finding->oracle) &&
		    belongs(known, finding->first) &&
		    belongs(known, finding->second) &&
		    has_one_of(finding, known->needs))
			return known;
	}
	return NULL;
}

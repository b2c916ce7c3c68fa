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
	"a delay between the sample and the publication of a lower multiplier: the race of the cover letter of 2013";
static const char vdso_cover_letter[] =
	"the same: readers of the vDSO never waited for the calculation, before the series either";
static const char nmi_safe[] =
	"the NMI-safe accessors cannot wait, and are documented to go back when the multiplier changes";
static const char moved_base[] =
	"raising the rate moves the base that coarse clocks show: fixed by b71f9804f66c in 6.15";
static const char borrowed_second[] =
	"raising the rate right after the edge of a second borrows that second";

const struct tkfi_known tkfi_known[] = {
	{ POST, "cover-letter", "monotonic", VDSO | KERNEL, BIT(TKFI_FINE), cover_letter },
	{ POST, "falls-vdso", "monotonic", VDSO, BIT(TKFI_FINE), cover_letter },
	{ POST, "falls-kernel", "monotonic", KERNEL, BIT(TKFI_FINE), cover_letter },
	{ POST, "tick-adjusts", "monotonic", VDSO | KERNEL, BIT(TKFI_FINE), cover_letter },
	{ POST, "tick-adjtimex", "monotonic", VDSO, BIT(TKFI_FINE), cover_letter },
	{ POST, "adjtimex-adjtimex", "monotonic", VDSO, BIT(TKFI_FINE), cover_letter },
	{ PRE, "cover-letter", "monotonic", VDSO | KERNEL, BIT(TKFI_FINE), vdso_cover_letter },
	{ PRE, "falls-vdso", "monotonic", VDSO, BIT(TKFI_FINE), vdso_cover_letter },
	{ PRE, "tick-adjusts", "monotonic", VDSO | KERNEL, BIT(TKFI_FINE), vdso_cover_letter },
	{ PRE, "tick-adjtimex", "monotonic", VDSO, BIT(TKFI_FINE), vdso_cover_letter },
	{ PRE, "adjtimex-adjtimex", "monotonic", VDSO, BIT(TKFI_FINE), vdso_cover_letter },
	{ PRE | POST | FIXED, "falls-fast", "monotonic", FAST, BIT(TKFI_FINE), nmi_safe },
	{ TKFI_COARSE_IS_STEADY ? 0 : PRE | POST, "rises-coarse", "monotonic", VDSO | KERNEL, BIT(TKFI_COARSE), moved_base },
	{ PRE | POST, "rises-at-the-edge", "monotonic", VDSO | KERNEL, BIT(TKFI_COARSE), borrowed_second },
};

const unsigned int tkfi_nr_known = ARRAY_SIZE(tkfi_known);
static_assert(ARRAY_SIZE(tkfi_known) <= TKFI_MAX_KNOWN);

static bool belongs(const struct tkfi_known *known, const struct tkfi_op *op)
{
	return !op || (known->families & BIT(op->reader->family) &&
		       known->kinds & BIT(op->reader->kind));
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
		    belongs(known, finding->second))
			return known;
	}
	return NULL;
}

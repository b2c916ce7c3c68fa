// SPDX-License-Identifier: GPL-2.0
/*
 * The violations that kernels are known to have, each with its reason. Anything else that
 * an exploration finds fails a run, and so does an entry that is not found.
 */
#include <linux/bitops.h>
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
	"the race of the cover letter: the vDSO's readers never waited for the calculation";
static const char nmi_safe[] =
	"NMI-safe accessors cannot wait, and are documented to go back";
static const char moved_base[] =
	"raising the rate moves the base that coarse clocks show: fixed by b71f9804f66c in 6.15";
static const char borrowed_second[] =
	"raising the rate right after the edge of a second borrows that second";
static const char lost_time[] =
	"what passes between two counters is lost; stop_machine() hides it from all but NMIs";
static const char asleep[] =
	"read while the machine sleeps or wakes, when only NMIs can: time that does not count";
static const char halted_late[] =
	"suspend samples where NMI-safe clocks are to stand, and they go on until they do";
static const char __maybe_unused aux_page[] =
	"the race of the cover letter; and an auxiliary clock's page, of whole ns, can lose one";
static const char __maybe_unused aux_whole_ns[] =
	"an auxiliary clock's page has whole ns: the vDSO is behind the kernel by what is left";
static const char lockless_seconds[] =
	"ktime_get_real_seconds() never waits: it is behind what the vDSO page shows";
static const char seconds_too_early[] =
	"ktime_get_real_seconds() never waits: it shows what is in place, not published";
static const char seconds_in_pieces[] =
	"ktime_get_real_seconds() never waits: it looks into a calculation in place";
static const char leap_not_mirrored[] =
	"do_adjtimex() writes next_leap_ktime past the shadow; the next update makes up for it";
static const char offset_in_pieces[] =
	"NMI-safe accessors read the offset apart from the line, as documented";

#define KNOWN(variants, scenario, oracle, families, needs, kinds, clock, reason) \
	{ variants, scenario, oracle, NULL, families, needs, kinds, "*", clock,	\
	  reason }
#define FINE(variants, scenario, families, reason)			\
	KNOWN(variants, scenario, "monotonic", families, 0,		\
	      BIT(TKFI_FINE), "*", reason)
#define FINE_VDSO(variants, scenario, reason)				\
	KNOWN(variants, scenario, "monotonic", VDSO | KERNEL, VDSO,	\
	      BIT(TKFI_FINE), "*", reason)
#define COARSE(variants, scenario, clock, reason)			\
	KNOWN(variants, scenario, "monotonic", VDSO | KERNEL, 0,	\
	      BIT(TKFI_COARSE), clock, reason)

#define EARLY(variants, scenario, clock)				\
	{ variants, scenario, "monotonic", NULL, VDSO | KERNEL, 0,	\
	  BIT(TKFI_COARSE), SECONDS, clock, seconds_too_early }

#define ALL		(PRE | POST | FIXED)
#define SECONDS		"ktime_get_real_seconds()"

/* Variants in which other updaters than the tick change the real timekeeper in place. */
#define IN_PLACE	(TKFI_WRITERS_HOLD_READERS ? PRE | POST : PRE)
#define IN_SHADOW	(TKFI_WRITERS_HOLD_READERS ? 0 : POST | FIXED)

#define PAST_SHADOW	(TKFI_WRITERS_HOLD_READERS ? ALL : 0)

/* Findings that are not about a pair of reads. */
#define LINE(variants, scenario, clock, reason)				\
	KNOWN(variants, scenario, "line", 0, 0, 0, clock, reason)

#define SERIES(variants, scenario, rule, reason)			\
	{ variants, scenario, "series", rule, 0, 0, 0, "*", "*", reason }

#define AGREE(variants, scenario, reason)				\
	KNOWN(variants, scenario, "agree", 0, 0, 0, "clock_gettime(AUX)", reason)

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
	FINE(ALL, "falls-fast", FAST, nmi_safe),
	FINE(ALL, "falls-nmi", FAST, nmi_safe),
	FINE(PRE | POST, "clocksource-vdso", VDSO, lost_time),
	FINE_VDSO(PRE | POST, "new-clocksource-*", lost_time),
	FINE(ALL, "clocksource-fast", FAST, lost_time),
	FINE(ALL, "suspend-fast", FAST, halted_late),
	FINE(ALL, "resume-vdso", VDSO, asleep),
	FINE(ALL, "resume-kernel", KERNEL, asleep),
	FINE(ALL, "resume-fast", FAST, asleep),
	FINE(ALL, "resume-monotonic-vdso", VDSO, asleep),
	FINE(ALL, "resume-monotonic-kernel", KERNEL, asleep),
	FINE(ALL, "resume-monotonic-fast", FAST, asleep),
	COARSE(TKFI_COARSE_IS_STEADY ? 0 : PRE | POST, "rises-coarse", "*", moved_base),
	COARSE(PRE | POST, "rises-at-the-edge", "*", borrowed_second),
	COARSE(POST | FIXED, "nohz-10s-coarse", SECONDS, lockless_seconds),
	COARSE(POST | FIXED, "leap-deleted-coarse", SECONDS, lockless_seconds),
	COARSE(IN_SHADOW, "settimeofday-coarse", SECONDS, lockless_seconds),
	COARSE(IN_SHADOW, "sleeptime-coarse", SECONDS, lockless_seconds),
	COARSE(IN_SHADOW, "resume-coarse", SECONDS, lockless_seconds),
	EARLY(IN_PLACE, "settimeofday-coarse", "*REALTIME_COARSE*"),
	EARLY(IN_PLACE, "sleeptime-coarse", "*REALTIME_COARSE*"),
	EARLY(IN_PLACE, "resume-coarse", "*REALTIME_COARSE*"),
	EARLY(PRE, "nohz-10s-coarse", "*REALTIME_COARSE*"),
	EARLY(PRE, "leap-inserted-coarse", "*coarse*"),
	EARLY(PRE, "leap-inserted-coarse", "*COARSE*"),
	EARLY(PRE, "leap-deleted-coarse", "*COARSE*"),
	COARSE(IN_PLACE, "inject-coarse", SECONDS, seconds_in_pieces),
	LINE(IN_PLACE, "inject-coarse", SECONDS, seconds_in_pieces),
	COARSE(IN_PLACE, "inject-coarse-others", "__" SECONDS, seconds_in_pieces),
	LINE(IN_PLACE, "inject-coarse-others", "__" SECONDS, seconds_in_pieces),
	LINE(PRE, "nohz-10s-coarse", SECONDS, seconds_in_pieces),
	LINE(PRE, "leap-inserted-coarse", SECONDS, seconds_in_pieces),
	LINE(PRE, "leap-deleted-coarse", SECONDS, seconds_in_pieces),
	LINE(PRE, "leap-*-tai-fast", "ktime_get_tai_fast_ns()",
	     offset_in_pieces),
	FINE(PRE, "leap-*-tai-fast", FAST, offset_in_pieces),
	FINE(POST & IN_SHADOW, "clocksource-kernel", KERNEL, lost_time),
	SERIES(PAST_SHADOW, "offset-leap", "s7-mirror", leap_not_mirrored),
	SERIES(PAST_SHADOW, "status-leap", "s7-mirror", leap_not_mirrored),
	TKFI_AUX_ROWS(FINE(PRE | POST, "aux-adjtimex-vdso", VDSO, aux_page),
		      FINE(POST, "aux-adjtimex-kernel", KERNEL, cover_letter),
		      FINE_VDSO(PRE | POST, "aux-new-clocksource-*", lost_time),
		      FINE(POST, "aux-[ais]*-adjtimex", VDSO | KERNEL, cover_letter),
		      FINE_VDSO(PRE, "aux-[ais]*-adjtimex", vdso_cover_letter),
		      AGREE(PRE | POST, "aux-adjtimex-*", aux_whole_ns),
		      FINE(PRE | POST, "aux-clocksource-vdso", VDSO, lost_time),
		      FINE(POST, "aux-clocksource-kernel", KERNEL, lost_time))
};

const unsigned int tkfi_nr_known = ARRAY_SIZE(tkfi_known);
static_assert(ARRAY_SIZE(tkfi_known) <= TKFI_MAX_KNOWN);

static bool belongs(const struct tkfi_known *known, const struct tkfi_span *read)
{
	const struct tkfi_reader *reader = read->kind;

	return known->families & BIT(reader->family) && known->kinds & BIT(reader->kind);
}

static bool has_one_of(const struct tkfi_finding *finding, u8 families)
{
	const struct tkfi_reader *first = finding->first.kind;
	const struct tkfi_reader *second = finding->second.kind;

	return !families || families & (BIT(first->family) | BIT(second->family));
}

/* Does a finding match an entry, whatever the scenario? */
static bool is_like(const struct tkfi_known *known,
		    const struct tkfi_finding *finding)
{
	return known->variants & BIT(tkfi_variant()) &&
	       !strcmp(known->oracle, finding->oracle) &&
	       (!known->rule || !strcmp(known->rule, finding->rule ?: "")) &&
	       glob_match(known->clocks, finding->clock) &&
	       (!finding->is_pair ||
		(glob_match(known->first, finding->first.call) &&
		 belongs(known, &finding->first) &&
		 belongs(known, &finding->second) &&
		 has_one_of(finding, known->needs)));
}

const struct tkfi_known *tkfi_known_find(const char *scenario,
					 const struct tkfi_finding *finding)
{
	unsigned int i;

	for (i = 0; i < tkfi_nr_known; i++)
		if (glob_match(tkfi_known[i].scenarios, scenario) &&
		    is_like(&tkfi_known[i], finding))
			return &tkfi_known[i];
	return NULL;
}

const struct tkfi_known *tkfi_known_like(const struct tkfi_finding *finding)
{
	const struct tkfi_known *like = NULL;
	unsigned int i;

	for (i = 0; i < tkfi_nr_known; i++)
		if (is_like(&tkfi_known[i], finding) &&
		    (!like || hweight8(tkfi_known[i].families) <
			      hweight8(like->families)))
			like = &tkfi_known[i];
	return like;
}

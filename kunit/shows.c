// SPDX-License-Identifier: GPL-2.0
/*
 * What each build must show, in three sentences, from measurements: readers during
 * the calculation, and pairs of reads across a delayed publication.
 */
#include <kunit/test.h>

#include "harness.h"
#include "result.h"
#include "series.h"
#include "stages.h"

static const char column_calculation[] = "reader during calculation";
static const char column_kernel[] = "kernel readers across a delayed publication";
static const char column_vdso[] = "vDSO readers across it";

static const char blocks[] = "blocks until the end";
static const char completes[] = "completes with the old parameters";
static const char consistent[] = "consistent";
static const char goes_back[] = "can go back when mult falls";

static const struct {
	const char *calculation, *kernel, *vdso;
} expected[TKFI_NR_VARIANTS] = {
	[TKFI_PRE_SERIES]  = { blocks, consistent, goes_back },
	[TKFI_POST_SERIES] = { completes, goes_back, goes_back },
	[TKFI_FIXED]	   = { completes, consistent, consistent },
};

static const char * const updates[][2] = {
	{ "wait 3ms", "adjtimex freq=%s" },
	{ "wait 13ms, ntp freq=%s", "tick" },
};

static const char * const falls[] = { "-500ppm", "-10%" };
static const char * const rises[] = { "+500ppm", "+10%" };

/* Two reads: one at @point while the updater is off, one when it has finished. */
static int pair(struct kunit *test, unsigned int update, const char *freq,
		const char *point, const struct tkfi_reader *reader)
{
	const char *family = tkfi_family_names[reader->family];
	char setup[64], op[64];

	snprintf(setup, sizeof(setup), updates[update][0], freq);
	snprintf(op, sizeof(op), updates[update][1], freq);
	return series_run(test, setup,
			  "cpu0: %s; cpu1: read %s %s, read %s %s; at cpu0 %s off 20ms run cpu1",
			  op, family, reader->clock, family, reader->clock,
			  point);
}

/* What a read gives at the same cycle when nobody updates. */
static s64 old_value(struct kunit *test, const struct tkfi_reader *reader,
		     unsigned int update, const char *freq)
{
	char setup[64];

	snprintf(setup, sizeof(setup), updates[update][0], freq);
	if (series_run(test, setup,
		       "cpu0: wait 20ms, read %s %s",
		       tkfi_family_names[reader->family], reader->clock))
		return 0;
	return harness.plan.programs[0].ops[1].result;
}

static void say(struct kunit *test, const char *column, const char *measured,
		const char *must, unsigned int runs)
{
	tkfi_result("\"type\":\"shows\",\"column\":\"%s\",\"measured\":\"%s\",\"expected\":\"%s\",\"runs\":%u",
		    column, measured, must, runs);
	KUNIT_EXPECT_STREQ_MSG(test, measured, must, "%s", column);
}

static bool waits(const struct tkfi_reader *reader, enum tkfi_family family)
{
	return reader->family == family && !reader->lockless &&
	       reader->kind == TKFI_FINE;
}

/* Kernel readers at the two points where the new time is being calculated. */
static void show_calculation(struct kunit *test)
{
	static const char * const points[] = { "advance.sampled",
					       "advance.calculated" };
	unsigned int blocked = 0, old = 0, runs = 0, u, p, r;

	for (u = 0; u < ARRAY_SIZE(updates); u++) {
		for (p = 0; p < ARRAY_SIZE(points); p++) {
			for (r = 0; r < tkfi_nr_readers; r++) {
				const struct tkfi_reader *reader =
					&tkfi_readers[r];
				const struct tkfi_op *op =
					harness.plan.programs[1].ops;
				bool was_blocked;
				s64 value;

				if (!waits(reader, TKFI_KERNEL))
					continue;
				if (pair(test, u, falls[0], points[p], reader))
					return;
				was_blocked = op->blocked;
				value = op->result;
				runs++;
				blocked += was_blocked;
				old += !was_blocked &&
				       value == old_value(test, reader, u,
							  falls[0]);
			}
		}
	}
	say(test, column_calculation,
	    blocked == runs ? blocks : old == runs ? completes : "neither",
	    expected[tkfi_variant()].calculation, runs);
}

/* All readers of a family at every point; does a second read go back? */
static void show_pairs(struct kunit *test, enum tkfi_family family,
		       const char *column, const char *must)
{
	unsigned int back_falling = 0, back_rising = 0, runs = 0, u, s, r, f;
	const struct stage *stages;
	unsigned int nr;

	stages = variant_stages(&nr);
	for (u = 0; u < ARRAY_SIZE(updates); u++) {
		for (s = 0; s < nr; s++) {
			if (!u && !strcmp(stages[s].point, "advance.unlocked"))
				continue;
			for (r = 0; r < tkfi_nr_readers; r++) {
				const struct tkfi_op *op =
					harness.plan.programs[1].ops;

				if (!waits(&tkfi_readers[r], family))
					continue;
				for (f = 0; f < ARRAY_SIZE(falls); f++) {
					if (pair(test, u, falls[f],
						 stages[s].point,
						 &tkfi_readers[r]))
						return;
					back_falling += op[1].result <
							op[0].result;
					if (pair(test, u, rises[f],
						 stages[s].point,
						 &tkfi_readers[r]))
						return;
					back_rising += op[1].result <
						       op[0].result;
					runs += 2;
				}
			}
		}
	}
	say(test, column,
	    back_rising ? "goes back when mult rises" :
	    back_falling ? goes_back : consistent, must, runs);
}

void series_shows(struct kunit *test)
{
	show_calculation(test);
	show_pairs(test, TKFI_KERNEL, column_kernel,
		   expected[tkfi_variant()].kernel);
	show_pairs(test, TKFI_VDSO, column_vdso,
		   expected[tkfi_variant()].vdso);
}

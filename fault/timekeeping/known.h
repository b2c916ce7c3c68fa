/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_KNOWN_H
#define __TKFI_KNOWN_H

#include "glue.h"
#include "oracle.h"

/**
 * struct tkfi_known - a violation that a build is known to have
 * @variants:	builds that have it, BIT(enum tkfi_variant) each
 * @scenarios:	glob
 * @oracle:	its name
 * @rule:	which of its rules; NULL for any
 * @families:	families that both readers must belong to, BIT(enum tkfi_family) each
 * @needs:	families that at least one of the readers must belong to; 0 for any
 * @kinds:	kinds of clocks, BIT(enum tkfi_clock_kind) each
 * @first:	glob of the earlier reader, for findings about a pair
 * @clocks:	glob of the later reader, or of @clock of the finding
 * @reason:	why it occurs, for people
 */
struct tkfi_known {
	u8 variants;
	const char *scenarios;
	const char *oracle;
	const char *rule;
	u8 families;
	u8 needs;
	u8 kinds;
	const char *first;
	const char *clocks;
	const char *reason;
};

extern const struct tkfi_known tkfi_known[];
extern const unsigned int tkfi_nr_known;

/**
 * tkfi_known_find() - is a finding known?
 * @scenario:	name of the scenario it is from
 * @finding:	the finding
 *
 * Return: the first entry for this build that it belongs to; NULL if it is new.
 */
const struct tkfi_known *tkfi_known_find(const char *scenario,
					 const struct tkfi_finding *finding);

/**
 * tkfi_known_like() - is a finding known of any scenario?
 * @finding:	the finding
 *
 * Return: an entry for this build that matches it but for the scenario, of several the
 * one with the fewest families; NULL if there is none.
 */
const struct tkfi_known *tkfi_known_like(const struct tkfi_finding *finding);

#endif

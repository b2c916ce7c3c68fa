/* SPDX-License-Identifier: GPL-2.0 */
/* What each build must show at each injection point of an update. */
#ifndef __TKFI_STAGES_H
#define __TKFI_STAGES_H

#include "readers.h"

/* Which line a read that begins at a point sees. */
enum sight {
	SEES_OLD,
	BLOCKS,
	SEES_NEW,
};

/**
 * struct stage - an injection point on the way of an update
 * @point:	its name
 * @delay_counts: whether a delay here lies between the sample that the new line
 *		is right for and its publication
 * @sight:	for the readers of each family
 */
struct stage {
	const char *point;
	bool delay_counts;
	enum sight sight[TKFI_NR_FAMILIES];
};

/**
 * variant_stages() - the stages of a multiplier change in this build
 * @nr:		set to their number
 *
 * In the order of an update. All but advance.unlocked are on the way of adjtimex too.
 */
const struct stage *variant_stages(unsigned int *nr);

/* The stage of that name in this build, NULL if it is not on the way. */
const struct stage *find_stage(const char *point);

/* A reader without a sequence cannot block; it sees what is there. */
enum sight sight_of(const struct stage *stage, const struct tkfi_reader *reader);

/* Does a read here differ from one after publication by a * delay? */
bool is_skewed(const struct stage *stage, const struct tkfi_reader *reader);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_PATH_H
#define __TKFI_PATH_H

#include "publish.h"

/**
 * struct tkfi_path - the way from one published line to another, along all that were
 * published in between
 * @ns:		how far time goes on it, rounded down, by the multipliers alone: each line is
 *		left for the next where its updater sampled the counter
 * @sound:	wherever a line is left for another, both tell the same time, within 1 ns
 * @falls:	the rate is lowered on the way, in the order of publication
 * @rises:	it is raised on the way
 * @loses:	the counter is changed on the way, and the first read was after the last sample of
 *		the old one: what passes until the first of the new one is not time
 * @wakes:	timekeeping is resumed on the way, and the first read was after it was suspended:
 *		what passes until then is not time
 *
 * Time is that of CLOCK_MONOTONIC, of the auxiliary clock before it is set, or RAW.
 */
struct tkfi_path {
	s64 ns;
	bool sound;
	bool falls;
	bool rises;
	bool loses;
	bool wakes;
};

/**
 * tkfi_path_between() - go from a line to another
 * @from:	publication of the line that the first of two reads saw
 * @begin:	where on it: a value of its counter
 * @to:		publication, of the same owner, of the line that the second read saw: an
 *		earlier or a later one, or the same
 * @end:	where on it: a value of its counter
 * @raw:	of the raw clock
 *
 * Return: the path.
 */
struct tkfi_path tkfi_path_between(const struct tkfi_publication *from, u64 begin,
				   const struct tkfi_publication *to, u64 end, bool raw);

#endif

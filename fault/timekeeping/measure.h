/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is measured of a long run, in integers and in memory that does not grow: sums from
 * which a regression follows exactly, the corners that its largest residual can be at, and
 * a series of errors that is thinned out when it is full.
 */
#ifndef __TKFI_MEASURE_H
#define __TKFI_MEASURE_H

#include <linux/types.h>

/* Errors are in 2^-8 ns. */
#define TKFI_ERROR_SHIFT	8

/* The largest error that sums have room for: 9 minutes. */
#define TKFI_MAX_ERROR		BIT_ULL(47)

/* The most samples. */
#define TKFI_MAX_SAMPLES	BIT_ULL(31)

/* Bits that times of samples are cut down to, as their squares are added up. */
#define TKFI_TIME_BITS		48

/**
 * struct tkfi_corner - a sample that some line touches, all others being on one side of it
 * @time:	its time
 * @error:	its error
 */
struct tkfi_corner {
	s64 time;
	s64 error;
};

#define TKFI_MAX_CORNERS	16384

/**
 * struct tkfi_hull - the samples that can be the farthest ones from a line, above or below
 * @nr:		how many corners
 * @corners:	these, by time
 */
struct tkfi_hull {
	unsigned int nr;
	struct tkfi_corner corners[TKFI_MAX_CORNERS];
};

/**
 * struct tkfi_moments - sums over samples
 * @nr:		how many samples
 * @t:		of times
 * @tt:		of their squares
 * @e:		of errors
 * @te:		of products of time and error
 * @ee:		of squares of errors
 * @lost:	a sample was too far off, or there were too many corners
 * @above:	corners above
 * @below:	corners below
 */
struct tkfi_moments {
	u64 nr;
	__int128 t;
	__int128 tt;
	__int128 e;
	__int128 te;
	__int128 ee;
	bool lost;
	struct tkfi_hull above;
	struct tkfi_hull below;
};

/**
 * tkfi_moments_add() - add a sample
 * @m:		sums
 * @time:	below 2^TKFI_TIME_BITS, not less than that of the sample before
 * @error:	2^-8 ns
 */
void tkfi_moments_add(struct tkfi_moments *m, u64 time, s64 error);

/**
 * struct tkfi_extent - how far a quantity goes from 0
 * @nr:		how many values
 * @max:	the largest, without its sign
 * @squares:	sum of squares
 */
struct tkfi_extent {
	u64 nr;
	u64 max;
	__uint128_t squares;
};

/**
 * tkfi_extent_add() - add a value
 * @e:		extent
 * @value:	below 2^47 in size, or it counts as that
 */
void tkfi_extent_add(struct tkfi_extent *e, s64 value);

/**
 * tkfi_extent_rms() - the root of the mean square
 * @e:		extent
 *
 * Return: it, rounded down; 0 if there are no values.
 */
u64 tkfi_extent_rms(const struct tkfi_extent *e);

#define TKFI_SERIES		16384

/**
 * struct tkfi_series - values at equal distances
 * @stride:	distance, in ticks; a power of 2
 * @nr:		how many
 * @nr_first:	how many of @first
 * @values:	the values
 * @first:	those of the first TKFI_SERIES ticks, one tick apart
 */
struct tkfi_series {
	u64 stride;
	unsigned int nr;
	unsigned int nr_first;
	s64 values[TKFI_SERIES];
	s64 first[TKFI_SERIES];
};

/**
 * tkfi_series_add() - add the value that is next
 * @s:		series; if it is full, every other value goes
 * @value:	value
 */
void tkfi_series_add(struct tkfi_series *s, s64 value);

/**
 * tkfi_fixed() - a fraction in 2^-64
 * @a:		numerator
 * @b:		denominator, below 2^63
 *
 * Return: a / b in 2^-64, rounded down to 2^-63.
 */
__uint128_t tkfi_fixed(u64 a, u64 b);

#endif

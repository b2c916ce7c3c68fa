// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/math.h>
#include <linux/math64.h>

#include "measure.h"

/* Twice the area of a triangle; positive if @c is to the left of the way from @a to @b. */
static __int128 turn(const struct tkfi_corner *a, const struct tkfi_corner *b,
		     const struct tkfi_corner *c)
{
	return (__int128)(b->time - a->time) * (c->error - a->error) -
	       (__int128)(b->error - a->error) * (c->time - a->time);
}

/*
 * Andrew's monotone chain. A corner goes as soon as the next sample shows that it is none:
 * of noise some tens remain, however many samples there are.
 */
static bool hull_add(struct tkfi_hull *h, int side, u64 time, s64 error)
{
	const struct tkfi_corner c = { time, error };

	if (h->nr && h->corners[h->nr - 1].time == c.time) {
		if (side * (c.error - h->corners[h->nr - 1].error) <= 0)
			return true;
		h->nr--;
	}
	while (h->nr > 1 &&
	       side * turn(&h->corners[h->nr - 2], &h->corners[h->nr - 1], &c) >= 0)
		h->nr--;
	if (h->nr == TKFI_MAX_CORNERS)
		return false;
	h->corners[h->nr++] = c;
	return true;
}

void tkfi_moments_add(struct tkfi_moments *m, u64 time, s64 error)
{
	if (abs(error) >= TKFI_MAX_ERROR || time >> TKFI_TIME_BITS ||
	    m->nr == TKFI_MAX_SAMPLES || !hull_add(&m->above, 1, time, error) ||
	    !hull_add(&m->below, -1, time, error)) {
		m->lost = true;
		return;
	}
	m->nr++;
	m->t += time;
	m->tt += (__int128)time * time;
	m->e += error;
	m->te += (__int128)time * error;
	m->ee += (__int128)error * error;
}

void tkfi_extent_add(struct tkfi_extent *e, s64 value)
{
	u64 size = min_t(u64, abs(value), TKFI_MAX_ERROR);

	e->nr++;
	e->max = max(e->max, size);
	e->squares += (__uint128_t)size * size;
}

u64 tkfi_extent_rms(const struct tkfi_extent *e)
{
	__uint128_t mean;
	u64 rest, part;

	if (!e->nr)
		return 0;
	mean = (__uint128_t)div64_u64_rem(e->squares >> 64, e->nr, &rest) << 64;
	/* Fewer than 2^32 values: a rest and 32 bits are less than 64. */
	part = div64_u64_rem(rest << 32 | (u32)(e->squares >> 32), e->nr, &rest);
	mean += (__uint128_t)part << 32;
	mean += div64_u64(rest << 32 | (u32)e->squares, e->nr);
	if (mean >> 64)
		return (u64)int_sqrt64(mean >> 32) << 16;
	return int_sqrt64(mean);
}

void tkfi_series_add(struct tkfi_series *s, s64 value)
{
	unsigned int i;

	if (s->nr_first < TKFI_SERIES)
		s->first[s->nr_first++] = value;
	if (s->nr == TKFI_SERIES) {
		for (i = 0; i < TKFI_SERIES / 2; i++)
			s->values[i] = s->values[2 * i];
		s->nr /= 2;
		s->stride *= 2;
	}
	s->values[s->nr++] = value;
}

__uint128_t tkfi_fixed(u64 a, u64 b)
{
	u64 rest, whole = div64_u64_rem(a, b, &rest);

	return ((__uint128_t)whole << 64) +
	       ((__uint128_t)mul_u64_u64_div_u64(rest, BIT_ULL(63), b) << 1);
}

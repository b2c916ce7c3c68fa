// SPDX-License-Identifier: GPL-2.0
/*
 * What the multipliers of published lines say of the time between two reads. Bases are only
 * compared with it: a base that is wrong must not predict itself.
 */
#include <linux/bits.h>
#include <linux/time64.h>

#include "clock.h"
#include "operation.h"
#include "path.h"

#include <tkfi-glue.h>

/* ns << FRACTION: no published shift is more. */
#define FRACTION	32

static const struct tk_read_base *base_of(const struct tkfi_publication *p, bool raw)
{
	return raw ? &p->tk.tkr_raw : &p->tk.tkr_mono;
}

static __int128 times(const struct tk_read_base *tkr, s64 cycles)
{
	return (__int128)cycles * tkr->mult * (1LL << (FRACTION - tkr->shift));
}

static __int128 time_between(const struct tk_read_base *tkr, u64 from, u64 to)
{
	return times(tkr, tkfi_clock_passed(tkr, from, to));
}

/* The time of a line where its counter has a value. */
static __int128 time_at(const struct tkfi_publication *p, u64 counter, bool raw)
{
	const struct tk_read_base *tkr = base_of(p, raw);
	const struct timekeeper *tk = &p->tk;
	const s64 ns = raw ? tk->raw_sec * NSEC_PER_SEC :
		(tk->xtime_sec + tk->wall_to_monotonic.tv_sec) * NSEC_PER_SEC +
		tk->wall_to_monotonic.tv_nsec;

	return ((__int128)ns << FRACTION) +
	       (__int128)tkr->xtime_nsec * (1LL << (FRACTION - tkr->shift)) +
	       time_between(tkr, tkr->cycle_last, counter);
}

/* Where a line is left for the next one, by the counter of either. */
struct joint {
	u64 left;
	u64 entered;
};

/* How far a line goes in 2^30 cycles of the clock, whatever its counter is. */
static __int128 rate_of(const struct tk_read_base *tkr)
{
	return times(tkr, tkfi_clock_count(tkr->clock, BIT(30)));
}

/* Does a read come after the place where a line is left? Both by one counter, or it does not. */
static bool is_after(const struct tk_read_base *read, u64 place, const struct tk_read_base *line,
		     u64 left)
{
	return read->clock == line->clock && tkfi_clock_passed(line, left, place) > 0;
}

/* @from and @begin are the line and the place of the first read. */
static struct joint join(struct tkfi_path *path, const struct tkfi_publication *older,
			 const struct tkfi_publication *newer, bool raw,
			 const struct tkfi_publication *from, u64 begin)
{
	const struct tk_read_base *a = base_of(older, raw), *b = base_of(newer, raw);
	struct joint joint = { b->cycle_last, b->cycle_last };
	__int128 apart;

	if (newer->sampled != TKFI_NOT_READ) {
		joint.entered = tkfi_clock_counter(b->clock, newer->sampled);
		joint.left = tkfi_clock_counter(a->clock, newer->sampled);
	}
	if (a->clock != b->clock) {
		joint.left = tkfi_clock_counter(a->clock, newer->left);
		path->loses |= is_after(base_of(from, raw), begin, a, joint.left);
		path->sound &= newer->left != TKFI_NOT_READ;
	} else if (older->asleep && !newer->asleep) {
		joint.left = a->cycle_last;
		path->wakes |= is_after(base_of(from, raw), begin, a, joint.left);
	}
	path->falls |= rate_of(b) < rate_of(a);
	path->rises |= rate_of(b) > rate_of(a);
	apart = time_at(newer, joint.entered, raw) - time_at(older, joint.left, raw);
	path->sound &= apart <= (1LL << FRACTION) && apart >= -(1LL << FRACTION) &&
		       TKFI_CLOCK_VALID(&older->tk) && TKFI_CLOCK_VALID(&newer->tk);
	return joint;
}

static const struct tkfi_publication *next_of(const struct tkfi_publication *p, int step)
{
	const enum tkfi_owner owner = p->owner;

	do
		p += step;
	while (p->owner != owner);
	return p;
}

struct tkfi_path tkfi_path_between(const struct tkfi_publication *from, u64 begin,
				   const struct tkfi_publication *to, u64 end, bool raw)
{
	struct tkfi_path path = { .sound = true };
	const struct tkfi_publication *p = from, *next;
	u64 at = begin;
	__int128 time = 0;
	struct joint joint;

	while (p != to) {
		next = next_of(p, p < to ? 1 : -1);
		if (p < to) {
			joint = join(&path, p, next, raw, from, begin);
			time += time_between(base_of(p, raw), at, joint.left);
			at = joint.entered;
		} else {
			joint = join(&path, next, p, raw, from, begin);
			time += time_between(base_of(p, raw), at, joint.entered);
			at = joint.left;
		}
		p = next;
	}
	time += time_between(base_of(p, raw), at, end);
	path.ns = time >> FRACTION;
	return path;
}

// SPDX-License-Identifier: GPL-2.0
/* Thousands of updates in a row: what accumulates, and what NTP makes of it. */
#include <kunit/test.h>
#include <linux/math64.h>
#include <linux/prandom.h>
#include <linux/timekeeping.h>
#include <linux/timex.h>
#include <linux/xxhash.h>

#include "operation.h"
#include "clock.h"
#include "harness.h"
#include "op.h"
#include "result.h"

#include <tick-internal.h>
#include <timekeeping.h>

/**
 * struct long_run - a long run of one VCPU, and a host that takes it off
 * @strategy:	the host
 * @rnd:	what happens next; the same numbers in every run
 * @host_rnd:	how long the host takes the VCPU off
 * @max_delay:	the longest time off before publication, cycles; 0 for never
 * @early:	the host takes the VCPU off before the update instead
 * @updates:	how many
 * @hash:	over the timekeeper after every update
 * @calculated:	cycle_last when the last update had been calculated
 * @worst:	largest phase error that ntp_error does not know of, 2^-32 ns
 * @farthest:	largest phase error, ns
 */
struct long_run {
	struct tkfi_strategy strategy;
	struct rnd_state rnd;
	struct rnd_state host_rnd;
	u32 max_delay;
	bool early;
	unsigned int updates;
	u64 hash;
	u64 calculated;
	u64 worst;
	u64 farthest;
};

/* The longest time between updates, and the longest time off; cycles. */
#define LONGEST_WAIT	10000000
#define LONGEST_DELAY	3000000

static void take_off(struct long_run *run)
{
	if (run->max_delay && prandom_u32_state(&run->host_rnd) % 2)
		tkfi_clock_advance(prandom_u32_state(&run->host_rnd) %
				   run->max_delay);
}

static const struct timekeeper *calculated_in(void)
{
	return tkfi_variant() == TKFI_PRE_SERIES ? tkfi_timekeeper() :
						   tkfi_shadow_timekeeper();
}

/* Between calculation and publication, every other time. */
static unsigned int host_next(struct tkfi_strategy *s,
			      struct tkfi_engine *engine, unsigned long ready)
{
	struct long_run *run = container_of(s, struct long_run, strategy);

	if (engine->last && engine->last->at &&
	    !strcmp(engine->last->at, "advance.calculated")) {
		run->calculated = calculated_in()->tkr_mono.cycle_last;
		if (!run->early)
			take_off(run);
	}
	return __ffs(ready);
}

static void adjust_frequency(struct long_run *run)
{
	s32 ppb = (s32)(prandom_u32_state(&run->rnd) % 1000001) - 500000;
	struct __kernel_timex timex = { .modes = ADJ_FREQUENCY | ADJ_TICK };
	long tick, freq;

	tkfi_ntp_frequency(ppb, &tick, &freq);
	timex.tick = tick;
	timex.freq = freq;
	do_adjtimex(&timex);
}

#define FOLD(hash, member)	xxh64(&(member), sizeof(member), hash)

static u64 fold_base(u64 hash, const struct tk_read_base *base)
{
	/* Not the clocksource: addresses differ from build to build. */
	hash = FOLD(hash, base->mask);
	hash = FOLD(hash, base->cycle_last);
	hash = FOLD(hash, base->mult);
	hash = FOLD(hash, base->shift);
	hash = FOLD(hash, base->xtime_nsec);
	hash = FOLD(hash, base->base);
	return FOLD(hash, base->base_real);
}

/* Every member that readers use, and what the next update starts from. */
static u64 fold(u64 hash)
{
	const struct timekeeper *tk = tkfi_timekeeper();

	hash = fold_base(hash, &tk->tkr_mono);
	hash = fold_base(hash, &tk->tkr_raw);
	hash = FOLD(hash, tk->xtime_sec);
	hash = FOLD(hash, tk->wall_to_monotonic);
	hash = FOLD(hash, tk->offs_real);
	hash = FOLD(hash, tk->offs_boot);
	hash = FOLD(hash, tk->offs_tai);
	hash = FOLD(hash, tk->tai_offset);
	hash = FOLD(hash, tk->clock_was_set_seq);
	hash = FOLD(hash, tk->next_leap_ktime);
	hash = FOLD(hash, tk->raw_sec);
	hash = FOLD(hash, tk->monotonic_to_boot);
	hash = FOLD(hash, tk->cycle_interval);
	hash = FOLD(hash, tk->xtime_interval);
	hash = FOLD(hash, tk->ntp_tick);
	hash = FOLD(hash, tk->ntp_error);
	hash = FOLD(hash, tk->ntp_err_mult);
	return FOLD(hash, tk->skip_second_overflow);
}

static void random_updates(struct tkfi_vcpu *vcpu, void *arg)
{
	struct long_run *run = arg;
	unsigned int i;

	for (i = 0; i < run->updates; i++) {
		/* Up to 8 ticks at once, and at times none. */
		tkfi_clock_advance(prandom_u32_state(&run->rnd) % 80000000);
		if (prandom_u32_state(&run->rnd) % 4)
			update_wall_time();
		else
			adjust_frequency(run);
		run->hash = fold(run->hash);
	}
}

/* CLOCK_MONOTONIC at cycle_last, in 2^-32 ns. */
static __int128 base_time(const struct timekeeper *tk)
{
	__int128 ns = (__int128)(tk->xtime_sec + tk->wall_to_monotonic.tv_sec) *
		      NSEC_PER_SEC + tk->wall_to_monotonic.tv_nsec;

	return (ns << 32) +
	       ((__int128)tk->tkr_mono.xtime_nsec << tk->ntp_error_shift);
}

/*
 * The ideal clock, in 128 bits, runs at ntp_tick per cycle_interval; NTP counts
 * the interval in which the frequency changes, and all after it, as one of the
 * new length. How far the kernel's clock is from it should be what ntp_error says.
 */
static void steered_updates(struct tkfi_vcpu *vcpu, void *arg)
{
	const struct timekeeper *tk = tkfi_timekeeper();
	struct long_run *run = arg;
	__int128 ideal = base_time(tk) + tk->ntp_error, phase, unknown;
	u64 last = tk->tkr_mono.cycle_last, rate = tk->ntp_tick;
	unsigned int i;

	for (i = 0; i < 2 * run->updates; i++) {
		run->calculated = last;
		tkfi_clock_advance(prandom_u32_state(&run->rnd) % LONGEST_WAIT);
		if (run->early)
			take_off(run);
		if (i % 2)
			adjust_frequency(run);
		else
			update_wall_time();

		/* Whole intervals: the divisions are exact. */
		ideal += (__int128)div64_u64(run->calculated - last,
					     tk->cycle_interval) * rate;
		last = tk->tkr_mono.cycle_last;
		rate = tk->ntp_tick;
		ideal += (__int128)div64_u64(last - run->calculated,
					     tk->cycle_interval) * rate;

		phase = ideal - base_time(tk);
		unknown = phase - tk->ntp_error;
		run->worst = max_t(u64, run->worst,
				   unknown < 0 ? -unknown : unknown);
		run->farthest = max_t(u64, run->farthest,
				      (phase < 0 ? -phase : phase) >> 32);
	}
}

static int long_run(struct kunit *test, struct long_run *run,
		    void (*body)(struct tkfi_vcpu *, void *))
{
	int ret;

	run->strategy.next = host_next;
	prandom_seed_state(&run->rnd, 1);
	prandom_seed_state(&run->host_rnd, 2);
	ret = tkfi_session_run_body(&harness.session, body, run, &run->strategy);
	KUNIT_EXPECT_EQ_MSG(test, ret, 0, "%s", harness.session.engine->error);
	return ret;
}

/*
 * The runner compares the hash between variants: what is accumulated does not
 * depend on where it is calculated, or on a fix when there is no delay.
 */
static void accumulation(struct kunit *test)
{
	struct long_run delayed = { .updates = 10000, .max_delay = 5000000 };
	struct long_run on_time = { .updates = 10000 };

	if (long_run(test, &delayed, random_updates) ||
	    long_run(test, &on_time, random_updates))
		return;
	KUNIT_EXPECT_NE(test, delayed.hash, on_time.hash);
	if (tkfi_variant() != TKFI_FIXED)
		tkfi_result("\"type\":\"same\",\"suite\":\"tkfi_long_run\",\"case\":\"updates with delays\",\"hash\":\"%016llx\"",
			    delayed.hash);
	tkfi_result("\"type\":\"same\",\"suite\":\"tkfi_long_run\",\"case\":\"updates without delays\",\"hash\":\"%016llx\"",
		    on_time.hash);
}

/*
 * Nothing of NTP's error is lost: 100,000 adjustments later ntp_error is exactly
 * how far the clock is from the ideal one, whether the host takes the time away
 * before an update or in the middle of it.
 */
static void ntp_error(struct kunit *test)
{
	struct long_run before = { .updates = 100000, .early = true,
				   .max_delay = LONGEST_DELAY };
	struct long_run inside = { .updates = 100000,
				   .max_delay = LONGEST_DELAY };

	if (long_run(test, &before, steered_updates) ||
	    long_run(test, &inside, steered_updates))
		return;
	kunit_info(test, "phase within %llu ns with delays before updates, %llu ns in them; of that unknown to NTP: %llu, %llu 2^-32 ns",
		   before.farthest, inside.farthest, before.worst, inside.worst);
	KUNIT_EXPECT_GT(test, before.farthest, 0);
	KUNIT_EXPECT_EQ(test, before.worst, 0);
	KUNIT_EXPECT_EQ(test, inside.worst, 0);
}

static struct kunit_case long_run_cases[] = {
	KUNIT_CASE(accumulation),
	KUNIT_CASE(ntp_error),
	{}
};

static struct kunit_suite long_run_suite = {
	.name = "tkfi_long_run",
	.init = harness_init_at_points,
	.suite_init = harness_open,
	.suite_exit = harness_close,
	.test_cases = long_run_cases,
};

kunit_test_suite(long_run_suite);

// SPDX-License-Identifier: GPL-2.0
#include <linux/clocksource.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/prandom.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>

#include "clock.h"
#include "drive.h"
#include "glue.h"
#include "session.h"
#include "simulate.h"

#include <tick-internal.h>
#include <timekeeping.h>

/* Nothing is due. */
#define NEVER		U64_MAX

/**
 * struct simulation - a simulation under way; its times are in cycles, without sleep
 * @s:		what is simulated
 * @r:		what is measured
 * @drive:	driver
 * @tk:		the live timekeeper
 * @ideal:	the line of NTP
 * @start:	the clock at the start
 * @slept:	cycles that were slept
 * @now:	time that the clock is at
 * @tick:	time of the tick that was last
 * @tick_frac:	and its fraction of a cycle, in 1/HZ
 * @max_ticks:	how long the kernel would sleep
 * @soon:	the earliest of the three that follow
 * @step_due:	when the next step of the script is due
 * @servo_due:	when the servo is
 * @value_due:	when the next value of the series is
 * @servo:	servo; its rate is 0 if there is none
 * @servo_from:	when it began
 * @servo_nr:	how often it has corrected since
 * @rate:	time that passes in a cycle, ns in 2^-64
 * @rated_from:	since when
 * @passed:	the time at that, 2^-8 ns
 * @settled:	this is the second half
 * @mult:	the last mult
 * @before:	what readers said before an update
 * @rnd:	when updates and samples are
 */
struct simulation {
	const struct tkfi_settings *s;
	struct tkfi_simulated *r;
	struct tkfi_drive drive;
	const struct timekeeper *tk;
	struct tkfi_ideal ideal;
	u64 start;
	u64 slept;
	u64 now;
	u64 tick;
	u32 tick_frac;
	u64 max_ticks;
	u64 soon;
	u64 step_due;
	u64 servo_due;
	u64 value_due;
	struct tkfi_servo servo;
	u64 servo_from;
	u64 servo_nr;
	__uint128_t rate;
	u64 rated_from;
	__int128 passed;
	bool settled;
	u32 mult;
	s64 before[TKFI_MAX_READERS];
	struct rnd_state rnd;
};

/* A number below @range, of 32 random bits. */
static u64 below(struct simulation *sim, u64 range)
{
	return mul_u64_u32_shr(range, prandom_u32_state(&sim->rnd), 32);
}

static void set_clock(struct simulation *sim, u64 now)
{
	sim->now = now;
	tkfi_clock_set(sim->start + sim->slept + now);
}

static u64 counter(const struct simulation *sim)
{
	return tkfi_clock_counter(sim->ideal.clock, tkfi_clock_peek());
}

/* CLOCK_MONOTONIC as it would be if it were right, 2^-8 ns. */
static __int128 passed(const struct simulation *sim)
{
	return sim->passed +
	       (__int128)((sim->now - sim->rated_from) * sim->rate >> (64 - TKFI_ERROR_SHIFT));
}

static void set_rate(struct simulation *sim, s32 error_ppb)
{
	sim->passed = passed(sim);
	sim->rated_from = sim->now;
	sim->rate = tkfi_fixed((u64)NSEC_PER_SEC * NSEC_PER_SEC,
			       sim->s->hz * (u64)(NSEC_PER_SEC + error_ppb));
}

static s64 error_of(__int128 time, s64 ns)
{
	return clamp_t(__int128, ((__int128)ns << TKFI_ERROR_SHIFT) - time,
		       -(s64)TKFI_MAX_ERROR, (s64)TKFI_MAX_ERROR);
}

/* All readers, or whether one went back since then. */
static void read_all(struct simulation *sim, bool compare)
{
	unsigned int i;
	s64 ns;

	for (i = 0; i < tkfi_nr_readers; i++) {
		struct tkfi_steps *steps = &sim->r->steps[i];

		ns = tkfi_readers[i].read();
		if (!compare) {
			sim->before[i] = ns;
		} else if (ns < sim->before[i]) {
			steps->nr++;
			steps->largest = max(steps->largest, sim->before[i] - ns);
		}
	}
	if (compare) {
		ns = ktime_get_coarse() - ktime_get();
		sim->r->ahead = max(sim->r->ahead, ns);
		sim->r->behind = max(sim->r->behind, -ns);
		sim->r->looks++;
	}
}

static void note_mult(struct simulation *sim)
{
	const u32 mult = sim->tk->tkr_mono.mult;

	if (!sim->settled || !sim->r->mult_most) {
		sim->r->mult_least = mult;
		sim->r->mult_most = mult;
	}
	sim->r->mults += sim->settled && mult != sim->mult;
	sim->r->mult_least = min(sim->r->mult_least, mult);
	sim->r->mult_most = max(sim->r->mult_most, mult);
	sim->mult = mult;
}

static void update(struct simulation *sim)
{
	const bool look = sim->s->look && sim->r->updates % sim->s->look == 0;

	sim->r->updates++;
	if (look)
		read_all(sim, false);
	update_wall_time();
	tkfi_ideal_update(&sim->ideal, sim->tk);
	if (look)
		read_all(sim, true);
	note_mult(sim);
	if (sim->settled) {
		tkfi_extent_add(&sim->r->ntp_error, sim->tk->ntp_error >> (32 - TKFI_ERROR_SHIFT));
		tkfi_extent_add(&sim->r->unknown,
				tkfi_ideal_unknown(&sim->ideal, sim->tk));
	}
}

static int next_step(struct simulation *sim)
{
	struct tkfi_script *script = sim->s->script;
	u64 due;
	int ret;

	sim->step_due = NEVER;
	if (!script)
		return 0;
	ret = tkfi_script_next(script);
	if (ret || script->kind == TKFI_STEP_END)
		return ret;
	due = mul_u64_u32_div(script->ns, sim->s->hz, NSEC_PER_SEC);
	/* What was to be done in its sleep is done when it wakes up. */
	sim->step_due = max(due, sim->slept) - sim->slept;
	return 0;
}

static void suspend(struct simulation *sim, u64 ns)
{
	timekeeping_suspend();
	tkfi_ideal_set(&sim->ideal, sim->tk, counter(sim));
	sim->slept += mul_u64_u32_div(ns, sim->s->hz, NSEC_PER_SEC);
	set_clock(sim, sim->now);
	timekeeping_resume();
	tkfi_ideal_wake(&sim->ideal, sim->tk);
}

static void next_servo(struct simulation *sim)
{
	const u32 rate = sim->servo.settings.rate;

	sim->servo_due = !rate ? NEVER : sim->servo_from +
			 mul_u64_u32_div(++sim->servo_nr, sim->s->hz, rate);
}

/* An idle CPU that wakes up updates the time before anything else. */
static int do_step(struct simulation *sim)
{
	struct tkfi_script *script = sim->s->script;
	const u64 left = counter(sim);

	update(sim);
	switch (script->kind) {
	case TKFI_STEP_OPERATION:
		script->op.result = script->op.type->run(&script->op);
		if (script->op.result < 0) {
			snprintf(script->err, sizeof(script->err), "%s failed: %lld",
				 script->op.call, script->op.result);
			return -EINVAL;
		}
		tkfi_ideal_set(&sim->ideal, sim->tk, left);
		break;
	case TKFI_STEP_ERROR:
		set_rate(sim, script->error_ppb);
		break;
	case TKFI_STEP_SUSPEND:
		suspend(sim, script->suspend_ns);
		break;
	case TKFI_STEP_SERVO:
		sim->servo.settings = script->servo;
		sim->servo_from = sim->now;
		sim->servo_nr = 0;
		sim->r->is_steered = true;
		next_servo(sim);
		break;
	case TKFI_STEP_END:
		break;
	}
	return next_step(sim);
}

static int correct(struct simulation *sim)
{
	const u64 left = counter(sim);
	int ret;

	update(sim);
	ret = tkfi_servo_correct(&sim->servo,
				 error_of(passed(sim), sim->s->reader->read()) >>
				 TKFI_ERROR_SHIFT);
	tkfi_ideal_set(&sim->ideal, sim->tk, left);
	next_servo(sim);
	return ret < 0 ? ret : 0;
}

static void add_value(struct simulation *sim)
{
	struct tkfi_series *series = &sim->r->series;

	tkfi_series_add(series, error_of(sim->r->is_steered ? passed(sim) :
					 tkfi_ideal_time(&sim->ideal, counter(sim)),
					 sim->s->reader->read()));
	sim->value_due = tkfi_drive_tick(series->nr * series->stride);
}

/* Let time pass until @now, with all that is due until then. */
static int pass(struct simulation *sim, u64 now)
{
	int ret = 0;

	while (unlikely(sim->soon <= now) && !ret) {
		set_clock(sim, max(sim->soon, sim->now));
		if (sim->soon == sim->step_due)
			ret = do_step(sim);
		else if (sim->soon == sim->servo_due)
			ret = correct(sim);
		else
			add_value(sim);
		sim->soon = min3(sim->step_due, sim->servo_due, sim->value_due);
	}
	set_clock(sim, now);
	return ret;
}

static int next_ticks(struct simulation *sim, u64 *ticks)
{
	const struct tkfi_settings *s = sim->s;
	char line[32];
	int ret;

	*ticks = s->ticks;
	if (s->next_ticks) {
		ret = s->next_ticks(s->arg, line, sizeof(line));
		if (ret < 0)
			return ret;
		if (!ret || kstrtou64(strim(line), 10, ticks) || !*ticks ||
		    *ticks > U32_MAX) {
			snprintf(sim->r->err, sizeof(sim->r->err),
				 "impossible interval '%s'; write lines with a number of ticks each, 1 or more",
				 ret ? strim(line) : "");
			return -EINVAL;
		}
	} else if (!s->fixed && s->ticks > 1) {
		*ticks = 1 + below(sim, s->ticks);
	}
	*ticks = min(*ticks, sim->max_ticks);
	return 0;
}

/* The time of the next update. */
static int next_update(struct simulation *sim, u64 late, u64 jitter, u64 *due)
{
	u64 ticks, frac;
	int ret = next_ticks(sim, &ticks);

	if (ret)
		return ret;
	frac = sim->tick_frac + ticks * (sim->s->hz % HZ);
	sim->tick += ticks * (sim->s->hz / HZ) + frac / HZ;
	sim->tick_frac = frac % HZ;
	*due = sim->tick + late + (jitter ? below(sim, jitter) : 0);
	return 0;
}

static void sample(struct simulation *sim)
{
	const struct tkfi_simulated *r = sim->r;
	s64 ns = sim->s->reader->read();
	__int128 line = ((__int128)TKFI_START_MONO * NSEC_PER_SEC << TKFI_ERROR_SHIFT) +
			(__int128)(sim->now * r->line >> (64 - TKFI_ERROR_SHIFT));

	tkfi_moments_add(&sim->r->half[sim->settled], sim->now >> r->time_shift,
			 error_of(line, ns));
	if (!sim->settled)
		return;
	tkfi_extent_add(&sim->r->error,
			error_of(tkfi_ideal_time(&sim->ideal, counter(sim)), ns));
	tkfi_extent_add(&sim->r->offset, error_of(passed(sim), ns));
}

static int simulate(struct simulation *sim)
{
	const struct tkfi_settings *s = sim->s;
	u64 late = tkfi_clock_cycles(s->late_ns), jitter = tkfi_clock_cycles(s->jitter_ns);
	u64 due, next, i;
	int ret;

	ret = next_step(sim) ?: next_update(sim, late, jitter, &due);
	sim->soon = min3(sim->step_due, sim->servo_due, sim->value_due);
	for (i = 0; i < s->samples && !ret; i++) {
		sim->settled = i >= s->samples / 2;
		ret = pass(sim, due) ?: next_update(sim, late, jitter, &next);
		update(sim);
		if (!s->at_update && !ret)
			ret = pass(sim, due + below(sim, next - due));
		sample(sim);
		due = next;
	}
	return ret;
}

static int check(const struct tkfi_settings *s, struct tkfi_simulated *r)
{
	static_assert(TKFI_MAX_SAMPLES <= U32_MAX);
	if (s->samples < 4 || s->samples > TKFI_MAX_SAMPLES || !s->ticks)
		snprintf(r->err, sizeof(r->err), "%llu samples of up to %u ticks; 4 to %llu of 1 or more are possible",
			 s->samples, s->ticks, TKFI_MAX_SAMPLES);
	else if ((u64)s->late_ns + s->jitter_ns >= TICK_NSEC)
		snprintf(r->err, sizeof(r->err), "updates are up to %llu ns late; less than a tick is possible, of %u ns",
			 (u64)s->late_ns + s->jitter_ns, (u32)TICK_NSEC);
	else if (abs(s->offset_ppb) > MAXFREQ)
		snprintf(r->err, sizeof(r->err), "NTP cannot set a frequency of %d ppb; up to %d are possible",
			 s->offset_ppb, (s32)MAXFREQ);
	else
		return 0;
	return -ERANGE;
}

int tkfi_simulate(const struct tkfi_settings *settings, struct tkfi_simulated *result)
{
	const struct tkfi_settings *s = settings;
	struct simulation *sim;
	long tick, freq;
	u64 longest;
	int ret;

	memset(result, 0, sizeof(*result));
	ret = check(s, result);
	if (ret)
		return ret;
	sim = vzalloc(sizeof(*sim));
	if (!sim)
		return -ENOMEM;
	ret = tkfi_drive_open(&sim->drive, s->hz, s->bits);
	if (ret) {
		snprintf(result->err, sizeof(result->err),
			 "there is no clocksource of %u Hz and %u bits; %u to %u Hz and 24 to 64 bits are possible, if it does not wrap around within two ticks",
			 s->hz, s->bits, TKFI_MIN_HZ, TKFI_MAX_HZ);
		vfree(sim);
		return ret;
	}
	sim->s = s;
	sim->r = result;
	sim->tk = tkfi_timekeeper();
	sim->step_due = NEVER;
	sim->servo_due = NEVER;
	sim->passed = (__int128)TKFI_START_MONO * NSEC_PER_SEC << TKFI_ERROR_SHIFT;
	prandom_seed_state(&sim->rnd, s->seed);
	prandom_seed_state(&sim->servo.rnd, s->seed + 1ULL);
	set_rate(sim, s->error_ppb);
	result->line = tkfi_fixed(NSEC_PER_SEC + s->offset_ppb, s->hz);
	result->series.stride = 1;
	result->ahead = S64_MIN;
	result->behind = S64_MIN;

	tkfi_drive_enter(&sim->drive);
	sim->start = tkfi_clock_peek();
	sim->max_ticks = max_t(u64, 1, div64_u64(timekeeping_max_deferment(), TICK_NSEC));
	longest = tkfi_drive_tick((s->samples + 2) *
				  (s->next_ticks ? sim->max_ticks :
				   min_t(u64, s->ticks, sim->max_ticks)));
	result->time_shift = max(0, fls64(longest) - TKFI_TIME_BITS);
	tkfi_ntp_frequency(s->offset_ppb, &tick, &freq);
	tkfi_ntp_set_frequency(tick, freq);
	tkfi_ideal_start(&sim->ideal, sim->tk);
	ret = simulate(sim);
	result->cycles = sim->now + sim->slept;
	result->script_left = sim->step_due != NEVER;
	tkfi_drive_leave(&sim->drive);

	tkfi_drive_close(&sim->drive);
	vfree(sim);
	return ret;
}

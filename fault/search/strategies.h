/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Strategies that sample: random executions, reproducible by their number. Accesses are
 * the scheduling points; the strategies know nothing of the subject. (core/strategy.h has
 * strategies of the engine's own, whose scheduling points are no accesses.)
 */
#ifndef __TKFI_STRATEGIES_H
#define __TKFI_STRATEGIES_H

#include "engine.h"

/**
 * struct tkfi_random - a uniformly random VCPU at every choice
 * @strategy:	for tkfi_engine_run()
 * @state:	of the generator
 */
struct tkfi_random {
	struct tkfi_strategy strategy;
	u64 state;
};

/**
 * tkfi_random_init() - prepare an execution by uniformly random choices
 * @s:		strategy
 * @seed:	number of the execution
 */
void tkfi_random_init(struct tkfi_random *s, u64 seed);

/**
 * struct tkfi_pos - partial order sampling
 * @strategy:	for tkfi_engine_run()
 * @state:	of the generator
 * @priority:	for each VCPU, the priority of its next transition
 *
 * The transition of the highest priority is executed. Then new priorities are drawn for
 * the next transition of its VCPU, and for those that are dependent on it. So the orders of
 * dependent transitions are sampled more evenly than by uniform choices. Yuan, Yang, Gu:
 * Partial Order Aware Concurrency Sampling, CAV 2018.
 */
struct tkfi_pos {
	struct tkfi_strategy strategy;
	u64 state;
	u32 priority[TKFI_MAX_VCPUS];
};

/**
 * tkfi_pos_init() - prepare an execution by partial order sampling
 * @s:		strategy
 * @seed:	number of the execution
 */
void tkfi_pos_init(struct tkfi_pos *s, u64 seed);

#define TKFI_PCT_MAX_DEPTH	8

/**
 * struct tkfi_pct - probabilistic concurrency testing
 * @strategy:	for tkfi_engine_run()
 * @state:	of the generator
 * @depth:	d: how many ordering constraints a bug needs, 1 ... TKFI_PCT_MAX_DEPTH
 * @length:	k: number of choices of an execution, as far as known
 * @at:		number of choices so far
 * @change:	the choices, from 1, at which the VCPU that goes on gets a low priority
 * @priority:	of each VCPU; the highest goes on
 *
 * A bug of depth d is met in one execution with a probability of at least
 * 1 / (n * k^(d-1)), n VCPUs. Burckhardt, Kothari, Musuvathi, Nagarakatte: A
 * Randomized Scheduler with Probabilistic Guarantees of Finding Bugs, ASPLOS 2010.
 */
struct tkfi_pct {
	struct tkfi_strategy strategy;
	u64 state;
	unsigned int depth;
	unsigned int length;
	unsigned int at;
	unsigned int change[TKFI_PCT_MAX_DEPTH];
	u8 priority[TKFI_MAX_VCPUS];
};

/**
 * tkfi_pct_init() - prepare an execution by probabilistic concurrency testing
 * @s:		strategy
 * @seed:	number of the execution
 * @depth:	depth of the bugs to look for; clamped to 1 ... TKFI_PCT_MAX_DEPTH
 * @length:	number of choices of an execution, 0 if it is not known
 */
void tkfi_pct_init(struct tkfi_pct *s, u64 seed, unsigned int depth,
		   unsigned int length);

/**
 * tkfi_draw() - draw a random number: xorshift64*
 * @state:	state of the generator, not 0; updated
 * @limit:	1 ... U32_MAX
 *
 * Return: a number below @limit.
 */
static inline u32 tkfi_draw(u64 *state, u32 limit)
{
	u64 x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return ((x * 0x2545f4914f6cdd1dULL >> 32) * limit) >> 32;
}

/**
 * tkfi_draw_init() - the first state of a generator
 * @seed:	any number
 *
 * Return: a state that is not 0, and far from that of the next seed.
 */
static inline u64 tkfi_draw_init(u64 seed)
{
	return (seed + 1) * 0x9e3779b97f4a7c15ULL | 1;
}

#endif

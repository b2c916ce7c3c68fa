// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <linux/timekeeper_internal.h>

#include "glue.h"
#include "oracle.h"

static const char progress[] = "progress";
static const char monotonic[] = "monotonic";
static const char mirrored[] = "mirrored";
static const char counted[] = "counted";
static const char agree[] = "agree";

const char * const tkfi_oracles[] = {
	progress, monotonic, mirrored, counted, agree
};

/* Clocks of which one read can be compared with another. */
static bool comparable(const struct tkfi_reader *a, const struct tkfi_reader *b)
{
	return a->id == b->id &&
	       (a->kind == TKFI_COARSE) == (b->kind == TKFI_COARSE);
}

static s64 round_to(s64 ns, u32 unit)
{
	return ns - ns % unit;
}

/* The step of @vcpu that is the @nth, from 1. */
static unsigned int find_step(const struct tkfi_engine *engine,
			      const struct tkfi_order *order, unsigned int vcpu,
			      unsigned int nth)
{
	unsigned int i;

	for (i = 0; i < order->nr; i++)
		if (engine->log[i].vcpu == vcpu && order->nth[i] == nth)
			break;
	return i;
}

/* Can the second operation begin after the first one has ended? */
static bool can_follow(const struct tkfi_engine *engine,
		       const struct tkfi_order *order, unsigned int first_vcpu,
		       const struct tkfi_op *first, unsigned int second_vcpu,
		       const struct tkfi_op *second)
{
	unsigned int last;

	if (first_vcpu == second_vcpu)
		return first < second;
	last = find_step(engine, order, first_vcpu, first->to);
	return last == order->nr ||
	       order->clock[last][second_vcpu] <= second->from;
}

static bool sets_the_clock(const struct tkfi_plan *plan)
{
	unsigned int i, j;

	for (i = 0; i < plan->nr_programs; i++)
		for (j = 0; j < plan->programs[i].nr; j++)
			if (plan->programs[i].ops[j].type->sets)
				return true;
	return false;
}

static void check_pair(const struct tkfi_engine *engine,
		       struct tkfi_order *order, unsigned int v,
		       const struct tkfi_op *a, unsigned int w,
		       const struct tkfi_op *b, tkfi_finding_fn found, void *arg)
{
	u32 unit = max(a->reader->unit, b->reader->unit);

	if (!comparable(a->reader, b->reader) || a->result < 0 ||
	    b->result < 0 ||
	    round_to(b->result, unit) >= round_to(a->result, unit))
		return;
	if (!order->nr)
		tkfi_order_of(engine, order);
	if (can_follow(engine, order, v, a, w, b))
		found(&(struct tkfi_finding){
			.oracle = monotonic,
			.clock = b->reader->call,
			.first = a,
			.second = b,
			.first_vcpu = v,
			.second_vcpu = w,
			.first_ns = a->result,
			.second_ns = b->result,
		}, arg);
}

static void check_monotonic(const struct tkfi_engine *engine,
			    const struct tkfi_plan *plan,
			    struct tkfi_order *order, tkfi_finding_fn found,
			    void *arg)
{
	bool set = sets_the_clock(plan);
	unsigned int v, w, i, j;

	for (v = 0; v < plan->nr_programs; v++) {
		const struct tkfi_program *p = &plan->programs[v];

		for (i = 0; i < p->nr; i++) {
			const struct tkfi_op *a = &p->ops[i];

			if (!a->reader || !a->done ||
			    (set && (a->reader->id == CLOCK_REALTIME ||
				     a->reader->id == CLOCK_TAI)))
				continue;
			for (w = 0; w < plan->nr_programs; w++) {
				const struct tkfi_program *q = &plan->programs[w];

				for (j = 0; j < q->nr; j++)
					if (q->ops[j].reader && q->ops[j].done)
						check_pair(engine, order, v, a,
							   w, &q->ops[j], found,
							   arg);
			}
		}
	}
}

/* The same clock, by the vDSO and by the kernel, at one and the same cycle. */
static void check_agree(tkfi_finding_fn found, void *arg)
{
	static const char * const pairs[][2] = {
		{ "MONOTONIC", "ktime_get" },
		{ "REALTIME", "ktime_get_real" },
		{ "MONOTONIC_RAW", "ktime_get_raw" },
		{ "BOOTTIME", "ktime_get_boottime" },
		{ "TAI", "ktime_get_clocktai" },
		{ "MONOTONIC_COARSE", "ktime_get_coarse" },
	};
	static const struct tkfi_reader *readers[ARRAY_SIZE(pairs)][2];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		s64 vdso, kernel;

		if (!readers[i][0]) {
			readers[i][0] = tkfi_reader_find("vdso", pairs[i][0]);
			readers[i][1] = tkfi_reader_find("kernel", pairs[i][1]);
		}
		vdso = readers[i][0]->read();
		kernel = readers[i][1]->read();
		if (vdso != kernel)
			found(&(struct tkfi_finding){
				.oracle = agree,
				.clock = readers[i][0]->call,
				.first_ns = vdso,
				.second_ns = kernel,
			}, arg);
	}
}

void tkfi_oracles_check(const struct tkfi_engine *engine,
			const struct tkfi_plan *plan, int ret,
			struct tkfi_order *order, tkfi_finding_fn found,
			void *arg)
{
	if (ret) {
		found(&(struct tkfi_finding){
			.oracle = progress,
			.clock = "all VCPUs",
		}, arg);
		return;
	}
	check_monotonic(engine, plan, order, found, arg);
	/* Whoever reads now would wait for ever. */
	if (*tkfi_core_subject().sequence & 1 || tkfi_vdso_sequence() & 1) {
		found(&(struct tkfi_finding){
			.oracle = progress,
			.clock = "readers after the end",
		}, arg);
		return;
	}
	if (memcmp(tkfi_timekeeper(), tkfi_shadow_timekeeper(),
		   sizeof(struct timekeeper)))
		found(&(struct tkfi_finding){
			.oracle = mirrored,
			.clock = "timekeeper",
		}, arg);
	if (tkfi_ticks_in_jiffies() != tkfi_ticks_until_next())
		found(&(struct tkfi_finding){
			.oracle = counted,
			.clock = "jiffies",
			.first_ns = tkfi_ticks_in_jiffies() * TICK_NSEC,
			.second_ns = tkfi_ticks_until_next() * TICK_NSEC,
		}, arg);
	check_agree(found, arg);
}

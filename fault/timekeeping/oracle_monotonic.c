// SPDX-License-Identifier: GPL-2.0
#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/time64.h>
#include <linux/timekeeper_internal.h>

#include "oracle.h"

#include <tkfi-glue.h>

/* Can reads by these two readers be compared? */
static bool comparable(const struct tkfi_reader *a, const struct tkfi_reader *b)
{
	return a->id == b->id && a->kind == b->kind;
}

/* The number of the @nth event of @vcpu, from 1; @hb->nr if there is none. */
static unsigned int find_event(const struct tkfi_engine *engine,
			       const struct tkfi_happens_before *hb,
			       unsigned int vcpu, unsigned int nth)
{
	unsigned int i;

	for (i = 0; i < hb->nr; i++)
		if (engine->log[i].vcpu == vcpu && hb->nth[i] == nth)
			break;
	return i;
}

/* Can the second operation begin after the first one has ended? */
static bool can_follow(const struct tkfi_engine *engine,
		       const struct tkfi_happens_before *hb, unsigned int first_vcpu,
		       const struct tkfi_op *first, unsigned int second_vcpu,
		       const struct tkfi_op *second)
{
	unsigned int last;

	if (first_vcpu == second_vcpu)
		return first < second;
	last = find_event(engine, hb, first_vcpu, first->to);
	return last == hb->nr ||
	       hb->clock[last][second_vcpu] <= second->from;
}

/* Clocks that an operation may set back, BIT(clockid_t) each. */
static u32 may_be_set_back(const struct tkfi_plan *setup,
			   const struct tkfi_plan *plan)
{
	unsigned int i, j;
	u32 clocks = 0;

	for (i = 0; i < plan->nr_programs; i++)
		for (j = 0; j < plan->programs[i].nr; j++)
			clocks |= tkfi_args(&plan->programs[i].ops[j])->sets |
				  tkfi_args(&plan->programs[i].ops[j])->arms;
	for (i = 0; i < setup->nr_programs; i++)
		for (j = 0; j < setup->programs[i].nr; j++)
			clocks |= tkfi_args(&setup->programs[i].ops[j])->arms;
	return clocks;
}

/* Was the clock off between two lines of it? It starts again from 0 then. */
static bool was_off(const struct tkfi_publication *a,
		    const struct tkfi_publication *b)
{
	const struct tkfi_publication *p;

	for (p = a; p < b; p++)
		if (p->owner == a->owner && !TKFI_CLOCK_VALID(&p->tk))
			return true;
	return false;
}

/*
 * The least time that a read on line @b may return after a read on line @a returned @ns.
 * It is less than @ns only if the clock may be set back, by as much as it was between the
 * lines.
 */
static s64 least_after(const struct tkfi_publication *a,
		       const struct tkfi_publication *b,
		       const struct tkfi_reader *reader, s64 ns, u32 set_back)
{
	if (!(set_back & BIT(reader->id)))
		return ns;
	/* It is not known how far: such a clock is on no line. */
	if (reader->kind == TKFI_FLOORED)
		return S64_MIN;
	if (!a || !b)
		return ns;
	/* That reader needs no update to set it back. */
	if (reader->leaps && b->tk.next_leap_ktime != KTIME_MAX)
		ns -= NSEC_PER_SEC;
	if (a >= b)
		return ns;
	if (was_off(a, b))
		return 0;
	return ns + min(0LL, tkfi_line_step(&a->tk, &b->tk, reader));
}

static void check_pair(const struct tkfi_execution *e, const struct tkfi_read *a,
		       s64 least, const struct tkfi_read *b)
{
	u32 unit = max(tkfi_reader_of(a->op)->unit, tkfi_reader_of(b->op)->unit);

	if (tkfi_round_to(b->op->result, unit) >= tkfi_round_to(least, unit))
		return;
	if (!e->hb->nr)
		tkfi_happens_before_of(e->engine, e->hb);
	if (can_follow(e->engine, e->hb, a->vcpu, a->op, b->vcpu, b->op))
		tkfi_find(e, &(struct tkfi_finding){
			.oracle = tkfi_oracle_monotonic.name,
			.clock = tkfi_reader_of(b->op)->call,
			.is_pair = true,
			.first = tkfi_span_of(a),
			.second = tkfi_span_of(b),
			.first_ns = a->op->result,
			.second_ns = b->op->result,
		}, a, b);
}

static bool check_monotonic(const struct tkfi_execution *e)
{
	const u32 set_back = may_be_set_back(e->setup, e->plan);
	unsigned int i, j;

	for (i = 0; i < e->nr_reads; i++) {
		for (j = 0; j < e->nr_reads; j++) {
			const struct tkfi_read *a = &e->reads[i], *b = &e->reads[j];

			/* A failure is no time; and it is on no line. */
			if (comparable(tkfi_reader_of(a->op), tkfi_reader_of(b->op)) &&
			    a->op->result >= 0 && b->op->result >= 0)
				check_pair(e, a,
					   least_after(a->line, b->line,
						       tkfi_reader_of(b->op),
						       a->op->result, set_back),
					   b);
		}
	}
	return true;
}

/*
 * A read that begins after the end of another read of the same clock does not return
 * less; if an operation may set the clock back, not less by more than it was set back
 * between the two. The second read begins after the first in some execution of the class
 * if none of its events happened before one of the first.
 */
const struct tkfi_oracle tkfi_oracle_monotonic = {
	.name	= "monotonic",
	.holds	= "a read that begins after another one of its clock has ended is not smaller",
	.check	= check_monotonic,
};

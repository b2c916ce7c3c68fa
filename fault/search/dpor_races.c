// SPDX-License-Identifier: GPL-2.0
/* What dpor asks of an execution: what happened before what, and which steps race. */
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "blocking.h"
#include "dpor_internal.h"

/* Which of the cells that @e touches it is. */
static unsigned int nth_of(const struct dpor_event *e, unsigned int cell)
{
	unsigned int n = cell - e->access.cell;

	return n < e->access.nr ? n : e->access.nr;
}

/* The step before @e that touched a cell that @e touches. */
static s16 previous(const struct dpor_event *e, unsigned int cell)
{
	return e->prev[nth_of(e, cell)];
}

/* The last step that wrote a cell, of those up to @at, which touched it. */
static s16 last_write(const struct tkfi_dpor *d, s16 at, unsigned int cell)
{
	const struct dpor_event *e;

	if (at == DPOR_NONE)
		return DPOR_NONE;
	e = &d->events[at];
	return dpor_writes(e->access, cell) ? at : e->prev_write[nth_of(e, cell)];
}

/* For each VCPU, how many of its steps happened before @e or are it. */
static u16 *clock_of(const struct tkfi_dpor *d, const struct dpor_event *e)
{
	return (u16 *)d->order.clock[e - d->events];
}

/* Happened event @a before @b or is it @b? */
static bool before(const struct tkfi_dpor *d, const struct dpor_event *a,
		   const struct dpor_event *b)
{
	return d->order.nth[a - d->events] <= clock_of(d, b)[a->vcpu];
}

/*
 * The events that @e could have gone before: for plain memory the conflicting
 * ones; for a step that has to wait those before which it need not have waited.
 */
static unsigned int racing_events(const struct tkfi_dpor *d, const struct dpor_event *e,
				  const struct tkfi_transition *step, unsigned int cell,
				  s16 at, s16 *found)
{
	/* To one that reads others that read do not matter. */
	bool reads = !dpor_writes(e->access, cell) && cell != e->access.cpu;
	const struct dpor_event *x;
	unsigned int nr = 0;
	u8 seen = 0;

	for (; at != DPOR_NONE; at = (reads ? x->prev_write : x->prev)[nth_of(x, cell)]) {
		x = &d->events[at];

		if (x->vcpu != e->vcpu) {
			/* Each step of a VCPU takes and drops what its NMI takes. */
			switch (cell == e->access.cpu ? TKFI_STEP_LOCK : e->kind) {
			case TKFI_STEP_LOCK:
				if (x->kind != TKFI_STEP_LOCK &&
				    cell != x->access.cpu)
					continue;
				found[nr++] = at;
				return nr;
			case TKFI_STEP_BEGIN:
			case TKFI_STEP_AWAIT:
				if (dpor_writes(x->access, cell) &&
				    tkfi_value_blocks(step, x->old[cell - x->access.cell]))
					continue;
				break;
			case TKFI_STEP_STORE:
				/* Not into a reader's attempt: before it. */
				if (!tkfi_writers_wait(cell) || dpor_writes(x->access, cell))
					break;
				if (x->kind == TKFI_STEP_CHECK || seen & BIT(x->vcpu))
					continue;
				seen |= BIT(x->vcpu);
				break;
			default:
				break;
			}
			if (dpor_writes(e->access, cell) || dpor_writes(x->access, cell))
				found[nr++] = at;
		}
		if (dpor_writes(x->access, cell))
			break;
	}
	return nr;
}

/*
 * @first and @between both conflict with @second: is it only because of @between
 * that @first happened before @second? Then the two do not race. Not so if it is
 * what @second had to wait for, and would not have had without @first: the end of
 * the same lock, section or attempt. A step that an NMI came before had to wait for
 * its end, whatever the NMI did.
 */
static bool is_between(const struct tkfi_dpor *d, const struct dpor_event *first,
		       const struct dpor_event *between, const struct dpor_event *second)
{
	if (second->access.cpu && dpor_writes(first->access, second->access.cpu))
		return first->vcpu != between->vcpu && before(d, first, between);
	if (second->access.cpu && dpor_writes(between->access, second->access.cpu))
		return before(d, first, between);
	switch (second->kind) {
	case TKFI_STEP_LOCK:
	case TKFI_STEP_AWAIT:
	case TKFI_STEP_BEGIN:
		return false;
	case TKFI_STEP_STORE:
		if (tkfi_writers_wait(second->access.cell) &&
		    first->vcpu == between->vcpu)
			return false;
		break;
	default:
		break;
	}
	return first != between && before(d, first, between);
}

/*
 * Need @e not have waited before @first? What it waits for was then as it was before
 * the first change that happened after that.
 */
static bool could_go_first(const struct tkfi_dpor *d, const struct dpor_event *first,
			   const struct dpor_event *e, const struct tkfi_transition *step)
{
	unsigned int cell = e->access.cell;
	unsigned long waits_for =
		tkfi_engine_waits_for(d->engine, &d->engine->vcpus[e->vcpu]);
	s16 at = d->last_at[cell];

	if (e->kind == TKFI_STEP_STORE && !tkfi_writers_wait(cell))
		return true;
	for (; at != DPOR_NONE; at = previous(&d->events[at], cell)) {
		const struct dpor_event *x = &d->events[at];

		if (!before(d, first, x))
			continue;
		switch (e->kind) {
		case TKFI_STEP_LOCK:
			waits_for = x->kind != TKFI_STEP_LOCK;
			break;
		case TKFI_STEP_AWAIT:
		case TKFI_STEP_BEGIN:
			if (dpor_writes(x->access, cell))
				waits_for = tkfi_value_blocks(step,
							      x->old[cell - x->access.cell]);
			break;
		case TKFI_STEP_STORE:
			if (x->vcpu == e->vcpu)
				break;
			if (x->kind == TKFI_STEP_CHECK)
				waits_for |= BIT(x->vcpu);
			else if (x->kind == TKFI_STEP_BEGIN)
				waits_for &= ~BIT(x->vcpu);
			break;
		default:
			break;
		}
	}
	return !waits_for;
}

/* Give @e its clock, and note its races with earlier events. */
static int order(struct tkfi_dpor *d, struct dpor_event *e,
		 const struct tkfi_transition *step, unsigned int second)
{
	static s16 found[(DPOR_MAX_CELLS + 1) * TKFI_MAX_STEPS];
	static s16 joined[(DPOR_MAX_CELLS + 1) * TKFI_MAX_STEPS];
	static const u16 none[TKFI_MAX_VCPUS];
	const unsigned int nr_vcpus = d->engine->nr_vcpus;
	const u16 *own = none;
	u16 *clock = clock_of(d, e);
	unsigned int nr = 0, nr_joined = 0, i, j, k;

	/* Who is interrupted waits for the NMI, whatever it is about to do. */
	i = d->engine->vcpus[e->vcpu].interrupted ? e->access.nr : 0;
	e->prev_same = d->last_of[e->vcpu];
	if (e->prev_same != DPOR_NONE)
		own = d->order.clock[e->prev_same];
	for (k = 0; k < nr_vcpus; k++)
		clock[k] = own[k];
	d->order.nth[second] = ++clock[e->vcpu];
	for (; i < dpor_nr_cells(e->access); i++) {
		unsigned int cell = dpor_nth_cell(e->access, i);
		s16 at = d->last_at[cell];

		e->prev[i] = at;
		e->prev_write[i] = last_write(d, at, cell);
		nr += racing_events(d, e, step, cell, at, found + nr);
		if (!dpor_writes(e->access, cell))
			at = e->prev_write[i];
		for (; at != DPOR_NONE; at = previous(&d->events[at], cell)) {
			const struct dpor_event *x = &d->events[at];

			joined[nr_joined++] = at;
			tkfi_clock_join(clock, d->order.clock[at], nr_vcpus);
			if (dpor_writes(x->access, cell))
				break;
		}
	}
	for (i = 0; i < nr; i++) {
		const struct dpor_event *x = &d->events[found[i]];

		if (d->order.nth[found[i]] <= own[x->vcpu])
			continue;
		for (j = 0; j < i; j++)
			if (found[j] == found[i])
				break;
		if (j < i)
			continue;
		for (j = 0; j < nr_joined; j++)
			if (is_between(d, x, &d->events[joined[j]], e))
				break;
		if (j < nr_joined)
			continue;
		if (((e->access.cpu && dpor_writes(x->access, e->access.cpu)) ||
		     e->kind == TKFI_STEP_STORE) &&
		    !could_go_first(d, x, e, step))
			continue;
		if (d->nr_races == DPOR_MAX_RACES)
			return tkfi_search_fail(&d->search, -E2BIG,
						"an execution has too many races");
		d->races[d->nr_races++] = (struct dpor_race){ found[i], second };
	}
	return 0;
}

int tkfi_dpor_add_event(struct tkfi_dpor *d, unsigned int nr,
			const struct tkfi_vcpu *v)
{
	struct dpor_event *e = &d->events[nr];
	const unsigned int *word = (const void *)
		round_down((unsigned long)v->next.what, TKFI_CELL_SIZE);
	unsigned int i;

	e->vcpu = v->id;
	e->kind = v->next.kind;
	e->access = dpor_access_of(d, v);
	if (e->kind == TKFI_STEP_STORE)
		for (i = 0; i < e->access.nr; i++)
			e->old[i] = word[i];
	return order(d, e, &v->next, nr);
}

/* See to it that a race is explored the other way round. */
static int reverse(struct tkfi_dpor *d, const struct dpor_race *race)
{
	static struct dpor_move v[TKFI_MAX_STEPS + 1];
	const struct dpor_event *first = &d->events[race->first];
	const struct dpor_event *second = &d->events[race->second];
	struct dpor_node *node = &d->nodes[race->first];
	unsigned int nr = 0, i, at;

	/* Up to there everybody goes on anyway. */
	if (race->first < d->split)
		return 0;
	for (i = race->first + 1; i < d->depth; i++) {
		const struct dpor_event *e = &d->events[i];

		if (!before(d, first, e))
			v[nr++] = (struct dpor_move){ e->vcpu, e->access };
	}
	v[nr++] = (struct dpor_move){ second->vcpu, second->access };

	for (i = 0; i < d->engine->nr_vcpus; i++)
		if (node->asleep & BIT(i) &&
		    tkfi_dpor_can_begin(d, v, nr, i, node->access[i], &at))
			return 0;
	return tkfi_dpor_insert(d, node, v, nr);
}

int tkfi_dpor_reverse_races(struct tkfi_dpor *d)
{
	unsigned int i;
	int ret = 0;

	/* Those who wait for ever might have been first. */
	for (i = 0; i < d->engine->nr_vcpus && !ret; i++) {
		const struct tkfi_vcpu *v = &d->engine->vcpus[i];

		if (v->done)
			continue;
		ret = tkfi_dpor_add_event(d, d->depth, v);
		while (!ret && d->nr_races &&
		       d->races[d->nr_races - 1].second == d->depth)
			ret = reverse(d, &d->races[--d->nr_races]);
	}
	for (i = 0; i < d->nr_races && !ret; i++)
		ret = reverse(d, &d->races[i]);
	d->nr_races = 0;
	return ret;
}


// SPDX-License-Identifier: GPL-2.0
/* The races of an execution, and which of them dpor reverses. */
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "blocking.h"
#include "dpor_internal.h"

static bool writes(const struct tkfi_history_event *e, unsigned int cell)
{
	return tkfi_footprint_writes(e->footprint, cell);
}

/* Is @e the begin or the end of an NMI that interrupts the VCPU of the other one? */
static bool is_nmi_of(const struct tkfi_history_event *e,
		      const struct tkfi_history_event *other)
{
	return other->footprint.cpu && writes(e, other->footprint.cpu);
}

/* The value that a cell, which an event stored to, had before. */
static unsigned int old_value(const struct tkfi_dpor *d, s16 at, unsigned int cell)
{
	return d->old[at][cell - d->history.events[at].footprint.cell];
}

/* Did event @a happen before @b, or is it @b? */
static bool before(const struct tkfi_dpor *d, unsigned int a, unsigned int b)
{
	const struct tkfi_history *h = &d->history;

	return h->hb.nth[a] <= h->hb.clock[b][h->events[a].vcpu];
}

/*
 * Earlier events that @e, which comes next, may race with on a cell: it could be executed
 * before them. These are the events that conflict with it; but if @e may have to wait, only
 * those before which it need not wait.
 */
static unsigned int racing_events(const struct tkfi_dpor *d,
				  const struct tkfi_history_event *e,
				  const struct tkfi_transition *transition,
				  unsigned int cell, s16 at, s16 *found)
{
	/* Reads do not conflict with reads. */
	bool reads = !writes(e, cell) && cell != e->footprint.cpu;
	const struct tkfi_history_event *x;
	unsigned int nr = 0, i;
	u8 seen = 0;

	for (; at != TKFI_NO_EVENT; at = reads ? x->prev_write[i] : x->prev[i]) {
		x = &d->history.events[at];
		i = tkfi_footprint_index(x->footprint, cell);

		if (x->vcpu != e->vcpu) {
			/* Each transition of a VCPU takes and drops the lock of its NMI. */
			switch (cell == e->footprint.cpu ? TKFI_TRANS_LOCK : e->kind) {
			case TKFI_TRANS_LOCK:
				if (x->kind != TKFI_TRANS_LOCK &&
				    cell != x->footprint.cpu)
					continue;
				found[nr++] = at;
				return nr;
			case TKFI_TRANS_BEGIN:
			case TKFI_TRANS_AWAIT:
				if (writes(x, cell) &&
				    tkfi_value_blocks(transition, old_value(d, at, cell)))
					continue;
				break;
			case TKFI_TRANS_STORE:
				/* It cannot be in a read section, but before it. */
				if (!tkfi_writers_wait(cell) || writes(x, cell))
					break;
				if (x->kind == TKFI_TRANS_CHECK || seen & BIT(x->vcpu))
					continue;
				seen |= BIT(x->vcpu);
				break;
			default:
				break;
			}
			if (writes(e, cell) || writes(x, cell))
				found[nr++] = at;
		}
		if (writes(x, cell))
			break;
	}
	return nr;
}

/*
 * Events @a and @b both conflict with @second. Did @a happen before @second only because
 * of @b? Then @a and @second do not race. But they do if @b is what @second had to wait
 * for, and it would not have to without @a: the end of the same lock, write section or read
 * section. A VCPU that is interrupted has to wait for the end of the NMI in any case.
 */
static bool is_between(const struct tkfi_dpor *d, unsigned int a, unsigned int b,
		       const struct tkfi_history_event *second)
{
	const struct tkfi_history_event *first = &d->history.events[a];
	const struct tkfi_history_event *between = &d->history.events[b];

	if (is_nmi_of(first, second))
		return first->vcpu != between->vcpu && before(d, a, b);
	if (is_nmi_of(between, second))
		return before(d, a, b);
	switch (second->kind) {
	case TKFI_TRANS_LOCK:
	case TKFI_TRANS_AWAIT:
	case TKFI_TRANS_BEGIN:
		return false;
	case TKFI_TRANS_STORE:
		if (tkfi_writers_wait(second->footprint.cell) &&
		    first->vcpu == between->vcpu)
			return false;
		break;
	default:
		break;
	}
	return a != b && before(d, a, b);
}

/*
 * Could @e be executed right before @first, or would it have to wait there? Undoes, from
 * the last event to @first, all changes of what @e waits for that happened after @first.
 */
static bool could_go_first(const struct tkfi_dpor *d, unsigned int first,
			   const struct tkfi_history_event *e,
			   const struct tkfi_transition *transition)
{
	unsigned int cell = e->footprint.cell;
	unsigned long waits_for =
		tkfi_engine_waits_for(d->engine, &d->engine->vcpus[e->vcpu]);
	s16 at = d->history.last_at[cell];

	if (e->kind == TKFI_TRANS_STORE && !tkfi_writers_wait(cell))
		return true;
	for (; at != TKFI_NO_EVENT; at = tkfi_history_previous(&d->history, at, cell)) {
		const struct tkfi_history_event *x = &d->history.events[at];

		if (!before(d, first, at))
			continue;
		switch (e->kind) {
		case TKFI_TRANS_LOCK:
			waits_for = x->kind != TKFI_TRANS_LOCK;
			break;
		case TKFI_TRANS_AWAIT:
		case TKFI_TRANS_BEGIN:
			if (writes(x, cell))
				waits_for = tkfi_value_blocks(transition,
							      old_value(d, at, cell));
			break;
		case TKFI_TRANS_STORE:
			if (x->vcpu == e->vcpu)
				break;
			if (x->kind == TKFI_TRANS_CHECK)
				waits_for |= BIT(x->vcpu);
			else if (x->kind == TKFI_TRANS_BEGIN)
				waits_for &= ~BIT(x->vcpu);
			break;
		default:
			break;
		}
	}
	return !waits_for;
}

/* The most events that conflict with one: all before it, on each of its cells. */
#define MAX_CONFLICTING	((TKFI_ACCESS_CELLS + 1) * TKFI_MAX_EVENTS)

/* The events that @e comes right after because of its cells, from the one at @first on. */
static unsigned int conflicting_events(const struct tkfi_history *h,
				       const struct tkfi_history_event *e,
				       unsigned int first, s16 *found)
{
	unsigned int nr = 0, i;

	for (i = first; i < tkfi_footprint_nr(e->footprint); i++) {
		const unsigned int cell = tkfi_footprint_cell(e->footprint, i);
		s16 at = tkfi_history_conflicting(e, i);

		for (; at != TKFI_NO_EVENT; at = tkfi_history_before_it(h, at, cell))
			found[nr++] = at;
	}
	return nr;
}

/* Note the races of the event that comes next with earlier ones. */
static int note_races(struct tkfi_dpor *d, const struct tkfi_transition *transition,
		      unsigned int first)
{
	static s16 racing[MAX_CONFLICTING], conflicting[MAX_CONFLICTING];
	static const u16 none[TKFI_MAX_VCPUS];
	const struct tkfi_history *h = &d->history;
	const struct tkfi_history_event *e = &h->events[h->hb.nr];
	const u16 *own = e->prev_same == TKFI_NO_EVENT ? none : h->hb.clock[e->prev_same];
	unsigned int nr = 0, nr_conflicting = 0, i, j;

	for (i = first; i < tkfi_footprint_nr(e->footprint); i++)
		nr += racing_events(d, e, transition, tkfi_footprint_cell(e->footprint, i),
				    e->prev[i], racing + nr);
	for (i = 0; i < nr; i++) {
		const struct tkfi_history_event *x = &h->events[racing[i]];

		if (h->hb.nth[racing[i]] <= own[x->vcpu])
			continue;
		for (j = 0; j < i; j++)
			if (racing[j] == racing[i])
				break;
		if (j < i)
			continue;
		/*
		 * Few events need this: most of those found happened before by other
		 * ones.
		 */
		if (!nr_conflicting)
			nr_conflicting = conflicting_events(h, e, first, conflicting);
		for (j = 0; j < nr_conflicting; j++)
			if (is_between(d, racing[i], conflicting[j], e))
				break;
		if (j < nr_conflicting)
			continue;
		if ((is_nmi_of(x, e) || e->kind == TKFI_TRANS_STORE) &&
		    !could_go_first(d, racing[i], e, transition))
			continue;
		if (d->nr_races == DPOR_MAX_RACES)
			return tkfi_search_fail(&d->search, -E2BIG,
						"an execution has too many races");
		d->races[d->nr_races++] = (struct dpor_race){ racing[i], h->hb.nr };
	}
	return 0;
}

int tkfi_dpor_next_event(struct tkfi_dpor *d, const struct tkfi_vcpu *v)
{
	const unsigned int nr = d->history.hb.nr;
	struct tkfi_history_event *e = &d->history.events[nr];
	const unsigned int *word = (const void *)
		round_down((unsigned long)v->next.what, TKFI_CELL_SIZE);
	unsigned int first, i;

	e->vcpu = v->id;
	e->kind = v->next.kind;
	e->footprint = dpor_footprint_of(d, v);
	if (e->kind == TKFI_TRANS_STORE)
		for (i = 0; i < e->footprint.nr; i++)
			d->old[nr][i] = word[i];
	/* Who is interrupted waits for the NMI, whatever it is about to do. */
	first = v->interrupted ? e->footprint.nr : 0;
	tkfi_history_order(&d->history, d->engine->nr_vcpus, first);
	return note_races(d, &v->next, first);
}

/* Have a race explored in the other order, unless that is covered by the sleep set. */
static int reverse(struct tkfi_dpor *d, const struct dpor_race *race)
{
	static struct dpor_move v[TKFI_MAX_EVENTS + 1];
	const struct tkfi_history_event *second = &d->history.events[race->second];
	struct dpor_node *node = &d->nodes[race->first];
	unsigned int nr = 0, i, at;

	/* In a prefix, all that is awake is explored in any case. */
	if (race->first < d->split)
		return 0;
	for (i = race->first + 1; i < d->depth; i++) {
		const struct tkfi_history_event *e = &d->history.events[i];

		if (!before(d, race->first, i))
			v[nr++] = (struct dpor_move){ e->vcpu, e->footprint };
	}
	v[nr++] = (struct dpor_move){ second->vcpu, second->footprint };

	for (i = 0; i < d->engine->nr_vcpus; i++)
		if (node->asleep & BIT(i) &&
		    tkfi_dpor_can_begin(d, v, nr, i, node->footprint[i], &at))
			return 0;
	return tkfi_dpor_insert(d, node, v, nr);
}

int tkfi_dpor_reverse_races(struct tkfi_dpor *d)
{
	unsigned int i;
	int ret = 0;

	/* VCPUs that wait for ever may race, too: they could have been earlier. */
	for (i = 0; i < d->engine->nr_vcpus && !ret; i++) {
		const struct tkfi_vcpu *v = &d->engine->vcpus[i];

		if (v->done)
			continue;
		ret = tkfi_dpor_next_event(d, v);
		while (!ret && d->nr_races &&
		       d->races[d->nr_races - 1].second == d->depth)
			ret = reverse(d, &d->races[--d->nr_races]);
	}
	for (i = 0; i < d->nr_races && !ret; i++)
		ret = reverse(d, &d->races[i]);
	d->nr_races = 0;
	return ret;
}

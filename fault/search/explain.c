// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "cells.h"
#include "explain.h"
#include "footprint.h"

/* The value that an access loads or stores: of one of 16 bytes, its first 8. */
static u64 value_at(const void *addr, unsigned int size)
{
	u64 value = 0;

	memcpy(&value, addr, min_t(unsigned int, size, sizeof(value)));
	return value;
}

/* The last access that was noted has been executed. */
static void note_after(struct tkfi_recording *r, const struct tkfi_engine *engine)
{
	unsigned int last = engine->nr_log - 1;

	if (r->what)
		r->details[last].after = value_at(r->what, r->details[last].size);
	r->what = NULL;
}

/* The detail of a transition that is about to be executed. */
static struct tkfi_detail detail_of(const struct tkfi_transition *transition)
{
	return (struct tkfi_detail){
		.ip = transition->ip,
		.size = tkfi_transition_size(transition),
		.offset = (unsigned long)transition->what % TKFI_CELL_SIZE,
		.before = value_at(transition->what, tkfi_transition_size(transition)),
	};
}

static unsigned int record_next(struct tkfi_strategy *strategy,
				struct tkfi_engine *engine, unsigned long ready)
{
	struct tkfi_recording *r =
		container_of(strategy, struct tkfi_recording, strategy);
	unsigned int next;

	note_after(r, engine);
	next = r->inner->next(r->inner, engine, ready);
	if (next < engine->nr_vcpus && engine->vcpus[next].next.nr_cells &&
	    engine->nr_log < TKFI_MAX_EVENTS) {
		const struct tkfi_transition *transition = &engine->vcpus[next].next;
		struct tkfi_detail *detail = &r->details[engine->nr_log];

		*detail = detail_of(transition);
		if (tkfi_transition_size(transition))
			r->what = transition->what;
	}
	return next;
}

static void record_begin(struct tkfi_strategy *strategy,
			 struct tkfi_engine *engine)
{
	struct tkfi_recording *r =
		container_of(strategy, struct tkfi_recording, strategy);

	r->what = NULL;
	if (r->inner->begin)
		r->inner->begin(r->inner, engine);
}

void tkfi_record_start(struct tkfi_recording *r, struct tkfi_strategy *inner)
{
	r->strategy = (struct tkfi_strategy){
		.wants = inner->wants,
		.begin = record_begin,
		.next = record_next,
	};
	r->inner = inner;
}

/* Add what a VCPU that waits for ever would do next, as if it were an event at the end. */
static void add_waiting(struct tkfi_recording *r, const struct tkfi_vcpu *v)
{
	const struct tkfi_transition *next = &v->next;
	unsigned int at = r->hb.nr, nr = r->nr[v->id];

	if (v->done || !next->nr_cells || at == TKFI_MAX_EVENTS)
		return;
	r->log[at] = (struct tkfi_event){
		.vcpu = v->id,
		.kind = next->kind,
		.nr_cells = next->nr_cells,
		.cell = next->cell,
	};
	r->details[at] = detail_of(next);
	r->details[at].after = r->details[at].before;
	memset(r->hb.clock[at], 0, sizeof(r->hb.clock[at]));
	if (nr)
		memcpy(r->hb.clock[at], r->hb.clock[r->of_vcpu[v->id][nr - 1]],
		       sizeof(r->hb.clock[at]));
	r->hb.nth[at] = ++r->hb.clock[at][v->id];
	r->of_vcpu[v->id][r->nr[v->id]++] = at;
	r->hb.nr++;
}

void tkfi_record_end(struct tkfi_recording *r, const struct tkfi_engine *engine)
{
	unsigned int i;

	note_after(r, engine);
	r->adjacent.collected = false;
	r->apart.collected = false;
	tkfi_happens_before_of(engine, &r->hb);
	memcpy(r->log, engine->log, r->hb.nr * sizeof(r->log[0]));
	memset(r->nr, 0, sizeof(r->nr));
	for (i = 0; i < r->hb.nr; i++)
		r->of_vcpu[r->log[i].vcpu][r->nr[r->log[i].vcpu]++] = i;
	for (i = 0; i < engine->nr_vcpus; i++)
		add_waiting(r, &engine->vcpus[i]);
}

/* NMIs are left out of account: they come as a whole. */
static bool conflict(const struct tkfi_event *a, const struct tkfi_event *b)
{
	return tkfi_footprints_conflict(tkfi_footprint_of_event(a, 0),
					tkfi_footprint_of_event(b, 0));
}

/* Did event @a happen before @b, or is it @b? */
static bool before(const struct tkfi_recording *r, unsigned int a, unsigned int b)
{
	return r->hb.nth[a] <= r->hb.clock[b][r->log[a].vcpu];
}

/**
 * struct reversal - executes what was recorded, but for two events in reverse order
 * @strategy:	for tkfi_engine_run()
 * @recording:	what was recorded
 * @first:	number of the event that comes later now
 * @second:	number of the event that comes earlier now
 * @done:	@second has been executed
 */
struct reversal {
	struct tkfi_strategy strategy;
	const struct tkfi_recording *recording;
	unsigned int first;
	unsigned int second;
	bool done;
};

/* The number of a VCPU's next event in the recording; UINT_MAX if it has no more there. */
static unsigned int recorded(const struct tkfi_recording *r,
			     const struct tkfi_vcpu *v)
{
	return v->nr_events < r->nr[v->id] ? r->of_vcpu[v->id][v->nr_events] : UINT_MAX;
}

/* Of the VCPUs in @may, the one whose next event comes first in the recording. */
static unsigned int earliest(const struct reversal *s,
			     const struct tkfi_engine *engine, unsigned long may)
{
	unsigned int best = __ffs(may), i;

	for_each_set_bit(i, &may, engine->nr_vcpus)
		if (recorded(s->recording, &engine->vcpus[i]) <
		    recorded(s->recording, &engine->vcpus[best]))
			best = i;
	return best;
}

static unsigned int reverse_next(struct tkfi_strategy *strategy,
				 struct tkfi_engine *engine, unsigned long ready)
{
	struct reversal *s = container_of(strategy, struct reversal, strategy);
	const struct tkfi_event *second = &s->recording->log[s->second];
	unsigned int held = s->recording->log[s->first].vcpu, next;
	const struct tkfi_transition *transition;

	if (s->done)
		return earliest(s, engine, ready);
	/* An NMI comes as a whole. */
	if (recorded(s->recording, &engine->vcpus[held]) >= s->first ||
	    engine->vcpus[held].interrupts)
		ready &= ~BIT(held);
	if (!ready)
		return TKFI_STOP;
	next = earliest(s, engine, ready);
	transition = &engine->vcpus[next].next;
	s->done = recorded(s->recording, &engine->vcpus[next]) == s->second;
	if (s->done && (transition->kind != second->kind ||
			transition->cell != second->cell ||
			transition->nr_cells != second->nr_cells))
		return TKFI_STOP;
	return next;
}

int tkfi_reverse(struct tkfi_engine *engine,
		 const struct tkfi_recording *recording, unsigned int first,
		 unsigned int second, const struct tkfi_trial *trial,
		 u64 *violates)
{
	struct reversal reversal = {
		.strategy.wants = TKFI_WANTS_ACCESSES,
		.strategy.next = reverse_next,
		.recording = recording,
		.first = first,
		.second = second,
	};
	int ret;

	trial->start(trial->arg);
	ret = tkfi_engine_run(engine, &reversal.strategy);
	if (!reversal.done || ret == -ECANCELED)
		return -ENOENT;
	*violates = trial->violates(trial->arg, ret);
	return 0;
}

/*
 * If event @at ends a section, the event that begins it; else @at. A section of a lock or a
 * write or read section of a sequence can only be moved as a whole.
 */
static unsigned int begin_of(const struct tkfi_recording *r, unsigned int at)
{
	const struct tkfi_event *end = &r->log[at];
	u8 flags = tkfi_cells[end->cell].flags;
	unsigned int i, kind;

	if (end->kind == TKFI_TRANS_UNLOCK)
		kind = TKFI_TRANS_LOCK;
	else if (end->kind == TKFI_TRANS_CHECK)
		kind = TKFI_TRANS_BEGIN;
	else if (end->kind == TKFI_TRANS_STORE && flags & TKFI_CELL_SEQUENCE &&
		 !(r->details[at].after & 1))
		kind = TKFI_TRANS_STORE;
	else
		return at;
	for (i = at; i--;)
		if (r->log[i].vcpu == end->vcpu && r->log[i].cell == end->cell &&
		    r->log[i].kind == kind)
			return i;
	return at;
}

/*
 * Did @a happen before @b only because of an event between them, of another VCPU than
 * @a's?
 */
static bool is_between(const struct tkfi_recording *r, unsigned int a,
		       unsigned int b)
{
	unsigned int i;

	for (i = a + 1; i < b; i++)
		if (r->log[i].vcpu != r->log[a].vcpu &&
		    conflict(&r->log[i], &r->log[b]) && before(r, a, i) &&
		    before(r, i, b))
			return true;
	return false;
}

/*
 * The event that ends a section which begins with event @at; the number of events if
 * none.
 */
static unsigned int end_of(const struct tkfi_recording *r, unsigned int at)
{
	const struct tkfi_event *begin = &r->log[at];
	unsigned int i;

	for (i = at + 1; i < r->hb.nr; i++)
		if (r->log[i].vcpu == begin->vcpu && r->log[i].cell == begin->cell)
			break;
	return i;
}

static struct tkfi_racing_access seen(const struct tkfi_recording *r, unsigned int at)
{
	return (struct tkfi_racing_access){
		.vcpu = r->log[at].vcpu,
		.kind = r->log[at].kind,
		.cell = r->log[at].cell,
		.nr_cells = r->log[at].nr_cells,
		.value = r->details[at].after,
		.ip = r->details[at].ip,
	};
}

/*
 * Of the value of an access, which event @at is, what @nr cells from @cell on have of it.
 * @cell is the first that it touches, or the next.
 */
static u64 part(const struct tkfi_recording *r, unsigned int at, u64 value,
		unsigned int cell, unsigned int nr)
{
	const unsigned int offset = r->details[at].offset * BITS_PER_BYTE;
	const unsigned int bits = TKFI_CELL_SIZE * BITS_PER_BYTE;

	if (cell > r->log[at].cell)
		value >>= bits - offset;
	else if (nr == 1)
		value &= GENMASK_ULL(bits - offset - 1, 0);
	return nr == 1 ? (u32)value : value;
}

/* As seen(), only of some of the cells. */
static struct tkfi_racing_access clip(const struct tkfi_recording *r, unsigned int at,
				      unsigned int cell, unsigned int nr)
{
	struct tkfi_racing_access access = seen(r, at);

	access.value = part(r, at, access.value, cell, nr);
	access.cell = cell;
	access.nr_cells = nr;
	return access;
}

/* Do a load and a store have cells in common, and does the store change their value? */
static bool tells(const struct tkfi_recording *r, unsigned int load,
		  unsigned int store, unsigned int *cell, unsigned int *nr)
{
	const struct tkfi_event *a = &r->log[load], *b = &r->log[store];
	const struct tkfi_detail *detail = &r->details[store];

	if (a->kind != TKFI_TRANS_LOAD || b->kind != TKFI_TRANS_STORE ||
	    !conflict(a, b))
		return false;
	*cell = max(a->cell, b->cell);
	*nr = min(a->cell + a->nr_cells, b->cell + b->nr_cells) - *cell;
	/* Of wider accesses, only the value of the first two cells is known. */
	return *cell - b->cell < 2 && *cell - a->cell < 2 &&
	       part(r, store, detail->before, *cell, *nr) !=
	       part(r, store, detail->after, *cell, *nr);
}

/* Of a write and a read section, find a store and a load that make the order matter. */
static void look_inside(const struct tkfi_recording *r, unsigned int first,
			unsigned int second, struct tkfi_explanation *why)
{
	bool stores_later = tkfi_kind_writes(r->log[second].kind);
	unsigned int store = stores_later ? second : first;
	unsigned int load = stores_later ? first : second;
	unsigned int store_end, load_end, i, j, cell, nr;

	if (r->log[load].kind != TKFI_TRANS_BEGIN)
		return;
	store_end = end_of(r, store);
	load_end = end_of(r, load);
	for (i = store + 1; i < store_end; i++) {
		if (r->log[i].vcpu != r->log[store].vcpu)
			continue;
		for (j = load + 1; j < load_end; j++) {
			if (r->log[j].vcpu != r->log[load].vcpu ||
			    !tells(r, j, i, &cell, &nr))
				continue;
			why->first = clip(r, stores_later ? j : i, cell, nr);
			why->second = clip(r, stores_later ? i : j, cell, nr);
			return;
		}
	}
}

/* Did @a happen before @b for no other reason than that they conflict? */
static bool adjacent(const struct tkfi_recording *r, unsigned int a, unsigned int b)
{
	unsigned int nth = r->hb.nth[b];

	return !(nth > 1 && before(r, a, r->of_vcpu[r->log[b].vcpu][nth - 2])) &&
	       !is_between(r, a, b);
}

/* Collect the pairs of conflicting events, either those that are adjacent or the others. */
static void collect(const struct tkfi_recording *r, bool are_adjacent,
		    struct tkfi_pairs *pairs)
{
	unsigned int a, b, begin;

	if (pairs->collected)
		return;
	pairs->collected = true;
	pairs->nr = 0;
	for (b = 0; b < r->hb.nr; b++) {
		for (a = b; a-- && pairs->nr < TKFI_MAX_PAIRS;) {
			if (r->log[a].vcpu == r->log[b].vcpu ||
			    !conflict(&r->log[a], &r->log[b]))
				continue;
			begin = begin_of(r, a);
			if (adjacent(r, begin, b) == are_adjacent)
				pairs->pairs[pairs->nr++] =
					(struct tkfi_pair){ begin, b };
		}
	}
}

/*
 * The distance of a pair from event @near. Pairs of other VCPUs are farther away than any
 * of its VCPU, and those of the host farther than these.
 */
static unsigned int distance(const struct tkfi_recording *r,
			     const struct tkfi_pair *pair, unsigned int near,
			     unsigned int host)
{
	unsigned int first = r->log[pair->first].vcpu;
	unsigned int second = r->log[pair->second].vcpu;

	return abs(pair->second - (int)near) +
	       (second == r->log[near].vcpu ? 0 : TKFI_MAX_EVENTS) +
	       (first == host || second == host ? 2 * TKFI_MAX_EVENTS : 0);
}

/* Reverse these pairs, the closest first, until an execution does not have the finding. */
static void try(struct tkfi_engine *engine, const struct tkfi_recording *r,
		unsigned int finding, unsigned int near,
		const struct tkfi_trial *trial, struct tkfi_pairs *pairs,
		struct tkfi_explanation *why)
{
	static DECLARE_BITMAP(is_tried, TKFI_MAX_PAIRS);
	unsigned int left, i;

	bitmap_zero(is_tried, TKFI_MAX_PAIRS);
	for (left = pairs->nr; left && !why->holds; left--) {
		unsigned int best = TKFI_MAX_PAIRS;
		struct tkfi_pair *pair;

		for_each_clear_bit(i, is_tried, pairs->nr)
			if (best == TKFI_MAX_PAIRS ||
			    distance(r, &pairs->pairs[i], near, trial->host) <
			    distance(r, &pairs->pairs[best], near, trial->host))
				best = i;
		__set_bit(best, is_tried);
		pair = &pairs->pairs[best];
		if (!pair->executed) {
			pair->executed = true;
			pair->ret = tkfi_reverse(engine, r, pair->first, pair->second,
						 trial, &pair->violates);
		}
		if (pair->ret)
			continue;
		why->tried++;
		if (pair->violates & BIT_ULL(finding))
			continue;
		why->holds = true;
		why->first = seen(r, pair->first);
		why->second = seen(r, pair->second);
		why->about = tkfi_cell_about(r->log[pair->second].cell);
		look_inside(r, pair->first, pair->second, why);
	}
}

void tkfi_explain(struct tkfi_engine *engine, struct tkfi_recording *r,
		  unsigned int finding, unsigned int near,
		  const struct tkfi_trial *trial, struct tkfi_explanation *why)
{
	*why = (struct tkfi_explanation){};
	collect(r, true, &r->adjacent);
	try(engine, r, finding, near, trial, &r->adjacent, why);
	if (why->holds)
		return;
	collect(r, false, &r->apart);
	try(engine, r, finding, near, trial, &r->apart, why);
}

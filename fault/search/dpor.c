// SPDX-License-Identifier: GPL-2.0
/*
 * Optimal dynamic partial order reduction: every class of executions that differ
 * only in the order of independent steps is executed once.
 *
 * Abdulla, Aronis, Jonsson, Sagonas: Source Sets: A Foundation for Optimal Dynamic
 * Partial Order Reduction, J. ACM 64(4), 2017: algorithm 2, with locks as in its
 * section on disabling. Two steps are dependent if they are of one VCPU, or touch
 * one cell and one of them writes.
 *
 * Parts divide the beginnings of executions: up to some depth everybody who is awake
 * goes on (sleep sets alone, Godefroid, LNCS 1032, 1996), and each part takes its share
 * of what can be met there. So parts need not know of each other's races.
 */
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "cells.h"
#include "saved.h"
#include "search.h"
#include "snapshot.h"

#define NONE		(-1)
#define MAX_CELLS	5	/* of an unaligned access of 16 bytes */
#define MAX_RACES	8192
#define TREE_NODES	65536
#define SHARES		256	/* beginnings a part has at least, if there are so many */
#define MAX_SPLIT	40	/* steps of beginnings */

/*
 * What makes two steps dependent: the cells, and the one that a step of a VCPU with
 * an NMI reads besides, 0 if it has none.
 */
struct touch {
	u16 cell;
	u16 cpu;
	u8 nr;
	bool writes;
};

/**
 * struct event - a step that was executed
 * @vcpu:	who
 * @kind:	enum tkfi_step_kind
 * @touch:	which cells
 * @old:	for each cell written its value before, for steps that wait for values
 * @prev_same:	this VCPU's step before, or NONE
 * @prev:	for each cell touched the step before that touched it, or NONE; that of
 *		touch.cpu is the last
 * @prev_write:	and the last step before that wrote it, or NONE
 */
struct event {
	u8 vcpu;
	u8 kind;
	struct touch touch;
	unsigned int old[MAX_CELLS];
	s16 prev_same;
	s16 prev[MAX_CELLS + 1];
	s16 prev_write[MAX_CELLS + 1];
};

/* A wakeup tree's node: children and siblings by number, 0 is none. */
struct tree {
	struct touch touch;
	u8 vcpu;
	u32 child;
	u32 sibling;
};

/**
 * struct node - a choice: the state before an event
 * @asleep:	VCPUs whose next step has been explored, or is of no use
 * @touch:	what each of those would do; of others it means nothing
 * @tree:	other beginnings that have to be explored from here
 * @subtree:	how the chosen beginning goes on
 * @visited:	a beginning that has been counted
 */
struct node {
	u8 asleep;
	bool visited;
	struct touch touch[TKFI_MAX_VCPUS];
	u32 tree;
	u32 subtree;
};

struct race {
	u16 first;
	u16 second;
};

/**
 * struct tkfi_dpor - the search
 * @search:	what all searches have
 * @strategy:	makes the choices
 * @engine:	as @search's
 * @events:	of the execution under way
 * @order:	of the events
 * @nodes:	the choices before the events
 * @depth:	steps executed
 * @known:	the first of them only repeat
 * @new_from:	steps that the execution before had, too
 * @last_of:	each VCPU's last event, or NONE
 * @last_at:	each cell's
 * @ret:	why it was given up, 0 if it was not
 * @counting:	beginnings are counted, to find out how deep to divide
 * @counted:	how many there were when they were one step shorter
 * @split:	steps of the beginnings that are divided, or 0
 * @beginnings:	so far
 * @skipped:	this one belongs to another part
 * @races:	of the execution under way
 * @nr_races:	how many
 * @tree:	nodes of wakeup trees
 * @free_tree:	those that were used, by sibling
 * @nr_tree:	how many were used, and 0, which is none
 */
struct tkfi_dpor {
	struct tkfi_search search;
	struct tkfi_strategy strategy;
	struct tkfi_engine *engine;
	struct event events[TKFI_MAX_STEPS + 1];
	struct tkfi_order order;
	struct node nodes[TKFI_MAX_STEPS + 1];
	unsigned int depth;
	unsigned int known;
	unsigned int new_from;
	s16 last_of[TKFI_MAX_VCPUS];
	s16 last_at[TKFI_MAX_CELLS];
	int ret;
	bool counting;
	u64 counted;
	unsigned int split;
	u64 beginnings;
	bool skipped;
	struct race races[MAX_RACES];
	unsigned int nr_races;
	struct tree tree[TREE_NODES];
	u32 free_tree;
	u32 nr_tree;
};

static const char too_big[] = "the wakeup trees are too big";

static struct tkfi_dpor *to_dpor(struct tkfi_search *search)
{
	return container_of(search, struct tkfi_dpor, search);
}

/* What a VCPU does when it goes on. */
static struct touch touch_of(const struct tkfi_vcpu *v)
{
	return (struct touch){
		.cell = v->next.cell,
		.cpu = v->cpu,
		.nr = v->next.nr_cells,
		.writes = tkfi_step_writes(&v->next),
	};
}

static bool writes(struct touch t, unsigned int cell)
{
	return t.writes && cell - t.cell < t.nr;
}

static bool dependent(struct touch a, struct touch b)
{
	return tkfi_cells_conflict(a.cell, a.nr, a.writes, b.cell, b.nr,
				   b.writes) ||
	       (a.cpu && writes(b, a.cpu)) || (b.cpu && writes(a, b.cpu));
}

/* How many cells there are, and which. */
static unsigned int nr_cells(struct touch t)
{
	return t.nr + !!t.cpu;
}

static unsigned int nth_cell(struct touch t, unsigned int n)
{
	return n < t.nr ? t.cell + n : t.cpu;
}

/* Which of the cells that @e touches it is. */
static unsigned int nth_of(const struct event *e, unsigned int cell)
{
	unsigned int n = cell - e->touch.cell;

	return n < e->touch.nr ? n : e->touch.nr;
}

/* The step before @e that touched a cell that @e touches. */
static s16 previous(const struct event *e, unsigned int cell)
{
	return e->prev[nth_of(e, cell)];
}

/* The last step that wrote a cell, of those up to @at, which touched it. */
static s16 last_write(const struct tkfi_dpor *d, s16 at, unsigned int cell)
{
	const struct event *e;

	if (at == NONE)
		return NONE;
	e = &d->events[at];
	return writes(e->touch, cell) ? at : e->prev_write[nth_of(e, cell)];
}

/* For each VCPU, how many of its steps happened before @e or are it. */
static u16 *clock_of(const struct tkfi_dpor *d, const struct event *e)
{
	return (u16 *)d->order.clock[e - d->events];
}

/* Happened event @a before @b or is it @b? */
static bool before(const struct tkfi_dpor *d, const struct event *a,
		   const struct event *b)
{
	return d->order.nth[a - d->events] <= clock_of(d, b)[a->vcpu];
}

static bool is_sequence(unsigned int cell)
{
	return tkfi_cells[cell].flags & (TKFI_CELL_SEQUENCE | TKFI_CELL_LATCH);
}

/* Do those who write a sequence wait for those who read it? */
static bool waits_for_readers(unsigned int cell)
{
	return is_sequence(cell) &&
	       !(tkfi_cells[cell].flags & TKFI_CELL_UNCHECKED);
}

/* Would a step that waits for a value have had to wait at this one? */
static bool waits(const struct event *e, const struct tkfi_step *step,
		  unsigned int value)
{
	return e->kind == TKFI_STEP_AWAIT ? value == step->value : value & 1;
}

/*
 * The events that @e could have gone before: for plain memory the conflicting
 * ones; for a step that has to wait those before which it need not have waited.
 */
static unsigned int rivals(const struct tkfi_dpor *d, const struct event *e,
			   const struct tkfi_step *step, unsigned int cell,
			   s16 at, s16 *found)
{
	/* To one that reads others that read do not matter. */
	bool reads = !writes(e->touch, cell) && cell != e->touch.cpu;
	bool sequence = is_sequence(cell);
	const struct event *x;
	unsigned int nr = 0;
	u8 seen = 0;

	for (; at != NONE; at = (reads ? x->prev_write : x->prev)[nth_of(x, cell)]) {
		x = &d->events[at];

		if (x->vcpu != e->vcpu) {
			/* Each step of a VCPU takes and drops what its NMI takes. */
			switch (cell == e->touch.cpu ? TKFI_STEP_LOCK : e->kind) {
			case TKFI_STEP_LOCK:
				if (x->kind != TKFI_STEP_LOCK &&
				    cell != x->touch.cpu)
					continue;
				found[nr++] = at;
				return nr;
			case TKFI_STEP_BEGIN:
			case TKFI_STEP_AWAIT:
				if (!writes(x->touch, cell) ||
				    (sequence && tkfi_cells[cell].flags & TKFI_CELL_LATCH))
					break;
				if (waits(e, step, x->old[cell - x->touch.cell]))
					continue;
				break;
			case TKFI_STEP_STORE:
				/* Not into a reader's attempt: before it. */
				if (!waits_for_readers(cell) || writes(x->touch, cell))
					break;
				if (x->kind == TKFI_STEP_CHECK || seen & BIT(x->vcpu))
					continue;
				seen |= BIT(x->vcpu);
				break;
			default:
				break;
			}
			if (writes(e->touch, cell) || writes(x->touch, cell))
				found[nr++] = at;
		}
		if (writes(x->touch, cell))
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
static bool is_between(const struct tkfi_dpor *d, const struct event *first,
		       const struct event *between, const struct event *second)
{
	if (second->touch.cpu && writes(first->touch, second->touch.cpu))
		return first->vcpu != between->vcpu && before(d, first, between);
	if (second->touch.cpu && writes(between->touch, second->touch.cpu))
		return before(d, first, between);
	switch (second->kind) {
	case TKFI_STEP_LOCK:
	case TKFI_STEP_AWAIT:
	case TKFI_STEP_BEGIN:
		return false;
	case TKFI_STEP_STORE:
		if (waits_for_readers(second->touch.cell) &&
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
static bool could_go_first(const struct tkfi_dpor *d, const struct event *first,
			   const struct event *e, const struct tkfi_step *step)
{
	unsigned int cell = e->touch.cell;
	unsigned long waits_for =
		tkfi_engine_waits_for(d->engine, &d->engine->vcpus[e->vcpu]);
	s16 at = d->last_at[cell];

	if (e->kind == TKFI_STEP_STORE && !waits_for_readers(cell))
		return true;
	for (; at != NONE; at = previous(&d->events[at], cell)) {
		const struct event *x = &d->events[at];

		if (!before(d, first, x))
			continue;
		switch (e->kind) {
		case TKFI_STEP_LOCK:
			waits_for = x->kind != TKFI_STEP_LOCK;
			break;
		case TKFI_STEP_AWAIT:
		case TKFI_STEP_BEGIN:
			if (writes(x->touch, cell) &&
			    (e->kind == TKFI_STEP_AWAIT ||
			     tkfi_cells[cell].flags & TKFI_CELL_SEQUENCE))
				waits_for = waits(e, step, x->old[cell - x->touch.cell]);
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
static int order(struct tkfi_dpor *d, struct event *e,
		 const struct tkfi_step *step, unsigned int second)
{
	static s16 found[(MAX_CELLS + 1) * TKFI_MAX_STEPS];
	static s16 joined[(MAX_CELLS + 1) * TKFI_MAX_STEPS];
	static const u16 none[TKFI_MAX_VCPUS];
	const unsigned int nr_vcpus = d->engine->nr_vcpus;
	const u16 *own = none;
	u16 *clock = clock_of(d, e);
	unsigned int nr = 0, nr_joined = 0, i, j, k;

	/* Who is interrupted waits for the NMI, whatever it is about to do. */
	i = d->engine->vcpus[e->vcpu].interrupted ? e->touch.nr : 0;
	e->prev_same = d->last_of[e->vcpu];
	if (e->prev_same != NONE)
		own = d->order.clock[e->prev_same];
	for (k = 0; k < nr_vcpus; k++)
		clock[k] = own[k];
	d->order.nth[second] = ++clock[e->vcpu];
	for (; i < nr_cells(e->touch); i++) {
		unsigned int cell = nth_cell(e->touch, i);
		s16 at = d->last_at[cell];

		e->prev[i] = at;
		e->prev_write[i] = last_write(d, at, cell);
		nr += rivals(d, e, step, cell, at, found + nr);
		if (!writes(e->touch, cell))
			at = e->prev_write[i];
		for (; at != NONE; at = previous(&d->events[at], cell)) {
			const struct event *x = &d->events[at];

			joined[nr_joined++] = at;
			for (k = 0; k < nr_vcpus; k++)
				clock[k] = max(clock[k], d->order.clock[at][k]);
			if (writes(x->touch, cell))
				break;
		}
	}
	for (i = 0; i < nr; i++) {
		const struct event *x = &d->events[found[i]];

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
		if (((e->touch.cpu && writes(x->touch, e->touch.cpu)) ||
		     e->kind == TKFI_STEP_STORE) &&
		    !could_go_first(d, x, e, step))
			continue;
		if (d->nr_races == MAX_RACES)
			return -ENOMEM;
		d->races[d->nr_races++] = (struct race){ found[i], second };
	}
	return 0;
}

/* The step that @v is about to take; order() does the rest. */
static void make_event(struct event *e, const struct tkfi_vcpu *v)
{
	const unsigned int *word = (const void *)
		round_down((unsigned long)v->next.what, TKFI_CELL_SIZE);
	unsigned int i;

	e->vcpu = v->id;
	e->kind = v->next.kind;
	e->touch = touch_of(v);
	if (e->kind == TKFI_STEP_STORE)
		for (i = 0; i < e->touch.nr; i++)
			e->old[i] = word[i];
}

/* A node, 0 if there is none left. */
static u32 new_tree(struct tkfi_dpor *d)
{
	u32 t = d->free_tree;

	if (t)
		d->free_tree = d->tree[t].sibling;
	else if (d->nr_tree < TREE_NODES)
		t = d->nr_tree++;
	return t;
}

/* Take the first branch off a node's tree; what follows it is its subtree. */
static u32 take_branch(struct tkfi_dpor *d, struct node *node)
{
	u32 t = node->tree;

	node->tree = d->tree[t].sibling;
	node->subtree = d->tree[t].child;
	d->tree[t].child = 0;
	d->tree[t].sibling = d->free_tree;
	d->free_tree = t;
	return t;
}

static bool same(struct touch a, struct touch b)
{
	return a.cell == b.cell && a.nr == b.nr && a.writes == b.writes &&
	       a.cpu == b.cpu;
}

/* Give up. */
static unsigned int stop(struct tkfi_dpor *d, int ret, const char *why)
{
	d->ret = tkfi_search_fail(&d->search, ret, "%s", why);
	return TKFI_STOP;
}

/* Everybody who is awake goes on from here, @first first. */
static int branch_out(struct tkfi_dpor *d, struct node *node,
		      unsigned long awake, unsigned int first)
{
	u32 *link = &node->tree;
	unsigned int i;

	for_each_set_bit(i, &awake, d->engine->nr_vcpus) {
		u32 t;

		if (i == first)
			continue;
		t = new_tree(d);
		if (!t)
			return -ENOMEM;
		d->tree[t] = (struct tree){
			.vcpu = i,
			.touch = touch_of(&d->engine->vcpus[i]),
		};
		*link = t;
		link = &d->tree[t].sibling;
	}
	return 0;
}

/* Is this execution to be counted? Those too short to be divided are the first part's. */
static bool is_ours(const struct tkfi_dpor *d)
{
	bool divided = d->depth > d->split ||
		       (d->depth == d->split && d->nodes[d->split].visited);

	return !d->split || (divided ? !d->skipped : !d->search.options.part);
}

/* Is the beginning that ends here another part's? While they are counted all are. */
static bool is_anothers(struct tkfi_dpor *d, struct node *node)
{
	const struct tkfi_search_options *options = &d->search.options;

	if (node->visited)
		return false;
	node->visited = true;
	d->skipped = d->beginnings++ % options->parts != options->part || d->counting;
	return d->skipped;
}

/* An execution begins at the start: for that there is no snapshot yet. */
static void dpor_begin(struct tkfi_strategy *s, struct tkfi_engine *engine)
{
	struct tkfi_dpor *d = container_of(s, struct tkfi_dpor, strategy);

	tkfi_checkpoints_begin(&d->search.checkpoints, d->search.checkpoints.most);
}

static unsigned int dpor_next(struct tkfi_strategy *s,
			      struct tkfi_engine *engine, unsigned long ready)
{
	struct tkfi_dpor *d = container_of(s, struct tkfi_dpor, strategy);
	unsigned int k = d->depth, p, i;
	struct node *node = &d->nodes[k];
	unsigned long awake;
	struct event *e;

	tkfi_checkpoint(&d->search.checkpoints, engine, k);
	if (k < d->known) {
		p = d->events[k].vcpu;
		if (!same(d->events[k].touch, touch_of(&engine->vcpus[p])))
			return stop(d, -EPROTO,
				    "[tkfi internal bug] an execution was not the same again");
		d->depth++;
		return p;
	}
	if (k == TKFI_MAX_STEPS)
		return stop(d, -E2BIG, "an execution has too many steps");
	if (k == d->split && d->split && is_anothers(d, node))
		return TKFI_STOP;
	if (node->tree) {
		const struct tree *t = &d->tree[take_branch(d, node)];

		p = t->vcpu;
		if (!same(t->touch, touch_of(&engine->vcpus[p])))
			return stop(d, -EPROTO,
				    "[tkfi internal bug] a VCPU does something else than before");
	} else {
		awake = ready & ~node->asleep;
		node->subtree = 0;
		if (!awake)
			return TKFI_STOP;
		p = awake & BIT(engine->last->id) ? engine->last->id :
						    __ffs(awake);
		if (k < d->split && branch_out(d, node, awake, p))
			return stop(d, -ENOMEM, too_big);
	}
	e = &d->events[k];
	make_event(e, &engine->vcpus[p]);
	if (order(d, e, &engine->vcpus[p].next, k))
		return stop(d, -E2BIG, "an execution has too many races");
	d->last_of[p] = k;
	for (i = 0; i < nr_cells(e->touch); i++)
		d->last_at[nth_cell(e->touch, i)] = k;

	node[1].asleep = 0;
	node[1].visited = false;
	for (i = 0; i < engine->nr_vcpus; i++) {
		if (!(node->asleep & BIT(i)) || dependent(node->touch[i], e->touch))
			continue;
		node[1].asleep |= BIT(i);
		node[1].touch[i] = node->touch[i];
	}
	node[1].tree = node->subtree;
	d->depth++;
	d->known = d->depth;
	return p;
}

/* A step of a sequence of steps. */
struct move {
	u8 vcpu;
	struct touch touch;
};

/*
 * Can @vcpu, whose next step from here is @touch, begin a sequence equivalent to
 * @v, or to one that @v begins? (The paper's initials, and weak ones.) If that step
 * is in @v, *@at is its place, else @nr. Within a part it must be in @v: what conflicts
 * with it and comes after @v would be found by races with beginnings of other parts.
 */
static bool can_begin(const struct tkfi_dpor *d, const struct move *v,
		      unsigned int nr, unsigned int vcpu, struct touch touch,
		      unsigned int *at)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (v[i].vcpu == vcpu)
			break;
		if (dependent(v[i].touch, touch))
			return false;
	}
	*at = i;
	return i < nr || !d->split;
}

/* Add @v to a node's wakeup tree, unless that has it. */
static int insert(struct tkfi_dpor *d, struct node *node, struct move *v,
		  unsigned int nr)
{
	u32 *link = &node->tree;
	bool at_root = true;
	unsigned int at, i;

	while (nr) {
		struct tree *t;

		if (!at_root && !*link)
			return 0;	/* a leaf: all that begins so will come */
		for (; *link; link = &t->sibling) {
			t = &d->tree[*link];
			if (can_begin(d, v, nr, t->vcpu, t->touch, &at))
				break;
		}
		if (!*link)
			break;
		if (at < nr) {
			memmove(v + at, v + at + 1, (nr - at - 1) * sizeof(*v));
			nr--;
		}
		link = &t->child;
		at_root = false;
	}
	for (i = 0; i < nr; i++) {
		u32 t = new_tree(d);

		if (!t)
			return tkfi_search_fail(&d->search, -ENOMEM, "%s", too_big);
		d->tree[t] = (struct tree){
			.vcpu = v[i].vcpu,
			.touch = v[i].touch,
		};
		*link = t;
		link = &d->tree[t].child;
	}
	return 0;
}

/* See to it that a race is explored the other way round. */
static int reverse(struct tkfi_dpor *d, const struct race *race)
{
	static struct move v[TKFI_MAX_STEPS + 1];
	const struct event *first = &d->events[race->first];
	const struct event *second = &d->events[race->second];
	struct node *node = &d->nodes[race->first];
	unsigned int nr = 0, i, at;

	/* Up to there everybody goes on anyway. */
	if (race->first < d->split)
		return 0;
	for (i = race->first + 1; i < d->depth; i++) {
		const struct event *e = &d->events[i];

		if (!before(d, first, e))
			v[nr++] = (struct move){ e->vcpu, e->touch };
	}
	v[nr++] = (struct move){ second->vcpu, second->touch };

	for (i = 0; i < d->engine->nr_vcpus; i++)
		if (node->asleep & BIT(i) &&
		    can_begin(d, v, nr, i, node->touch[i], &at))
			return 0;
	return insert(d, node, v, nr);
}

/* After an execution: what else has to be explored because of it. */
static int reverse_races(struct tkfi_dpor *d)
{
	unsigned int i;
	int ret = 0;

	/* Those who wait for ever might have been first. */
	for (i = 0; i < d->engine->nr_vcpus && !ret; i++) {
		const struct tkfi_vcpu *v = &d->engine->vcpus[i];

		if (v->done)
			continue;
		make_event(&d->events[d->depth], v);
		ret = order(d, &d->events[d->depth], &v->next, d->depth);
		while (!ret && d->nr_races &&
		       d->races[d->nr_races - 1].second == d->depth)
			ret = reverse(d, &d->races[--d->nr_races]);
	}
	for (i = 0; i < d->nr_races && !ret; i++)
		ret = reverse(d, &d->races[i]);
	d->nr_races = 0;
	return ret;
}

/* Back to the last choice with something left. Returns false if there is none. */
static bool backtrack(struct tkfi_dpor *d)
{
	while (d->depth--) {
		const struct event *e = &d->events[d->depth];
		struct node *node = &d->nodes[d->depth];
		unsigned int i;

		d->last_of[e->vcpu] = e->prev_same;
		for (i = 0; i < nr_cells(e->touch); i++)
			d->last_at[nth_cell(e->touch, i)] = e->prev[i];
		node->asleep |= BIT(e->vcpu);
		node->touch[e->vcpu] = e->touch;
		if (node->tree)
			return true;
	}
	return false;
}

/* All of it from the start. */
static void forget(struct tkfi_dpor *d)
{
	d->depth = 0;
	d->known = 0;
	d->nr_races = 0;
	memset(d->last_of, 0xff, sizeof(d->last_of));
	memset(d->last_at, 0xff, sizeof(d->last_at));
	d->nodes[0] = (struct node){};
	d->beginnings = 0;
	d->skipped = false;
	d->free_tree = 0;
	d->nr_tree = 1;
	tkfi_checkpoints_drop(&d->search.checkpoints);
	tkfi_cells_begin();
}

static void dpor_search_begin(struct tkfi_search *search)
{
	struct tkfi_dpor *d = to_dpor(search);

	d->counting = search->options.parts > 1;
	d->split = d->counting;
	d->counted = 0;
	forget(d);
}

/* From the last snapshot before the choice that backtrack() found, if there is one. */
static const struct tkfi_snapshot *dpor_start(struct tkfi_search *search, u64 *replayed)
{
	struct tkfi_dpor *d = to_dpor(search);
	const struct tkfi_snapshot *from = NULL;

	d->known = d->depth;
	d->depth = 0;
	d->ret = 0;
	if (search->checkpoints.nr)
		from = tkfi_checkpoints_back(&search->checkpoints, d->known, &d->depth);
	if (!d->counting)
		*replayed += d->known - d->depth;
	d->new_from = d->known;
	return from;
}

static int dpor_executed(struct tkfi_search *search, struct tkfi_executed *e)
{
	struct tkfi_dpor *d = to_dpor(search);

	if (d->ret)
		return d->ret;
	if (d->counting) {
		e->steps = 0;
		e->length = 0;
		return TKFI_NOT_COUNTED;
	}
	e->steps = d->depth - d->new_from;
	e->length = d->depth;
	d->order.nr = d->depth;
	/* Steps are not in the log if nobody else uses their cells. */
	e->order = d->depth == d->engine->nr_log ? &d->order : NULL;
	if (!is_ours(d))
		return TKFI_NOT_COUNTED;
	return e->ret == -ECANCELED ? TKFI_REDUNDANT : TKFI_COUNTS;
}

/*
 * How deep to divide, so that each part has its share, is tried: all beginnings of so
 * many steps are met, and none is gone on with. Returns whether to try the next depth.
 */
static bool divide_deeper(struct tkfi_dpor *d)
{
	const u64 counted = d->counted;

	d->counted = d->beginnings;
	if (d->beginnings >= SHARES * d->search.options.parts ||
	    d->beginnings < counted || d->split == MAX_SPLIT)
		return false;
	d->split++;
	return true;
}

static int dpor_next_execution(struct tkfi_search *search)
{
	struct tkfi_dpor *d = to_dpor(search);
	int ret = reverse_races(d);

	d->skipped = false;
	if (ret)
		return ret;
	if (backtrack(d))
		return 1;
	if (!d->counting)
		return 0;
	d->counting = divide_deeper(d);
	forget(d);
	return 1;
}

static void dpor_keep(struct tkfi_search *search, struct tkfi_saved *keep)
{
	struct tkfi_dpor *d = to_dpor(search);

	tkfi_saved_move(keep, &d->depth, sizeof(d->depth));
	tkfi_saved_move(keep, &d->counting, sizeof(d->counting));
	tkfi_saved_move(keep, &d->counted, sizeof(d->counted));
	tkfi_saved_move(keep, &d->split, sizeof(d->split));
	tkfi_saved_move(keep, &d->beginnings, sizeof(d->beginnings));
	tkfi_saved_move(keep, &d->free_tree, sizeof(d->free_tree));
	tkfi_saved_move(keep, &d->nr_tree, sizeof(d->nr_tree));
	if (keep->failed || d->depth > TKFI_MAX_STEPS || d->nr_tree > TREE_NODES) {
		keep->failed = true;
		return;
	}
	tkfi_saved_move(keep, d->tree, d->nr_tree * sizeof(d->tree[0]));
	tkfi_saved_move(keep, d->nodes, (d->depth + 1) * sizeof(d->nodes[0]));
	tkfi_saved_move(keep, d->events, d->depth * sizeof(d->events[0]));
	tkfi_saved_move(keep, d->order.nth, d->depth * sizeof(d->order.nth[0]));
	tkfi_saved_move(keep, d->order.clock, d->depth * sizeof(d->order.clock[0]));
	tkfi_saved_move(keep, d->last_of, sizeof(d->last_of));
	tkfi_saved_move(keep, d->last_at, sizeof(d->last_at));
}

static int dpor_init(struct tkfi_search *search)
{
	struct tkfi_dpor *d = to_dpor(search);

	d->engine = search->engine;
	d->strategy.wants = TKFI_WANTS_ACCESSES;
	d->strategy.begin = dpor_begin;
	d->strategy.next = dpor_next;
	search->strategy = &d->strategy;
	return 0;
}

const struct tkfi_search_type tkfi_dpor_search = {
	.size = sizeof(struct tkfi_dpor),
	.takes = TKFI_TAKES_PARTS,
	.exhaustive = true,
	.each_class = true,
	.backtracks = true,
	.init = dpor_init,
	.begin = dpor_search_begin,
	.start = dpor_start,
	.executed = dpor_executed,
	.next_execution = dpor_next_execution,
	.keep = dpor_keep,
};

// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/jhash.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "blocking.h"
#include "preempt.h"
#include "shrink.h"

#define MAX_NODES	8192
#define HASH_SIZE	1024
#define NONE		U16_MAX

/**
 * struct node - a prefix of an order of the events
 * @done:	how many events of each VCPU it has
 * @last:	id of the VCPU of the last one; TKFI_MAX_VCPUS at the start
 * @from:	number of the node one turn before
 * @same:	number of another node with the same hash, or NONE
 * @cost:	of its turns; does not count that @last is preempted at its end
 */
struct node {
	u16 done[TKFI_MAX_VCPUS];
	u16 last;
	u16 from;
	u16 same;
	struct tkfi_cost cost;
};

/**
 * struct search - what is searched, and the nodes found so far
 * @needed:	VCPUs with events that the goal depends on, BIT(id) each
 * @of_vcpu:	numbers of the events of each VCPU
 * @nr:		how many each has
 * @between:	for each VCPU and number of its events that are done, whether it is between
 *		two operations then
 */
static struct search {
	const struct tkfi_engine *engine;
	const struct tkfi_happens_before *hb;
	const struct tkfi_goal *goal;
	unsigned int host;
	unsigned long needed;
	u16 of_vcpu[TKFI_MAX_VCPUS][TKFI_MAX_EVENTS];
	unsigned int nr[TKFI_MAX_VCPUS];
	bool between[TKFI_MAX_VCPUS][TKFI_MAX_EVENTS + 1];
	struct node nodes[MAX_NODES];
	unsigned int nr_nodes;
	u16 hash[HASH_SIZE];
} search;

bool tkfi_cost_less(const struct tkfi_cost *a, const struct tkfi_cost *b)
{
	if (a->preemptions != b->preemptions)
		return a->preemptions < b->preemptions;
	if (a->delays != b->delays)
		return a->delays < b->delays;
	return a->turns < b->turns;
}

/*
 * Can the next event of @vcpu come after @done events in an order of the class, and the
 * goal?
 */
static bool can_step(const struct search *s, const u16 *done, unsigned int vcpu)
{
	const struct tkfi_goal *goal = s->goal;
	const u16 *clock;
	unsigned int i;

	if (done[vcpu] == s->nr[vcpu])
		return false;
	if (goal->to && vcpu == goal->second && done[vcpu] + 1 >= goal->from &&
	    done[goal->first] < goal->nth)
		return false;
	clock = s->hb->clock[s->of_vcpu[vcpu][done[vcpu]]];
	for (i = 0; i < s->engine->nr_vcpus; i++)
		if (i != vcpu && done[i] < clock[i])
			return false;
	return true;
}

/* Would @vcpu have to wait before its next event, or for the end of its NMI? */
static bool has_to_wait(const struct search *s, const u16 *done,
			unsigned int vcpu)
{
	const struct tkfi_event *log = s->engine->log;
	const struct tkfi_vcpu *v = &s->engine->vcpus[vcpu];
	int readers[TKFI_MAX_VCPUS] = {}, held = 0, interrupted = 0;
	struct tkfi_transition next = v->next;
	unsigned int i, stores = 0;

	/* Nobody waits between two operations. */
	if (s->between[vcpu][done[vcpu]])
		return false;
	/* After its last event, it may wait for ever. */
	if (done[vcpu] < s->nr[vcpu]) {
		const struct tkfi_event *event = &log[s->of_vcpu[vcpu][done[vcpu]]];

		next = (struct tkfi_transition){
			.kind = event->kind,
			.cell = event->cell,
		};
	}
	for (i = 0; i < s->hb->nr; i++) {
		if (s->hb->nth[i] > done[log[i].vcpu])
			continue;
		if (v->cpu && log[i].cell == v->cpu) {
			interrupted += log[i].kind == TKFI_TRANS_LOCK;
			interrupted -= log[i].kind == TKFI_TRANS_UNLOCK;
		}
		if (log[i].cell != next.cell)
			continue;
		held += log[i].kind == TKFI_TRANS_LOCK;
		held -= log[i].kind == TKFI_TRANS_UNLOCK;
		stores += log[i].kind == TKFI_TRANS_STORE;
		readers[log[i].vcpu] += log[i].kind == TKFI_TRANS_BEGIN;
		readers[log[i].vcpu] -= log[i].kind == TKFI_TRANS_CHECK;
	}
	if (interrupted)
		return true;
	switch (next.kind) {
	case TKFI_TRANS_LOCK:
		return held;
	case TKFI_TRANS_AWAIT:
		return true;
	case TKFI_TRANS_BEGIN:
		/* It is even at first. */
		return tkfi_value_blocks(&next, stores);
	case TKFI_TRANS_STORE:
		for (i = 0; i < s->engine->nr_vcpus; i++)
			if (i != vcpu && readers[i])
				return tkfi_writers_wait(next.cell);
		return false;
	default:
		return false;
	}
}

static enum tkfi_whereabouts whereabouts(const struct search *s, const u16 *done,
					 unsigned int vcpu)
{
	if (!s->between[vcpu][done[vcpu]])
		return TKFI_AMID;
	return done[vcpu] == s->nr[vcpu] ? TKFI_ENDED : TKFI_BETWEEN;
}

/* The VCPU that would be preempted if another one went on after a node, or NULL. */
static const struct tkfi_vcpu *under_way(const struct search *s,
					 const struct node *node)
{
	const struct tkfi_vcpu *last, *victim;

	if (node->last == TKFI_MAX_VCPUS)
		return NULL;
	last = &s->engine->vcpus[node->last];
	victim = last->interrupts;
	last = tkfi_under_way(last, whereabouts(s, node->done, last->id),
			      victim ? whereabouts(s, node->done, victim->id) :
				       TKFI_BETWEEN);
	return last && !has_to_wait(s, node->done, last->id) ? last : NULL;
}

static bool at_goal(const struct search *s, const u16 *done)
{
	const struct tkfi_goal *goal = s->goal;
	unsigned int i;

	if (goal->to)
		return done[goal->first] >= goal->nth &&
		       done[goal->second] >= goal->to;
	for (i = 0; i < s->engine->nr_vcpus; i++)
		if (i != s->host && done[i] < s->nr[i])
			return false;
	return true;
}

/* Add a node. Returns NONE if it is known at no higher cost, or if there is no room. */
static u16 add_node(struct search *s, const struct node *node)
{
	u16 *head = &s->hash[jhash(node->done, sizeof(node->done), node->last) %
			     HASH_SIZE];
	u16 i;

	for (i = *head; i != NONE; i = s->nodes[i].same)
		if (s->nodes[i].last == node->last &&
		    !memcmp(s->nodes[i].done, node->done, sizeof(node->done)) &&
		    !tkfi_cost_less(&node->cost, &s->nodes[i].cost))
			return NONE;
	if (s->nr_nodes == MAX_NODES)
		return NONE;
	s->nodes[s->nr_nodes] = *node;
	s->nodes[s->nr_nodes].same = *head;
	*head = s->nr_nodes;
	return s->nr_nodes++;
}

/*
 * Add the nodes that one more turn of @vcpu after a node can end at. Returns the one at the
 * goal if it costs less than @least, else NONE.
 */
static u16 take_turn(struct search *s, u16 from, unsigned int vcpu,
		     bool preempting, const struct tkfi_cost *least)
{
	struct node node = s->nodes[from];

	node.from = from;
	node.last = vcpu;
	node.cost.preemptions += preempting;
	node.cost.turns++;
	while (can_step(s, node.done, vcpu)) {
		node.done[vcpu]++;
		node.cost.delays += vcpu == s->host;
		if (!tkfi_cost_less(&node.cost, least))
			return NONE;
		if (at_goal(s, node.done))
			return add_node(s, &node);
		if (s->between[vcpu][node.done[vcpu]] ||
		    !can_step(s, node.done, vcpu))
			add_node(s, &node);
	}
	return NONE;
}

static void init(struct search *s, const struct tkfi_boundaries *b)
{
	const struct tkfi_goal *goal = s->goal;
	const struct tkfi_event *log = s->engine->log;
	unsigned int i, j;

	memset(s->nr, 0, sizeof(s->nr));
	memset(s->hash, 0xff, sizeof(s->hash));
	for (i = 0; i < s->hb->nr; i++)
		s->of_vcpu[log[i].vcpu][s->nr[log[i].vcpu]++] = i;
	for (i = 0; i < s->engine->nr_vcpus; i++)
		memset(s->between[i], 0, (s->nr[i] + 1) * sizeof(bool));
	for (i = 0; i < b->nr_vcpus; i++) {
		for (j = 0; j < b->nr[i]; j++)
			s->between[i][b->from[i][j]] = true;
		s->between[i][s->nr[i]] |= s->engine->vcpus[i].done;
	}
	s->host = b->host;
	s->needed = 0;
	for (i = 0; i < s->engine->nr_vcpus; i++) {
		const u16 *first, *second;

		if (!goal->to) {
			s->needed |= BIT(i);
			continue;
		}
		second = s->hb->clock[s->of_vcpu[goal->second][goal->to - 1]];
		first = goal->nth ?
			s->hb->clock[s->of_vcpu[goal->first][goal->nth - 1]] :
			second;
		if (first[i] || second[i])
			s->needed |= BIT(i);
	}
	s->nodes[0] = (struct node){ .last = TKFI_MAX_VCPUS, .same = NONE };
	s->nr_nodes = 1;
}

/* Convert a node to the order that led to it. */
static void write_down(const struct search *s, u16 at, struct tkfi_shrunk *shrunk)
{
	static u16 path[TKFI_MAX_EVENTS];
	u16 done[TKFI_MAX_VCPUS] = {};
	bool second_turn = true;
	unsigned int depth = 0, i;
	u16 n;

	shrunk->cost = s->nodes[at].cost;
	for (n = at; n; n = s->nodes[n].from)
		path[depth++] = n;
	shrunk->nr = 0;
	shrunk->stopped = 0;
	while (depth--) {
		const struct node *node = &s->nodes[path[depth]];
		const struct node *before = &s->nodes[node->from];

		if (before->last < TKFI_MAX_VCPUS) {
			unsigned int who = node->last;

			if (node->cost.preemptions > before->cost.preemptions)
				who = under_way(s, before)->id;
			if (who != node->last || second_turn)
				shrunk->stopped = s->of_vcpu[who][done[who]];
			second_turn = false;
		}
		while (done[node->last] < node->done[node->last])
			shrunk->events[shrunk->nr++] =
				s->of_vcpu[node->last][done[node->last]++];
	}
	for (i = 0, n = shrunk->nr; i < s->hb->nr; i++)
		if (s->hb->nth[i] > done[s->engine->log[i].vcpu])
			shrunk->events[n++] = i;
}

bool tkfi_shrink(const struct tkfi_engine *engine, const struct tkfi_happens_before *hb,
		 const struct tkfi_boundaries *b, const struct tkfi_goal *goal,
		 struct tkfi_shrunk *shrunk)
{
	struct search *s = &search;
	struct tkfi_cost least = shrunk->cost;
	u16 best, found;
	unsigned int i, vcpu;

	s->engine = engine;
	s->hb = hb;
	s->goal = goal;
	init(s, b);
	/* The start may be at the goal. */
	best = at_goal(s, s->nodes[0].done) ? 0 : NONE;
	if (!best)
		least = s->nodes[0].cost;
	/* In the order of their number of turns; a node is added again if it costs less. */
	for (i = 0; i < s->nr_nodes; i++) {
		const struct node *node = &s->nodes[i];
		const struct tkfi_vcpu *last;

		if (!tkfi_cost_less(&node->cost, &least))
			continue;
		last = under_way(s, node);
		for_each_set_bit(vcpu, &s->needed, engine->nr_vcpus) {
			if (vcpu == node->last)
				continue;
			found = take_turn(s, i, vcpu,
					  tkfi_preempts(last, &engine->vcpus[vcpu]),
					  &least);
			if (found != NONE) {
				best = found;
				least = s->nodes[found].cost;
			}
		}
	}
	shrunk->incomplete = s->nr_nodes == MAX_NODES;
	if (best != NONE)
		write_down(s, best, shrunk);
	return best != NONE;
}

// SPDX-License-Identifier: GPL-2.0
#include <linux/bitops.h>
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/stringify.h>

#include "cells.h"
#include "schedule.h"
#include "search.h"

/* Let a turn end before a transition of this kind and these cells. */
static void stop_before(struct tkfi_turn *turn, enum tkfi_transition_kind kind,
			unsigned int cell, unsigned int nr_cells)
{
	turn->before = true;
	strscpy(turn->kind, tkfi_transition_kind_name(kind), sizeof(turn->kind));
	tkfi_cell_name(cell, nr_cells, turn->name, sizeof(turn->name));
}

static bool is_called_alike(enum tkfi_transition_kind a, enum tkfi_transition_kind b)
{
	return !strcmp(tkfi_transition_kind_name(a), tkfi_transition_kind_name(b));
}

static bool is_met(const struct tkfi_turn *turn, const struct tkfi_transition *next)
{
	char name[sizeof(turn->name)];

	if (!next->nr_cells || strcmp(turn->kind, tkfi_transition_kind_name(next->kind)))
		return false;
	tkfi_cell_name(next->cell, next->nr_cells, name, sizeof(name));
	return !strcmp(turn->name, name);
}

static int print_turn(const struct tkfi_turn *turn, const char *word, char *buf,
		      size_t size)
{
	char hit[16] = "";

	if (turn->hit > 1)
		snprintf(hit, sizeof(hit), "#%u", turn->hit);
	return snprintf(buf, size, " %s %s %s%s", word, turn->kind, turn->name, hit);
}

static unsigned int diverged(struct tkfi_schedule *s, struct tkfi_engine *engine,
			     enum tkfi_misfit misfit)
{
	const struct tkfi_turn *turn = &s->turns[s->at];
	char at[80];

	print_turn(turn, "before its", at, sizeof(at));
	if (tkfi_cells_have(turn->name)) {
		s->wrong = turn->at;
		s->misfit = misfit;
		snprintf(engine->error, sizeof(engine->error),
			 "the schedule does not fit: in turn %u %s %s%s",
			 s->at + 1, s->names[turn->vcpu],
			 misfit == TKFI_ENDED ? "ended" : "has to wait", at);
	} else {
		s->wrong = turn->name_at;
		s->misfit = TKFI_NO_SUCH_NAME;
		snprintf(engine->error, sizeof(engine->error),
			 "the schedule does not fit: nothing is called %s in this execution",
			 turn->name);
	}
	return TKFI_STOP;
}

static unsigned int schedule_next(struct tkfi_strategy *strategy,
				  struct tkfi_engine *engine,
				  unsigned long ready)
{
	struct tkfi_schedule *s =
		container_of(strategy, struct tkfi_schedule, strategy);

	for (; s->at < s->nr_turns; s->at++, s->seen = 0, s->moved = false) {
		const struct tkfi_turn *turn = &s->turns[s->at];
		const struct tkfi_vcpu *v = &engine->vcpus[turn->vcpu];

		if (v->done) {
			if (turn->before)
				return diverged(s, engine, TKFI_ENDED);
			continue;
		}
		/*
		 * The transition that a VCPU stands before when its turn begins ended the
		 * turn before. It counts only if it is the first one of the VCPU.
		 */
		if (turn->before && (s->moved || !v->nr_events) &&
		    is_met(turn, &v->next) && ++s->seen == turn->hit)
			continue;
		if (!(ready & BIT(turn->vcpu))) {
			if (turn->before)
				return diverged(s, engine, TKFI_HAS_TO_WAIT);
			continue;
		}
		s->moved = true;
		return turn->vcpu;
	}
	return __ffs(ready);
}

static void schedule_begin(struct tkfi_strategy *strategy,
			   struct tkfi_engine *engine)
{
	struct tkfi_schedule *s =
		container_of(strategy, struct tkfi_schedule, strategy);

	s->at = 0;
	s->seen = 0;
	s->moved = false;
	s->misfit = TKFI_FITS;
}

static void init(struct tkfi_schedule *s)
{
	s->strategy.wants = TKFI_WANTS_ACCESSES;
	s->strategy.begin = schedule_begin;
	s->strategy.next = schedule_next;
	s->nr_turns = 0;
}

/* Note what is wrong with a schedule, and that it is wrong at @at in @text. */
static int refuse(struct tkfi_schedule *s, const char *text, const char *at,
		  const char *what, char *err, size_t size)
{
	s->wrong = at - text;
	strscpy(err, what, size);
	return -EINVAL;
}

/* A word up to a blank, a comma, "#" or the end. */
static size_t word_length(const char *p)
{
	return strcspn(p, " ,#");
}

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " ");
}

/* The VCPU that is called so; @s->nr_vcpus if there is none. */
static unsigned int find_vcpu(const struct tkfi_schedule *s, const char *name,
			      size_t len)
{
	unsigned int i;

	for (i = 0; i < s->nr_vcpus; i++)
		if (strlen(s->names[i]) == len &&
		    !strncmp(s->names[i], name, len))
			break;
	return i;
}

int tkfi_schedule_parse(struct tkfi_schedule *s, const char *text, char *err,
			size_t size)
{
	const char *p = skip_blanks(text);
	bool is_over = false;
	size_t len;

	init(s);
	while (*p) {
		struct tkfi_turn *turn = &s->turns[s->nr_turns];

		if (s->nr_turns == TKFI_MAX_TURNS)
			return refuse(s, text, p, "too many turns; "
				      __stringify(TKFI_MAX_TURNS)
				      " are possible", err, size);
		*turn = (struct tkfi_turn){ .hit = 1, .at = p - text };
		len = word_length(p);
		turn->vcpu = find_vcpu(s, p, len);
		if (turn->vcpu == s->nr_vcpus)
			return refuse(s, text, p,
				      "no such VCPU; write cpuN, nmiN or host",
				      err, size);
		/* It waits for nobody. */
		if (is_over && !strcmp(s->names[turn->vcpu], "host"))
			return refuse(s, text, p,
				      "the host's turn before this one went on to its end: all its delays are over",
				      err, size);
		p = skip_blanks(p + len);
		if (!strncmp(p, "before ", 7)) {
			turn->before = true;
			p = skip_blanks(p + 7);
			len = word_length(p);
			if (len >= sizeof(turn->kind))
				len = 0;
			memcpy(turn->kind, p, len);
			if (strcmp(turn->kind, "load") &&
			    strcmp(turn->kind, "store") &&
			    strcmp(turn->kind, "lock") &&
			    strcmp(turn->kind, "unlock"))
				return refuse(s, text, p,
					      "no such step; write load, store, lock or unlock",
					      err, size);
			p = skip_blanks(p + len);
			len = word_length(p);
			if (!len || len >= sizeof(turn->name))
				return refuse(s, text, p,
					      "a name is expected, as in store vdso.seq",
					      err, size);
			memcpy(turn->name, p, len);
			turn->name_at = p - text;
			p += len;
			if (*p == '#') {
				char number[12] = {};

				len = word_length(++p);
				if (len < sizeof(number))
					memcpy(number, p, len);
				if (!isdigit(*p) ||
				    kstrtouint(number, 10, &turn->hit) ||
				    !turn->hit)
					return refuse(s, text, p,
						      "a number is expected, from 1 to 4294967295",
						      err, size);
				p += len;
			}
			p = skip_blanks(p);
		} else {
			is_over |= !strcmp(s->names[turn->vcpu], "host");
		}
		if (*p && *p != ',')
			return refuse(s, text, p,
				      "a comma or the end is expected", err,
				      size);
		s->nr_turns++;
		if (*p)
			p = skip_blanks(p + 1);
	}
	return 0;
}

/*
 * Drop last turns that say what happens anyhow: after the last turn, VCPUs go on one after
 * another, the lowest id first. @left has BIT(id) for each that has not come to its end.
 */
static void drop_the_obvious(struct tkfi_schedule *s, unsigned long left)
{
	while (s->nr_turns) {
		const struct tkfi_turn *last = &s->turns[s->nr_turns - 1];

		if (last->before || left & (BIT(last->vcpu) - 1))
			break;
		left |= BIT(last->vcpu);
		s->nr_turns--;
	}
}

int tkfi_schedule_of(struct tkfi_schedule *s, const struct tkfi_engine *engine,
		     const u16 *order, unsigned int nr)
{
	bool begun[TKFI_MAX_VCPUS] = {};
	unsigned long left = 0;
	unsigned int i, j, k;

	init(s);
	for (i = 0; i < nr; i = j) {
		const struct tkfi_event *first, *next = NULL, *event;
		const struct tkfi_vcpu *v;
		struct tkfi_event waiting;
		struct tkfi_turn *turn = &s->turns[s->nr_turns];

		first = &engine->log[order ? order[i] : i];
		for (j = i; j < nr; j++)
			if (engine->log[order ? order[j] : j].vcpu != first->vcpu)
				break;
		if (s->nr_turns++ == TKFI_MAX_TURNS)
			return -E2BIG;
		*turn = (struct tkfi_turn){ .vcpu = first->vcpu, .hit = 1 };
		for (k = j; k < engine->nr_log && !next; k++) {
			event = &engine->log[order ? order[k] : k];
			if (event->vcpu == first->vcpu)
				next = event;
		}
		/* A VCPU that waits for ever stops before what it waits to do. */
		v = &engine->vcpus[first->vcpu];
		waiting = (struct tkfi_event){
			.vcpu = v->id,
			.kind = v->next.kind,
			.nr_cells = v->next.nr_cells,
			.cell = v->next.cell,
		};
		if (!next && !v->done && waiting.nr_cells)
			next = &waiting;
		/* It is of no interest where the last turn of the schedule ends. */
		if (next && (j < nr || !v->done)) {
			stop_before(turn, next->kind, next->cell,
				    next->nr_cells);
			/* As in schedule_next(), which transitions count. */
			for (k = i + begun[first->vcpu]; k < j; k++) {
				event = &engine->log[order ? order[k] : k];
				turn->hit += event->cell == next->cell &&
					     event->nr_cells == next->nr_cells &&
					     is_called_alike(event->kind, next->kind);
			}
		}
		begun[first->vcpu] = true;
	}
	for (; i < engine->nr_log; i++)
		left |= BIT(engine->log[order ? order[i] : i].vcpu);
	drop_the_obvious(s, left);
	return 0;
}

int tkfi_schedule_print(const struct tkfi_schedule *s, char *buf, size_t size)
{
	unsigned int i;
	int len = 0;

	if (size)
		buf[0] = '\0';
	for (i = 0; i < s->nr_turns; i++) {
		const struct tkfi_turn *turn = &s->turns[i];

		len += snprintf(buf + min_t(size_t, len, size),
				size - min_t(size_t, len, size), "%s%s",
				i ? ", " : "", s->names[turn->vcpu]);
		if (turn->before)
			len += print_turn(turn, "before",
					  buf + min_t(size_t, len, size),
					  size - min_t(size_t, len, size));
	}
	return len;
}

static const struct tkfi_snapshot *replay_start(struct tkfi_search *search, u64 *replayed)
{
	search->strategy = &search->options.schedule->strategy;
	return NULL;
}

const struct tkfi_search_type tkfi_replay_search = {
	.size = sizeof(struct tkfi_search),
	.takes = TKFI_TAKES_SCHEDULE,
	.begin_execution = replay_start,
};

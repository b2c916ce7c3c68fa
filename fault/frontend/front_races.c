// SPDX-License-Identifier: GPL-2.0
/* One step of a story beside readers: all interleavings, from every state that stories reach. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <os.h>

#include "front_races.h"
#include "report.h"
#include "result.h"

#define MAX_KINDS	256

/**
 * struct kind - violations of one kind: the same oracle, rule, reader and cause, by one step
 * @finding:	the first one
 * @step:	which step it was
 * @order:	where the first one is among all of all parts
 * @times:	how many there are, in all races
 * @text:	the first race
 * @schedule:	its turns
 */
struct kind {
	struct tkfi_finding finding;
	unsigned int step;
	u64 order;
	u64 times;
	char *text;
	char *schedule;
};

/* What comes of the races by one clock. */
static struct {
	struct kind kinds[MAX_KINDS];
	unsigned int nr_kinds;
	u64 nr_new;
	u64 not_kept;
	u64 order;
	u64 done;
	u64 of;
	u64 classes;
	u64 incomplete;
	s64 began;
	s64 reported;
} now;

static bool is_too_long(const char *text)
{
	unsigned int nr = 1;
	const char *comma;

	for (comma = strchr(text, ','); comma; comma = strchr(comma + 1, ','))
		nr++;
	return nr > TKFI_MAX_OPS || strlen(text) > TKFI_PLAN_TEXT - 16;
}

int tkfi_races_add(struct tkfi_races *races, const char *text, const unsigned long *possible)
{
	struct tkfi_races_state *state;

	if (is_too_long(text)) {
		races->left_out++;
		return 0;
	}
	if (races->nr_states == races->room) {
		const unsigned int room = 2 * races->room ?: 256;
		struct tkfi_races_state *states = vzalloc(room * sizeof(*states));

		if (!states)
			return -ENOMEM;
		memcpy(states, races->states, races->nr_states * sizeof(*states));
		vfree(races->states);
		races->states = states;
		races->room = room;
	}
	state = &races->states[races->nr_states];
	bitmap_copy(state->possible, possible, U8_MAX);
	state->text = kstrdup(text, GFP_KERNEL);
	races->nr_states += !!state->text;
	return state->text ? 0 : -ENOMEM;
}

int tkfi_races_add_steps(struct tkfi_races *races, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		const char *text = tkfi_subject->steps->beside(i);

		if (!text)
			continue;
		races->steps[i] = kstrdup(text, GFP_KERNEL);
		if (!races->steps[i])
			return -ENOMEM;
	}
	return 0;
}

void tkfi_races_free(struct tkfi_races *races)
{
	unsigned int i;

	while (races->nr_states)
		kfree(races->states[--races->nr_states].text);
	vfree(races->states);
	for (i = 0; i < U8_MAX; i++)
		kfree(races->steps[i]);
	memset(races, 0, sizeof(*races));
}

static void say_progress(void)
{
	now.reported = os_nsecs();
	tkfi_result("\"type\":\"story_racing\",\"clock\":\"%s\",\"done\":%llu,\"of\":%llu,\"classes\":%llu,\"new\":%llu,\"ns\":%llu",
		    tkfi_subject->clocks[tkfi_subject_clock], now.done, now.of, now.classes,
		    now.nr_new, now.reported - now.began);
}

static struct kind *kind_of(const struct tkfi_finding *f, unsigned int step)
{
	unsigned int i;

	for (i = 0; i < now.nr_kinds; i++) {
		const struct tkfi_finding *g = &now.kinds[i].finding;

		if (g->oracle == f->oracle && g->rule == f->rule && g->cause == f->cause &&
		    g->is_known == f->is_known &&
		    (f->is_known || (g->clock == f->clock && now.kinds[i].step == step)))
			return &now.kinds[i];
	}
	if (now.nr_kinds == MAX_KINDS)
		return NULL;
	now.kinds[now.nr_kinds] = (struct kind){
		.finding = *f, .step = step, .order = now.order,
	};
	now.nr_new += !f->is_known;
	return &now.kinds[now.nr_kinds++];
}

/* Note what a race shows. Returns whether something is of a kind that was not met before. */
static bool note(const struct tkfi_explorer *x, unsigned int step)
{
	bool is_first = false;
	unsigned int i;

	for (i = 0; i < x->nr_violations; i++) {
		struct kind *kind = kind_of(&x->violations[i].finding, step);

		now.not_kept += !kind;
		is_first |= kind && !kind->times;
		if (kind)
			kind->times++;
	}
	return is_first;
}

/* Explore once more, with schedules that cost least, and keep what is of a new kind. */
static int keep_first(struct tkfi_explorer *x, const char *text, unsigned int step)
{
	static const struct tkfi_explore_options plain;
	unsigned int i;
	int ret = tkfi_explore(x, &plain);

	for (i = 0; i < x->nr_violations && !ret; i++) {
		struct kind *kind = kind_of(&x->violations[i].finding, step);

		if (!kind || kind->text)
			continue;
		kind->finding = x->violations[i].finding;
		kind->text = kstrdup(text, GFP_KERNEL);
		kind->schedule = kstrdup(x->violations[i].schedule, GFP_KERNEL);
		if (!kind->text || !kind->schedule)
			ret = -ENOMEM;
	}
	return ret;
}

/* Explore one race. A kernel that lacks what it is about has nothing to explore. */
static int race(struct tkfi_front *f, const char *text, unsigned int step)
{
	static const struct tkfi_explore_options found = { .as_found = true };
	static char err[1024];
	struct tkfi_explorer *x = f->explorer;
	int ret = tkfi_explorer_load(x, &(struct tkfi_scenario){ "given", text }, err,
				     sizeof(err));

	if (ret && (tkfi_run_of(x)->plan.absent || tkfi_run_of(x)->setup.absent))
		return 0;
	if (!ret) {
		ret = tkfi_explore(x, &found);
		now.classes += x->stats.classes;
		now.incomplete += !x->stats.complete;
		if (!ret && note(x, step))
			ret = keep_first(x, text, step);
		strscpy(err, x->engine->error, sizeof(err));
	}
	if (ret) {
		static char why[2560];

		snprintf(why, sizeof(why), "%s: %s", text, err);
		tkfi_report_problem("race", why);
		f->fail(f->arg, why);
	}
	return ret;
}

static void say_kind(struct tkfi_front *f, const struct kind *kind)
{
	const struct tkfi_finding *one = &kind->finding;
	const struct tkfi_cause *cause = one->is_known ? one->cause : NULL;
	static char text[3072], schedule[2 * TKFI_SCHEDULE_TEXT], said[3072];
	static char first[256], second[256];

	tkfi_result("\"type\":\"story_race\",\"clock\":\"%s\",\"oracle\":\"%s\",\"rule\":\"%s\",\"first\":\"%s\",\"of\":\"%s\",\"first_ns\":%lld,\"second_ns\":%lld,\"order\":%llu,\"times\":%llu,\"text\":\"%s\",\"turns\":\"%s\",\"cause\":\"%s\",\"cause_class\":\"%s\",\"fixed_in\":\"%s\",\"fixed_by\":\"%s\",\"reason\":\"%s\"",
		    tkfi_subject->clocks[tkfi_subject_clock], one->oracle, one->rule ?: "",
		    tkfi_result_string(first, sizeof(first), one->is_pair ? one->first.call : ""),
		    tkfi_result_string(second, sizeof(second), one->clock), one->first_ns,
		    one->second_ns, kind->order, kind->times,
		    tkfi_result_string(text, sizeof(text), kind->text ?: ""),
		    tkfi_result_string(schedule, sizeof(schedule), kind->schedule ?: ""),
		    cause ? cause->id : "", cause ? tkfi_cause_class_names[cause->class] : "",
		    cause ? cause->fixed_in ?: "" : "", cause ? cause->fixed_by ?: "" : "",
		    cause ? cause->reason : "");
	if (cause)
		return;
	snprintf(said, sizeof(said), "new: %s of %s: %lld ns, then %lld ns; %s; schedule %s",
		 one->oracle, one->clock, one->first_ns, one->second_ns, kind->text,
		 kind->schedule);
	f->fail(f->arg, said);
}

static bool is_raced(const struct tkfi_races *races, const struct tkfi_races_state *state,
		     unsigned int step)
{
	return races->steps[step] && test_bit(step, state->possible);
}

/* Explore all that begins in one state. Returns false if there is no time left, or an error. */
static int from_state(struct tkfi_front *f, const struct tkfi_races *races,
		      const struct tkfi_races_state *state)
{
	const struct tkfi_steps *steps = tkfi_subject->steps;
	static char text[TKFI_SCENARIO_TEXT];
	const u64 ms = f->request.options.ms;
	unsigned int step, other;
	int ret = 0;

	for (step = 0; step < U8_MAX && !ret; step++) {
		if (!is_raced(races, state, step))
			continue;
		for (other = 0; steps->others[other] && !ret; other++) {
			now.order = ((state - races->states) * U8_MAX + step) * U8_MAX + other;
			if (ms && os_nsecs() - now.began > ms * NSEC_PER_MSEC)
				return -ETIME;
			snprintf(text, sizeof(text), "clock: %s; %s%s%scpu0: %s; cpu1: %s; host: %s",
				 tkfi_subject->clocks[tkfi_subject_clock],
				 *state->text ? "setup: " : "", state->text,
				 *state->text ? "; " : "", races->steps[step],
				 steps->others[other], steps->delay);
			ret = race(f, text, step);
			now.done++;
			if (os_nsecs() - now.reported > NSEC_PER_SEC)
				say_progress();
		}
	}
	return ret;
}

static bool is_mine(const struct tkfi_explore_options *o, unsigned int nth)
{
	return o->parts < 2 || nth % o->parts == o->part;
}

int tkfi_front_races(struct tkfi_front *f, const struct tkfi_races *races)
{
	const struct tkfi_explore_options *options = &f->request.options;
	void (*progress)(struct tkfi_explorer *) = f->explorer->progress;
	unsigned int i, step, nr_others = 0;
	int ret;

	memset(&now, 0, sizeof(now));
	now.began = os_nsecs();
	now.reported = now.began;
	while (tkfi_subject->steps->others[nr_others])
		nr_others++;
	for (i = 0; i < races->nr_states; i++)
		for (step = 0; step < U8_MAX && is_mine(options, i); step++)
			now.of += is_raced(races, &races->states[i], step) * nr_others;
	ret = tkfi_subject->open ? tkfi_subject->open(tkfi_subject_clock) : 0;
	if (ret)
		return ret;
	f->explorer->progress = NULL;
	for (i = 0; i < races->nr_states && !ret; i++)
		if (is_mine(options, i))
			ret = from_state(f, races, &races->states[i]);
	f->explorer->progress = progress;
	if (tkfi_subject->close)
		tkfi_subject->close();
	say_progress();
	for (i = 0; i < now.nr_kinds; i++) {
		say_kind(f, &now.kinds[i]);
		kfree(now.kinds[i].text);
		kfree(now.kinds[i].schedule);
	}
	tkfi_result("\"type\":\"story_raced\",\"clock\":\"%s\",\"states\":%u,\"left_out\":%u,\"races\":%llu,\"of\":%llu,\"classes\":%llu,\"not_kept\":%llu,\"complete\":%s,\"ns\":%llu",
		    tkfi_subject->clocks[tkfi_subject_clock], races->nr_states,
		    races->left_out, now.done, now.of,
		    now.classes, now.not_kept,
		    ret || now.incomplete || races->left_out ? "false" : "true",
		    os_nsecs() - now.began);
	return ret == -ETIME ? 0 : ret;
}

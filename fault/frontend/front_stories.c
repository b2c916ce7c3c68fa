// SPDX-License-Identifier: GPL-2.0
/* Stories, and the faults that they show. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <os.h>

#include "front_races.h"
#include "front_stories.h"
#include "report.h"
#include "result.h"
#include "stories.h"
#include "story_outcomes.h"
#include "subject.h"

/**
 * struct found - a fault, and the first story that shows it
 * @fault:	the fault
 * @story:	its last step shows it
 * @times:	how often the same fault was seen: of one rule, by one reader, after one operation
 */
struct found {
	struct tkfi_fault_seen fault;
	struct tkfi_story story;
	u64 times;
};

#define MAX_FOUND	256

static struct found found[MAX_FOUND];
static unsigned int nr_found;
static u64 not_kept;
static const struct tkfi_story *told;
static u64 deadline;
static const char *outcomes_by;	/* name of the clock, if outcomes are reported */
static struct tkfi_races races;
static int races_error;

/* How far the stories by one clock have come. */
static struct {
	const char *clock;
	u64 performed;
	u64 began;
	u64 reported;
} so_far;

static const struct tkfi_steps *steps(void)
{
	return tkfi_subject->steps;
}

static bool is_same(const struct tkfi_fault_seen *a, const struct tkfi_fault_seen *b)
{
	return a->rule == b->rule && a->kind == b->kind && a->op == b->op && a->cause == b->cause &&
	       (a->kind || a->of == b->of);
}

static void note(const struct tkfi_fault_seen *fault, void *arg)
{
	unsigned int i;

	for (i = 0; i < nr_found && !is_same(&found[i].fault, fault); i++)
		;
	if (i == MAX_FOUND) {
		not_kept++;
		return;
	}
	if (i == nr_found)
		found[nr_found++] = (struct found){ *fault, *told };
	found[i].times++;
}

static void say_progress(void)
{
	so_far.reported = os_nsecs();
	tkfi_result("\"type\":\"story_telling\",\"clock\":\"%s\",\"performed\":%llu,\"ns\":%llu",
		    so_far.clock, so_far.performed, so_far.reported - so_far.began);
}

static void begin(void *arg)
{
	steps()->begin();
}

static void end(void *arg)
{
	steps()->end();
	if (outcomes_by)
		tkfi_story_outcomes_report(outcomes_by);
}

static void start(void *arg)
{
	steps()->start();
}

static bool step(const struct tkfi_story *story, bool judged, void *arg)
{
	told = story;
	if (!steps()->perform(story->steps[story->nr - 1], judged ? note : NULL, NULL))
		return false;
	so_far.performed += judged;
	if (judged && outcomes_by)
		tkfi_story_outcomes_note(story);
	return true;
}

static void look(void *arg)
{
	steps()->look();
}

static void back(void *arg)
{
	steps()->back();
}

static u64 hash(void *arg)
{
	return steps()->hash();
}

static bool go_on(void *arg)
{
	if (os_nsecs() - so_far.reported > NSEC_PER_SEC)
		say_progress();
	return !deadline || os_nsecs() < deadline;
}

/* Write a story as operations of a scenario. */
static const char *write(const struct tkfi_story *story)
{
	static char text[1024];
	size_t len = 0;
	unsigned int i;

	text[0] = '\0';
	steps()->begin();
	steps()->start();
	for (i = 0; i < story->nr; i++) {
		steps()->perform(story->steps[i], NULL, NULL);
		len += scnprintf(text + len, sizeof(text) - len, "%s", i ? ", " : "");
		len += steps()->say(text + len, sizeof(text) - len);
	}
	steps()->end();
	return text;
}

/* Races begin in each state that is reached, by the steps that are possible there. */
static void reached(const struct tkfi_story *story, void *arg)
{
	const struct tkfi_story_teller *teller = arg;
	DECLARE_BITMAP(possible, U8_MAX) = {};
	unsigned int i;

	steps()->begin();
	steps()->start();
	for (i = 0; i < story->nr; i++)
		steps()->perform(story->steps[i], NULL, NULL);
	steps()->look();
	for (i = 0; i < teller->nr_steps; i++) {
		if (steps()->perform(i, NULL, NULL))
			set_bit(i, possible);
		steps()->back();
	}
	steps()->end();
	races_error = races_error ?: tkfi_races_add(&races, write(story), possible);
}

static void fail_new(struct tkfi_front *f, const struct tkfi_fault_seen *fault, const char *text)
{
	static char said[2048];

	snprintf(said, sizeof(said), "new: %s of %s: %s; wanted %lld, seen %lld after %s",
		 fault->rule, fault->of, fault->holds, fault->wanted, fault->seen, text);
	f->fail(f->arg, said);
}

static void report(struct tkfi_front *f, const struct found *one, const char *text,
		   const char *clock)
{
	const struct tkfi_fault_seen *fault = &one->fault;
	const struct tkfi_cause *cause = fault->cause;
	static char said[6 * 1024];

	tkfi_result("\"type\":\"story\",\"clock\":\"%s\",\"kind\":%u,\"order\":\"%02x%*phN\",\"rule\":\"%s\",\"holds\":\"%s\",\"of\":\"%s\",\"op\":\"%s%s\",\"wanted\":%lld,\"seen\":%lld,\"times\":%llu,\"text\":\"%s\",\"cause\":\"%s\",\"cause_class\":\"%s\",\"fixed_in\":\"%s\",\"fixed_by\":\"%s\",\"reason\":\"%s\"",
		    clock, fault->kind, one->story.nr, TKFI_MAX_STORY, one->story.steps,
		    fault->rule, fault->holds, fault->of, fault->op->before ?: "", fault->op->name,
		    fault->wanted, fault->seen, one->times,
		    tkfi_result_string(said, sizeof(said), text),
		    cause ? cause->id : "", cause ? tkfi_cause_class_names[cause->class] : "",
		    cause ? cause->fixed_in ?: "" : "", cause ? cause->fixed_by ?: "" : "",
		    cause ? cause->reason : "");
	if (!cause)
		fail_new(f, fault, text);
}

/* Perform a story that somebody gave, and report what it shows. */
static int tell_given(struct tkfi_front *f, const char *text, unsigned int nr, const char *clock)
{
	static const struct tkfi_story none;
	static char err[1024];
	bool possible;
	unsigned int i;
	int ret;

	told = &none;
	ret = steps()->given(text, err, sizeof(err));
	if (ret) {
		tkfi_report_problem("story", err);
		return ret;
	}
	steps()->begin();
	steps()->start();
	steps()->look();
	possible = steps()->perform(nr, note, NULL);
	if (possible && outcomes_by)
		tkfi_story_values_report();
	steps()->end();
	for (i = 0; i < nr_found; i++)
		report(f, &found[i], text, clock);
	return possible ? 0 : -EPERM;
}

static void say_problem_of_stories(struct tkfi_front *f, int error)
{
	const char *why = "the stories could not be told";

	if (error == -EPERM)
		why = "the story cannot be performed: an operation is impossible where it stands";
	if (error == -ENOMEM)
		why = "there is not enough memory for so many states";

	tkfi_report_problem("story", why);
	f->fail(f->arg, why);
}

/* Tell all that is asked for, by one clock. */
static int tell(struct tkfi_front *f, unsigned int clock)
{
	static const struct tkfi_story_teller empty = {
		.begin = begin, .end = end, .start = start, .step = step, .look = look,
		.back = back, .hash = hash, .go_on = go_on,
	};
	const struct tkfi_explore_options *options = &f->request.options;
	const char *name = tkfi_subject->clocks[clock];
	struct tkfi_stories stories = {
		.length = f->request.stories,
		.part = options->part,
		.parts = options->parts ?: 1,
	};
	struct tkfi_story_teller teller = empty;
	const u64 began = os_nsecs();
	unsigned int i;
	int nr, ret;

	tkfi_races_free(&races);
	races_error = 0;
	so_far = (typeof(so_far)){ .clock = name, .began = began, .reported = began };
	deadline = options->ms ? began + options->ms * NSEC_PER_MSEC : 0;
	nr_found = 0;
	not_kept = 0;
	nr = steps()->open(clock);
	if (nr < 0)
		return nr;
	outcomes_by = options->outcomes ? name : NULL;
	if (outcomes_by)
		tkfi_story_outcomes_begin(nr);
	teller.nr_steps = nr;
	teller.arg = &teller;
	teller.reached = f->request.races ? reached : NULL;
	ret = f->request.story ? tell_given(f, f->request.story, nr, name) :
				 tkfi_stories_tell(&stories, &teller);
	for (i = 0; i < nr_found && !f->request.story; i++)
		report(f, &found[i], write(&found[i].story), name);
	for (i = 0; i < stories.length; i++)
		tkfi_result("\"type\":\"states\",\"clock\":\"%s\",\"after\":%u,\"states\":%llu",
			    name, i, stories.nr_states[i]);
	tkfi_result("\"type\":\"stories\",\"clock\":\"%s\",\"length\":%u,\"steps\":%d,\"performed\":%llu,\"not_kept\":%llu,\"complete\":%s,\"ns\":%llu",
		    name, stories.length, nr, stories.nr_performed, not_kept,
		    !ret && (stories.complete || f->request.story) ? "true" : "false",
		    os_nsecs() - began);
	if (f->request.races && !ret)
		ret = races_error ?: tkfi_races_add_steps(&races, nr);
	steps()->close();
	return ret;
}

/* The same clock once more: from each state that was reached one step, beside others. */
static int race(struct tkfi_front *f, unsigned int clock)
{
	const unsigned int chosen = tkfi_subject_clock;
	int ret = 0;

	if (f->request.races && !f->request.story) {
		tkfi_subject_clock = clock;
		ret = tkfi_front_races(f, &races);
		tkfi_subject_clock = chosen;
	}
	return ret;
}

enum tkfi_front_done tkfi_front_stories(struct tkfi_front *f)
{
	unsigned int clock;
	int ret = 0;

	if ((!f->request.stories && !f->request.story) || !steps())
		return TKFI_FRONT_NOT_ASKED;
	/* It goes by one clock after another. */
	if (tkfi_subject->close)
		tkfi_subject->close();
	for (clock = 0; tkfi_subject->clocks[clock] && !ret; clock++)
		if (!f->request.clock || clock == tkfi_subject_clock)
			ret = tell(f, clock) ?: race(f, clock);
	if (ret)
		say_problem_of_stories(f, ret);
	ret = tkfi_subject->open ? tkfi_subject->open(tkfi_subject_clock) : 0;
	if (ret)
		f->fail(f->arg, "the subject cannot be opened again");
	return TKFI_FRONT_DONE;
}

// SPDX-License-Identifier: GPL-2.0
/* Schedules: what is written is what was executed, and what is executed again. */
#include <kunit/test.h>
#include <linux/vmalloc.h>
#include <linux/xxhash.h>
#include <os.h>

#include "harness.h"
#include "known.h"
#include "refusal.h"
#include "saved_file.h"
#include "subject.h"
#include "visited.h"

static struct tkfi_schedule turns;
static char err[1024];

static struct tkfi_visited *classes;
static struct tkfi_saved *kept;

static int schedule_suite_init(struct kunit_suite *suite)
{
	classes = vzalloc(sizeof(*classes));
	kept = tkfi_saved_file_create("");
	return classes && kept ? harness_open_explorer(suite) : -ENOMEM;
}

static void schedule_suite_exit(struct kunit_suite *suite)
{
	tkfi_saved_file_destroy(kept);
	vfree(classes);
	harness_close(suite);
}

static void name_vcpus(void)
{
	static const char * const names[] = {
		"cpu0", "cpu1", "cpu2", "nmi0", "host"
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		strscpy(turns.names[i], names[i], sizeof(turns.names[i]));
	turns.nr_vcpus = ARRAY_SIZE(names);
}

/* As people may write it, and as it is printed. */
static void round_trip(struct kunit *test)
{
	static const char * const texts[][2] = {
		{ "", "" },
		{ "cpu0", "cpu0" },
		{ "  cpu1 ,host,  cpu0", "cpu1, host, cpu0" },
		{ "cpu0 before store vdso.seq", "cpu0 before store vdso.seq" },
		{ "cpu0 before  load  tk_core+40/8#12,host",
		  "cpu0 before load tk_core+40/8#12, host" },
		{ "cpu2 before lock timekeeper_lock#1, cpu0 before unlock x",
		  "cpu2 before lock timekeeper_lock, cpu0 before unlock x" },
		{ "nmi0 before load x#2,cpu0", "nmi0 before load x#2, cpu0" },
		{ "cpu0 before load x#0012345678",
		  "cpu0 before load x#12345678" },
		{ "cpu0 before load x#4294967295",
		  "cpu0 before load x#4294967295" },
	};
	char text[TKFI_SCHEDULE_TEXT];
	int i;

	name_vcpus();
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		KUNIT_EXPECT_EQ_MSG(test,
				    tkfi_schedule_parse(&turns, texts[i][0],
							err, sizeof(err)),
				    0, "%s", err);
		text[0] = '\0';
		tkfi_schedule_print(&turns, text, sizeof(text));
		KUNIT_EXPECT_STREQ(test, text, texts[i][1]);
	}
}

/* What is wrong, and where. */
static void malformed(struct kunit *test)
{
	static const struct refusal bad[] = {
#include "refused_turns.inc"
	};
	int i;

	name_vcpus();
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_EXPECT_EQ(test,
				tkfi_schedule_parse(&turns, bad[i].text, err,
						    sizeof(err)), -EINVAL);
		KUNIT_EXPECT_STREQ(test, err, bad[i].says[0]);
		KUNIT_EXPECT_EQ(test, turns.wrong, bad[i].at);
	}
}

/* What does not fit is refused, and said to be too long: never cut. */
static void too_long(struct kunit *test)
{
	static const char turn[] = "cpu0 before store vdso.seq,";
	static char text[64 * TKFI_MAX_TURNS], printed[TKFI_SCHEDULE_TEXT + 1];
	int i, len = 0;

	name_vcpus();
	for (i = 0; i < TKFI_MAX_TURNS; i++)
		len += sprintf(text + len, "%s", turn);
	KUNIT_ASSERT_EQ(test, tkfi_schedule_parse(&turns, text, err,
						  sizeof(err)), 0);
	printed[TKFI_SCHEDULE_TEXT] = '!';
	KUNIT_EXPECT_EQ(test, tkfi_schedule_print(&turns, printed,
						  TKFI_SCHEDULE_TEXT),
			TKFI_MAX_TURNS * sizeof(turn) - 2);
	KUNIT_EXPECT_EQ(test, printed[TKFI_SCHEDULE_TEXT], '!');
	sprintf(text + len, "%s", turn);
	KUNIT_EXPECT_EQ(test, tkfi_schedule_parse(&turns, text, err,
						  sizeof(err)), -EINVAL);
	KUNIT_EXPECT_EQ(test, turns.wrong, len);
}

/* One that was for another kernel says where it stopped making sense. */
static void does_not_fit(struct kunit *test)
{
	struct tkfi_explorer *explorer = harness.explorer;
	static const struct {
		const char *text;
		enum tkfi_misfit misfit;
		int column;
	} bad[] = {
		{ "cpu0 before store vdso.seq, cpu1 before store vdso.seq",
		  TKFI_ENDED, 28 },
		{ "cpu0 before store vdso.seq#1, cpu1 before load vdso.seq#12345678",
		  TKFI_ENDED, 30 },
		{ "cpu0 before store vdso.seq#2, cpu1 before load vdso.seq#2",
		  TKFI_HAS_TO_WAIT, 30 },
		{ "host, cpu0 before store vdso.sek", TKFI_NO_SUCH_NAME, 24 },
		{ "cpu0 before lock timekeeper_lock, cpu1 before lock jiffies",
		  TKFI_ENDED, 34 },
	};
	int i;

	KUNIT_ASSERT_EQ(test, harness_load_named(test, "falls-vdso"), 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_EXPECT_EQ(test,
				tkfi_explorer_replay(explorer, bad[i].text, err,
						     sizeof(err)), -ECANCELED);
		KUNIT_EXPECT_EQ_MSG(test, explorer->misfit, bad[i].misfit, "%s", err);
		KUNIT_EXPECT_EQ(test, explorer->wrong, bad[i].column);
	}
}

#define MAX_CLASSES	300

/* What an execution was, and came to: its steps, and the results of its operations. */
struct seen {
	u64 steps;
	u64 results;
};

struct witness {
	char schedule[TKFI_SCHEDULE_TEXT];
	struct seen seen;
};

/*
 * @chosen:	cells whose accesses were a choice to the exploration; to a replay all are
 */
struct witnesses {
	unsigned int nr;
	bool chosen[TKFI_MAX_CELLS];
	struct witness of[MAX_CLASSES];
};

static struct seen look(const struct tkfi_explorer *x, const bool *chosen)
{
	const struct tkfi_engine *engine = x->engine;
	struct seen seen = {};
	unsigned int i, j;

	for (i = 0; i < engine->nr_log; i++) {
		const struct tkfi_event *step = &engine->log[i];
		u64 what = step->vcpu | step->kind << 8 | step->nr_cells << 16 |
			   (u64)step->cell << 32;
		bool counts = false;

		for (j = step->cell; j < step->cell + step->nr_cells; j++)
			counts |= chosen[j];
		if (counts)
			seen.steps = xxh64(&what, sizeof(what), seen.steps);
	}
	for (i = 0; i < tkfi_run_of(x)->plan.nr_programs; i++)
		for (j = 0; j < tkfi_run_of(x)->plan.programs[i].nr; j++)
			seen.results = xxh64(&tkfi_run_of(x)->plan.programs[i].ops[j].result,
					     sizeof(s64), seen.results);
	return seen;
}

static void write_down(struct tkfi_explorer *x, int ret)
{
	struct witnesses *w = x->each_arg;
	unsigned int i;

	/* The exploration may have begun anew: what counts are the last ones. */
	w->nr = x->stats.classes - 1;
	for (i = 0; i < TKFI_MAX_CELLS; i++)
		w->chosen[i] = tkfi_cells[i].flags & TKFI_CELL_SHARED;
	if (w->nr < MAX_CLASSES) {
		tkfi_plan_names(&tkfi_run_of(x)->plan, turns.names);
		w->of[w->nr].schedule[0] = '\0';
		if (!tkfi_schedule_of(&turns, x->engine, NULL,
				      x->engine->nr_log))
			tkfi_schedule_print(&turns, w->of[w->nr].schedule,
					    TKFI_SCHEDULE_TEXT);
		w->of[w->nr].seen = look(x, w->chosen);
	}
	w->nr++;
}

/* Another look at one of them. */
struct look {
	const struct witnesses *witnesses;
	struct seen seen;
};

static void look_again(struct tkfi_explorer *x, int ret)
{
	struct look *again = x->each_arg;

	again->seen = look(x, again->witnesses->chosen);
}

/* Every execution can be written as a schedule, and is the same again, step by step. */
static void every_class(struct kunit *test)
{
	struct tkfi_explorer *explorer = harness.explorer;
	const struct tkfi_explore_options options = { TKFI_DPOR };
	unsigned int i, wrong = 0;
	struct witnesses *w;
	struct look again;

	w = vmalloc(sizeof(*w));
	KUNIT_ASSERT_NOT_NULL(test, w);
	KUNIT_EXPECT_EQ(test, harness_load_named(test, "cover-letter"), 0);
	explorer->each = write_down;
	explorer->each_arg = w;
	KUNIT_EXPECT_EQ(test, tkfi_explore(explorer, &options), 0);
	KUNIT_EXPECT_GT(test, w->nr, 100);
	KUNIT_EXPECT_LE(test, w->nr, MAX_CLASSES);
	explorer->each = look_again;
	again.witnesses = w;
	explorer->each_arg = &again;
	for (i = 0; i < min(w->nr, MAX_CLASSES + 0U); i++) {
		int ret = tkfi_explorer_replay(explorer, w->of[i].schedule,
					       err, sizeof(err));

		if (ret || again.seen.steps != w->of[i].seen.steps ||
		    again.seen.results != w->of[i].seen.results)
			wrong++;
		if (wrong == 1)
			KUNIT_EXPECT_EQ_MSG(test, ret, 0, "%s: %s",
					    w->of[i].schedule, err);
	}
	explorer->each = NULL;
	KUNIT_EXPECT_EQ(test, wrong, 0);
	vfree(w);
}

/* In one line. */
static const char the_race[] =
	"cpu0 before store vdso.seq, host, cpu1 before load vdso.seq#3";

/* Does this build have the race of the cover letter, for readers of the vDSO? */
static unsigned int races(void)
{
	return tkfi_variant() != TKFI_FIXED;
}

/* A replay is one and the same, event by event, a thousand times. */
static void thousand_replays(struct kunit *test)
{
	struct tkfi_explorer *explorer = harness.explorer;
	u64 hash = 0, again;
	int i;

	KUNIT_ASSERT_EQ(test, harness_load_named(test, "falls-vdso"), 0);
	for (i = 0; i < 1000; i++) {
		const struct tkfi_trace *trace = &explorer->engine->trace;

		KUNIT_ASSERT_EQ(test,
				tkfi_explorer_replay(explorer,
						     the_race, err,
						     sizeof(err)), 0);
		again = tkfi_trace_hash(trace, explorer->replayed);
		/* All accesses are steps. */
		KUNIT_ASSERT_GT(test, explorer->nr_replayed, 200);
		if (!i)
			hash = again;
		KUNIT_ASSERT_EQ(test, hash, again);
		KUNIT_ASSERT_EQ(test, explorer->nr_violations, races());
	}
}

/* Strategies find the race of the cover letter, and no other. */
static void strategies(struct kunit *test)
{
	struct tkfi_explorer *explorer = harness.explorer;
	struct tkfi_explore_options options = {
		.executions = 20000, .depth = 3, .preemptions = 2,
	};
	u64 steps;

	KUNIT_ASSERT_EQ(test, harness_load_named(test, "falls-vdso"), 0);
	for (; options.strategy < TKFI_REPLAY; options.strategy++) {
		const char *name = tkfi_strategy_names[options.strategy];

		KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &options), 0);
		/* Uniform choice, for one, hardly ever keeps the host for that place. */
		if (tkfi_search_types[options.strategy]->exhaustive ||
		    options.strategy == TKFI_POS || options.strategy == TKFI_PCT)
			KUNIT_EXPECT_EQ_MSG(test, explorer->nr_violations,
					    races(), "%s", name);
		else
			KUNIT_EXPECT_LE_MSG(test, explorer->nr_violations,
					    races(), "%s", name);
		if (explorer->nr_violations && options.strategy == TKFI_DPOR)
			KUNIT_EXPECT_STREQ(test,
					   explorer->violations[0].schedule,
					   the_race);
		/* Whoever found it, there is none that is plainer, and it is known. */
		if (explorer->nr_violations) {
			const struct tkfi_violation *v = explorer->violations;

			KUNIT_EXPECT_EQ_MSG(test, v->cost.preemptions, 1, "%s",
					    name);
			KUNIT_EXPECT_EQ_MSG(test, v->cost.delays, 1, "%s", name);
			KUNIT_EXPECT_EQ_MSG(test, v->cost.turns, 5, "%s", name);
			KUNIT_EXPECT_TRUE_MSG(test, v->minimal, "%s", name);
			KUNIT_EXPECT_TRUE_MSG(test, v->why.holds, "%s", name);
		}
		KUNIT_EXPECT_EQ_MSG(test, explorer->stats.complete,
				    tkfi_search_types[options.strategy]->exhaustive,
				    "%s", name);
		/* The same again by the same numbers. */
		steps = explorer->stats.events;
		KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &options), 0);
		KUNIT_EXPECT_EQ_MSG(test, explorer->stats.events, steps, "%s",
				    name);
	}
}

/* Without a preemption nothing goes back: somebody has to be off in the middle. */
static void bound(struct kunit *test)
{
	struct tkfi_explorer *explorer = harness.explorer;
	struct tkfi_explore_options options = { .strategy = TKFI_DFS };
	u64 before = 0;

	KUNIT_ASSERT_EQ(test, harness_load_named(test, "falls-vdso"), 0);
	for (; options.preemptions < 3; options.preemptions++) {
		KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &options), 0);
		KUNIT_EXPECT_TRUE(test, explorer->stats.complete);
		KUNIT_EXPECT_GT(test, explorer->stats.classes, before);
		before = explorer->stats.classes;
		KUNIT_EXPECT_EQ_MSG(test, explorer->nr_violations,
				    options.preemptions >= 1 && races(), "%u",
				    options.preemptions);
	}
}

/* Classes that executions without pruning come to. */
static void count_class(struct tkfi_explorer *x, int ret)
{
	/* The exploration may have begun anew. */
	if (x->stats.classes == 1)
		tkfi_visited_init(classes);
	tkfi_visited_begin(classes);
	tkfi_visited_class(classes, x->engine);
}

/* A pruned search meets each class that has an execution within the bound, once. */
static void prunes(struct kunit *test)
{
	struct tkfi_explorer *explorer = harness.explorer;
	static const char * const names[] = {
		"falls-vdso", "tick-nmi", "cover-letter",
	};
	struct tkfi_explore_options options = {};
	unsigned int i, bound;
	u64 all;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		KUNIT_ASSERT_EQ(test, harness_load_named(test, names[i]), 0);
		options = (struct tkfi_explore_options){};
		KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &options), 0);
		all = explorer->stats.classes;
		for (bound = 0; bound <= (i < 2 ? 2 : 1); bound++) {
			options.strategy = TKFI_DFS;
			options.preemptions = bound;
			options.bounded = false;
			explorer->each = count_class;
			KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &options), 0);
			explorer->each = NULL;
			KUNIT_EXPECT_TRUE(test, explorer->stats.complete);

			options.strategy = TKFI_DPOR;
			options.bounded = true;
			KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &options), 0);
			KUNIT_EXPECT_TRUE(test, explorer->stats.complete);
			KUNIT_EXPECT_EQ_MSG(test, explorer->stats.classes,
					    classes->nr, "%s, %u", names[i],
					    bound);
			kunit_info(test, "%s: %llu of %llu classes with up to %u preemptions, %llu pruned\n",
				   names[i], explorer->stats.classes, all, bound,
				   explorer->stats.redundant);
		}
		options.preemptions = 1000;
		KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &options), 0);
		KUNIT_EXPECT_EQ_MSG(test, explorer->stats.classes, all, "%s",
				    names[i]);
	}
}

/* Give a search other memory. */
static void renew_search(struct kunit *test, enum tkfi_strategy_kind kind)
{
	struct tkfi_explorer *explorer = harness.explorer;
	struct tkfi_search *other = tkfi_search_create(tkfi_search_types[kind],
						       explorer->engine);

	KUNIT_ASSERT_NOT_NULL(test, other);
	swap(explorer->searches[kind], other);
	tkfi_search_destroy(other);
}

/* What goes on from where it was kept comes to what it had come to at once. */
static void resumes(struct kunit *test)
{
	struct tkfi_explorer *explorer = harness.explorer;
	struct tkfi_explore_options options = {}, ways[] = {
		{ .strategy = TKFI_DPOR },
		{ .strategy = TKFI_DPOR, .bounded = true, .preemptions = 2 },
		{ .strategy = TKFI_DPOR, .part = 1, .parts = 3 },
		{ .strategy = TKFI_PCT, .depth = 3 },
		{ .strategy = TKFI_DFS, .preemptions = 1 },
	};
	u64 classes_at_once, findings;
	unsigned int i, nr;

	KUNIT_ASSERT_EQ(test, harness_load_named(test, "cover-letter"), 0);
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		options = ways[i];
		options.as_found = true;
		KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &options), 0);
		classes_at_once = explorer->stats.classes;
		nr = explorer->nr_violations;
		findings = nr ? explorer->violations[0].findings : 0;

		options.keep = kept;
		tkfi_saved_file_clear(kept);
		options.seed = 0;
		options.executions = 10;
		KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &options), 0);
		KUNIT_EXPECT_EQ(test, explorer->stats.classes, 10);
		/* It did what it was told to, and can be told to do more. */
		KUNIT_EXPECT_EQ(test, tkfi_saved_read(kept), 0);
		/* Elsewhere its memory is elsewhere. */
		renew_search(test, options.bounded ? TKFI_BOUNDED : options.strategy);
		options.resume = true;
		options.executions = 0;
		KUNIT_ASSERT_EQ_MSG(test, tkfi_explore(explorer, &options), 0,
				    "%s", explorer->engine->error);
		KUNIT_EXPECT_EQ_MSG(test, explorer->stats.classes,
				    classes_at_once, "way %u", i);
		KUNIT_EXPECT_EQ(test, explorer->nr_violations, nr);
		if (nr)
			KUNIT_EXPECT_EQ(test, explorer->violations[0].findings,
					findings);
	}
	/* What is of another strategy is refused. */
	KUNIT_EXPECT_GT(test, kept->number, 0);
	options.strategy = TKFI_POS;
	KUNIT_EXPECT_EQ(test, tkfi_explore(explorer, &options), -ESTALE);
	tkfi_saved_file_clear(kept);
	KUNIT_EXPECT_EQ(test, tkfi_explore(explorer, &options), 0);
}

/* Where an exploration ends, and how much of all that is. */
static void limits(struct kunit *test)
{
	struct tkfi_explorer *explorer = harness.explorer;
	struct tkfi_explore_options options = {
		.strategy = TKFI_POS, .executions = 10, .seed = U64_MAX,
	};
	u64 all;

	KUNIT_ASSERT_EQ(test, harness_load_named(test, "cover-letter"), 0);
	KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &options), 0);
	KUNIT_EXPECT_EQ(test, explorer->stats.classes, 10);
	/* Who samples for a time is not done before it is over. */
	options.executions = 0;
	options.ms = 200;
	KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &options), 0);
	KUNIT_EXPECT_GE(test, os_nsecs() - explorer->pace.began,
			200 * NSEC_PER_MSEC);
	KUNIT_EXPECT_NE(test, explorer->stats.classes, TKFI_SAMPLES);

	/* Of a part, too, how many there are in all is estimated. */
	options = (struct tkfi_explore_options){ .executions = 10 };
	KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &options), 0);
	all = explorer->classes;
	KUNIT_EXPECT_GT(test, all, 10);
	options.part = 1;
	options.parts = 3;
	KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &options), 0);
	KUNIT_EXPECT_EQ(test, explorer->classes, all);
}

/* A search that comes to no end says nothing of what it would have found. */
static void too_much_to_search(struct kunit *test)
{
	struct tkfi_explorer *explorer = harness.explorer;
	static const struct tkfi_scenario s = {
		"given",
		"setup: adjtimex freq=+500ppm, wait 13ms, tick, wait 3ms;"
		"cpu0: adjtimex freq=-500ppm, tick; cpu1: tick, adjtimex freq=+500ppm;"
		"cpu2: read vdso MONOTONIC, read vdso MONOTONIC, read kernel ktime_get;"
		"cpu3: read kernel ktime_get, read vdso MONOTONIC, read vdso MONOTONIC;"
		"host: 10ms, 5ms, 3ms"
	};
	struct tkfi_explore_options options = {
		.strategy = TKFI_PCT, .executions = 1000, .depth = 3,
	};
	unsigned int i;

	if (!races())
		kunit_skip(test, "there is no race in this variant");
	KUNIT_ASSERT_EQ(test, harness_load(test, &s), 0);
	KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &options), 0);
	KUNIT_ASSERT_GT(test, explorer->nr_violations, 0);
	KUNIT_EXPECT_EQ(test, explorer->searched, TKFI_MAX_SEARCHED);
	for (i = 0; i < explorer->nr_violations; i++)
		KUNIT_EXPECT_FALSE(test, explorer->violations[i].minimal);
}

/* A part that did not come to its end looks for plainer ones; one that did knows no others'. */
static void parts_search(struct kunit *test)
{
	struct tkfi_explorer *explorer = harness.explorer;
	struct tkfi_explore_options options = { .parts = 2 };
	unsigned int i, cut = 0;

	if (!races())
		kunit_skip(test, "there is no race in this variant");
	KUNIT_ASSERT_EQ(test, harness_load_named(test, "cover-letter"), 0);
	for (; options.part < options.parts; options.part++) {
		for (options.executions = 0; options.executions <= 40;
		     options.executions += 10) {
			KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &options), 0);
			cut += explorer->nr_violations && options.executions;
			for (i = 0; i < explorer->nr_violations; i++)
				KUNIT_EXPECT_EQ(test, explorer->violations[i].minimal,
						!explorer->stats.complete);
		}
	}
	KUNIT_EXPECT_GT(test, cut, 0);
}

#define DOWN_AND_UP	"adjtimex freq=-500ppm, adjtimex freq=+500ppm"

/* A VCPU's program may be so long: that, too, is explained and replayed. */
static void a_long_program(struct kunit *test)
{
	struct tkfi_explorer *explorer = harness.explorer;
	static const struct tkfi_scenario s = {
		"given",
		"setup: adjtimex freq=+500ppm, wait 13ms, tick, wait 3ms;"
		"cpu0: " DOWN_AND_UP "," DOWN_AND_UP "," DOWN_AND_UP "," DOWN_AND_UP ";"
		"cpu1: read vdso MONOTONIC, read vdso MONOTONIC; host: 10ms"
	};
	static const struct tkfi_explore_options options;
	const struct tkfi_violation *v = explorer->violations;
	char schedule[TKFI_SCHEDULE_TEXT];

	KUNIT_ASSERT_EQ(test, harness_load(test, &s), 0);
	KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &options), 0);
	KUNIT_ASSERT_EQ(test, explorer->nr_violations, races());
	if (!explorer->nr_violations)
		return;
	KUNIT_EXPECT_TRUE(test, v->minimal);
	KUNIT_EXPECT_TRUE(test, v->why.holds);
	strscpy(schedule, v->schedule, sizeof(schedule));
	KUNIT_EXPECT_EQ_MSG(test, tkfi_explorer_replay(explorer, schedule, err,
						       sizeof(err)), 0, "%s", err);
	KUNIT_EXPECT_EQ(test, explorer->nr_violations, 1);
	KUNIT_EXPECT_TRUE(test, v->why.holds);
}

/* How wide the steps at a cell were: a bit for each number of cells. */
static u8 widths[TKFI_MAX_CELLS];

static void note_widths(struct tkfi_explorer *x, int ret)
{
	const struct tkfi_engine *engine = x->engine;
	unsigned int i, j;

	for (i = 0; i < engine->nr_log; i++) {
		const struct tkfi_event *step = &engine->log[i];

		for (j = step->cell; j < step->cell + step->nr_cells; j++)
			if (tkfi_cells[j].flags & TKFI_CELL_SHARED)
				widths[step->cell] |= BIT(step->nr_cells);
	}
}

/*
 * Where a schedule can stop has a name, not a number, which the next compilation would
 * make another one.
 */
static void named(struct kunit *test)
{
	struct tkfi_explorer *explorer = harness.explorer;
	const struct tkfi_explore_options options = {
		.strategy = TKFI_POS, .executions = 50, .as_found = true,
	};
	unsigned int i, cell, nr, wrong = 0;
	char name[40];

	explorer->each = note_widths;
	for (i = 0; i < tkfi_subject->nr_scenarios; i++) {
		const struct tkfi_scenario *s = &tkfi_subject->scenarios[i];

		if (tkfi_explorer_lacks(explorer, s))
			continue;
		memset(widths, 0, sizeof(widths));
		KUNIT_EXPECT_EQ(test, harness_load(test, s), 0);
		KUNIT_EXPECT_EQ(test, tkfi_explore(explorer, &options), 0);
		for (cell = 1; cell < TKFI_MAX_CELLS; cell++) {
			for (nr = 1; nr < 8; nr++) {
				if (!(widths[cell] & BIT(nr)))
					continue;
				tkfi_cell_name(cell, nr, name, sizeof(name));
				if (strchr(name, '+') && wrong++ < 10)
					KUNIT_FAIL(test, "%s: %s", s->name, name);
			}
		}
	}
	explorer->each = NULL;
}

static struct kunit_case schedule_cases[] = {
	KUNIT_CASE(round_trip),
	KUNIT_CASE(malformed),
	KUNIT_CASE(too_long),
	KUNIT_CASE(does_not_fit),
	KUNIT_CASE(every_class),
	KUNIT_CASE(thousand_replays),
	KUNIT_CASE(strategies),
	KUNIT_CASE(bound),
	KUNIT_CASE(prunes),
	KUNIT_CASE(resumes),
	KUNIT_CASE(limits),
	KUNIT_CASE(too_much_to_search),
	KUNIT_CASE(parts_search),
	KUNIT_CASE(a_long_program),
	KUNIT_CASE(named),
	{}
};

static struct kunit_suite schedule_suite = {
	.name = "tkfi_engine_schedule",
	.suite_init = schedule_suite_init,
	.suite_exit = schedule_suite_exit,
	.test_cases = schedule_cases,
};

kunit_test_suite(schedule_suite);

// SPDX-License-Identifier: GPL-2.0
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <os.h>

#include "cells.h"
#include "clock.h"
#include "explore.h"
#include "interleave.h"
#include "keep.h"
#include "publish.h"
#include "visited.h"
#include "strategies.h"

struct tkfi_explorer *tkfi_explorer_open(u32 hz)
{
	struct tkfi_explorer *x = vzalloc(sizeof(*x));

	if (!x)
		return NULL;
	if (tkfi_session_open(&x->session, hz) ||
	    tkfi_state_alloc(&x->begin) || tkfi_unseen_alloc(&x->unseen) ||
	    tkfi_checkpoints_create(&x->checkpoints))
		goto failed;
	x->dpor = tkfi_dpor_create(x->session.engine);
	x->visited = vzalloc(sizeof(*x->visited));
	if (!x->dpor || !x->visited)
		goto failed;
	return x;

failed:
	tkfi_explorer_close(x);
	return NULL;
}

void tkfi_explorer_close(struct tkfi_explorer *x)
{
	if (!x)
		return;
	vfree(x->visited);
	tkfi_checkpoints_destroy(&x->checkpoints);
	tkfi_dpor_destroy(x->dpor);
	tkfi_unseen_free(&x->unseen);
	tkfi_state_free(&x->begin);
	tkfi_session_close(&x->session);
	vfree(x);
}

static void add_range(struct tkfi_engine *engine, void *addr, size_t size)
{
	if (engine->nr_ranges == TKFI_MAX_RANGES)
		panic("[tkfi internal bug] more than %d ranges\n",
		      TKFI_MAX_RANGES);
	engine->ranges[engine->nr_ranges++] = (struct tkfi_range){ addr, size };
}

static struct tkfi_engine *loading;

static void add_object(const char *name, void *addr, size_t size)
{
	add_range(loading, addr, size);
	if (tkfi_cells_add(name, addr, size))
		panic("[tkfi internal bug] no room for the cells of %s\n", name);
}

static void mark(const unsigned int *word, bool latch)
{
	tkfi_cells_mark(word, latch ? TKFI_CELL_LATCH : TKFI_CELL_SEQUENCE);
}

/* What executions change: the state, and the results of the operations. */
static void collect(struct tkfi_explorer *x)
{
	struct tkfi_engine *engine = x->session.engine;
	unsigned int i, j;
	size_t size;
	void *published = tkfi_publish_storage(&size);

	engine->nr_ranges = 0;
	tkfi_cells_reset();
	loading = engine;
	tkfi_state_each(add_object);
	tkfi_timekeeping_sequences(mark);
	tkfi_vdso_sequences(mark);
	add_range(engine, published, size);
	add_range(engine, &tkfi_cells_bared, sizeof(tkfi_cells_bared));
	tkfi_tick_sequences(mark);
	tkfi_oracles_prepare();
	for (i = 0; i < x->plan.nr_programs; i++) {
		struct tkfi_program *program = &x->plan.programs[i];

		add_range(engine, &program->nr_done, sizeof(program->nr_done));
		for (j = 0; j < program->nr; j++)
			add_range(engine, &program->ops[j].done,
				  sizeof(program->ops[j]) -
				  offsetof(struct tkfi_op, done));
	}
}

/* Where the set-up begins in its plan. */
#define SETUP_CPU	"cpu0: "

static int parse_setup(struct tkfi_explorer *x, char *err, size_t size)
{
	x->session.setup->nr_programs = 0;
	return x->setup[0] ? tkfi_plan_parse(x->session.setup, err, size,
					     SETUP_CPU "%s", x->setup) : 0;
}

/* From a place in one of the plans to that in the scenario's text. */
static unsigned int place_in_text(const struct tkfi_explorer *x,
				  const struct tkfi_plan *plan, const char *at)
{
	if (plan == &x->plan)
		return x->plan_at + (at - plan->text);
	/* What the user did not write is not where it is wrong. */
	return x->setup_at + max(0, (int)(at - plan->text) -
				 (int)strlen(SETUP_CPU));
}

unsigned int tkfi_explorer_find(const struct tkfi_explorer *x,
				const struct tkfi_op *op)
{
	const struct tkfi_plan *setup = x->session.setup;
	bool in_setup = op >= setup->programs[0].ops &&
			op < setup->programs[1].ops;

	return place_in_text(x, in_setup ? setup : &x->plan, op->text);
}

/* The first statement that only a plan has; NULL if there is none. */
static const char *find_fault(const char *text)
{
	for (; *text; text += *text == ';') {
		text = skip_spaces(text);
		if (strstarts(text, "at "))
			return text;
		text = strchrnul(text, ';');
	}
	return NULL;
}

bool tkfi_scenario_is_absent(const struct tkfi_scenario *scenario)
{
	return (scenario->aux && !tkfi_aux_clock()) ||
	       (scenario->stamps &&
		!tkfi_reader_find("fast", "ktime_get_fast_timestamps.mono"));
}

int tkfi_explorer_load(struct tkfi_explorer *x,
		       const struct tkfi_scenario *scenario, char *err,
		       size_t size)
{
	const char *text = skip_spaces(scenario->text), *end, *fault;
	int ret;

	x->setup[0] = '\0';
	x->plan.absent = false;
	x->session.setup->absent = false;
	if (strstarts(text, "setup:")) {
		text += strlen("setup:");
		end = strchrnul(text, ';');
		x->setup_at = text - scenario->text;
		if (end - text >= sizeof(x->setup)) {
			x->wrong = x->setup_at + sizeof(x->setup) - 1;
			snprintf(err, size, "a set-up of %d characters; %zu are possible",
				 (int)(end - text), sizeof(x->setup) - 1);
			return -EINVAL;
		}
		memcpy(x->setup, text, end - text);
		x->setup[end - text] = '\0';
		text = *end ? end + 1 : end;
	}
	ret = parse_setup(x, err, size);
	if (ret) {
		x->wrong = place_in_text(x, x->session.setup,
					 x->session.setup->wrong);
		return ret;
	}
	fault = find_fault(text);
	if (fault) {
		x->wrong = fault - scenario->text;
		snprintf(err, size, "a scenario has no 'at' statements: all places are tried");
		return -EINVAL;
	}
	x->plan_at = text - scenario->text;
	ret = tkfi_plan_parse(&x->plan, err, size, "%s", text);
	if (ret) {
		x->wrong = place_in_text(x, &x->plan, x->plan.wrong);
		return ret;
	}
	strscpy(x->name, scenario->name, sizeof(x->name));
	strscpy(x->text, scenario->text, sizeof(x->text));
	x->watched = false;
	collect(x);
	return 0;
}

static int start(void *arg)
{
	struct tkfi_explorer *x = arg;

	tkfi_state_restore(&x->begin);
	tkfi_publish_start();
	tkfi_cells_bared = 0;
	tkfi_plan_start(&x->plan, x->session.engine);
	return 0;
}

static void forget(void *arg)
{
	struct tkfi_explorer *x = arg;

	/* What was found by another strategy stays found. */
	if (x->searching)
		return;
	x->nr_violations = 0;
	x->cut = false;
}

/* How many findings of a kind are shrunk when they come by chance. */
#define SHRUNK_SAMPLES	16

/* More than anything. */
static const struct tkfi_cost no_cost = { UINT_MAX, UINT_MAX, UINT_MAX };

/* Are two findings of one kind? Which operations of the programs does not matter. */
static bool same_kind(const struct tkfi_finding *a, const struct tkfi_finding *b)
{
	return a->oracle == b->oracle && a->clock == b->clock &&
	       !a->first == !b->first &&
	       (!a->first || a->first->reader == b->first->reader);
}

/* The violation that a finding belongs to; NULL if there is no room. */
static struct tkfi_violation *file(struct tkfi_explorer *x,
				   const struct tkfi_finding *finding,
				   unsigned int about)
{
	struct tkfi_violation *v;
	unsigned int i;

	for (i = 0; i < x->nr_violations; i++) {
		v = &x->violations[i];
		if (same_kind(&v->finding, finding) && v->about == about)
			return v;
	}
	if (x->nr_violations == TKFI_MAX_VIOLATIONS)
		return NULL;
	v = &x->violations[x->nr_violations++];
	*v = (struct tkfi_violation){
		.finding = *finding,
		.cost = no_cost,
		.about = about,
	};
	return v;
}

/*
 * The plainest order of an execution's steps that comes to a finding. Several in a row may
 * be about the same steps, as when readers of several clocks do not agree.
 */
static const struct tkfi_shrunk *shrink(struct tkfi_explorer *x,
					const struct tkfi_finding *finding)
{
	const struct tkfi_engine *engine = x->session.engine;
	static struct tkfi_shrunk shrunk;
	static struct tkfi_goal last;
	static bool found;
	struct tkfi_goal goal = {};

	if (finding->first) {
		goal.first = finding->first_vcpu;
		goal.nth = finding->first->to;
		goal.second = finding->second_vcpu;
		goal.from = finding->second->from + 1;
		goal.to = finding->second->to;
	}
	if (x->shrunk && !memcmp(&goal, &last, sizeof(goal)))
		return found ? &shrunk : NULL;
	if (!x->order->nr)
		tkfi_order_of(engine, x->order);
	shrunk.cost = no_cost;
	found = tkfi_shrink(engine, x->order, &x->plan, &goal, &shrunk);
	last = goal;
	x->shrunk = true;
	return found ? &shrunk : NULL;
}

/*
 * Samples find one thing again and again: what makes it plainer is the search that comes
 * afterwards. Returns whether this one need only be counted.
 */
static bool only_counts(struct tkfi_explorer *x, const struct tkfi_finding *finding)
{
	struct tkfi_violation *v;

	if (x->searching ||
	    (x->options.strategy <= TKFI_DFS && !x->options.as_found))
		return false;
	for (v = x->violations; v < x->violations + x->nr_violations; v++) {
		if (same_kind(&v->finding, finding) &&
		    v->findings >= SHRUNK_SAMPLES) {
			v->findings++;
			return true;
		}
	}
	return false;
}

/* What the engine says of VCPUs that cannot go on, by the names that a schedule has. */
static void say_waits(const char *error,
		      const char names[TKFI_MAX_VCPUS][TKFI_VCPU_NAME], char *buf,
		      size_t size)
{
	static const char deadlock[] = "deadlock: ";
	size_t len = 0;

	if (strstarts(error, deadlock))
		error += strlen(deadlock);
	while (*error && len + TKFI_VCPU_NAME < size) {
		if (strstarts(error, "VCPU") && isdigit(error[4])) {
			len += scnprintf(buf + len, size - len, "%s",
					 names[error[4] - '0']);
			error += 5;
		} else {
			buf[len++] = *error++;
		}
	}
	buf[len] = '\0';
}

/* Keep the plainest schedule. */
static void found(const struct tkfi_finding *finding, void *arg)
{
	struct tkfi_explorer *x = arg;
	const struct tkfi_engine *engine = x->session.engine;
	static struct tkfi_schedule schedule;
	const struct tkfi_shrunk *shrunk;
	char text[TKFI_SCHEDULE_TEXT];
	struct tkfi_violation *v;

	if ((x->only && !same_kind(finding, x->only)) || only_counts(x, finding))
		return;
	shrunk = shrink(x, finding);
	x->cut |= !shrunk || shrunk->cut;
	v = file(x, finding, shrunk && shrunk->nr ?
		 tkfi_cell_about(engine->log[shrunk->stopped].cell) : 0);
	if (!v)
		return;
	v->findings += !x->searching;
	if (!shrunk || !tkfi_cost_less(&shrunk->cost, &v->cost))
		return;
	tkfi_plan_names(&x->plan, schedule.names);
	/* One that is too long is none; there may be a shorter one. */
	if (tkfi_schedule_of(&schedule, engine, shrunk->steps, shrunk->nr) ||
	    tkfi_schedule_print(&schedule, text, sizeof(text)) >= sizeof(text))
		return;
	v->cost = shrunk->cost;
	v->finding = *finding;
	strscpy(v->schedule, text, sizeof(v->schedule));
	if (engine->ret)
		say_waits(engine->error, schedule.names, v->waits,
			  sizeof(v->waits));
}

static void check(struct tkfi_explorer *x, int ret, struct tkfi_order *order,
		  tkfi_finding_fn fn, void *arg)
{
	x->steps.nr = 0;
	x->order = order ?: &x->steps;
	x->shrunk = false;
	tkfi_oracles_check(x->session.engine, x->session.setup, &x->plan, ret,
			   x->order, fn, arg);
}

/* @order is NULL if nobody knows it yet. */
static void judge(void *arg, int ret, struct tkfi_order *order)
{
	struct tkfi_explorer *x = arg;

	if (x->each)
		x->each(x, ret);
	check(x, ret, order, found, x);
}

/* The memory of that strategy. */
static struct tkfi_interleave dfs;

/* A pointer into @x or to something of the kernel's image, as @x was at @old. */
static void relocate(struct tkfi_explorer *x, unsigned long old, const void *pointer)
{
	unsigned long *p = (unsigned long *)pointer;

	if (*p >= old && *p < old + sizeof(*x))
		*p += (unsigned long)x - old;
}

/* Save or load where the exploration is. */
static void keep_all(struct tkfi_explorer *x)
{
	struct tkfi_keep *keep = x->options.keep;
	unsigned long self = (unsigned long)x;
	s64 spent = os_nsecs() - x->watch.began;
	unsigned int i;

	tkfi_keep_move(keep, &self, sizeof(self));
	tkfi_keep_move(keep, &spent, sizeof(spent));
	x->watch.began = os_nsecs() - spent;
	tkfi_keep_move(keep, &x->stats, sizeof(x->stats));
	tkfi_keep_move(keep, &x->nr_violations, sizeof(x->nr_violations));
	tkfi_keep_move(keep, x->violations, sizeof(x->violations));
	tkfi_keep_move(keep, &x->cut, sizeof(x->cut));
	tkfi_cells_keep(keep);
	if (x->options.strategy == TKFI_DPOR && !x->options.bounded)
		tkfi_dpor_keep(x->dpor, keep);
	else if (x->options.strategy <= TKFI_DFS)
		tkfi_keep_move(keep, &dfs, sizeof(dfs));
	if (x->options.bounded)
		tkfi_visited_keep(x->visited, keep);
	for (i = 0; i < x->nr_violations; i++) {
		relocate(x, self, &x->violations[i].finding.first);
		relocate(x, self, &x->violations[i].finding.second);
	}
}

/*
 * Whose state it is: of this build, scenario, and way to explore. How long and how much
 * may be something else the next time.
 */
static void name_state(const struct tkfi_explorer *x, char *name, size_t size)
{
	const struct tkfi_explore_options *o = &x->options;

	snprintf(name, size, "%s%s\n%s %u %u %u %llu %u %u %u %u/%u %s", linux_banner,
		 x->text, tkfi_strategy_names[o->strategy], o->no_snapshots,
		 o->unchecked, o->as_found, o->seed, o->depth, o->bounded,
		 o->preemptions, o->part, o->parts, o->shared ?: "");
}

#define NAME_SIZE	(TKFI_SCENARIO_TEXT + TKFI_SHARED_TEXT + 1024)

static void save(struct tkfi_explorer *x)
{
	static char name[NAME_SIZE];
	int ret;

	name_state(x, name, sizeof(name));
	tkfi_keep_begin(x->options.keep);
	tkfi_keep_move(x->options.keep, name, sizeof(name));
	keep_all(x);
	ret = tkfi_keep_write(x->options.keep);
	if (ret)
		pr_err_once("tkfi: the state of the exploration cannot be kept: %d\n",
			    ret);
}

/* Load a state, if there is one. Return: 1 if there was, 0 if not, -ESTALE. */
static int load(struct tkfi_explorer *x)
{
	static char name[NAME_SIZE], kept[NAME_SIZE];

	if (!x->options.keep || !x->options.resume ||
	    tkfi_keep_read(x->options.keep))
		return 0;
	name_state(x, name, sizeof(name));
	tkfi_keep_move(x->options.keep, kept, sizeof(kept));
	if (!x->options.keep->failed && !strcmp(name, kept)) {
		keep_all(x);
		if (!x->options.keep->failed)
			return 1;
	}
	snprintf(x->session.engine->error, sizeof(x->session.engine->error),
		 "the state that was kept is of another kernel, scenario or strategy");
	return -ESTALE;
}

#define LOOK_EVERY	16		/* executions */
#define KEEP_EVERY	(5 * NSEC_PER_SEC)

/* A watched execution takes as long as some hundred others. */
#define WATCHED_FIRST	32

/* An execution by chance. Returns whether hooks report all that is written. */
static bool watch_sample(struct tkfi_explorer *x, u64 seed)
{
	struct tkfi_pos pos;

	tkfi_pos_init(&pos, seed);
	start(x);
	tkfi_unseen_begin(&x->unseen);
	tkfi_access_watch(tkfi_unseen_access, &x->unseen);
	suppress_printk = true;
	tkfi_engine_run(x->session.engine, &pos.strategy);
	suppress_printk = false;
	tkfi_access_watch(NULL, NULL);
	return !tkfi_unseen_end(&x->unseen);
}

/* The same, now and then in an exploration. */
static bool watch_another(struct tkfi_explorer *x)
{
	u64 nr = x->stats.classes;

	if (x->searching || nr < x->watch.watch_at)
		return true;
	x->watch.watch_at = nr + TKFI_WATCH_EVERY;
	tkfi_dpor_disturb(x->dpor);
	tkfi_checkpoints_drop(&x->checkpoints);
	return watch_sample(x, nr);
}

/* Between executions. Returns whether to go on. */
static bool look_at_clock(struct tkfi_explorer *x)
{
	struct tkfi_watch *w = &x->watch;
	s64 now;

	if (w->skip--)
		return true;
	w->skip = LOOK_EVERY;
	now = os_nsecs();
	if (x->progress && !x->searching && now - w->said >= NSEC_PER_SEC) {
		x->progress(x);
		w->said = now;
	}
	if (x->options.keep && !x->searching && now - w->kept >= KEEP_EVERY) {
		save(x);
		w->kept = now;
	}
	return watch_another(x) && (!w->stop || now < w->stop);
}

static int say_unseen(struct tkfi_explorer *x)
{
	struct tkfi_engine *engine = x->session.engine;

	strscpy(engine->error, x->unseen.report, sizeof(engine->error));
	return -EPROTO;
}

/* At the end: keep what is left, if there is anything, and nothing is wrong. */
static int keep_rest(struct tkfi_explorer *x, int ret)
{
	if (!ret && x->unseen.report[0])
		return say_unseen(x);
	/* What is complete is forgotten when its results are out: tkfi_keep_clear(). */
	if (!ret && !x->stats.complete && x->options.keep)
		save(x);
	return ret;
}

static bool pause(void *arg)
{
	return look_at_clock(arg);
}

/* Interrupts off, the kernel's own state saved, the scenario set up. */
static int begin(struct tkfi_explorer *x, unsigned long *flags)
{
	struct tkfi_session *session = &x->session;
	int ret = parse_setup(x, session->engine->error,
			      sizeof(session->engine->error));

	local_irq_save(*flags);
	tkfi_state_save(&session->own);
	if (ret)
		return ret;
	tkfi_session_start_anew();
	if (x->setup[0])
		ret = tkfi_plan_run(session->setup, session->engine);
	tkfi_state_save(&x->begin);
	return ret;
}

static void end(struct tkfi_explorer *x, unsigned long flags)
{
	tkfi_publish_stop();
	tkfi_state_restore(&x->session.own);
	local_irq_restore(flags);
}

const char * const tkfi_strategy_names[TKFI_NR_STRATEGIES] = {
	[TKFI_DPOR]	= "dpor",
	[TKFI_DFS]	= "dfs",
	[TKFI_RANDOM]	= "random",
	[TKFI_POS]	= "pos",
	[TKFI_PCT]	= "pct",
	[TKFI_REPLAY]	= "replay",
};

static int explore_dpor(struct tkfi_explorer *x)
{
	struct tkfi_dpor_client client = {
		.start = start,
		.judge = judge,
		.pause = pause,
		.restart = forget,
		.arg = x,
		.limit = x->options.executions,
		.no_snapshots = x->options.no_snapshots,
		.part = x->options.part,
		.parts = x->options.parts,
	};
	int ret = load(x);

	if (ret < 0)
		return ret;
	client.resumed = ret;
	ret = keep_rest(x, tkfi_dpor_explore(x->dpor, &client, &x->stats));
	if (ret || x->stats.complete)
		return ret;
	return tkfi_estimate(&x->estimate, x->session.engine, start, x,
			     &x->classes, &x->classes_error);
}

/* What an execution returned, or -E2BIG if not all its steps are known. */
static int too_long(struct tkfi_engine *engine, int ret)
{
	if (engine->nr_log <= TKFI_MAX_STEPS)
		return ret;
	snprintf(engine->error, sizeof(engine->error),
		 "an execution of %u steps; %d are possible", engine->nr_log,
		 TKFI_MAX_STEPS);
	return -E2BIG;
}

/* From the start, or the last checkpoint before what dfs does differently. */
static int run(struct tkfi_explorer *x, struct tkfi_strategy *strategy)
{
	struct tkfi_engine *engine = x->session.engine;
	const struct tkfi_snapshot *from = NULL;
	unsigned int again;

	if (strategy == &dfs.strategy) {
		from = tkfi_interleave_back(&dfs, &again);
		x->stats.replayed += again;
	}
	if (from)
		return tkfi_engine_resume(engine, strategy, from);
	start(x);
	return tkfi_engine_run(engine, strategy);
}

/* One execution; returns whether to go on. */
static bool execute(struct tkfi_explorer *x, struct tkfi_strategy *strategy,
		    int *ret)
{
	struct tkfi_engine *engine = x->session.engine;

	*ret = too_long(engine, run(x, strategy));
	if (*ret && *ret != -EDEADLK)
		return false;
	if (strategy == &dfs.strategy && dfs.visited &&
	    tkfi_visited_class(dfs.visited, engine)) {
		x->stats.redundant++;
		return true;
	}
	x->stats.classes++;
	x->stats.steps += engine->nr_log;
	x->stats.longest = max(x->stats.longest, engine->nr_log);
	x->stats.deadlocks += *ret == -EDEADLK;
	judge(x, *ret, NULL);
	return true;
}

/* Where dfs remembers what. Checkpoints of another search are none of this one's. */
static void set_memory(struct tkfi_explorer *x, bool prune)
{
	dfs.visited = prune ? x->visited : NULL;
	dfs.checkpoints = x->options.no_snapshots ? NULL : &x->checkpoints;
	tkfi_checkpoints_drop(&x->checkpoints);
}

static void start_dfs(struct tkfi_explorer *x, unsigned int bound, bool prune)
{
	tkfi_interleave_init(&dfs);
	/* Between two operations nobody is preempted. */
	dfs.strategy.wants = TKFI_WANTS_ACCESSES | BIT(TKFI_STEP_YIELD);
	dfs.bound = bound;
	set_memory(x, prune);
	if (prune)
		tkfi_visited_init(x->visited);
}

/* Everything from the start: choices have come up that were none before. */
static void restart_dfs(struct tkfi_explorer *x)
{
	tkfi_cells_begin();
	memset(&x->stats, 0, sizeof(x->stats));
	forget(x);
	start_dfs(x, dfs.bound, dfs.visited);
}

/*
 * All executions of so many preemptions, or of those that do not differ, @prune, only
 * one; but no more than @most, 0 for all.
 */
static int explore_dfs(struct tkfi_explorer *x, unsigned int bound, bool prune,
		       u64 most)
{
	int ret = tkfi_checkpoints_fit(x->session.engine);

	if (!ret && !x->searching)
		ret = load(x);
	if (ret < 0)
		return ret;
	if (ret)	/* What was kept was elsewhere. */
		set_memory(x, prune);
	else
		start_dfs(x, bound, prune);
	while (execute(x, &dfs.strategy, &ret) || dfs.pruned) {
		x->stats.redundant += dfs.pruned;
		if (tkfi_cells_changed) {
			restart_dfs(x);
			continue;
		}
		if (dfs.nr > TKFI_MAX_CHOICES) {
			snprintf(x->session.engine->error,
				 sizeof(x->session.engine->error),
				 "an execution of %u choices; %u are possible",
				 dfs.nr, TKFI_MAX_CHOICES);
			return -E2BIG;
		}
		if (prune && !x->searching &&
		    !tkfi_visited_has_room(x->visited)) {
			snprintf(x->session.engine->error,
				 sizeof(x->session.engine->error),
				 "more than can be remembered; explore with fewer preemptions");
			return -E2BIG;
		}
		if (!tkfi_interleave_next(&dfs)) {
			x->stats.complete = true;
			break;
		}
		if ((most && x->stats.classes >= most) || !look_at_clock(x))
			break;
		/* It may have learnt by looking. */
		if (tkfi_cells_changed)
			restart_dfs(x);
	}
	ret = ret == -EDEADLK || dfs.pruned ? 0 : ret;
	return x->searching ? ret : keep_rest(x, ret);
}

static int explore_samples(struct tkfi_explorer *x)
{
	const struct tkfi_explore_options *options = &x->options;
	u64 nr = options->executions ?: options->ms ? U64_MAX : TKFI_SAMPLES;
	struct tkfi_random random;
	struct tkfi_pos pos;
	struct tkfi_pct pct;
	int ret = load(x);

	if (ret < 0)
		return ret;
	while (x->stats.classes < nr) {
		u64 i = options->seed + x->stats.classes;
		struct tkfi_strategy *strategy;

		switch (options->strategy) {
		case TKFI_RANDOM:
			tkfi_random_init(&random, i);
			strategy = &random.strategy;
			break;
		case TKFI_POS:
			tkfi_pos_init(&pos, i);
			strategy = &pos.strategy;
			break;
		case TKFI_REPLAY:
			strategy = &options->schedule->strategy;
			break;
		default:
			tkfi_pct_init(&pct, i, options->depth,
				      x->stats.longest);
			strategy = &pct.strategy;
			break;
		}
		if (!execute(x, strategy, &ret))
			break;
		if (tkfi_cells_changed) {
			/* What was learnt makes other choices: from the start. */
			tkfi_cells_begin();
			memset(&x->stats, 0, sizeof(x->stats));
			forget(x);
		}
		if (!look_at_clock(x))
			break;
	}
	return keep_rest(x, ret == -EDEADLK ? 0 : ret);
}

static int parse_shared(struct tkfi_explorer *x, const char *shared)
{
	if (!shared || !tkfi_cells_parse_shared(shared))
		return 0;
	snprintf(x->session.engine->error, sizeof(x->session.engine->error),
		 "'%s' is no list of shared cells; write 12-14,77", shared);
	return -EINVAL;
}

/* All executions with up to @preemptions are known. */
static void none_is_plainer(struct tkfi_explorer *x, unsigned int preemptions)
{
	unsigned int i;

	for (i = 0; i < x->nr_violations && !x->cut; i++)
		x->violations[i].minimal =
			x->violations[i].cost.preemptions <= preemptions;
}

/*
 * Is there anything plainer than what was found? If not all executions are known, look
 * at all that could be, as far as that is not too much.
 */
static void search(struct tkfi_explorer *x)
{
	const struct tkfi_dpor_stats stats = x->stats;
	unsigned int bound, i;
	bool go_on = true;

	if (stats.complete) {
		x->searched = stats.classes;
		none_is_plainer(x, x->options.strategy == TKFI_DPOR &&
				!x->options.bounded ? UINT_MAX :
				x->options.preemptions);
		return;
	}
	x->searching = true;
	x->cut = strchr(x->shared, 'u');
	x->watch.stop = 0;
	for (bound = 0; go_on; bound++) {
		memset(&x->stats, 0, sizeof(x->stats));
		explore_dfs(x, bound, true, TKFI_MAX_SEARCHED - x->searched);
		x->searched += x->stats.classes;
		if (!x->stats.complete)
			break;
		none_is_plainer(x, bound);
		go_on = false;
		for (i = 0; i < x->nr_violations; i++)
			go_on |= x->violations[i].cost.preemptions > bound;
		go_on &= x->searched < TKFI_MAX_SEARCHED;
	}
	x->searching = false;
	x->stats = stats;
}

/* One that is looked for among others. */
struct sought {
	struct tkfi_explorer *x;
	const struct tkfi_finding *finding;
	bool found;
	bool wants_stopped;
	unsigned int stopped;
};

static void look_for(const struct tkfi_finding *finding, void *arg)
{
	struct sought *sought = arg;
	const struct tkfi_shrunk *shrunk;

	if (sought->found || !same_kind(finding, sought->finding))
		return;
	sought->found = true;
	if (!sought->wants_stopped)
		return;
	shrunk = shrink(sought->x, finding);
	sought->stopped = shrunk ? shrunk->stopped : 0;
}

static bool violates(void *arg, int ret)
{
	struct sought *sought = arg;
	struct tkfi_explorer *x = sought->x;

	sought->found = false;
	check(x, ret, NULL, look_for, sought);
	/* What ends otherwise than by its VCPUs' ends does not hold. */
	return sought->found || ret;
}

static int start_sought(void *arg)
{
	struct sought *sought = arg;

	return start(sought->x);
}

/* Which two accesses are it? The violation's schedule is executed again. */
static void explain(struct tkfi_explorer *x, struct tkfi_violation *v)
{
	struct tkfi_engine *engine = x->session.engine;
	const struct tkfi_finding finding = v->finding;
	struct sought sought = { .x = x, .finding = &finding };
	const struct tkfi_trial trial = {
		.start = start_sought,
		.violates = violates,
		.arg = &sought,
		.host = x->plan.has_host ? x->plan.nr_programs - 1 : TKFI_MAX_VCPUS,
	};
	static struct tkfi_schedule schedule;
	int ret;

	tkfi_plan_names(&x->plan, schedule.names);
	schedule.nr_vcpus = x->plan.nr_programs;
	if (v->cost.turns == UINT_MAX ||
	    tkfi_schedule_parse(&schedule, v->schedule, engine->error,
				sizeof(engine->error)))
		return;
	tkfi_record_start(&x->recording, &schedule.strategy);
	start(x);
	ret = too_long(engine, tkfi_engine_run(engine, &x->recording.strategy));
	if (ret && ret != -EDEADLK)
		return;
	tkfi_record_end(&x->recording, engine);
	sought.wants_stopped = true;
	violates(&sought, ret);
	sought.wants_stopped = false;
	if (sought.found)
		tkfi_explain(engine, &x->recording, sought.stopped, &trial,
			     &v->why);
}

static bool same_pair(const struct tkfi_explanation *a,
		      const struct tkfi_explanation *b)
{
	return a->holds && b->holds && a->about == b->about &&
	       (a->first.kind == TKFI_STEP_STORE) == (b->first.kind == TKFI_STEP_STORE) &&
	       (a->second.kind == TKFI_STEP_STORE) == (b->second.kind == TKFI_STEP_STORE);
}

/* Those of one kind whose accesses are the same are the same. */
static void merge(struct tkfi_explorer *x)
{
	struct tkfi_violation *v, *w;

	for (v = x->violations; v < x->violations + x->nr_violations; v++) {
		for (w = v + 1; w < x->violations + x->nr_violations; w++) {
			if (!same_kind(&v->finding, &w->finding) ||
			    !same_pair(&v->why, &w->why))
				continue;
			if (tkfi_cost_less(&w->cost, &v->cost))
				swap(*v, *w);
			v->findings += w->findings;
			*w-- = x->violations[--x->nr_violations];
		}
	}
}

/*
 * Explain all that was found. Every step is a choice to that, but not to an
 * exploration that comes after it.
 */
static void explain_all(struct tkfi_explorer *x)
{
	struct tkfi_engine *engine = x->session.engine;
	bool quiet = engine->quiet;
	unsigned int nr = engine->trace.nr, i;

	engine->quiet = true;
	tkfi_cells_share_all();
	tkfi_cells_uncheck();
	for (i = 0; i < x->nr_violations; i++)
		explain(x, &x->violations[i]);
	collect(x);
	/* Of parts, whoever has them all knows the plainest ones, and merges these. */
	if (x->options.parts <= 1)
		merge(x);
	engine->trace.nr = nr;
	engine->quiet = quiet;
}

/*
 * Executions, in order and by chance, to see that hooks report all that is written.
 * That cells are shared may be learnt in these; it is true in others.
 */
static int look_behind_hooks(struct tkfi_explorer *x)
{
	struct tkfi_engine *engine = x->session.engine;
	unsigned int i;
	bool go_on;
	int ret;

	if (x->watched)
		return 0;
	x->plan.access = tkfi_unseen_access;
	x->plan.probe_arg = &x->unseen;
	tkfi_state_restore(&x->begin);
	tkfi_unseen_begin(&x->unseen);
	ret = tkfi_plan_run(&x->plan, engine);
	engine->quiet = true;
	go_on = !tkfi_unseen_end(&x->unseen);
	for (i = 0; i < WATCHED_FIRST && go_on; i++)
		go_on = watch_sample(x, i);
	if (!go_on)
		return say_unseen(x);
	x->watched = true;
	/* That nobody can go on is what an exploration may find. */
	return ret == -EDEADLK ? 0 : ret;
}

int tkfi_explore(struct tkfi_explorer *x,
		 const struct tkfi_explore_options *options)
{
	unsigned long flags;
	int ret;

	forget(x);
	x->searched = 0;
	x->options = *options;
	x->watch = (struct tkfi_watch){ .began = os_nsecs() };
	x->watch.said = x->watch.began;
	x->watch.kept = x->watch.began;
	x->watch.watch_at = TKFI_WATCH_EVERY;
	if (options->ms)
		x->watch.stop = x->watch.began + options->ms * NSEC_PER_MSEC;
	memset(&x->stats, 0, sizeof(x->stats));
	x->classes = 0;
	x->classes_error = 0;
	ret = begin(x, &flags) ?: look_behind_hooks(x);
	x->session.engine->quiet = true;
	if (!ret) {
		tkfi_cells_begin();
		ret = parse_shared(x, options->shared);
		if (options->unchecked)
			tkfi_cells_uncheck();
	}
	if (!ret && options->parts > 1 &&
	    (options->strategy != TKFI_DPOR || options->bounded)) {
		snprintf(x->session.engine->error,
			 sizeof(x->session.engine->error),
			 "only dpor without a bound explores in parts");
		ret = -EINVAL;
	}
	if (!ret) {
		if (options->strategy == TKFI_DPOR && !options->bounded)
			ret = explore_dpor(x);
		else if (options->strategy <= TKFI_DFS)
			ret = explore_dfs(x, options->preemptions,
					  options->bounded, options->executions);
		else
			ret = explore_samples(x);
	}
	if (tkfi_cells_print_shared(x->shared, sizeof(x->shared)) >=
	    sizeof(x->shared) && !ret) {
		snprintf(x->session.engine->error,
			 sizeof(x->session.engine->error),
			 "too many shared cells to be named");
		ret = -E2BIG;
	}
	/* Where nobody waits for readers, what is a preemption is not known for sure. */
	x->cut |= !!strchr(x->shared, 'u');
	if (!ret && x->nr_violations && !options->as_found) {
		/* What the other parts find may be plainer; if all are complete, it is known. */
		if (options->parts <= 1 || !x->stats.complete)
			search(x);
		explain_all(x);
	}
	x->session.engine->quiet = false;
	end(x, flags);
	return ret;
}

int tkfi_explorer_run_in_order(struct tkfi_explorer *x, unsigned int times)
{
	unsigned long flags;
	unsigned int i, j;
	int ret;

	ret = begin(x, &flags);
	suppress_printk = true;
	for (; times && !ret; times--) {
		tkfi_state_restore(&x->begin);
		for (i = 0; i < x->plan.nr_programs; i++) {
			for (j = 0; j < x->plan.programs[i].nr; j++) {
				struct tkfi_op *op = &x->plan.programs[i].ops[j];

				op->result = op->type->run(op);
			}
		}
	}
	suppress_printk = false;
	end(x, flags);
	return ret;
}

static int replay(struct tkfi_explorer *x, const char *text, bool explains, char *err,
		  size_t size)
{
	static struct tkfi_schedule schedule;
	unsigned long flags;
	int ret;

	collect(x);
	tkfi_plan_names(&x->plan, schedule.names);
	schedule.nr_vcpus = x->plan.nr_programs;
	ret = tkfi_schedule_parse(&schedule, text, err, size);
	x->wrong = schedule.wrong;
	if (ret)
		return ret;
	forget(x);
	x->searched = 0;
	ret = begin(x, &flags);
	if (!ret) {
		start(x);
		tkfi_cells_share_all();
		tkfi_cells_uncheck();
		ret = too_long(x->session.engine,
			       tkfi_engine_run(x->session.engine,
					       &schedule.strategy));
		x->wrong = schedule.wrong;
		x->replayed = tkfi_log_hash(x->session.engine);
		x->nr_replayed = x->session.engine->nr_log;
		if (!ret || ret == -EDEADLK)
			judge(x, ret, NULL);
	}
	if (ret)
		snprintf(err, size, "%s", x->session.engine->error);
	if (explains)
		explain_all(x);
	else
		collect(x);
	end(x, flags);
	return ret;
}

int tkfi_explorer_replay(struct tkfi_explorer *x, const char *text, char *err,
			 size_t size)
{
	return replay(x, text, true, err, size);
}

int tkfi_explorer_confirm(struct tkfi_explorer *x, const struct tkfi_violation *v,
			  char *err, size_t size)
{
	const struct tkfi_finding *f, *g = &v->finding;
	unsigned int i;
	int ret;

	x->only = g;
	ret = replay(x, v->schedule, false, err, size);
	x->only = NULL;
	if (ret && ret != -EDEADLK)
		return ret;
	for (i = 0; i < x->nr_violations; i++) {
		const struct tkfi_cost *cost = &x->violations[i].cost;

		f = &x->violations[i].finding;
		/* Turns of VCPUs that touch nothing that others do count only here. */
		if (f->first_ns == g->first_ns && f->second_ns == g->second_ns &&
		    cost->preemptions <= v->cost.preemptions &&
		    cost->delays <= v->cost.delays)
			return 0;
	}
	snprintf(err, size, "[tkfi internal bug] executed again it comes to something else: %s",
		 v->schedule);
	return -EPROTO;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Every shipped scenario explored to the end, and the one somebody asks for; a
 * schedule replayed.
 */
#include <kunit/test.h>
#include <linux/glob.h>
#include <linux/math64.h>
#include <linux/moduleparam.h>
#include <linux/utsname.h>
#include <linux/xxhash.h>
#include <os.h>

#include "cells.h"
#include "keep.h"
#include "known.h"
#include "publish.h"
#include "readers.h"
#include "result.h"
#include "scenarios.h"
#include "strategies.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX	"tkfi."

static char *scenario = "*";
module_param(scenario, charp, 0444);
MODULE_PARM_DESC(scenario, "which of the shipped scenarios (a glob), or the text of another one");

static char *turns;
module_param_named(schedule, turns, charp, 0444);
MODULE_PARM_DESC(schedule, "the turns to replay in that scenario");

static char *strategy = "dpor";
module_param(strategy, charp, 0444);
MODULE_PARM_DESC(strategy, "dpor, dfs, random, pos or pct");

static unsigned long long executions;
module_param(executions, ullong, 0444);
MODULE_PARM_DESC(executions, "the most executions of a scenario; 0: all, or for ms, or 10000");

static unsigned long long ms;
module_param(ms, ullong, 0444);
MODULE_PARM_DESC(ms, "of host time for a scenario, 0 for as long as it takes");

static unsigned long long seed;
module_param(seed, ullong, 0444);
MODULE_PARM_DESC(seed, "number of the first execution of those that sample");

static unsigned int depth = 3;
module_param(depth, uint, 0444);
MODULE_PARM_DESC(depth, "of the bugs that pct looks for, 1 to 8");

static int preemptions = -1;
module_param(preemptions, int, 0444);
MODULE_PARM_DESC(preemptions, "the most preemptions of an execution: of dpor, if not -1; of dfs, 2 if -1");

static char *part;
module_param(part, charp, 0444);
MODULE_PARM_DESC(part, "I/N: explore only the I-th of N parts, from 0; dpor only");

static char *shared;
module_param(shared, charp, 0444);
MODULE_PARM_DESC(shared, "cells that are shared, as a result has them");

static char *keep;
module_param(keep, charp, 0444);
MODULE_PARM_DESC(keep, "host file for the state of the exploration; .0 and .1 are added");

static bool resume;
module_param(resume, bool, 0444);
MODULE_PARM_DESC(resume, "go on from the state that was kept");

static struct tkfi_explorer *explorer;
static char err[1024];

static struct tkfi_explore_options options;

static void say_progress(struct tkfi_explorer *x);

static int explore_suite_init(struct kunit_suite *suite)
{
	options = (struct tkfi_explore_options){
		.executions = executions,
		.ms = ms,
		.seed = seed,
		.depth = depth,
		.preemptions = preemptions < 0 ? 2 : preemptions,
		.shared = shared,
		.resume = resume,
	};
	if (part && (sscanf(part, "%u/%u", &options.part, &options.parts) != 2 ||
		     options.part >= options.parts)) {
		pr_err("tkfi: '%s' is no part; write 0/4 to 3/4\n", part);
		return -EINVAL;
	}
	if (keep) {
		options.keep = tkfi_keep_create(keep);
		if (!options.keep)
			return -ENOMEM;
	}
	while (options.strategy < TKFI_REPLAY &&
	       strcmp(tkfi_strategy_names[options.strategy], strategy))
		options.strategy++;
	if (options.strategy == TKFI_REPLAY) {
		pr_err("tkfi: no strategy is called %s\n", strategy);
		return -EINVAL;
	}
	if (!depth || depth > TKFI_PCT_MAX_DEPTH) {
		pr_err("tkfi: a depth of %u; 1 to %u are possible\n", depth,
		       TKFI_PCT_MAX_DEPTH);
		return -EINVAL;
	}
	options.bounded = options.strategy == TKFI_DPOR && preemptions >= 0;
	explorer = tkfi_explorer_open(NSEC_PER_SEC);
	if (!explorer)
		return -ENOMEM;
	explorer->progress = say_progress;
	return 0;
}

static void explore_suite_exit(struct kunit_suite *suite)
{
	tkfi_explorer_close(explorer);
	tkfi_keep_destroy(options.keep);
}

/* Is the parameter a scenario's text, not the names of shipped ones? */
static bool is_text(void)
{
	return strchr(scenario, ':');
}

static void scenario_desc(const struct tkfi_scenario *s, char *desc)
{
	strscpy(desc, s->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(scenario, tkfi_scenarios, scenario_desc);

/* One of two accesses, as members of a JSON object. */
static const char *say_access(char *buf, size_t size,
			      const struct tkfi_seen *seen)
{
	char names[TKFI_MAX_VCPUS][TKFI_VCPU_NAME];
	bool has_value = true;
	const char *kind;
	char name[40];
	size_t len;

	switch (seen->kind) {
	case TKFI_STEP_LOCK:
	case TKFI_STEP_UNLOCK:
		kind = seen->kind == TKFI_STEP_LOCK ? "lock" : "unlock";
		has_value = false;
		break;
	case TKFI_STEP_STORE:
		kind = "store";
		break;
	default:
		kind = "load";
		break;
	}
	tkfi_plan_names(&explorer->plan, names);
	tkfi_cell_name(seen->cell, seen->nr_cells, name, sizeof(name));
	len = scnprintf(buf, size, "{\"vcpu\":%u,\"who\":\"%s\",\"kind\":\"%s\",\"name\":\"%s\",\"value\":",
			seen->vcpu, names[seen->vcpu], kind, name);
	len += has_value ? scnprintf(buf + len, size - len, "%lld", seen->value) :
			   scnprintf(buf + len, size - len, "null");
	/* The place that counts is the call, not what it returns to. */
	if (seen->ip)
		scnprintf(buf + len, size - len, ",\"ip\":%lu,\"at\":\"%pS\"}",
			  seen->ip - 1, (void *)(seen->ip - 1));
	else
		scnprintf(buf + len, size - len, ",\"ip\":0,\"at\":\"\"}");
	return buf;
}

/* The @number-th, as a line of @type. */
static void say_violation(const char *type, unsigned int number,
			  const struct tkfi_violation *v, u64 searched)
{
	const struct tkfi_known *known = tkfi_known_find(explorer->name,
							 &v->finding);
	static char name[512], reason[512], first[512], clock[512];
	static char like[512], waits[512];
	const struct tkfi_known *other =
		known ? NULL : tkfi_known_like(&v->finding);
	static char schedule[2 * TKFI_SCHEDULE_TEXT], accesses[2][512];
	const struct tkfi_finding *f = &v->finding;
	char stopped[40], about[40] = "";
	const struct tkfi_explanation *why = &v->why;

	tkfi_result_string(name, sizeof(name), explorer->name);
	tkfi_result_string(reason, sizeof(reason), known ? known->reason : "");
	snprintf(like, sizeof(like), "%s%s%s", other ? other->scenarios : "",
		 other ? ": " : "", other ? other->reason : "");
	tkfi_result_string(waits, sizeof(waits), v->waits);
	tkfi_result_string(first, sizeof(first),
			   f->first ? f->first->call : f->clock);
	tkfi_result_string(clock, sizeof(clock), f->clock);
	tkfi_result_string(schedule, sizeof(schedule), v->schedule);
	tkfi_cell_name(v->about, 1, stopped, sizeof(stopped));
	if (why->holds) {
		tkfi_cell_name(why->about, 1, about, sizeof(about));
		say_access(accesses[0], sizeof(accesses[0]), &why->first);
		say_access(accesses[1], sizeof(accesses[1]), &why->second);
	}
	tkfi_result("\"type\":\"%s\",\"number\":%u,\"scenario\":\"%s\",\"oracle\":\"%s\",\"clock\":\"%s\",\"first\":\"%s\",\"first_ns\":%lld,\"second_ns\":%lld,\"findings\":%llu,\"turns\":%u,\"preemptions\":%u,\"delays\":%u,\"minimal\":%s,\"searched\":%llu,\"explained\":%s,\"tried\":%u,\"accesses\":[%s%s%s],\"stopped\":\"%s\",\"about\":\"%s\",\"known\":%s,\"reason\":\"%s\",\"like\":\"%s\",\"waits\":\"%s\",\"schedule\":\"tkfi1 %s %s %s: %s\"",
		    type, number, name, f->oracle, clock, first, f->first_ns, f->second_ns,
		    v->findings, v->cost.turns, v->cost.preemptions,
		    v->cost.delays, v->minimal ? "true" : "false",
		    searched, why->holds ? "true" : "false",
		    why->tried, why->holds ? accesses[0] : "",
		    why->holds ? "," : "", why->holds ? accesses[1] : "",
		    stopped, about, known ? "true" : "false", reason, like, waits,
		    init_utsname()->release,
		    tkfi_variant_names[tkfi_variant()], name, schedule);
}

/*
 * What was found so far, for whoever ends us before we say all: when it is new, or plainer,
 * or was found twice as often.
 */
static void say_found(const struct tkfi_explorer *x)
{
	static struct {
		struct tkfi_finding finding;
		struct tkfi_cost cost;
		u64 findings;
	} said[TKFI_MAX_VIOLATIONS];
	static unsigned int nr;
	unsigned int i;

	/* It began anew. */
	if (x->nr_violations < nr)
		memset(said, 0, sizeof(said));
	nr = x->nr_violations;
	for (i = 0; i < nr; i++) {
		const struct tkfi_violation *v = &x->violations[i];

		if (!memcmp(&said[i].finding, &v->finding, sizeof(v->finding)) &&
		    !memcmp(&said[i].cost, &v->cost, sizeof(v->cost)) &&
		    v->findings / 2 < said[i].findings)
			continue;
		said[i].finding = v->finding;
		said[i].cost = v->cost;
		said[i].findings = v->findings;
		say_violation("found", i, v, 0);
	}
}

static void say_progress(struct tkfi_explorer *x)
{
	const struct tkfi_dpor_stats *stats = &x->stats;

	tkfi_result("\"type\":\"progress\",\"scenario\":\"%s\",\"part\":\"%u/%u\",\"classes\":%llu,\"executions\":%llu,\"violations\":%u,\"ns\":%llu",
		    x->name, options.part, options.parts ?: 1, stats->classes,
		    stats->classes + stats->redundant, x->nr_violations,
		    os_nsecs() - x->watch.began);
	say_found(x);
}

/*
 * How likely an execution of pct is to meet a bug of its depth, at the least, in 1e-18:
 * see struct tkfi_pct.
 */
static u64 least_likely(void)
{
	u64 p = div_u64(1000000000000000000ULL, explorer->plan.nr_programs);
	unsigned int i;

	for (i = 1; i < explorer->options.depth; i++)
		p = div_u64(p, max(explorer->stats.longest, 1U));
	return p;
}

static void say_explored(u64 ns)
{
	const struct tkfi_explore_options *o = &explorer->options;
	const struct tkfi_dpor_stats *stats = &explorer->stats;
	char more[128] = "";
	size_t len = 0;

	if (o->bounded || o->strategy == TKFI_DFS)
		len += scnprintf(more, sizeof(more), ",\"preemptions\":%u",
				 o->preemptions);
	if (explorer->classes)
		len += scnprintf(more + len, sizeof(more) - len,
				 ",\"estimate\":%llu,\"estimate_error\":%llu",
				 explorer->classes, explorer->classes_error);
	if (o->strategy == TKFI_PCT)
		scnprintf(more + len, sizeof(more) - len,
			  ",\"depth\":%u,\"bound\":%llue-18", o->depth,
			  least_likely());
	tkfi_result("\"type\":\"explored\",\"scenario\":\"%s\",\"part\":\"%u/%u\",\"shared\":\"%s\",\"strategy\":\"%s\",\"classes\":%llu,\"executions\":%llu,\"redundant\":%llu,\"deadlocks\":%llu,\"steps\":%llu,\"replayed\":%llu,\"longest\":%u,\"complete\":%s,\"ns\":%llu%s",
		    explorer->name, options.part, options.parts ?: 1, explorer->shared,
		    tkfi_strategy_names[explorer->options.strategy],
		    explorer->options.strategy == TKFI_DPOR ? stats->classes : 0,
		    stats->classes + stats->redundant, stats->redundant,
		    stats->deadlocks, stats->steps, stats->replayed,
		    stats->longest, stats->complete ? "true" : "false",
		    ns, more);
}

/* The order that matters, for whoever has no runner. */
static const char *say_order(const struct tkfi_explanation *why)
{
	const struct tkfi_seen *a = &why->first, *b = &why->second;
	char name[40], names[TKFI_MAX_VCPUS][TKFI_VCPU_NAME];
	static char text[256];

	if (!why->holds)
		return "";
	tkfi_plan_names(&explorer->plan, names);
	tkfi_cell_name(b->cell, b->nr_cells, name, sizeof(name));
	snprintf(text, sizeof(text), "; it holds if the order of these is another: %s at %pS, %s at %pS, both to %s",
		 names[a->vcpu], (void *)a->ip, names[b->vcpu], (void *)b->ip,
		 name);
	return text;
}

/* An execution by the schedule, again: it must come to the same, at no other cost. */
static void replay(struct kunit *test, const struct tkfi_violation *v)
{
	bool same = false;
	unsigned int i;
	int ret;

	ret = tkfi_explorer_replay(explorer, v->schedule, err, sizeof(err));
	if (ret != -EDEADLK)
		KUNIT_EXPECT_EQ_MSG(test, ret, 0, "%s", err);
	for (i = 0; i < explorer->nr_violations; i++) {
		const struct tkfi_violation *w = &explorer->violations[i];
		const struct tkfi_finding *f = &w->finding;

		same |= f->oracle == v->finding.oracle &&
			f->clock == v->finding.clock &&
			f->first_ns == v->finding.first_ns &&
			f->second_ns == v->finding.second_ns &&
			!tkfi_cost_less(&v->cost, &w->cost) &&
			(!v->minimal || w->why.holds == v->why.holds);
	}
	KUNIT_EXPECT_TRUE_MSG(test, same, "executed again it comes to something else: %s",
			      v->schedule);
}

/* Operations that fail explore nothing. Of reads an oracle says whether they may. */
static void expect_success(struct kunit *test, const struct tkfi_plan *plan)
{
	unsigned int i, j;

	for (i = 0; i < plan->nr_programs; i++)
		for (j = 0; j < plan->programs[i].nr; j++)
			if (!plan->programs[i].ops[j].reader)
				KUNIT_EXPECT_GE_MSG(test,
						    plan->programs[i].ops[j].result,
						    0, "%s: %s failed",
						    explorer->name,
						    plan->programs[i].ops[j].call);
}

/*
 * What somebody wrote cannot be explored, or replayed: @err says why. Whoever has a runner
 * is told by that, with a caret under the fault, in @text or in its turns.
 */
static void say_malformed(struct kunit *test, const char *what, const char *text)
{
	static char why[2 * sizeof(err)];

	tkfi_result_string(why, sizeof(why), err);
	tkfi_result("\"type\":\"malformed\",\"what\":\"%s\",\"why\":\"%s\",\"at\":%u",
		    what, why, explorer->wrong);
	KUNIT_FAIL(test, "%s\n%s\n%*s^", err, text, explorer->wrong, "");
}

/* Operations that have failed in all executions so far. */
static u64 failing;

static void note_failing(struct tkfi_explorer *x, int ret)
{
	u64 now = 0;
	unsigned int i, j;

	static_assert(TKFI_MAX_VCPUS * TKFI_MAX_OPS <= 64);
	for (i = 0; i < x->plan.nr_programs; i++) {
		for (j = 0; j < x->plan.programs[i].nr; j++) {
			const struct tkfi_op *op = &x->plan.programs[i].ops[j];

			if (op->done && !op->reader && op->result < 0)
				now |= BIT_ULL(i * TKFI_MAX_OPS + j);
		}
	}
	failing &= now;
}

/* An operation that fails whatever the others do; NULL if there is none. */
static const struct tkfi_op *find_failing(const char **who)
{
	static const struct tkfi_explore_options some = {
		.strategy = TKFI_POS, .executions = 16, .as_found = true,
	};
	static char names[TKFI_MAX_VCPUS][TKFI_VCPU_NAME], on[16];
	const struct tkfi_program *setup = explorer->session.setup->programs;
	unsigned int i;
	int ret;

	failing = U64_MAX;
	explorer->each = note_failing;
	ret = tkfi_explore(explorer, &some);
	explorer->each = NULL;
	*who = "in the set-up";
	for (i = 0; explorer->setup[0] && i < setup->nr; i++)
		if (!setup->ops[i].reader && setup->ops[i].result < 0)
			return &setup->ops[i];
	if (ret || !failing || failing == U64_MAX)
		return NULL;
	i = __ffs64(failing);
	tkfi_plan_names(&explorer->plan, names);
	snprintf(on, sizeof(on), "on %s", names[i / TKFI_MAX_OPS]);
	*who = on;
	return &explorer->plan.programs[i / TKFI_MAX_OPS].ops[i % TKFI_MAX_OPS];
}

/*
 * Load what somebody wrote. Returns whether there is something to explore in it; if not,
 * @err says why, and @explorer->wrong where.
 */
static bool load_given(const struct tkfi_scenario *s)
{
	const struct tkfi_op *op;
	const char *text, *who;
	char error[16];

	if (tkfi_explorer_load(explorer, s, err, sizeof(err)))
		return false;
	op = find_failing(&who);
	/* What was learnt is forgotten. */
	if (!op)
		return !tkfi_explorer_load(explorer, s, err, sizeof(err));
	explorer->wrong = tkfi_explorer_find(explorer, op);
	text = s->text + explorer->wrong;
	snprintf(error, sizeof(error), "%pe", ERR_PTR(op->result));
	snprintf(err, sizeof(err), "%.*s %s failed: %s",
		 (int)strcspn(text, ",;"), text, who, error + (error[0] == '-'));
	return false;
}

/*
 * What is found no longer does not belong on the list. A part has not seen all: whoever has
 * all parts sees what none of them found.
 */
static void say_not_found(struct kunit *test, const struct tkfi_scenario *s,
			  const struct tkfi_known *known, bool part)
{
	if (part)
		tkfi_result("\"type\":\"not_found\",\"scenario\":\"%s\",\"reason\":\"%s\"",
			    s->name, known->reason);
	else
		KUNIT_FAIL(test, "%s: known, but not found: %s", s->name,
			   known->reason);
}

static void explore(struct kunit *test, const struct tkfi_scenario *s,
		    const struct tkfi_explore_options *options,
		    bool must_be_known)
{
	bool all = options->strategy == TKFI_DPOR && !options->executions &&
		   !options->ms && !options->bounded;
	static struct tkfi_violation violations[TKFI_MAX_VIOLATIONS];
	bool occurs[TKFI_MAX_KNOWN] = {};
	unsigned int i, nr;
	u64 searched;
	bool complete;
	int ret;

	if (must_be_known) {
		ret = tkfi_explorer_load(explorer, s, err, sizeof(err));
		KUNIT_ASSERT_EQ_MSG(test, ret, 0, "%s", err);
	} else if (!load_given(s)) {
		say_malformed(test, "scenario", s->text);
		return;
	}
	ret = tkfi_explore(explorer, options);
	if (ret == -ESTALE)
		tkfi_result("\"type\":\"refused\",\"scenario\":\"%s\",\"why\":\"%s\"",
			    s->name, explorer->session.engine->error);
	/* What was found before it failed is not lost. */
	for (i = 0; i < explorer->nr_violations && ret; i++)
		say_violation("violation", i, &explorer->violations[i],
			      explorer->searched);
	KUNIT_ASSERT_EQ_MSG(test, ret, 0, "%s",
			    explorer->session.engine->error);
	say_explored(os_nsecs() - explorer->watch.began);
	if (must_be_known) {
		expect_success(test, &explorer->plan);
		if (explorer->setup[0])
			expect_success(test, explorer->session.setup);
	}
	/* Who gave a scenario may know that there is but one, who bounds it gets fewer. */
	if (!options->parts && must_be_known && explorer->stats.complete &&
	    !options->bounded && options->strategy != TKFI_DFS)
		KUNIT_EXPECT_GT(test, explorer->stats.classes, 1);
	if (all)
		KUNIT_EXPECT_TRUE(test, explorer->stats.complete);
	/* Parts find some beginnings to be of no use only at their end. */
	if (!options->parts && !options->bounded)
		KUNIT_EXPECT_EQ(test, explorer->stats.redundant, 0);

	nr = explorer->nr_violations;
	searched = explorer->searched;
	complete = explorer->stats.complete;
	memcpy(violations, explorer->violations, sizeof(violations));
	for (i = 0; i < nr; i++) {
		const struct tkfi_violation *v = &violations[i];
		const struct tkfi_known *known =
			tkfi_known_find(s->name, &v->finding);

		say_violation("violation", i, v, searched);
		/* What the other parts find may be plainer. */
		if (all && !options->parts)
			KUNIT_EXPECT_TRUE_MSG(test, v->minimal, "%s",
					      v->schedule);
		if (known)
			occurs[known - tkfi_known] = true;
		else if (must_be_known)
			KUNIT_FAIL(test, "new: %s of %s after %s: %lld ns, then %lld ns; schedule %s%s",
				   v->finding.oracle, v->finding.clock,
				   v->finding.first ? v->finding.first->call : "",
				   v->finding.first_ns, v->finding.second_ns,
				   v->schedule, say_order(&v->why));
		replay(test, v);
	}
	for (i = 0; i < tkfi_nr_known && must_be_known && all; i++)
		if (tkfi_known[i].variants & BIT(tkfi_variant()) &&
		    glob_match(tkfi_known[i].scenarios, s->name) && !occurs[i])
			say_not_found(test, s, &tkfi_known[i], options->parts);
	/* All is said: what is complete need not be gone on with. */
	if (options->keep && complete)
		tkfi_keep_clear(options->keep);
}

static void shipped(struct kunit *test)
{
	const struct tkfi_scenario *s = test->param_value;

	if (is_text() || !glob_match(scenario, s->name))
		return;
	if (tkfi_scenario_is_absent(s)) {
		tkfi_result("\"type\":\"absent\",\"scenario\":\"%s\"", s->name);
		kunit_skip(test, "this kernel does not have what it is about");
	}
	explore(test, s, &options, true);
}

/*
 * Elsewhere a reader that looks at its sequence twice is taken to heed what it sees.
 * It does: when the sequence has changed it starts again.
 */
static void heeds(struct kunit *test)
{
	static const struct tkfi_explore_options options = { .unchecked = true };
	unsigned int i;

	for (i = 0; i < tkfi_nr_readers && !is_text() && !turns; i++) {
		const struct tkfi_reader *reader = &tkfi_readers[i];
		char text[96];

		/* Who reads one word has nothing to heed. */
		if (reader->lockless && reader->family != TKFI_FAST)
			continue;
		snprintf(text, sizeof(text),
			 "setup: wait 12ms; cpu0: tick; cpu1: read %s %s",
			 tkfi_family_names[reader->family], reader->clock);
		explore(test, &(struct tkfi_scenario){ reader->call, text },
			&options, true);
	}
}

/* The parameter's scenario, or else one as a user might write it. */
static void given(struct kunit *test)
{
	const struct tkfi_scenario s = {
		.name = "given",
		.text = is_text() ? scenario :
			"cpu0: tick; cpu1: read vdso MONOTONIC, read vdso MONOTONIC; host: 12ms",
	};

	explore(test, &s, &options, false);
	/* A tick that changes no rate moves nobody back. */
	if (!is_text())
		KUNIT_EXPECT_EQ(test, explorer->nr_violations, 0);
}

/* What nobody can explore is refused, with a reason and a place. */
static void refused(struct kunit *test)
{
	static const struct {
		const char *text, *why;
		unsigned int wrong;
	} bad[] = {
		{ "cpu0: tick; cpu1: settimeofday  -5, tick",
		  "settimeofday  -5 on cpu1 failed: EINVAL", 18 },
		{ "cpu0: settimeofday 99999999999999999; nmi cpu0: tick",
		  "settimeofday 99999999999999999 on cpu0 failed: EINVAL", 6 },
		{ " setup: wait 1ms, settimeofday -5; cpu0: tick",
		  "settimeofday -5 in the set-up failed: EINVAL", 18 },
		{ "setup: wait 1ms, wait 1; cpu0: tick", "impossible time", 22 },
		{ "setup: ; cpu0: tick", "unknown operation", 6 },
		{ "setup: tick; cpu0: tick; cpu2: tick",
		  "'cpu2:' is not expected here", 25 },
		{ "cpu0: tick;  at cpu0 nowhere: off 1ms; cpu1: what",
		  "a scenario has no 'at' statements", 13 },
		{ "cpu0: tick; cpu1: tick what", "tick takes no arguments", 23 },
	};
	/* What fails now and then may be what somebody wants to see. */
	static const struct tkfi_scenario good[] = {
		{ "given", "cpu0: tick; cpu1: settimeofday 1300000000; host: 1ms" },
		{ "given", "setup: aux enable; cpu0: aux disable; cpu1: aux tick, aux settime 1300000000",
		  true },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		const struct tkfi_scenario s = { "given", bad[i].text };

		KUNIT_EXPECT_FALSE_MSG(test, load_given(&s), "%s", s.text);
		KUNIT_EXPECT_TRUE_MSG(test, strstarts(err, bad[i].why), "%s", err);
		KUNIT_EXPECT_EQ_MSG(test, explorer->wrong, bad[i].wrong, "%s",
				    s.text);
	}
	for (i = 0; i < ARRAY_SIZE(good); i++)
		if (!good[i].aux || tkfi_aux_clock())
			KUNIT_EXPECT_TRUE_MSG(test, load_given(&good[i]), "%s",
					      err);
}

/* A reader that waits has no place in an NMI: it waits for the one it interrupts. */
static void nmi_waits(struct kunit *test)
{
	static const struct tkfi_scenario s = {
		.name = "given",
		.text = "setup: wait 12ms; cpu0: tick; nmi cpu0: read kernel ktime_get",
	};
	static const char waits[] =
		"cpu0 is interrupted; nmi0 waits for tk_core.seq to change from ";
	static const struct tkfi_explore_options dpor;
	static struct tkfi_violation violation;

	KUNIT_ASSERT_EQ_MSG(test,
			    tkfi_explorer_load(explorer, &s, err, sizeof(err)),
			    0, "%s", err);
	KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &dpor), 0);
	KUNIT_EXPECT_TRUE(test, explorer->stats.complete);
	KUNIT_EXPECT_GT(test, explorer->stats.deadlocks, 0);
	KUNIT_EXPECT_GT(test, explorer->stats.classes,
			explorer->stats.deadlocks);
	KUNIT_ASSERT_EQ(test, explorer->nr_violations, 1);
	violation = explorer->violations[0];
	KUNIT_EXPECT_STREQ(test, violation.finding.oracle, "progress");
	KUNIT_EXPECT_TRUE_MSG(test, strstarts(violation.waits, waits), "%s",
			      violation.waits);
	/* It waits for the end of a section that it keeps from ending. */
	KUNIT_EXPECT_TRUE(test, violation.minimal);
	KUNIT_EXPECT_EQ(test, violation.cost.preemptions, 0);
	KUNIT_ASSERT_TRUE(test, violation.why.holds);
	KUNIT_EXPECT_EQ(test, violation.why.first.kind, TKFI_STEP_STORE);
	KUNIT_EXPECT_EQ(test, violation.why.second.kind, TKFI_STEP_BEGIN);
	replay(test, &violation);
}

/* Executions in which the tick had something to do. */
static unsigned int ticked;

static void count_ticked(struct tkfi_explorer *x, int ret)
{
	unsigned int nr = 0, i;

	/* The first of all, or again. */
	if (x->stats.classes == 1)
		ticked = 0;
	for (i = 0; i < tkfi_nr_published(); i++)
		nr += tkfi_published[i].owner == TKFI_CORE;
	/* The first one was there. */
	ticked += nr > 1;
}

/*
 * Who writes without what is required is told in each execution that does it, and in no
 * other. Nobody does; so require too much of who writes the shadow timekeeper: that
 * readers wait meanwhile. A tick writes it if the host delayed it.
 */
static void writers(struct kunit *test)
{
	static const struct tkfi_scenario s = {
		.name = "given",
		.text = "cpu0: tick; cpu1: read kernel ktime_get; host: 12ms",
	};
	const struct tkfi_subject core = tkfi_core_subject();
	const struct tkfi_explore_options ways[] = {
		{ TKFI_DPOR }, { TKFI_DPOR, .no_snapshots = true },
		{ TKFI_DFS, .preemptions = 2 },
	};
	const struct tkfi_violation *v = explorer->violations;
	unsigned int i;

	if (tkfi_variant() == TKFI_PRE_SERIES)
		kunit_skip(test, "readers do wait meanwhile");
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		KUNIT_ASSERT_EQ(test, tkfi_explorer_load(explorer, &s, err,
							 sizeof(err)), 0);
		tkfi_cells_require(core.shadow, sizeof(*core.shadow),
				   tkfi_guard_of_sequence(core.sequence));
		ticked = 0;
		explorer->each = count_ticked;
		KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &ways[i]), 0);
		explorer->each = NULL;
		KUNIT_ASSERT_EQ(test, explorer->nr_violations, 1);
		KUNIT_EXPECT_STREQ(test, v->finding.clock,
				   "S7: what readers use is written with the sequence even");
		KUNIT_EXPECT_EQ(test, v->findings, ticked);
		KUNIT_EXPECT_GT(test, ticked, 1);
		KUNIT_EXPECT_LT(test, ticked, explorer->stats.classes);
		KUNIT_EXPECT_TRUE(test, v->minimal);
		KUNIT_EXPECT_EQ(test, v->cost.preemptions, 0);
		KUNIT_EXPECT_EQ(test, v->cost.delays, 1);
	}
}

static u64 seen;

static void note_execution(struct tkfi_explorer *x, int ret)
{
	const u64 one[] = { seen, tkfi_log_hash(x->session.engine), ret };

	seen = x->stats.classes == 1 ? one[1] : xxh64(one, sizeof(one), 0);
}

/*
 * From a checkpoint the same comes to pass as from the start, in less steps. An
 * execution of more steps than checkpoints at their first spacing has room for, too.
 */
static void checkpoints(struct kunit *test)
{
#define ADJUSTED "adjtimex freq=-5%, adjtimex freq=+5%, adjtimex freq=0ppm,"
#define LONG	"cpu0:" ADJUSTED ADJUSTED "adjtimex freq=1%, tick;"	\
		"cpu1:" ADJUSTED ADJUSTED "adjtimex freq=1%, tick;"	\
		"cpu2:" ADJUSTED ADJUSTED "adjtimex freq=1%, tick;"	\
		"cpu3: read fast ktime_get_tai_fast_ns, inject -1ms, read vdso TAI"
	static const struct {
		struct tkfi_scenario s;
		struct tkfi_explore_options how;
		unsigned int longer;
		unsigned int fewer;
	} ways[] = {
		{ { "given", "cpu0: tick; cpu1: adjtimex freq=-500ppm;"
		    "cpu2: read vdso MONOTONIC; host: 12ms" }, { TKFI_DPOR }, 0, 2 },
		{ { "given", "cpu0: tick; cpu1: read vdso MONOTONIC;"
		    "nmi cpu0: read fast ktime_get_mono_fast_ns; host: 12ms" },
		  { TKFI_DFS, .preemptions = 2 }, 0, 2 },
		{ { "given", "cpu0: tick; cpu1: adjtimex freq=-500ppm;"
		    "cpu2: read vdso MONOTONIC; host: 12ms" },
		  { TKFI_DPOR, .bounded = true, .preemptions = 2 }, 0, 2 },
		{ { "given", LONG }, { TKFI_DFS, .preemptions = 2,
				       .executions = 1000 }, 1024, 20 },
		{ { "given", LONG }, { TKFI_DPOR, .executions = 1000 }, 1024, 20 },
	};
	struct tkfi_dpor_stats stats[2];
	unsigned int i, from_start;
	u64 hash[2];

	explorer->each = note_execution;
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		for (from_start = 0; from_start < 2; from_start++) {
			struct tkfi_explore_options how = ways[i].how;

			how.as_found = true;
			how.no_snapshots = from_start;
			KUNIT_ASSERT_EQ_MSG(test, tkfi_explorer_load(explorer, &ways[i].s,
								     err, sizeof(err)),
					    0, "%s", err);
			KUNIT_ASSERT_EQ_MSG(test, tkfi_explore(explorer, &how), 0, "%s",
					    explorer->session.engine->error);
			stats[from_start] = explorer->stats;
			hash[from_start] = seen;
		}
		KUNIT_EXPECT_EQ(test, hash[0], hash[1]);
		KUNIT_EXPECT_EQ(test, stats[0].classes, stats[1].classes);
		KUNIT_EXPECT_EQ(test, stats[0].redundant, stats[1].redundant);
		KUNIT_EXPECT_EQ(test, stats[0].longest, stats[1].longest);
		KUNIT_EXPECT_GT(test, stats[0].longest, ways[i].longer);
		KUNIT_EXPECT_LT(test, stats[0].replayed * ways[i].fewer,
				stats[1].replayed);
	}
	explorer->each = NULL;
}

static const struct tkfi_scenario *find_scenario(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tkfi_scenarios); i++)
		if (!strcmp(tkfi_scenarios[i].name, name))
			return &tkfi_scenarios[i];
	return NULL;
}

/* The race of the cover letter, as plain as it can be, and why it is one. */
static void explained(struct kunit *test)
{
	const struct tkfi_explore_options dpor = { TKFI_DPOR };
	const struct tkfi_violation *v = explorer->violations;
	char name[40];

	KUNIT_ASSERT_EQ(test, tkfi_explorer_load(explorer,
						 find_scenario("falls-vdso"),
						 err, sizeof(err)), 0);
	KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &dpor), 0);
	KUNIT_ASSERT_EQ(test, explorer->nr_violations,
			tkfi_variant() != TKFI_FIXED);
	if (!explorer->nr_violations)
		return;
	KUNIT_EXPECT_TRUE(test, v->minimal);
	KUNIT_EXPECT_EQ(test, explorer->searched, explorer->stats.classes);
	KUNIT_EXPECT_EQ(test, v->cost.preemptions, 1);
	KUNIT_EXPECT_EQ(test, v->cost.delays, 1);
	KUNIT_EXPECT_EQ(test, v->cost.turns, 5);
	KUNIT_ASSERT_TRUE(test, v->why.holds);
	KUNIT_EXPECT_EQ(test, v->why.first.vcpu, 1);
	KUNIT_EXPECT_EQ(test, v->why.first.kind, TKFI_STEP_LOAD);
	KUNIT_EXPECT_EQ(test, v->why.second.vcpu, 0);
	KUNIT_EXPECT_EQ(test, v->why.second.kind, TKFI_STEP_STORE);
	KUNIT_EXPECT_EQ(test, v->why.first.cell, v->why.second.cell);
	tkfi_cell_name(v->why.first.cell, v->why.first.nr_cells, name,
		       sizeof(name));
	KUNIT_EXPECT_STREQ(test, name, "vdso.mult");
	/* It is the lower one that is published too late, by 1000 ppm. */
	KUNIT_EXPECT_EQ(test, v->why.first.value - v->why.second.value,
			DIV_ROUND_CLOSEST_ULL((v->why.first.value +
					       v->why.second.value) / 2, 1000));
}

/*
 * Somebody's own text is not on the list; but the same oracle and clock are, in scenarios
 * of which one is the nearest. What it says can stand alone.
 */
static void likened(struct kunit *test)
{
	const struct tkfi_explore_options dpor = { TKFI_DPOR };
	const struct tkfi_finding *finding = &explorer->violations[0].finding;
	const struct tkfi_scenario s = {
		"given", find_scenario("falls-vdso")->text
	};
	const struct tkfi_known *like;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, tkfi_explorer_load(explorer, &s, err, sizeof(err)),
			0);
	KUNIT_ASSERT_EQ(test, tkfi_explore(explorer, &dpor), 0);
	KUNIT_ASSERT_EQ(test, explorer->nr_violations,
			tkfi_variant() != TKFI_FIXED);
	if (explorer->nr_violations) {
		KUNIT_EXPECT_PTR_EQ(test, tkfi_known_find(s.name, finding),
				    (const struct tkfi_known *)NULL);
		like = tkfi_known_like(finding);
		KUNIT_EXPECT_PTR_EQ(test, like,
				    tkfi_known_find("falls-vdso", finding));
		KUNIT_EXPECT_PTR_EQ(test,
				    tkfi_known_like(&(struct tkfi_finding){
					    .oracle = "taste",
					    .clock = finding->clock,
				    }), (const struct tkfi_known *)NULL);
	}
	for (i = 0; i < tkfi_nr_known; i++)
		KUNIT_EXPECT_NULL_MSG(test, strstr(tkfi_known[i].reason, "the same"),
				      "%s: %s", tkfi_known[i].scenarios,
				      tkfi_known[i].reason);
}

/* The parameter's schedule, or else the cover letter's race. */
static void replayed(struct kunit *test)
{
	const struct tkfi_scenario text = { "given", scenario };
	const struct tkfi_scenario *s = is_text() ? &text :
		find_scenario(turns ? scenario : "falls-vdso");
	unsigned int i;
	int ret;

	KUNIT_ASSERT_NOT_NULL_MSG(test, s, "no scenario is called %s", scenario);
	if (s != &text) {
		ret = tkfi_explorer_load(explorer, s, err, sizeof(err));
		KUNIT_ASSERT_EQ_MSG(test, ret, 0, "%s", err);
	} else if (!load_given(s)) {
		say_malformed(test, "scenario", s->text);
		return;
	}
	ret = tkfi_explorer_replay(explorer, turns ?:
				   "cpu0 before store vdso.seq, host, cpu1 before load vdso.seq#3",
				   err, sizeof(err));
	if (turns && (ret == -EINVAL || ret == -ECANCELED)) {
		say_malformed(test, ret == -EINVAL ? "schedule" : "kernel", turns);
		return;
	}
	if (ret != -EDEADLK)
		KUNIT_ASSERT_EQ_MSG(test, ret, 0, "%s", err);
	tkfi_result_events("replayed", &explorer->session.engine->trace);
	tkfi_result_trace("tkfi_explore", "replayed",
			  explorer->session.engine->trace.nr + explorer->nr_replayed,
			  tkfi_trace_hash(&explorer->session.engine->trace,
					  explorer->replayed));
	if (!turns)
		KUNIT_EXPECT_EQ(test, explorer->nr_violations,
				tkfi_variant() != TKFI_FIXED);
	for (i = 0; i < explorer->nr_violations; i++)
		say_violation("violation", i, &explorer->violations[i],
			      explorer->searched);
}

static struct kunit_case explore_cases[] = {
	KUNIT_CASE_PARAM(shipped, scenario_gen_params),
	KUNIT_CASE(heeds),
	KUNIT_CASE(refused),
	KUNIT_CASE(nmi_waits),
	KUNIT_CASE(given),
	KUNIT_CASE(writers),
	KUNIT_CASE(checkpoints),
	KUNIT_CASE(explained),
	KUNIT_CASE(likened),
	KUNIT_CASE(replayed),
	{}
};

static struct kunit_suite explore_suite = {
	.name = "tkfi_explore",
	.suite_init = explore_suite_init,
	.suite_exit = explore_suite_exit,
	.test_cases = explore_cases,
};

kunit_test_suite(explore_suite);

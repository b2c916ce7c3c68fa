// SPDX-License-Identifier: GPL-2.0
/* The subject's scenarios as targets of an explorer. */
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "explorer.h"

static int enter(void *arg, unsigned long *flags)
{
	return tkfi_run_enter(arg, flags);
}

static void leave(void *arg, unsigned long flags)
{
	tkfi_run_leave(arg, flags);
}

static void collect(void *arg)
{
	tkfi_run_collect(arg);
}

static int start(void *arg)
{
	tkfi_run_start(arg);
	return 0;
}

static void judge(void *arg, int ret, struct tkfi_happens_before *hb,
		  tkfi_finding_fn report, void *report_arg)
{
	struct tkfi_run *run = arg;
	const struct tkfi_judged judged = {
		.engine = run->engine,
		.setup = &run->setup,
		.plan = &run->plan,
		.ret = ret,
		.hb = hb,
	};

	tkfi_subject->judge(&judged, report, report_arg);
}

static u64 outcome(void *arg, int ret)
{
	return tkfi_outcome(arg, ret);
}

static void boundaries(void *arg, struct tkfi_boundaries *b)
{
	const struct tkfi_plan *plan = &((struct tkfi_run *)arg)->plan;
	unsigned int i, j;

	static_assert(TKFI_MAX_OPS <= TKFI_MAX_BOUNDARIES);
	b->nr_vcpus = plan->nr_programs;
	b->host = plan->has_host ? plan->nr_programs - 1 : TKFI_MAX_VCPUS;
	for (i = 0; i < plan->nr_programs; i++) {
		b->nr[i] = plan->programs[i].nr;
		for (j = 0; j < b->nr[i]; j++)
			b->from[i][j] = plan->programs[i].ops[j].from;
	}
}

static unsigned int names(void *arg, char names[TKFI_MAX_VCPUS][TKFI_VCPU_NAME])
{
	const struct tkfi_plan *plan = &((struct tkfi_run *)arg)->plan;

	tkfi_plan_names(plan, names);
	return plan->nr_programs;
}

struct tkfi_explorer *tkfi_explorer_open(void)
{
	struct tkfi_target target = {
		.enter = enter,
		.leave = leave,
		.collect = collect,
		.start = start,
		.judge = judge,
		.outcome = outcome,
		.boundaries = boundaries,
		.names = names,
	};
	struct tkfi_run *run = vzalloc(sizeof(*run));
	struct tkfi_explorer *x = NULL;

	if (!run)
		return NULL;
	target.arg = run;
	target.text = run->text;
	target.own = tkfi_subject->clock(&target.own_size);
	if (!tkfi_run_open(run)) {
		target.engine = run->engine;
		x = tkfi_explorer_create(&target);
	}
	if (!x) {
		tkfi_run_close(run);
		vfree(run);
	}
	return x;
}

void tkfi_explorer_close(struct tkfi_explorer *x)
{
	struct tkfi_run *run;

	if (!x)
		return;
	run = tkfi_run_of(x);
	tkfi_explorer_destroy(x);
	tkfi_run_close(run);
	vfree(run);
}

int tkfi_explorer_load(struct tkfi_explorer *x,
		       const struct tkfi_scenario *scenario, char *err,
		       size_t size)
{
	struct tkfi_run *run = tkfi_run_of(x);
	int ret = tkfi_run_load(run, scenario, err, size);

	x->wrong = run->wrong;
	x->hooks_checked = false;
	return ret;
}

bool tkfi_explorer_lacks(struct tkfi_explorer *x, const struct tkfi_scenario *scenario)
{
	char err[64];

	return tkfi_explorer_load(x, scenario, err, sizeof(err)) &&
	       tkfi_run_is_absent(tkfi_run_of(x));
}

// SPDX-License-Identifier: GPL-2.0
/*
 * A small subject: a clock that a sequence protects. Its time is on a line, base + (now -
 * cycle_last) * mult. A writer calculates a new line before its write section, as
 * timekeeping does since 2013. If it is delayed in between, and mult decreases, readers
 * see time go backwards.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/seqlock.h>
#include <linux/string.h>

#include "names.h"
#include "subject.h"
#include "redirect.h"		/* last */

#define OLD_MULT	2
#define START		1000	/* cycles, of 1 ns */

static struct {
	seqcount_t seq;
	u64 now;
	u64 base;
	u64 mult;
	u64 cycle_last;
} clock;

static int parse_number(struct tkfi_op *op, char *args, char *err, size_t size)
{
	snprintf(op->call, sizeof(op->call), "write(mult = %s)", args);
	snprintf(err, size, "impossible multiplier '%s'; write 0 to 1000, but not 2", args);
	return kstrtou64(args, 10, &op->args[0]) || op->args[0] > 1000 ||
	       op->args[0] == OLD_MULT ? -EINVAL : 0;
}

static s64 run_write(struct tkfi_op *op)
{
	u64 now = clock.now;
	u64 base = clock.base + (now - clock.cycle_last) * clock.mult;

	write_seqcount_begin(&clock.seq);
	clock.base = base;
	clock.mult = op->args[0];
	clock.cycle_last = now;
	write_seqcount_end(&clock.seq);
	return 0;
}

static int parse_read(struct tkfi_op *op, char *args, char *err, size_t size)
{
	op->reads = true;
	snprintf(op->call, sizeof(op->call), "%s()", op->type->name);
	return tkfi_parse_nothing(op, args, err, size);
}

/* A read without the sequence. */
static s64 run_peek(struct tkfi_op *op)
{
	u64 base = clock.base;

	/* The oracle checks that both are of one line. */
	op->results[0] = clock.mult;
	op->results[1] = clock.cycle_last;
	return base + (clock.now - op->results[1]) * op->results[0];
}

static s64 run_read(struct tkfi_op *op)
{
	unsigned int seq;
	s64 ns;

	do {
		seq = read_seqcount_begin(&clock.seq);
		ns = run_peek(op);
	} while (read_seqcount_retry(&clock.seq, seq));
	return ns;
}

/* One store, which it reports itself. */
static __no_sanitize_thread void wait(u64 cycles)
{
	tkfi_access(&clock.now, sizeof(clock.now), true, false, _RET_IP_);
	clock.now += cycles;
}

static const struct tkfi_op_type ops[] = {
	{ "peek", "", "reads without looking at the sequence", parse_read, run_peek },
	{ "read", "", "reads, and again if the sequence has changed", parse_read, run_read },
	{ "wait", "TIME", "lets time pass", tkfi_parse_wait, tkfi_run_wait },
	{ "write", "MULTIPLIER", "sets how fast time goes", parse_number, run_write },
};

static struct tkfi_span span_of(unsigned int vcpu, const struct tkfi_op *op)
{
	return (struct tkfi_span){ vcpu, op->from, op->to, op->type, "read()", "" };
}

static bool is_torn(const struct tkfi_op *op)
{
	return (op->results[0] == OLD_MULT) != (op->results[1] == START);
}

static const struct tkfi_cause causes[] = {
	{ "falls", TKFI_CLASS_BUG, .reason = "a delay before publication" },
	{ "peek", TKFI_CLASS_DESIGN, .reason = "a reader without the sequence" },
};

static void judge_read(unsigned int vcpu, const struct tkfi_op *op,
		       const struct tkfi_op *before, tkfi_finding_fn report, void *arg)
{
	const bool falls = before->results[0] > op->results[0];
	const bool peeks = op->type->run == run_peek;
	const struct tkfi_finding torn = {
		"torn", .clock = "read()", .second_ns = op->result,
		.cause = peeks ? &causes[1] : NULL, .is_known = peeks,
	};
	const struct tkfi_finding back = {
		"monotonic", NULL, "read()", true, span_of(vcpu, before),
		span_of(vcpu, op), before->result, op->result,
		falls ? &causes[0] : NULL, falls,
	};

	if (is_torn(op))
		report(&torn, arg);
	if (before->reads && before->result > op->result)
		report(&back, arg);
}

static void judge(const struct tkfi_judged *judged, tkfi_finding_fn report, void *arg)
{
	const struct tkfi_finding progress = { "progress", NULL, "seqlock" };
	unsigned int i, j;

	if (judged->ret)
		report(&progress, arg);
	for (i = 0; i < judged->plan->nr_programs && !judged->ret; i++) {
		const struct tkfi_op *ops = judged->plan->programs[i].ops;

		for (j = 0; j < judged->plan->programs[i].nr; j++)
			if (ops[j].reads)
				judge_read(i, &ops[j], &ops[j - !!j], report, arg);
	}
}

static void observe(tkfi_observed_fn tell, void *arg)
{
	tell("seqlock", "read()", run_read(&(struct tkfi_op){}), 0, arg);
}

static const char * const oracles[] = { "progress", "torn", "monotonic", NULL };

static const struct tkfi_scenario scenarios[] = {
#include "scenarios.inc"
};

static void state(tkfi_region_fn add)
{
	add("clock", &clock, sizeof(clock));
}

static void sequences(tkfi_sequence_fn mark)
{
	mark(&clock.seq.sequence, false);
}

static void reset(void)
{
	clock = (typeof(clock)){ .now = START + 500, .mult = OLD_MULT, .cycle_last = START };
	tkfi_name_add(&clock.seq.sequence, "seqlock.seq");
	tkfi_name_add(&clock.now, "seqlock.now");
	tkfi_name_add(&clock.base, "seqlock.base");
	tkfi_name_add(&clock.mult, "seqlock.mult");
	tkfi_name_add(&clock.cycle_last, "seqlock.cycle_last");
}

static void *now(size_t *size)
{
	*size = sizeof(clock.now);
	return &clock.now;
}

static const struct tkfi_subject seqlock = {
	.name = "seqlock",
	.state = state,
	.sequences = sequences,
	.reset = reset,
	.clock = now,
	.wait = wait,
	.ops = ops,
	.nr_ops = ARRAY_SIZE(ops),
	.observe = observe,
	.judge = judge,
	.oracles = oracles,
	.scenarios = scenarios,
	.nr_scenarios = ARRAY_SIZE(scenarios),
	.causes = causes,
	.nr_causes = ARRAY_SIZE(causes),
};

TKFI_SUBJECT(seqlock);

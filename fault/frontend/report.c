// SPDX-License-Identifier: GPL-2.0
/* What an exploration does and finds, as JSON lines. */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/utsname.h>
#include <os.h>

#include "cells.h"
#include "report.h"
#include "result.h"
#include "subject.h"

/* Print one of the two accesses of an explanation as a JSON object. */
static const char *say_access(const struct tkfi_explorer *x, char *buf, size_t size,
			      const struct tkfi_racing_access *seen)
{
	char names[TKFI_MAX_VCPUS][TKFI_VCPU_NAME];
	bool has_value = seen->kind != TKFI_TRANS_LOCK &&
			 seen->kind != TKFI_TRANS_UNLOCK;
	char name[40];
	size_t len;

	tkfi_plan_names(&tkfi_run_of(x)->plan, names);
	tkfi_cell_name(seen->cell, seen->nr_cells, name, sizeof(name));
	len = scnprintf(buf, size, "{\"vcpu\":%u,\"who\":\"%s\",\"kind\":\"%s\",\"name\":\"%s\",\"value\":",
			seen->vcpu, names[seen->vcpu],
			tkfi_transition_kind_name(seen->kind), name);
	len += has_value ? scnprintf(buf + len, size - len, "%lld", seen->value) :
			   scnprintf(buf + len, size - len, "null");
	/* The hook returns to the instruction after its call: one byte back is the call. */
	if (seen->ip)
		scnprintf(buf + len, size - len, ",\"ip\":%lu,\"at\":\"%pS\"}",
			  seen->ip - 1, (void *)(seen->ip - 1));
	else
		scnprintf(buf + len, size - len, ",\"ip\":0,\"at\":\"\"}");
	return buf;
}

/* The members of a violation that are about its cause: of one that is new, what it is like. */
static const char *say_cause(char *buf, size_t size, const struct tkfi_finding *f)
{
	static const struct tkfi_cause none = { "", .reason = "" };
	const struct tkfi_cause *cause = f->is_known ? f->cause : &none;
	const struct tkfi_cause *like = f->is_known || !f->cause ? &none : f->cause;
	static char reason[512], other[512];
	size_t len;

	tkfi_result_string(reason, sizeof(reason), cause->reason);
	tkfi_result_string(other, sizeof(other), like->reason);
	len = scnprintf(buf, size, "\"known\":%s,\"cause\":\"%s\",\"cause_class\":\"%s\",\"fixed_in\":\"%s\",\"fixed_by\":\"%s\",\"reason\":\"%s\",\"like\":\"%s%s%s\",\"predicted_ns\":",
			f->is_known ? "true" : "false", cause->id,
			f->is_known ? tkfi_cause_class_names[cause->class] : "",
			cause->fixed_in ?: "", cause->fixed_by ?: "", reason, like->id,
			*like->id ? ": " : "", other);
	if (f->is_predicted)
		scnprintf(buf + len, size - len, "%lld", f->predicted_ns);
	else
		scnprintf(buf + len, size - len, "null");
	return buf;
}

/* Report violation @number, as a line of @type. */
static void say_violation(const struct tkfi_explorer *x, const char *type,
			  unsigned int number, const struct tkfi_violation *v,
			  u64 searched)
{
	static char name[512], first[512], clock[512], waits[512], cause[1536];
	static char schedule[2 * TKFI_SCHEDULE_TEXT], accesses[2][512];
	const struct tkfi_finding *f = &v->finding;
	char stopped[40], about[40] = "";
	const struct tkfi_explanation *why = &v->why;

	tkfi_result_string(name, sizeof(name), tkfi_run_of(x)->name);
	tkfi_result_string(waits, sizeof(waits), v->waits);
	tkfi_result_string(first, sizeof(first),
			   f->is_pair ? f->first.call : f->clock);
	tkfi_result_string(clock, sizeof(clock), f->clock);
	tkfi_result_string(schedule, sizeof(schedule), v->schedule);
	tkfi_cell_name(v->about, 1, stopped, sizeof(stopped));
	if (why->holds) {
		tkfi_cell_name(why->about, 1, about, sizeof(about));
		say_access(x, accesses[0], sizeof(accesses[0]), &why->first);
		say_access(x, accesses[1], sizeof(accesses[1]), &why->second);
	}
	tkfi_result("\"type\":\"%s\",\"number\":%u,\"scenario\":\"%s\",\"oracle\":\"%s\",\"rule\":\"%s\",\"clock\":\"%s\",\"first\":\"%s\",\"first_ns\":%lld,\"second_ns\":%lld,\"unit_ns\":%u,\"findings\":%llu,\"turns\":%u,\"preemptions\":%u,\"delays\":%u,\"minimal\":%s,\"searched\":%llu,\"explained\":%s,\"tried\":%u,\"accesses\":[%s%s%s],\"stopped\":\"%s\",\"about\":\"%s\",%s,\"waits\":\"%s\",\"family\":\"%s\",\"schedule\":\"tkfi1 %s %s %s: %s\"",
		    type, number, name, f->oracle, f->rule ?: "", clock, first,
		    f->first_ns, f->second_ns, tkfi_unit(f->clock),
		    v->findings, v->cost.turns, v->cost.preemptions,
		    v->cost.delays, v->minimal ? "true" : "false",
		    searched, why->holds ? "true" : "false",
		    why->tried, why->holds ? accesses[0] : "",
		    why->holds ? "," : "", why->holds ? accesses[1] : "",
		    stopped, about, say_cause(cause, sizeof(cause), f), waits,
		    f->is_pair ? f->second.group : "",
		    init_utsname()->release,
		    tkfi_build(), name, schedule);
}

/*
 * Report violations so far, in case the kernel is killed before the end: those that are
 * new, have a schedule that costs less, or twice as many findings as reported last.
 */
static void say_found(const struct tkfi_explorer *x)
{
	static struct {
		struct tkfi_finding finding;
		struct tkfi_cost cost;
		u64 findings;
	} said[TKFI_MAX_VIOLATIONS];
	static char name[sizeof(tkfi_run_of(x)->name)];
	static unsigned int nr;
	unsigned int i;

	/* The search was restarted, or it is another exploration. */
	if (x->nr_violations < nr || strcmp(tkfi_run_of(x)->name, name))
		memset(said, 0, sizeof(said));
	strscpy(name, tkfi_run_of(x)->name, sizeof(name));
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
		say_violation(x, "found", i, v, 0);
	}
}

void tkfi_report_progress(struct tkfi_explorer *x)
{
	const struct tkfi_search_stats *stats = &x->stats;

	tkfi_result("\"type\":\"progress\",\"scenario\":\"%s\",\"part\":\"%u/%u\",\"classes\":%llu,\"executions\":%llu,\"violations\":%u,\"ns\":%llu",
		    tkfi_run_of(x)->name, x->options.part, x->options.parts ?: 1, stats->classes,
		    stats->classes + stats->redundant, x->nr_violations,
		    os_nsecs() - x->pace.began);
	say_found(x);
}

/*
 * A lower bound of the probability that an execution of pct meets a bug of its depth, in
 * 1e-18: see struct tkfi_pct.
 */
static u64 least_likely(const struct tkfi_explorer *x)
{
	u64 p = div_u64(1000000000000000000ULL, tkfi_run_of(x)->plan.nr_programs);
	unsigned int i;

	for (i = 1; i < x->options.depth; i++)
		p = div_u64(p, max(x->stats.longest, 1U));
	return p;
}

/**
 * struct many - many numbers, reported in as few lines as they fit into
 * @x:		explorer of whose exploration they are
 * @type:	of the lines
 * @member:	of each line that has them
 * @digits:	of a number
 * @len:	of @text
 * @text:	numbers that are not reported yet
 */
struct many {
	const struct tkfi_explorer *x;
	const char *type;
	const char *member;
	int digits;
	size_t len;
	char text[3840 + 1];
};

static void say_many(struct many *many)
{
	if (many->len)
		tkfi_result("\"type\":\"%s\",\"scenario\":\"%s\",\"part\":\"%u/%u\",\"%s\":\"%s\"",
			    many->type, tkfi_run_of(many->x)->name, many->x->options.part,
			    many->x->options.parts ?: 1, many->member, many->text);
	many->len = 0;
}

static void say_one_of_many(struct many *many, u64 number)
{
	many->len += scnprintf(many->text + many->len, sizeof(many->text) - many->len,
			       "%0*llx", many->digits, number);
	if (many->len + many->digits >= sizeof(many->text))
		say_many(many);
}

void tkfi_report_outcomes(const struct tkfi_explorer *x)
{
	static struct many many;
	unsigned int i;

	if (!x->options.outcomes || x->outcomes->is_full)
		return;
	many = (struct many){ x, "outcomes", "hashes", 16 };
	for (i = 0; i < ARRAY_SIZE(x->outcomes->hashes); i++)
		if (x->outcomes->hashes[i])
			say_one_of_many(&many, x->outcomes->hashes[i]);
	say_many(&many);
}

void tkfi_report_executed(const struct tkfi_explorer *x)
{
	static struct many many;
	unsigned int i;

	if (!x->options.coverage || x->covered.is_full)
		return;
	many = (struct many){ x, "executed", "ips", 8 };
	/* The hook returns to the instruction after its call: one byte back is the call. */
	for (i = 0; i < ARRAY_SIZE(x->covered.ips); i++)
		if (x->covered.ips[i])
			say_one_of_many(&many, x->covered.ips[i] - 1);
	say_many(&many);
}

/* What else was asked for, as members of the line that an exploration is over. */
static size_t say_asked(const struct tkfi_explorer *x, char *buf, size_t size)
{
	size_t len = 0;

	if (x->options.outcomes)
		len += x->outcomes->is_full ?
		       scnprintf(buf, size, ",\"outcomes\":null") :
		       scnprintf(buf, size, ",\"outcomes\":%u", x->outcomes->nr);
	if (x->options.coverage)
		len += scnprintf(buf + len, size - len, ",\"executed_in\":%llu",
				 x->covered.executions);
	if (x->options.coverage && x->covered.is_full)
		len += scnprintf(buf + len, size - len, ",\"executed\":null");
	else if (x->options.coverage)
		len += scnprintf(buf + len, size - len, ",\"executed\":%u",
				 x->covered.nr);
	return len;
}

void tkfi_report_explored(const struct tkfi_explorer *x, u64 ns)
{
	const struct tkfi_explore_options *o = &x->options;
	const struct tkfi_search_type *type = x->search->type;
	const struct tkfi_search_stats *stats = &x->stats;
	char more[256] = "";
	size_t len = say_asked(x, more, sizeof(more));

	if (type->takes & TKFI_TAKES_PREEMPTIONS)
		len += scnprintf(more + len, sizeof(more) - len,
				 ",\"preemptions\":%u", o->preemptions);
	if (x->classes)
		len += scnprintf(more + len, sizeof(more) - len,
				 ",\"estimate\":%llu,\"estimate_error\":%llu",
				 x->classes, x->classes_error);
	if (type->takes & TKFI_TAKES_DEPTH)
		scnprintf(more + len, sizeof(more) - len,
			  ",\"depth\":%u,\"bound\":%llue-18", o->depth,
			  least_likely(x));
	tkfi_result("\"type\":\"explored\",\"scenario\":\"%s\",\"part\":\"%u/%u\",\"shared\":\"%s\",\"strategy\":\"%s\",\"classes\":%llu,\"executions\":%llu,\"redundant\":%llu,\"deadlocks\":%llu,\"steps\":%llu,\"replayed\":%llu,\"longest\":%u,\"complete\":%s,\"ns\":%llu%s",
		    tkfi_run_of(x)->name, o->part, o->parts ?: 1, x->shared,
		    tkfi_strategy_names[x->options.strategy],
		    type->distinct ? stats->classes : 0,
		    stats->classes + stats->redundant, stats->redundant,
		    stats->deadlocks, stats->events, stats->replayed,
		    stats->longest, stats->complete ? "true" : "false",
		    ns, more);
}

const char *tkfi_report_order(const struct tkfi_explorer *x,
			      const struct tkfi_explanation *why)
{
	const struct tkfi_racing_access *a = &why->first, *b = &why->second;
	char name[40], names[TKFI_MAX_VCPUS][TKFI_VCPU_NAME];
	static char text[256];

	if (!why->holds)
		return "";
	tkfi_plan_names(&tkfi_run_of(x)->plan, names);
	tkfi_cell_name(b->cell, b->nr_cells, name, sizeof(name));
	snprintf(text, sizeof(text), "; it holds if the order of these is another: %s at %pS, %s at %pS, both to %s",
		 names[a->vcpu], (void *)a->ip, names[b->vcpu], (void *)b->ip,
		 name);
	return text;
}

void tkfi_report_violation(const struct tkfi_explorer *x, unsigned int number,
			   const struct tkfi_violation *v, u64 searched)
{
	say_violation(x, "violation", number, v, searched);
}

void tkfi_report_malformed(const struct tkfi_explorer *x, const char *what,
			   const char *err)
{
	static char why[2048];

	tkfi_result_string(why, sizeof(why), err);
	tkfi_result("\"type\":\"malformed\",\"what\":\"%s\",\"why\":\"%s\",\"at\":%u,\"absent\":%s",
		    what, why, x->wrong,
		    tkfi_run_is_absent(tkfi_run_of(x)) ? "true" : "false");
}

void tkfi_report_problem(const char *name, const char *text)
{
	static char said[2048];

	tkfi_result_string(said, sizeof(said), text);
	tkfi_result("\"type\":\"problem\",\"scenario\":\"%s\",\"text\":\"%s\"", name, said);
}

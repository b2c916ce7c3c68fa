// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "plan.h"
#include "points.h"
#include "strategy.h"
#include "subject.h"

static void nmi(struct tkfi_vcpu *vcpu, void *arg)
{
	const char *blocked_on = vcpu->blocked_on;

	tkfi_op_run(vcpu, arg);
	vcpu->blocked_on = blocked_on;
}

static void schedule_out(struct tkfi_plan *plan, struct tkfi_engine *engine,
			 struct tkfi_fault *fault)
{
	u64 cycles = tkfi_duration_cycles(fault->delay);

	tkfi_trace_entry_add(engine, fault->victim, TKFI_ENTRY_OFF, fault->point,
			     fault->delay.amount);
	tkfi_subject->wait(cycles);
	if (fault->other >= 0)
		fault->until = plan->programs[fault->other].nr_done +
			       fault->nr_ops;
	if (fault->nmi.type)
		tkfi_nmi(&engine->vcpus[fault->victim], nmi, &fault->nmi);
	plan->active[plan->nr_active++] = fault;
}

/* Count that a VCPU is at a point. Returns the fault that is due there, or NULL. */
static struct tkfi_fault *fault_here(struct tkfi_plan *plan,
				     const struct tkfi_vcpu *last)
{
	struct tkfi_fault *found = NULL;
	unsigned int i;

	for (i = 0; i < plan->nr_faults; i++) {
		struct tkfi_fault *fault = &plan->faults[i];

		if (fault->victim == last->id &&
		    !strcmp(fault->point, last->at) &&
		    ++fault->seen == fault->hit)
			found = fault;
	}
	return found;
}

static unsigned int plan_next(struct tkfi_strategy *s,
			      struct tkfi_engine *engine, unsigned long ready)
{
	struct tkfi_plan *plan = container_of(s, struct tkfi_plan, strategy);
	struct tkfi_fault *fault;

	if (engine->last && engine->last->at) {
		if (plan->probe)
			plan->probe(engine->last, plan->probe_arg);
		fault = fault_here(plan, engine->last);
		if (fault)
			schedule_out(plan, engine, fault);
	}
	while (plan->nr_active) {
		fault = plan->active[plan->nr_active - 1];
		if (fault->other >= 0 && (ready & BIT(fault->other)) &&
		    plan->programs[fault->other].nr_done < fault->until)
			return fault->other;
		plan->nr_active--;
		tkfi_trace_entry_add(engine, fault->victim, TKFI_ENTRY_ON,
				     fault->point, 0);
		if (ready & BIT(fault->victim))
			return fault->victim;
	}
	if (plan->inner)
		return plan->inner->next(plan->inner, engine, ready);
	return tkfi_next_in_order(engine, ready);
}

static void plan_begin(struct tkfi_strategy *s, struct tkfi_engine *engine)
{
	struct tkfi_plan *plan = container_of(s, struct tkfi_plan, strategy);

	if (plan->inner && plan->inner->begin)
		plan->inner->begin(plan->inner, engine);
}

static int check_reached(const struct tkfi_plan *plan,
			 struct tkfi_engine *engine)
{
	unsigned int i;

	for (i = 0; i < plan->nr_faults; i++) {
		const struct tkfi_fault *fault = &plan->faults[i];

		if (fault->seen >= fault->hit)
			continue;
		snprintf(engine->error, sizeof(engine->error),
			 "cpu%u reached %s %u times, not %u", fault->victim,
			 fault->point, fault->seen, fault->hit);
		return -ENXIO;
	}
	return 0;
}

void tkfi_plan_start(struct tkfi_plan *plan, struct tkfi_engine *engine)
{
	unsigned int i, j;

	tkfi_engine_reset(engine);
	for (i = 0; i < plan->nr_programs; i++) {
		plan->programs[i].nr_done = 0;
		for (j = 0; j < plan->programs[i].nr; j++)
			plan->programs[i].ops[j].done = false;
		if (plan->programs[i].is_nmi)
			tkfi_engine_add_nmi(engine,
					    &engine->vcpus[plan->programs[i].cpu],
					    tkfi_program_body,
					    &plan->programs[i]);
		else
			tkfi_engine_add(engine, tkfi_program_body,
					&plan->programs[i]);
	}
}

void tkfi_plan_names(const struct tkfi_plan *plan,
		     char names[TKFI_MAX_VCPUS][TKFI_VCPU_NAME])
{
	unsigned int i;

	for (i = 0; i < plan->nr_programs; i++) {
		const struct tkfi_program *program = &plan->programs[i];

		if (plan->has_host && i == plan->nr_programs - 1)
			strscpy(names[i], "host", TKFI_VCPU_NAME);
		else
			snprintf(names[i], TKFI_VCPU_NAME, "%s%u",
				 program->is_nmi ? "nmi" : "cpu",
				 program->is_nmi ? program->cpu : i);
	}
}

int tkfi_plan_run(struct tkfi_plan *plan, struct tkfi_engine *engine)
{
	unsigned int i;
	int ret;

	plan->strategy.begin = plan_begin;
	plan->strategy.next = plan_next;
	plan->nr_active = 0;
	for (i = 0; i < plan->nr_faults; i++) {
		plan->faults[i].seen = 0;
		plan->faults[i].nmi.done = false;
	}
	tkfi_plan_start(plan, engine);
	/* Without a probe of its own, somebody else may watch. */
	if (plan->access)
		tkfi_access_watch(plan->access, plan->probe_arg);
	ret = tkfi_engine_run(engine, &plan->strategy);
	if (plan->access)
		tkfi_access_watch(NULL, NULL);
	return ret ?: check_reached(plan, engine);
}

/* Returns the number in "cpu0", or -EINVAL. */
static int parse_cpu(const char *word)
{
	unsigned int cpu;

	if (!word || strncmp(word, "cpu", 3) || kstrtouint(word + 3, 10, &cpu) ||
	    cpu >= TKFI_MAX_CPUS)
		return -EINVAL;
	return cpu;
}

/* "10ms, 5ms" */
static int parse_host(struct tkfi_plan *plan, char *times, char *err,
		      size_t size)
{
	struct tkfi_program *host = &plan->programs[plan->nr_programs++];
	char op[sizeof("wait ") + TKFI_PLAN_TEXT], *time;
	const char *in_op;

	host->nr = 0;
	host->is_nmi = false;
	while ((time = strsep(&times, ","))) {
		time = strim(time);
		plan->wrong = time;
		snprintf(op, sizeof(op), "wait %s", time);
		if (tkfi_program_add(host, op, &in_op, err, size))
			return -EINVAL;
		host->ops[host->nr - 1].text = time;
	}
	return 0;
}

/* How many of the programs are those of CPUs, without NMIs and the host. */
static unsigned int nr_cpus(const struct tkfi_plan *plan)
{
	unsigned int nr = plan->nr_programs - plan->has_host;

	while (nr && plan->programs[nr - 1].is_nmi)
		nr--;
	return nr;
}

/* Parse whose program a statement is: "cpu1", "nmi cpu0". It must be whose turn it is. */
static int parse_who(const struct tkfi_plan *plan, char *who,
		     struct tkfi_program *program, char *err, size_t size)
{
	int nr = plan->nr_programs, cpus = nr, cpu, i;

	program->is_nmi = !strncmp(who, "nmi ", 4);
	cpu = parse_cpu(program->is_nmi ? skip_spaces(who + 4) : who);
	program->cpu = cpu;
	while (cpus && plan->programs[cpus - 1].is_nmi)
		cpus--;
	if (!program->is_nmi) {
		if (cpu == nr && !plan->has_host)
			return 0;
		snprintf(err, size,
			 "'%s:' is not expected here; write cpu0: to cpu%d:, in order and once each",
			 who, TKFI_MAX_CPUS - 1);
		return -EINVAL;
	}
	for (i = cpus; i < nr; i++)
		if (plan->programs[i].cpu == cpu)
			cpu = -EINVAL;
	if (cpu >= 0 && cpu < cpus && !plan->has_host &&
	    nr < TKFI_MAX_VCPUS - 1)
		return 0;
	snprintf(err, size,
		 "'%s:' is not expected here; write nmi cpuN: after all CPUs, once each, for up to %d of them",
		 who, TKFI_MAX_VCPUS - 1 - TKFI_MAX_CPUS);
	return -EINVAL;
}

static int parse_program(struct tkfi_plan *plan, char *statement, char *err,
			 size_t size)
{
	char *who = strim(strsep(&statement, ":")), *op;
	struct tkfi_program *program;

	if (!statement) {
		snprintf(err, size,
			 "unknown statement '%s'; there are: cpuN: OPERATION[, OPERATION]..., nmi cpuN: OPERATION[, OPERATION]..., host: TIME[, TIME]..., at cpuN POINT[#HIT] off TIME [run cpuM [COUNT]] [nmi FAMILY CLOCK]",
			 who);
		return -EINVAL;
	}
	if (!strcmp(who, "host") && plan->nr_programs && !plan->has_host) {
		plan->has_host = true;
		return parse_host(plan, statement, err, size);
	}
	if (plan->nr_programs == TKFI_MAX_VCPUS) {
		snprintf(err, size, "'%s:' is not expected here; there are %d VCPUs already",
			 who, TKFI_MAX_VCPUS);
		return -EINVAL;
	}
	program = &plan->programs[plan->nr_programs];
	if (parse_who(plan, who, program, err, size))
		return -EINVAL;
	program->nr = 0;
	while ((op = strsep(&statement, ","))) {
		if (tkfi_program_add(program, op, &plan->wrong, err, size)) {
			plan->absent = program->nr < TKFI_MAX_OPS &&
				       program->ops[program->nr].absent;
			return -EINVAL;
		}
	}
	plan->nr_programs++;
	return 0;
}

/* The next word, NULL at the end. If the statement is refused, this is where. */
static char *next_word(struct tkfi_plan *plan, char **statement)
{
	char *word = strsep(statement, " ");

	if (word)
		plan->wrong = word;
	return word;
}

/* The words after "at". */
static int parse_fault(struct tkfi_plan *plan, char *statement, char *err,
		       size_t size)
{
	struct tkfi_fault *fault = &plan->faults[plan->nr_faults];
	char *word, *name, *hit;
	int cpu;

	if (plan->nr_faults == TKFI_MAX_FAULTS) {
		snprintf(err, size, "more than %d faults", TKFI_MAX_FAULTS);
		return -EINVAL;
	}
	*fault = (struct tkfi_fault){ .hit = 1, .other = -1, .nr_ops = 1 };

	word = next_word(plan, &statement);
	cpu = parse_cpu(word);
	if (cpu < 0 || cpu >= nr_cpus(plan))
		goto no_cpu;
	fault->victim = cpu;

	hit = next_word(plan, &statement);
	name = strsep(&hit, "#");
	fault->point = name ? tkfi_point_find(name) : NULL;
	if (!fault->point) {
		size_t len = scnprintf(err, size,
				       "unknown point '%s'; there are: ",
				       name ?: "");

		tkfi_point_list(err + len, size - len);
		return -EINVAL;
	}
	if (hit && (kstrtouint(hit, 10, &fault->hit) || !fault->hit)) {
		plan->wrong = hit;
		snprintf(err, size, "impossible hit '#%s'; the first is #1",
			 hit);
		return -EINVAL;
	}

	word = next_word(plan, &statement);
	if (!word || strcmp(word, "off")) {
		snprintf(err, size, "'%s' where 'off TIME' is expected",
			 word ?: "");
		return -EINVAL;
	}
	word = next_word(plan, &statement);
	if (!word || tkfi_parse_duration(word, &fault->delay)) {
		snprintf(err, size,
			 "impossible delay '%s'; write 0 to 10min, in ns, us, ms, s, m, min or cycles",
			 word ?: "");
		return -EINVAL;
	}
	plan->nr_faults++;

	word = next_word(plan, &statement);
	if (word && !strcmp(word, "run")) {
		word = next_word(plan, &statement);
		cpu = parse_cpu(word);
		if (cpu < 0 || cpu >= nr_cpus(plan) || cpu == fault->victim)
			goto no_cpu;
		fault->other = cpu;
		word = next_word(plan, &statement);
		if (word && strcmp(word, "nmi")) {
			if (kstrtouint(word, 10, &fault->nr_ops)) {
				snprintf(err, size,
					 "impossible count '%s'; write how many operations run",
					 word);
				return -EINVAL;
			}
			word = next_word(plan, &statement);
		}
	}
	if (!word)
		return 0;
	if (!strcmp(word, "nmi")) {
		plan->wrong = statement ?: word;
		return tkfi_op_parse_read(&fault->nmi,
					  strim(statement ?: ""), err, size);
	}
	snprintf(err, size, "'%s' where 'run cpuN' or 'nmi FAMILY CLOCK' is expected",
		 word);
	return -EINVAL;

no_cpu:
	snprintf(err, size,
		 "'%s' cannot do that; there are %u CPUs from cpu0 on, named before a fault, and one cannot run while it is off",
		 word ?: "", nr_cpus(plan));
	return -EINVAL;
}

int tkfi_plan_parse(struct tkfi_plan *plan, char *err, size_t size,
		    const char *fmt, ...)
{
	char *rest = plan->text, *statement;
	va_list args;
	int len, ret;

	plan->nr_programs = 0;
	plan->nr_faults = 0;
	plan->has_host = false;
	plan->wrong = plan->text;
	plan->absent = false;
	va_start(args, fmt);
	len = vsnprintf(plan->text, sizeof(plan->text), fmt, args);
	va_end(args);
	if (len >= sizeof(plan->text)) {
		plan->wrong = plan->text + TKFI_PLAN_TEXT - 1;
		snprintf(err, size, "a plan of %d characters; %d are possible",
			 len, TKFI_PLAN_TEXT - 1);
		return -EINVAL;
	}
	while ((statement = strsep(&rest, ";"))) {
		statement = strim(statement);
		if (!*statement)
			continue;
		plan->wrong = statement;
		if (!strncmp(statement, "at ", 3))
			ret = parse_fault(plan, statement + 3, err, size);
		else
			ret = parse_program(plan, statement, err, size);
		if (ret)
			return ret;
	}
	if (!plan->nr_programs) {
		snprintf(err, size, "an empty plan; write at least cpu0: OPERATION");
		return -EINVAL;
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "op.h"
#include "subject.h"

int tkfi_op_parse(struct tkfi_op *op, const struct tkfi_op_type *types,
		  unsigned int nr, char *text, char *err, size_t size)
{
	char *args = text, *name = strsep(&args, " ");
	unsigned int i;
	size_t len;

	op->wrong = name;
	for (i = 0; i < nr; i++) {
		if (strcmp(types[i].name, name))
			continue;
		op->type = &types[i];
		args = strim(args ?: name + strlen(name));
		if (*args)
			op->wrong = args;
		return op->type->parse(op, args, err, size);
	}
	len = scnprintf(err, size, "unknown operation '%s'; there are:", name);
	for (i = 0; i < nr; i++)
		len += scnprintf(err + len, size - len, "%s %s%s%s",
				 i ? "," : "", types[i].name,
				 *types[i].usage ? " " : "", types[i].usage);
	return -EINVAL;
}

int tkfi_op_parse_read(struct tkfi_op *op, char *text, char *err, size_t size)
{
	*op = (struct tkfi_op){ .type = tkfi_subject->read };
	if (!op->type) {
		op->wrong = text;
		snprintf(err, size, "there is nothing that an NMI could read");
		return -EINVAL;
	}
	return op->type->parse(op, text, err, size);
}

int tkfi_program_add(struct tkfi_program *program, char *text,
		     const char **wrong, char *err, size_t size)
{
	struct tkfi_op *op = &program->ops[program->nr];

	text = strim(text);
	*wrong = text;
	if (program->nr == TKFI_MAX_OPS) {
		snprintf(err, size, "more than %d operations on one VCPU",
			 TKFI_MAX_OPS);
		return -EINVAL;
	}
	*op = (struct tkfi_op){ .text = text };
	if (tkfi_op_parse(op, tkfi_subject->ops, tkfi_subject->nr_ops, text, err,
			  size)) {
		*wrong = op->wrong;
		return -EINVAL;
	}
	program->nr++;
	return 0;
}

int tkfi_parse_nothing(struct tkfi_op *op, char *args, char *err, size_t size)
{
	if (!*args)
		return 0;
	snprintf(err, size, "%s%s takes no arguments, not '%s'", op->type->before ?: "",
		 op->type->name, args);
	return -EINVAL;
}

int tkfi_parse_wait(struct tkfi_op *op, char *args, char *err, size_t size)
{
	if (tkfi_parse_duration(args, &op->duration)) {
		snprintf(err, size,
			 "impossible time '%s'; write 0 to 10min, in ns, us, ms, s, m, min or cycles, as in wait 10ms",
			 args);
		return -EINVAL;
	}
	snprintf(op->call, sizeof(op->call), "(%s pass)", args);
	return 0;
}

s64 tkfi_run_wait(struct tkfi_op *op)
{
	tkfi_subject->wait(tkfi_duration_cycles(op->duration));
	return 0;
}

void tkfi_op_run(struct tkfi_vcpu *vcpu, struct tkfi_op *op)
{
	/* To be restored if this operation interrupts another one. */
	struct tkfi_op *interrupted = vcpu->op;
	const bool may_wait = vcpu->may_wait;

	vcpu->op = op;
	vcpu->blocked_on = NULL;
	vcpu->may_wait = false;
	if (tkfi_subject->op_begins)
		tkfi_subject->op_begins(op);
	tkfi_record(TKFI_ENTRY_CALL, op->call, 0);
	op->from = vcpu->nr_events;
	op->result = op->type->run(op);
	tkfi_attempts_end();
	op->to = vcpu->nr_events;
	op->end = tkfi_nr_events();
	if (tkfi_subject->op_ended)
		tkfi_subject->op_ended(op);
	op->may_wait = vcpu->may_wait;
	vcpu->may_wait = may_wait;
	vcpu->op = interrupted;
	op->blocked = vcpu->blocked_on;
	op->done = true;
	tkfi_record_clock(op->reads ? TKFI_ENTRY_READ : TKFI_ENTRY_RETURN, op->call, op->result,
			  tkfi_subject->clock_of ? tkfi_subject->clock_of(op) : TKFI_NO_CLOCK);
}

void tkfi_program_body(struct tkfi_vcpu *vcpu, void *arg)
{
	struct tkfi_program *program = arg;

	while (program->nr_done < program->nr) {
		if (program->nr_done)
			tkfi_yield();
		tkfi_op_run(vcpu, &program->ops[program->nr_done]);
		program->nr_done++;
	}
}

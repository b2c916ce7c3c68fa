/* SPDX-License-Identifier: GPL-2.0 */
/* Operations, and the programs that VCPUs perform. */
#ifndef __TKFI_OP_H
#define __TKFI_OP_H

#include <linux/types.h>

#include "engine.h"
#include "units.h"

struct tkfi_op;

/**
 * struct tkfi_op_type - a named operation
 * @name:	as written
 * @usage:	what may follow
 * @parse:	fills @op from its arguments. Returns 0, or -EINVAL with a
 *		sentence in @err
 * @run:	performs it; on a VCPU
 * @flags:	the subject's
 */
struct tkfi_op_type {
	const char *name;
	const char *usage;
	int (*parse)(struct tkfi_op *op, char *args, char *err, size_t size);
	s64 (*run)(struct tkfi_op *op);
	unsigned int flags;
};

/* Room for what a subject needs to know of an operation, and of what came of it. */
#define TKFI_OP_ARGS	30
#define TKFI_OP_RESULTS	2

/**
 * struct tkfi_op - one operation of a program
 * @type:	which
 * @text:	where it begins in the text that it was read from
 * @wrong:	and what was read last of it: if it is refused, what is wrong
 * @absent:	it was refused because this kernel does not have it; others may
 * @call:	as shown in a diagram
 * @reads:	it reads a value, in ns, which is its result
 * @duration:	for tkfi_run_wait()
 * @args:	its arguments, as the subject has them
 * @done:	it has returned
 * @may_wait:	on the way it took a step that waits if it must
 * @blocked:	what it waited for on the way, NULL if for nothing
 * @result:	what it returned
 * @from:	steps of its VCPU that were before it
 * @to:		steps of its VCPU up to its end
 * @end:	steps of all VCPUs up to its end
 * @results:	what else came of it, as the subject has it
 *
 * What an execution changes begins with @done.
 */
struct tkfi_op {
	const struct tkfi_op_type *type;
	const char *text;
	const char *wrong;
	bool absent;
	char call[64];
	bool reads;
	struct tkfi_duration duration;
	u64 args[TKFI_OP_ARGS];

	bool done;
	bool may_wait;
	const char *blocked;
	s64 result;
	unsigned int from;
	unsigned int to;
	unsigned int end;
	u64 results[TKFI_OP_RESULTS];
};

#define TKFI_MAX_OPS	8

/**
 * struct tkfi_program - what one VCPU performs
 * @nr:		number of operations
 * @nr_done:	how many have returned
 * @is_nmi:	it is an NMI
 * @cpu:	of that CPU
 * @ops:	the operations, in order
 */
struct tkfi_program {
	unsigned int nr;
	unsigned int nr_done;
	bool is_nmi;
	unsigned int cpu;
	struct tkfi_op ops[TKFI_MAX_OPS];
};

/**
 * tkfi_op_parse() - an operation by its name among others
 * @op:		operation
 * @types:	what there is
 * @nr:		how many
 * @text:	"wait 10ms"; is torn up
 * @err:	a sentence that says what is wrong and lists what exists; @op->wrong is where
 * @size:	of @err
 *
 * Return: 0 or -EINVAL.
 */
int tkfi_op_parse(struct tkfi_op *op, const struct tkfi_op_type *types,
		  unsigned int nr, char *text, char *err, size_t size);

/**
 * tkfi_program_add() - append an operation of the subject's
 * @program:	program
 * @text:	"read vdso MONOTONIC"; is torn up
 * @wrong:	on error set to where in @text the fault is
 * @err:	as for tkfi_op_parse()
 * @size:	of @err
 *
 * Return: 0 or -EINVAL.
 */
int tkfi_program_add(struct tkfi_program *program, char *text,
		     const char **wrong, char *err, size_t size);

/**
 * tkfi_op_parse_read() - an operation that is one read, in no program
 * @op:		operation
 * @text:	"fast ktime_get_mono_fast_ns"; is torn up
 * @err:	as for tkfi_op_parse()
 * @size:	of @err
 *
 * Return: 0 or -EINVAL.
 */
int tkfi_op_parse_read(struct tkfi_op *op, char *text, char *err, size_t size);

/**
 * tkfi_parse_nothing() - parse an operation that takes no arguments; for tables
 * @op:		operation; its type is set
 * @args:	what follows its name; must be ""
 * @err:	receives a sentence that says what is wrong
 * @size:	of @err, in bytes
 *
 * Return: 0 or -EINVAL.
 */
int tkfi_parse_nothing(struct tkfi_op *op, char *args, char *err, size_t size);

/**
 * tkfi_parse_wait() - parse "wait TIME", which lets time pass; for tables
 * @op:		operation; its duration and how it is shown are set
 * @args:	a time, as for tkfi_parse_duration()
 * @err:	receives a sentence that says what is wrong
 * @size:	of @err, in bytes
 *
 * Return: 0 or -EINVAL.
 */
int tkfi_parse_wait(struct tkfi_op *op, char *args, char *err, size_t size);

/**
 * tkfi_run_wait() - perform "wait TIME": the subject's clock advances; for tables
 * @op:		operation that tkfi_parse_wait() has filled
 *
 * Return: 0.
 */
s64 tkfi_run_wait(struct tkfi_op *op);

/**
 * tkfi_op_run() - perform an operation on the executing VCPU and keep its results
 * @vcpu:	the executing VCPU; may be amid an operation that this one interrupts
 * @op:		operation; everything from its @done on is set
 *
 * Adds its call and its end to the trace, and tells the subject of both.
 */
void tkfi_op_run(struct tkfi_vcpu *vcpu, struct tkfi_op *op);

/**
 * tkfi_program_body() - the body of a VCPU that performs a program
 * @vcpu:	the executing VCPU
 * @arg:	the struct tkfi_program; goes on after the operations that have been done
 *
 * Between two operations the strategy chooses, see tkfi_yield().
 */
void tkfi_program_body(struct tkfi_vcpu *vcpu, void *arg);

#endif

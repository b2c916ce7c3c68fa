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
 * @does:	what it does, in a sentence
 * @parse:	fills @op from its arguments. Returns 0, or -EINVAL with a
 *		sentence in @err
 * @run:	performs it; on a VCPU
 * @flags:	the subject's
 * @before:	what is written before its name, as "aux "; NULL for nothing
 */
struct tkfi_op_type {
	const char *name;
	const char *usage;
	const char *does;
	int (*parse)(struct tkfi_op *op, char *args, char *err, size_t size);
	s64 (*run)(struct tkfi_op *op);
	unsigned int flags;
	const char *before;
};

/* Room for the subject's arguments and results of an operation, in u64. */
#define TKFI_OP_ARGS	30
#define TKFI_OP_RESULTS	3

/**
 * struct tkfi_op - one operation of a program
 * @type:	its type
 * @text:	its place in the text that it was parsed from
 * @wrong:	the place of what was parsed last: if it is refused, of the fault
 * @absent:	it was refused because this kernel does not have it; other kernels may
 * @call:	how it is shown in a diagram
 * @reads:	it is a read: its result is a time in ns
 * @duration:	for tkfi_run_wait()
 * @args:	its arguments, in a format of the subject's
 * @done:	it has returned
 * @may_wait:	it has executed a transition of a kind that can wait
 * @blocked:	name of what it waited for last, NULL if it did not wait
 * @result:	what it returned
 * @from:	number of events of its VCPU before it
 * @to:		number of events of its VCPU up to its end
 * @end:	number of events of all VCPUs up to its end
 * @results:	further results, in a format of the subject's
 *
 * The members from @done on are changed by executions, the others are not.
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
 * @is_nmi:	it is the program of an NMI
 * @cpu:	the CPU that the NMI interrupts
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
 * tkfi_op_parse() - parse an operation
 * @op:		operation
 * @types:	the types of operations that there are
 * @nr:		how many
 * @text:	text such as "wait 10ms"; modified
 * @err:	receives a sentence that says what is wrong and what exists; @op->wrong is
 *		set
 * @size:	of @err
 *
 * Return: 0 or -EINVAL.
 */
int tkfi_op_parse(struct tkfi_op *op, const struct tkfi_op_type *types,
		  unsigned int nr, char *text, char *err, size_t size);

/**
 * tkfi_program_add() - parse an operation of the subject, and append it to a program
 * @program:	program
 * @text:	text such as "read vdso MONOTONIC"; modified
 * @wrong:	on error set to where in @text the fault is
 * @err:	as for tkfi_op_parse()
 * @size:	of @err
 *
 * Return: 0 or -EINVAL.
 */
int tkfi_program_add(struct tkfi_program *program, char *text,
		     const char **wrong, char *err, size_t size);

/**
 * tkfi_op_parse_read() - parse a read that belongs to no program
 * @op:		operation
 * @text:	text such as "fast ktime_get_mono_fast_ns"; modified
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
 * tkfi_op_run() - perform an operation on the executing VCPU
 * @vcpu:	the executing VCPU; may be in an operation that this one interrupts
 * @op:		operation; its members from @done on are set
 *
 * Adds its call and its end to the trace, and calls @op_begins and @op_ended of the
 * subject.
 */
void tkfi_op_run(struct tkfi_vcpu *vcpu, struct tkfi_op *op);

/**
 * tkfi_program_body() - the body of a VCPU that performs a program
 * @vcpu:	the executing VCPU
 * @arg:	the struct tkfi_program; begins with its operation @nr_done
 *
 * Calls tkfi_yield() between two operations.
 */
void tkfi_program_body(struct tkfi_vcpu *vcpu, void *arg);

#endif

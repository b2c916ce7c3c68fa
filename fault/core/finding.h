/* SPDX-License-Identifier: GPL-2.0 */
/* What is wrong with an execution. Whoever judges says so; a search looks for more. */
#ifndef __TKFI_FINDING_H
#define __TKFI_FINDING_H

#include <linux/types.h>

/**
 * struct tkfi_span - an operation of a VCPU in an execution
 * @vcpu:	whose
 * @from:	steps of the VCPU that were before it
 * @to:		steps of the VCPU up to its end
 * @kind:	what it is: operations of one kind have the same; compared only
 * @call:	how it appears in a diagram
 * @group:	what kinds it belongs to, by a name; "" if to none
 */
struct tkfi_span {
	unsigned int vcpu;
	unsigned int from;
	unsigned int to;
	const void *kind;
	const char *call;
	const char *group;
};

/**
 * struct tkfi_finding - an execution that an oracle rejects
 * @oracle:	its name
 * @rule:	which of the oracle's rules, by an id without blanks; NULL if it has but one
 * @clock:	the clock, or what else it is about, for people
 * @is_pair:	it is about two reads; else @first and @second are empty
 * @first:	the earlier read
 * @second:	the later read
 * @first_ns:	what @first returned
 * @second_ns:	what @second returned
 */
struct tkfi_finding {
	const char *oracle;
	const char *rule;
	const char *clock;
	bool is_pair;
	struct tkfi_span first;
	struct tkfi_span second;
	s64 first_ns;
	s64 second_ns;
};

/**
 * typedef tkfi_finding_fn - is told of an execution that an oracle rejects
 * @finding:	what is wrong; valid during the call
 * @arg:	as given together with the function
 */
typedef void (*tkfi_finding_fn)(const struct tkfi_finding *finding, void *arg);

#endif

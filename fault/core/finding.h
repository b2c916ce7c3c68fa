/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an oracle finds wrong with an execution: the subject's oracles report it to a
 * search.
 */
#ifndef __TKFI_FINDING_H
#define __TKFI_FINDING_H

#include <linux/types.h>

/**
 * struct tkfi_span - an operation of a VCPU in an execution
 * @vcpu:	whose
 * @from:	number of events of the VCPU before it
 * @to:		number of events of the VCPU up to its end
 * @kind:	identifies the kind of operation: a pointer that is compared, not followed
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

struct tkfi_cause;

/**
 * struct tkfi_finding - an execution that an oracle rejects
 * @oracle:	its name
 * @rule:	id of the oracle's rule, without blanks; NULL if the oracle has only one
 * @clock:	the clock, or what else is wrong; shown to people
 * @is_pair:	the finding is about two reads; else @first and @second are empty
 * @first:	the earlier read
 * @second:	the later read
 * @first_ns:	what @first returned; without @is_pair what was expected, 0 with @second_ns 0
 *		if the finding has no values
 * @second_ns:	what @second returned; without @is_pair what was found
 * @cause:	what the subject knows of why this occurs: a pointer that is compared, not
 *		followed; NULL for nothing
 * @is_known:	it is known to occur in this build, for all that @cause implies holds of
 *		it; else it is new, and @cause is what it is like
 * @is_predicted: @predicted_ns is set
 * @predicted_ns: @second_ns - @first_ns, as @cause predicts it
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
	const struct tkfi_cause *cause;
	bool is_known;
	bool is_predicted;
	s64 predicted_ns;
};

/**
 * typedef tkfi_finding_fn - takes a finding
 * @finding:	what is wrong; valid during the call
 * @arg:	as given together with the function
 */
typedef void (*tkfi_finding_fn)(const struct tkfi_finding *finding, void *arg);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is explored, as timekeeping is: a struct tkfi_subject, filled in by a room of its
 * own that no other room depends on. (The model is struct rcu_torture_ops of
 * kernel/rcu/rcutorture.c.)
 */
#ifndef __TKFI_SUBJECT_H
#define __TKFI_SUBJECT_H

#include <linux/types.h>

#include "finding.h"
#include "list.h"
#include "op.h"
#include "happens_before.h"
#include "plan.h"
#include "state.h"
#include "units.h"

/**
 * struct tkfi_scenario - something to explore
 * @name:	without blanks
 * @text:	statements of a plan without faults, see tkfi_plan_parse(), after
 *		"setup: OPERATION[, OPERATION]...;", which may be left out
 *
 * A kernel that lacks what the text names does not have the scenario.
 */
struct tkfi_scenario {
	const char *name;
	const char *text;
};

/**
 * enum tkfi_cause_class - what is to be said of a cause of violations
 * @TKFI_CLASS_BUG:		nobody has fixed it yet
 * @TKFI_CLASS_FIXED:		a later kernel has it fixed
 * @TKFI_CLASS_DESIGN:		it is documented
 * @TKFI_CLASS_HARDWARE:	no machine executes what is needed for it
 * @TKFI_NR_CLASSES:		how many there are
 */
enum tkfi_cause_class {
	TKFI_CLASS_BUG,
	TKFI_CLASS_FIXED,
	TKFI_CLASS_DESIGN,
	TKFI_CLASS_HARDWARE,
	TKFI_NR_CLASSES
};

extern const char * const tkfi_cause_class_names[TKFI_NR_CLASSES];

/**
 * struct tkfi_cause - why violations occur that are known
 * @id:		without blanks
 * @class:	what is to be said of it
 * @fixed_in:	of TKFI_CLASS_FIXED, the first version that has it fixed; else NULL
 * @fixed_by:	the commit that fixed it; else NULL
 * @reason:	a clause for people
 */
struct tkfi_cause {
	const char *id;
	enum tkfi_cause_class class;
	const char *fixed_in;
	const char *fixed_by;
	const char *reason;
};

#define TKFI_MAX_CAUSES	32

/**
 * struct tkfi_judged - an execution to be judged
 * @engine:	engine; has its log
 * @setup:	the operations before it
 * @plan:	the operations of the execution, with their results
 * @ret:	what tkfi_engine_run() returned
 * @hb:		happens-before of its events; with @hb->nr 0 it is not known, and can be
 *		filled in
 */
struct tkfi_judged {
	const struct tkfi_engine *engine;
	const struct tkfi_plan *setup;
	const struct tkfi_plan *plan;
	int ret;
	struct tkfi_happens_before *hb;
};

/**
 * typedef tkfi_observed_fn - takes something that a state shows
 * @of:		whom it was learnt from: a kind of readers, a system call; valid for ever
 * @name:	its name there; valid for ever
 * @value:	the value
 * @unit:	of how many ns the value, a time in ns, is a multiple; 0 if it is no time
 * @arg:	as given together with the function
 */
typedef void (*tkfi_observed_fn)(const char *of, const char *name, s64 value, u32 unit, void *arg);

/**
 * struct tkfi_fault_seen - something that a step did and must not do
 * @rule:	the rule that it breaks: a word
 * @holds:	what holds, in a sentence
 * @of:		what it was seen by: a reader, a member; valid for ever
 * @kind:	the kind of that: one fault is seen by all of a kind
 * @op:		the type of the operation after which it was seen
 * @wanted:	what it ought to be
 * @seen:	what it is
 * @cause:	why, if that is known; else NULL
 */
struct tkfi_fault_seen {
	const char *rule;
	const char *holds;
	const char *of;
	unsigned int kind;
	const struct tkfi_op_type *op;
	s64 wanted;
	s64 seen;
	const struct tkfi_cause *cause;
};

typedef void (*tkfi_fault_fn)(const struct tkfi_fault_seen *fault, void *arg);

/**
 * struct tkfi_steps - what can be done to a subject one step after another, without VCPUs
 * @open:	gets ready, to go by a clock of the subject's; may sleep. Returns the number of
 *		steps, up to 255, or an error
 * @close:	undoes @open
 * @begin:	from here to @end the live state belongs to the steps; @start comes first
 * @end:	the live state is what it was at @begin
 * @start:	sets the state as at boot
 * @perform:	performs a step. With @fault it is judged, too, compared with the last @look,
 *		and @fault is called for each rule that it breaks. Returns false, the state
 *		being undefined, if it cannot be performed in this state
 * @given:	parses a text, operations with ", " between them, as one more step. Returns 0, or
 *		-EINVAL with a sentence
 * @text:	a step, as @given takes it
 * @shown:	tells all that was seen after the last operation of the step that was judged
 *		last, always in the same order; nothing of readers that may not be called then
 * @say:	the step that was performed last, as it is written in scenarios; returns the
 *		length, as snprintf()
 * @look:	notes the state, and all that it shows
 * @back:	makes the state what it was at the last @look
 * @hash:	one number for the state. Equal numbers stand for states that no step and no
 *		reader can tell apart
 * @beside:	a step as an operation of scenarios that a VCPU can perform while others read, or
 *		NULL if it is none
 * @others:	what these others do: operations of scenarios, NULL after the last
 * @delay:	how long the host delays one of them, as in scenarios
 */
struct tkfi_steps {
	int (*open)(unsigned int clock);
	void (*close)(void);
	void (*begin)(void);
	void (*end)(void);
	void (*start)(void);
	bool (*perform)(unsigned int step, tkfi_fault_fn fault, void *arg);
	int (*given)(const char *text, char *err, size_t size);
	const char *(*text)(unsigned int step);
	void (*shown)(tkfi_observed_fn tell, void *arg);
	size_t (*say)(char *buf, size_t size);
	void (*look)(void);
	void (*back)(void);
	u64 (*hash)(void);
	const char *(*beside)(unsigned int step);
	const char * const *others;
	const char *delay;
};

/**
 * struct tkfi_subject - what is explored
 * @name:	without blanks
 * @build:	returns the name of the variant of the kernel, for schedules and results;
 *		NULL if the subject does not know
 * @clocks:	names of the clocks that there are to go by, NULL after the last; the first is
 *		what nobody has to ask for. NULL if there is one that has no name
 * @open:	prepares the subject, to go by a clock of these; may sleep. Returns 0 or an
 *		error. May be NULL
 * @close:	undoes @open; nothing happens if it is not open. May be NULL
 * @state:	lists all objects that executions change
 * @sequences:	lists the sequences among them
 * @prepare:	called when all cells are known, for oracles that need
 *		tkfi_cells_require(); may be NULL
 * @reset:	sets the state as at boot; interrupts are off
 * @begin:	an execution begins; may be NULL
 * @end:	there will be no more executions; may be NULL
 * @record:	returns the memory in which oracles record an execution, and sets its size
 *		in bytes. It is part of snapshots, not of the state; may be NULL
 * @clock:	returns the memory that has the clock's value, which only @wait writes, and
 *		sets its size in bytes
 * @cycles:	converts ns, up to TKFI_MAX_DELAY_NS, to cycles of the clock, rounded down;
 *		NULL if a cycle is 1 ns
 * @most_cycles: returns TKFI_MAX_DELAY_NS in cycles; NULL with @cycles
 * @wait:	advances the clock by so many cycles
 * @ops:	operations; the host's is called "wait" and takes a time
 * @nr_ops:	how many
 * @read:	type of the operation of an NMI at an injection point; NULL if there is none
 * @unit:	returns of how many ns the value of a read is a multiple, by how the read is
 *		shown; NULL if all are exact to the ns
 * @op_begins:	an operation begins on the executing VCPU; may be NULL
 * @op_ended:	it has ended; may be NULL
 * @clock_of:	returns the value of the clock that the result of an operation that has ended
 *		depends on, in cycles; TKFI_NO_CLOCK if it depends on none. May be NULL
 * @observe:	tells all that anybody could learn of the state as it is, always in the same
 *		order. Called on a VCPU that is alone, after an execution; the state is
 *		restored after that. NULL if nothing can be learnt
 * @judge:	judges an execution: calls @report for each finding, with its cause
 * @show:	tells, in lines of JSON with @case set to a name, what values a person needs who
 *		is shown an execution; may be NULL
 * @oracles:	names of the oracles, NULL after the last
 * @scenarios:	the scenarios that are explored by default
 * @nr_scenarios: how many
 * @causes:	the causes of findings; may be NULL if there are none
 * @nr_causes:	how many, up to TKFI_MAX_CAUSES
 * @occurs:	returns whether a cause is to be found in this build when all of @scenarios
 *		are explored; NULL if all are
 * @steps:	for stories; NULL if there are none
 * @list:	one line for each of what else can be written in its scenarios, and for
 *		each oracle; may be NULL
 */
struct tkfi_subject {
	const char *name;
	const char *(*build)(void);
	const char * const *clocks;
	int (*open)(unsigned int clock);
	void (*close)(void);
	void (*state)(tkfi_region_fn add);
	void (*sequences)(tkfi_sequence_fn mark);
	void (*prepare)(void);
	void (*reset)(void);
	void (*begin)(void);
	void (*end)(void);
	void *(*record)(size_t *size);
	void *(*clock)(size_t *size);
	u64 (*cycles)(u64 ns);
	u64 (*most_cycles)(void);
	void (*wait)(u64 cycles);
	const struct tkfi_op_type *ops;
	unsigned int nr_ops;
	const struct tkfi_op_type *read;
	u32 (*unit)(const char *call);
	void (*op_begins)(struct tkfi_op *op);
	void (*op_ended)(struct tkfi_op *op);
	u64 (*clock_of)(const struct tkfi_op *op);
	void (*observe)(tkfi_observed_fn tell, void *arg);
	void (*judge)(const struct tkfi_judged *judged, tkfi_finding_fn report, void *arg);
	void (*show)(const struct tkfi_judged *judged, const char *name, tkfi_line_fn line);
	const char * const *oracles;
	const struct tkfi_scenario *scenarios;
	unsigned int nr_scenarios;
	const struct tkfi_cause *causes;
	unsigned int nr_causes;
	bool (*occurs)(const struct tkfi_cause *cause);
	const struct tkfi_steps *steps;
	void (*list)(tkfi_line_fn line);
};

/*
 * All subjects, gathered by the linker: it defines these two symbols for a section that no
 * linker script knows, if its name is a C identifier.
 */
extern const struct tkfi_subject * const __start_tkfi_subjects[];
extern const struct tkfi_subject * const __stop_tkfi_subjects[];

#define TKFI_SUBJECT(subject)						\
	static const struct tkfi_subject * const __tkfi_##subject	\
		__used __section("tkfi_subjects") = &(subject)

/* The subject that is explored: the first one, until another one is chosen. */
extern const struct tkfi_subject *tkfi_subject;

/* The clock that it goes by, of its @clocks. */
extern unsigned int tkfi_subject_clock;

/**
 * tkfi_build() - which variant of the kernel this is
 *
 * Return: its name, valid for ever: "post-series" is the tree as it is.
 */
const char *tkfi_build(void);

/**
 * tkfi_unit() - the resolution of a read of the chosen subject
 * @call:	how the read is shown
 *
 * Return: ns, 1 or more; 1 also for what is no read.
 */
u32 tkfi_unit(const char *call);

/**
 * tkfi_cause_occurs() - is a cause of the chosen subject to be found in this build?
 * @cause:	one of @causes of the subject
 *
 * Return: whether it is, when all scenarios of the subject are explored.
 */
bool tkfi_cause_occurs(const struct tkfi_cause *cause);

/**
 * tkfi_scenario_find() - a scenario of the chosen subject, by name
 * @name:	its name
 *
 * Return: the scenario, NULL if there is none of this name.
 */
const struct tkfi_scenario *tkfi_scenario_find(const char *name);

/**
 * tkfi_subject_choose() - choose what is explored
 * @name:	name of a subject
 *
 * Return: 0, or -ENOENT if there is none of this name: the subject is what it was then.
 */
int tkfi_subject_choose(const char *name);

/**
 * tkfi_subject_choose_clock() - choose the clock that the chosen subject goes by
 * @name:	name of a clock
 *
 * Not while the subject is open.
 *
 * Return: 0, or -ENOENT if there is none of this name: the clock is what it was then.
 */
int tkfi_subject_choose_clock(const char *name);

#endif

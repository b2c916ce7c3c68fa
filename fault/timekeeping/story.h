/* SPDX-License-Identifier: GPL-2.0 */
/* Stories about timekeeping: what can be done, what it shows, and what must hold. */
#ifndef __TKFI_STORY_H
#define __TKFI_STORY_H

#include <linux/timekeeper_internal.h>

#include "operation.h"
#include "subject.h"

#define TKFI_STORY_READERS	64

/**
 * struct tkfi_seen - all that a state shows
 * @valid:	it may be asked: timekeeping is not suspended
 * @now:	the clock's value, in cycles
 * @at:		what each of tkfi_story_readers() returns, ns
 * @again:	the same, asked once more
 * @later:	the same, a cycle later
 * @tk:		the core timekeeper
 * @aux:	the auxiliary clock's, if there is one
 * @phase_left:	as tkfi_ntp_phase_left()
 * @shadow:	the shadow timekeeper
 */
struct tkfi_seen {
	bool valid;
	u64 now;
	s64 at[TKFI_STORY_READERS];
	s64 again[TKFI_STORY_READERS];
	s64 later[TKFI_STORY_READERS];
	struct timekeeper tk;
	struct timekeeper aux;
	s64 phase_left;
	struct timekeeper shadow;
};

/**
 * struct tkfi_change - an operation, to be judged
 * @op:		the operation
 * @of_aux:	it is one of the auxiliary clock
 * @is_plain:	no phase was asked for since the start: ticks are as long as frequency has them
 * @result:	what it returned
 * @mono:	CLOCK_MONOTONIC after it, ns
 * @told:	what adjtimex() tells after it, if it is one of those that set something there
 * @before:	all that the state before showed
 * @after:	all that the state after it shows
 * @fault:	called for each rule that is broken
 * @arg:	for @fault
 */
struct tkfi_change {
	const struct tkfi_op *op;
	bool of_aux;
	bool is_plain;
	s64 result;
	s64 mono;
	struct __kernel_timex told;
	const struct tkfi_seen *before;
	const struct tkfi_seen *after;
	tkfi_fault_fn fault;
	void *arg;
};

/**
 * tkfi_story_readers() - which readers are asked
 * @nr:		set to how many there are
 *
 * Those of all families whose answers do not change what is read next.
 *
 * Return: the readers.
 */
const struct tkfi_reader * const *tkfi_story_readers(unsigned int *nr);

/**
 * tkfi_story_look() - ask for all that the live state shows
 * @seen:	filled
 *
 * To be called while the kernel is driven. The state is not changed.
 */
void tkfi_story_look(struct tkfi_seen *seen);

/**
 * tkfi_story_judge_readers() - do readers show what they must after an operation?
 * @change:	the operation; both states are valid
 */
void tkfi_story_judge_readers(const struct tkfi_change *change);

/**
 * tkfi_story_judge_account() - is all time accounted for after an operation?
 * @change:	the operation; both states are valid
 */
void tkfi_story_judge_account(const struct tkfi_change *change);

/**
 * tkfi_story_judge_calls() - does adjtimex() do what it was asked for?
 * @change:	the operation; both states are valid
 */
void tkfi_story_judge_calls(const struct tkfi_change *change);

/**
 * tkfi_asks_for_phase() - does an operation change what NTP has still to slew?
 * @op:		operation
 *
 * Return: whether it may.
 */
bool tkfi_asks_for_phase(const struct tkfi_op *op);

/**
 * tkfi_story_cause_of_read() - why a reader shows what it must not, if that is known
 * @change:	the operation
 * @reader:	the reader
 * @rule:	the rule that it breaks
 * @wanted:	the least it may show, ns
 * @seen:	what it shows, ns
 *
 * Return: the cause, if what is seen is off by as much as that predicts; else NULL.
 */
const struct tkfi_cause *tkfi_story_cause_of_read(const struct tkfi_change *change,
						  const struct tkfi_reader *reader,
						  const char *rule, s64 wanted, s64 seen);

/**
 * tkfi_story_cause_of_account() - why something is not accounted for, if that is known
 * @change:	the operation
 * @rule:	the rule that it breaks
 *
 * Return: the cause; NULL for none that is known.
 */
const struct tkfi_cause *tkfi_story_cause_of_account(const struct tkfi_change *change,
						     const char *rule);

/**
 * tkfi_story_cause_of_refusal() - why a refused operation changes something, if that is known
 * @op:		the operation
 * @rule:	the rule that it breaks
 *
 * Return: the cause; NULL for none that is known.
 */
const struct tkfi_cause *tkfi_story_cause_of_refusal(const struct tkfi_op *op, const char *rule);

/**
 * tkfi_story_has_edge() - is there an edge of a name?
 * @edge:	its name
 *
 * Return: whether tkfi_story_cycles_to() takes it.
 */
bool tkfi_story_has_edge(const char *edge);

/**
 * tkfi_story_cycles_to() - how long to wait for an edge
 * @edge:	"tick": when the next one is due, "second": of CLOCK_REALTIME, "leap": the next
 *		leap second
 * @cycles:	set to cycles of the clock; the edge is seen at the end of these, and not a
 *		cycle before
 *
 * Return: whether there is such an edge to come.
 */
bool tkfi_story_cycles_to(const char *edge, u64 *cycles);

/**
 * tkfi_story_is_asleep() - is timekeeping suspended where the story stands?
 *
 * Return: whether it is, so that nobody may be asked for the time.
 */
bool tkfi_story_is_asleep(void);

extern const struct tkfi_steps tkfi_timekeeping_steps;

#endif

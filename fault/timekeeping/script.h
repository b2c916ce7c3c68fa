/* SPDX-License-Identifier: GPL-2.0 */
/* Lines "TIME OPERATION": what is done to a clock while it is simulated, and when. */
#ifndef __TKFI_SCRIPT_H
#define __TKFI_SCRIPT_H

#include <linux/types.h>

#include "operation.h"
#include "servo.h"

/**
 * typedef tkfi_script_line_fn - get the next line of a script
 * @arg:	as in struct tkfi_script
 * @line:	receives it, without its end
 * @size:	of @line
 *
 * Return: 1, 0 if there is none, -EINVAL if it is too long, or an error of the host.
 */
typedef int (*tkfi_script_line_fn)(void *arg, char *line, size_t size);

enum tkfi_step_kind {
	TKFI_STEP_END,
	TKFI_STEP_OPERATION,
	TKFI_STEP_ERROR,
	TKFI_STEP_SUSPEND,
	TKFI_STEP_SERVO,
};

#define TKFI_SCRIPT_LINE	256

/**
 * struct tkfi_script - a script, and the step that is next
 * @next_line:	gets its lines; NULL for no script
 * @arg:	for that
 * @kind:	the next step; TKFI_STEP_END if there is none
 * @ns:		when, in ns since the start
 * @op:		for TKFI_STEP_OPERATION: one of timekeeping's
 * @error_ppb:	for TKFI_STEP_ERROR: how much too fast the oscillator is from now on
 * @suspend_ns:	for TKFI_STEP_SUSPEND: for how long
 * @servo:	for TKFI_STEP_SERVO: a servo begins, or ends if its rate is 0
 * @line:	number of the line, from 1
 * @text:	the line; @op refers to it
 * @err:	what is wrong with it
 */
struct tkfi_script {
	tkfi_script_line_fn next_line;
	void *arg;
	enum tkfi_step_kind kind;
	u64 ns;
	struct tkfi_op op;
	s32 error_ppb;
	u64 suspend_ns;
	struct tkfi_servo_settings servo;
	unsigned int line;
	char text[TKFI_SCRIPT_LINE];
	char err[512];
};

/**
 * tkfi_script_next() - read the next step
 * @script:	script; @next_line and @arg are set, the rest is 0 before the first step
 *
 * A line is a time such as 2.5s, in ns, us, ms, s, m, h or d, not less than that of the line
 * before, and what happens then: an operation of timekeeping; "error FREQUENCY", of the
 * oscillator; "suspend TIME", until it is resumed; "servo RATE [SETTINGS]", see
 * tkfi_servo_parse(). Comments begin with #.
 *
 * Return: 0, also at the end; -EINVAL for what cannot be done, which @err tells, or as
 * @next_line.
 */
int tkfi_script_next(struct tkfi_script *script);

#endif

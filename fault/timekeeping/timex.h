/* SPDX-License-Identifier: GPL-2.0 */
/* The members of struct timex, and which calls of adjtimex() are refused. */
#ifndef __TKFI_TIMEX_H
#define __TKFI_TIMEX_H

#include "list.h"
#include "operation.h"

/**
 * tkfi_parse_timex() - parse members of struct timex, as in "modes=16384 tick=8999"
 * @timex:	each member that is written is set, the others are 0
 * @args:	members, separated by blanks, in any order. Modified
 * @wrong:	on error set to the word at fault
 * @err:	receives a sentence that says what to write instead
 * @size:	of @err
 *
 * Values are those of adjtimex(2), and may be such that the kernel refuses the call: modes=
 * 0 to 65535, status= 0 to 2^31-1, others any number of 64 bits.
 *
 * Return: 0; -EINVAL for what is no member or no such number.
 */
int tkfi_parse_timex(struct __kernel_timex *timex, char *args, const char **wrong, char *err,
		     size_t size);

/**
 * tkfi_timex_error() - which error is documented for a call of adjtimex()
 * @timex:	its argument
 * @aux:	it is of an auxiliary clock
 * @real:	CLOCK_REALTIME, ns
 * @mono:	CLOCK_MONOTONIC, ns: CLOCK_REALTIME cannot be set below it
 *
 * From adjtimex(2), "ERRORS"; of the overflow of freq from ntp.c's unit, and of auxiliary
 * clocks from what they do not have: leap seconds, PPS, a TAI offset.
 *
 * Return: -EINVAL, or 0 for a call that succeeds.
 */
int tkfi_timex_error(const struct __kernel_timex *timex, bool aux, s64 real, s64 mono);

/**
 * tkfi_members_list() - a line for each member that can be written
 * @line:	receives it
 */
void tkfi_members_list(tkfi_line_fn line);

#endif

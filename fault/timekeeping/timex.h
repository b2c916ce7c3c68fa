/* SPDX-License-Identifier: GPL-2.0 */
/* The members of struct timex, and for which adjtimex() is refused. */
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
 * tkfi_timex_error() - which error is documented for the argument of adjtimex()
 * @timex:	the argument
 * @aux:	it is for an auxiliary clock
 *
 * From adjtimex(2), "ERRORS"; of the overflow of freq from ntp.c's unit, and of auxiliary
 * clocks from what they do not have: leap seconds, PPS, a TAI offset.
 *
 * Return: -EINVAL; 0 for one that is refused only if tkfi_timex_sets_too_early().
 */
int tkfi_timex_error(const struct __kernel_timex *timex, bool aux);

/**
 * tkfi_timex_sets_too_early() - would a clock be set to a time that it cannot have?
 * @timex:	the argument of adjtimex(), one without an error of its own
 * @now:	the clock's time, ns
 * @least:	the least that it can be set to, ns: of CLOCK_REALTIME CLOCK_MONOTONIC, of an
 *		auxiliary clock 0
 *
 * Return: whether it would, or to one that is too late for timespec64_valid_settod().
 */
bool tkfi_timex_sets_too_early(const struct __kernel_timex *timex, s64 now, s64 least);

/**
 * tkfi_members_list() - a line for each member that can be written
 * @line:	receives it
 */
void tkfi_members_list(tkfi_line_fn line);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_ADJTIMEX_H
#define __TKFI_ADJTIMEX_H

#include "operation.h"

/* For who asks what there is; those of an auxiliary clock: the core's also has tai=. */
#define TKFI_SETTINGS							\
	"[freq=FREQUENCY] [tick=N] [status=N] [constant=N] [maxerror=N] [esterror=N] [offset=N] [setoffset=[+-]TIME] [nano|micro]|singleshot=N|ss_read"

/**
 * tkfi_parse_adjtimex() - "tick=10001 status=1": settings in any order
 * @op:		gets what do_adjtimex() is given, what that may set back, its name
 *		in a diagram, and where the text is wrong
 * @aux:	of an auxiliary clock
 * @args:	settings, blanks between; none if only to be read back. Cut up
 * @err:	a sentence that says what to write instead
 * @size:	of @err
 *
 * freq=: -10% to +10%, by tick and frequency. tick= us, tai= s, maxerror= and
 * esterror= us. offset= ns, or us with micro; without a status= it sets that to the PLL
 * alone, as the kernel passes it over otherwise. constant= up to 10 with nano, offset= or
 * setoffset=, else 6, as if STA_NANO were not set. setoffset= as in tkfi_parse_offset().
 * singleshot= us and ss_read are adjtime()'s, each alone.
 *
 * Return: 0, -EINVAL for what is no setting, not in the kernel's range, or would be cut
 * off, passed over or refused together with another.
 */
int tkfi_parse_adjtimex(struct tkfi_op *op, bool aux, char *args, char *err,
			size_t size);

/**
 * tkfi_settings_list() - a line for each setting, with its range if it is a plain number
 * @line:	receives it
 */
void tkfi_settings_list(tkfi_line_fn line);

/**
 * tkfi_parse_ppb() - "freq=-500ppm", also for "ntp"
 * @args:	freq= and what tkfi_parse_frequency() reads
 * @ppb:	parts per billion
 * @err:	a sentence that says what to write instead
 * @size:	of @err
 *
 * Return: 0, -EINVAL.
 */
int tkfi_parse_ppb(const char *args, s32 *ppb, char *err, size_t size);

/**
 * tkfi_parse_offset() - "-3ms", also for "inject"
 * @text:	a duration, not in cycles, with or without a sign
 * @ns:		nanoseconds
 *
 * Return: 0, -EINVAL.
 */
int tkfi_parse_offset(const char *text, s64 *ns);

/**
 * tkfi_set_offset() - set the time that ADJ_SETOFFSET adds, with ADJ_NANO
 * @op:		operation; its timex gets the time. If that is negative, its @sets get the
 *		clocks that go back by it
 * @ns:		nanoseconds, with a sign
 */
void tkfi_set_offset(struct tkfi_op *op, s64 ns);

#endif

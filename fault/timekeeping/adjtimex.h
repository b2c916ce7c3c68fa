/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_ADJTIMEX_H
#define __TKFI_ADJTIMEX_H

#include "list.h"
#include "operation.h"

/* The most that adjtimex() accepts, s; see ntp.c. */
#define TKFI_MAX_TAI_OFFSET	100000

/* Usage of the settings of an auxiliary clock; the core's also has tai=. */
#define TKFI_SETTINGS							\
	"[freq=FREQUENCY] [tick=N] [status=N] [constant=N] [maxerror=N] [esterror=N] [offset=N] [setoffset=[+-]TIME] [nano|micro]|singleshot=N|ss_read|modes=N [MEMBER=N]..."

/**
 * tkfi_parse_adjtimex() - parse settings such as "tick=10001 status=1", in any order
 * @op:		its timex, @sets, @arms, @call and @wrong are set
 * @aux:	the settings are those of an auxiliary clock
 * @args:	settings, separated by blanks; "" only reads. Modified
 * @err:	receives a sentence that says what to write instead
 * @size:	of @err
 *
 * freq=: -10% to +10%, set by tick and frequency. tick=: us. tai=: s. maxerror= and
 * esterror=: us. offset=: ns, or us with micro; without status= it also sets the status to
 * STA_PLL, as the kernel ignores an offset without the PLL. constant=: up to 10 with nano,
 * offset= or setoffset=, else up to 6, as if STA_NANO were not set. setoffset=: as for
 * tkfi_parse_offset(). singleshot= (us) and ss_read are those of adjtime(), each alone.
 * What begins with modes= is left to tkfi_parse_timex().
 *
 * Return: 0; -EINVAL for something that is no setting, or that the kernel would refuse,
 * truncate or ignore unless it is written with modes=.
 */
int tkfi_parse_adjtimex(struct tkfi_op *op, bool aux, char *args, char *err,
			size_t size);

/**
 * tkfi_settings_list() - a line for each setting, with its range if it is a plain number
 * @line:	receives it
 */
void tkfi_settings_list(tkfi_line_fn line);

/**
 * tkfi_parse_ppb() - parse a frequency such as "freq=-500ppm"
 * @args:	"freq=", followed by text for tkfi_parse_frequency()
 * @ppb:	parts per billion
 * @err:	a sentence that says what to write instead
 * @size:	of @err
 *
 * Return: 0, -EINVAL.
 */
int tkfi_parse_ppb(const char *args, s32 *ppb, char *err, size_t size);

/**
 * tkfi_parse_offset() - parse an offset such as "-3ms"
 * @text:	a duration, not in cycles, with or without a sign
 * @ns:		nanoseconds
 *
 * Return: 0, -EINVAL.
 */
int tkfi_parse_offset(const char *text, s64 *ns);

/**
 * tkfi_set_offset() - set the time that ADJ_SETOFFSET adds, with ADJ_NANO
 * @op:		operation; its timex gets the time
 * @ns:		nanoseconds, with a sign
 */
void tkfi_set_offset(struct tkfi_op *op, s64 ns);

/**
 * tkfi_note_what_it_sets() - which clocks may go back by an adjtimex()
 * @op:		operation with a timex; its @sets and @arms get these clocks
 */
void tkfi_note_what_it_sets(struct tkfi_op *op);

#endif

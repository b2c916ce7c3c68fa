/* SPDX-License-Identifier: GPL-2.0 */
/* Parsing of times and frequencies. */
#ifndef __TKFI_UNITS_H
#define __TKFI_UNITS_H

#include <linux/time64.h>
#include <linux/types.h>

/* The longest time that can be written, ns. */
#define TKFI_MAX_DELAY_NS	(600ULL * NSEC_PER_SEC)

/**
 * struct tkfi_duration - a time, in the unit in which it was written
 * @amount:	nanoseconds, or cycles of the subject's clock
 * @in_cycles:	@amount is in cycles
 */
struct tkfi_duration {
	u64 amount;
	bool in_cycles;
};

/**
 * tkfi_duration_cycles() - a time in cycles of the subject's clock
 * @d:		time; nanoseconds are converted by the subject's cycles(), if it has one
 *
 * Return: cycles.
 */
u64 tkfi_duration_cycles(struct tkfi_duration d);

/**
 * tkfi_parse_duration() - "10ms", "0", "250cycles"
 * @text:	whole number with unit ns, us, ms, s, m, min or cycles
 * @d:		result, up to TKFI_MAX_DELAY_NS
 *
 * Return: 0, -EINVAL for a bad number or unit, -ERANGE for more than 10 min.
 */
int tkfi_parse_duration(const char *text, struct tkfi_duration *d);

/**
 * tkfi_parse_frequency() - "+500ppm", "-10%", "37ppb"
 * @text:	number, up to nine decimals, with unit ppm, ppb or %
 * @ppb:	result in parts per billion, -100000000 ... 100000000
 *
 * Return: 0, -EINVAL for a bad number or unit or less than 1 ppb, -ERANGE for
 * more than 10 % either way.
 */
int tkfi_parse_frequency(const char *text, s32 *ppb);

#endif

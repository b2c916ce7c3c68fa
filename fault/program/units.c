// SPDX-License-Identifier: GPL-2.0
/* Times and frequencies as people write them. */
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>

#include "subject.h"
#include "units.h"

struct unit {
	const char *name;
	u64 factor;
};

static const struct unit *find_unit(const struct unit *units, const char *name)
{
	for (; units->name; units++)
		if (!strcmp(units->name, name))
			return units;
	return NULL;
}

/* The digits at @text; NULL if there are none, or more than @max. */
static const char *parse_digits(const char *text, unsigned int max, u64 *value)
{
	const char *p;

	for (p = text, *value = 0; isdigit(*p); p++) {
		if (p == text + max)
			return NULL;
		*value = *value * 10 + *p - '0';
	}
	return p == text ? NULL : p;
}

u64 tkfi_duration_cycles(struct tkfi_duration d)
{
	return d.in_cycles || !tkfi_subject->cycles ? d.amount :
	       tkfi_subject->cycles(d.amount);
}

int tkfi_parse_duration(const char *text, struct tkfi_duration *d)
{
	static const struct unit units[] = {
		{ "ns", 1 }, { "us", NSEC_PER_USEC }, { "ms", NSEC_PER_MSEC },
		{ "s", NSEC_PER_SEC }, { "m", 60ULL * NSEC_PER_SEC },
		{ "min", 60ULL * NSEC_PER_SEC },
		{ "cycles", 1 }, { }
	};
	const struct unit *unit;
	const char *end;
	u64 amount;

	end = parse_digits(text, 15, &amount);
	if (!end)
		return -EINVAL;
	unit = find_unit(units, *end || amount ? end : "ns");
	if (!unit)
		return -EINVAL;
	d->in_cycles = !strcmp(unit->name, "cycles");
	if (amount > (d->in_cycles && tkfi_subject->cycles ? tkfi_subject->most_cycles() :
		      div64_u64(TKFI_MAX_DELAY_NS, unit->factor)))
		return -ERANGE;
	d->amount = amount * unit->factor;
	return 0;
}

int tkfi_parse_frequency(const char *text, s32 *ppb)
{
	static const struct unit units[] = {
		{ "ppb", 1 }, { "ppm", 1000 }, { "%", 10000000 }, { }
	};
	const struct unit *unit;
	u64 whole, fraction = 0, scale = 1, total;
	bool negative = *text == '-';
	const char *start, *end;

	if (*text == '-' || *text == '+')
		text++;
	end = parse_digits(text, 9, &whole);
	if (!end)
		return -EINVAL;
	if (*end == '.') {
		start = end + 1;
		end = parse_digits(start, 9, &fraction);
		if (!end)
			return -EINVAL;
		for (; start < end; start++)
			scale *= 10;
	}
	unit = find_unit(units, end);
	if (!unit || (fraction * unit->factor) % scale)
		return -EINVAL;
	total = whole * unit->factor + div64_u64(fraction * unit->factor, scale);
	if (total > 100000000)
		return -ERANGE;
	*ppb = negative ? -(s32)total : (s32)total;
	return 0;
}

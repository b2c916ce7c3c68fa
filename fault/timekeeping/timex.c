// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/timex.h>

#include "timex.h"

enum { MODES, OFFSET, FREQ, MAXERROR, ESTERROR, STATUS, CONSTANT, TICK, SEC, USEC, NR_MEMBERS };

/**
 * struct member - a member that can be written
 * @name:	as written
 * @min:	the least value that can be written
 * @max:	the largest
 */
static const struct member {
	const char *name;
	s64 min;
	s64 max;
} members[NR_MEMBERS] = {
	[MODES] = { "modes=", 0, U16_MAX },
	[OFFSET] = { "offset=", S64_MIN, S64_MAX },
	[FREQ] = { "freq=", S64_MIN, S64_MAX },
	[MAXERROR] = { "maxerror=", S64_MIN, S64_MAX },
	[ESTERROR] = { "esterror=", S64_MIN, S64_MAX },
	[STATUS] = { "status=", 0, S32_MAX },
	[CONSTANT] = { "constant=", S64_MIN, S64_MAX },
	[TICK] = { "tick=", S64_MIN, S64_MAX },
	[SEC] = { "sec=", S64_MIN, S64_MAX },
	[USEC] = { "usec=", S64_MIN, S64_MAX },
};

void tkfi_members_list(tkfi_line_fn line)
{
	const struct member *m;

	for (m = members; m < members + NR_MEMBERS; m++)
		line("\"type\":\"member\",\"name\":\"%s\",\"least\":%lld,\"most\":%lld", m->name,
		     m->min, m->max);
}

static int find(const char *word)
{
	unsigned int i;

	for (i = 0; i < NR_MEMBERS; i++)
		if (strstarts(word, members[i].name))
			return i;
	return -EINVAL;
}

int tkfi_parse_timex(struct __kernel_timex *timex, char *args, const char **wrong, char *err,
		     size_t size)
{
	s64 value[NR_MEMBERS] = {};
	unsigned long seen = 0;
	size_t len;
	char *word;
	int i;

	while ((word = strsep(&args, " \t\n"))) {
		if (!*word)
			continue;
		*wrong = word;
		i = find(word);
		if (i < 0) {
			len = scnprintf(err, size, "unknown member of struct timex '%s'; there are:",
					word);
			for (i = 0; i < NR_MEMBERS; i++)
				len += scnprintf(err + len, size - len, "%s %s", i ? "," : "",
						 members[i].name);
			return -EINVAL;
		}
		if (__test_and_set_bit(i, &seen)) {
			snprintf(err, size, "'%s' is the second %s; write one", word,
				 members[i].name);
			return -EINVAL;
		}
		if (kstrtos64(word + strlen(members[i].name), 10, &value[i]) ||
		    value[i] < members[i].min || value[i] > members[i].max) {
			snprintf(err, size, "impossible member '%s'; write %s%lld to %s%lld", word,
				 members[i].name, members[i].min, members[i].name, members[i].max);
			return -EINVAL;
		}
	}
	*timex = (struct __kernel_timex){
		.modes = value[MODES], .offset = value[OFFSET], .freq = value[FREQ],
		.maxerror = value[MAXERROR], .esterror = value[ESTERROR],
		.status = value[STATUS], .constant = value[CONSTANT], .tick = value[TICK],
		.time = { .tv_sec = value[SEC], .tv_usec = value[USEC] },
	};
	return 0;
}

static long per_second(const struct __kernel_timex *t)
{
	return t->modes & ADJ_NANO ? NSEC_PER_SEC : USEC_PER_SEC;
}

bool tkfi_timex_sets_too_early(const struct __kernel_timex *t, s64 now, s64 least)
{
	const struct timespec64 by = {
		t->time.tv_sec, t->time.tv_usec * (NSEC_PER_SEC / per_second(t)),
	};
	const struct timespec64 to = timespec64_add(ns_to_timespec64(now), by);

	return t->modes & ADJ_SETOFFSET &&
	       (!timespec64_valid_settod(&to) || timespec64_to_ns(&to) < least);
}

int tkfi_timex_error(const struct __kernel_timex *t, bool aux)
{
	const s64 most = S64_MAX / PPM_SCALE;

	if (t->modes & ADJ_ADJTIME) {
		if (!(t->modes & ADJ_OFFSET_SINGLESHOT))
			return -EINVAL;
	} else if (t->modes & ADJ_TICK &&
		   (t->tick < 900000 / USER_HZ || t->tick > 1100000 / USER_HZ)) {
		return -EINVAL;
	}
	if (t->modes & ADJ_FREQUENCY && (t->freq > most || t->freq < -most))
		return -EINVAL;
	if (aux && (t->modes & ADJ_TAI ||
		    (t->modes & ADJ_STATUS &&
		     t->status & (STA_INS | STA_DEL | STA_PPSFREQ | STA_PPSTIME))))
		return -EINVAL;
	return t->modes & ADJ_SETOFFSET &&
	       (t->time.tv_usec < 0 || t->time.tv_usec >= per_second(t)) ? -EINVAL : 0;
}

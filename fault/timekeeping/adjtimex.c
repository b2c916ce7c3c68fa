// SPDX-License-Identifier: GPL-2.0
/*
 * The settings of "adjtimex", in any combination that the kernel does not refuse or
 * ignore.
 */
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <linux/timex.h>

#include "adjtimex.h"
#include "timex.h"

/* Separators of settings. */
#define BLANKS	" \t\n"

void tkfi_ntp_frequency(s32 ppb, long *tick_us, long *freq)
{
	const s32 ppb_per_us = NSEC_PER_SEC / USER_TICK_USEC;
	s32 steps = 0;

	/* NTP's own range is 500 ppm; beyond it, whole steps of the tick. */
	if (abs(ppb) > MAXFREQ)
		steps = ppb / ppb_per_us;
	*tick_us = USER_TICK_USEC + steps;
	*freq = div_s64((s64)(ppb - steps * ppb_per_us) << 16, 1000);
}

int tkfi_parse_ppb(const char *args, s32 *ppb, char *err, size_t size)
{
	if (strstarts(args, "freq=") && !tkfi_parse_frequency(args + 5, ppb))
		return 0;
	snprintf(err, size,
		 "impossible frequency '%s'; write freq= and -10%% to +10%%, in ppm, ppb or %%, as in freq=-500ppm",
		 args);
	return -EINVAL;
}

int tkfi_parse_offset(const char *text, s64 *ns)
{
	bool negative = *text == '-';
	struct tkfi_duration d;

	if (tkfi_parse_duration(text + (*text == '-' || *text == '+'), &d) ||
	    d.in_cycles)
		return -EINVAL;
	*ns = negative ? -(s64)d.amount : (s64)d.amount;
	return 0;
}

void tkfi_set_offset(struct tkfi_op *op, s64 ns)
{
	struct timespec64 ts = ns_to_timespec64(ns);

	tkfi_args(op)->timex.time.tv_sec = ts.tv_sec;
	tkfi_args(op)->timex.time.tv_usec = ts.tv_nsec;
}

void tkfi_note_what_it_sets(struct tkfi_op *op)
{
	struct tkfi_args *args = tkfi_args(op);
	const struct __kernel_timex *txc = &args->timex;

	if (txc->modes & ADJ_SETOFFSET && txc->time.tv_sec < 0)
		args->sets |= BIT(CLOCK_REALTIME) | BIT(CLOCK_TAI);
	if (txc->modes & ADJ_TAI)
		args->sets |= BIT(CLOCK_TAI);
	/* An inserted second is CLOCK_REALTIME's only. */
	if (txc->modes & ADJ_STATUS && txc->status & STA_INS)
		args->arms |= BIT(CLOCK_REALTIME);
}

/* The bits that status= accepts; the others only the kernel writes. */
#define STA_WRITABLE	(STA_PLL | STA_PPSFREQ | STA_PPSTIME | STA_FLL | \
			 STA_INS | STA_DEL | STA_UNSYNC | STA_FREQHOLD)

/* The bits that an auxiliary clock refuses. */
#define STA_NOT_AUX	(STA_INS | STA_DEL | STA_PPSFREQ | STA_PPSTIME)

enum {
	FREQ, TICK, TAI, STATUS, CONSTANT, MAXERROR, ESTERROR, OFFSET,
	SETOFFSET, NANO, MICRO, SINGLESHOT, SS_READ, NR_SETTINGS
};

/**
 * struct setting - one of the words after "adjtimex"
 * @name:	as written, with = if a value follows
 * @modes:	for struct __kernel_timex
 * @min:	the least value that is taken as it is
 * @max:	the largest; 0 if the value is no plain number
 * @unit:	unit of @min and @max, in parentheses, for people
 */
struct setting {
	const char *name;
	unsigned int modes;
	long min;
	long max;
	const char *unit;
};

/* The ranges are those of ntp.c and timekeeping_validate_timex(). */
static const struct setting settings[NR_SETTINGS] = {
	[FREQ] = { "freq=", ADJ_FREQUENCY | ADJ_TICK },
	[TICK] = { "tick=", ADJ_TICK, 900000 / USER_HZ, 1100000 / USER_HZ,
		   " (us)" },
	[TAI] = { "tai=", ADJ_TAI, 0, TKFI_MAX_TAI_OFFSET, " (s)" },
	[STATUS] = { "status=", ADJ_STATUS, 0, STA_WRITABLE, "" },
	[CONSTANT] = { "constant=", ADJ_TIMECONST, 0, MAXTC, "" },
	[MAXERROR] = { "maxerror=", ADJ_MAXERROR, 0, NTP_PHASE_LIMIT, " (us)" },
	[ESTERROR] = { "esterror=", ADJ_ESTERROR, 0, NTP_PHASE_LIMIT, " (us)" },
	[OFFSET] = { "offset=", ADJ_OFFSET, -MAXPHASE, MAXPHASE,
		     " (ns; us with micro)" },
	[SETOFFSET] = { "setoffset=", ADJ_SETOFFSET },
	[NANO] = { "nano", ADJ_NANO },
	[MICRO] = { "micro", ADJ_MICRO },
	[SINGLESHOT] = { "singleshot=", ADJ_ADJTIME | ADJ_OFFSET_SINGLESHOT,
			 LONG_MIN, LONG_MAX, " (us)" },
	[SS_READ] = { "ss_read", ADJ_ADJTIME | ADJ_OFFSET_SINGLESHOT |
		      ADJ_OFFSET_READONLY },
};

void tkfi_settings_list(tkfi_line_fn line)
{
	const struct setting *s;

	for (s = settings; s < settings + NR_SETTINGS; s++)
		if (s->max)
			line("\"type\":\"setting\",\"name\":\"%s\",\"least\":%ld,\"most\":%ld,\"unit\":\"%s\"",
			     s->name, s->min, s->max, s->unit);
		else
			line("\"type\":\"setting\",\"name\":\"%s\"", s->name);
	tkfi_members_list(line);
}

/**
 * struct adjustment - the settings of one "adjtimex" so far
 * @op:		operation
 * @aux:	of an auxiliary clock
 * @at:		each setting as written, NULL if it is not
 * @value:	its number, if it has one; ppb or ns if it is no plain one
 */
struct adjustment {
	struct tkfi_op *op;
	bool aux;
	char *at[NR_SETTINGS];
	s64 value[NR_SETTINGS];
};

static int find_setting(const char *word)
{
	const char *value = strchr(word, '=');
	unsigned int len = value ? value + 1 - word : strlen(word), i;

	for (i = 0; i < NR_SETTINGS; i++)
		if (strlen(settings[i].name) == len &&
		    !strncmp(settings[i].name, word, len))
			return i;
	return -EINVAL;
}

/* Parse the value of a setting. On error, says what can be written. */
static int parse_setting(struct adjustment *adj, unsigned int nr, char *err,
			 size_t size)
{
	const struct setting *s = &settings[nr];
	const char *word = adj->at[nr], *value = word + strlen(s->name);
	s64 *ns = &adj->value[nr];
	s32 ppb;

	if (nr == FREQ) {
		if (tkfi_parse_ppb(word, &ppb, err, size))
			return -EINVAL;
		adj->value[nr] = ppb;
	} else if (nr == SETOFFSET) {
		if (tkfi_parse_offset(value, ns)) {
			snprintf(err, size,
				 "impossible offset '%s'; write setoffset= and -10min to +10min, in ns, us, ms, s, m or min, as in setoffset=-3ms",
				 word);
			return -EINVAL;
		}
	} else if (s->max && (kstrtos64(value, 10, ns) || *ns < s->min ||
			      *ns > s->max)) {
		snprintf(err, size,
			 "impossible adjustment '%s'; write %s%ld to %s%ld%s",
			 word, s->name, s->min, s->name, s->max, s->unit);
		return -EINVAL;
	}
	return 0;
}

/*
 * Would adjtimex refuse, truncate or ignore any of the settings together, though each is
 * possible? Returns what can be written, and sets @nr to the setting at fault; or NULL.
 */
static const char *contradiction(const struct adjustment *adj,
				 unsigned int *nr)
{
	char * const *at = adj->at;
	const s64 *value = adj->value;
	unsigned int i, others = 0;

	for (i = 0; i < NR_SETTINGS; i++)
		others += at[i] && i != SINGLESHOT && i != SS_READ;
	*nr = at[SINGLESHOT] ? SINGLESHOT : SS_READ;
	if (at[*nr] && (others || (at[SINGLESHOT] && at[SS_READ])))
		return "write singleshot=N or ss_read alone";
	*nr = MICRO;
	if (at[NANO] && at[MICRO])
		return "write either nano or micro";
	*nr = FREQ;
	if (at[FREQ] && at[TICK] && abs(value[FREQ]) > MAXFREQ)
		return "write freq=-500ppm to freq=+500ppm where there is a tick=";
	*nr = TAI;
	if (adj->aux && at[TAI])
		return "an auxiliary clock has no TAI offset; leave tai= out";
	if (at[TAI] && at[CONSTANT] && value[TAI] != value[CONSTANT])
		return "tai= and constant= are one field; write the same number";
	*nr = STATUS;
	if (adj->aux && value[STATUS] & STA_NOT_AUX)
		return "an auxiliary clock has no leap seconds, no PPS; no 2, 4, 16 or 32";
	*nr = CONSTANT;
	if (value[CONSTANT] > MAXTC - 4 &&
	    (at[MICRO] || (!at[NANO] && !at[OFFSET] && !at[SETOFFSET])))
		return "write constant=0 to constant=6, or up to constant=10 with nano";
	*nr = OFFSET;
	if (at[OFFSET] && at[STATUS] && !(value[STATUS] & STA_PLL))
		return "without the PLL it is passed over; write status=1";
	if (at[MICRO] && abs(value[OFFSET]) > MAXPHASE / NSEC_PER_USEC)
		return "write offset=-500000 to offset=500000 (us) with micro";
	*nr = SETOFFSET;
	if (at[MICRO] && value[SETOFFSET] % NSEC_PER_USEC)
		return "write whole microseconds with micro";
	return NULL;
}

static void adjust(const struct adjustment *adj)
{
	struct tkfi_op *op = adj->op;
	struct __kernel_timex *txc = &tkfi_args(op)->timex;
	const s64 *value = adj->value;
	unsigned int i;
	long tick, freq;

	for (i = 0; i < NR_SETTINGS; i++)
		if (adj->at[i])
			txc->modes |= settings[i].modes;
	/* It is given in ns, and only the PLL takes a phase. */
	if ((adj->at[OFFSET] || adj->at[SETOFFSET]) && !adj->at[MICRO])
		txc->modes |= ADJ_NANO;
	if (adj->at[OFFSET])
		txc->modes |= ADJ_STATUS;
	txc->status = adj->at[STATUS] || !adj->at[OFFSET] ? value[STATUS] :
							    STA_PLL;
	tkfi_ntp_frequency(value[FREQ], &tick, &freq);
	txc->freq = freq;
	txc->tick = adj->at[TICK] ? value[TICK] : tick;
	txc->constant = adj->at[TAI] ? value[TAI] : value[CONSTANT];
	txc->maxerror = value[MAXERROR];
	txc->esterror = value[ESTERROR];
	txc->offset = adj->at[SINGLESHOT] ? value[SINGLESHOT] : value[OFFSET];
	tkfi_set_offset(op, value[SETOFFSET]);
	if (adj->at[MICRO])
		txc->time.tv_usec /= NSEC_PER_USEC;
}

/* How it is shown: without a "freq=" that is alone, and with room left for "AUX: ". */
static void name_adjtimex(struct tkfi_op *op, const char *said)
{
	if (strstarts(said, "freq=") && !strchr(said, ' '))
		said += 5;
	snprintf(op->call, sizeof(op->call),
		 strlen(said) > 45 ? "do_adjtimex(%.42s...)" : "do_adjtimex(%s)",
		 said);
}

int tkfi_parse_adjtimex(struct tkfi_op *op, bool aux, char *args, char *err,
			size_t size)
{
	struct adjustment adj = { .op = op, .aux = aux };
	char said[sizeof(op->call)] = "", *word;
	size_t len, end = 0;
	const char *wrong;
	unsigned int i;
	int nr;

	if (strstarts(args, "modes=")) {
		strscpy(said, args, sizeof(said));
		if (tkfi_parse_timex(&tkfi_args(op)->timex, args, &op->wrong, err, size))
			return -EINVAL;
		tkfi_note_what_it_sets(op);
		name_adjtimex(op, said);
		return 0;
	}
	while ((word = strsep(&args, BLANKS))) {
		if (!*word)
			continue;
		op->wrong = word;
		nr = find_setting(word);
		if (nr < 0) {
			len = scnprintf(err, size,
					"unknown setting '%s'; there are:",
					word);
			for (i = 0; i < NR_SETTINGS; i++)
				len += scnprintf(err + len, size - len, "%s %s",
						 i ? "," : "",
						 settings[i].name);
			return -EINVAL;
		}
		if (adj.at[nr]) {
			snprintf(err, size, "'%s' is the second %s; write one",
				 word, settings[nr].name);
			return -EINVAL;
		}
		adj.at[nr] = word;
		end += scnprintf(said + end, sizeof(said) - end, "%s%s",
				 end ? " " : "", word);
		if (parse_setting(&adj, nr, err, size))
			return -EINVAL;
	}
	wrong = contradiction(&adj, &i);
	if (wrong) {
		op->wrong = adj.at[i];
		snprintf(err, size, "impossible together: '%s'; %s", adj.at[i],
			 wrong);
		return -EINVAL;
	}
	adjust(&adj);
	tkfi_note_what_it_sets(op);
	name_adjtimex(op, said);
	return 0;
}

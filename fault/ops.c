// SPDX-License-Identifier: GPL-2.0
#include <linux/clocksource.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "clock.h"
#include "glue.h"
#include "ops.h"

#include <tick-internal.h>
#include <timekeeping.h>

static size_t list_readers(const struct tkfi_reader *readers, unsigned int nr,
			   const char *separator, char *buf, size_t size)
{
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		len += scnprintf(buf + len, size - len, "%s %s %s", separator,
				 tkfi_family_names[readers[i].family],
				 readers[i].clock);
		separator = ",";
	}
	return len;
}

static int parse_read(struct tkfi_op *op, char *args, char *err, size_t size)
{
	const struct tkfi_aux_clock *aux = tkfi_aux_clock();
	char *family = strsep(&args, " ");
	size_t len;

	op->reader = args ? tkfi_reader_find(family, args) : NULL;
	if (op->reader) {
		strscpy(op->call, op->reader->call, sizeof(op->call));
		return 0;
	}
	len = scnprintf(err, size, "unknown reader '%s %s'; there are:", family,
			args ?: "");
	len += list_readers(tkfi_readers, tkfi_nr_readers, "", err + len,
			    size - len);
	len += list_readers(&tkfi_jiffies_reader, 1, ",", err + len,
			    size - len);
	if (aux)
		list_readers(aux->readers, TKFI_NR_AUX_READERS, ",", err + len,
			     size - len);
	return -EINVAL;
}

static s64 run_read(struct tkfi_op *op)
{
	return op->reader->read();
}

/* The most that adjtimex takes, s; see ntp.c. */
#define MAX_TAI_OFFSET	100000

/* What may be between settings. */
#define BLANKS	" \t\n"

/* "freq=X", for "adjtimex" and "ntp". */
static int parse_ppb(const char *args, s32 *ppb, char *err, size_t size)
{
	if (strstarts(args, "freq=") && !tkfi_parse_frequency(args + 5, ppb))
		return 0;
	snprintf(err, size,
		 "impossible frequency '%s'; write freq= and -10%% to +10%%, in ppm, ppb or %%, as in freq=-500ppm",
		 args);
	return -EINVAL;
}

/* "-3ms", for "adjtimex" and "inject". */
static int parse_offset(const char *text, s64 *ns)
{
	bool negative = *text == '-';
	struct tkfi_duration d;

	if (tkfi_parse_duration(text + (*text == '-' || *text == '+'), &d) ||
	    d.in_cycles)
		return -EINVAL;
	*ns = negative ? -(s64)d.amount : (s64)d.amount;
	return 0;
}

static void set_offset(struct tkfi_op *op, s64 ns)
{
	struct timespec64 ts = ns_to_timespec64(ns);

	op->timex.time.tv_sec = ts.tv_sec;
	op->timex.time.tv_usec = ts.tv_nsec;
	if (ns < 0)
		op->sets |= BIT(CLOCK_REALTIME) | BIT(CLOCK_TAI);
}

/* What status= takes; the other bits are the kernel's to write. */
#define STA_WRITABLE	(STA_PLL | STA_PPSFREQ | STA_PPSTIME | STA_FLL | \
			 STA_INS | STA_DEL | STA_UNSYNC | STA_FREQHOLD)

/* What an auxiliary clock refuses. */
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
 * @unit:	of them
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
	[TAI] = { "tai=", ADJ_TAI, 0, MAX_TAI_OFFSET, " (s)" },
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

/* Where the value is none: what can be written. */
static int parse_setting(struct adjustment *adj, unsigned int nr, char *err,
			 size_t size)
{
	const struct setting *s = &settings[nr];
	const char *word = adj->at[nr], *value = word + strlen(s->name);
	s64 *ns = &adj->value[nr];
	s32 ppb;

	if (nr == FREQ) {
		if (parse_ppb(word, &ppb, err, size))
			return -EINVAL;
		adj->value[nr] = ppb;
	} else if (nr == SETOFFSET) {
		if (parse_offset(value, ns)) {
			snprintf(err, size,
				 "impossible offset '%s'; write setoffset= and -10min to +10min, in ns, us, ms, s or min, as in setoffset=-3ms",
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
 * What adjtimex would refuse, cut off or pass over of settings that are each possible:
 * NULL if nothing, else what can be written. The one at fault in @nr.
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
	struct __kernel_timex *txc = &op->timex;
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
	set_offset(op, value[SETOFFSET]);
	if (adj->at[MICRO])
		txc->time.tv_usec /= NSEC_PER_USEC;
	if (adj->at[TAI])
		op->sets |= BIT(CLOCK_TAI);
	/* An inserted second is CLOCK_REALTIME's only. */
	op->arms = txc->status & STA_INS ? BIT(CLOCK_REALTIME) : 0;
}

/* Without the "freq=" that needs no saying if it is alone; room for "AUX: ". */
static void name_adjtimex(struct tkfi_op *op, const char *said)
{
	if (strstarts(said, "freq=") && !strchr(said, ' '))
		said += 5;
	snprintf(op->call, sizeof(op->call),
		 strlen(said) > 45 ? "do_adjtimex(%.42s...)" : "do_adjtimex(%s)",
		 said);
}

static int parse_settings(struct adjustment *adj, char *args, char *err,
			  size_t size)
{
	char said[sizeof(adj->op->call)] = "", *word;
	size_t len, end = 0;
	const char *wrong;
	unsigned int i;
	int nr;

	while ((word = strsep(&args, BLANKS))) {
		if (!*word)
			continue;
		adj->op->wrong = word;
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
		if (adj->at[nr]) {
			snprintf(err, size, "'%s' is the second %s; write one",
				 word, settings[nr].name);
			return -EINVAL;
		}
		adj->at[nr] = word;
		end += scnprintf(said + end, sizeof(said) - end, "%s%s",
				 end ? " " : "", word);
		if (parse_setting(adj, nr, err, size))
			return -EINVAL;
	}
	wrong = contradiction(adj, &i);
	if (wrong) {
		adj->op->wrong = adj->at[i];
		snprintf(err, size, "impossible together: '%s'; %s", adj->at[i],
			 wrong);
		return -EINVAL;
	}
	adjust(adj);
	name_adjtimex(adj->op, said);
	return 0;
}

static int parse_adjtimex(struct tkfi_op *op, char *args, char *err,
			  size_t size)
{
	struct adjustment adj = { .op = op };

	return parse_settings(&adj, args, err, size);
}

static int parse_aux_adjtimex(struct tkfi_op *op, char *args, char *err,
			      size_t size)
{
	struct adjustment adj = { .op = op, .aux = true };

	return parse_settings(&adj, args, err, size);
}

static s64 run_adjtimex(struct tkfi_op *op)
{
	struct __kernel_timex timex = op->timex;	/* it writes back */

	return do_adjtimex(&timex);
}

static s64 run_aux_adjtimex(struct tkfi_op *op)
{
	struct __kernel_timex timex = op->timex;

	return tkfi_aux_clock()->adjtimex(&timex);
}

static int parse_ntp(struct tkfi_op *op, char *args, char *err, size_t size)
{
	s32 ppb;

	if (parse_ppb(args, &ppb, err, size))
		return -EINVAL;
	tkfi_ntp_frequency(ppb, &op->tick_us, &op->freq);
	snprintf(op->call, sizeof(op->call), "NTP tick length (%s)", args + 5);
	return 0;
}

static s64 run_ntp(struct tkfi_op *op)
{
	tkfi_ntp_set_frequency(op->tick_us, op->freq);
	return 0;
}

/* An operation without arguments, and the function it is. */
static int parse_call(struct tkfi_op *op, const char *call, char *args,
		      char *err, size_t size)
{
	if (*args) {
		snprintf(err, size, "%s takes no arguments, not '%s'",
			 op->type->name, args);
		return -EINVAL;
	}
	strscpy(op->call, call, sizeof(op->call));
	return 0;
}

static int parse_tick(struct tkfi_op *op, char *args, char *err, size_t size)
{
	return parse_call(op, "update_wall_time()", args, err, size);
}

static s64 run_tick(struct tkfi_op *op)
{
	update_wall_time();
	return 0;
}

static int parse_jiffies(struct tkfi_op *op, char *args, char *err,
			 size_t size)
{
	return parse_call(op, "tick_periodic()", args, err, size);
}

static s64 run_jiffies(struct tkfi_op *op)
{
	tkfi_tick_periodic();
	return 0;
}

static s64 run_aux_tick(struct tkfi_op *op)
{
	return tkfi_aux_clock()->tick();
}

static int parse_settimeofday(struct tkfi_op *op, char *args, char *err,
			      size_t size)
{
	if (kstrtos64(args, 10, &op->ts.tv_sec)) {
		snprintf(err, size,
			 "impossible time '%s'; write seconds since 1970, as in settimeofday 1361404800",
			 args);
		return -EINVAL;
	}
	op->sets = BIT(CLOCK_REALTIME) | BIT(CLOCK_TAI);
	snprintf(op->call, sizeof(op->call), "do_settimeofday64(%s)", args);
	return 0;
}

static s64 run_settimeofday(struct tkfi_op *op)
{
	return do_settimeofday64(&op->ts);
}

static s64 run_aux_set(struct tkfi_op *op)
{
	return tkfi_aux_clock()->set(&op->ts);
}

static int parse_inject(struct tkfi_op *op, char *args, char *err, size_t size)
{
	s64 ns;

	if (parse_offset(args, &ns)) {
		snprintf(err, size,
			 "impossible offset '%s'; write -10min to +10min, in ns, us, ms, s or min, as in inject -3ms",
			 args);
		return -EINVAL;
	}
	op->timex.modes = ADJ_SETOFFSET | ADJ_NANO;
	set_offset(op, ns);
	snprintf(op->call, sizeof(op->call), "do_adjtimex(offset %s)", args);
	return 0;
}

static int parse_clocksource(struct tkfi_op *op, char *args, char *err,
			     size_t size)
{
	if (!strcmp(args, "first")) {
		op->cs = &tkfi_clocksource;
	} else if (!strcmp(args, "second")) {
		op->cs = &tkfi_second_clocksource;
	} else {
		snprintf(err, size,
			 "unknown clocksource '%s'; there are: first, second",
			 args);
		return -EINVAL;
	}
	snprintf(op->call, sizeof(op->call), "timekeeping_notify(%s)",
		 op->cs->name);
	return 0;
}

static s64 run_clocksource(struct tkfi_op *op)
{
	return timekeeping_notify(op->cs);
}

static int parse_suspend(struct tkfi_op *op, char *args, char *err, size_t size)
{
	return parse_call(op, "timekeeping_suspend()", args, err, size);
}

static s64 run_suspend(struct tkfi_op *op)
{
	return timekeeping_suspend();
}

static int parse_resume(struct tkfi_op *op, char *args, char *err, size_t size)
{
	return parse_call(op, "timekeeping_resume()", args, err, size);
}

static s64 run_resume(struct tkfi_op *op)
{
	timekeeping_resume();
	return 0;
}

static int parse_sleeptime(struct tkfi_op *op, char *args, char *err,
			   size_t size)
{
	struct tkfi_duration d;

	if (tkfi_parse_duration(args, &d) || d.in_cycles) {
		snprintf(err, size,
			 "impossible sleep '%s'; write 0 to 10min, in ns, us, ms, s or min, as in sleeptime 10s",
			 args);
		return -EINVAL;
	}
	op->ts = ns_to_timespec64(d.amount);
	snprintf(op->call, sizeof(op->call),
		 "timekeeping_inject_sleeptime64(%s)", args);
	return 0;
}

static s64 run_sleeptime(struct tkfi_op *op)
{
	timekeeping_inject_sleeptime64(&op->ts);
	return 0;
}

static int parse_wait(struct tkfi_op *op, char *args, char *err, size_t size)
{
	if (tkfi_parse_duration(args, &op->duration)) {
		snprintf(err, size,
			 "impossible time '%s'; write 0 to 10min, in ns, us, ms, s, min or cycles, as in wait 10ms",
			 args);
		return -EINVAL;
	}
	snprintf(op->call, sizeof(op->call), "(%s pass)", args);
	return 0;
}

static s64 run_wait(struct tkfi_op *op)
{
	tkfi_clock_advance(tkfi_duration_cycles(op->duration));
	return 0;
}

static int parse_enable(struct tkfi_op *op, char *args, char *err, size_t size)
{
	return parse_call(op, "aux_clock_enable()", args, err, size);
}

static s64 run_enable(struct tkfi_op *op)
{
	return tkfi_aux_clock()->enable();
}

static int parse_disable(struct tkfi_op *op, char *args, char *err, size_t size)
{
	return parse_call(op, "aux_clock_disable()", args, err, size);
}

static s64 run_disable(struct tkfi_op *op)
{
	return tkfi_aux_clock()->disable();
}

/* By its name among others; also says what there is. */
static int parse_type(struct tkfi_op *op, const struct tkfi_op_type *types,
		      unsigned int nr, char *text, char *err, size_t size)
{
	char *args = text, *name = strsep(&args, " ");
	unsigned int i;
	size_t len;

	op->wrong = name;
	for (i = 0; i < nr; i++) {
		if (strcmp(types[i].name, name))
			continue;
		op->type = &types[i];
		args = strim(args ?: "");
		if (*args)
			op->wrong = args;
		return op->type->parse(op, args, err, size);
	}
	len = scnprintf(err, size, "unknown operation '%s'; there are:", name);
	for (i = 0; i < nr; i++)
		len += scnprintf(err + len, size - len, "%s %s%s%s",
				 i ? "," : "", types[i].name,
				 *types[i].usage ? " " : "", types[i].usage);
	return -EINVAL;
}

/* Those of an auxiliary clock; the core's also has tai=. */
#define AUX_SETTINGS							\
	"[freq=FREQUENCY] [tick=N] [status=N] [constant=N] [maxerror=N] [esterror=N] [offset=N] [setoffset=[+-]TIME] [nano|micro]|singleshot=N|ss_read"

static const struct tkfi_op_type aux_types[] = {
	{ "adjtimex", AUX_SETTINGS, parse_aux_adjtimex, run_aux_adjtimex },
	{ "disable", "", parse_disable, run_disable },
	{ "enable", "", parse_enable, run_enable },
	{ "inject", "[+-]TIME", parse_inject, run_aux_adjtimex },
	{ "settime", "SECONDS", parse_settimeofday, run_aux_set },
	{ "tick", "", parse_tick, run_aux_tick, true },
};

/* The same operations on the auxiliary clock. */
static int parse_aux(struct tkfi_op *op, char *args, char *err, size_t size)
{
	char call[sizeof(op->call)];

	if (!tkfi_aux_clock()) {
		snprintf(err, size, "this kernel has no auxiliary clocks");
		return -EINVAL;
	}
	if (parse_type(op, aux_types, ARRAY_SIZE(aux_types), args, err, size))
		return -EINVAL;
	/* Whatever it sets back is that clock and no other. */
	op->sets = op->sets ? BIT(MAX_CLOCKS) : 0;
	op->arms = 0;
	strscpy(call, op->call, sizeof(call));
	snprintf(op->call, sizeof(op->call), "AUX: %.58s", call);
	return 0;
}

static const struct tkfi_op_type op_types[] = {
	{ "adjtimex", "[tai=N] " AUX_SETTINGS, parse_adjtimex, run_adjtimex },
	{ "aux", "OPERATION", parse_aux, NULL },
	{ "clocksource", "first|second", parse_clocksource, run_clocksource },
	{ "inject", "[+-]TIME", parse_inject, run_adjtimex },
	{ "jiffies", "", parse_jiffies, run_jiffies },
	{ "ntp", "freq=FREQUENCY", parse_ntp, run_ntp },
	{ "read", "FAMILY CLOCK", parse_read, run_read },
	{ "resume", "", parse_resume, run_resume },
	{ "settimeofday", "SECONDS", parse_settimeofday, run_settimeofday },
	{ "sleeptime", "TIME", parse_sleeptime, run_sleeptime },
	{ "suspend", "", parse_suspend, run_suspend },
	{ "tick", "", parse_tick, run_tick, true },
	{ "wait", "TIME", parse_wait, run_wait },
};

void tkfi_op_run(struct tkfi_vcpu *vcpu, struct tkfi_op *op)
{
	const bool may_wait = vcpu->may_wait;
	const u64 noted = vcpu->noted;

	vcpu->blocked_on = NULL;
	vcpu->may_wait = false;
	vcpu->noted = TKFI_NOT_READ;
	tkfi_record(TKFI_EV_CALL, op->call, 0);
	op->from = vcpu->steps;
	op->result = op->type->run(op);
	tkfi_attempts_end();
	op->to = vcpu->steps;
	op->end = tkfi_now();
	op->cycle = tkfi_clock_peek();
	op->counter = vcpu->noted;
	op->may_wait = vcpu->may_wait;
	/* Of the operation that this one interrupted. */
	vcpu->noted = noted;
	vcpu->may_wait = may_wait;
	op->blocked = vcpu->blocked_on;
	op->done = true;
	tkfi_record(op->reader ? TKFI_EV_READ : TKFI_EV_RETURN, op->call,
		    op->result);
}

int tkfi_op_parse_read(struct tkfi_op *op, char *text, char *err, size_t size)
{
	static const struct tkfi_op_type interrupt = {
		"nmi", "FAMILY CLOCK", parse_read, run_read
	};

	*op = (struct tkfi_op){ .type = &interrupt };
	return parse_read(op, text, err, size);
}

int tkfi_program_add(struct tkfi_program *program, char *text,
		     const char **wrong, char *err, size_t size)
{
	struct tkfi_op *op = &program->ops[program->nr];

	text = strim(text);
	*wrong = text;
	if (program->nr == TKFI_MAX_OPS) {
		snprintf(err, size, "more than %d operations on one VCPU",
			 TKFI_MAX_OPS);
		return -EINVAL;
	}
	*op = (struct tkfi_op){ .text = text };
	if (parse_type(op, op_types, ARRAY_SIZE(op_types), text, err, size)) {
		*wrong = op->wrong;
		return -EINVAL;
	}
	program->nr++;
	return 0;
}

void tkfi_program_body(struct tkfi_vcpu *vcpu, void *arg)
{
	struct tkfi_program *program = arg;

	while (program->nr_done < program->nr) {
		if (program->nr_done)
			tkfi_yield();
		tkfi_op_run(vcpu, &program->ops[program->nr_done]);
		program->nr_done++;
	}
}

// SPDX-License-Identifier: GPL-2.0
#include <linux/clocksource.h>
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "adjtimex.h"
#include "clock.h"
#include "glue.h"
#include "operation.h"
#include "readers.h"

#include <tick-internal.h>
#include <timekeeping.h>

/* List the readers of one family only, as all are too many for a sentence. */
static size_t list_readers(const struct tkfi_reader *readers, unsigned int nr,
			   const char *family, char *buf, size_t size)
{
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!strcmp(tkfi_family_names[readers[i].family], family))
			len += scnprintf(buf + len, size - len, " %s,",
					 readers[i].clock);
	return len;
}

static void unknown_reader(const char *family, const char *clock, char *err,
			   size_t size)
{
	const struct tkfi_aux_clock *aux = tkfi_aux_clock();
	size_t len, none;

	none = scnprintf(err, size, "unknown reader '%s %s'; there are:",
			 family, clock);
	len = none;
	len += list_readers(tkfi_readers, tkfi_nr_readers, family, err + len,
			    size - len);
	len += list_readers(tkfi_floor_readers, tkfi_nr_floor_readers, family,
			    err + len, size - len);
	len += list_readers(&tkfi_jiffies_reader, 1, family, err + len,
			    size - len);
	if (aux)
		len += list_readers(aux->readers, TKFI_NR_AUX_READERS, family,
				    err + len, size - len);
	if (len > none)
		err[len - 1] = '\0';
	else
		scnprintf(err + len, size - len, " vdso CLOCK, kernel FUNCTION, fast FUNCTION");
}

static int parse_read(struct tkfi_op *op, char *args, char *err, size_t size)
{
	char *family = strsep(&args, " ");

	tkfi_args(op)->reader = args ? tkfi_reader_find(family, args) : NULL;
	op->reads = tkfi_args(op)->reader;
	if (op->reads) {
		strscpy(op->call, tkfi_reader_of(op)->call, sizeof(op->call));
		return 0;
	}
	unknown_reader(family, args ?: "", err, size);
	op->absent = true;
	return -EINVAL;
}

static s64 run_read(struct tkfi_op *op)
{
	return tkfi_reader_of(op)->read();
}

static int parse_adjtimex(struct tkfi_op *op, char *args, char *err,
			  size_t size)
{
	return tkfi_parse_adjtimex(op, false, args, err, size);
}

static int parse_aux_adjtimex(struct tkfi_op *op, char *args, char *err,
			      size_t size)
{
	return tkfi_parse_adjtimex(op, true, args, err, size);
}

static s64 run_adjtimex(struct tkfi_op *op)
{
	struct __kernel_timex timex = tkfi_args(op)->timex;	/* it writes back */

	return do_adjtimex(&timex);
}

static s64 run_aux_adjtimex(struct tkfi_op *op)
{
	struct __kernel_timex timex = tkfi_args(op)->timex;

	return tkfi_aux_clock()->adjtimex(&timex);
}

static int parse_ntp(struct tkfi_op *op, char *args, char *err, size_t size)
{
	s32 ppb;

	if (tkfi_parse_ppb(args, &ppb, err, size))
		return -EINVAL;
	tkfi_ntp_frequency(ppb, &tkfi_args(op)->tick_us, &tkfi_args(op)->freq);
	snprintf(op->call, sizeof(op->call), "NTP tick length (%s)", args + 5);
	return 0;
}

static s64 run_ntp(struct tkfi_op *op)
{
	tkfi_ntp_set_frequency(tkfi_args(op)->tick_us, tkfi_args(op)->freq);
	return 0;
}

/* An operation without arguments, and the function it is. */
static int parse_call(struct tkfi_op *op, const char *call, char *args,
		      char *err, size_t size)
{
	strscpy(op->call, call, sizeof(op->call));
	return tkfi_parse_nothing(op, args, err, size);
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

/* Nanoseconds of one to nine digits after a point; a negative error for anything else. */
static long parse_fraction(const char *digits)
{
	long ns = 0, unit = NSEC_PER_SEC / 10;

	do {
		if (!isdigit(*digits) || !unit)
			return -EINVAL;
		ns += (*digits - '0') * unit;
		unit /= 10;
	} while (*++digits);
	return ns;
}

static int parse_settimeofday(struct tkfi_op *op, char *args, char *err,
			      size_t size)
{
	struct timespec64 *ts = &tkfi_args(op)->ts;
	char said[24], *seconds = said, *fraction;
	const bool fits = strscpy(said, args, sizeof(said)) >= 0;

	fraction = seconds;
	strsep(&fraction, ".");
	ts->tv_nsec = fraction ? parse_fraction(fraction) : 0;
	if (!fits || ts->tv_nsec < 0 || kstrtos64(seconds, 10, &ts->tv_sec)) {
		snprintf(err, size,
			 "impossible time '%s'; write seconds since 1970, as in settimeofday 1361404800",
			 args);
		return -EINVAL;
	}
	tkfi_args(op)->sets = BIT(CLOCK_REALTIME) | BIT(CLOCK_TAI);
	snprintf(op->call, sizeof(op->call), "do_settimeofday64(%s)", args);
	return 0;
}

static s64 run_settimeofday(struct tkfi_op *op)
{
	return do_settimeofday64(&tkfi_args(op)->ts);
}

static s64 run_aux_set(struct tkfi_op *op)
{
	return tkfi_aux_clock()->set(&tkfi_args(op)->ts);
}

static int parse_inject(struct tkfi_op *op, char *args, char *err, size_t size)
{
	s64 ns;

	if (tkfi_parse_offset(args, &ns)) {
		snprintf(err, size,
			 "impossible offset '%s'; write -10min to +10min, in ns, us, ms, s, m or min, as in inject -3ms",
			 args);
		return -EINVAL;
	}
	tkfi_args(op)->timex.modes = ADJ_SETOFFSET | ADJ_NANO;
	tkfi_set_offset(op, ns);
	tkfi_note_what_it_sets(op);
	snprintf(op->call, sizeof(op->call), "do_adjtimex(offset %s)", args);
	return 0;
}

static int parse_clocksource(struct tkfi_op *op, char *args, char *err,
			     size_t size)
{
	if (!strcmp(args, "first")) {
		tkfi_args(op)->cs = &tkfi_clocksource;
	} else if (!strcmp(args, "second")) {
		tkfi_args(op)->cs = &tkfi_second_clocksource;
	} else {
		snprintf(err, size,
			 "unknown clocksource '%s'; there are: first, second",
			 args);
		return -EINVAL;
	}
	snprintf(op->call, sizeof(op->call), "timekeeping_notify(%s)",
		 tkfi_args(op)->cs->name);
	return 0;
}

static int parse_rtc(struct tkfi_op *op, char *args, char *err, size_t size)
{
	tkfi_args(op)->absent = !strcmp(args, "absent");
	if (!tkfi_args(op)->absent && strcmp(args, "present")) {
		snprintf(err, size, "unknown state '%s' of the RTC; there are: present, absent",
			 args);
		return -EINVAL;
	}
	snprintf(op->call, sizeof(op->call), "<the RTC is %s>", args);
	return 0;
}

static s64 run_rtc(struct tkfi_op *op)
{
	tkfi_rtc_set_absent(tkfi_args(op)->absent);
	return 0;
}

static s64 run_clocksource(struct tkfi_op *op)
{
	return timekeeping_notify(tkfi_args(op)->cs);
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
			 "impossible sleep '%s'; write 0 to 10min, in ns, us, ms, s, m or min, as in sleeptime 10s",
			 args);
		return -EINVAL;
	}
	tkfi_args(op)->ts = ns_to_timespec64(d.amount);
	snprintf(op->call, sizeof(op->call),
		 "timekeeping_inject_sleeptime64(%s)", args);
	return 0;
}

static s64 run_sleeptime(struct tkfi_op *op)
{
	timekeeping_inject_sleeptime64(&tkfi_args(op)->ts);
	return 0;
}

static int parse_enable(struct tkfi_op *op, char *args, char *err, size_t size)
{
	/* It starts again from 0. */
	tkfi_args(op)->sets = BIT(MAX_CLOCKS);
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

#define AUX(name, usage, does, parse, run, flags)			\
	{ name, usage, does, parse, run, flags, "aux " }

const struct tkfi_op_type tkfi_aux_operations[] = {
	AUX("adjtimex", TKFI_SETTINGS, "clock_adjtime() with these settings",
	    parse_aux_adjtimex, run_aux_adjtimex, TKFI_OP_TIMEX),
	AUX("disable", "", "aux_clock_disable(), as sysfs does it", parse_disable, run_disable,
	    TKFI_OP_SETS),
	AUX("enable", "", "aux_clock_enable(), as sysfs does it: it starts at 0", parse_enable,
	    run_enable, TKFI_OP_SETS),
	AUX("inject", "[+-]TIME", "it steps by up to 10min, by ADJ_SETOFFSET", parse_inject,
	    run_aux_adjtimex, TKFI_OP_TIMEX),
	AUX("settime", "SECONDS[.FRACTION]", "clock_settime(): so many seconds",
	    parse_settimeofday, run_aux_set, TKFI_OP_SETS),
	AUX("tick", "", "its part of update_wall_time()", parse_tick, run_aux_tick,
	    TKFI_OP_TICKS),
};

const unsigned int tkfi_nr_aux_operations = ARRAY_SIZE(tkfi_aux_operations);

/* The same operations on the auxiliary clock. */
static int parse_aux(struct tkfi_op *op, char *args, char *err, size_t size)
{
	char call[sizeof(op->call)];

	if (!tkfi_aux_clock()) {
		snprintf(err, size, "this kernel has no auxiliary clocks");
		op->absent = true;
		return -EINVAL;
	}
	if (tkfi_op_parse(op, tkfi_aux_operations, tkfi_nr_aux_operations, args, err, size))
		return -EINVAL;
	/* It can set back no other clock than this one. */
	tkfi_args(op)->sets = tkfi_args(op)->sets ? BIT(MAX_CLOCKS) : 0;
	tkfi_args(op)->arms = 0;
	strscpy(call, op->call, sizeof(call));
	snprintf(op->call, sizeof(op->call), "AUX: %.58s", call);
	return 0;
}

const struct tkfi_op_type tkfi_operations[] = {
	{ "adjtimex", "[tai=N] " TKFI_SETTINGS,
	  "do_adjtimex() with these settings: NTP's state is set, and a new freq= or tick= is at once put into the timekeeper and published",
	  parse_adjtimex, run_adjtimex, TKFI_OP_TIMEX },
	{ "aux", "OPERATION", "an operation of the auxiliary clock", parse_aux, NULL },
	{ "clocksource", "first|second",
	  "timekeeping_notify(): time is kept by the counter of 14.318180 MHz (second), or by the scenario's own clock again (first)",
	  parse_clocksource, run_clocksource },
	{ "inject", "[+-]TIME",
	  "do_adjtimex() with ADJ_SETOFFSET: CLOCK_REALTIME steps by up to 10min",
	  parse_inject, run_adjtimex, TKFI_OP_TIMEX },
	{ "jiffies", "",
	  "tick_periodic(), the whole timer interrupt: jiffies count on, then update_wall_time()",
	  parse_jiffies, run_jiffies },
	{ "ntp", "freq=FREQUENCY",
	  "sets the frequency in NTP's state alone: the timekeeper goes on as it was until the next tick applies it",
	  parse_ntp, run_ntp },
	{ "read", "FAMILY CLOCK", "reads a clock; see list readers", parse_read, run_read },
	{ "resume", "", "timekeeping_resume()", parse_resume, run_resume, TKFI_OP_WAKES },
	{ "rtc", "present|absent",
	  "whether suspend and resume learn from the RTC how long the machine slept",
	  parse_rtc, run_rtc },
	{ "settimeofday", "SECONDS[.FRACTION]",
	  "do_settimeofday64(): CLOCK_REALTIME is so many seconds since 1970",
	  parse_settimeofday, run_settimeofday, TKFI_OP_SETS },
	{ "sleeptime", "TIME",
	  "timekeeping_inject_sleeptime64(): an RTC's driver says, after resume, that the machine slept for up to 10min",
	  parse_sleeptime, run_sleeptime, TKFI_OP_SETS },
	{ "suspend", "", "timekeeping_suspend()", parse_suspend, run_suspend, TKFI_OP_SLEEPS },
	{ "tick", "",
	  "update_wall_time() alone, without counting jiffies; does nothing if no interval is over",
	  parse_tick, run_tick, TKFI_OP_TICKS },
	{ "wait", "TIME", "time passes, up to 10min; in a set-up",
	  tkfi_parse_wait, tkfi_run_wait },
};

const unsigned int tkfi_nr_operations = ARRAY_SIZE(tkfi_operations);

bool tkfi_sets_a_clock(const struct tkfi_op *op)
{
	return op->type->flags & TKFI_OP_SETS ||
	       (op->type->flags & TKFI_OP_TIMEX &&
		tkfi_args(op)->timex.modes & ADJ_SETOFFSET);
}

const struct tkfi_op_type tkfi_interrupt = {
	"nmi", "FAMILY CLOCK", "an NMI reads a clock", parse_read, run_read
};

// SPDX-License-Identifier: GPL-2.0
#include <linux/clocksource.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "adjtimex.h"
#include "clock.h"
#include "glue.h"
#include "op.h"

#include <tick-internal.h>
#include <timekeeping.h>

/* Those of a family: all of them are too many for a sentence. */
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

	op->reader = args ? tkfi_reader_find(family, args) : NULL;
	if (op->reader) {
		strscpy(op->call, op->reader->call, sizeof(op->call));
		return 0;
	}
	unknown_reader(family, args ?: "", err, size);
	op->absent = true;
	return -EINVAL;
}

static s64 run_read(struct tkfi_op *op)
{
	return op->reader->read();
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

	if (tkfi_parse_ppb(args, &ppb, err, size))
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

	if (tkfi_parse_offset(args, &ns)) {
		snprintf(err, size,
			 "impossible offset '%s'; write -10min to +10min, in ns, us, ms, s, m or min, as in inject -3ms",
			 args);
		return -EINVAL;
	}
	op->timex.modes = ADJ_SETOFFSET | ADJ_NANO;
	tkfi_set_offset(op, ns);
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
			 "impossible sleep '%s'; write 0 to 10min, in ns, us, ms, s, m or min, as in sleeptime 10s",
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
			 "impossible time '%s'; write 0 to 10min, in ns, us, ms, s, m, min or cycles, as in wait 10ms",
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
	/* It begins anew. */
	op->sets = BIT(MAX_CLOCKS);
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

static const struct tkfi_op_type aux_types[] = {
	{ "adjtimex", TKFI_SETTINGS, parse_aux_adjtimex, run_aux_adjtimex },
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
		op->absent = true;
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
	{ "adjtimex", "[tai=N] " TKFI_SETTINGS, parse_adjtimex, run_adjtimex },
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

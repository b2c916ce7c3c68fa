// SPDX-License-Identifier: GPL-2.0
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>

#include "script.h"
#include "units.h"

/* About ten years. */
#define MAX_NS		(3650ULL * 86400 * NSEC_PER_SEC)

#define SCRIPT_USAGE							\
	"write lines TIME OPERATION, as in 2.5s adjtimex freq=+100ppm; 1h error -20ppb; 2h suspend 10min; 3h servo 128"

/* Operations that steps of their own are, or that a simulation does by itself. */
static const char * const not_here[] = { "aux", "jiffies", "read", "resume", "tick", "wait" };

/* A time such as 2.5s. */
static int parse_time(const char *text, u64 *ns)
{
	static const struct {
		const char *name;
		u64 factor;
	} units[] = {
		{ "ns", 1 }, { "us", NSEC_PER_USEC }, { "ms", NSEC_PER_MSEC },
		{ "s", NSEC_PER_SEC }, { "m", 60ULL * NSEC_PER_SEC },
		{ "min", 60ULL * NSEC_PER_SEC }, { "h", 3600ULL * NSEC_PER_SEC },
		{ "d", 86400ULL * NSEC_PER_SEC },
	};
	u64 whole = 0, fraction = 0, scale = 1;
	unsigned int i, digits = 0;

	for (; isdigit(*text) && digits < 12; text++, digits++)
		whole = whole * 10 + *text - '0';
	if (!digits)
		return -EINVAL;
	if (*text == '.')
		for (text++; isdigit(*text) && scale < 1000000000; text++, scale *= 10)
			fraction = fraction * 10 + *text - '0';
	for (i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(text, units[i].name))
			continue;
		if (whole > div64_u64(MAX_NS, units[i].factor))
			return -EINVAL;
		*ns = whole * units[i].factor +
		      mul_u64_u64_div_u64(fraction, units[i].factor, scale);
		return 0;
	}
	/* 0 is the same in all units. */
	*ns = 0;
	return *text || whole || fraction ? -EINVAL : 0;
}

__printf(2, 3)
static int wrong(struct tkfi_script *script, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(script->err, sizeof(script->err), fmt, args);
	va_end(args);
	return -EINVAL;
}

/* What happens: @text is modified. */
static int parse_step(struct tkfi_script *script, char *text)
{
	char *args = text, *name;
	unsigned int i;

	if (strstarts(text, "error ") || strstarts(text, "suspend ") ||
	    strstarts(text, "servo ")) {
		name = strsep(&args, " ");
		args = strim(args);
		if (!strcmp(name, "error")) {
			script->kind = TKFI_STEP_ERROR;
			if (tkfi_parse_frequency(args, &script->error_ppb))
				return wrong(script,
					     "impossible frequency '%s'; write -10%% to +10%%, as in error -20ppb",
					     args);
			return 0;
		}
		if (!strcmp(name, "suspend")) {
			script->kind = TKFI_STEP_SUSPEND;
			if (parse_time(args, &script->suspend_ns))
				return wrong(script,
					     "impossible time '%s'; write one as in suspend 10min",
					     args);
			return 0;
		}
		script->kind = TKFI_STEP_SERVO;
		return tkfi_servo_parse(&script->servo, args, script->err,
					sizeof(script->err));
	}
	script->kind = TKFI_STEP_OPERATION;
	memset(&script->op, 0, sizeof(script->op));
	for (i = 0; i < ARRAY_SIZE(not_here); i++)
		if (str_has_prefix(text, not_here[i]) &&
		    !isalnum(text[strlen(not_here[i])]))
			return wrong(script, "'%s' cannot be simulated; %s", not_here[i],
				     SCRIPT_USAGE);
	return tkfi_op_parse(&script->op, tkfi_operations, tkfi_nr_operations, text,
			     script->err, sizeof(script->err));
}

int tkfi_script_next(struct tkfi_script *script)
{
	char *line, *time;
	u64 before = script->ns;
	int ret;

	script->kind = TKFI_STEP_END;
	do {
		ret = script->next_line ? script->next_line(script->arg, script->text,
							    sizeof(script->text)) : 0;
		script->line += ret == 1 || ret == -EINVAL;
		if (ret == -EINVAL)
			wrong(script, "a line of more than %zu characters; write a shorter one",
			      sizeof(script->text) - 1);
		if (ret <= 0)
			return ret;
		strreplace(script->text, '\t', ' ');
		*strchrnul(script->text, '#') = '\0';
		line = strim(script->text);
	} while (!*line);
	time = strsep(&line, " ");
	if (!line || parse_time(time, &script->ns))
		return wrong(script, "'%s' is no time of an operation; %s", time,
			     SCRIPT_USAGE);
	if (script->ns < before)
		return wrong(script, "%s is before the time of the line before; write lines in the order of their times",
			     time);
	return parse_step(script, strim(line));
}

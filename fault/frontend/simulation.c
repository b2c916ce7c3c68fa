// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <os.h>

#include "host_lines.h"
#include "result.h"
#include "simulation.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX	"tkfi."

static char *simulate;
module_param(simulate, charp, 0444);
MODULE_PARM_DESC(simulate, "host file with a line of NAME=VALUE for each simulation");

/**
 * struct asked - a simulation as a line asks for it
 * @s:		its settings
 * @series:	report the series
 * @script:	name of the script's file, "" for none
 * @intervals:	name of the file with intervals, "" for none
 */
struct asked {
	struct tkfi_settings s;
	bool series;
	char script[TKFI_SCRIPT_LINE];
	char intervals[TKFI_SCRIPT_LINE];
};

/**
 * struct simulations - what all simulations of a boot share
 * @asked:	the one under way
 * @result:	what was measured of it
 * @file:	what asks for them
 * @script_file: its script
 * @intervals:	its intervals
 * @script:	its script, too
 */
struct simulations {
	struct asked asked;
	struct tkfi_simulated result;
	struct tkfi_host_lines file;
	struct tkfi_host_lines script_file;
	struct tkfi_host_lines intervals;
	struct tkfi_script script;
};

static char text[3584];

static const char *hex(char *buf, size_t size, __uint128_t value)
{
	snprintf(buf, size, "%016llx%016llx", (u64)(value >> 64), (u64)value);
	return buf;
}

static void report_corners(unsigned int run, unsigned int half, const struct tkfi_hull *h)
{
	unsigned int i;
	size_t len = 0;

	for (i = 0; i < h->nr; i++) {
		len += scnprintf(text + len, sizeof(text) - len, "%s%lld,%lld",
				 len ? " " : "", h->corners[i].time, h->corners[i].error);
		if (len < sizeof(text) - 64 && i + 1 < h->nr)
			continue;
		tkfi_result("\"type\":\"corners\",\"run\":%u,\"half\":%u,\"corners\":\"%s\"",
			    run, half, text);
		len = 0;
	}
}

static void report_half(unsigned int run, unsigned int half, const struct tkfi_moments *m)
{
	char t[33], tt[33], e[33], te[33], ee[33];

	tkfi_result("\"type\":\"moments\",\"run\":%u,\"half\":%u,\"samples\":%llu,\"t\":\"%s\",\"tt\":\"%s\",\"e\":\"%s\",\"te\":\"%s\",\"ee\":\"%s\",\"lost\":%s",
		    run, half, m->nr, hex(t, sizeof(t), m->t), hex(tt, sizeof(tt), m->tt),
		    hex(e, sizeof(e), m->e), hex(te, sizeof(te), m->te),
		    hex(ee, sizeof(ee), m->ee), m->lost ? "true" : "false");
	report_corners(run, half, &m->above);
	report_corners(run, half, &m->below);
}

static void report_series(unsigned int run, u64 stride, const s64 *values, unsigned int nr)
{
	unsigned int i;
	size_t len = 0;

	for (i = 0; i < nr; i++) {
		len += scnprintf(text + len, sizeof(text) - len, "%s%lld", len ? " " : "",
				 values[i]);
		if (len < sizeof(text) - 32 && i + 1 < nr)
			continue;
		tkfi_result("\"type\":\"series\",\"run\":%u,\"stride\":%llu,\"values\":\"%s\"",
			    run, stride, text);
		len = 0;
	}
}

void tkfi_simulation_report(unsigned int run, const struct tkfi_simulated *r, u64 ns,
			    bool series)
{
	unsigned int i;
	char line[33];

	tkfi_result("\"type\":\"simulated\",\"run\":%u,\"hooks\":%s,\"ticks_per_s\":%u,\"time_shift\":%u,\"line\":\"%s\",\"updates\":%llu,\"cycles\":%llu,\"ns\":%llu,\"error_max\":%llu,\"error_rms\":%llu,\"offset_max\":%llu,\"offset_rms\":%llu,\"ntp_error_max\":%llu,\"ntp_error_rms\":%llu,\"unknown_max\":%llu,\"mults\":%llu,\"mult_least\":%u,\"mult_most\":%u,\"ahead\":%lld,\"behind\":%lld,\"looks\":%llu,\"steered\":%s,\"script_left\":%s",
		    run, IS_ENABLED(CONFIG_TKFI_ACCESS) ? "true" : "false", HZ,
		    r->time_shift, hex(line, sizeof(line), r->line), r->updates, r->cycles,
		    ns, r->error.max, tkfi_extent_rms(&r->error), r->offset.max,
		    tkfi_extent_rms(&r->offset), r->ntp_error.max,
		    tkfi_extent_rms(&r->ntp_error), r->unknown.max, r->mults, r->mult_least,
		    r->mult_most, r->looks ? r->ahead : 0, r->looks ? r->behind : 0,
		    r->looks, r->is_steered ? "true" : "false", r->script_left ? "true" : "false");
	for (i = 0; i < ARRAY_SIZE(r->half); i++)
		report_half(run, i, &r->half[i]);
	for (i = 0; i < tkfi_nr_readers; i++)
		if (r->steps[i].nr)
			tkfi_result("\"type\":\"steps\",\"run\":%u,\"family\":\"%s\",\"reader\":\"%s\",\"times\":%llu,\"largest\":%lld",
				    run, tkfi_family_names[tkfi_readers[i].family],
				    tkfi_readers[i].clock, r->steps[i].nr,
				    r->steps[i].largest);
	if (!series)
		return;
	report_series(run, 1, r->series.first, r->series.nr_first);
	if (r->series.stride > 1)
		report_series(run, r->series.stride, r->series.values, r->series.nr);
}

/* One NAME=VALUE. */
static int read_word(struct asked *a, char *word)
{
	struct tkfi_settings *s = &a->s;
	char *value = word, *name = strsep(&value, "=");

	if (!value)
		return -EINVAL;
	if (!strcmp(name, "hz"))
		return kstrtou32(value, 10, &s->hz);
	if (!strcmp(name, "bits"))
		return kstrtouint(value, 10, &s->bits);
	if (!strcmp(name, "offset"))
		return kstrtos32(value, 10, &s->offset_ppb);
	if (!strcmp(name, "error"))
		return kstrtos32(value, 10, &s->error_ppb);
	if (!strcmp(name, "ticks"))
		return kstrtou32(value, 10, &s->ticks);
	if (!strcmp(name, "fixed"))
		return kstrtobool(value, &s->fixed);
	if (!strcmp(name, "late"))
		return kstrtou32(value, 10, &s->late_ns);
	if (!strcmp(name, "jitter"))
		return kstrtou32(value, 10, &s->jitter_ns);
	if (!strcmp(name, "at_update"))
		return kstrtobool(value, &s->at_update);
	if (!strcmp(name, "samples"))
		return kstrtou64(value, 10, &s->samples);
	if (!strcmp(name, "look"))
		return kstrtou32(value, 10, &s->look);
	if (!strcmp(name, "seed"))
		return kstrtou32(value, 10, &s->seed);
	if (!strcmp(name, "series"))
		return kstrtobool(value, &a->series);
	if (!strcmp(name, "script"))
		return strscpy(a->script, value, sizeof(a->script)) < 0 ? -E2BIG : 0;
	if (!strcmp(name, "intervals"))
		return strscpy(a->intervals, value, sizeof(a->intervals)) < 0 ? -E2BIG : 0;
	if (strcmp(name, "reader"))
		return -EINVAL;
	s->reader = tkfi_reader_find(value, !strcmp(value, "vdso") ? "MONOTONIC" :
				     "ktime_get");
	return s->reader ? 0 : -EINVAL;
}

static int read_asked(struct asked *a, char *line)
{
	char *word;

	*a = (struct asked){
		.s = {
			.hz = NSEC_PER_SEC,
			.bits = 64,
			.ticks = 1,
			.samples = 10000,
			.seed = 1,
			.reader = tkfi_reader_find("vdso", "MONOTONIC"),
		},
	};
	while ((word = strsep(&line, " ")))
		if (*word && read_word(a, word)) {
			pr_err("tkfi: no simulation has '%s'\n", word);
			return -EINVAL;
		}
	return 0;
}

static int simulate_asked(struct simulations *all, unsigned int number)
{
	struct asked *a = &all->asked;
	static char why[1024];
	s64 began;
	int ret;

	all->script_file.fd = -1;
	all->intervals.fd = -1;
	all->script = (struct tkfi_script){ };
	if (a->script[0]) {
		ret = tkfi_host_lines_open(&all->script_file, a->script, false);
		if (ret)
			return ret;
		all->script.next_line = tkfi_host_lines_next;
		all->script.arg = &all->script_file;
		a->s.script = &all->script;
	}
	if (a->intervals[0]) {
		ret = tkfi_host_lines_open(&all->intervals, a->intervals, true);
		if (ret)
			return ret;
		a->s.next_ticks = tkfi_host_lines_next;
		a->s.arg = &all->intervals;
	}
	began = os_nsecs();
	ret = tkfi_simulate(&a->s, &all->result);
	if (ret)
		tkfi_result("\"type\":\"not_simulated\",\"run\":%u,\"line\":%u,\"why\":\"%s\",\"error\":%d",
			    number, all->script.err[0] ? all->script.line : 0,
			    tkfi_result_string(why, sizeof(why), all->script.err[0] ?
					       all->script.err : all->result.err), ret);
	else
		tkfi_simulation_report(number, &all->result, os_nsecs() - began, a->series);
	tkfi_host_lines_close(&all->script_file);
	tkfi_host_lines_close(&all->intervals);
	return ret;
}

bool tkfi_simulations_asked(void)
{
	return simulate;
}

int tkfi_simulations(void)
{
	struct simulations *all;
	unsigned int number = 0;
	static char line[1024];
	int ret;

	if (!simulate)
		return -ENOENT;
	all = vzalloc(sizeof(*all));
	if (!all)
		return -ENOMEM;
	ret = tkfi_host_lines_open(&all->file, simulate, false);
	while (!ret) {
		ret = tkfi_host_lines_next(&all->file, line, sizeof(line));
		if (ret <= 0)
			break;
		ret = read_asked(&all->asked, strim(line)) ?: simulate_asked(all, number++);
	}
	tkfi_host_lines_close(&all->file);
	vfree(all);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0
/* What a person needs to see why a clock went back: lines, and which of them reads used. */
#include <linux/clocksource.h>
#include <linux/kernel.h>

#include "clock.h"
#include "operation.h"
#include "publish.h"
#include "show.h"

static const char * const owner_names[TKFI_NR_OWNERS] = {
	[TKFI_CORE]	= "core",
	[TKFI_AUX]	= "aux",
};

static const char * const kind_names[] = {
	[TKFI_FINE]	= "fine",
	[TKFI_RAW]	= "raw",
	[TKFI_COARSE]	= "coarse",
	[TKFI_FLOORED]	= "floored",
};

/* A value of the clock as a counter shows it; -1 for none. */
static s64 counter(const struct timekeeper *tk, u64 cycle)
{
	return cycle == TKFI_NOT_READ ? -1 : tkfi_clock_counter(tk->tkr_mono.clock, cycle);
}

static void show_published(const struct tkfi_publication *p, const char *name,
			   tkfi_line_fn line)
{
	const struct tk_read_base *tkr = &p->tk.tkr_mono;

	if (p->owner == TKFI_NR_OWNERS || !tkr->clock)
		return;
	line("\"type\":\"published\",\"case\":\"%s\",\"number\":%u,\"owner\":\"%s\",\"vcpu\":%u,\"begun\":%u,\"vdso\":%d,\"kernel\":%d,\"sampled\":%lld,\"clock\":\"%s\",\"mask\":%llu,\"cycle_last\":%llu,\"mult\":%u,\"shift\":%u,\"nsec\":%llu,\"sec\":%llu",
	     name, (unsigned int)(p - tkfi_published), owner_names[p->owner], p->vcpu,
	     p->begun, (int)p->vdso, (int)p->kernel, counter(&p->tk, p->sampled),
	     tkr->clock->name, tkr->mask, tkr->cycle_last, tkr->mult, tkr->shift,
	     tkr->xtime_nsec, (u64)p->tk.xtime_sec);
}

/* What a read returned, and the time that it has by each line of its owner's. */
static void show_reading(const struct tkfi_op *op, unsigned int vcpu, const char *name,
			 tkfi_line_fn line)
{
	const struct tkfi_reader *reader = tkfi_reader_of(op);
	const struct tkfi_results *results = tkfi_results(op);
	const enum tkfi_owner owner = tkfi_owner_of(reader);
	const u64 cycle = results->counter == TKFI_NOT_READ ? results->cycle :
							      results->counter;
	const struct tkfi_publication *p, *first = NULL;
	static char times[2048];
	size_t len = 0;

	for (p = tkfi_published; p < tkfi_published + tkfi_nr_published(); p++) {
		if (p->owner != owner || !p->tk.tkr_mono.clock)
			continue;
		first = first ?: p;
		len += scnprintf(times + len, sizeof(times) - len, "%s\"%u\":%lld",
				 len ? "," : "", (unsigned int)(p - tkfi_published),
				 tkfi_line_time(&p->tk, reader, cycle));
	}
	if (!first)
		return;
	line("\"type\":\"reading\",\"case\":\"%s\",\"vcpu\":%u,\"from\":%u,\"end\":%u,\"call\":\"%s\",\"family\":\"%s\",\"kind\":\"%s\",\"unit\":%u,\"counter\":%lld,\"ns\":%lld,\"times\":{%s}",
	     name, vcpu, op->from, op->end, op->call, tkfi_family_names[reader->family],
	     kind_names[reader->kind], reader->unit, counter(&first->tk, results->counter),
	     op->result, times);
}

void tkfi_timekeeping_show(const struct tkfi_judged *judged, const char *name,
			   tkfi_line_fn line)
{
	const struct tkfi_plan *plan = judged->plan;
	unsigned int i, j;

	for (i = 0; i < tkfi_nr_published(); i++)
		show_published(&tkfi_published[i], name, line);
	for (i = 0; i < plan->nr_programs; i++)
		for (j = 0; j < plan->programs[i].nr; j++)
			if (plan->programs[i].ops[j].done &&
			    tkfi_reader_of(&plan->programs[i].ops[j]))
				show_reading(&plan->programs[i].ops[j], i, name, line);
}

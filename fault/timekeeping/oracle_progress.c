// SPDX-License-Identifier: GPL-2.0
#include "oracle.h"

bool tkfi_readers_come_to_an_end(void)
{
	return !((*tkfi_core_timekeepers().sequence | tkfi_vdso_sequence() |
		  *tkfi_timekeepers_of(TKFI_AUX).sequence |
		  tkfi_vdso_aux_sequence()) & 1);
}

static void not_done(const struct tkfi_execution *e, const char *rule, const char *what)
{
	tkfi_find(e, &(struct tkfi_finding){
		.oracle = tkfi_oracle_progress.name,
		.rule = rule,
		.clock = what,
	}, NULL, NULL);
}

static bool check_progress(const struct tkfi_execution *e)
{
	unsigned int i;

	if (e->ret) {
		not_done(e, "deadlock", "all VCPUs");
		return false;
	}
	/* An NMI that interrupts an updater cannot wait for it. */
	for (i = 0; i < e->nr_reads; i++)
		if (tkfi_reader_of(e->reads[i].op)->family == TKFI_FAST &&
		    e->reads[i].op->may_wait)
			not_done(e, "nmi-waits", tkfi_reader_of(e->reads[i].op)->call);
	/* A reader that begins now would wait for ever. */
	if (!tkfi_readers_come_to_an_end())
		not_done(e, "left-odd", "readers after the end");
	return true;
}

/*
 * All VCPUs came to their end, and left the sequences even; NMI-safe readers executed no
 * transition of a kind that can wait. (Other readers may wait only while a sequence is
 * odd or a lock is held, by construction of the engine.)
 */
const struct tkfi_oracle tkfi_oracle_progress = {
	.name	= "progress",
	.holds	= "all VCPUs come to their end, the sequences are even then, and NMI-safe readers never wait",
	.check	= check_progress,
};

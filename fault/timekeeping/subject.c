// SPDX-License-Identifier: GPL-2.0
/* Timekeeping as a subject. */
#include <linux/kernel.h>

#include "adjtimex.h"
#include "clock.h"
#include "glue.h"
#include "known.h"
#include "observe.h"
#include "operation.h"
#include "oracle.h"
#include "publish.h"
#include "session.h"
#include "show.h"
#include "story.h"
#include "subject.h"

const char * const tkfi_variant_names[TKFI_NR_VARIANTS] = {
	[TKFI_POST_SERIES] = "post-series",
	[TKFI_PRE_SERIES]  = "pre-series",
	[TKFI_FIXED]	   = "fixed",
};

/* scenarios.txt, as the Makefile converts it. */
static const struct tkfi_scenario scenarios[] = {
#include "scenarios.inc"
};

/* Of tkfi_oracles, NULL after the last. */
static const char *oracle_names[16];

static const char *build(void)
{
	return tkfi_variant_names[tkfi_variant()];
}

static int open(unsigned int clock)
{
	return tkfi_clock_install_bits(tkfi_clocks[clock].hz, tkfi_clocks[clock].bits);
}

static void close(void)
{
	tkfi_clock_uninstall();
}

static void sequences(tkfi_sequence_fn mark)
{
	tkfi_timekeeping_sequences(mark);
	tkfi_vdso_sequences(mark);
	tkfi_tick_sequences(mark);
}

static void op_begins(struct tkfi_op *op)
{
	tkfi_results(op)->counter = TKFI_NOT_READ;
	tkfi_results(op)->before = TKFI_NOT_READ;
}

static void op_ended(struct tkfi_op *op)
{
	tkfi_results(op)->cycle = tkfi_clock_peek();
}

static u64 clock_of(const struct tkfi_op *op)
{
	static_assert(TKFI_NOT_READ == TKFI_NO_CLOCK);
	return tkfi_results(op)->counter;
}

static void list(tkfi_line_fn line)
{
	unsigned int i;

	for (i = 0; i < tkfi_nr_aux_operations && tkfi_aux_clock(); i++)
		line("\"type\":\"aux_operation\",\"name\":\"%s\",\"usage\":\"%s\",\"does\":\"%s\"",
		     tkfi_aux_operations[i].name, tkfi_aux_operations[i].usage,
		     tkfi_aux_operations[i].does);
	for (i = 0; i < TKFI_NR_CLOCKS; i++)
		line("\"type\":\"clock\",\"name\":\"%s\"", tkfi_clocks[i].name);
	tkfi_settings_list(line);
	tkfi_readers_list(line);
	tkfi_oracles_list(line);
	tkfi_series_list(line);
}

static struct tkfi_subject timekeeping = {
	.name		= "timekeeping",
	.build		= build,
	.clocks		= tkfi_clock_names,
	.open		= open,
	.close		= close,
	.state		= tkfi_timekeeping_state,
	.sequences	= sequences,
	.prepare	= tkfi_oracles_prepare,
	.reset		= tkfi_timekeeping_start,
	.begin		= tkfi_publish_start,
	.end		= tkfi_publish_stop,
	.record		= tkfi_publish_storage,
	.clock		= tkfi_clock_storage,
	.cycles		= tkfi_clock_cycles,
	.most_cycles	= tkfi_clock_max_delay,
	.wait		= tkfi_clock_advance,
	.ops		= tkfi_operations,
	.read		= &tkfi_interrupt,
	.unit		= tkfi_reader_unit,
	.op_begins	= op_begins,
	.op_ended	= op_ended,
	.clock_of	= clock_of,
	.observe	= tkfi_timekeeping_observe,
	.judge		= tkfi_oracles_check,
	.show		= tkfi_timekeeping_show,
	.oracles	= oracle_names,
	.scenarios	= scenarios,
	.nr_scenarios	= ARRAY_SIZE(scenarios),
	.causes		= tkfi_causes,
	.nr_causes	= TKFI_NR_CAUSES,
	.occurs		= tkfi_known_occurs,
	.steps		= &tkfi_timekeeping_steps,
	.list		= list,
};

TKFI_SUBJECT(timekeeping);

static int __init count(void)
{
	unsigned int i;

	for (i = 0; i < min_t(unsigned int, tkfi_nr_oracles, ARRAY_SIZE(oracle_names) - 1); i++)
		oracle_names[i] = tkfi_oracles[i]->name;
	timekeeping.nr_ops = tkfi_nr_operations;
	return 0;
}
pure_initcall(count);

/* SPDX-License-Identifier: GPL-2.0 */
/* At the end of tick-common.c. No guard: glue.h includes it once. */

#include "names.h"

void tkfi_tick_regions(tkfi_region_fn add)
{
	TKFI_REGION(add, jiffies_64);
	TKFI_REGION(add, jiffies_seq);
	TKFI_REGION(add, tick_next_period);
	TKFI_REGION(add, tick_do_timer_cpu);
}

void tkfi_tick_sequences(tkfi_sequence_fn mark)
{
	mark(&jiffies_seq.seqcount.sequence, false);
}

void tkfi_tick_reset(void)
{
	tkfi_name_add(&jiffies_seq.seqcount.sequence, "jiffies_seq");
	tkfi_name_add(&jiffies_lock, "jiffies_lock");
	tkfi_name_add(&jiffies_64, "jiffies");
	tkfi_name_add(&tick_next_period, "tick_next_period");
	jiffies_seq.seqcount.sequence = 0;
	jiffies_64 = INITIAL_JIFFIES;
	tick_next_period = 0;
}

void tkfi_tick_periodic(void)
{
	/* The CPU has the duty of the tick; several may, while it is handed over. */
	tick_periodic(READ_ONCE(tick_do_timer_cpu));
}

s64 tkfi_read_jiffies(void)
{
	return jiffies64_to_nsecs(get_jiffies_64());
}

u64 tkfi_ticks_in_jiffies(void)
{
	return jiffies_64 - INITIAL_JIFFIES;
}

u64 tkfi_ticks_until_next(void)
{
	return div64_u64(tick_next_period, TICK_NSEC);
}

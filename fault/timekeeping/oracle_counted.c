// SPDX-License-Identifier: GPL-2.0
#include <linux/jiffies.h>

#include "oracle.h"

static bool check_counted(const struct tkfi_execution *e)
{
	if (tkfi_readers_come_to_an_end() &&
	    tkfi_ticks_in_jiffies() != tkfi_ticks_until_next())
		tkfi_find(e, &(struct tkfi_finding){
			.oracle = tkfi_oracle_counted.name,
			.clock = "jiffies",
			.first_ns = tkfi_ticks_in_jiffies() * TICK_NSEC,
			.second_ns = tkfi_ticks_until_next() * TICK_NSEC,
		}, NULL, NULL);
	return true;
}

/* Jiffies and the time of the next tick have counted the same ticks. */
const struct tkfi_oracle tkfi_oracle_counted = {
	.name	= "counted",
	.holds	= "jiffies and the time of the next tick have counted the same ticks",
	.check	= check_counted,
};

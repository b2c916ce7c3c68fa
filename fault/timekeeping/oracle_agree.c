// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/ktime.h>

#include "oracle.h"

#include <tkfi-glue.h>

/* At one cycle, the vDSO and the kernel must tell the same time of a clock. */
static bool check_agree(const struct tkfi_execution *e)
{
	static const char * const pairs[][2] = {
		{ "MONOTONIC", "ktime_get" },
		{ "REALTIME", "ktime_get_real" },
		{ "gettimeofday", "ktime_get_real" },
		{ "MONOTONIC_RAW", "ktime_get_raw" },
		{ "BOOTTIME", "ktime_get_boottime" },
		{ "TAI", "ktime_get_clocktai" },
		{ "MONOTONIC_COARSE", "ktime_get_coarse" },
		{ "REALTIME_COARSE", "ktime_get_coarse_real_ts64" },
		{ "time", "ktime_get_real_seconds" },
		TKFI_AUX_ROWS({ "AUX", "ktime_get_aux" })
	};
	static const struct tkfi_reader *readers[ARRAY_SIZE(pairs)][2];
	s64 vdso, kernel = 0;
	unsigned int i;

	/* Kernel readers warn while it sleeps. */
	if (!tkfi_readers_come_to_an_end() || timekeeping_suspended)
		return true;
	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		if (!readers[i][0]) {
			readers[i][0] = tkfi_reader_find("vdso", pairs[i][0]);
			readers[i][1] = tkfi_reader_find("kernel", pairs[i][1]);
		}
		vdso = readers[i][0]->read();
		/* The same reader returns the same time again. */
		if (!i || readers[i][1] != readers[i - 1][1])
			kernel = readers[i][1]->read();
		/* A clock that is off fails for both. */
		if (vdso != kernel && (vdso >= 0 || kernel >= 0) &&
		    vdso != tkfi_round_to(kernel, readers[i][0]->unit))
			tkfi_find(e, &(struct tkfi_finding){
				.oracle = tkfi_oracle_agree.name,
				.clock = readers[i][0]->call,
				.first_ns = vdso,
				.second_ns = kernel,
			}, NULL, NULL);
	}
	return true;
}

/* VDSO and kernel tell the same time when all updates have ended. */
const struct tkfi_oracle tkfi_oracle_agree = {
	.name	= "agree",
	.holds	= "vDSO and kernel tell the same time when all updates have ended",
	.check	= check_agree,
};

/* SPDX-License-Identifier: GPL-2.0 */
/* hooks.h, for tick-common.c. */
#ifndef __TKFI_HOOKS_TICK_H
#define __TKFI_HOOKS_TICK_H

#include "hooks.h"

#ifdef CONFIG_TKFI_TIMEKEEPING

/* tick-common.c defines these. */
#undef tick_suspend
#undef tick_resume

/* The stopwatch does not measure jiffies_seq. */
#undef do_write_seqcount_begin
#undef do_write_seqcount_end

/* These account time to the task that was interrupted; on a VCPU there is none. */
#define update_process_times(user)					\
	(TKFI_VIRTUAL ? tkfi_leave("update_process_times") :		\
			update_process_times(user))
#define profile_tick(type)						\
	(TKFI_VIRTUAL ? tkfi_leave("profile_tick") : profile_tick(type))

#endif /* CONFIG_TKFI_TIMEKEEPING */
#endif /* __TKFI_HOOKS_TICK_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * The generic vDSO readers, compiled into the kernel against the kernel's own
 * view of the vDSO data page.
 */
#include <linux/time64.h>
#include <asm/processor.h>

#include "clock.h"
#include "engine.h"
#include "glue.h"
#include "hooks.h"
#include "readers.h"

/*
 * A reader that finds the sequence odd calls cpu_relax() in a loop, as in redirect.h. But
 * no macro of the reader names the word that the loop reads: the glue does, by the
 * expression that the reader has for it.
 */
#undef cpu_relax
#define cpu_relax()							\
do {									\
	if (tkfi_current)						\
		tkfi_await_word(TKFI_VDSO_SEQUENCE, *TKFI_VDSO_SEQUENCE); \
} while (0)

/* These are defined after hooks.h here, and not used. */
#undef vdso_write_begin
#undef vdso_write_end
#undef vdso_write_end_clock

#define TKFI_GLUE_VDSO
#include <tkfi-glue.h>

#include <gettimeofday.c>

int tkfi_vdso_clock_gettime(clockid_t clock, s64 *ns)
{
	struct __kernel_timespec ts;
	int ret = __cvdso_clock_gettime(clock, &ts);

	if (!ret)
		*ns = ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
	return ret;
}

int tkfi_vdso_gettimeofday(s64 *ns)
{
	struct __kernel_old_timeval tv;
	int ret = __cvdso_gettimeofday(&tv, NULL);

	if (!ret)
		*ns = tv.tv_sec * NSEC_PER_SEC + tv.tv_usec * NSEC_PER_USEC;
	return ret;
}

s64 tkfi_vdso_time(void)
{
	return __cvdso_time(NULL) * NSEC_PER_SEC;
}

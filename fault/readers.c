// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "readers.h"

const char * const tkfi_family_names[TKFI_NR_FAMILIES] = {
	[TKFI_VDSO]	= "vdso",
	[TKFI_KERNEL]	= "kernel",
	[TKFI_FAST]	= "fast",
};

#define VDSO_READER(id)							\
static s64 vdso_##id(void)						\
{									\
	s64 ns = 0;							\
	int ret = tkfi_vdso_clock_gettime(CLOCK_##id, &ns);		\
									\
	return ret ?: ns;						\
}

VDSO_READER(REALTIME)
VDSO_READER(MONOTONIC)
VDSO_READER(BOOTTIME)
VDSO_READER(TAI)
VDSO_READER(MONOTONIC_RAW)
VDSO_READER(REALTIME_COARSE)
VDSO_READER(MONOTONIC_COARSE)

static s64 vdso_gettimeofday(void)
{
	s64 ns = 0;
	int ret = tkfi_vdso_gettimeofday(&ns);

	return ret ?: ns;
}

#define TIMESPEC_READER(function)					\
static s64 kernel_##function(void)					\
{									\
	struct timespec64 ts;						\
									\
	function(&ts);							\
	return timespec64_to_ns(&ts);					\
}

TIMESPEC_READER(ktime_get_ts64)
TIMESPEC_READER(ktime_get_real_ts64)
TIMESPEC_READER(ktime_get_raw_ts64)
TIMESPEC_READER(ktime_get_coarse_ts64)
TIMESPEC_READER(ktime_get_coarse_real_ts64)

#define KTIME_READER(function)						\
static s64 kernel_##function(void)					\
{									\
	return function();						\
}

KTIME_READER(ktime_get)
KTIME_READER(ktime_get_real)
KTIME_READER(ktime_get_boottime)
KTIME_READER(ktime_get_clocktai)
KTIME_READER(ktime_get_raw)
KTIME_READER(ktime_get_coarse)
KTIME_READER(ktime_get_mono_fast_ns)
KTIME_READER(ktime_get_raw_fast_ns)
KTIME_READER(ktime_get_boot_fast_ns)
KTIME_READER(ktime_get_tai_fast_ns)
KTIME_READER(ktime_get_real_fast_ns)

#define SECONDS_READER(function)					\
static s64 kernel_##function(void)					\
{									\
	return function() * NSEC_PER_SEC;				\
}

SECONDS_READER(ktime_get_seconds)
SECONDS_READER(ktime_get_real_seconds)

#define VDSO(id, k)							\
	{ TKFI_VDSO, #id, "clock_gettime(" #id ")", k, 1, false, vdso_##id }
#define KERNEL(function, k)						\
	{ TKFI_KERNEL, #function, #function "()", k, 1, false, kernel_##function }
#define FAST(function, k)						\
	{ TKFI_FAST, #function, #function "()", k, 1, true, kernel_##function }
#define SECONDS(function)						\
	{ TKFI_KERNEL, #function, #function "()", TKFI_COARSE,		\
	  NSEC_PER_SEC, true, kernel_##function }

const struct tkfi_reader tkfi_readers[] = {
	VDSO(REALTIME, TKFI_FINE),
	VDSO(MONOTONIC, TKFI_FINE),
	VDSO(BOOTTIME, TKFI_FINE),
	VDSO(TAI, TKFI_FINE),
	VDSO(MONOTONIC_RAW, TKFI_RAW),
	VDSO(REALTIME_COARSE, TKFI_COARSE),
	VDSO(MONOTONIC_COARSE, TKFI_COARSE),
	{ TKFI_VDSO, "gettimeofday", "gettimeofday()", TKFI_FINE, NSEC_PER_USEC,
	  false, vdso_gettimeofday },
	{ TKFI_VDSO, "time", "time()", TKFI_COARSE, NSEC_PER_SEC,
	  true, tkfi_vdso_time },
	KERNEL(ktime_get, TKFI_FINE),
	KERNEL(ktime_get_ts64, TKFI_FINE),
	KERNEL(ktime_get_real, TKFI_FINE),
	KERNEL(ktime_get_real_ts64, TKFI_FINE),
	KERNEL(ktime_get_boottime, TKFI_FINE),
	KERNEL(ktime_get_clocktai, TKFI_FINE),
	KERNEL(ktime_get_raw, TKFI_RAW),
	KERNEL(ktime_get_raw_ts64, TKFI_RAW),
	KERNEL(ktime_get_coarse, TKFI_COARSE),
	KERNEL(ktime_get_coarse_ts64, TKFI_COARSE),
	KERNEL(ktime_get_coarse_real_ts64, TKFI_COARSE),
	SECONDS(ktime_get_seconds),
	SECONDS(ktime_get_real_seconds),
	FAST(ktime_get_mono_fast_ns, TKFI_FINE),
	FAST(ktime_get_boot_fast_ns, TKFI_FINE),
	FAST(ktime_get_tai_fast_ns, TKFI_FINE),
	FAST(ktime_get_real_fast_ns, TKFI_FINE),
	FAST(ktime_get_raw_fast_ns, TKFI_RAW),
};

const unsigned int tkfi_nr_readers = ARRAY_SIZE(tkfi_readers);

const struct tkfi_reader *tkfi_reader_find(const char *family,
					   const char *clock)
{
	unsigned int i;

	for (i = 0; i < tkfi_nr_readers; i++)
		if (!strcmp(tkfi_family_names[tkfi_readers[i].family], family) &&
		    !strcmp(tkfi_readers[i].clock, clock))
			return &tkfi_readers[i];
	return NULL;
}

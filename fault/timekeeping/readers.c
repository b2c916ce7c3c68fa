// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "glue.h"
#include "readers.h"

#include <tick-internal.h>
#include <tkfi-glue.h>

const char * const tkfi_family_names[TKFI_NR_FAMILIES] = {
	[TKFI_VDSO]	= "vdso",
	[TKFI_KERNEL]	= "kernel",
	[TKFI_FAST]	= "fast",
};

static const char * const kind_names[] = {
	[TKFI_FINE]	= "fine",
	[TKFI_RAW]	= "raw",
	[TKFI_COARSE]	= "coarse",
	[TKFI_FLOORED]	= "floored",
};

static const char *clock_name(clockid_t id)
{
	switch (id) {
	case CLOCK_REALTIME:
		return "REALTIME";
	case CLOCK_MONOTONIC:
		return "MONOTONIC";
	case CLOCK_MONOTONIC_RAW:
		return "MONOTONIC_RAW";
	case CLOCK_BOOTTIME:
		return "BOOTTIME";
	case CLOCK_TAI:
		return "TAI";
	case TKFI_CLOCK_JIFFIES:
		return "JIFFIES";
	default:
		return "AUX";
	}
}

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
KTIME_READER(ktime_get_coarse_real)
KTIME_READER(ktime_get_coarse_boottime)
KTIME_READER(ktime_get_coarse_clocktai)
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
SECONDS_READER(__ktime_get_real_seconds)

/* As a processor's hrtimers that have not been told any offset yet. */
#define OFFSETS_READER(name, value)					\
static s64 offsets_##name(void)						\
{									\
	ktime_t mono, real, boot, tai;					\
	unsigned int seen = 0;						\
									\
	mono = ktime_get_update_offsets_now(&seen, &real, &boot, &tai);	\
	return value;							\
}

OFFSETS_READER(mono, mono)
OFFSETS_READER(real, mono + real)
OFFSETS_READER(boot, mono + boot)
OFFSETS_READER(tai, mono + tai)

/* What fills in several times is a reader of each, in the glue. */
#define MEMBER_READER(function, name, id, raw)				\
static s64 function##_##name(void)					\
{									\
	return tkfi_read_##function(CLOCK_##id, raw);			\
}

MEMBER_READER(snapshot, real, REALTIME, false)
MEMBER_READER(snapshot, raw, REALTIME, true)
MEMBER_READER(crosststamp, real, REALTIME, false)
MEMBER_READER(crosststamp, raw, REALTIME, true)
TKFI_MEMBER_READERS

#define VDSO(name, id, k)						\
	{ TKFI_VDSO, #name, "clock_gettime(" #name ")", CLOCK_##id, k, 1, false, \
	  vdso_##name }
#define KERNEL(function, id, k)						\
	{ TKFI_KERNEL, #function, #function "()", CLOCK_##id, k, 1, false, \
	  kernel_##function }
#define FAST(function, id, k)						\
	{ TKFI_FAST, #function, #function "()", CLOCK_##id, k, 1, true,	\
	  kernel_##function }
#define SECONDS(function, id)						\
	{ TKFI_KERNEL, #function, #function "()", CLOCK_##id, TKFI_COARSE, \
	  NSEC_PER_SEC, true, kernel_##function }

#define OFFSETS(name, id, leaps)					\
	{ TKFI_KERNEL, "ktime_get_update_offsets_now." #name,		\
	  "ktime_get_update_offsets_now()." #name, CLOCK_##id, TKFI_FINE, 1, \
	  false, offsets_##name, leaps }
#define SNAPSHOT(name, id, k)						\
	{ TKFI_KERNEL, "ktime_get_snapshot." #name,			\
	  TKFI_SNAPSHOT "()." #name, CLOCK_##id, k, 1, false,		\
	  snapshot_##name, false, TKFI_SNAPSHOT_REFUSES }
#define CROSSTSTAMP(name, id, k)					\
	{ TKFI_KERNEL, "get_device_system_crosststamp." #name,		\
	  "get_device_system_crosststamp()." #name, CLOCK_##id, k, 1, false, \
	  crosststamp_##name }
#define TIMESTAMPS(name, id)						\
	{ TKFI_FAST, "ktime_get_fast_timestamps." #name,		\
	  "ktime_get_fast_timestamps()." #name, CLOCK_##id, TKFI_FINE, 1, \
	  true, timestamps_##name }

/*
 * Every function of timekeeping.c that tells a time. These call the same code, and can be
 * added like the others: ktime_get_with_offset(), ktime_get_coarse_with_offset(),
 * ktime_get_aux_ts64(), and the inline functions of timekeeping.h: *_ns(),
 * *_boottime_ts64(), *_clocktai_ts64(), *_boottime_seconds(), *_clocktai_seconds().
 * No readers are
 * - what converts a time that it is given: ktime_mono_to_any(), ktime_mono_to_real(),
 *   ktime_real_to_base_clock(), ktime_expiry_to_cycles();
 * - what tells no clock's time: getboottime64(), ktime_get_resolution_ns(),
 *   random_get_entropy_fallback();
 * - in 7.3 get_device_system_crosststamp() of an auxiliary clock. It does not look
 *   whether that is on, and follows a null pointer if it never was.
 */
const struct tkfi_reader tkfi_readers[] = {
	VDSO(REALTIME, REALTIME, TKFI_FINE),
	VDSO(MONOTONIC, MONOTONIC, TKFI_FINE),
	VDSO(BOOTTIME, BOOTTIME, TKFI_FINE),
	VDSO(TAI, TAI, TKFI_FINE),
	VDSO(MONOTONIC_RAW, MONOTONIC_RAW, TKFI_RAW),
	VDSO(REALTIME_COARSE, REALTIME, TKFI_COARSE),
	VDSO(MONOTONIC_COARSE, MONOTONIC, TKFI_COARSE),
	{ TKFI_VDSO, "gettimeofday", "gettimeofday()", CLOCK_REALTIME,
	  TKFI_FINE, NSEC_PER_USEC, false, vdso_gettimeofday },
	{ TKFI_VDSO, "time", "time()", CLOCK_REALTIME, TKFI_COARSE,
	  NSEC_PER_SEC, true, tkfi_vdso_time },
	KERNEL(ktime_get, MONOTONIC, TKFI_FINE),
	KERNEL(ktime_get_ts64, MONOTONIC, TKFI_FINE),
	KERNEL(ktime_get_real, REALTIME, TKFI_FINE),
	KERNEL(ktime_get_real_ts64, REALTIME, TKFI_FINE),
	KERNEL(ktime_get_boottime, BOOTTIME, TKFI_FINE),
	KERNEL(ktime_get_clocktai, TAI, TKFI_FINE),
	KERNEL(ktime_get_raw, MONOTONIC_RAW, TKFI_RAW),
	KERNEL(ktime_get_raw_ts64, MONOTONIC_RAW, TKFI_RAW),
	KERNEL(ktime_get_coarse, MONOTONIC, TKFI_COARSE),
	KERNEL(ktime_get_coarse_ts64, MONOTONIC, TKFI_COARSE),
	KERNEL(ktime_get_coarse_real_ts64, REALTIME, TKFI_COARSE),
	KERNEL(ktime_get_coarse_real, REALTIME, TKFI_COARSE),
	KERNEL(ktime_get_coarse_boottime, BOOTTIME, TKFI_COARSE),
	KERNEL(ktime_get_coarse_clocktai, TAI, TKFI_COARSE),
	SECONDS(ktime_get_seconds, MONOTONIC),
	SECONDS(ktime_get_real_seconds, REALTIME),
	SECONDS(__ktime_get_real_seconds, REALTIME),
	OFFSETS(mono, MONOTONIC, false),
	OFFSETS(real, REALTIME, true),
	OFFSETS(boot, BOOTTIME, false),
	OFFSETS(tai, TAI, false),
	SNAPSHOT(real, REALTIME, TKFI_FINE),
	SNAPSHOT(raw, MONOTONIC_RAW, TKFI_RAW),
	CROSSTSTAMP(real, REALTIME, TKFI_FINE),
	CROSSTSTAMP(raw, MONOTONIC_RAW, TKFI_RAW),
	FAST(ktime_get_mono_fast_ns, MONOTONIC, TKFI_FINE),
	FAST(ktime_get_boot_fast_ns, BOOTTIME, TKFI_FINE),
	FAST(ktime_get_tai_fast_ns, TAI, TKFI_FINE),
	FAST(ktime_get_real_fast_ns, REALTIME, TKFI_FINE),
	FAST(ktime_get_raw_fast_ns, MONOTONIC_RAW, TKFI_RAW),
	TKFI_MORE_READERS
};

const unsigned int tkfi_nr_readers = ARRAY_SIZE(tkfi_readers);

const struct tkfi_reader tkfi_floor_readers[] = {
	TKFI_FLOOR_READERS
};

const unsigned int tkfi_nr_floor_readers = ARRAY_SIZE(tkfi_floor_readers);

const struct tkfi_reader tkfi_jiffies_reader = {
	TKFI_KERNEL, "get_jiffies_64", "get_jiffies_64()", TKFI_CLOCK_JIFFIES,
	TKFI_COARSE, 1, true, tkfi_read_jiffies
};

static const struct tkfi_reader *find(const struct tkfi_reader *readers,
				      unsigned int nr, const char *family,
				      const char *clock)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!strcmp(tkfi_family_names[readers[i].family], family) &&
		    !strcmp(readers[i].clock, clock))
			return &readers[i];
	return NULL;
}

const struct tkfi_reader *tkfi_reader_find(const char *family,
					   const char *clock)
{
	const struct tkfi_aux_clock *aux = tkfi_aux_clock();

	return find(tkfi_readers, tkfi_nr_readers, family, clock) ?:
	       find(tkfi_floor_readers, tkfi_nr_floor_readers, family, clock) ?:
	       find(&tkfi_jiffies_reader, 1, family, clock) ?:
	       aux ? find(aux->readers, TKFI_NR_AUX_READERS, family, clock) :
		     NULL;
}

u32 tkfi_reader_unit(const char *call)
{
	unsigned int i;

	/* Those of the glue are exact. */
	for (i = 0; i < tkfi_nr_readers; i++)
		if (!strcmp(tkfi_readers[i].call, call))
			return tkfi_readers[i].unit;
	return 1;
}

static void list(const struct tkfi_reader *readers, unsigned int nr, tkfi_line_fn line)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		line("\"type\":\"reader\",\"name\":\"%s\",\"family\":\"%s\",\"clock\":\"%s\",\"kind\":\"%s\"",
		     readers[i].clock, tkfi_family_names[readers[i].family],
		     clock_name(readers[i].id), kind_names[readers[i].kind]);
}

void tkfi_readers_list(tkfi_line_fn line)
{
	const struct tkfi_aux_clock *aux = tkfi_aux_clock();

	list(tkfi_readers, tkfi_nr_readers, line);
	list(tkfi_floor_readers, tkfi_nr_floor_readers, line);
	list(&tkfi_jiffies_reader, 1, line);
	if (aux)
		list(aux->readers, TKFI_NR_AUX_READERS, line);
}

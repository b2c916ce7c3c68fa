/* SPDX-License-Identifier: GPL-2.0 */
/* At the end of timekeeping.c, the same for all kernels. No guard: glue.h includes it once. */

#include "clock.h"
#include "names.h"

enum tkfi_variant tkfi_variant(void)
{
#ifdef TKFI_HAS_UPDATE_BEGIN
	return TKFI_FIXED;
#else
	return TKFI_VARIANT;
#endif
}

#ifdef TKFI_HAS_COARSE_NSEC
#define TKFI_COARSE_NSEC(tk, nsec)	((tk)->coarse_nsec)
#define TKFI_NAME_COARSE_NSEC(name, tk)					\
	tkfi_name_add(&(tk)->coarse_nsec, name ".coarse_nsec")
#else
#define TKFI_COARSE_NSEC(tk, nsec)	(nsec)
#define TKFI_NAME_COARSE_NSEC(name, tk)	do { } while (0)
#endif

#ifdef TKFI_HAS_COARSE_SEC
#define TKFI_COARSE_SEC(tk)		((tk)->coarse_sec)
#define TKFI_NAME_COARSE_SEC(name, tk)					\
	tkfi_name_add(&(tk)->coarse_sec, name ".coarse_sec")
#else
#define TKFI_COARSE_SEC(tk)		((tk)->xtime_sec)
#define TKFI_NAME_COARSE_SEC(name, tk)	do { } while (0)
#endif

#ifdef TKFI_HAS_COARSE_BASE
#define TKFI_NAME_COARSE_BASE(name, tk)					\
	tkfi_name_add(&(tk)->coarse_base, name ".coarse_base")
#else
#define TKFI_NAME_COARSE_BASE(name, tk)	do { } while (0)
#endif

#define TKFI_NAME_COARSE(name, tk)					\
do {									\
	TKFI_NAME_COARSE_NSEC(name, tk);				\
	TKFI_NAME_COARSE_SEC(name, tk);					\
	TKFI_NAME_COARSE_BASE(name, tk);				\
} while (0)

/* Who has a second of their own has nanoseconds that belong to it. */
struct tkfi_coarse tkfi_coarse(const struct timekeeper *tk)
{
	const s64 sec = (s64)TKFI_COARSE_SEC(tk) * NSEC_PER_SEC;
	const u32 nsec = tk->tkr_mono.xtime_nsec >> tk->tkr_mono.shift;
	const u32 own = TKFI_COARSE_NSEC(tk, nsec);

	return (struct tkfi_coarse){
		.ns = sec + own,
		.seconds_ns = sec + (TKFI_COARSE_HAS_SECOND ? own : nsec),
	};
}

const struct timekeeper *tkfi_timekeeper(void)
{
	return &tk_core.timekeeper;
}

u64 tkfi_halted_at(void)
{
	return cycles_at_suspend;
}

/* Name the members that readers load, and that a copy stores. */
#define TKFI_NAME_BASE(name, of, kind)					\
do {									\
	tkfi_name_add(&(of)->clock, name ".clock" kind);		\
	tkfi_name_add(&(of)->mask, name ".mask" kind);			\
	tkfi_name_add(&(of)->cycle_last, name ".cycle_last" kind);	\
	tkfi_name_add(&(of)->mult, name ".mult" kind);			\
	tkfi_name_add(&(of)->shift, name ".shift" kind);		\
	tkfi_name_add(&(of)->xtime_nsec, name ".xtime_nsec" kind);	\
	tkfi_name_add(&(of)->base, name ".base" kind);			\
	tkfi_name_add(&(of)->base_real, name ".base_real" kind);	\
} while (0)

#define TKFI_NAME_TIMEKEEPER(name, tk)					\
do {									\
	TKFI_NAME_BASE(name, &(tk)->tkr_mono, "");			\
	TKFI_NAME_BASE(name, &(tk)->tkr_raw, "[RAW]");			\
	tkfi_name_add(&(tk)->xtime_sec, name ".xtime_sec");		\
	tkfi_name_add(&(tk)->ktime_sec, name ".ktime_sec");		\
	tkfi_name_add(&(tk)->wall_to_monotonic.tv_sec,			\
		      name ".wall_to_monotonic.tv_sec");		\
	tkfi_name_add(&(tk)->wall_to_monotonic.tv_nsec,			\
		      name ".wall_to_monotonic.tv_nsec");		\
	tkfi_name_add(&(tk)->offs_real, name ".offs_real");		\
	tkfi_name_add(&(tk)->offs_boot, name ".offs_boot");		\
	tkfi_name_add(&(tk)->offs_tai, name ".offs_tai");		\
	tkfi_name_add(&(tk)->raw_sec, name ".raw_sec");			\
	tkfi_name_add(&(tk)->clock_was_set_seq, name ".clock_was_set_seq"); \
	tkfi_name_add(&(tk)->next_leap_ktime, name ".next_leap_ktime");	\
	TKFI_NAME_COARSE(name, tk);					\
	TKFI_NAME_MORE(name, tk);					\
} while (0)

/* A device that samples the counter by which time is kept, as the kernel checks. */
static int tkfi_device_time(ktime_t *device,
			    struct system_counterval_t *counter, void *sampled)
{
	struct clocksource *clock = READ_ONCE(tk_core.timekeeper.tkr_mono.clock);
	u64 cycles = tkfi_clock_read();

	*(u64 *)sampled = cycles;
	*device = 0;
	*counter = (struct system_counterval_t){
		.cycles = tkfi_clock_counter(clock, cycles),
		TKFI_COUNTER_OF(clock),
	};
	return 0;
}

s64 tkfi_read_crosststamp(clockid_t id, bool raw)
{
	struct system_device_crosststamp stamp = TKFI_CROSSTSTAMP(id);
	u64 sampled;
	int ret;

	ret = get_device_system_crosststamp(tkfi_device_time, &sampled, NULL,
					    &stamp);
	if (ret)
		return ret;
	/* The result depends on this value, not on the last one that the kernel read. */
	tkfi_clock_note(sampled);
	return raw ? stamp.sys_monoraw : stamp.TKFI_CROSSTSTAMP_TIME;
}

static void tkfi_name_line(void)
{
	tkfi_name_add(&tk_core.seq.seqcount.sequence, "tk_core.seq");
	tkfi_name_add(&tk_fast_mono.seq.seqcount.sequence, "tk_fast_mono.seq");
	tkfi_name_add(&tk_fast_raw.seq.seqcount.sequence, "tk_fast_raw.seq");
	TKFI_NAME_TIMEKEEPER("tk_core", &tk_core.timekeeper);
	TKFI_NAME_BASE("tk_fast_mono.base[0]", &tk_fast_mono.base[0], "");
	TKFI_NAME_BASE("tk_fast_mono.base[1]", &tk_fast_mono.base[1], "");
	TKFI_NAME_BASE("tk_fast_raw.base[0]", &tk_fast_raw.base[0], "");
	TKFI_NAME_BASE("tk_fast_raw.base[1]", &tk_fast_raw.base[1], "");
}

/* Set the state of suspend as if there had been none. */
static void tkfi_suspend_reset(void)
{
	timekeeping_suspended = 0;
	cycles_at_suspend = 0;
	suspend_timing_needed = false;
	persistent_clock_exists = false;
	timekeeping_suspend_time = (struct timespec64){ };
}

void tkfi_timekeeping_sequences(tkfi_sequence_fn mark)
{
	mark(&tk_core.seq.seqcount.sequence, false);
	mark(&tk_fast_mono.seq.seqcount.sequence, true);
	mark(&tk_fast_raw.seq.seqcount.sequence, true);
	if (tkfi_aux_clock())
		mark(tkfi_aux_clock()->timekeepers.sequence, false);
}

/* SPDX-License-Identifier: GPL-2.0 */
/* Linux 6.12, and by glue-6.1.h 6.1. Included where static data is in sight; see glue.h. */

/* Rows of a table that are about auxiliary clocks. */
#define TKFI_AUX_ROWS(rows...)

/* Do kernel readers wait while others than the tick calculate? */
#define TKFI_WRITERS_HOLD_READERS	true

/* Sequence sections of adjtimex, by variant: alone, with an update, with TAI. */
#define TKFI_ADJTIMEX_SECTIONS		{ 1, 1, 1 }
#define TKFI_ADJTIMEX_ADVANCE_SECTIONS	{ 2, 2, 2 }
#define TKFI_ADJTIMEX_TAI_SECTIONS	{ 1, 1, 1 }

/* How often adjtimex takes the lock when it sets the rate. */
#define TKFI_ADJTIMEX_LOCKS		2

/* Do settimeofday and the like change the real timekeeper in place? By variant. */
#define TKFI_IN_PLACE			{ true, true, true }

/* What the auxiliary clock adds to its timekeeper's CLOCK_MONOTONIC, ns. */
#define TKFI_AUX_OFFSET(tk)		0

/* Is the clock on? */
#define TKFI_CLOCK_VALID(tk)		true

/* The first point at which a suspend has halted the NMI-safe readers, by variant. */
#define TKFI_SUSPEND_HALTS						\
	{ "publish.end", "publish.end", "publish.end" }

/* Where an injected offset leaves timekeeping: under adjtimex, before its lock. */
#define TKFI_INJECT_LEAVES						\
	"add_device_randomness clock_was_set add_device_randomness ntp_notify_cmos_timer "

/* What ktime_get_snapshot() is called, and does while timekeeping is suspended. */
#define TKFI_SNAPSHOT			"ktime_get_snapshot"
#define TKFI_SNAPSHOT_REFUSES		false

/* How a device's driver says whose value it has; 6.1 has it otherwise. */
#ifndef TKFI_COUNTER_OF
#define TKFI_COUNTER_OF(clock)		.cs_id = (clock)->id
#endif

/* What its time is asked for, and where it is then. */
#define TKFI_CROSSTSTAMP(id)		{ }
#define TKFI_CROSSTSTAMP_TIME		sys_realtime

/* Readers that later versions do not have. */
#define TKFI_MEMBER_READERS						\
	MEMBER_READER(timestamps, mono, MONOTONIC, false)		\
	MEMBER_READER(timestamps, real, REALTIME, false)		\
	MEMBER_READER(timestamps, boot, BOOTTIME, false)

#define TKFI_MORE_READERS						\
	TIMESTAMPS(mono, MONOTONIC),					\
	TIMESTAMPS(real, REALTIME),					\
	TIMESTAMPS(boot, BOOTTIME),

#define TKFI_FLOOR_READERS

#ifdef TKFI_GLUE_TIMEKEEPING

/* What else readers load, and a copy stores: clock_was_set_seq with what is before. */
#define TKFI_NAME_MORE(name, tk)					\
do {									\
	tkfi_name_add(&(tk)->tai_offset, name ".tai_offset");		\
	tkfi_name_add(&(tk)->cs_was_changed_seq, name ".cs_was_changed_seq"); \
} while (0)

#include "glue.h"

void tkfi_timekeeping_regions(tkfi_region_fn add)
{
	TKFI_REGION(add, tk_core);
	TKFI_REGION(add, shadow_timekeeper);
	TKFI_REGION(add, tk_fast_mono);
	TKFI_REGION(add, tk_fast_raw);
	TKFI_REGION(add, timekeeper_lock);
	TKFI_REGION(add, timekeeping_suspended);
	TKFI_REGION(add, cycles_at_suspend);
	TKFI_REGION(add, pvclock_gtod_chain);
	TKFI_REGION(add, persistent_clock_is_local);
	TKFI_REGION(add, suspend_timing_needed);
	TKFI_REGION(add, persistent_clock_exists);
	TKFI_REGION(add, timekeeping_suspend_time);
}

void tkfi_timekeeping_reset(struct clocksource *cs, time64_t mono,
			    time64_t wall)
{
	struct timespec64 wall_time = { .tv_sec = wall };
	struct timespec64 wall_to_mono = { .tv_sec = mono - wall };
	struct timekeeper *tk = &tk_core.timekeeper;

	tkfi_name_line();
	tkfi_name_add(&timekeeper_lock, "timekeeper_lock");
	tkfi_vdso_reset();
	memset(&tk_core, 0, sizeof(tk_core));
	memset(&tk_fast_mono, 0, sizeof(tk_fast_mono));
	memset(&tk_fast_raw, 0, sizeof(tk_fast_raw));
	tkfi_suspend_reset();

	tk_setup_internals(tk, cs);
	tk_set_xtime(tk, &wall_time);
	tk->raw_sec = mono;
	tk_set_wall_to_mono(tk, wall_to_mono);
#ifdef TKFI_HAS_UPDATE_BEGIN
	update_vsyscall_begin();
#endif
	timekeeping_update(tk, TK_CLEAR_NTP | TK_MIRROR | TK_CLOCK_WAS_SET);
}

s64 tkfi_read_snapshot(clockid_t id, bool raw)
{
	struct system_time_snapshot now;

	ktime_get_snapshot(&now);
	return raw ? now.raw : now.real;
}

s64 tkfi_read_timestamps(clockid_t id, bool raw)
{
	struct ktime_timestamps now;

	ktime_get_fast_timestamps(&now);
	return id == CLOCK_MONOTONIC ? now.mono :
	       id == CLOCK_BOOTTIME ? now.boot : now.real;
}

const struct timekeeper *tkfi_shadow_timekeeper(void)
{
	return &shadow_timekeeper;
}

struct tkfi_timekeepers tkfi_core_timekeepers(void)
{
	return (struct tkfi_timekeepers){
		.real	  = tkfi_timekeeper(),
		.shadow	  = tkfi_shadow_timekeeper(),
		.sequence = &tk_core.seq.seqcount.sequence,
		.lock	  = &timekeeper_lock,
	};
}

const struct tkfi_aux_clock *tkfi_aux_clock(void)
{
	return NULL;
}

#endif /* TKFI_GLUE_TIMEKEEPING */

#ifdef TKFI_GLUE_NTP

#include "glue.h"

void tkfi_ntp_regions(tkfi_region_fn add)
{
	TKFI_REGION(add, tick_usec);
	TKFI_REGION(add, tick_nsec);
	TKFI_REGION(add, tick_length);
	TKFI_REGION(add, tick_length_base);
	TKFI_REGION(add, time_state);
	TKFI_REGION(add, time_status);
	TKFI_REGION(add, time_offset);
	TKFI_REGION(add, time_constant);
	TKFI_REGION(add, time_maxerror);
	TKFI_REGION(add, time_esterror);
	TKFI_REGION(add, time_freq);
	TKFI_REGION(add, time_reftime);
	TKFI_REGION(add, time_adjust);
	TKFI_REGION(add, ntp_tick_adj);
	TKFI_REGION(add, ntp_next_leap_sec);
}

void tkfi_ntp_reset(void)
{
	tick_usec = USER_TICK_USEC;
	time_state = TIME_OK;
	time_constant = 2;
	time_freq = 0;
	time_reftime = 0;
	ntp_tick_adj = 0;
	ntp_clear();
}

void tkfi_ntp_set_frequency(long tick_us, long freq)
{
	tick_usec = tick_us;
	time_freq = freq * PPM_SCALE;
	ntp_update_frequency();
}

s64 tkfi_ntp_phase_left(void)
{
	return 0;
}

#endif /* TKFI_GLUE_NTP */

#ifdef TKFI_GLUE_VDSO

#include <vdso/datapage.h>

#include "names.h"

#define TKFI_VDSO_SEQUENCE	(&vd->seq)

struct vdso_data _vdso_data[CS_BASES];

void tkfi_vdso_regions(tkfi_region_fn add)
{
	TKFI_REGION(add, _vdso_data);
}

void tkfi_vdso_reset(void)
{
	memset(_vdso_data, 0, sizeof(_vdso_data));
	TKFI_NAME_VDSO_LINES(&_vdso_data[CS_HRES_COARSE], &_vdso_data[CS_RAW]);
}

void tkfi_vdso_sequences(tkfi_sequence_fn mark)
{
	mark(&_vdso_data[CS_HRES_COARSE].seq, false);
	mark(&_vdso_data[CS_RAW].seq, false);
}

size_t tkfi_vdso_clock_size(void)
{
	static_assert(!offsetof(struct vdso_data, seq));
	return sizeof(struct vdso_data);
}

unsigned int tkfi_vdso_sequence(void)
{
	return _vdso_data[CS_HRES_COARSE].seq;
}

unsigned int tkfi_vdso_aux_sequence(void)
{
	return 0;
}

struct tkfi_line tkfi_vdso_line(void)
{
	const struct vdso_data *vd = &_vdso_data[CS_HRES_COARSE];

	return (struct tkfi_line){
		.mult = vd->mult,
		.shift = vd->shift,
		.cycle_last = vd->cycle_last,
		.nsec = vd->basetime[CLOCK_MONOTONIC].nsec,
		.sec = vd->basetime[CLOCK_MONOTONIC].sec,
	};
}

#endif /* TKFI_GLUE_VDSO */

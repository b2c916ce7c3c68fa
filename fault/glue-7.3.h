/* SPDX-License-Identifier: GPL-2.0 */
/* Linux 7.3. Included where static data is in sight; see glue.h. */

/* Do coarse clocks stay when an adjustment moves the base of the line? */
#define TKFI_COARSE_IS_STEADY	true

/* Sequence sections of adjtimex, by variant: alone, with an update, with TAI. */
#define TKFI_ADJTIMEX_SECTIONS		{ 1, 1, 1 }
#define TKFI_ADJTIMEX_ADVANCE_SECTIONS	{ 2, 1, 2 }
#define TKFI_ADJTIMEX_TAI_SECTIONS	{ 1, 1, 1 }

/* How often adjtimex takes the lock when it sets the rate. */
#define TKFI_ADJTIMEX_LOCKS		1

/* Do settimeofday and the like change the real timekeeper in place? By variant. */
#define TKFI_IN_PLACE			{ false, true, false }

#ifdef TKFI_GLUE_TIMEKEEPING

/* The ns part that coarse clocks add to the seconds of the line. */
#define TKFI_COARSE_NSEC(tk)	((tk)->coarse_nsec)

#include "tkfi/glue.h"
#include "tkfi/names.h"

void tkfi_timekeeping_regions(tkfi_region_fn add)
{
	TKFI_REGION(add, timekeeper_data);
	TKFI_REGION(add, tk_fast_mono);
	TKFI_REGION(add, tk_fast_raw);
	TKFI_REGION(add, timekeeping_suspended);
	TKFI_REGION(add, cycles_at_suspend);
	TKFI_REGION(add, mg_floor);
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
	struct timekeeper *tks = &tk_core.shadow_timekeeper;

	tkfi_name_add(&tk_core.seq.seqcount.sequence, "tk_core.seq");
	tkfi_name_add(&tk_core.lock, "timekeeper_lock");
	tkfi_vdso_reset();
	memset(&tk_core, 0, sizeof(tk_core));
	memset(&tk_fast_mono, 0, sizeof(tk_fast_mono));
	memset(&tk_fast_raw, 0, sizeof(tk_fast_raw));
	atomic64_set(&mg_floor, 0);

	tks->id = TIMEKEEPER_CORE;
	tks->clock_valid = true;
	tk_setup_internals(tks, cs);
	tk_set_xtime(tks, &wall_time);
	tks->raw_sec = mono;
	tk_set_wall_to_mono(tks, wall_to_mono);
	/* Whichever of the two this variant calculates on. */
	tk_core.timekeeper = *tks;
	TKFI_UPDATE_BEGIN();
	timekeeping_update_from_shadow(&tk_core, TK_UPDATE_ALL);
	*tks = tk_core.timekeeper;
}

const struct timekeeper *tkfi_shadow_timekeeper(void)
{
	return &tk_core.shadow_timekeeper;
}

#endif /* TKFI_GLUE_TIMEKEEPING */

#ifdef TKFI_GLUE_NTP

#include "tkfi/glue.h"

void tkfi_ntp_regions(tkfi_region_fn add)
{
	TKFI_REGION(add, tk_ntp_data);
}

void tkfi_ntp_reset(void)
{
	/* ntp_clear() follows in tkfi_timekeeping_reset(). */
	tk_ntp_data[TIMEKEEPER_CORE] = (struct ntp_data){
		.tick_usec	   = USER_TICK_USEC,
		.time_state	   = TIME_OK,
		.time_status	   = STA_UNSYNC,
		.time_constant	   = 2,
		.time_maxerror	   = NTP_PHASE_LIMIT,
		.time_esterror	   = NTP_PHASE_LIMIT,
		.ntp_next_leap_sec = TIME64_MAX,
	};
}

void tkfi_ntp_set_frequency(long tick_us, long freq)
{
	struct ntp_data *ntpdata = &tk_ntp_data[TIMEKEEPER_CORE];

	ntpdata->tick_usec = tick_us;
	ntpdata->time_freq = freq * PPM_SCALE;
	ntp_update_frequency(ntpdata);
}

#endif /* TKFI_GLUE_NTP */

#ifdef TKFI_GLUE_VDSO

#include <vdso/datapage.h>

#include "names.h"

#define TKFI_VDSO_SEQUENCE	(&vc->seq)

void tkfi_vdso_regions(tkfi_region_fn add)
{
	add("vdso_k_time_data", vdso_k_time_data, sizeof(*vdso_k_time_data));
}

void tkfi_vdso_reset(void)
{
	memset(vdso_k_time_data, 0, sizeof(*vdso_k_time_data));
	tkfi_name_add(&vdso_k_time_data->clock_data[CS_HRES_COARSE].seq,
		      "vdso.seq");
	tkfi_name_add(&vdso_k_time_data->clock_data[CS_RAW].seq,
		      "vdso.seq[RAW]");
}

void tkfi_vdso_sequences(tkfi_sequence_fn mark)
{
	mark(&vdso_k_time_data->clock_data[CS_HRES_COARSE].seq, false);
	mark(&vdso_k_time_data->clock_data[CS_RAW].seq, false);
}

unsigned int tkfi_vdso_sequence(void)
{
	return vdso_k_time_data->clock_data[CS_HRES_COARSE].seq;
}

struct tkfi_line tkfi_vdso_line(void)
{
	const struct vdso_clock *vc =
		&vdso_k_time_data->clock_data[CS_HRES_COARSE];

	return (struct tkfi_line){
		.mult = vc->mult,
		.shift = vc->shift,
		.cycle_last = vc->cycle_last,
		.nsec = vc->basetime[CLOCK_MONOTONIC].nsec,
		.sec = vc->basetime[CLOCK_MONOTONIC].sec,
	};
}

#endif /* TKFI_GLUE_VDSO */

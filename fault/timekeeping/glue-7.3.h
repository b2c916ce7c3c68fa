/* SPDX-License-Identifier: GPL-2.0 */
/* Linux 7.3. Included where static data is in sight; see glue.h. */

/* Rows of a table that are about auxiliary clocks. */
#define TKFI_AUX_ROWS(rows...)	rows,

/* Do kernel readers wait while others than the tick calculate? */
#define TKFI_WRITERS_HOLD_READERS	false

/* Sequence sections of adjtimex, by variant: alone, with an update, with TAI. */
#define TKFI_ADJTIMEX_SECTIONS		{ 1, 1, 1 }
#define TKFI_ADJTIMEX_ADVANCE_SECTIONS	{ 2, 1, 2 }
#define TKFI_ADJTIMEX_TAI_SECTIONS	{ 1, 1, 1 }

/* How often adjtimex takes the lock when it sets the rate. */
#define TKFI_ADJTIMEX_LOCKS		1

/* Do settimeofday and the like change the real timekeeper in place? By variant. */
#define TKFI_IN_PLACE			{ false, true, false }

/* What the auxiliary clock adds to its timekeeper's CLOCK_MONOTONIC, ns. */
#define TKFI_AUX_OFFSET(tk)		((tk)->offs_aux)

/* Is the clock on? */
#define TKFI_CLOCK_VALID(tk)		((tk)->clock_valid)

/* The first point at which a suspend has halted the NMI-safe readers, by variant. */
#define TKFI_SUSPEND_HALTS						\
	{ "suspend.unlocked", "publish.end", "suspend.unlocked" }

/* Where an injected offset leaves timekeeping: under adjtimex, after its lock. */
#define TKFI_INJECT_LEAVES						\
	"add_device_randomness add_device_randomness clock_was_set ntp_notify_cmos_timer "

/* What ktime_get_snapshot() is called, and does while timekeeping is suspended. */
#define TKFI_SNAPSHOT			"ktime_get_snapshot_id"
#define TKFI_SNAPSHOT_REFUSES		true

/* How a device's driver says whose value it has. */
#define TKFI_COUNTER_OF(clock)		.cs_id = (clock)->id

/* What its time is asked for, and where it is then. */
#define TKFI_CROSSTSTAMP(id)		{ .clock_id = (id) }
#define TKFI_CROSSTSTAMP_TIME		sys_systime

/* Readers that earlier versions do not have. */
#define TKFI_MEMBER_READERS						\
	MEMBER_READER(snapshot, mono, MONOTONIC, false)			\
	MEMBER_READER(snapshot, boot, BOOTTIME, false)			\
	TIMESPEC_READER(ktime_get_real_ts64_mg)				\
	TIMESPEC_READER(ktime_get_coarse_real_ts64_mg)

#define TKFI_MORE_READERS						\
	SNAPSHOT(mono, MONOTONIC, TKFI_FINE),				\
	SNAPSHOT(boot, BOOTTIME, TKFI_FINE),

#define TKFI_FLOOR_READERS						\
	KERNEL(ktime_get_real_ts64_mg, REALTIME, TKFI_FLOORED),		\
	KERNEL(ktime_get_coarse_real_ts64_mg, REALTIME, TKFI_FLOORED),

#ifdef TKFI_GLUE_TIMEKEEPING

/* What else readers load, and a copy stores; clock_valid is in the middle of a word. */
#define TKFI_NAME_MORE(name, tk)					\
do {									\
	tkfi_name_add(&(tk)->id, name ".id");				\
	tkfi_name_add(PTR_ALIGN_DOWN(&(tk)->clock_valid, 4),		\
		      name ".clock_valid");				\
} while (0)

#include "glue.h"
#include "readers.h"

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
	TKFI_REGION(add, aux_timekeepers);
}

static void tkfi_aux_reset(void)
{
	struct tk_data *aux = &timekeeper_data[TIMEKEEPER_AUX_FIRST];
	unsigned int id;

	for (id = TIMEKEEPER_AUX_FIRST; id <= TIMEKEEPER_AUX_LAST; id++) {
		struct tk_data *tkd = &timekeeper_data[id];

		memset(tkd, 0, sizeof(*tkd));
		tkd->timekeeper.id = id;
		tkd->shadow_timekeeper.id = id;
	}
	aux_timekeepers = 0;
	TKFI_NAME_TIMEKEEPER("aux", &aux->timekeeper);
	tkfi_name_add(&aux->seq.seqcount.sequence, "aux.seq");
	tkfi_name_add(&aux->lock, "timekeeper_lock[AUX]");
}

void tkfi_timekeeping_reset(struct clocksource *cs, time64_t mono,
			    time64_t wall)
{
	struct timespec64 wall_time = { .tv_sec = wall };
	struct timespec64 wall_to_mono = { .tv_sec = mono - wall };
	struct timekeeper *tks = &tk_core.shadow_timekeeper;

	tkfi_name_line();
	tkfi_name_add(&tk_core.lock, "timekeeper_lock");
	/* Resuming looks which counter it is before it takes the lock. */
	tkfi_name_add(&tks->tkr_mono.clock, "tk_core.shadow.clock");
	tkfi_vdso_reset();
	tkfi_aux_reset();
	memset(&tk_core, 0, sizeof(tk_core));
	memset(&tk_fast_mono, 0, sizeof(tk_fast_mono));
	memset(&tk_fast_raw, 0, sizeof(tk_fast_raw));
	tkfi_suspend_reset();
	atomic64_set(&mg_floor, 0);

	tks->id = TIMEKEEPER_CORE;
	tks->clock_valid = true;
	tk_setup_internals(tks, cs);
	tk_set_xtime(tks, &wall_time);
	tks->raw_sec = mono;
	tk_set_wall_to_mono(tks, wall_to_mono);
	/* Whichever of the two this variant calculates on. */
	tk_core.timekeeper = *tks;
#ifdef TKFI_HAS_UPDATE_BEGIN
	timekeeping_write_begin(&tk_core);
#endif
	timekeeping_update_from_shadow(&tk_core, TK_UPDATE_ALL);
	*tks = tk_core.timekeeper;
}

const struct timekeeper *tkfi_shadow_timekeeper(void)
{
	return &tk_core.shadow_timekeeper;
}

struct tkfi_timekeepers tkfi_core_timekeepers(void)
{
	return (struct tkfi_timekeepers){
		.real	  = tkfi_timekeeper(),
		.shadow	  = tkfi_shadow_timekeeper(),
		.sequence = &tk_core.seq.seqcount.sequence,
		.lock	  = &tk_core.lock,
	};
}

s64 tkfi_read_snapshot(clockid_t id, bool raw)
{
	struct system_time_snapshot now;

	ktime_get_snapshot_id(id, &now);
	if (!now.valid)
		return -ENODEV;
	return raw ? now.monoraw : now.systime;
}

static s64 tkfi_aux_read_vdso(void)
{
	s64 ns = 0;
	int ret = tkfi_vdso_clock_gettime(CLOCK_AUX, &ns);

	return ret ?: ns;
}

static s64 tkfi_aux_read_kernel(void)
{
	ktime_t now;

	return ktime_get_aux(CLOCK_AUX, &now) ? now : -ENODEV;
}

static s64 tkfi_aux_read_snapshot(void)
{
	return tkfi_read_snapshot(CLOCK_AUX, false);
}

static s64 tkfi_aux_read_snapshot_raw(void)
{
	return tkfi_read_snapshot(CLOCK_AUX, true);
}

static const struct tkfi_reader tkfi_aux_readers[TKFI_NR_AUX_READERS] = {
	{ TKFI_VDSO, "AUX", "clock_gettime(AUX)", CLOCK_AUX, TKFI_FINE, 1,
	  false, tkfi_aux_read_vdso },
	{ TKFI_KERNEL, "ktime_get_aux", "ktime_get_aux()", CLOCK_AUX,
	  TKFI_FINE, 1, false, tkfi_aux_read_kernel },
	{ TKFI_KERNEL, "ktime_get_snapshot.aux", TKFI_SNAPSHOT "().aux",
	  CLOCK_AUX, TKFI_FINE, 1, false, tkfi_aux_read_snapshot, false,
	  TKFI_SNAPSHOT_REFUSES },
	{ TKFI_KERNEL, "ktime_get_snapshot.aux_raw",
	  TKFI_SNAPSHOT "().aux_raw", CLOCK_AUX, TKFI_RAW, 1, false,
	  tkfi_aux_read_snapshot_raw, false, TKFI_SNAPSHOT_REFUSES },
};

/* As aux_clock_enable_store(), without its mutex, which can sleep. */
static int tkfi_aux_enable(void)
{
	aux_clock_enable(CLOCK_AUX);
	set_bit(0, &aux_timekeepers);
	return 0;
}

static int tkfi_aux_disable(void)
{
	aux_clock_disable(CLOCK_AUX);
	clear_bit(0, &aux_timekeepers);
	return 0;
}

static int tkfi_aux_tick(void)
{
	tk_aux_advance();
	tkfi_point(advance.unlocked);
	return 0;
}

static int tkfi_aux_set(const struct timespec64 *ts)
{
	int ret = clock_aux.clock_set(CLOCK_AUX, ts);

	tkfi_point(settime.unlocked);
	return ret;
}

static int tkfi_aux_adjtimex(struct __kernel_timex *txc)
{
	int ret = clock_aux.clock_adj(CLOCK_AUX, txc);

	tkfi_point(adjtimex.unlocked);
	return ret;
}

const struct tkfi_aux_clock *tkfi_aux_clock(void)
{
	static const struct tkfi_aux_clock aux = {
		.timekeepers = {
			.real	  = &timekeeper_data[TIMEKEEPER_AUX_FIRST].timekeeper,
			.shadow	  = &timekeeper_data[TIMEKEEPER_AUX_FIRST].shadow_timekeeper,
			.sequence = &timekeeper_data[TIMEKEEPER_AUX_FIRST].seq.seqcount.sequence,
			.lock	  = &timekeeper_data[TIMEKEEPER_AUX_FIRST].lock,
		},
		.readers  = tkfi_aux_readers,
		.enable   = tkfi_aux_enable,
		.disable  = tkfi_aux_disable,
		.tick	  = tkfi_aux_tick,
		.set	  = tkfi_aux_set,
		.adjtimex = tkfi_aux_adjtimex,
	};

	return &aux;
}

#endif /* TKFI_GLUE_TIMEKEEPING */

#ifdef TKFI_GLUE_NTP

#include "glue.h"

void tkfi_ntp_regions(tkfi_region_fn add)
{
	TKFI_REGION(add, tk_ntp_data);
}

void tkfi_ntp_reset(void)
{
	unsigned int id;

	for (id = 0; id < TIMEKEEPERS_MAX; id++) {
		tk_ntp_data[id] = (struct ntp_data){
			.tick_usec	   = USER_TICK_USEC,
			.time_state	   = TIME_OK,
			.time_status	   = STA_UNSYNC,
			.time_constant	   = 2,
			.time_maxerror	   = NTP_PHASE_LIMIT,
			.time_esterror	   = NTP_PHASE_LIMIT,
			.ntp_next_leap_sec = TIME64_MAX,
		};
		__ntp_clear(&tk_ntp_data[id]);
	}
}

void tkfi_ntp_set_frequency(long tick_us, long freq)
{
	struct ntp_data *ntpdata = &tk_ntp_data[TIMEKEEPER_CORE];

	ntpdata->tick_usec = tick_us;
	ntpdata->time_freq = freq * PPM_SCALE;
	ntp_update_frequency(ntpdata);
}

s64 tkfi_ntp_phase_left(void)
{
#ifdef TKFI_HAS_SKEW_DELTA
	const struct ntp_data *ntpdata = &tk_ntp_data[TIMEKEEPER_CORE];

	return ntpdata->time_offset * NTP_INTERVAL_FREQ + ntpdata->time_adjust_frac +
	       (((s64)ntpdata->time_adjust * NSEC_PER_USEC) << NTP_SCALE_SHIFT);
#else
	return 0;
#endif
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
	const struct vdso_clock *aux = &vdso_k_time_data->aux_clock_data[0];

	memset(vdso_k_time_data, 0, sizeof(*vdso_k_time_data));
	TKFI_NAME_VDSO_LINES(&vdso_k_time_data->clock_data[CS_HRES_COARSE],
			     &vdso_k_time_data->clock_data[CS_RAW]);
	TKFI_NAME_VDSO_LINE(aux, "[AUX]");
	tkfi_name_add(&aux->basetime[VDSO_BASE_AUX].sec, "vdso.sec[AUX]");
	tkfi_name_add(&aux->basetime[VDSO_BASE_AUX].nsec, "vdso.nsec[AUX]");
}

void tkfi_vdso_sequences(tkfi_sequence_fn mark)
{
	mark(&vdso_k_time_data->clock_data[CS_HRES_COARSE].seq, false);
	mark(&vdso_k_time_data->clock_data[CS_RAW].seq, false);
	mark(&vdso_k_time_data->aux_clock_data[0].seq, false);
}

size_t tkfi_vdso_clock_size(void)
{
	static_assert(!offsetof(struct vdso_clock, seq));
	return sizeof(struct vdso_clock);
}

unsigned int tkfi_vdso_sequence(void)
{
	return vdso_k_time_data->clock_data[CS_HRES_COARSE].seq;
}

unsigned int tkfi_vdso_aux_sequence(void)
{
	return vdso_k_time_data->aux_clock_data[0].seq;
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

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The scenarios that are explored when nobody asks for others: every updater
 * against every family of readers, and updaters against each other.
 */
#ifndef __TKFI_SCENARIOS_H
#define __TKFI_SCENARIOS_H

#include <linux/kernel.h>
#include <linux/string.h>

#include "explore.h"

/* 3 ms into a tick, and the multiplier is about to fall, or to rise. */
#define FALLS	"setup: adjtimex freq=+500ppm, wait 13ms, tick, wait 3ms;" \
		"cpu0: adjtimex freq=-500ppm;"
#define RISES	"setup: adjtimex freq=-500ppm, wait 13ms, tick, wait 3ms;" \
		"cpu0: adjtimex freq=+500ppm;"

/* A tick is due. */
#define DUE	"setup: wait 12ms;"
#define TICK	DUE "cpu0: tick;"

/* 23:59:57, and the last tick before a second is inserted, or deleted, has been. */
#define INSERTED "setup: settimeofday 1341100797, adjtimex status=16, "\
		"wait 2990ms, tick, wait 20ms; cpu0: tick;"
#define DELETED	"setup: settimeofday 1341100797, adjtimex status=32, "\
		"wait 1990ms, tick, wait 20ms; cpu0: tick;"
/* A tick is due, and the second that is inserted begins in 5 ms. */
#define LEAPS	"setup: settimeofday 1341100797, adjtimex status=16, "\
		"wait 2980ms, tick, wait 15ms; cpu0: tick;"

#define HOST	"host: 10ms"

#define VDSO	"read vdso MONOTONIC, read vdso MONOTONIC;"
#define KERNEL	"read kernel ktime_get, read kernel ktime_get;"
#define FAST	"read fast ktime_get_mono_fast_ns,"			\
		"read fast ktime_get_mono_fast_ns;"
#define BOTH	"read vdso MONOTONIC, read kernel ktime_get;"

/* An updater against each family, by one reader of each. */
#define MEETS(name, updater, vdso, kernel, fast)			\
	{ name "-vdso", updater						\
	  "cpu1: read vdso " vdso ", read vdso " vdso ";" HOST },	\
	{ name "-kernel", updater					\
	  "cpu1: read kernel " kernel ", read kernel " kernel ";" HOST }, \
	{ name "-fast", updater						\
	  "cpu1: read fast " fast ", read fast " fast ";" HOST }

/* By the clocks that it is about. */
#define IN_MONOTONIC(name, updater)					\
	MEETS(name, updater, "MONOTONIC", "ktime_get",			\
	      "ktime_get_mono_fast_ns")
#define IN_REALTIME(name, updater)					\
	MEETS(name, updater, "REALTIME", "ktime_get_real",		\
	      "ktime_get_real_fast_ns")
#define IN_TAI(name, updater)						\
	MEETS(name, updater, "TAI", "ktime_get_clocktai",		\
	      "ktime_get_tai_fast_ns")
#define IN_BOOTTIME(name, updater)					\
	MEETS(name, updater, "BOOTTIME", "ktime_get_boottime",		\
	      "ktime_get_boot_fast_ns")

/* And against the coarse clocks and seconds. */
#define COARSE(name, updater)						\
	{ name "-coarse", updater					\
	  "cpu1: read vdso REALTIME_COARSE, read kernel ktime_get_coarse_real_ts64;" \
	  "cpu2: read vdso time, read kernel ktime_get_real_seconds" }

/* Two updaters, and who reads the clock that they are about meanwhile. */
#define PAIR(name, one, other, reads)					\
	{ name, DUE "cpu0: " one "; cpu1: " other "; cpu2: " reads }
#define READ_MONOTONIC	BOTH HOST
#define READ_REALTIME	"read vdso REALTIME, read kernel ktime_get_real;" HOST
#define READ_BOOTTIME	"read vdso BOOTTIME, read kernel ktime_get_boottime;" HOST
#define READ_TAI	"read vdso TAI, read kernel ktime_get_clocktai;" HOST

/* Against each of the rows above, so that everyone meets everyone once. */
#define WITH_TICK(name, one, reads)					\
	PAIR(name "-jiffies", one, "jiffies", reads),			\
	PAIR(name "-tick", one, "tick", reads)
#define WITH_ADJTIMEX(name, one, reads)					\
	WITH_TICK(name, one, reads),					\
	PAIR(name "-adjtimex", one, "adjtimex freq=+500ppm", reads)
#define WITH_OFFSET(name, one, reads)					\
	WITH_ADJTIMEX(name, one, reads),				\
	PAIR(name "-offset", one, "adjtimex offset=1000000", reads)
#define WITH_STATUS(name, one, reads)					\
	WITH_OFFSET(name, one, reads),					\
	PAIR(name "-status", one, "adjtimex status=16", reads)
#define WITH_TAI(name, one, reads)					\
	WITH_STATUS(name, one, reads),					\
	PAIR(name "-tai", one, "adjtimex tai=37", reads)
#define WITH_SETTIMEOFDAY(name, one, reads)				\
	WITH_TAI(name, one, reads),					\
	PAIR(name "-settimeofday", one, "settimeofday 1400000000", reads)
#define WITH_INJECT(name, one, reads)					\
	WITH_SETTIMEOFDAY(name, one, reads),				\
	PAIR(name "-inject", one, "inject -3ms", reads)
#define WITH_SLEEPTIME(name, one, reads)				\
	WITH_INJECT(name, one, reads),					\
	PAIR(name "-sleeptime", one, "sleeptime 5s", reads)
#define WITH_CLOCKSOURCE(name, one, reads)				\
	WITH_SLEEPTIME(name, one, reads),				\
	PAIR(name "-clocksource", one, "clocksource second", reads)

/* And the tick that inserts a second. */
#define LEAP(name, one, reads)						\
	{ name "-leap", INSERTED "cpu1: " one "; cpu2: " reads }

/* An updater of the auxiliary clock. */
#define ON	"setup: aux enable, wait 12ms;"
#define AUX(name, updater)						\
	{ name "-vdso", updater						\
	  "cpu1: read vdso AUX, read vdso AUX;" HOST, true },		\
	{ name "-kernel", updater					\
	  "cpu1: read kernel ktime_get_aux, read kernel ktime_get_aux;"	\
	  HOST, true }
#define AUX_BOTH "read vdso AUX, read kernel ktime_get_aux;"
#define AUX_PAIR(name, one, other, reads)				\
	{ "aux-" name, ON "cpu0: " one "; cpu1: " other "; cpu2: " reads \
	  HOST, true }
#define AUX_WITH_TICK(name, one, reads)					\
	AUX_PAIR(name "-tick", one, "tick", reads)
#define AUX_WITH_ADJTIMEX(name, one, reads)				\
	AUX_WITH_TICK(name, one, reads),				\
	AUX_PAIR(name "-adjtimex", one, "aux adjtimex freq=-500ppm", reads)
#define AUX_WITH_INJECT(name, one, reads)				\
	AUX_WITH_ADJTIMEX(name, one, reads),				\
	AUX_PAIR(name "-inject", one, "aux inject -1ms", reads)
#define AUX_WITH_SETTIME(name, one, reads)				\
	AUX_WITH_INJECT(name, one, reads),				\
	AUX_PAIR(name "-settime", one, "aux settime 1300000000", reads)
#define AUX_WITH_CLOCKSOURCE(name, one, reads)				\
	AUX_WITH_SETTIME(name, one, reads),				\
	AUX_PAIR(name "-clocksource", one, "clocksource second", reads)

static const struct tkfi_scenario tkfi_scenarios[] = {
	{ "cover-letter", FALLS "cpu1:" VDSO "cpu2:" KERNEL HOST },
	IN_MONOTONIC("falls", FALLS),
	IN_MONOTONIC("rises", RISES),
	{ "rises-vdso-kernel", RISES
	  "cpu1: read vdso MONOTONIC, read kernel ktime_get;"
	  "cpu2: read kernel ktime_get, read vdso MONOTONIC;" HOST },
	{ "rises-coarse", RISES
	  "cpu1: read vdso MONOTONIC_COARSE, read vdso MONOTONIC_COARSE;"
	  "cpu2: read kernel ktime_get_coarse, read kernel ktime_get_coarse" },
	{ "rises-at-the-edge",
	  "setup: wait 1s, tick, wait 9ms; cpu0: adjtimex freq=+500ppm;"
	  "cpu1: read vdso time, read vdso time;"
	  "cpu2: read kernel ktime_get_real_seconds,\n"
	  "read kernel ktime_get_real_seconds" },
	IN_MONOTONIC("tick", TICK),
	COARSE("tick", TICK),
	{ "falls-nmi", FALLS "cpu1:" FAST "nmi cpu0:" FAST HOST },
	{ "tick-nmi", TICK "nmi cpu0:" FAST HOST },
	{ "tick-raw", TICK
	  "cpu1: read vdso MONOTONIC_RAW, read kernel ktime_get_raw;"
	  "cpu2: read fast ktime_get_raw_fast_ns, read vdso MONOTONIC_RAW;"
	  HOST },
	/* Readers that nothing else has. */
	{ "settimeofday-hrtimers", DUE "cpu0: settimeofday 1400000000;"
	  "cpu1: read kernel ktime_get_update_offsets_now.mono,\n"
	  "read kernel ktime_get_update_offsets_now.real;"
	  "cpu2: read kernel ktime_get_update_offsets_now.boot,\n"
	  "read kernel ktime_get_update_offsets_now.tai;" HOST },
	{ "leap-hrtimers", LEAPS
	  "cpu1: read kernel ktime_get_update_offsets_now.real,\n"
	  "read kernel ktime_get_update_offsets_now.real;"
	  "cpu2: read kernel ktime_get_real_ts64, read vdso gettimeofday;"
	  HOST },
	{ "inject-snapshots", DUE "cpu0: inject -3ms;"
	  "cpu1: read kernel ktime_get_snapshot.real,\n"
	  "read kernel get_device_system_crosststamp.raw;"
	  "cpu2: read kernel get_device_system_crosststamp.real,\n"
	  "read kernel ktime_get_snapshot.raw;" HOST },
	{ "suspend-snapshots", DUE "cpu0: suspend;"
	  "cpu1: read kernel ktime_get_snapshot.real,\n"
	  "read kernel ktime_get_snapshot.real;"
	  "cpu2: read kernel ktime_get_ts64, read kernel ktime_get_raw_ts64;"
	  HOST },
	{ "inject-coarse-others", DUE "cpu0: inject -3ms;"
	  "cpu1: read kernel ktime_get_coarse_real,\n"
	  "read kernel ktime_get_coarse_boottime,\n"
	  "read kernel ktime_get_coarse_clocktai;"
	  "cpu2: read kernel ktime_get_coarse_ts64,\n"
	  "read kernel ktime_get_seconds, read kernel __ktime_get_real_seconds" },
	{ "inject-timestamps", DUE "cpu0: inject -3ms;"
	  "cpu1: read fast ktime_get_fast_timestamps.mono,\n"
	  "read fast ktime_get_fast_timestamps.real;"
	  "cpu2: read fast ktime_get_fast_timestamps.boot;" HOST, false, true },
	{ "tick-multigrain", TICK
	  "cpu1: read kernel ktime_get_real_ts64_mg,\n"
	  "read kernel ktime_get_coarse_real_ts64_mg;"
	  "cpu2: read kernel ktime_get_real_ts64_mg,\n"
	  "read kernel ktime_get_coarse_real_ts64_mg;" HOST, true },
	{ "aux-snapshots", ON "cpu0: aux settime 1300000000;"
	  "cpu1: read kernel ktime_get_snapshot.aux,\n"
	  "read kernel ktime_get_snapshot.mono;"
	  "cpu2: read kernel ktime_get_snapshot.aux_raw,\n"
	  "read kernel ktime_get_snapshot.boot;" HOST, true },
	{ "tick-adjusts",
	  "setup: adjtimex freq=+500ppm, wait 13ms, tick, wait 12ms,\n"
	  "ntp freq=-500ppm; cpu0: tick;"
	  "cpu1:" VDSO "cpu2:" KERNEL HOST },
	IN_MONOTONIC("nohz-10s", "setup: wait 10s; cpu0: tick;"),
	COARSE("nohz-10s", "setup: wait 10s; cpu0: tick;"),
	COARSE("falls", FALLS),
	IN_MONOTONIC("offset", DUE "cpu0: adjtimex offset=1000000;"),
	COARSE("offset", DUE "cpu0: adjtimex offset=1000000;"),
	IN_MONOTONIC("status", DUE "cpu0: adjtimex status=1;"),
	COARSE("status", DUE "cpu0: adjtimex status=1;"),
	IN_MONOTONIC("tick-length", DUE "cpu0: adjtimex tick=10001 offset=1000\n"
		     "constant=4 maxerror=1 esterror=1 nano;"),
	IN_MONOTONIC("singleshot", DUE "cpu0: adjtimex singleshot=-1000;"),
	IN_REALTIME("setoffset", DUE "cpu0: adjtimex setoffset=-3ms micro\n"
		    "freq=+1ppm;"),
	IN_TAI("tai", DUE "cpu0: adjtimex tai=37;"),
	COARSE("tai", DUE "cpu0: adjtimex tai=37;"),
	IN_REALTIME("settimeofday", DUE "cpu0: settimeofday 1400000000;"),
	COARSE("settimeofday", DUE "cpu0: settimeofday 1400000000;"),
	{ "settimeofday-back", DUE "cpu0: settimeofday 1300000000;"
	  "cpu1: read vdso REALTIME, read kernel ktime_get_clocktai;"
	  "cpu2: read kernel ktime_get, read vdso TAI;" HOST },
	{ "settimeofday-monotonic", DUE "cpu0: settimeofday 1400000000;"
	  "cpu1:" VDSO "cpu2:" KERNEL HOST },
	IN_REALTIME("inject", DUE "cpu0: inject -3ms;"),
	COARSE("inject", DUE "cpu0: inject -3ms;"),
	{ "inject-monotonic", DUE "cpu0: inject -3ms;"
	  "cpu1:" VDSO "cpu2:" KERNEL HOST },
	IN_REALTIME("leap-inserted", INSERTED),
	COARSE("leap-inserted", INSERTED),
	IN_TAI("leap-inserted-tai", INSERTED),
	IN_REALTIME("leap-deleted", DELETED),
	COARSE("leap-deleted", DELETED),
	IN_TAI("leap-deleted-tai", DELETED),
	IN_MONOTONIC("clocksource", DUE "cpu0: clocksource second;"),
	COARSE("clocksource", DUE "cpu0: clocksource second;"),
	IN_BOOTTIME("sleeptime", DUE "cpu0: sleeptime 5s;"),
	COARSE("sleeptime", DUE "cpu0: sleeptime 5s;"),
	{ "sleeptime-monotonic", DUE "cpu0: sleeptime 5s;"
	  "cpu1:" VDSO "cpu2:" KERNEL HOST },
	IN_MONOTONIC("suspend", DUE "cpu0: suspend;"),
	COARSE("suspend", DUE "cpu0: suspend;"),
	IN_BOOTTIME("resume", "setup: wait 2ms, suspend, wait 10s;"
		    "cpu0: resume;"),
	COARSE("resume", "setup: wait 2ms, suspend, wait 10s; cpu0: resume;"),
	IN_MONOTONIC("resume-monotonic", "setup: wait 2ms, suspend, wait 10s;"
		     "cpu0: resume;"),
	{ "jiffies-jiffies", "cpu0: jiffies; cpu1: jiffies;"
	  "cpu2: read kernel get_jiffies_64, read kernel get_jiffies_64" },
	WITH_TICK("tick", "tick", READ_MONOTONIC),
	{ "tick-adjtimex", FALLS "cpu1: tick; cpu2:" VDSO HOST },
	PAIR("adjtimex-jiffies", "adjtimex freq=+500ppm", "jiffies",
	     READ_MONOTONIC),
	{ "adjtimex-adjtimex", FALLS "cpu1: adjtimex freq=+500ppm;"
	  "cpu2:" VDSO HOST },
	WITH_ADJTIMEX("offset", "adjtimex offset=1000000", READ_MONOTONIC),
	WITH_OFFSET("status", "adjtimex status=16", READ_MONOTONIC),
	WITH_STATUS("tai", "adjtimex tai=37", READ_TAI),
	WITH_TAI("settimeofday", "settimeofday 1400000000", READ_REALTIME),
	PAIR("settimeofday-settimeofday", "settimeofday 1400000000",
	     "settimeofday 1300000000", READ_REALTIME),
	WITH_SETTIMEOFDAY("inject", "inject -3ms", READ_REALTIME),
	PAIR("inject-inject", "inject -3ms", "inject +5ms", READ_REALTIME),
	WITH_INJECT("sleeptime", "sleeptime 5s", READ_BOOTTIME),
	PAIR("sleeptime-sleeptime", "sleeptime 5s", "sleeptime 3s",
	     READ_BOOTTIME),
	WITH_SLEEPTIME("new-clocksource", "clocksource second",
		       READ_MONOTONIC),
	/* What passes meanwhile does not count: nothing does. */
	WITH_CLOCKSOURCE("suspend-resume", "suspend, resume", BOTH),
	LEAP("tick", "tick", READ_REALTIME),
	LEAP("adjtimex", "adjtimex freq=+500ppm", READ_REALTIME),
	LEAP("offset", "adjtimex offset=1000000", READ_REALTIME),
	LEAP("status", "adjtimex status=0", READ_REALTIME),
	LEAP("tai", "adjtimex tai=37", READ_TAI),
	LEAP("settimeofday", "settimeofday 1341100790", READ_REALTIME),
	LEAP("inject", "inject -3ms", READ_REALTIME),
	LEAP("sleeptime", "sleeptime 5s", READ_REALTIME),
	LEAP("new-clocksource", "clocksource second", READ_REALTIME),
	LEAP("suspend-resume", "suspend, resume", BOTH),
	/* Where there are auxiliary clocks. */
	AUX("aux-tick", ON "cpu0: aux tick;"),
	AUX("aux-adjtimex", ON "cpu0: aux adjtimex freq=-500ppm;"),
	AUX("aux-offset", ON "cpu0: aux adjtimex offset=1000000;"),
	AUX("aux-status", ON "cpu0: aux adjtimex status=1;"),
	AUX("aux-tick-length", ON "cpu0: aux adjtimex tick=10000 offset=1000\n"
	    "constant=4 maxerror=1 esterror=1 nano;"),
	AUX("aux-singleshot", ON "cpu0: aux adjtimex singleshot=-1000;"),
	AUX("aux-setoffset", ON "cpu0: aux adjtimex setoffset=-3ms micro\n"
	    "freq=+1ppm;"),
	AUX("aux-settime", ON "cpu0: aux settime 1300000000;"),
	AUX("aux-inject", ON "cpu0: aux inject -1ms;"),
	AUX("aux-enable", DUE "cpu0: aux enable;"),
	AUX("aux-disable", ON "cpu0: aux disable;"),
	AUX("aux-clocksource", ON "cpu0: clocksource second;"),
	AUX("aux-again", ON "cpu0: aux disable, aux enable;"),
	AUX_WITH_ADJTIMEX("adjtimex", "aux adjtimex freq=+500ppm", AUX_BOTH),
	AUX_WITH_ADJTIMEX("inject", "aux inject -1ms", AUX_BOTH),
	AUX_PAIR("inject-inject", "aux inject -1ms", "aux inject +2ms",
		 AUX_BOTH),
	AUX_WITH_INJECT("settime", "aux settime 1300000000", AUX_BOTH),
	AUX_PAIR("settime-settime", "aux settime 1300000000",
		 "aux settime 1400000000", AUX_BOTH),
	AUX_WITH_SETTIME("new-clocksource", "clocksource second", AUX_BOTH),
	/* Readers who find it off do not look again: more can happen. */
	AUX_WITH_CLOCKSOURCE("disable", "aux disable",
			     "read kernel ktime_get_aux;"),
};

/* The one of that name; NULL if there is none. */
static inline const struct tkfi_scenario *tkfi_scenario_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tkfi_scenarios); i++)
		if (!strcmp(tkfi_scenarios[i].name, name))
			return &tkfi_scenarios[i];
	return NULL;
}

#endif

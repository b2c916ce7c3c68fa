/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The scenarios that are explored when nobody asks for others: every updater
 * against every family of readers, and updaters against each other.
 */
#ifndef __TKFI_SCENARIOS_H
#define __TKFI_SCENARIOS_H

#include "explore.h"

/* 3 ms into a tick, and the multiplier is about to fall, or to rise. */
#define FALLS	"setup: adjtimex freq=+500ppm, wait 13ms, tick, wait 3ms;" \
		"cpu0: adjtimex freq=-500ppm;"
#define RISES	"setup: adjtimex freq=-500ppm, wait 13ms, tick, wait 3ms;" \
		"cpu0: adjtimex freq=+500ppm;"

/* A tick is due. */
#define DUE	"setup: wait 12ms;"
#define TICK	DUE "cpu0: tick;"

#define VDSO	"read vdso MONOTONIC, read vdso MONOTONIC;"
#define KERNEL	"read kernel ktime_get, read kernel ktime_get;"
#define FAST	"read fast ktime_get_mono_fast_ns,"			\
		"read fast ktime_get_mono_fast_ns;"

#define HOST	"host: 10ms"

static const struct tkfi_scenario tkfi_scenarios[] = {
	{ "cover-letter", FALLS "cpu1:" VDSO "cpu2:" KERNEL HOST },
	{ "falls-vdso", FALLS "cpu1:" VDSO HOST },
	{ "falls-kernel", FALLS "cpu1:" KERNEL HOST },
	{ "falls-fast", FALLS "cpu1:" FAST HOST },
	{ "rises-vdso", RISES "cpu1:" VDSO HOST },
	{ "rises-kernel", RISES "cpu1:" KERNEL HOST },
	{ "rises-fast", RISES "cpu1:" FAST HOST },
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
	{ "tick-vdso", TICK "cpu1:" VDSO HOST },
	{ "tick-kernel", TICK "cpu1:" KERNEL HOST },
	{ "tick-fast", TICK "cpu1:" FAST HOST },
	{ "falls-nmi", FALLS "cpu1:" FAST "nmi cpu0:" FAST HOST },
	{ "tick-nmi", TICK "nmi cpu0:" FAST HOST },
	{ "tick-adjusts",
	  "setup: adjtimex freq=+500ppm, wait 13ms, tick, wait 12ms,\n"
	  "ntp freq=-500ppm; cpu0: tick;"
	  "cpu1:" VDSO "cpu2:" KERNEL HOST },
	{ "tick-coarse", TICK
	  "cpu1: read vdso REALTIME_COARSE,\n"
	  "read kernel ktime_get_coarse_real_ts64;"
	  "cpu2: read vdso time, read kernel ktime_get_real_seconds" },
	{ "tick-raw", TICK
	  "cpu1: read vdso MONOTONIC_RAW, read kernel ktime_get_raw;"
	  "cpu2: read fast ktime_get_raw_fast_ns, read vdso MONOTONIC_RAW;"
	  HOST },
	{ "nohz-60s", "setup: wait 60s; cpu0: tick;"
	  "cpu1:" VDSO "cpu2:" KERNEL HOST },
	{ "settimeofday", DUE "cpu0: settimeofday 1400000000;"
	  "cpu1:" VDSO "cpu2:" KERNEL HOST },
	{ "inject", DUE "cpu0: inject -3ms;"
	  "cpu1:" VDSO "cpu2:" KERNEL HOST },
	{ "leap-second",
	  "setup: settimeofday 1341100797, adjtimex status=16, wait 2990ms,\n"
	  "tick, wait 20ms; cpu0: tick; cpu1:" VDSO
	  "cpu2: read kernel ktime_get_clocktai, read vdso TAI;" HOST },
	{ "clocksource", DUE "cpu0: clocksource second;"
	  "cpu1:" VDSO "cpu2:" KERNEL HOST },
	{ "sleeptime", DUE "cpu0: sleeptime 5s;"
	  "cpu1: read vdso BOOTTIME, read vdso MONOTONIC;"
	  "cpu2: read kernel ktime_get_boottime, read kernel ktime_get;"
	  HOST },
	{ "tick-adjtimex", FALLS "cpu1: tick; cpu2:" VDSO HOST },
	{ "tick-tick", TICK "cpu1: tick; cpu2:" KERNEL HOST },
	{ "adjtimex-adjtimex", FALLS "cpu1: adjtimex freq=+500ppm;"
	  "cpu2:" VDSO HOST },
	{ "jiffies-jiffies", "cpu0: jiffies; cpu1: jiffies;"
	  "cpu2: read kernel get_jiffies_64, read kernel get_jiffies_64" },
	{ "settimeofday-tick", DUE "cpu0: settimeofday 1400000000;"
	  "cpu1: tick; cpu2:" KERNEL HOST },
};

#endif

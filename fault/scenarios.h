/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The scenarios that are explored when nobody asks for others: every updater
 * against every family of readers, and updaters against each other.
 */
#ifndef __TKFI_SCENARIOS_H
#define __TKFI_SCENARIOS_H

#include "explore.h"

/* Fast to slow: 3 ms into a tick, the multiplier is about to fall. */
#define FALLS	"setup: adjtimex freq=+500ppm, wait 13ms, tick, wait 3ms;"
#define RISES	"setup: adjtimex freq=-500ppm, wait 13ms, tick, wait 3ms;"
#define SLOWER	"cpu0: adjtimex freq=-500ppm;"
#define FASTER	"cpu0: adjtimex freq=+500ppm;"
#define VDSO2	"read vdso MONOTONIC, read vdso MONOTONIC;"
#define KERNEL2	"read kernel ktime_get, read kernel ktime_get;"
#define FAST2	"read fast ktime_get_mono_fast_ns, read fast ktime_get_mono_fast_ns;"

static const struct tkfi_scenario tkfi_scenarios[] = {
	{ "cover-letter", FALLS SLOWER "cpu1:" VDSO2 "cpu2:" KERNEL2 "host: 10ms" },
	{ "falls-vdso", FALLS SLOWER "cpu1:" VDSO2 "host: 10ms" },
	{ "falls-kernel", FALLS SLOWER "cpu1:" KERNEL2 "host: 10ms" },
	{ "falls-fast", FALLS SLOWER "cpu1:" FAST2 "host: 10ms" },
	{ "rises-vdso", RISES FASTER "cpu1:" VDSO2 "host: 10ms" },
	{ "rises-kernel", RISES FASTER "cpu1:" KERNEL2 "host: 10ms" },
	{ "rises-fast", RISES FASTER "cpu1:" FAST2 "host: 10ms" },
	{ "rises-vdso-kernel", RISES FASTER
	  "cpu1: read vdso MONOTONIC, read kernel ktime_get; cpu2: read kernel ktime_get, read vdso MONOTONIC; host: 10ms" },
	{ "rises-coarse", RISES FASTER
	  "cpu1: read vdso MONOTONIC_COARSE, read vdso MONOTONIC_COARSE; cpu2: read kernel ktime_get_coarse, read kernel ktime_get_coarse" },
	{ "rises-at-the-edge", "setup: wait 1s, tick, wait 9ms;" FASTER
	  "cpu1: read vdso time, read vdso time; cpu2: read kernel ktime_get_real_seconds, read kernel ktime_get_real_seconds" },
	{ "tick-vdso", "setup: wait 12ms; cpu0: tick; cpu1:" VDSO2 "host: 10ms" },
	{ "tick-kernel", "setup: wait 12ms; cpu0: tick; cpu1:" KERNEL2 "host: 10ms" },
	{ "tick-fast", "setup: wait 12ms; cpu0: tick; cpu1:" FAST2 "host: 10ms" },
	{ "tick-adjusts", "setup: adjtimex freq=+500ppm, wait 13ms, tick, wait 12ms, ntp freq=-500ppm; cpu0: tick; cpu1:" VDSO2 "cpu2:" KERNEL2 "host: 10ms" },
	{ "tick-coarse", "setup: wait 12ms; cpu0: tick; cpu1: read vdso REALTIME_COARSE, read kernel ktime_get_coarse_real_ts64; cpu2: read vdso time, read kernel ktime_get_real_seconds" },
	{ "tick-raw", "setup: wait 12ms; cpu0: tick; cpu1: read vdso MONOTONIC_RAW, read kernel ktime_get_raw; cpu2: read fast ktime_get_raw_fast_ns, read vdso MONOTONIC_RAW; host: 10ms" },
	{ "nohz-60s", "setup: wait 60s; cpu0: tick; cpu1:" VDSO2 "cpu2:" KERNEL2 "host: 10ms" },
	{ "settimeofday", "setup: wait 12ms; cpu0: settimeofday 1400000000; cpu1:" VDSO2 "cpu2:" KERNEL2 "host: 10ms" },
	{ "inject", "setup: wait 12ms; cpu0: inject -3ms; cpu1:" VDSO2 "cpu2:" KERNEL2 "host: 10ms" },
	{ "leap-second", "setup: settimeofday 1341100797, adjtimex status=16, wait 2990ms, tick, wait 20ms; cpu0: tick; cpu1:" VDSO2 "cpu2: read kernel ktime_get_clocktai, read kernel ktime_get_clocktai; host: 10ms" },
	{ "tick-adjtimex", FALLS SLOWER "cpu1: tick; cpu2:" VDSO2 "host: 10ms" },
	{ "tick-tick", "setup: wait 12ms; cpu0: tick; cpu1: tick; cpu2:" KERNEL2 "host: 10ms" },
	{ "adjtimex-adjtimex", FALLS SLOWER "cpu1: adjtimex freq=+500ppm; cpu2:" VDSO2 "host: 10ms" },
	{ "settimeofday-tick", "setup: wait 12ms; cpu0: settimeofday 1400000000; cpu1: tick; cpu2:" KERNEL2 "host: 10ms" },
};

#endif

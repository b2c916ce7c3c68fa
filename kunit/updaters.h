/* SPDX-License-Identifier: GPL-2.0 */
/* Every way to change the timekeeper. */
#ifndef __TKFI_UPDATERS_H
#define __TKFI_UPDATERS_H

#include <linux/types.h>

#include "glue.h"

#include <tkfi-glue.h>

/**
 * struct updater - one way to change the timekeeper
 * @name:	of the parameter
 * @setup:	before
 * @update:	the operation; the last one if there are several
 * @sections:	how many sequence sections it has, by variant
 * @aux:	it changes the auxiliary clock's timekeeper
 */
struct updater {
	const char *name;
	const char *setup;
	const char *update;
	u8 sections[TKFI_NR_VARIANTS];
	bool aux;
};

#define ADJTIMEX	TKFI_ADJTIMEX_SECTIONS
#define WITH_ADVANCE	TKFI_ADJTIMEX_ADVANCE_SECTIONS

/* Leap seconds: at the end of 2012-06-30, 1341100797 is 23:59:57. */
static const struct updater updaters[] = {
	/*					   post, pre, fixed */
	{ "tick", "wait 12ms", "tick",			{ 1, 1, 1 } },
	{ "tick with nothing to do", "wait 2ms", "tick", { 0, 1, 0 } },
	{ "NO_HZ 1 s", "wait 1s", "tick",		{ 1, 1, 1 } },
	{ "NO_HZ 60 s", "wait 60s", "tick",		{ 1, 1, 1 } },
	{ "tick that adjusts", "wait 12ms, ntp freq=-500ppm", "tick",
							{ 1, 1, 1 } },
	{ "adjtimex frequency", "wait 2ms", "adjtimex freq=-500ppm",
							WITH_ADVANCE },
	{ "adjtimex tick", "wait 2ms", "adjtimex freq=10%", WITH_ADVANCE },
	{ "adjtimex offset", "wait 2ms", "adjtimex offset=1000000", ADJTIMEX },
	{ "adjtimex status", "wait 2ms", "adjtimex status=1", ADJTIMEX },
	{ "adjtimex TAI", "wait 2ms", "adjtimex tai=37", TKFI_ADJTIMEX_TAI_SECTIONS },
	{ "settimeofday", "wait 2ms", "settimeofday 1400000000", { 1, 1, 1 } },
	{ "inject offset", "wait 2ms", "inject -3ms",	WITH_ADVANCE },
	{ "clocksource", "wait 2ms", "clocksource second", { 1, 1, 1 } },
	{ "clocksource and back", "wait 2ms, clocksource second, wait 2ms",
	  "clocksource first",				{ 1, 1, 1 } },
	{ "suspend", "wait 2ms", "suspend",		{ 1, 1, 1 } },
	{ "resume", "wait 2ms, suspend, wait 10s", "resume",
							{ 1, 1, 1 } },
	{ "sleep time", "wait 2ms", "sleeptime 10s",	{ 1, 1, 1 } },
	{ "leap second inserted",
	  "settimeofday 1341100797, adjtimex status=16, wait 2990ms, tick, wait 20ms",
	  "tick",					{ 1, 1, 1 } },
	{ "leap second deleted",
	  "settimeofday 1341100797, adjtimex status=32, wait 1990ms, tick, wait 20ms",
	  "tick",					{ 1, 1, 1 } },
	TKFI_AUX_ROWS({ "aux tick", "aux enable, wait 12ms", "aux tick", { 1, 1, 1 }, true },
		      { "aux tick with nothing to do", "aux enable, wait 2ms", "aux tick",
							{ 0, 1, 0 }, true },
		      { "aux frequency", "aux enable, wait 2ms", "aux adjtimex freq=-500ppm",
							WITH_ADVANCE, true },
		      { "aux status", "aux enable, wait 2ms", "aux adjtimex status=1",
							ADJTIMEX, true },
		      { "aux inject", "aux enable, wait 2ms", "aux inject -1ms",
							WITH_ADVANCE, true },
		      { "aux settime", "aux enable, wait 2ms", "aux settime 1400000000",
							{ 1, 1, 1 }, true },
		      { "aux clocksource", "aux enable, wait 2ms", "clocksource second",
							{ 1, 1, 1 }, true })
};

#endif

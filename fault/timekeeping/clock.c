// SPDX-License-Identifier: GPL-2.0
/* The clock: a counter in memory. clock_install.c has what the kernel keeps time by. */
#include <linux/kernel.h>
#include <linux/math64.h>

#include "access.h"
#include "clock.h"
#include "drive.h"
#include "engine.h"
#include "operation.h"

/* What no code of the kernel has hooks for. */
static struct {
	u64 now;
	u64 rtc_absent;
} tkfi_clock;

u32 tkfi_clock_hz;

/* Report an access of the clock, or of the RTC: memory that VCPUs share. */
#define access(what, store)						\
do {									\
	if (tkfi_current)						\
		tkfi_access(&(what), sizeof(what), store, false, _RET_IP_); \
} while (0)

void tkfi_clock_note(u64 cycles)
{
	struct tkfi_results *results;

	if (!tkfi_current || !tkfi_current->op)
		return;
	results = tkfi_results(tkfi_current->op);
	results->before = results->counter;
	results->counter = cycles;
}

u64 tkfi_clock_read(void)
{
	access(tkfi_clock.now, false);
	tkfi_clock_note(tkfi_clock.now);
	return tkfi_clock.now;
}

u64 tkfi_clock_peek(void)
{
	return tkfi_clock.now;
}

u64 tkfi_clock_count(const struct clocksource *cs, u64 cycles)
{
	return cs == &tkfi_second_clocksource && cycles != TKFI_NOT_READ ?
	       mul_u64_u32_div(cycles, TKFI_SECOND_HZ, tkfi_clock_hz) : cycles;
}

u64 tkfi_clock_counter(const struct clocksource *cs, u64 cycles)
{
	return tkfi_clock_count(cs, cycles) &
	       (cs == &tkfi_clocksource ? tkfi_clocksource.mask : U64_MAX);
}

s64 tkfi_clock_passed(const struct tk_read_base *tkr, u64 from, u64 to)
{
	const u64 ahead = (to - from) & tkr->mask;

	return ahead > tkr->mask / 2 ? ahead - tkr->mask - 1 : ahead;
}

u64 tkfi_clock_read_mode(s32 clock_mode)
{
	return tkfi_clock_counter(clock_mode == VDSO_CLOCKMODE_TKFI ?
				  &tkfi_clocksource : &tkfi_second_clocksource,
				  tkfi_clock_read());
}

u64 tkfi_clock_ns(void)
{
	return mul_u64_u32_div(tkfi_clock_read(), NSEC_PER_SEC, tkfi_clock_hz);
}

void tkfi_read_persistent_clock64(struct timespec64 *ts)
{
	struct timespec64 now;

	if (tkfi_current || tkfi_driven) {
		access(tkfi_clock.rtc_absent, false);
		now = tkfi_clock.rtc_absent ? (struct timespec64){} :
					ns_to_timespec64(tkfi_clock_ns());
		/* With hooks: @ts belongs to timekeeping. */
		tkfi_memcpy(ts, &now, sizeof(now));
	} else {
		read_persistent_clock64(ts);
	}
}

void tkfi_rtc_set_absent(bool absent)
{
	access(tkfi_clock.rtc_absent, true);
	tkfi_clock.rtc_absent = absent;
}

void tkfi_clock_set(u64 cycles)
{
	tkfi_clock.now = cycles;
}

void tkfi_clock_advance(u64 cycles)
{
	access(tkfi_clock.now, true);
	tkfi_clock.now += cycles;
}

u64 tkfi_clock_cycles(u64 ns)
{
	return mul_u64_u32_div(ns, tkfi_clock_hz, NSEC_PER_SEC);
}

u64 tkfi_clock_max_delay(void)
{
	return tkfi_clock_hz ? tkfi_clock_cycles(TKFI_MAX_DELAY_NS) : U64_MAX;
}

void *tkfi_clock_storage(size_t *size)
{
	*size = sizeof(tkfi_clock);
	return &tkfi_clock;
}

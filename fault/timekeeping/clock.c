// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/timekeeper_internal.h>

#include "access.h"
#include "clock.h"
#include "engine.h"
#include "glue.h"
#include "names.h"
#include "operation.h"

static u64 tkfi_clock_now;
static u32 tkfi_clock_hz;

/* The clock is memory that VCPUs read and the host writes. */
static void access(bool store)
{
	if (tkfi_current)
		tkfi_access(&tkfi_clock_now, sizeof(tkfi_clock_now), store,
			    false, _RET_IP_);
}

void tkfi_clock_note(u64 cycles)
{
	if (tkfi_current && tkfi_current->op)
		tkfi_results(tkfi_current->op)->counter = cycles;
}

/* What an operation comes to follows from what it has read. */
u64 tkfi_clock_read(void)
{
	access(false);
	tkfi_clock_note(tkfi_clock_now);
	return tkfi_clock_now;
}

u64 tkfi_clock_peek(void)
{
	return tkfi_clock_now;
}

u64 tkfi_clock_counter(const struct clocksource *cs, u64 cycles)
{
	return cs == &tkfi_second_clocksource ?
	       mul_u64_u32_div(cycles, TKFI_SECOND_HZ, tkfi_clock_hz) : cycles;
}

u64 tkfi_clock_read_mode(s32 clock_mode)
{
	u64 now = tkfi_clock_read();

	return clock_mode == VDSO_CLOCKMODE_TKFI ? now :
	       tkfi_clock_counter(&tkfi_second_clocksource, now);
}

u64 tkfi_clock_ns(void)
{
	return mul_u64_u32_div(tkfi_clock_read(), NSEC_PER_SEC, tkfi_clock_hz);
}

/* An RTC that counts from 1970, and is never set. */
void tkfi_read_persistent_clock64(struct timespec64 *ts)
{
	struct timespec64 now;

	if (tkfi_current) {
		now = ns_to_timespec64(tkfi_clock_ns());
		/* With hooks: @ts belongs to timekeeping. */
		tkfi_memcpy(ts, &now, sizeof(now));
	} else {
		read_persistent_clock64(ts);
	}
}

static u64 clocksource_read(struct clocksource *cs)
{
	return tkfi_clock_read_mode(cs->vdso_clock_mode);
}

/*
 * A device's time is compared with that of a clocksource only if that has an id. None is
 * for us; no clocksource of UML has any.
 */
struct clocksource tkfi_clocksource = {
	.name		 = "tkfi",
	.rating		 = 499,
	.id		 = CSID_ARM_ARCH_COUNTER,
	.read		 = clocksource_read,
	.mask		 = CLOCKSOURCE_MASK(64),
	.flags		 = CLOCK_SOURCE_IS_CONTINUOUS | CLOCK_SOURCE_VALID_FOR_HRES,
	/* Without one, update_vsyscall() skips the high resolution half. */
	.vdso_clock_mode = VDSO_CLOCKMODE_TKFI,
};

struct clocksource tkfi_second_clocksource = {
	.name		 = "tkfi-second",
	.rating		 = 1,
	.id		 = CSID_MAX - 1,
	.read		 = clocksource_read,
	.mask		 = CLOCKSOURCE_MASK(64),
	.flags		 = CLOCK_SOURCE_IS_CONTINUOUS | CLOCK_SOURCE_VALID_FOR_HRES,
	.vdso_clock_mode = VDSO_CLOCKMODE_TKFI_SECOND,
};

int tkfi_clock_install(u32 hz)
{
	int ret;

	if (hz < TKFI_MIN_HZ || hz > TKFI_MAX_HZ)
		return -ERANGE;
	if (tkfi_clock_hz)
		return -EBUSY;
	ret = clocksource_register_hz(&tkfi_clocksource, hz);
	if (ret)
		return ret;
	tkfi_clock_hz = hz;
	tkfi_name_add(&tkfi_clock_now, "clock");
	ret = clocksource_register_hz(&tkfi_second_clocksource, TKFI_SECOND_HZ);
	if (ret) {
		tkfi_clock_uninstall();
		return ret;
	}
	if (tkfi_timekeeper()->tkr_mono.clock != &tkfi_clocksource) {
		tkfi_clock_uninstall();
		return -ENODEV;
	}
	return 0;
}

int tkfi_clock_uninstall(void)
{
	int ret;

	if (!tkfi_clock_hz)
		return 0;
	ret = clocksource_unregister(&tkfi_second_clocksource) ?:
	      clocksource_unregister(&tkfi_clocksource);
	if (!ret)
		tkfi_clock_hz = 0;
	return ret;
}

void tkfi_clock_set(u64 cycles)
{
	tkfi_clock_now = cycles;
}

void tkfi_clock_advance(u64 cycles)
{
	access(true);
	tkfi_clock_now += cycles;
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
	*size = sizeof(tkfi_clock_now);
	return &tkfi_clock_now;
}

// SPDX-License-Identifier: GPL-2.0
/* The clocksources by which the kernel keeps time in a test. */
#include <linux/errno.h>
#include <linux/timekeeper_internal.h>

#include "clock.h"
#include "glue.h"
#include "names.h"

static u64 clocksource_read(struct clocksource *cs)
{
	return tkfi_clock_read_mode(cs->vdso_clock_mode);
}

/*
 * The kernel compares the time of a device only with clocksources that have an id. There is
 * none for tkfi, so this is one that no clocksource of UML has.
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

#define CLOCKS(what)						\
	what("1ghz", NSEC_PER_SEC, 64),				\
	what("tsc", 2893202417U, 64),				\
	what("hpet", TKFI_SECOND_HZ, 32),			\
	what("acpi_pm", 3579545, 24)
#define CLOCK(name, hz, bits)	{ name, hz, bits }
#define NAME(name, hz, bits)	name

const struct tkfi_clock tkfi_clocks[TKFI_NR_CLOCKS] = { CLOCKS(CLOCK) };
const char * const tkfi_clock_names[TKFI_NR_CLOCKS + 1] = { CLOCKS(NAME) };

#define MIN_BITS	24

int tkfi_clock_install_bits(u32 hz, unsigned int bits)
{
	size_t size;
	int ret;

	if (hz < TKFI_MIN_HZ || hz > TKFI_MAX_HZ || bits < MIN_BITS || bits > 64 ||
	    CLOCKSOURCE_MASK(bits) < 2ULL * hz / HZ)
		return -ERANGE;
	if (tkfi_clock_hz)
		return -EBUSY;
	tkfi_clocksource.mask = CLOCKSOURCE_MASK(bits);
	ret = clocksource_register_hz(&tkfi_clocksource, hz);
	if (ret)
		return ret;
	tkfi_clock_hz = hz;
	tkfi_name_add(tkfi_clock_storage(&size), "clock");
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

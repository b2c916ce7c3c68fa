// SPDX-License-Identifier: GPL-2.0
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/printk.h>

#include "clock.h"
#include "drive.h"
#include "entry.h"
#include "session.h"

bool tkfi_driven __tkfi_own;

int tkfi_drive_open(struct tkfi_drive *drive, u32 hz, unsigned int bits)
{
	int ret;

	tkfi_state_use(tkfi_timekeeping_state);
	ret = tkfi_state_alloc(&drive->own);
	if (ret)
		return ret;
	ret = tkfi_clock_install_bits(hz, bits);
	if (ret)
		tkfi_state_free(&drive->own);
	return ret;
}

void tkfi_drive_close(struct tkfi_drive *drive)
{
	tkfi_clock_uninstall();
	tkfi_state_free(&drive->own);
}

void tkfi_drive_enter(struct tkfi_drive *drive)
{
	local_irq_save(drive->flags);
	tkfi_state_save(&drive->own);
	tkfi_timekeeping_start();
	suppress_printk = true;
	tkfi_driven = true;
}

void tkfi_drive_leave(struct tkfi_drive *drive)
{
	tkfi_driven = false;
	suppress_printk = false;
	tkfi_state_restore(&drive->own);
	local_irq_restore(drive->flags);
}

u64 tkfi_drive_tick(u64 ticks)
{
	return mul_u64_u32_div(ticks, tkfi_clock_hz, HZ);
}

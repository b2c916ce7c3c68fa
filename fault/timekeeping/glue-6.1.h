/* SPDX-License-Identifier: GPL-2.0 */
/* Linux 6.1: what the glue needs to know is what it is in 6.12, but for this. */
#define TKFI_COUNTER_OF(clock)	.cs = (clock)

#include "glue-6.12.h"

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_SHOW_H
#define __TKFI_SHOW_H

#include "subject.h"

/**
 * tkfi_timekeeping_show() - what updaters published in an execution, and what readers saw
 * @judged:	execution, the last one
 * @name:	its case
 * @line:	receives a line of type "published" for each line that was published, the first
 *		from the begin; then one of type "reading" for each read, with the time that it
 *		has by each of these lines
 *
 * Counters are in cycles of the clocksource that the line is of; for reads of that of the
 * first line of their owner. -1 stands for none.
 */
void tkfi_timekeeping_show(const struct tkfi_judged *judged, const char *name,
			   tkfi_line_fn line);

#endif

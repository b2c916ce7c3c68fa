/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_OBSERVE_H
#define __TKFI_OBSERVE_H

#include <linux/timex.h>

#include "subject.h"

/**
 * tkfi_timekeeping_observe() - ask the kernel all that it tells of time
 * @tell:	called for each answer: of every reader, in ns or a negative error, and of
 *		adjtimex() that sets nothing: the members it fills in, and what it returns
 * @arg:	for @tell
 *
 * To be called on a VCPU, with all sequences even. Readers of multigrain timestamps come
 * last, as they change what they read. PPS is left out: nothing that is explored has any.
 */
void tkfi_timekeeping_observe(tkfi_observed_fn tell, void *arg);

/**
 * tkfi_observe_timex() - what adjtimex() has filled in
 * @of:		whom it was learnt from; valid for ever
 * @txc:	what it filled in
 * @tell:	called for each member but the modes
 * @arg:	for @tell
 */
void tkfi_observe_timex(const char *of, const struct __kernel_timex *txc, tkfi_observed_fn tell,
			void *arg);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_OBSERVE_H
#define __TKFI_OBSERVE_H

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

#endif

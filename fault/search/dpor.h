/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Optimal dynamic partial order reduction: every class of executions that differ
 * only in the order of independent steps is executed once.
 *
 * Abdulla, Aronis, Jonsson, Sagonas: Source Sets: A Foundation for Optimal Dynamic
 * Partial Order Reduction, J. ACM 64(4), 2017: algorithm 2, with locks as in its
 * section on disabling. Two steps are dependent if they are of one VCPU, or touch
 * one cell and one of them writes.
 *
 * Parts divide the beginnings of executions: up to some depth everybody who is awake
 * goes on (sleep sets alone, Godefroid, LNCS 1032, 1996), and each part takes its share
 * of what can be met there. So parts need not know of each other's races.
 */
#ifndef __TKFI_DPOR_H
#define __TKFI_DPOR_H

#include "search.h"

extern const struct tkfi_search_type tkfi_dpor_search;

#endif

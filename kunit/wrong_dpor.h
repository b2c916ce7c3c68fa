/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The exploration by a relation that is wrong on purpose: what tkfi_wrong_writes says
 * of a step is believed. Else as tkfi_dpor_search.
 */
#ifndef __TKFI_WRONG_DPOR_H
#define __TKFI_WRONG_DPOR_H

#include "search.h"

extern bool (*tkfi_wrong_writes)(const struct tkfi_step *step);

extern const struct tkfi_search_type tkfi_wrong_dpor_search;

#endif

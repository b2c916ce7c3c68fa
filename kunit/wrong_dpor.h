/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The exploration by a relation that is wrong on purpose: what tkfi_wrong_writes says
 * of a step is believed. Else as dpor.h.
 */
#ifndef __TKFI_WRONG_DPOR_H
#define __TKFI_WRONG_DPOR_H

#include "dpor.h"

extern bool (*tkfi_wrong_writes)(const struct tkfi_step *step);

struct tkfi_dpor *tkfi_wrong_dpor_create(struct tkfi_engine *engine);
void tkfi_wrong_dpor_destroy(struct tkfi_dpor *dpor);
int tkfi_wrong_dpor_explore(struct tkfi_dpor *dpor,
			    const struct tkfi_dpor_client *client,
			    struct tkfi_dpor_stats *stats);
void tkfi_wrong_dpor_disturb(struct tkfi_dpor *dpor);
void tkfi_wrong_dpor_keep(struct tkfi_dpor *dpor, struct tkfi_keep *keep);

#endif

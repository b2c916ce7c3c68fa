// SPDX-License-Identifier: GPL-2.0
/*
 * dpor.c once more, the source itself, so that it need not have a switch for its
 * test: what it asks of each step is answered by the test, and its functions have
 * other names.
 */
#include "engine.h"
#include "wrong_dpor.h"

bool (*tkfi_wrong_writes)(const struct tkfi_step *step);

#define tkfi_step_writes	tkfi_wrong_writes
#define tkfi_dpor_create	tkfi_wrong_dpor_create
#define tkfi_dpor_destroy	tkfi_wrong_dpor_destroy
#define tkfi_dpor_explore	tkfi_wrong_dpor_explore
#define tkfi_dpor_disturb	tkfi_wrong_dpor_disturb
#define tkfi_dpor_keep		tkfi_wrong_dpor_keep

#include "dpor.c"

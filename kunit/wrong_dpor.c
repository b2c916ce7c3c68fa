// SPDX-License-Identifier: GPL-2.0
/*
 * dpor.c once more, the source itself, so that it need not have a switch for its
 * test: what it asks of each step is answered by the test, and it has another
 * name.
 */
#include "engine.h"
#include "wrong_dpor.h"

bool (*tkfi_wrong_writes)(const struct tkfi_step *step);

#define tkfi_step_writes	tkfi_wrong_writes
#define tkfi_dpor_search	tkfi_wrong_dpor_search

#include "dpor.c"

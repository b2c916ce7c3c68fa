// SPDX-License-Identifier: GPL-2.0
/* Who is executing: an engine, and one of its VCPUs. */
#include "engine.h"

struct tkfi_vcpu *tkfi_current __tkfi_own;
const struct tkfi_observer *tkfi_observer __tkfi_own;
struct tkfi_engine *tkfi_engine;

unsigned int tkfi_current_id(void)
{
	return tkfi_current->id;
}

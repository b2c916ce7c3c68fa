// SPDX-License-Identifier: GPL-2.0
#include <linux/stringify.h>

#include "search.h"

/* Both in the order of the list, as enum tkfi_strategy_kind is. */

#define TKFI_STRATEGY(id, name)	__stringify(name),
const char * const tkfi_strategy_names[TKFI_NR_STRATEGIES] = {
#include "strategy_list.h"
};

#undef TKFI_STRATEGY

#define TKFI_STRATEGY(id, name)	&tkfi_##name##_search,
const struct tkfi_search_type * const tkfi_search_types[TKFI_NR_STRATEGIES] = {
#include "strategy_list.h"
};

#undef TKFI_STRATEGY

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All strategies: TKFI_STRATEGY(ID, name) stands for TKFI_ID, what people call it, and
 * struct tkfi_search_type tkfi_name_search. Those before replay can be asked for by name
 * (frontend/request.c); the others are for tkfi's own use. There is no include guard: each
 * includer defines TKFI_STRATEGY() to make what it needs of a row.
 */

TKFI_STRATEGY(DPOR, dpor)		/* every class once */
TKFI_STRATEGY(DFS, dfs)			/* every interleaving, within a bound of preemptions */
TKFI_STRATEGY(RANDOM, random)
TKFI_STRATEGY(POS, pos)
TKFI_STRATEGY(PCT, pct)
TKFI_STRATEGY(REPLAY, replay)		/* one and the same */

/* Those that others use. */
TKFI_STRATEGY(BOUNDED, bounded)		/* every class that has an execution within a bound */
TKFI_STRATEGY(ESTIMATE, estimate)	/* samples that tell how many classes there are */

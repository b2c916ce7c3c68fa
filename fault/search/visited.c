// SPDX-License-Identifier: GPL-2.0
#include <linux/string.h>
#include <linux/xxhash.h>

#include "hash_table.h"
#include "visited.h"

void tkfi_visited_init(struct tkfi_visited *visited)
{
	if (visited->nr)
		memset(visited->keys, 0, sizeof(visited->keys));
	visited->nr = 0;
}

void tkfi_visited_begin(struct tkfi_visited *visited)
{
	tkfi_history_init(&visited->history);
	visited->hash = 0;
}

/* Add the events that were executed since. */
static void follow(struct tkfi_visited *visited, const struct tkfi_engine *engine)
{
	while (visited->history.hb.nr < engine->nr_log &&
	       visited->history.hb.nr < TKFI_MAX_EVENTS) {
		const struct tkfi_event *event = &engine->log[visited->history.hb.nr];
		const u16 *clock = tkfi_history_add_logged(&visited->history, engine);

		visited->hash += xxh64(clock, TKFI_MAX_VCPUS * sizeof(*clock),
				       event->vcpu | event->kind << 8 |
				       (u64)event->cell << 16);
	}
}

/* Look a key up; if @add, add it, if there is room. Returns whether it was there. */
static bool look_up(struct tkfi_visited *visited, u64 key, bool add)
{
	u64 *place = tkfi_hash_place(visited->keys, TKFI_VISITED_BITS, key | !key);

	if (*place)
		return true;
	if (add && tkfi_visited_has_room(visited)) {
		*place = key | !key;
		visited->nr++;
	}
	return false;
}

void tkfi_visited_keep(struct tkfi_visited *visited, struct tkfi_saved *keep)
{
	unsigned int nr = visited->nr, i;
	u64 key;

	tkfi_saved_move(keep, &nr, sizeof(nr));
	if (!keep->loading) {
		for (i = 0; i < TKFI_VISITED; i++)
			if (visited->keys[i])
				tkfi_saved_move(keep, &visited->keys[i], sizeof(key));
		return;
	}
	tkfi_visited_init(visited);
	for (i = 0; i < nr && !keep->failed; i++) {
		tkfi_saved_move(keep, &key, sizeof(key));
		look_up(visited, key, true);
	}
}

bool tkfi_visited_before(struct tkfi_visited *visited,
			 const struct tkfi_engine *engine, unsigned int spent)
{
	u64 state[TKFI_MAX_VCPUS + 1] = {};
	unsigned int i, less;
	u64 key;

	follow(visited, engine);
	/* The next transition of each VCPU, as not all of them are events in the log. */
	for (i = 0; i < engine->nr_vcpus; i++) {
		const struct tkfi_vcpu *v = &engine->vcpus[i];

		state[i] = v->next.kind | v->next.cell << 8 |
			   (u64)v->nr_events << 32 | (u64)v->done << 63;
	}
	state[TKFI_MAX_VCPUS] = engine->last ? engine->last->id + 1 : 0;
	key = xxh64(state, sizeof(state), visited->hash);
	for (less = 0; less < spent; less++)
		if (look_up(visited, key + less, false))
			return true;
	return look_up(visited, key + spent, true);
}

bool tkfi_visited_class(struct tkfi_visited *visited,
			const struct tkfi_engine *engine)
{
	follow(visited, engine);
	return look_up(visited, ~visited->hash, true);
}

// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>

#include "blocking.h"
#include "engine_internal.h"

const char *tkfi_transition_kind_name(enum tkfi_transition_kind kind)
{
	switch (kind) {
	case TKFI_TRANS_LOCK:
		return "lock";
	case TKFI_TRANS_UNLOCK:
		return "unlock";
	case TKFI_TRANS_STORE:
		return "store";
	default:
		return "load";
	}
}

static void add(struct tkfi_engine *engine, unsigned int vcpu, enum tkfi_entry_kind kind,
		const char *what, s64 value, u64 clock)
{
	const struct tkfi_trace_entry entry = {
		.vcpu = vcpu,
		.kind = kind,
		.nr_events = engine->nr_log,
		.what = what,
		.value = value,
		.clock = clock,
	};

	tkfi_trace_add(&engine->trace, &entry);
}

void tkfi_trace_early(struct tkfi_engine *engine, unsigned int vcpu, bool waits)
{
	struct tkfi_early *early = &engine->early[vcpu];
	unsigned int i;

	for (i = 0; i < early->nr; i++) {
		const struct tkfi_trace_entry *e = &early->entries[i];

		if (waits || e->kind != TKFI_ENTRY_BLOCKED)
			add(engine, vcpu, e->kind, e->what, e->value, e->clock);
	}
	early->nr = 0;
}

void tkfi_trace_turn(struct tkfi_engine *engine, const struct tkfi_vcpu *v)
{
	unsigned long others = engine->on_cpu & ~BIT(v->id);
	unsigned int i;

	for_each_set_bit(i, &others, TKFI_MAX_VCPUS) {
		const struct tkfi_vcpu *other = &engine->vcpus[i];
		const struct tkfi_transition *next = &other->next;

		/* An NMI of it is no preemption. */
		if (v->interrupts == other)
			continue;
		engine->on_cpu &= ~BIT(i);
		if (!other->done && !engine->early[i].nr && tkfi_can_go_on(engine, other))
			tkfi_trace_entry_add(engine, i, TKFI_ENTRY_STOP,
					     tkfi_transition_kind_name(next->kind),
					     next->cell | next->nr_cells << 16);
	}
	engine->on_cpu |= BIT(v->id);
	tkfi_trace_early(engine, v->id, false);
}

void tkfi_record_entry(enum tkfi_entry_kind kind, const char *what, s64 value, u64 clock)
{
	struct tkfi_engine *engine = tkfi_engine;
	const unsigned int id = tkfi_current->id;
	struct tkfi_early *early = &engine->early[id];

	if (early->nr == TKFI_MAX_EARLY)
		tkfi_trace_early(engine, id, true);
	if (!early->nr && (kind != TKFI_ENTRY_CALL || !tkfi_traces_turns(engine))) {
		add(engine, id, kind, what, value, clock);
		return;
	}
	early->entries[early->nr++] = (struct tkfi_trace_entry){
		.kind = kind,
		.what = what,
		.value = value,
		.clock = clock,
	};
}

void tkfi_trace_entry_add(struct tkfi_engine *engine, unsigned int vcpu,
			  enum tkfi_entry_kind kind, const char *what, s64 value)
{
	add(engine, vcpu, kind, what, value, TKFI_NO_CLOCK);
}

void tkfi_leave(const char *what)
{
	tkfi_record(TKFI_ENTRY_LEAVE, what, 0);
}

void tkfi_warn(const char *condition)
{
	tkfi_record(TKFI_ENTRY_WARN, condition, 0);
}

// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xxhash.h>

#include "blocking.h"
#include "cells.h"
#include "engine_internal.h"
#include "names.h"
#include "points.h"
#include "snapshot.h"

struct tkfi_vcpu *tkfi_current __tkfi_own;
const struct tkfi_observer *tkfi_observer __tkfi_own;

unsigned int tkfi_current_id(void)
{
	return tkfi_current->id;
}

struct tkfi_engine *tkfi_engine;

unsigned long tkfi_engine_waits_for(const struct tkfi_engine *engine,
				    const struct tkfi_vcpu *vcpu)
{
	return tkfi_waits_for(engine, vcpu);
}

/* The VCPUs that can go on now, BIT(id) each. */
static __always_inline unsigned long who_is_ready(const struct tkfi_engine *engine)
{
	unsigned long ready = engine->free, look;

	for (look = engine->bound; look; look &= look - 1)
		if (tkfi_can_go_on(engine, &engine->vcpus[__ffs(look)]))
			ready |= look & -look;
	return ready;
}

/* @v has stopped. */
static __always_inline void note_stopped(struct tkfi_engine *engine,
					 const struct tkfi_vcpu *v)
{
	const unsigned long self = BIT(v->id);

	engine->free &= ~self;
	engine->bound &= ~self;
	if (v->done)
		return;
	if (tkfi_is_free(v))
		engine->free |= self;
	else
		engine->bound |= self;
}

__printf(4, 5)
static void internal_bug(struct tkfi_engine *engine, enum tkfi_failure_kind kind,
			 unsigned int vcpu, const char *fmt, ...)
{
	size_t len = scnprintf(engine->error, sizeof(engine->error),
			       "[tkfi internal bug] ");
	va_list args;

	va_start(args, fmt);
	vsnprintf(engine->error + len, sizeof(engine->error) - len, fmt, args);
	va_end(args);
	engine->failure = (struct tkfi_failure){ kind, vcpu };
	engine->ret = -EPROTO;
}

/* Choose the VCPU that goes on. Returns NULL if the engine's caller has to go on first. */
static __always_inline struct tkfi_vcpu *choose(struct tkfi_engine *engine)
{
	unsigned long ready = who_is_ready(engine), begins = engine->begins & ready;
	unsigned int next;

	engine->chosen = NULL;
	if (!ready || engine->ret)
		return NULL;
	if (begins) {
		next = __ffs(begins);
		engine->begins &= ~BIT(next);
	} else {
		next = engine->strategy->next(engine->strategy, engine, ready);
	}
	if (next == TKFI_STOP) {
		engine->ret = -ECANCELED;
		return NULL;
	}
	if (next >= engine->nr_vcpus || !(ready & BIT(next))) {
		internal_bug(engine, TKFI_BAD_CHOICE, next,
			     "the strategy chose VCPU%u of %#lx", next, ready);
		return NULL;
	}
	engine->chosen = &engine->vcpus[next];
	return engine->save ? NULL : engine->chosen;
}

/*
 * Switches to the VCPU that is chosen, directly: the engine's caller is needed only to take
 * a snapshot, and at the end.
 */
void tkfi_stop_here(void)
{
	struct tkfi_engine *engine = tkfi_engine;
	struct tkfi_vcpu *v = tkfi_current, *next;

	tkfi_current = NULL;
	if (!engine->quiet && !irqs_disabled())
		internal_bug(engine, TKFI_IRQS_ON, v->id, "VCPU%u enabled interrupts",
			     v->id);
	note_stopped(engine, v);
	next = choose(engine);
	tkfi_current = next;
	if (next == v)
		return;
	if (next)
		engine->last = next;
	tkfi_switch(&v->context, next ? &next->context : &engine->caller);
}

/* Log the transition that a VCPU executes now. */
static __always_inline void log_event(struct tkfi_engine *engine, struct tkfi_vcpu *v)
{
	const struct tkfi_transition *next = &v->next;

	v->nr_events++;
	if (engine->nr_log < TKFI_MAX_EVENTS) {
		struct tkfi_event *event = &engine->log[engine->nr_log];

		/* One by one: GCC puts an initializer together byte by byte. */
		event->vcpu = v->id;
		event->kind = next->kind;
		event->nr_cells = next->nr_cells;
		event->cell = next->cell;
	}
	engine->nr_log++;
}

void tkfi_do_next(struct tkfi_vcpu *v)
{
	struct tkfi_engine *engine = tkfi_engine;
	unsigned int wants = engine->strategy->wants ?: TKFI_WANTS_POINTS;
	const struct tkfi_transition *next = &v->next;

	if (!engine->quiet || !(wants & BIT(next->kind))) {
		bool blocked = !tkfi_can_go_on(engine, v);

		if (!blocked && !(wants & BIT(next->kind)))
			return;
		if (blocked && !engine->quiet) {
			v->blocked_on = tkfi_name(next->what);
			tkfi_record(TKFI_ENTRY_BLOCKED, v->blocked_on, 0);
		}
	}
	tkfi_stop_here();
	if (!next->nr_cells)
		return;
	if (unlikely(tkfi_traces_turns(engine)))
		tkfi_trace_turn(engine, v);
	log_event(engine, v);
}

unsigned int tkfi_nr_events(void)
{
	return tkfi_engine->nr_log;
}

u64 tkfi_log_hash(const struct tkfi_engine *engine)
{
	unsigned int nr = min(engine->nr_log, TKFI_MAX_EVENTS + 0U), i;
	u64 hash = 0;

	for (i = 0; i < nr; i++) {
		const struct tkfi_event *event = &engine->log[i];
		u64 what = event->vcpu | event->kind << 8 | event->nr_cells << 16 |
			   (u64)event->cell << 32;

		hash = xxh64(&what, sizeof(what), hash);
	}
	return hash;
}

void tkfi_yield(void)
{
	tkfi_current->next = (struct tkfi_transition){ .kind = TKFI_TRANS_YIELD };
	tkfi_do_next(tkfi_current);
}

void tkfi_hit(const char *name)
{
	struct tkfi_vcpu *v = tkfi_current;

	tkfi_point_tell(_RET_IP_);
	tkfi_record(TKFI_ENTRY_POINT, name, 0);
	v->at = name;
	v->next = (struct tkfi_transition){ .kind = TKFI_TRANS_POINT, .what = name };
	tkfi_do_next(v);
	tkfi_take_nmi(v);
	v->at = NULL;
}

static bool all_done(const struct tkfi_engine *engine)
{
	unsigned int i;

	for (i = 0; i < engine->nr_vcpus; i++)
		if (!engine->vcpus[i].done)
			return false;
	return true;
}

static void report_deadlock(struct tkfi_engine *engine)
{
	size_t size = sizeof(engine->error), len;
	unsigned int i;

	len = scnprintf(engine->error, size, "deadlock:");
	for (i = 0; i < engine->nr_vcpus; i++) {
		const struct tkfi_vcpu *v = &engine->vcpus[i];
		const struct tkfi_transition *next = &v->next;

		if (v->done)
			continue;
		if (v->interrupted) {
			len += scnprintf(engine->error + len, size - len,
					 " VCPU%u is interrupted;", v->id);
			continue;
		}
		if (!engine->failure.kind)
			engine->failure = (struct tkfi_failure){ TKFI_DEADLOCK, v->id,
								 next->what };
		len += scnprintf(engine->error + len, size - len,
				 " VCPU%u waits for %s", v->id,
				 tkfi_name(next->what));
		if (next->kind == TKFI_TRANS_LOCK)
			len += scnprintf(engine->error + len, size - len,
					 ", held by VCPU%u;",
					 tkfi_find_held(engine, next->what)->owner->id);
		else if (next->kind == TKFI_TRANS_STORE)
			len += scnprintf(engine->error + len, size - len,
					 " until it is read;");
		else
			len += scnprintf(engine->error + len, size - len,
					 " to change from %u;",
					 *(const unsigned int *)next->what);
	}
	engine->error[len - 1] = '\0';
}

static void vcpu_entry(void)
{
	struct tkfi_vcpu *v = tkfi_current;

	if (v->interrupts)
		tkfi_run_nmi(v);
	else
		v->body(v, v->arg);
	v->done = true;
	if (!tkfi_engine->quiet)
		tkfi_trace_early(tkfi_engine, v->id, true);
	tkfi_stop_here();
	panic("[tkfi internal bug] VCPU%u went on after its end\n", v->id);
}

/* Execute until no VCPU can go on, from where the VCPUs are now. */
static int execute(struct tkfi_engine *engine)
{
	unsigned int i;

	engine->ret = 0;
	engine->failure = (struct tkfi_failure){};
	engine->save = NULL;
	tkfi_engine = engine;
	choose(engine);
	while (engine->chosen) {
		if (engine->save) {
			tkfi_snapshot_take(engine->save, engine);
			engine->save = NULL;
		}
		tkfi_current = engine->chosen;
		engine->last = engine->chosen;
		tkfi_switch(&engine->caller, &engine->chosen->context);
	}
	for (i = 0; i < engine->nr_vcpus && !engine->quiet; i++)
		tkfi_trace_early(engine, i, true);
	if (!irqs_disabled() && !engine->ret)
		internal_bug(engine, TKFI_IRQS_ON, engine->last ? engine->last->id : 0,
			     "a VCPU enabled interrupts");
	if (!engine->ret && !all_done(engine)) {
		report_deadlock(engine);
		engine->ret = -EDEADLK;
	}
	tkfi_engine = NULL;
	return engine->ret;
}

int tkfi_engine_run(struct tkfi_engine *engine, struct tkfi_strategy *strategy)
{
	const unsigned int wants = strategy->wants ?: TKFI_WANTS_POINTS;
	unsigned long flags;
	unsigned int i;
	int ret;

	local_irq_save(flags);
	engine->last = NULL;
	engine->free = 0;
	engine->bound = 0;
	engine->begins = 0;
	engine->nr_log = 0;
	engine->on_cpu = 0;
	engine->strategy = strategy;
	engine->error[0] = '\0';
	memset(engine->held, 0, sizeof(engine->held));
	for (i = 0; i < engine->nr_vcpus; i++) {
		struct tkfi_vcpu *v = &engine->vcpus[i];

		v->done = false;
		v->at = NULL;
		v->nmi = NULL;
		v->nr_events = 0;
		tkfi_set_held(v, 0);
		if (!(wants & BIT(TKFI_TRANS_LOAD)))
			v->masks = (struct tkfi_masks){};
		v->next = (struct tkfi_transition){ .kind = TKFI_TRANS_YIELD };
		__builtin_memset(v->attempts, 0, sizeof(v->attempts));
		v->interrupted = false;
		note_stopped(engine, v);
		if (!(wants & BIT(TKFI_TRANS_YIELD)))
			engine->begins |= BIT(i);
		tkfi_context_init(&v->context, vcpu_entry);
	}
	if (strategy->begin)
		strategy->begin(strategy, engine);
	ret = execute(engine);
	local_irq_restore(flags);
	return ret;
}

int tkfi_engine_resume(struct tkfi_engine *engine,
		       struct tkfi_strategy *strategy,
		       const struct tkfi_snapshot *from)
{
	unsigned long flags;
	int ret;

	local_irq_save(flags);
	engine->strategy = strategy;
	engine->error[0] = '\0';
	tkfi_snapshot_restore(from, engine);
	ret = execute(engine);
	local_irq_restore(flags);
	return ret;
}

struct tkfi_vcpu *tkfi_engine_add(struct tkfi_engine *engine,
				  void (*body)(struct tkfi_vcpu *, void *),
				  void *arg)
{
	struct tkfi_vcpu *v;

	if (engine->nr_vcpus == TKFI_MAX_VCPUS)
		return NULL;
	v = &engine->vcpus[engine->nr_vcpus];
	*v = (struct tkfi_vcpu){
		.id = engine->nr_vcpus++,
		.body = body,
		.arg = arg,
		.context.stack = v->context.stack,
	};
	return v;
}

void tkfi_engine_reset(struct tkfi_engine *engine)
{
	engine->nr_vcpus = 0;
	tkfi_trace_reset(&engine->trace);
}

struct tkfi_engine *tkfi_engine_create(void)
{
	struct tkfi_engine *engine = kzalloc(sizeof(*engine), GFP_KERNEL);
	unsigned int i;

	if (!engine)
		return NULL;
	for (i = 0; i < TKFI_MAX_VCPUS; i++) {
		engine->vcpus[i].context.stack = tkfi_stack_alloc();
		if (!engine->vcpus[i].context.stack) {
			tkfi_engine_destroy(engine);
			return NULL;
		}
	}
	return engine;
}

void tkfi_engine_destroy(struct tkfi_engine *engine)
{
	unsigned int i;

	if (!engine)
		return;
	for (i = 0; i < TKFI_MAX_VCPUS; i++)
		tkfi_stack_free(engine->vcpus[i].context.stack);
	kfree(engine);
}

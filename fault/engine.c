// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/slab.h>

#include "engine.h"
#include "hooks.h"
#include "names.h"

#undef cpu_relax

struct tkfi_vcpu *tkfi_current;

/* The engine whose VCPUs execute; one at a time, interrupts are off. */
static struct tkfi_engine *tkfi_engine;

/* Locks held by VCPUs, and by whom. */
#define TKFI_MAX_LOCKS	8
static struct {
	const void *lock;
	struct tkfi_vcpu *owner;
} tkfi_locks[TKFI_MAX_LOCKS];

static struct tkfi_vcpu *lock_owner(const void *lock)
{
	int i;

	for (i = 0; i < TKFI_MAX_LOCKS; i++)
		if (tkfi_locks[i].lock == lock)
			return tkfi_locks[i].owner;
	return NULL;
}

unsigned int tkfi_locks_held(const struct tkfi_vcpu *vcpu)
{
	unsigned int i, held = 0;

	for (i = 0; i < TKFI_MAX_LOCKS; i++)
		held += tkfi_locks[i].lock && tkfi_locks[i].owner == vcpu;
	return held;
}

/* Back to tkfi_engine_run(), which comes back when the strategy says so. */
static void stop_here(void)
{
	struct tkfi_vcpu *v = tkfi_current;

	tkfi_current = NULL;
	tkfi_switch(&v->context, &tkfi_engine->caller);
}

void tkfi_yield(void)
{
	stop_here();
}

static void block(struct tkfi_vcpu *v, const void *what)
{
	v->blocked_on = tkfi_name(what);
	tkfi_record(TKFI_EV_BLOCKED, v->blocked_on, 0);
	v->state = TKFI_BLOCKED;
	stop_here();
}

void tkfi_record(enum tkfi_event_kind kind, const char *what, s64 value)
{
	if (tkfi_current)
		tkfi_trace_add(&tkfi_engine->trace, tkfi_current->id, kind, what,
			       value);
}

void tkfi_hit(const char *name)
{
	tkfi_record(TKFI_EV_POINT, name, 0);
	tkfi_current->at = name;
	stop_here();
	tkfi_current->at = NULL;
}

void tkfi_watch(const unsigned int *word)
{
	if (tkfi_current)
		tkfi_current->watched = word;
}

void tkfi_await_word(const unsigned int *word, unsigned int value)
{
	struct tkfi_vcpu *v = tkfi_current;

	v->wait_word = word;
	v->wait_value = value;
	block(v, word);
}

void tkfi_await(void)
{
	tkfi_await_word(tkfi_current->watched, *tkfi_current->watched);
}

void tkfi_lock(const void *lock)
{
	struct tkfi_vcpu *v = tkfi_current;
	int i;

	if (!v)
		return;
	while (lock_owner(lock)) {
		v->wait_lock = lock;
		block(v, lock);
	}
	for (i = 0; i < TKFI_MAX_LOCKS; i++) {
		if (tkfi_locks[i].lock)
			continue;
		tkfi_locks[i].lock = lock;
		tkfi_locks[i].owner = v;
		tkfi_record(TKFI_EV_LOCK, tkfi_name(lock), 0);
		return;
	}
	panic("[tkfi internal bug] more than %d locks held\n", TKFI_MAX_LOCKS);
}

void tkfi_unlock(const void *lock)
{
	int i;

	if (!tkfi_current)
		return;
	for (i = 0; i < TKFI_MAX_LOCKS; i++) {
		if (tkfi_locks[i].lock != lock ||
		    tkfi_locks[i].owner != tkfi_current)
			continue;
		tkfi_locks[i].lock = NULL;
		tkfi_record(TKFI_EV_UNLOCK, tkfi_name(lock), 0);
		return;
	}
	panic("[tkfi internal bug] VCPU%u does not hold %s\n",
	      tkfi_current->id, tkfi_name(lock));
}

void tkfi_leave(const char *what)
{
	tkfi_record(TKFI_EV_LEAVE, what, 0);
}

/* Unblock whoever need not wait any longer. Returns who can go on. */
static unsigned long who_is_ready(struct tkfi_engine *engine)
{
	unsigned long ready = 0;
	unsigned int i;

	for (i = 0; i < engine->nr_vcpus; i++) {
		struct tkfi_vcpu *v = &engine->vcpus[i];

		if (v->state == TKFI_BLOCKED &&
		    (v->wait_lock ? !lock_owner(v->wait_lock) :
				    *v->wait_word != v->wait_value)) {
			v->wait_lock = NULL;
			v->wait_word = NULL;
			v->state = TKFI_READY;
		}
		if (v->state == TKFI_READY)
			ready |= BIT(i);
	}
	return ready;
}

static bool all_done(const struct tkfi_engine *engine)
{
	unsigned int i;

	for (i = 0; i < engine->nr_vcpus; i++)
		if (engine->vcpus[i].state != TKFI_DONE)
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

		if (v->state == TKFI_DONE)
			continue;
		len += scnprintf(engine->error + len, size - len,
				 " VCPU%u waits for %s", v->id,
				 tkfi_name(v->wait_lock ?: v->wait_word));
		if (v->wait_lock)
			len += scnprintf(engine->error + len, size - len,
					 ", held by VCPU%u;",
					 lock_owner(v->wait_lock)->id);
		else
			len += scnprintf(engine->error + len, size - len,
					 " to change from %u;", v->wait_value);
	}
	engine->error[len - 1] = '\0';
}

static void vcpu_entry(void)
{
	struct tkfi_vcpu *v = tkfi_current;

	v->body(v, v->arg);
	v->state = TKFI_DONE;
	stop_here();
	panic("[tkfi internal bug] VCPU%u went on after its end\n", v->id);
}

int tkfi_engine_run(struct tkfi_engine *engine, struct tkfi_strategy *strategy)
{
	unsigned long flags, ready;
	unsigned int i;
	int ret = 0;

	local_irq_save(flags);
	tkfi_engine = engine;
	engine->last = NULL;
	engine->error[0] = '\0';
	memset(tkfi_locks, 0, sizeof(tkfi_locks));
	for (i = 0; i < engine->nr_vcpus; i++) {
		struct tkfi_vcpu *v = &engine->vcpus[i];

		v->state = TKFI_READY;
		v->at = NULL;
		v->wait_word = NULL;
		v->wait_lock = NULL;
		tkfi_context_init(&v->context, vcpu_entry);
	}
	if (strategy->begin)
		strategy->begin(strategy, engine);

	while ((ready = who_is_ready(engine))) {
		unsigned int next = strategy->next(strategy, engine, ready);

		if (next >= engine->nr_vcpus || !(ready & BIT(next))) {
			snprintf(engine->error, sizeof(engine->error),
				 "[tkfi internal bug] the strategy chose VCPU%u of %#lx",
				 next, ready);
			ret = -EPROTO;
			break;
		}
		engine->last = &engine->vcpus[next];
		tkfi_current = engine->last;
		tkfi_switch(&engine->caller, &engine->last->context);
		if (!irqs_disabled()) {
			snprintf(engine->error, sizeof(engine->error),
				 "[tkfi internal bug] VCPU%u enabled interrupts",
				 next);
			ret = -EPROTO;
			break;
		}
	}
	if (!ret && !all_done(engine)) {
		report_deadlock(engine);
		ret = -EDEADLK;
	}
	tkfi_engine = NULL;
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

// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xxhash.h>

#include "cells.h"
#include "engine.h"
#include "hooks.h"
#include "names.h"
#include "snapshot.h"

#undef cpu_relax

struct tkfi_vcpu *tkfi_current;

/* The engine whose VCPUs execute; one at a time, interrupts are off. */
static struct tkfi_engine *tkfi_engine;

const char *tkfi_step_kind_name(enum tkfi_step_kind kind)
{
	switch (kind) {
	case TKFI_STEP_LOCK:
		return "lock";
	case TKFI_STEP_UNLOCK:
		return "unlock";
	case TKFI_STEP_STORE:
		return "store";
	default:
		return "load";
	}
}

static struct tkfi_held *find_held(const struct tkfi_engine *engine,
				   const void *lock)
{
	int i;

	for (i = 0; i < TKFI_MAX_LOCKS; i++)
		if (engine->held[i].lock == lock)
			return (struct tkfi_held *)&engine->held[i];
	return NULL;
}

unsigned int tkfi_locks_held(const struct tkfi_vcpu *vcpu)
{
	unsigned int i, held = 0;

	for (i = 0; i < TKFI_MAX_LOCKS; i++)
		held += tkfi_engine->held[i].lock &&
			tkfi_engine->held[i].owner == vcpu;
	return held;
}

bool tkfi_lock_held(const struct tkfi_vcpu *vcpu, const void *lock)
{
	const struct tkfi_held *held = find_held(tkfi_engine, lock);

	return held && held->owner == vcpu;
}

static bool is_reading(const struct tkfi_vcpu *v, unsigned int cell)
{
	int i;

	for (i = 0; i < TKFI_MAX_ATTEMPTS; i++)
		if (v->attempts[i] == cell)
			return true;
	return false;
}

/*
 * A reader that finds its sequence changed has done nothing and starts again. So
 * nothing is lost if writers of the sequence wait for readers that are between
 * their two looks at it: that a reader was late is the same as that it began late.
 * That does not hold where somebody does not look twice.
 */
static unsigned long readers_of(const struct tkfi_engine *engine,
				const struct tkfi_vcpu *writer,
				unsigned int cell)
{
	unsigned long readers = 0;
	unsigned int i;

	for (i = 0; i < engine->nr_vcpus; i++)
		if (&engine->vcpus[i] != writer &&
		    is_reading(&engine->vcpus[i], cell))
			readers |= BIT(i);
	return readers;
}

static __always_inline unsigned long waits_for(const struct tkfi_engine *engine,
					       const struct tkfi_vcpu *v)
{
	const struct tkfi_step *next = &v->next;
	const struct tkfi_held *held;
	bool waits;
	u8 flags;

	switch (next->kind) {
	case TKFI_STEP_LOCK:
		held = find_held(engine, next->what);
		return held ? BIT(held->owner->id) : 0;
	case TKFI_STEP_AWAIT:
		waits = *(const unsigned int *)next->what == next->value;
		break;
	case TKFI_STEP_BEGIN:
		flags = tkfi_cells[next->cell].flags;
		waits = flags & TKFI_CELL_SEQUENCE &&
			*(const unsigned int *)next->what & 1;
		break;
	case TKFI_STEP_STORE:
		flags = tkfi_cells[next->cell].flags;
		if (!(flags & (TKFI_CELL_SEQUENCE | TKFI_CELL_LATCH)) ||
		    flags & TKFI_CELL_UNCHECKED)
			return 0;
		return readers_of(engine, v, next->cell);
	default:
		return 0;
	}
	return waits ? ~BIT(v->id) : 0;
}

/*
 * Can @v go on whatever others do? Most can, most of the time. Whoever can gets 0 from
 * waits_for() above, always.
 */
static __always_inline bool is_free(const struct tkfi_vcpu *v)
{
	const unsigned int waiting = BIT(TKFI_STEP_LOCK) |
				     BIT(TKFI_STEP_AWAIT) | BIT(TKFI_STEP_BEGIN);
	const u8 flags = TKFI_CELL_SEQUENCE | TKFI_CELL_LATCH;
	const struct tkfi_step *next = &v->next;

	/* Who has an NMI may be interrupted before any step. */
	return !v->cpu && !(BIT(next->kind) & waiting) &&
	       (next->kind != TKFI_STEP_STORE ||
		!(tkfi_cells[next->cell].flags & flags));
}

static __always_inline bool can_go_on(const struct tkfi_engine *engine,
				      const struct tkfi_vcpu *v)
{
	return !v->interrupted && !waits_for(engine, v);
}

unsigned long tkfi_engine_waits_for(const struct tkfi_engine *engine,
				    const struct tkfi_vcpu *vcpu)
{
	return waits_for(engine, vcpu);
}

/* VCPUs that can go on now, a bit each. */
static __always_inline unsigned long who_is_ready(const struct tkfi_engine *engine)
{
	unsigned long ready = engine->free, look;

	for (look = engine->bound; look; look &= look - 1)
		if (can_go_on(engine, &engine->vcpus[__ffs(look)]))
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
	if (is_free(v))
		engine->free |= self;
	else
		engine->bound |= self;
}

static void internal_bug(struct tkfi_engine *engine, const char *fmt, ...)
{
	size_t len = scnprintf(engine->error, sizeof(engine->error),
			       "[tkfi internal bug] ");
	va_list args;

	va_start(args, fmt);
	vsnprintf(engine->error + len, sizeof(engine->error) - len, fmt, args);
	va_end(args);
	engine->ret = -EPROTO;
}

/* Who goes on now; NULL for the engine's caller. */
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
		internal_bug(engine, "the strategy chose VCPU%u of %#lx", next,
			     ready);
		return NULL;
	}
	engine->chosen = &engine->vcpus[next];
	return engine->save ? NULL : engine->chosen;
}

/*
 * The executing VCPU stops. Whoever is chosen goes on right from here: the caller
 * of the engine is needed only for snapshots, and at the end.
 */
static void stop_here(void)
{
	struct tkfi_engine *engine = tkfi_engine;
	struct tkfi_vcpu *v = tkfi_current, *next;

	tkfi_current = NULL;
	if (!engine->quiet && !irqs_disabled())
		internal_bug(engine, "VCPU%u enabled interrupts", v->id);
	note_stopped(engine, v);
	next = choose(engine);
	tkfi_current = next;
	if (next == v)
		return;
	if (next)
		engine->last = next;
	tkfi_switch(&v->context, next ? &next->context : &engine->caller);
}

/*
 * The operation that a VCPU called has taken its first step, or none at all. If it has, it
 * waits no longer.
 */
static void trace_early(struct tkfi_engine *engine, unsigned int vcpu, bool waits)
{
	struct tkfi_early *early = &engine->early[vcpu];
	unsigned int i;

	for (i = 0; i < early->nr; i++) {
		const struct tkfi_event *e = &early->events[i];

		if (waits || e->kind != TKFI_EV_BLOCKED)
			tkfi_trace_event(engine, vcpu, e->kind, e->what, e->value);
	}
	early->nr = 0;
}

/* @v goes on with a step: whoever was in an operation was preempted. */
static void trace_turn(struct tkfi_engine *engine, const struct tkfi_vcpu *v)
{
	unsigned long others = engine->on_cpu & ~BIT(v->id);
	unsigned int i;

	for_each_set_bit(i, &others, TKFI_MAX_VCPUS) {
		const struct tkfi_vcpu *other = &engine->vcpus[i];
		const struct tkfi_step *next = &other->next;

		/* An NMI of it is no preemption. */
		if (v->interrupts == other)
			continue;
		engine->on_cpu &= ~BIT(i);
		if (!other->done && !engine->early[i].nr && can_go_on(engine, other))
			tkfi_trace_event(engine, i, TKFI_EV_STOP,
					 tkfi_step_kind_name(next->kind),
					 next->cell | next->nr_cells << 16);
	}
	engine->on_cpu |= BIT(v->id);
	trace_early(engine, v->id, false);
}

/* It is its turn. */
static void did(struct tkfi_vcpu *v)
{
	struct tkfi_engine *engine = tkfi_engine;
	const struct tkfi_step *step = &v->next;

	v->steps++;
	if (engine->nr_log < TKFI_MAX_STEPS)
		engine->log[engine->nr_log] = (struct tkfi_done){
			.vcpu = v->id,
			.kind = step->kind,
			.nr_cells = step->nr_cells,
			.cell = step->cell,
		};
	engine->nr_log++;
}

/* The executing VCPU is about to do @v->next, when it is its turn. */
static void step(struct tkfi_vcpu *v)
{
	const struct tkfi_engine *engine = tkfi_engine;
	unsigned int wants = engine->strategy->wants ?: TKFI_WANTS_POINTS;
	const struct tkfi_step *next = &v->next;

	if (!engine->quiet || !(wants & BIT(next->kind))) {
		bool blocked = !can_go_on(engine, v);

		if (!blocked && !(wants & BIT(next->kind)))
			return;
		if (blocked && !engine->quiet) {
			v->blocked_on = tkfi_name(next->what);
			tkfi_record(TKFI_EV_BLOCKED, v->blocked_on, 0);
		}
	}
	stop_here();
	if (!next->nr_cells)
		return;
	if (!engine->quiet)
		trace_turn(tkfi_engine, v);
	did(v);
}

unsigned int tkfi_now(void)
{
	return tkfi_engine->nr_log;
}

u64 tkfi_log_hash(const struct tkfi_engine *engine)
{
	unsigned int nr = min(engine->nr_log, TKFI_MAX_STEPS + 0U), i;
	u64 hash = 0;

	for (i = 0; i < nr; i++) {
		const struct tkfi_done *step = &engine->log[i];
		u64 what = step->vcpu | step->kind << 8 | step->nr_cells << 16 |
			   (u64)step->cell << 32;

		hash = xxh64(&what, sizeof(what), hash);
	}
	return hash;
}

void tkfi_yield(void)
{
	tkfi_current->next = (struct tkfi_step){ .kind = TKFI_STEP_YIELD };
	step(tkfi_current);
}

void tkfi_record(enum tkfi_event_kind kind, const char *what, s64 value)
{
	struct tkfi_engine *engine = tkfi_engine;
	struct tkfi_early *early;
	unsigned int id;

	if (!tkfi_current || engine->quiet)
		return;
	id = tkfi_current->id;
	early = &engine->early[id];
	if (early->nr == TKFI_MAX_EARLY)
		trace_early(engine, id, true);
	if (!early->nr && (kind != TKFI_EV_CALL || !engine->strategy->wants ||
			   engine->strategy->wants & TKFI_WANTS_POINTS)) {
		tkfi_trace_event(engine, id, kind, what, value);
		return;
	}
	early->events[early->nr++] = (struct tkfi_event){
		.kind = kind,
		.what = what,
		.value = value,
	};
}

void tkfi_trace_event(struct tkfi_engine *engine, unsigned int vcpu,
		      enum tkfi_event_kind kind, const char *what, s64 value)
{
	const struct tkfi_event event = {
		.vcpu = vcpu,
		.kind = kind,
		.step = engine->nr_log,
		.what = what,
		.value = value,
	};

	tkfi_trace_add(&engine->trace, &event);
}

void tkfi_nmi(struct tkfi_vcpu *vcpu,
	      void (*handler)(struct tkfi_vcpu *, void *), void *arg)
{
	vcpu->nmi = handler;
	vcpu->nmi_arg = arg;
}

static void take_nmi(struct tkfi_vcpu *v)
{
	void (*handler)(struct tkfi_vcpu *, void *) = v->nmi;

	if (!handler)
		return;
	v->nmi = NULL;
	tkfi_record(TKFI_EV_NMI, v->at, 0);
	handler(v, v->nmi_arg);
}

void tkfi_hit(const char *name)
{
	struct tkfi_vcpu *v = tkfi_current;

	tkfi_record(TKFI_EV_POINT, name, 0);
	v->at = name;
	v->next = (struct tkfi_step){ .kind = TKFI_STEP_POINT, .what = name };
	step(v);
	take_nmi(v);
	v->at = NULL;
}

void tkfi_watch(const unsigned int *word)
{
	if (tkfi_current)
		tkfi_current->watched = word;
}

void tkfi_await_word(const unsigned int *word, unsigned int value)
{
	struct tkfi_vcpu *v = tkfi_current;
	unsigned int cell = tkfi_cell_at(word);

	v->may_wait = true;
	v->next = (struct tkfi_step){
		.kind = TKFI_STEP_AWAIT,
		.nr_cells = cell && tkfi_cells_use(cell, 1, v->id, false, v->held),
		.cell = cell,
		.value = value,
		.what = word,
	};
	step(v);
}

void tkfi_await(void)
{
	tkfi_await_word(tkfi_current->watched, *tkfi_current->watched);
}

static void set_held(struct tkfi_vcpu *v, u16 held)
{
	v->held = held;
	v->load_news = tkfi_news(v->id, false, held);
	v->store_news = tkfi_news(v->id, true, held);
}

static void set_attempt(struct tkfi_vcpu *v, u16 from, u16 to)
{
	const union tkfi_cell *c = &tkfi_cells[from ?: to];
	int i;

	if (!to)
		set_held(v, v->held & ~BIT(c->guard));
	else if (!(c->flags & (TKFI_CELL_BROKEN | TKFI_CELL_UNCHECKED)))
		set_held(v, v->held | BIT(c->guard));

	for (i = 0; i < TKFI_MAX_ATTEMPTS; i++) {
		if (v->attempts[i] == from) {
			v->attempts[i] = to;
			return;
		}
	}
	panic("[tkfi internal bug] VCPU%u reads too many sequences\n", v->id);
}

void tkfi_attempts_end(void)
{
	struct tkfi_vcpu *v = tkfi_current;
	int i;

	for (i = 0; i < TKFI_MAX_ATTEMPTS; i++) {
		u16 cell = v->attempts[i];

		if (!cell)
			continue;
		if (!(tkfi_cells[cell].flags & TKFI_CELL_UNCHECKED)) {
			tkfi_cells[cell].flags |= TKFI_CELL_UNCHECKED;
			tkfi_cells_changed = true;
		}
		set_attempt(v, cell, 0);
	}
	v->looks = 0;
}

/* What is read is a sequence, whose value is @value: is that progress? */
static void begin_attempt(struct tkfi_vcpu *v, unsigned int cell,
			  unsigned int value)
{
	struct tkfi_engine *engine = tkfi_engine;

	v->may_wait |= tkfi_cells[cell].flags & TKFI_CELL_SEQUENCE;
	v->looks = v->seen == value ? v->looks + 1 : 0;
	v->seen = value;
	if (v->looks == TKFI_MAX_LOOKS) {
		snprintf(engine->error, sizeof(engine->error),
			 "livelock: VCPU%u reads %s again and again, which is %u all the time",
			 v->id, tkfi_name(tkfi_cell_word(cell)), value);
		engine->ret = -EDEADLK;
		stop_here();
	}
	set_attempt(v, 0, cell);
}

/* The sequence, if it is one, is about to become odd or even. */
static void write_sequence(struct tkfi_vcpu *v, unsigned int cell,
			   const unsigned int *word)
{
	union tkfi_cell *c = &tkfi_cells[cell];

	if ((c->flags & (TKFI_CELL_SEQUENCE | TKFI_CELL_BROKEN)) !=
	    TKFI_CELL_SEQUENCE)
		return;
	/* Who else may make it even than who made it odd? */
	if (*word % 2 && !(v->held & BIT(c->guard))) {
		c->flags |= TKFI_CELL_BROKEN;
		tkfi_cells_changed = true;
	}
	set_held(v, v->held ^ BIT(c->guard));
}

/* An access that is a choice. */
static void shared_access(struct tkfi_vcpu *v, const void *addr,
			  unsigned int cell, unsigned int nr,
			  enum tkfi_step_kind kind, bool is_volatile,
			  unsigned long ip)
{
	u8 flags = tkfi_cells[cell].flags;

	if (is_volatile && kind == TKFI_STEP_LOAD &&
	    flags & (TKFI_CELL_SEQUENCE | TKFI_CELL_LATCH))
		kind = is_reading(v, cell) ? TKFI_STEP_CHECK : TKFI_STEP_BEGIN;
	v->next = (struct tkfi_step){
		.kind = kind,
		.nr_cells = nr,
		.cell = cell,
		.what = addr,
		.ip = ip,
	};
	step(v);
	if (kind == TKFI_STEP_BEGIN)
		begin_attempt(v, cell, *(const unsigned int *)addr);
	else if (kind == TKFI_STEP_CHECK)
		set_attempt(v, cell, 0);
	else if (kind == TKFI_STEP_STORE)
		write_sequence(v, cell, addr);
}

void tkfi_use(const void *addr, unsigned int size, enum tkfi_step_kind kind,
	      bool is_volatile, unsigned long ip)
{
	struct tkfi_vcpu *v = tkfi_current;
	unsigned int cell = tkfi_cell_at(addr), nr = tkfi_nr_cells(addr, size);

	if (tkfi_cells_use(cell, nr, v->id, kind == TKFI_STEP_STORE, v->held))
		shared_access(v, addr, cell, nr, kind, is_volatile, ip);
}

/*
 * The executing VCPU is about to take or drop a lock. Returns its cell if that is a
 * choice.
 */
static unsigned int lock_step(struct tkfi_vcpu *v, const void *lock,
			      enum tkfi_step_kind kind)
{
	v->next = (struct tkfi_step){ .kind = kind, .what = lock };
	if (tkfi_engine->strategy->wants & BIT(kind)) {
		v->next.cell = tkfi_cell_of_lock(lock);
		v->next.nr_cells = tkfi_cells_use(v->next.cell, 1, v->id, true, 0);
	}
	return v->next.cell;
}

void tkfi_lock(const void *lock)
{
	struct tkfi_vcpu *v = tkfi_current;
	struct tkfi_held *held;
	unsigned int cell;

	if (!v)
		return;
	v->may_wait = true;
	cell = lock_step(v, lock, TKFI_STEP_LOCK);
	if (v->next.nr_cells || find_held(tkfi_engine, lock))
		step(v);
	held = find_held(tkfi_engine, NULL);
	if (!held)
		panic("[tkfi internal bug] more than %d locks held\n",
		      TKFI_MAX_LOCKS);
	held->lock = lock;
	held->owner = v;
	if (cell)
		set_held(v, v->held | BIT(tkfi_cells[cell].guard));
	tkfi_record(TKFI_EV_LOCK, tkfi_engine->quiet ? NULL : tkfi_name(lock), 0);
}

void tkfi_unlock(const void *lock)
{
	struct tkfi_vcpu *v = tkfi_current;
	struct tkfi_held *held;
	unsigned int cell;

	if (!v)
		return;
	cell = lock_step(v, lock, TKFI_STEP_UNLOCK);
	if (v->next.nr_cells)
		step(v);
	held = find_held(tkfi_engine, lock);
	if (!held || held->owner != v) {
		/* Nothing after this can be trusted: the VCPU stays here. */
		snprintf(tkfi_engine->error, sizeof(tkfi_engine->error),
			 "VCPU%u drops %s, which it does not hold", v->id,
			 tkfi_name(lock));
		tkfi_engine->ret = -EPERM;
		stop_here();
	}
	held->lock = NULL;
	if (cell)
		set_held(v, v->held & ~BIT(tkfi_cells[cell].guard));
	tkfi_record(TKFI_EV_UNLOCK, tkfi_engine->quiet ? NULL : tkfi_name(lock),
		    0);
}

void tkfi_leave(const char *what)
{
	tkfi_record(TKFI_EV_LEAVE, what, 0);
}

void tkfi_warn(const char *condition)
{
	tkfi_record(TKFI_EV_WARN, condition, 0);
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
		const struct tkfi_step *next = &v->next;

		if (v->done)
			continue;
		if (v->interrupted) {
			len += scnprintf(engine->error + len, size - len,
					 " VCPU%u is interrupted;", v->id);
			continue;
		}
		len += scnprintf(engine->error + len, size - len,
				 " VCPU%u waits for %s", v->id,
				 tkfi_name(next->what));
		if (next->kind == TKFI_STEP_LOCK)
			len += scnprintf(engine->error + len, size - len,
					 ", held by VCPU%u;",
					 find_held(engine, next->what)->owner->id);
		else if (next->kind == TKFI_STEP_STORE)
			len += scnprintf(engine->error + len, size - len,
					 " until it is read;");
		else
			len += scnprintf(engine->error + len, size - len,
					 " to change from %u;",
					 *(const unsigned int *)next->what);
	}
	engine->error[len - 1] = '\0';
}

/*
 * An NMI is a VCPU of its own, and a lock that it holds from its beginning to its
 * end. Each step of the VCPU it interrupts is as if it took that lock too.
 */
static const char nmi_locks[TKFI_MAX_VCPUS];
static const char * const nmi_names[TKFI_MAX_VCPUS] = {
	"nmi0", "nmi1", "nmi2", "nmi3", "nmi4", "nmi5", "nmi6", "nmi7",
};

static void run_nmi(struct tkfi_vcpu *v)
{
	struct tkfi_vcpu *victim = v->interrupts;
	const void *lock = &nmi_locks[victim->id];

	tkfi_lock(lock);
	victim->interrupted = true;
	tkfi_record(TKFI_EV_NMI, nmi_names[victim->id], 0);
	v->body(v, v->arg);
	tkfi_unlock(lock);
	victim->interrupted = false;
}

static void vcpu_entry(void)
{
	struct tkfi_vcpu *v = tkfi_current;

	if (v->interrupts)
		run_nmi(v);
	else
		v->body(v, v->arg);
	v->done = true;
	trace_early(tkfi_engine, v->id, true);
	stop_here();
	panic("[tkfi internal bug] VCPU%u went on after its end\n", v->id);
}

/* Execute from wherever the VCPUs are. */
static int execute(struct tkfi_engine *engine)
{
	unsigned int i;

	engine->ret = 0;
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
		trace_early(engine, i, true);
	if (!irqs_disabled() && !engine->ret)
		internal_bug(engine, "a VCPU enabled interrupts");
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
		v->steps = 0;
		set_held(v, 0);
		if (!(wants & BIT(TKFI_STEP_LOAD))) {
			v->load_news = 0;
			v->store_news = 0;
		}
		v->next = (struct tkfi_step){ .kind = TKFI_STEP_YIELD };
		memset(v->attempts, 0, sizeof(v->attempts));
		v->interrupted = false;
		note_stopped(engine, v);
		if (!(wants & BIT(TKFI_STEP_YIELD)))
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

struct tkfi_vcpu *tkfi_engine_add_nmi(struct tkfi_engine *engine,
				      struct tkfi_vcpu *victim,
				      void (*body)(struct tkfi_vcpu *, void *),
				      void *arg)
{
	struct tkfi_vcpu *v = tkfi_engine_add(engine, body, arg);

	if (!v)
		return NULL;
	v->interrupts = victim;
	tkfi_name_add(&nmi_locks[victim->id], nmi_names[victim->id]);
	victim->cpu = tkfi_cell_of_lock(&nmi_locks[victim->id]);
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

// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xxhash.h>

#include "clock.h"
#include "points.h"
#include "session.h"

void tkfi_timekeeping_state(tkfi_region_fn add)
{
	size_t size;
	void *clock = tkfi_clock_storage(&size);

	tkfi_timekeeping_regions(add);
	tkfi_ntp_regions(add);
	tkfi_vdso_regions(add);
	tkfi_tick_regions(add);
	tkfi_locals_each(add);
	add("tkfi_clock", clock, size);
}

static u64 tkfi_ntp_hashed;

static void hash_region(const char *name, void *addr, size_t size)
{
	tkfi_ntp_hashed = xxh64(addr, size, tkfi_ntp_hashed);
}

u64 tkfi_ntp_hash(void)
{
	tkfi_ntp_hashed = 0;
	tkfi_ntp_regions(hash_region);
	return tkfi_ntp_hashed;
}

int tkfi_session_open(struct tkfi_session *session, u32 hz)
{
	int ret;

	memset(session, 0, sizeof(*session));
	session->engine = tkfi_engine_create();
	session->setup = kzalloc(sizeof(*session->setup), GFP_KERNEL);
	tkfi_state_use(tkfi_timekeeping_state);
	ret = tkfi_state_alloc(&session->own);
	if (!session->engine || !session->setup)
		ret = -ENOMEM;
	if (!ret)
		ret = tkfi_clock_install(hz);
	session->installed = !ret;
	if (ret)
		tkfi_session_close(session);
	return ret;
}

void tkfi_session_close(struct tkfi_session *session)
{
	if (session->installed)
		tkfi_clock_uninstall();
	tkfi_engine_destroy(session->engine);
	kfree(session->setup);
	tkfi_state_free(&session->own);
	memset(session, 0, sizeof(*session));
}

/* Everything as at boot, and the same at every boot. */
void tkfi_timekeeping_start(void)
{
	tkfi_clock_set(TKFI_START_CYCLES);
	tkfi_rtc_set_absent(false);
	tkfi_locals_reset();
	tkfi_ntp_reset();
	tkfi_tick_reset();
	tkfi_timekeeping_reset(&tkfi_clocksource, TKFI_START_MONO,
			       TKFI_START_WALL);
}

/* Fold the engine's trace into the session's hash. */
static int account(struct tkfi_session *session)
{
	struct tkfi_engine *engine = session->engine;

	session->events += engine->trace.nr;
	session->hash = tkfi_trace_hash(&engine->trace, session->hash);
	if (engine->trace.nr <= TKFI_TRACE_ENTRIES)
		return 0;
	snprintf(engine->error, sizeof(engine->error),
		 "[tkfi internal bug] %u events, room for %d",
		 engine->trace.nr, TKFI_TRACE_ENTRIES);
	return -EPROTO;
}

struct tkfi_timekeepers tkfi_session_timekeepers(const struct tkfi_session *session)
{
	return session->aux ? tkfi_aux_clock()->timekeepers : tkfi_core_timekeepers();
}

int tkfi_session_run(struct tkfi_session *session, const char *setup,
		     struct tkfi_plan *plan)
{
	struct tkfi_engine *engine = session->engine;
	struct tkfi_outcome *outcome = &session->outcome;
	struct tkfi_timekeepers keepers = tkfi_session_timekeepers(session);
	unsigned long flags;
	int ret = 0;

	if (setup)
		ret = tkfi_plan_parse(session->setup, engine->error,
				      sizeof(engine->error), "cpu0: %s", setup);
	outcome->ret = ret;
	if (ret)
		return ret;

	local_irq_save(flags);
	tkfi_state_save(&session->own);
	tkfi_timekeeping_start();
	if (setup) {
		ret = tkfi_plan_run(session->setup, engine);
		ret = ret ?: account(session);
	}
	if (!ret) {
		outcome->sequence = *keepers.sequence;
		outcome->start = tkfi_clock_read();
		outcome->before = *keepers.real;
		outcome->line_before = tkfi_vdso_line();
		ret = tkfi_plan_run(plan, engine);
		outcome->after = *keepers.real;
		outcome->end = tkfi_clock_read();
		outcome->line_after = tkfi_vdso_line();
		outcome->sequence_after = *keepers.sequence;
		outcome->vdso_sequence_after = tkfi_vdso_sequence();
		outcome->ntp_after = tkfi_ntp_hash();
		outcome->ticks = tkfi_ticks_in_jiffies();
		outcome->mirrored = !memcmp(keepers.real, keepers.shadow,
					    sizeof(struct timekeeper));
		ret = ret ?: account(session);
	}
	tkfi_state_restore(&session->own);
	local_irq_restore(flags);

	outcome->ret = ret;
	return ret;
}

int tkfi_session_run_body(struct tkfi_session *session,
			  void (*body)(struct tkfi_vcpu *, void *), void *arg,
			  struct tkfi_strategy *strategy)
{
	unsigned long flags;
	int ret;

	tkfi_engine_reset(session->engine);
	tkfi_engine_add(session->engine, body, arg);
	local_irq_save(flags);
	tkfi_state_save(&session->own);
	tkfi_timekeeping_start();
	ret = tkfi_engine_run(session->engine, strategy);
	tkfi_state_restore(&session->own);
	local_irq_restore(flags);
	return ret;
}

int tkfi_session_repeat(struct tkfi_session *session, const char *setup,
			struct tkfi_plan *plan, unsigned int nr,
			struct tkfi_stopwatch *watch, void (*done)(void *arg),
			void *arg)
{
	struct tkfi_engine *engine = session->engine;
	struct tkfi_op *op = &plan->programs[0].ops[0];
	struct tkfi_state from;
	unsigned long flags;
	unsigned int i;
	int ret;

	ret = tkfi_plan_parse(session->setup, engine->error,
			      sizeof(engine->error), "cpu0: %s", setup) ?:
	      tkfi_state_alloc(&from);
	if (ret)
		return ret;
	local_irq_save(flags);
	tkfi_state_save(&session->own);
	tkfi_timekeeping_start();
	ret = tkfi_plan_run(session->setup, engine);
	tkfi_state_save(&from);
	suppress_printk = true;
	for (i = 0; i < nr && !ret; i++) {
		tkfi_state_restore(&from);
		tkfi_stopwatch_run(watch);
		op->result = op->type->run(op);
		tkfi_stopwatch_run(NULL);
		done(arg);
	}
	suppress_printk = false;
	tkfi_state_restore(&session->own);
	local_irq_restore(flags);
	tkfi_state_free(&from);
	return ret;
}

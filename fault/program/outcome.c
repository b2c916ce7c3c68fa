// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/xxhash.h>

#include "outcome.h"
#include "run.h"
#include "strategy.h"

struct tkfi_finals *tkfi_finals_create(void)
{
	struct tkfi_finals *finals = vzalloc(sizeof(*finals));
	size_t size = 0;

	if (!finals)
		return NULL;
	if (tkfi_subject->record)
		tkfi_subject->record(&size);
	finals->engine = tkfi_engine_create();
	finals->record = kmalloc(size ?: 1, GFP_KERNEL);
	if (!finals->engine || !finals->record || tkfi_state_alloc(&finals->after)) {
		tkfi_finals_destroy(finals);
		return NULL;
	}
	finals->engine->quiet = true;
	return finals;
}

void tkfi_finals_destroy(struct tkfi_finals *finals)
{
	if (!finals)
		return;
	tkfi_state_free(&finals->after);
	kfree(finals->record);
	tkfi_engine_destroy(finals->engine);
	vfree(finals);
}

void tkfi_finals_forget(struct tkfi_finals *finals)
{
	memset(finals->known, 0, sizeof(finals->known));
}

static bool some_is_odd;

static void look_whether_odd(const unsigned int *word, bool latch)
{
	some_is_odd |= !latch && *word & 1;
}

/* Would somebody who reads now come to an end? */
static bool can_be_read(void)
{
	some_is_odd = false;
	tkfi_subject->sequences(look_whether_odd);
	return !some_is_odd;
}

/**
 * struct observing - a final state is being observed
 * @shown:	takes what is seen
 * @arg:	for @shown
 * @later:	it is the second time
 */
struct observing {
	tkfi_shown_fn shown;
	void *arg;
	bool later;
};

static void tell(const char *of, const char *name, s64 value, u32 unit, void *arg)
{
	const struct observing *o = arg;

	o->shown(of, name, value, o->later, o->arg);
}

static void observe_body(struct tkfi_vcpu *vcpu, void *arg)
{
	struct observing *o = arg;

	tkfi_subject->observe(tell, o);
	tkfi_subject->wait(TKFI_LATER);
	o->later = true;
	tkfi_subject->observe(tell, o);
}

/* On a VCPU, as nothing must leave the subject; and undo what it does. */
static void observe(struct tkfi_finals *finals, tkfi_shown_fn shown, void *arg)
{
	struct observing o = { .shown = shown, .arg = arg };
	const bool printk_was_off = suppress_printk;
	void *record = NULL;
	size_t size = 0;
	int ret;

	tkfi_state_save(&finals->after);
	if (tkfi_subject->record)
		record = tkfi_subject->record(&size);
	memcpy(finals->record, record, size);
	suppress_printk = true;
	tkfi_engine_reset(finals->engine);
	tkfi_engine_add(finals->engine, observe_body, &o);
	ret = tkfi_engine_run(finals->engine, &tkfi_in_order);
	suppress_printk = printk_was_off;
	memcpy(record, finals->record, size);
	tkfi_state_restore(&finals->after);
	/* Nobody else is there to wait for. */
	if (ret)
		shown("engine", "error", ret, o.later, arg);
}

void tkfi_outcome_each(struct tkfi_run *run, int ret, tkfi_shown_fn shown, void *arg)
{
	const bool read = !ret && can_be_read();

	shown("readers", "come to an end", read, false, arg);
	if (read && tkfi_subject->observe)
		observe(run->finals, shown, arg);
}

static void hash_shown(const char *of, const char *name, s64 value, bool later, void *arg)
{
	u64 *hash = arg;

	*hash = xxh64(&value, sizeof(value), *hash);
}

/* Final states are few: most executions end in one that was observed before. */
static u64 final_state(struct tkfi_run *run, int ret)
{
	struct tkfi_finals *finals = run->finals;
	const u64 changes = tkfi_state_changes(&run->begin) ?: 1;
	struct tkfi_final *known = &finals->known[changes % TKFI_FINALS];

	if (known->changes == changes)
		return known->shows;
	known->changes = changes;
	known->shows = 0;
	tkfi_outcome_each(run, ret, hash_shown, &known->shows);
	return known->shows;
}

/* Append what the operations of a plan returned; in its first word, which of them did. */
static unsigned int append_results(const struct tkfi_plan *plan, u64 *words)
{
	unsigned int nr = 1, i, j;

	static_assert(TKFI_MAX_VCPUS * TKFI_MAX_OPS <= 64);
	words[0] = 0;
	for (i = 0; i < plan->nr_programs; i++) {
		const struct tkfi_program *p = &plan->programs[i];

		for (j = 0; j < p->nr; j++) {
			if (!p->ops[j].done)
				continue;
			words[0] |= BIT_ULL(i * TKFI_MAX_OPS + j);
			words[nr++] = p->ops[j].result;
		}
	}
	return nr;
}

u64 tkfi_outcome(struct tkfi_run *run, int ret)
{
	u64 words[2 + 2 * (1 + TKFI_MAX_VCPUS * TKFI_MAX_OPS)];
	unsigned int nr = 2;

	words[0] = ret;
	words[1] = ret ? 0 : final_state(run, ret);
	nr += append_results(&run->setup, words + nr);
	nr += append_results(&run->plan, words + nr);
	return xxh64(words, nr * sizeof(words[0]), 0) ?: 1;
}

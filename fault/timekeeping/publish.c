// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "clock.h"
#include "engine.h"
#include "glue.h"
#include "operation.h"
#include "entry.h"
#include "plan.h"
#include "publish.h"

#include <tkfi-glue.h>

struct tkfi_timekeepers tkfi_timekeepers_of(enum tkfi_owner owner)
{
	const struct tkfi_aux_clock *aux = tkfi_aux_clock();

	return owner == TKFI_AUX && aux ? aux->timekeepers : tkfi_core_timekeepers();
}

/* floor((nsec + (counter - cycle_last) * mult) / 2^shift), ns */
static s64 ns_at(const struct tk_read_base *tkr, u64 nsec, u64 cycle)
{
	u64 counter = tkfi_clock_counter(tkr->clock, cycle);
	u64 delta = (counter - tkr->cycle_last) & tkr->mask;

	return ((__int128)delta * tkr->mult + nsec) >> tkr->shift;
}

/*
 * The vDSO page of an auxiliary clock has whole nanoseconds: update after update
 * loses the rest, and the clock can go back by one.
 */
static u64 base_nsec(const struct tk_read_base *tkr,
		     const struct tkfi_reader *reader)
{
	if (TKFI_AUX_PAGE_IS_WHOLE && tkfi_owner_of(reader) == TKFI_AUX &&
	    reader->family == TKFI_VDSO)
		return tkr->xtime_nsec >> tkr->shift << tkr->shift;
	return tkr->xtime_nsec;
}

/* What a clock adds to CLOCK_REALTIME, ns. */
static s64 offset_of(const struct timekeeper *tk, clockid_t id)
{
	const s64 to_mono = tk->wall_to_monotonic.tv_sec * NSEC_PER_SEC +
		      tk->wall_to_monotonic.tv_nsec;

	switch (id) {
	case CLOCK_MONOTONIC:
		return to_mono;
	case CLOCK_BOOTTIME:
		return to_mono + tk->offs_boot;
	case CLOCK_TAI:
		return tk->tai_offset * NSEC_PER_SEC;
	case MAX_CLOCKS:
		return to_mono + TKFI_AUX_OFFSET(tk);
	}
	return 0;
}

bool tkfi_has_leapt(const struct timekeeper *tk, const struct tkfi_reader *reader,
		    u64 cycle)
{
	return reader->leaps &&
	       (s64)tk->xtime_sec * NSEC_PER_SEC +
	       ns_at(&tk->tkr_mono, tk->tkr_mono.xtime_nsec, cycle) +
	       offset_of(tk, CLOCK_MONOTONIC) >= tk->next_leap_ktime;
}

s64 tkfi_line_time(const struct timekeeper *tk, const struct tkfi_reader *reader,
		   u64 cycle)
{
	s64 ns = 0;

	switch (reader->kind) {
	case TKFI_RAW:
		return (s64)tk->raw_sec * NSEC_PER_SEC +
		       ns_at(&tk->tkr_raw, tk->tkr_raw.xtime_nsec, cycle);
	case TKFI_FINE:
		ns = (s64)tk->xtime_sec * NSEC_PER_SEC +
		     ns_at(&tk->tkr_mono, base_nsec(&tk->tkr_mono, reader),
			   cycle);
		if (tkfi_has_leapt(tk, reader, cycle))
			ns -= NSEC_PER_SEC;
		break;
	case TKFI_COARSE:
		ns = reader->unit == NSEC_PER_SEC ?
		     tkfi_coarse(tk).seconds_ns : tkfi_coarse(tk).ns;
		break;
	case TKFI_FLOORED:
		return 0;
	}
	ns += offset_of(tk, reader->id);
	return ns - ns % reader->unit;
}

s64 tkfi_line_base(const struct timekeeper *tk, clockid_t id)
{
	return (s64)tk->xtime_sec * NSEC_PER_SEC +
	       (s64)(tk->tkr_mono.xtime_nsec >> tk->tkr_mono.shift) + offset_of(tk, id);
}

s64 tkfi_line_step(const struct timekeeper *before,
		   const struct timekeeper *after,
		   const struct tkfi_reader *reader)
{
	if (reader->kind == TKFI_RAW)
		return 0;
	/* As an offset to CLOCK_MONOTONIC, which nobody can set. */
	return offset_of(after, reader->id) - offset_of(after, CLOCK_MONOTONIC) -
	       offset_of(before, reader->id) + offset_of(before, CLOCK_MONOTONIC);
}

/* The most publications of an operation: three updates, with one that is kept for each. */
#define MAX_RECORDS	6
#define MAX_PUBLISHED							\
	(TKFI_MAX_CPUS * TKFI_MAX_OPS * MAX_RECORDS + TKFI_NR_OWNERS)

struct tkfi_publication tkfi_published[MAX_PUBLISHED];

/**
 * struct section - a write section that is not at its end
 * @begun:	when it began
 * @vdso:	when the vDSO page's ended in it, TKFI_NEVER if it has not
 * @update:	number of the publication that has the timekeeper as it was then, if
 *		updaters calculate in place: another may follow in the same section
 */
struct section {
	unsigned int begun;
	unsigned int vdso;
	unsigned int update;
};

/* Publications are not part of snapshots: to go back, it is enough that there are fewer. */
static struct {
	unsigned int nr;
	unsigned int misdeeds;
	struct section sections[TKFI_NR_OWNERS];
} now;

bool tkfi_publishing __tkfi_own;

void *tkfi_publish_storage(size_t *size)
{
	*size = sizeof(now);
	return &now;
}

unsigned int tkfi_nr_published(void)
{
	return now.nr;
}

unsigned int tkfi_misdeeds(void)
{
	return now.misdeeds;
}

static struct tkfi_timekeepers timekeepers_of(enum tkfi_owner owner)
{
	return owner == TKFI_AUX ? tkfi_aux_clock()->timekeepers :
				   tkfi_core_timekeepers();
}

static void publish(enum tkfi_owner owner, const struct section *section,
		    const struct timekeeper *tk, unsigned int kernel)
{
	const struct tkfi_op *op = tkfi_current ? tkfi_current->op : NULL;
	const struct tkfi_results *results = op ? tkfi_results(op) : NULL;
	struct tkfi_publication *p = &tkfi_published[now.nr++];

	if (now.nr > MAX_PUBLISHED)
		panic("[tkfi internal bug] more than %d publications\n",
		      MAX_PUBLISHED);
	memcpy(&p->tk, tk, sizeof(p->tk));
	p->owner = owner;
	p->vcpu = tkfi_current ? tkfi_current->id : TKFI_MAX_VCPUS;
	p->begun = section->begun;
	p->vdso = section->vdso;
	p->kernel = kernel;
	p->over = kernel == TKFI_NEVER ? tkfi_nr_events() : kernel;
	/* A resume may publish before it clears timekeeping_suspended. */
	p->asleep = timekeeping_suspended &&
		    !(op && op->type->flags & TKFI_OP_WAKES);
	p->sampled = results ? results->counter : TKFI_NOT_READ;
	p->left = results ? results->before : TKFI_NOT_READ;
}

/* Publish what was kept of the update before, as another follows in the same section. */
static void publish_kept(enum tkfi_owner owner, const struct section *section)
{
	const struct tkfi_publication *kept = &tkfi_published[section->update];
	struct tkfi_publication *p = &tkfi_published[now.nr];

	publish(owner, section, &kept->tk, TKFI_NEVER);
	p->sampled = kept->sampled;
	p->left = kept->left;
}

static void misdeed(enum tkfi_misdeed what, bool done)
{
	now.misdeeds |= done << what;
}

/* The owner of a sequence or lock; TKFI_NR_OWNERS if it has none. */
static enum tkfi_owner owner_of_guard(const void *guard)
{
	struct tkfi_timekeepers core = tkfi_core_timekeepers();

	if (guard == core.sequence || guard == core.lock)
		return TKFI_CORE;
	if (tkfi_aux_clock() &&
	    (guard == tkfi_aux_clock()->timekeepers.sequence ||
	     guard == tkfi_aux_clock()->timekeepers.lock))
		return TKFI_AUX;
	return TKFI_NR_OWNERS;
}

static void begin(const unsigned int *sequence)
{
	enum tkfi_owner owner = owner_of_guard(sequence);

	if (owner == TKFI_NR_OWNERS)
		return;
	now.sections[owner] = (struct section){ tkfi_nr_events(), TKFI_NEVER };
	misdeed(TKFI_BEGIN_UNLOCKED,
		!tkfi_lock_held(tkfi_current, timekeepers_of(owner).lock));
}

static void end(const unsigned int *sequence)
{
	enum tkfi_owner owner = owner_of_guard(sequence);
	const struct timekeeper *real;

	if (owner == TKFI_NR_OWNERS)
		return;
	real = timekeepers_of(owner).real;
	publish(owner, &now.sections[owner], real, tkfi_nr_events());
	misdeed(TKFI_CYCLES_APART,
		real->tkr_mono.cycle_last != real->tkr_raw.cycle_last);
}

void tkfi_publish_vdso_end(bool aux)
{
	enum tkfi_owner owner = aux ? TKFI_AUX : TKFI_CORE;
	struct tkfi_timekeepers keepers = timekeepers_of(owner);
	struct section *section = &now.sections[owner];

	if (tkfi_variant() == TKFI_PRE_SERIES) {
		if (section->vdso != TKFI_NEVER)
			publish_kept(owner, section);
		section->update = now.nr;
		publish(TKFI_NR_OWNERS, section, keepers.real, TKFI_NEVER);
	}
	section->vdso = tkfi_nr_events();
	misdeed(TKFI_VDSO_OUTSIDE, !(*keepers.sequence & 1) ||
		!tkfi_lock_held(tkfi_current, keepers.lock));
}

/* By words, as UML's memcmp() compares bytes, and this is done in every execution. */
static bool same(const struct timekeeper *a, const struct timekeeper *b)
{
	const unsigned long *v = (const void *)a, *w = (const void *)b;
	unsigned int i;

	static_assert(sizeof(*a) % sizeof(*v) == 0);
	for (i = 0; i < sizeof(*a) / sizeof(*v); i++)
		if (v[i] != w[i])
			return false;
	return true;
}

static void unlock(const void *lock)
{
	enum tkfi_owner owner = owner_of_guard(lock);
	struct tkfi_timekeepers keepers;

	if (owner == TKFI_NR_OWNERS)
		return;
	keepers = timekeepers_of(owner);
	misdeed(TKFI_UNLOCK_ODD, *keepers.sequence & 1);
	if (!same(keepers.real, keepers.shadow)) {
		struct timekeeper shadow = *keepers.shadow;

		shadow.next_leap_ktime = keepers.real->next_leap_ktime;
		misdeed(same(keepers.real, &shadow) ? TKFI_LEAP_NOT_MIRRORED :
						      TKFI_NOT_MIRRORED, true);
	}
}

static const struct tkfi_observer observer = {
	.begin	= begin,
	.end	= end,
	.unlock	= unlock,
};

void tkfi_publish_start(void)
{
	memset(&now, 0, sizeof(now));
	publish(TKFI_CORE, &now.sections[TKFI_CORE], timekeepers_of(TKFI_CORE).real,
		0);
	if (tkfi_aux_clock())
		publish(TKFI_AUX, &now.sections[TKFI_AUX],
			timekeepers_of(TKFI_AUX).real, 0);
	tkfi_observer = &observer;
	tkfi_publishing = true;
}

void tkfi_publish_stop(void)
{
	tkfi_observer = NULL;
	tkfi_publishing = false;
}

// SPDX-License-Identifier: GPL-2.0
#include <kunit/test.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "clock.h"
#include "lines.h"

#include <tkfi-glue.h>

bool warns(const struct tkfi_reader *reader)
{
	static const char * const silent[] = {
		"ktime_get_raw", "ktime_get_raw_ts64",
		"ktime_get_coarse", "ktime_get_coarse_ts64",
		"ktime_get_coarse_real_ts64", "ktime_get_real_seconds",
		"__ktime_get_real_seconds",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(silent); i++)
		if (!strcmp(reader->clock, silent[i]))
			return false;
	return reader->family == TKFI_KERNEL &&
	       !strstarts(reader->clock, "ktime_get_update_offsets_now") &&
	       !strstarts(reader->clock, "get_device_system_crosststamp");
}

bool is_halted(const struct looks *looks, const struct look *stop,
	       const struct tkfi_reader *reader, unsigned int i)
{
	return reader->family == TKFI_FAST &&
	       stop_nr(looks, stop) >= looks->of[TKFI_CORE].line[i].halted_from;
}

s64 time_seen(const struct looks *looks, const struct look *stop,
	      const struct tkfi_reader *reader, unsigned int i, u64 cycle)
{
	const struct line *line = &looks->of[tkfi_owner_of(reader)].line[i];
	struct timekeeper woken;

	if (!is_halted(looks, stop, reader, i))
		return tkfi_line_time(&line->tk, reader, cycle);
	if (!stop || stop->suspended)
		return tkfi_line_time(&line->tk, reader, line->halted_at);
	/*
	 * Resumed, but not yet published: they take the scheduler's clock, in ns, for
	 * the clocksource. That is what the virtual one counts at 1 GHz.
	 */
	woken = line->tk;
	woken.tkr_mono.clock = &tkfi_clocksource;
	woken.tkr_raw.clock = &tkfi_clocksource;
	return tkfi_line_time(&woken, reader, cycle);
}

static void publish(struct lines *lines, const struct timekeeper *tk)
{
	if (lines->nr && lines->nr <= MAX_LINES &&
	    !memcmp(&lines->line[lines->nr - 1].tk, tk, sizeof(*tk)))
		return;
	if (lines->nr++ < MAX_LINES)
		lines->line[lines->nr - 1] = (struct line){ *tk, UINT_MAX };
}

static void halt(struct looks *looks, unsigned int nr, u64 cycle)
{
	struct lines *core = &looks->of[TKFI_CORE];
	struct line *line = &core->line[min_t(unsigned int, core->nr, MAX_LINES) - 1];

	line->halted_from = nr;
	line->halted_at = cycle;
}

static struct tkfi_timekeepers timekeepers_of(enum tkfi_owner owner)
{
	return owner == TKFI_AUX ? tkfi_aux_clock()->timekeepers : tkfi_core_timekeepers();
}

static bool exists(enum tkfi_owner owner)
{
	return owner == TKFI_CORE || tkfi_aux_clock();
}

static void look_at(struct looks *looks, struct condition *condition,
		    enum tkfi_owner owner, const struct tkfi_vcpu *vcpu)
{
	const struct tkfi_timekeepers keepers = timekeepers_of(owner);
	struct lines *lines = &looks->of[owner];

	condition->inside = tkfi_lock_held(vcpu, keepers.lock);
	condition->kernel_odd = *keepers.sequence & 1;
	condition->vdso_odd = (owner == TKFI_AUX ? tkfi_vdso_aux_sequence() :
						   tkfi_vdso_sequence()) & 1;
	condition->real = *keepers.real;
	condition->mirrored = !memcmp(keepers.real, keepers.shadow,
				      sizeof(condition->real));
	/* At its first stop nobody has changed anything. */
	if (!looks->nr || !condition->kernel_odd)
		publish(lines, keepers.real);
	condition->line = lines->nr - 1;
}

static void look(const struct tkfi_vcpu *vcpu, void *arg)
{
	static const char * const halts[] = TKFI_SUSPEND_HALTS;
	const struct tkfi_engine *engine = harness.session.engine;
	struct looks *looks = arg;
	struct look *stop = &looks->stops[min(looks->nr, MAX_STOPS - 1U)];
	unsigned int i;

	stop->vcpu = vcpu->id;
	stop->at = vcpu->at;
	stop->hit = 1;
	for (i = 0; i < looks->nr && i < MAX_STOPS - 1; i++)
		stop->hit += looks->stops[i].vcpu == vcpu->id &&
			     !strcmp(looks->stops[i].at, vcpu->at);
	stop->locks = tkfi_locks_held(vcpu);
	stop->all_locks = 0;
	for (i = 0; i < engine->nr_vcpus; i++)
		stop->all_locks += tkfi_locks_held(&engine->vcpus[i]);
	for (i = 0; i < TKFI_NR_OWNERS; i++)
		if (exists(i))
			look_at(looks, &stop->of[i], i, vcpu);
	/* Of the set-up the kernel says it, of the plan the points. */
	if (!looks->nr && timekeeping_suspended)
		halt(looks, 0, tkfi_timekeeper()->tkr_mono.cycle_last);
	stop->suspended = looks->nr ? looks->suspended : timekeeping_suspended;
	if (!strcmp(stop->at, "suspend.calculated"))
		stop->suspended = true;
	if (!strcmp(stop->at, "resume.calculated"))
		stop->suspended = false;
	looks->suspended = stop->suspended;
	if (stop->suspended && !strcmp(stop->at, halts[tkfi_variant()]))
		halt(looks, looks->nr, tkfi_clock_peek());
	looks->nr++;
}

/* All of them fitted, and the first line is from before. */
static bool is_whole(const struct looks *looks, const struct lines *own)
{
	return looks->nr <= MAX_STOPS && looks->of[TKFI_CORE].nr <= MAX_LINES &&
	       looks->of[TKFI_AUX].nr <= MAX_LINES &&
	       !memcmp(&own->line[0].tk, &harness.session.outcome.before,
		       sizeof(own->line[0].tk));
}

int looks_execute(struct kunit *test, struct looks *looks, const char *setup)
{
	struct lines *own = &looks->of[harness.session.aux ? TKFI_AUX : TKFI_CORE];
	int ret;

	looks->nr = 0;
	looks->of[TKFI_CORE].nr = 0;
	looks->of[TKFI_AUX].nr = 0;
	looks->suspended = false;
	harness.plan.probe = look;
	harness.plan.probe_arg = looks;
	ret = harness_execute(test, setup);
	if (ret)
		return ret;
	publish(own, &harness.session.outcome.after);
	if (is_whole(looks, own))
		return 0;
	KUNIT_FAIL(test, "%s: %u stops, %u and %u lines, or a first one that is not from before",
		   harness.text, looks->nr, looks->of[TKFI_CORE].nr,
		   looks->of[TKFI_AUX].nr);
	return -EPROTO;
}

int looks_run(struct kunit *test, struct looks *looks, const char *setup,
	      const char *fmt, ...)
{
	va_list args;
	int ret;

	va_start(args, fmt);
	ret = harness_vparse(test, fmt, args);
	va_end(args);
	return ret ?: looks_execute(test, looks, setup);
}

// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/string.h>

#include "clock.h"
#include "lines.h"

#include <tkfi-glue.h>

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
	if (owner_of(reader) == AUX && reader->family == TKFI_VDSO &&
	    tkfi_variant() != TKFI_FIXED)
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

s64 line_time(const struct timekeeper *tk, const struct tkfi_reader *reader,
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
		break;
	case TKFI_COARSE:
		ns = reader->unit == NSEC_PER_SEC ?
		     tkfi_coarse(tk).seconds_ns : tkfi_coarse(tk).ns;
		break;
	}
	ns += offset_of(tk, reader->id);
	return ns - ns % reader->unit;
}

s64 line_step(const struct timekeeper *before, const struct timekeeper *after,
	      const struct tkfi_reader *reader)
{
	if (reader->kind == TKFI_RAW)
		return 0;
	/* As an offset to CLOCK_MONOTONIC, which nobody can set. */
	return offset_of(after, reader->id) - offset_of(after, CLOCK_MONOTONIC) -
	       offset_of(before, reader->id) + offset_of(before, CLOCK_MONOTONIC);
}

bool is_halted(const struct looks *looks, const struct look *stop,
	       const struct tkfi_reader *reader, unsigned int i)
{
	return reader->family == TKFI_FAST &&
	       stop_nr(looks, stop) >= looks->of[CORE].line[i].halted_from;
}

s64 time_seen(const struct looks *looks, const struct look *stop,
	      const struct tkfi_reader *reader, unsigned int i, u64 cycle)
{
	const struct line *line = &looks->of[owner_of(reader)].line[i];
	struct timekeeper woken;

	if (!is_halted(looks, stop, reader, i))
		return line_time(&line->tk, reader, cycle);
	if (!stop || stop->suspended)
		return line_time(&line->tk, reader, line->halted_at);
	/*
	 * Resumed, but not yet published: they take the scheduler's clock, in ns, for
	 * the clocksource. That is what the virtual one counts at 1 GHz.
	 */
	woken = line->tk;
	woken.tkr_mono.clock = &tkfi_clocksource;
	woken.tkr_raw.clock = &tkfi_clocksource;
	return line_time(&woken, reader, cycle);
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
	struct lines *core = &looks->of[CORE];
	struct line *line = &core->line[min_t(unsigned int, core->nr, MAX_LINES) - 1];

	line->halted_from = nr;
	line->halted_at = cycle;
}

static struct tkfi_subject subject_of(enum owner owner)
{
	return owner == AUX ? tkfi_aux_clock()->subject : tkfi_core_subject();
}

static bool exists(enum owner owner)
{
	return owner == CORE || tkfi_aux_clock();
}

static void look_at(struct looks *looks, struct condition *condition,
		    enum owner owner, const struct tkfi_vcpu *vcpu)
{
	const struct tkfi_subject subject = subject_of(owner);
	struct lines *lines = &looks->of[owner];

	condition->inside = tkfi_lock_held(vcpu, subject.lock);
	condition->kernel_odd = *subject.sequence & 1;
	condition->vdso_odd = (owner == AUX ? tkfi_vdso_aux_sequence() :
					      tkfi_vdso_sequence()) & 1;
	/* At its first stop nobody has changed anything. */
	if (!looks->nr || !condition->kernel_odd)
		publish(lines, subject.real);
	condition->line = lines->nr - 1;
}

struct view {
	struct looks *looks;
	const struct tkfi_session *session;
};

static void look(const struct tkfi_vcpu *vcpu, void *arg)
{
	static const char * const halts[] = TKFI_SUSPEND_HALTS;
	const struct view *view = arg;
	struct looks *looks = view->looks;
	struct look stop = { .vcpu = vcpu->id, .at = vcpu->at, .hit = 1 };
	unsigned int i;

	for (i = 0; i < view->session->engine->nr_vcpus; i++)
		stop.all_locks +=
			tkfi_locks_held(&view->session->engine->vcpus[i]);
	for (i = 0; i < NR_OWNERS; i++)
		if (exists(i))
			look_at(looks, &stop.of[i], i, vcpu);
	/* Of the set-up the kernel says it, of the plan the points. */
	if (!looks->nr && timekeeping_suspended)
		halt(looks, 0, tkfi_timekeeper()->tkr_mono.cycle_last);
	stop.suspended = looks->nr ? looks->suspended : timekeeping_suspended;
	if (!strcmp(stop.at, "suspend.calculated"))
		stop.suspended = true;
	if (!strcmp(stop.at, "resume.calculated"))
		stop.suspended = false;
	looks->suspended = stop.suspended;
	if (stop.suspended && !strcmp(stop.at, halts[tkfi_variant()]))
		halt(looks, looks->nr, tkfi_clock_peek());
	if (looks->nr++ >= MAX_STOPS)
		return;
	for (i = 0; i < looks->nr - 1; i++)
		stop.hit += looks->stops[i].vcpu == vcpu->id &&
			    !strcmp(looks->stops[i].at, vcpu->at);
	looks->stops[i] = stop;
}

int looks_run(struct looks *looks, struct tkfi_session *session,
	      const char *setup, struct tkfi_plan *plan)
{
	struct lines *own = &looks->of[session->aux ? AUX : CORE];
	struct view view = { looks, session };
	int ret;

	looks->nr = 0;
	looks->of[CORE].nr = 0;
	looks->of[AUX].nr = 0;
	looks->suspended = false;
	plan->probe = look;
	plan->probe_arg = &view;
	ret = tkfi_session_run(session, setup, plan);
	if (ret)
		return ret;
	publish(own, &session->outcome.after);
	if (looks->nr <= MAX_STOPS && looks->of[CORE].nr <= MAX_LINES &&
	    looks->of[AUX].nr <= MAX_LINES &&
	    !memcmp(&own->line[0].tk, &session->outcome.before,
		    sizeof(own->line[0].tk)))
		return 0;
	snprintf(session->engine->error, sizeof(session->engine->error),
		 "[tkfi internal bug] %u stops, %u and %u lines, or a first one that is not from before",
		 looks->nr, looks->of[CORE].nr, looks->of[AUX].nr);
	return -EPROTO;
}

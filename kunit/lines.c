// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/string.h>

#include "lines.h"

/* floor((nsec + (cycle - cycle_last) * mult) / 2^shift), ns */
static s64 ns_at(const struct tk_read_base *tkr, u64 cycle)
{
	u64 delta = (cycle - tkr->cycle_last) & tkr->mask;

	return ((__int128)delta * tkr->mult + tkr->xtime_nsec) >>
	       tkr->shift;
}

/* What a clock adds to CLOCK_REALTIME, ns. */
static s64 offset_of(const struct timekeeper *tk, clockid_t id)
{
	s64 to_mono = tk->wall_to_monotonic.tv_sec * NSEC_PER_SEC +
		      tk->wall_to_monotonic.tv_nsec;

	switch (id) {
	case CLOCK_MONOTONIC:
		return to_mono;
	case CLOCK_BOOTTIME:
		return to_mono + tk->offs_boot;
	case CLOCK_TAI:
		return tk->tai_offset * NSEC_PER_SEC;
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
		       ns_at(&tk->tkr_raw, cycle);
	case TKFI_FINE:
		ns = (s64)tk->xtime_sec * NSEC_PER_SEC +
		     ns_at(&tk->tkr_mono, cycle);
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

static void publish(struct looks *looks, const struct timekeeper *tk)
{
	if (looks->nr_lines && looks->nr_lines <= MAX_LINES &&
	    !memcmp(&looks->lines[last_line(looks)], tk, sizeof(*tk)))
		return;
	if (looks->nr_lines++ < MAX_LINES)
		looks->lines[last_line(looks)] = *tk;
}

struct view {
	struct looks *looks;
	const struct tkfi_session *session;
};

static void look(const struct tkfi_vcpu *vcpu, void *arg)
{
	const struct view *view = arg;
	struct looks *looks = view->looks;
	struct look stop = {
		.vcpu = vcpu->id,
		.at = vcpu->at,
		.hit = 1,
		.locks = tkfi_locks_held(vcpu),
		.kernel_odd = *tkfi_core_subject().sequence & 1,
		.vdso_odd = tkfi_vdso_sequence() & 1,
	};
	unsigned int i;

	for (i = 0; i < view->session->engine->nr_vcpus; i++)
		stop.all_locks +=
			tkfi_locks_held(&view->session->engine->vcpus[i]);
	if (!looks->nr_lines)
		publish(looks, &view->session->outcome.before);
	if (!stop.kernel_odd)
		publish(looks, tkfi_timekeeper());
	stop.line = last_line(looks);
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
	struct view view = { looks, session };
	int ret;

	looks->nr = 0;
	looks->nr_lines = 0;
	plan->probe = look;
	plan->probe_arg = &view;
	ret = tkfi_session_run(session, setup, plan);
	if (ret)
		return ret;
	publish(looks, &session->outcome.after);
	if (looks->nr <= MAX_STOPS && looks->nr_lines <= MAX_LINES)
		return 0;
	snprintf(session->engine->error, sizeof(session->engine->error),
		 "[tkfi internal bug] %u stops, %u lines", looks->nr,
		 looks->nr_lines);
	return -EPROTO;
}

// SPDX-License-Identifier: GPL-2.0
/* What a state shows, and where the next edges of its clocks are. */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>

#include "clock.h"
#include "glue.h"
#include "readers.h"
#include "story.h"

static const struct tkfi_reader *readers[TKFI_STORY_READERS];
static unsigned int nr_readers;

static void add(const struct tkfi_reader *from, unsigned int nr)
{
	while (nr-- && !WARN_ON_ONCE(nr_readers == TKFI_STORY_READERS))
		readers[nr_readers++] = from++;
}

const struct tkfi_reader * const *tkfi_story_readers(unsigned int *nr)
{
	const struct tkfi_aux_clock *aux = tkfi_aux_clock();

	if (!nr_readers) {
		add(tkfi_readers, tkfi_nr_readers);
		if (aux)
			add(aux->readers, TKFI_NR_AUX_READERS);
	}
	*nr = nr_readers;
	return readers;
}

static void ask(s64 *values)
{
	unsigned int nr, i;

	tkfi_story_readers(&nr);
	for (i = 0; i < nr; i++)
		values[i] = readers[i]->read();
}

void tkfi_story_look(struct tkfi_seen *seen)
{
	const struct tkfi_timekeepers core = tkfi_core_timekeepers();
	const struct tkfi_aux_clock *aux = tkfi_aux_clock();

	seen->now = tkfi_clock_peek();
	ask(seen->at);
	ask(seen->again);
	tkfi_clock_set(seen->now + 1);
	ask(seen->later);
	tkfi_clock_set(seen->now);
	seen->tk = *core.real;
	if (aux)
		seen->aux = *aux->timekeepers.real;
	seen->phase_left = tkfi_ntp_phase_left();
	seen->shadow = *core.shadow;
}

/* Cycles of the clock until the counter is so far from where the line begins. */
static bool until(const struct tk_read_base *tkr, u64 delta, u64 *cycles)
{
	const u64 now = tkfi_clock_peek();
	const u64 counter = tkfi_clock_counter(tkr->clock, now);
	const u64 passed = (counter - tkr->cycle_last) & tkr->mask;
	u64 then;

	if (delta <= passed)
		return false;
	*cycles = delta - passed;
	if (tkr->clock != &tkfi_second_clocksource)
		return true;
	then = mul_u64_u32_div(counter + *cycles, tkfi_clock_hz, TKFI_SECOND_HZ);
	while (tkfi_clock_counter(tkr->clock, then) < counter + *cycles)
		then++;
	*cycles = then - now;
	return true;
}

/* Counted from where the line begins, the first cycle at which it is so many ns further. */
static u64 cycles_in(const struct tk_read_base *tkr, s64 ns)
{
	const u64 shifted = ((u64)ns << tkr->shift) - tkr->xtime_nsec;

	return ns <= 0 || (u64)ns << tkr->shift <= tkr->xtime_nsec ? 0 :
	       DIV64_U64_ROUND_UP(shifted, tkr->mult);
}

bool tkfi_story_has_edge(const char *edge)
{
	return !strcmp(edge, "tick") || !strcmp(edge, "second") || !strcmp(edge, "leap");
}

bool tkfi_story_cycles_to(const char *edge, u64 *cycles)
{
	const struct timekeeper *tk = tkfi_timekeeper();
	const struct tk_read_base *tkr = &tk->tkr_mono;
	const u64 passed = (tkfi_clock_counter(tkr->clock, tkfi_clock_peek()) - tkr->cycle_last) &
			   tkr->mask;
	s64 ns;

	if (!strcmp(edge, "tick"))
		return until(tkr, tk->cycle_interval, cycles);
	if (!strcmp(edge, "second")) {
		ns = (tkr->xtime_nsec + passed * tkr->mult) >> tkr->shift;
		return until(tkr, cycles_in(tkr, (div_s64(ns, NSEC_PER_SEC) + 1) * NSEC_PER_SEC),
			     cycles);
	}
	/* A leap second, at most a day away. */
	ns = ktime_to_ns(tk->next_leap_ktime) - (s64)(tk->xtime_sec * NSEC_PER_SEC +
		tk->wall_to_monotonic.tv_sec * NSEC_PER_SEC + tk->wall_to_monotonic.tv_nsec);
	return tk->next_leap_ktime != KTIME_MAX && ns > 0 && ns < 600 * NSEC_PER_SEC &&
	       until(tkr, cycles_in(tkr, ns), cycles);
}

// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <linux/timekeeper_internal.h>

#include "cells.h"
#include "clock.h"
#include "glue.h"
#include "oracle.h"
#include "publish.h"

#include <tkfi-glue.h>

static const char progress[] = "progress";
static const char monotonic[] = "monotonic";
static const char line[] = "line";
static const char series[] = "series";
static const char counted[] = "counted";
static const char agree[] = "agree";

const char * const tkfi_oracles[] = {
	progress, monotonic, line, series, counted, agree
};

/* Clocks of which one read can be compared with another. */
static bool comparable(const struct tkfi_reader *a, const struct tkfi_reader *b)
{
	return a->id == b->id && a->kind == b->kind;
}

static s64 round_to(s64 ns, u32 unit)
{
	return ns - ns % unit;
}

/* The step of @vcpu that is the @nth, from 1. */
static unsigned int find_step(const struct tkfi_engine *engine,
			      const struct tkfi_order *order, unsigned int vcpu,
			      unsigned int nth)
{
	unsigned int i;

	for (i = 0; i < order->nr; i++)
		if (engine->log[i].vcpu == vcpu && order->nth[i] == nth)
			break;
	return i;
}

/* Can the second operation begin after the first one has ended? */
static bool can_follow(const struct tkfi_engine *engine,
		       const struct tkfi_order *order, unsigned int first_vcpu,
		       const struct tkfi_op *first, unsigned int second_vcpu,
		       const struct tkfi_op *second)
{
	unsigned int last;

	if (first_vcpu == second_vcpu)
		return first < second;
	last = find_step(engine, order, first_vcpu, first->to);
	return last == order->nr ||
	       order->clock[last][second_vcpu] <= second->from;
}

/* Clocks that somebody may set back, BIT(clockid_t) each. */
static u32 may_be_set_back(const struct tkfi_plan *setup,
			   const struct tkfi_plan *plan)
{
	unsigned int i, j;
	u32 clocks = 0;

	for (i = 0; i < plan->nr_programs; i++)
		for (j = 0; j < plan->programs[i].nr; j++)
			clocks |= plan->programs[i].ops[j].sets |
				  plan->programs[i].ops[j].arms;
	for (i = 0; i < setup->nr_programs; i++)
		for (j = 0; j < setup->programs[i].nr; j++)
			clocks |= setup->programs[i].ops[j].arms;
	return clocks;
}

/* Was the clock off between two lines of it? It then begins anew. */
static bool was_off(const struct tkfi_publication *a,
		    const struct tkfi_publication *b)
{
	const struct tkfi_publication *p;

	for (p = a; p < b; p++)
		if (p->owner == a->owner && !TKFI_CLOCK_VALID(&p->tk))
			return true;
	return false;
}

/*
 * The least that a clock may show to who saw line @b after somebody saw @ns on line
 * @a: less only if it may be set back and was between the two, and by no more.
 */
static s64 least_after(const struct tkfi_publication *a,
		       const struct tkfi_publication *b,
		       const struct tkfi_reader *reader, s64 ns, u32 set_back)
{
	if (!(set_back & BIT(reader->id)))
		return ns;
	/* Nobody knows by which line, and what of it was told before. */
	if (reader->kind == TKFI_FLOORED)
		return S64_MIN;
	if (!a || !b)
		return ns;
	/* That reader needs no update to set it back. */
	if (reader->leaps && b->tk.next_leap_ktime != KTIME_MAX)
		ns -= NSEC_PER_SEC;
	if (a >= b)
		return ns;
	if (was_off(a, b))
		return 0;
	return ns + min(0LL, tkfi_line_step(&a->tk, &b->tk, reader));
}

static void check_pair(const struct tkfi_engine *engine,
		       struct tkfi_order *order, unsigned int v,
		       const struct tkfi_op *a, s64 least, unsigned int w,
		       const struct tkfi_op *b, tkfi_finding_fn found, void *arg)
{
	u32 unit = max(a->reader->unit, b->reader->unit);

	if (round_to(b->result, unit) >= round_to(least, unit))
		return;
	if (!order->nr)
		tkfi_order_of(engine, order);
	if (can_follow(engine, order, v, a, w, b))
		found(&(struct tkfi_finding){
			.oracle = monotonic,
			.clock = b->reader->call,
			.first = a,
			.second = b,
			.first_vcpu = v,
			.second_vcpu = w,
			.first_ns = a->result,
			.second_ns = b->result,
		}, arg);
}

/*
 * Does it look at a sequence before and after? Who finds a clock off does not look
 * again.
 */
static bool checks(const struct tkfi_op *op)
{
	return op->reader->family != TKFI_FAST && !op->reader->lockless &&
	       op->result >= 0;
}

/* When a publication could first be seen by a read. */
static unsigned int seen_from(const struct tkfi_publication *p,
			      const struct tkfi_op *op)
{
	if (!checks(op))
		return p->begun;
	return op->reader->family == TKFI_VDSO ? p->vdso : p->kernel;
}

/*
 * When the one before that could be seen no longer: what the page says it says from its
 * end on, whoever looks how often.
 */
static unsigned int hides_from(const struct tkfi_publication *p,
			       const struct tkfi_op *op)
{
	if (op->reader->family == TKFI_VDSO && p->vdso != TKFI_NEVER)
		return p->vdso;
	return checks(op) ? p->kernel : p->over;
}

/*
 * The two NMI-safe accessors whose documentation says so: their offset is not
 * read together with the line.
 */
static bool offset_is_apart(const struct tkfi_reader *reader)
{
	return reader->family == TKFI_FAST &&
	       (reader->id == CLOCK_BOOTTIME || reader->id == CLOCK_TAI);
}

static bool is_line_with_other_offset(const struct tkfi_op *op,
				      const struct tkfi_publication *p,
				      u64 cycle)
{
	struct tkfi_reader mono = *op->reader;
	unsigned int i;
	s64 ns;

	mono.id = CLOCK_MONOTONIC;
	ns = tkfi_line_time(&p->tk, &mono, cycle);
	for (i = 0; i < tkfi_nr_published(); i++) {
		const struct timekeeper *tk = &tkfi_published[i].tk;

		if (tkfi_published[i].owner == p->owner &&
		    ns + tkfi_line_time(tk, op->reader, cycle) -
		    tkfi_line_time(tk, &mono, cycle) == op->result)
			return true;
	}
	return false;
}

static bool is_on_line(const struct tkfi_op *op,
		       const struct tkfi_publication *p)
{
	struct tkfi_publication halted;
	u64 cycle = op->counter;

	/* A clock that is off has no time to tell. */
	if (!TKFI_CLOCK_VALID(&p->tk))
		return op->result < 0;
	if (cycle == TKFI_NOT_READ && op->reader->family == TKFI_FAST) {
		/* Timekeeping sleeps, and they stand where its counter was. */
		halted = *p;
		halted.tk.tkr_mono.clock = &tkfi_clocksource;
		halted.tk.tkr_raw.clock = &tkfi_clocksource;
		cycle = tkfi_halted_at();
		p = &halted;
	}
	return tkfi_line_time(&p->tk, op->reader, cycle) == op->result ||
	       (offset_is_apart(op->reader) &&
		is_line_with_other_offset(op, p, cycle));
}

/* Was that still the line for this read when it took its first step? */
static bool is_in_time(const struct tkfi_engine *engine, unsigned int vcpu,
		       const struct tkfi_op *op, unsigned int hidden)
{
	unsigned int nr = 0, i;

	/* Not if all its steps came after that. */
	for (i = hidden; i < op->end; i++)
		nr += engine->log[i].vcpu == vcpu;
	return nr < op->to - op->from || op->from == op->to;
}

static bool is_refused(const struct tkfi_op *op)
{
	unsigned int i;

	if (op->result >= 0 || !op->reader->refuses)
		return false;
	for (i = 0; i < tkfi_nr_published(); i++)
		if (tkfi_published[i].asleep)
			return true;
	return false;
}

/*
 * The line that a read saw: one that was the reader's to see at some time from the
 * read's first step to its last, and says at the cycle it read what it returned. A
 * failure is no line's but of a clock that is off; and of none is that of a reader which
 * is refused because timekeeping sleeps.
 */
static const struct tkfi_publication *
find_line(const struct tkfi_engine *engine, unsigned int vcpu,
	  const struct tkfi_op *op, tkfi_finding_fn found, void *arg)
{
	const enum tkfi_owner owner = tkfi_owner_of(op->reader);
	unsigned int i = tkfi_nr_published(), hidden = TKFI_NEVER, from;
	s64 latest = -1;

	/* Jiffies are no timekeeper's, and what another was told is of no line. */
	if (op->reader->id == TKFI_CLOCK_JIFFIES ||
	    op->reader->kind == TKFI_FLOORED || is_refused(op))
		return NULL;
	while (i--) {
		const struct tkfi_publication *p = &tkfi_published[i];

		from = seen_from(p, op);
		if (p->owner != owner || from == TKFI_NEVER ||
		    (op->end <= from && op->from != op->to))
			continue;
		if (hidden != TKFI_NEVER &&
		    !is_in_time(engine, vcpu, op, hidden))
			break;
		if (is_on_line(op, p))
			return p;
		if (latest < 0)
			latest = tkfi_line_time(&p->tk, op->reader,
						op->counter == TKFI_NOT_READ ?
						op->cycle : op->counter);
		hidden = hides_from(p, op);
	}
	found(&(struct tkfi_finding){
		.oracle = line,
		.clock = op->reader->call,
		.first_ns = latest,
		.second_ns = op->result,
	}, arg);
	return NULL;
}

/**
 * struct read - a read of an execution
 * @vcpu:	who read
 * @op:		what
 * @line:	what it saw, NULL if that is no line
 */
struct read {
	unsigned int vcpu;
	const struct tkfi_op *op;
	const struct tkfi_publication *line;
};

static void check_reads(const struct tkfi_engine *engine,
			const struct tkfi_plan *setup,
			const struct tkfi_plan *plan, struct tkfi_order *order,
			tkfi_finding_fn found, void *arg)
{
	static struct read reads[TKFI_MAX_VCPUS * TKFI_MAX_OPS];
	unsigned int nr = 0, v, i, j;
	u32 set_back;

	for (v = 0; v < plan->nr_programs; v++) {
		const struct tkfi_program *p = &plan->programs[v];

		for (i = 0; i < p->nr; i++)
			if (p->ops[i].reader && p->ops[i].done)
				reads[nr++] = (struct read){
					v, &p->ops[i],
					find_line(engine, v, &p->ops[i], found,
						  arg),
				};
	}
	/* Whoever interrupts an updater cannot wait for it. */
	for (i = 0; i < nr; i++)
		if (reads[i].op->reader->family == TKFI_FAST &&
		    reads[i].op->may_wait)
			found(&(struct tkfi_finding){
				.oracle = progress,
				.clock = reads[i].op->reader->call,
			}, arg);
	set_back = may_be_set_back(setup, plan);
	for (i = 0; i < nr; i++) {
		for (j = 0; j < nr; j++) {
			const struct read *a = &reads[i], *b = &reads[j];

			/* A failure is no time; and it is on no line. */
			if (comparable(a->op->reader, b->op->reader) &&
			    a->op->result >= 0 && b->op->result >= 0)
				check_pair(engine, order, a->vcpu, a->op,
					   least_after(a->line, b->line,
						       b->op->reader,
						       a->op->result, set_back),
					   b->vcpu, b->op, found, arg);
		}
	}
}

static void violates(const char *rule, tkfi_finding_fn found, void *arg)
{
	found(&(struct tkfi_finding){ .oracle = series, .clock = rule }, arg);
}

/* The subjects: the core timekeeper, and the auxiliary clock's, or the same again. */
static struct tkfi_subject subject_of(enum tkfi_owner owner)
{
	const struct tkfi_aux_clock *aux = tkfi_aux_clock();

	return owner == TKFI_AUX && aux ? aux->subject : tkfi_core_subject();
}

void tkfi_oracles_prepare(void)
{
	enum tkfi_owner i;

	for (i = 0; i < TKFI_NR_OWNERS; i++) {
		const struct tkfi_subject s = subject_of(i);
		const u16 lock = tkfi_guard_of_lock(s.lock);

		tkfi_cells_require(s.shadow, sizeof(*s.shadow), lock);
		tkfi_cells_require(s.real, sizeof(*s.real),
				   lock | tkfi_guard_of_sequence(s.sequence));
	}
}

/* Who writes what while it holds what. */
static void check_writers(tkfi_finding_fn found, void *arg)
{
	u16 locks = 0, sequences = 0;
	enum tkfi_owner i;

	for (i = 0; i < TKFI_NR_OWNERS; i++) {
		locks |= tkfi_guard_of_lock(subject_of(i).lock);
		sequences |= tkfi_guard_of_sequence(subject_of(i).sequence);
	}
	if (tkfi_cells_bared & locks)
		violates("S4: a timekeeper is written without its lock", found,
			 arg);
	if (tkfi_cells_bared & sequences)
		violates("S7: what readers use is written with the sequence even",
			 found, arg);
}

/* S8: a tick has one section, or none if it has nothing to do. */
static void check_tick(const struct tkfi_op *tick, unsigned int vcpu,
		       unsigned int begin, tkfi_finding_fn found, void *arg)
{
	const struct tkfi_publication *last[TKFI_NR_OWNERS] = {};
	unsigned int sections[TKFI_NR_OWNERS] = {}, i;

	for (i = 0; i < tkfi_nr_published(); i++) {
		const struct tkfi_publication *p = &tkfi_published[i];

		if (p->owner == TKFI_NR_OWNERS)
			continue;
		if (p->vcpu == vcpu && p->kernel > begin &&
		    p->kernel <= tick->end) {
			if (sections[p->owner]++)
				violates("S8: a tick of two sections", found,
					 arg);
			if (!memcmp(&p->tk, &last[p->owner]->tk, sizeof(p->tk)))
				violates("S8: a section for nothing", found,
					 arg);
		}
		last[p->owner] = p;
	}
}

static void check_ticks(const struct tkfi_plan *plan, tkfi_finding_fn found,
			void *arg)
{
	unsigned int v, i;

	/* From before the series. */
	if (tkfi_variant() == TKFI_PRE_SERIES)
		return;
	for (v = 0; v < plan->nr_programs; v++) {
		const struct tkfi_program *p = &plan->programs[v];

		for (i = 0; i < p->nr; i++)
			if (p->ops[i].type->ticks)
				check_tick(&p->ops[i], v,
					   i ? p->ops[i - 1].end : 0, found,
					   arg);
	}
}

static void check_series(const struct tkfi_plan *plan, tkfi_finding_fn found,
			 void *arg)
{
	static const char * const rules[TKFI_NR_MISDEEDS] = {
		[TKFI_BEGIN_UNLOCKED] = "S4: a write section without the lock",
		[TKFI_UNLOCK_ODD] = "S4: the lock is dropped with the sequence odd",
		[TKFI_CYCLES_APART] = "S5: two values of cycle_last",
		[TKFI_NOT_MIRRORED] = "S7: shadow and real differ when the lock is dropped",
		[TKFI_VDSO_OUTSIDE] = "the vDSO page is updated outside a write section",
	};
	unsigned int i;

	if (tkfi_misdeeds())
		for (i = 0; i < TKFI_NR_MISDEEDS; i++)
			if (tkfi_misdeeds() & BIT(i))
				violates(rules[i], found, arg);
	if (tkfi_cells_bared)
		check_writers(found, arg);
	check_ticks(plan, found, arg);
}

/* Clocks by the vDSO and by the kernel, at one and the same cycle. */
static void check_agree(tkfi_finding_fn found, void *arg)
{
	static const char * const pairs[][2] = {
		{ "MONOTONIC", "ktime_get" },
		{ "REALTIME", "ktime_get_real" },
		{ "gettimeofday", "ktime_get_real" },
		{ "MONOTONIC_RAW", "ktime_get_raw" },
		{ "BOOTTIME", "ktime_get_boottime" },
		{ "TAI", "ktime_get_clocktai" },
		{ "MONOTONIC_COARSE", "ktime_get_coarse" },
		{ "REALTIME_COARSE", "ktime_get_coarse_real_ts64" },
		{ "time", "ktime_get_real_seconds" },
		TKFI_AUX_ROWS({ "AUX", "ktime_get_aux" })
	};
	static const struct tkfi_reader *readers[ARRAY_SIZE(pairs)][2];
	s64 vdso, kernel = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		if (!readers[i][0]) {
			readers[i][0] = tkfi_reader_find("vdso", pairs[i][0]);
			readers[i][1] = tkfi_reader_find("kernel", pairs[i][1]);
		}
		vdso = readers[i][0]->read();
		/* It still tells what it told last. */
		if (!i || readers[i][1] != readers[i - 1][1])
			kernel = readers[i][1]->read();
		/* A clock that is off fails for both. */
		if (vdso != kernel && (vdso >= 0 || kernel >= 0) &&
		    vdso != round_to(kernel, readers[i][0]->unit))
			found(&(struct tkfi_finding){
				.oracle = agree,
				.clock = readers[i][0]->call,
				.first_ns = vdso,
				.second_ns = kernel,
			}, arg);
	}
}

void tkfi_oracles_check(const struct tkfi_engine *engine,
			const struct tkfi_plan *setup,
			const struct tkfi_plan *plan, int ret,
			struct tkfi_order *order, tkfi_finding_fn found,
			void *arg)
{
	if (ret) {
		found(&(struct tkfi_finding){
			.oracle = progress,
			.clock = "all VCPUs",
		}, arg);
		return;
	}
	check_reads(engine, setup, plan, order, found, arg);
	check_series(plan, found, arg);
	/* Whoever reads now would wait for ever. */
	if ((*tkfi_core_subject().sequence | tkfi_vdso_sequence() |
	     *subject_of(TKFI_AUX).sequence | tkfi_vdso_aux_sequence()) & 1) {
		found(&(struct tkfi_finding){
			.oracle = progress,
			.clock = "readers after the end",
		}, arg);
		return;
	}
	if (tkfi_ticks_in_jiffies() != tkfi_ticks_until_next())
		found(&(struct tkfi_finding){
			.oracle = counted,
			.clock = "jiffies",
			.first_ns = tkfi_ticks_in_jiffies() * TICK_NSEC,
			.second_ns = tkfi_ticks_until_next() * TICK_NSEC,
		}, arg);
	/* Kernel readers warn while it sleeps. */
	if (!timekeeping_suspended)
		check_agree(found, arg);
}

// SPDX-License-Identifier: GPL-2.0
/* The steps of stories about timekeeping, performed and judged one by one. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <linux/timex.h>
#include <linux/vmalloc.h>

#include "clock.h"
#include "drive.h"
#include "glue.h"
#include "observe.h"
#include "readers.h"
#include "session.h"
#include "story.h"
#include "timex.h"

#include <tkfi-glue.h>

/*
 * What can be done, in the order of what people would try first: operations of scenarios, with
 * ", " between them, and "until EDGE [+-]N", which waits for N cycles more or less than that.
 * What this kernel lacks is left out.
 */
static const char * const steps[] = {
#include "story_steps.h"
};

#define MAX_PARTS	32

/**
 * struct part - one operation of a step
 * @op:		the operation
 * @text:	as written; of a wait for an edge, as it came out last
 * @edge:	the edge that is waited for, "" for none
 * @more:	cycles that are waited for after it
 */
struct part {
	struct tkfi_op op;
	char text[64];
	char edge[8];
	int more;
};

/**
 * struct usable - a step that this kernel has
 * @text:	as written
 * @nr:		how many operations it has
 * @parts:	the operations
 */
struct usable {
	const char *text;
	unsigned int nr;
	struct part parts[MAX_PARTS];
};

/* All that stories need, allocated while they are told. */
static struct {
	struct tkfi_drive drive;
	struct tkfi_state looked;	/* at the last look */
	struct tkfi_state scratch;
	struct tkfi_seen base;		/* what was seen then, or while it sleeps, before that */
	struct tkfi_seen awake;		/* what was seen when it went to sleep last */
	struct tkfi_seen seen[2];
	struct {
		u32 *word;		/* in scratch */
		u32 visible;		/* what of it readers see */
	} words[16];
	unsigned int nr_words;
	unsigned int nr;
	char said[2048];
	struct tkfi_change last;	/* that was judged */
	char later[TKFI_STORY_READERS][64];	/* names of what readers return a cycle later */
	struct usable usable[ARRAY_SIZE(steps) + 1];	/* the last one is given */
} *story;

/* What a state is besides the kernel's. */
static struct {
	bool asleep;
	bool phased;	/* phase was asked for */
} now, looked;

/* What comes after "until": an edge, and how many cycles after it if that is said. */
static int parse_until(struct part *part, char *text, char *err, size_t size)
{
	char *more = strim(text), *edge = strsep(&more, " ");

	if (strscpy(part->edge, edge, sizeof(part->edge)) < 0 ||
	    !tkfi_story_has_edge(part->edge)) {
		snprintf(err, size,
			 "there is no '%s' to wait for; there are: tick, second, leap", edge);
		return -EINVAL;
	}
	if (more && kstrtoint(skip_spaces(more), 10, &part->more)) {
		snprintf(err, size,
			 "impossible number of cycles '%s'; write one as in until tick +3", more);
		return -EINVAL;
	}
	return 0;
}

static int parse_part(struct part *part, char *text, char *err, size_t size)
{
	char none[] = "wait 0ns";

	if (strscpy(part->text, text, sizeof(part->text)) < 0) {
		snprintf(err, size, "'%s' is too long for an operation of a story", text);
		return -EINVAL;
	}
	if (strstarts(text, "until ")) {
		if (parse_until(part, text + strlen("until "), err, size))
			return -EINVAL;
		text = none;
	}
	return tkfi_op_parse(&part->op, tkfi_operations, tkfi_nr_operations, text, err, size);
}

static int parse(struct usable *u, const char *step, char *err, size_t size)
{
	char text[1024], *rest = text, *part;
	int ret = 0;

	*u = (struct usable){ .text = step };
	if (strscpy(text, step, sizeof(text)) < 0) {
		snprintf(err, size, "a story of more than %zu characters", sizeof(text) - 1);
		return -EINVAL;
	}
	while (!ret && (part = strsep(&rest, ","))) {
		if (u->nr == MAX_PARTS) {
			snprintf(err, size, "more than %d operations", MAX_PARTS);
			return -EINVAL;
		}
		ret = parse_part(&u->parts[u->nr++], strim(part), err, size);
	}
	return ret;
}

static void hide(const unsigned int *word, u32 visible)
{
	u8 *copy = tkfi_state_copy_of(&story->scratch, word);

	if (!copy || WARN_ON_ONCE(story->nr_words == ARRAY_SIZE(story->words)))
		return;
	story->words[story->nr_words].word = (u32 *)copy;
	story->words[story->nr_words++].visible = visible;
}

/* Readers see whether a sequence is odd, and which copy that of a latch stands for. */
static void hide_sequence(const unsigned int *word, bool latch)
{
	hide(word, BIT(0));
}

/* How often clocks were set is compared with what was told before, by each step. */
static void hide_counts(const struct tkfi_timekeepers *keepers)
{
	hide(&keepers->real->clock_was_set_seq, 0);
	hide(&keepers->shadow->clock_was_set_seq, 0);
}

static void find_words(void)
{
	const struct tkfi_timekeepers core = tkfi_core_timekeepers();
	const struct tkfi_aux_clock *aux = tkfi_aux_clock();

	tkfi_timekeeping_sequences(hide_sequence);
	tkfi_vdso_sequences(hide_sequence);
	tkfi_tick_sequences(hide_sequence);
	hide_counts(&core);
	if (aux)
		hide_counts(&aux->timekeepers);
}

static void close(void)
{
	if (!story)
		return;
	tkfi_drive_close(&story->drive);
	tkfi_state_free(&story->looked);
	tkfi_state_free(&story->scratch);
	vfree(story);
	story = NULL;
}

static void name_later(void)
{
	const struct tkfi_reader * const *readers;
	unsigned int nr, i;

	readers = tkfi_story_readers(&nr);
	for (i = 0; i < nr; i++)
		snprintf(story->later[i], sizeof(story->later[i]), "%s, a cycle later",
			 readers[i]->clock);
}

static int open(unsigned int clock)
{
	char err[256];
	unsigned int i;
	int ret;

	story = vzalloc(sizeof(*story));
	if (!story)
		return -ENOMEM;
	ret = tkfi_drive_open(&story->drive, tkfi_clocks[clock].hz, tkfi_clocks[clock].bits);
	if (ret) {
		vfree(story);
		story = NULL;
		return ret;
	}
	ret = tkfi_state_alloc(&story->looked) ?: tkfi_state_alloc(&story->scratch);
	if (ret) {
		close();
		return ret;
	}
	find_words();
	name_later();
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		struct usable *u = &story->usable[story->nr];

		if (!parse(u, steps[i], err, sizeof(err)))
			story->nr++;
		else if (WARN(!u->parts[u->nr - 1].op.absent, "tkfi: %s: %s\n", steps[i], err))
			break;
	}
	return story->nr;
}

static int given(const char *text, char *err, size_t size)
{
	return parse(&story->usable[story->nr], text, err, size);
}

static void begin(void)
{
	tkfi_drive_enter(&story->drive);
}

static void end(void)
{
	tkfi_drive_leave(&story->drive);
}

static void start(void)
{
	/* What is not set at boot is what it was before. */
	tkfi_state_restore(&story->drive.own);
	tkfi_timekeeping_start();
	memset(&now, 0, sizeof(now));
}

bool tkfi_story_is_asleep(void)
{
	return now.asleep;
}

static void see(struct tkfi_seen *seen)
{
	seen->valid = !now.asleep;
	if (seen->valid)
		tkfi_story_look(seen);
}

static u64 hash(void)
{
	unsigned int i;

	tkfi_state_save(&story->scratch);
	for (i = 0; i < story->nr_words; i++)
		*story->words[i].word &= story->words[i].visible;
	return tkfi_state_hash(&story->scratch) * 4 + 2 * now.phased + now.asleep;
}

static void look(void)
{
	tkfi_state_save(&story->looked);
	looked = now;
	if (now.asleep)
		story->base = story->awake;
	else
		see(&story->base);
}

static void back(void)
{
	tkfi_state_restore(&story->looked);
	now = looked;
}

static void report(tkfi_fault_fn fault, void *arg, const struct tkfi_op *op, const char *rule,
		   const char *holds, s64 wanted, s64 seen)
{
	fault(&(struct tkfi_fault_seen){
		.rule = rule, .holds = holds, .of = "the call", .op = op->type, .wanted = wanted,
		.seen = seen, .cause = tkfi_story_cause_of_refusal(op, rule),
	}, arg);
}

/* Sysfs does not enable or disable what is so already. */
static bool is_so(const struct tkfi_op *op)
{
	const struct tkfi_aux_clock *aux = tkfi_aux_clock();
	const bool on = aux && TKFI_CLOCK_VALID(aux->timekeepers.real);

	return !strcmp(op->type->name, "enable") ? on :
	       !strcmp(op->type->name, "disable") && !on;
}

static bool is_of_aux(const struct tkfi_op *op)
{
	return op->type >= tkfi_aux_operations &&
	       op->type < tkfi_aux_operations + tkfi_nr_aux_operations;
}

/* A time that CLOCK_REALTIME cannot have: it would have begun before the machine did. */
static bool is_refused(const struct timespec64 *ts)
{
	return !timespec64_valid_settod(ts) || timespec64_to_ns(ts) < ktime_get();
}

/* In the order of do_adjtimex(): the argument, whether there is such a clock, where it is set. */
static int timex_error(const struct tkfi_op *op)
{
	const struct tkfi_aux_clock *aux = tkfi_aux_clock();
	const struct __kernel_timex *txc = &tkfi_args(op)->timex;
	const bool of_aux = is_of_aux(op);
	const int error = tkfi_timex_error(txc, of_aux);

	if (error)
		return error;
	if (of_aux && !TKFI_CLOCK_VALID(aux->timekeepers.real))
		return -ENODEV;
	return tkfi_timex_sets_too_early(txc, of_aux ? aux->readers[0].read() : ktime_get_real(),
					 of_aux ? 0 : ktime_get()) ? -EINVAL : 0;
}

/* The error that an operation has to return in this state, or 0. */
static int wanted_error(const struct part *part)
{
	const struct tkfi_op_type *type = part->op.type;

	if (now.asleep)
		return 0;
	if (type->flags & TKFI_OP_TIMEX)
		return timex_error(&part->op);
	if (is_of_aux(&part->op) && type->flags & TKFI_OP_SETS && strcmp(type->name, "enable") &&
	    !TKFI_CLOCK_VALID(tkfi_aux_clock()->timekeepers.real))
		return -ENODEV;
	if (!strcmp(type->name, "settimeofday") && is_refused(&tkfi_args(&part->op)->ts))
		return -EINVAL;
	return 0;
}

/* An error is what was wanted, and a call that is refused changes nothing. */
static void judge_call(const struct tkfi_op *op, s64 result, int wanted, u64 before,
		       tkfi_fault_fn fault, void *arg)
{
	if (wanted ? result != wanted : result < 0 && !op->reads)
		report(fault, arg, op, "errno",
		       "a call is refused if it asks for the impossible, and only then", wanted,
		       result);
	if (wanted && hash() != before)
		report(fault, arg, op, "refused", "a call that is refused changes nothing", 0, 1);
}

/* NO_HZ has a tick come before the counter has gone around, or too far for the multiplication. */
static bool is_too_long(u64 cycles)
{
	const struct tk_read_base *tkr = &tkfi_timekeeper()->tkr_mono;
	const u64 passed = (tkfi_clock_counter(tkr->clock, tkfi_clock_peek()) - tkr->cycle_last) &
			   tkr->mask;
	const u64 ns = mul_u64_u32_shr(passed, tkr->mult, tkr->shift) +
		       mul_u64_u32_div(cycles, NSEC_PER_SEC, tkfi_clock_hz);

	return ns > tkr->clock->max_idle_ns;
}

/* Perform one operation. Returns false if it is impossible now. */
static bool perform_part(struct part *part, s64 *result)
{
	const unsigned int flags = part->op.type->flags;
	u64 cycles;

	if (now.asleep ? !(flags & TKFI_OP_WAKES) && part->op.type->run != tkfi_run_wait :
		     flags & TKFI_OP_WAKES || is_so(&part->op))
		return false;
	*result = 0;
	if (part->edge[0]) {
		if (now.asleep || !tkfi_story_cycles_to(part->edge, &cycles) ||
		    (s64)cycles + part->more <= 0 || is_too_long(cycles + part->more))
			return false;
		cycles += part->more;
		tkfi_clock_advance(cycles);
		scnprintf(part->text, sizeof(part->text), "wait %llucycles", cycles);
		return true;
	}
	if (part->op.type->run == tkfi_run_wait && !now.asleep &&
	    is_too_long(tkfi_duration_cycles(part->op.duration)))
		return false;
	if (flags & TKFI_OP_SLEEPS)
		see(&story->awake);
	*result = part->op.type->run(&part->op);
	if (flags & (TKFI_OP_SLEEPS | TKFI_OP_WAKES))
		now.asleep = flags & TKFI_OP_SLEEPS;
	now.phased |= *result >= 0 && !is_of_aux(&part->op) && tkfi_asks_for_phase(&part->op);
	return true;
}

static void judge(const struct tkfi_change *c)
{
	/* Of what was not to be seen while it slept, the state before that is compared. */
	if (!c->after->valid || !c->before->valid)
		return;
	tkfi_story_judge_readers(c);
	tkfi_story_judge_account(c);
	tkfi_story_judge_calls(c);
}

/* What adjtimex() tells; what that changes is undone. */
static struct __kernel_timex ask_adjtimex(const struct tkfi_op *op)
{
	struct __kernel_timex told = {};

	if (!(op->type->flags & TKFI_OP_TIMEX))
		return told;
	tkfi_state_save(&story->scratch);
	if (is_of_aux(op))
		tkfi_aux_clock()->adjtimex(&told);
	else
		do_adjtimex(&told);
	tkfi_state_restore(&story->scratch);
	return told;
}

static bool perform(unsigned int nr, tkfi_fault_fn fault, void *arg)
{
	struct usable *u = &story->usable[nr];
	const struct tkfi_seen *before = &story->base;
	unsigned int i, len = 0;
	u64 hashed = 0;
	s64 result;
	int wanted;

	for (i = 0; i < u->nr; i++) {
		struct part *part = &u->parts[i];
		struct tkfi_seen *after = &story->seen[before == &story->seen[0]];

		wanted = fault ? wanted_error(part) : 0;
		if (wanted)
			hashed = hash();
		if (!perform_part(part, &result))
			return false;
		len += scnprintf(story->said + len, sizeof(story->said) - len, "%s%s",
				 i ? ", " : "", part->text);
		if (!fault)
			continue;
		judge_call(&part->op, result, wanted, hashed, fault, arg);
		see(after);
		story->last = (struct tkfi_change){
			.op = &part->op, .of_aux = is_of_aux(&part->op), .is_plain = !now.phased,
			.result = result, .mono = now.asleep ? 0 : ktime_get(),
			.told = ask_adjtimex(&part->op), .before = before, .after = after,
			.fault = fault, .arg = arg,
		};
		judge(&story->last);
		before = after->valid ? after : before;
	}
	return true;
}

static const char *text_of(unsigned int nr)
{
	return story->usable[nr].text;
}

static void shown(tkfi_observed_fn tell, void *arg)
{
	const struct tkfi_change *c = &story->last;
	const struct tkfi_reader * const *readers;
	unsigned int nr, i;

	tell(c->op->type->name, "returns", c->result, 0, arg);
	if (c->op->type->flags & TKFI_OP_TIMEX)
		tkfi_observe_timex("adjtimex() after it", &c->told, tell, arg);
	if (!c->after->valid)
		return;
	readers = tkfi_story_readers(&nr);
	for (i = 0; i < nr; i++) {
		tell(tkfi_family_names[readers[i]->family], readers[i]->clock, c->after->at[i],
		     readers[i]->unit, arg);
		tell(tkfi_family_names[readers[i]->family], story->later[i], c->after->later[i],
		     readers[i]->unit, arg);
	}
}

static const char *beside(unsigned int nr)
{
	const struct usable *u = &story->usable[nr];

	/* What waits leaves nothing to be read meanwhile. */
	return u->nr == 1 && !u->parts[0].edge[0] && u->parts[0].op.type->run != tkfi_run_wait ?
	       u->parts[0].text : NULL;
}

/* One of each kind that has a way of its own to what is published, twice; and two ways. */
static const char * const others[] = {
	"read vdso MONOTONIC, read vdso MONOTONIC",
	"read kernel ktime_get, read kernel ktime_get",
	"read fast ktime_get_mono_fast_ns, read fast ktime_get_mono_fast_ns",
	"read vdso MONOTONIC, read kernel ktime_get",
	"read vdso MONOTONIC_COARSE, read vdso MONOTONIC_COARSE",
	"read kernel ktime_get_coarse, read kernel ktime_get_coarse",
	"read vdso time, read vdso time",
	NULL
};

static size_t say(char *buf, size_t size)
{
	return scnprintf(buf, size, "%s", story->said);
}

const struct tkfi_steps tkfi_timekeeping_steps = {
	.open		= open,
	.close		= close,
	.begin		= begin,
	.end		= end,
	.start		= start,
	.perform	= perform,
	.given		= given,
	.text		= text_of,
	.shown		= shown,
	.say		= say,
	.look		= look,
	.back		= back,
	.hash		= hash,
	.beside		= beside,
	.others		= others,
	.delay		= "10ms",
};

// SPDX-License-Identifier: GPL-2.0
/*
 * No updater and no reader writes or reads the state of timekeeping without a hook
 * that says so.
 */
#include <kunit/test.h>
#include <linux/kallsyms.h>

#include "barriers.h"
#include "clock.h"
#include "readers.h"
#include "subject.h"
#include "strategies.h"
#include "updaters.h"
#include "veil.h"

/*
 * Writes. An exploration watches its first executions; that is enough of it here.
 */
static void expect_all_writes_seen(struct kunit *test, const char *text)
{
	static const struct tkfi_explore_options once = {
		.strategy = TKFI_RANDOM,
		.executions = 1,
	};
	const struct tkfi_scenario scenario = { "watched", text };

	if (harness_load(test, &scenario))
		return;
	KUNIT_EXPECT_EQ_MSG(test, tkfi_explore(harness.explorer, &once), 0, "%s: %s",
			    text, harness.session.engine->error);
}

/* Reads. */
static void expect_no_unseen_read(struct kunit *test, const char *what)
{
	KUNIT_EXPECT_EQ_MSG(test, unseen.kind, ALL_READS_SEEN, "%s: %s %pS", what,
			    unseen.text, (void *)unseen.ip);
}

static void expect_all_reads_seen(struct kunit *test, const char *setup,
				  const char *op)
{
	if (!watch_reads(test, setup, op, NULL))
		expect_no_unseen_read(test, op);
}

static void expect_all_seen(struct kunit *test, const char *setup,
			    const char *op)
{
	char text[256];

	snprintf(text, sizeof(text), "setup: %s; cpu0: %s", setup, op);
	expect_all_writes_seen(test, text);
	expect_all_reads_seen(test, setup, op);
}

static void updater_desc(const struct updater *updater, char *desc)
{
	strscpy(desc, updater->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(updater, updaters, updater_desc);

static void updates(struct kunit *test)
{
	const struct updater *updater = test->param_value;

	expect_all_seen(test, updater->setup, updater->update);
}

static void reads(struct kunit *test)
{
	unsigned int i;
	char op[64];

	for (i = 0; i < tkfi_nr_readers; i++) {
		const struct tkfi_reader *reader = &tkfi_readers[i];

		snprintf(op, sizeof(op), "read %s %s",
			 tkfi_family_names[reader->family], reader->clock);
		expect_all_seen(test, "wait 12ms", op);
	}
}

static void jiffies_too(struct kunit *test)
{
	expect_all_seen(test, "wait 12ms", "jiffies");
	expect_all_seen(test, "wait 12ms", "read kernel get_jiffies_64");
}

/* The auxiliary clock's own, where there is one. */
static void aux_too(struct kunit *test)
{
	const struct tkfi_aux_clock *aux = tkfi_aux_clock();
	unsigned int i;
	char op[64];

	if (!aux)
		kunit_skip(test, "this kernel has no auxiliary clocks");
	expect_all_seen(test, "wait 2ms", "aux enable");
	expect_all_seen(test, "aux enable, wait 2ms", "aux disable");
	for (i = 0; i < TKFI_NR_AUX_READERS; i++) {
		snprintf(op, sizeof(op), "read %s %s",
			 tkfi_family_names[aux->readers[i].family],
			 aux->readers[i].clock);
		expect_all_seen(test, "aux enable, wait 12ms", op);
	}
}

/* What is read only when others come between. For writes tkfi_explore has all of these. */
static void sampled_reads(struct kunit *test)
{
	const struct tkfi_scenario *s = tkfi_subject->scenarios;

	for (; s < tkfi_subject->scenarios + tkfi_subject->nr_scenarios; s++) {
		if (tkfi_explorer_lacks(harness.explorer, s))
			continue;
		if (harness_load(test, s) || watch_sampled_reads(test))
			return;
		expect_no_unseen_read(test, s->name);
	}
}

/* What reads and writes in one instruction, from 6.13 on: ktime_get_real_ts64_mg(). */
static void (*read_floor)(struct timespec64 *ts);

static s64 run_floor(struct tkfi_op *op)
{
	struct timespec64 ts;

	read_floor(&ts);
	return timespec64_to_ns(&ts);
}

static unsigned int atomics;

static void count_atomics(const struct tkfi_access *access, void *arg)
{
	atomics += access->is_atomic && access->store && !access->is_volatile &&
		   access->size == sizeof(s64);
}

static void an_atomic_access_is_seen(struct kunit *test)
{
	read_floor = (void *)kallsyms_lookup_name("ktime_get_real_ts64_mg");
	if (!read_floor)
		kunit_skip(test, "this kernel has none");
	KUNIT_EXPECT_EQ_MSG(test, explore_with(test, run_floor), 0, "%s",
			    harness.session.engine->error);
	if (watch_reads(test, "wait 12ms", "tick", run_floor))
		return;
	expect_no_unseen_read(test, "ktime_get_real_ts64_mg");

	atomics = 0;
	harness.plan.access = count_atomics;
	KUNIT_EXPECT_EQ(test, harness_execute(test, "wait 12ms"), 0);
	KUNIT_EXPECT_EQ(test, atomics, 1);
}

/**
 * struct copy - the copy of publication, word by word
 * @old:	the timekeeper before it
 * @done:	bytes that have been copied
 * @half_done:	how often somebody could have seen words old and new at once
 * @wrong:	words that were not what had been copied so far
 */
struct copy {
	struct timekeeper old;
	size_t done;
	unsigned int half_done;
	unsigned int wrong;
};

static void watch_copy(const struct tkfi_access *access, void *arg)
{
	const void *real = tkfi_timekeeper(), *shadow = tkfi_shadow_timekeeper();
	struct copy *copy = arg;
	const size_t done = copy->done, rest = sizeof(struct timekeeper) - done;

	if (!access->store || access->addr != real + done || !rest)
		return;
	copy->wrong += memcmp(real, shadow, done) != 0;
	copy->wrong += memcmp(real + done, (void *)&copy->old + done, rest) != 0;
	copy->half_done += memcmp(real, &copy->old, done) &&
			   memcmp(real + done, shadow + done, rest);
	copy->done += access->size;
}

static void publication_is_word_by_word(struct kunit *test)
{
	struct tkfi_session *session = &harness.session;
	static struct copy copy;
	unsigned long flags;
	int ret;

	if (tkfi_variant() == TKFI_PRE_SERIES)
		kunit_skip(test, "before the series nothing was copied");
	if (harness_parse(test, "cpu0: tick"))
		return;
	harness.plan.access = watch_copy;
	harness.plan.probe_arg = &copy;
	copy = (struct copy){ };
	local_irq_save(flags);
	tkfi_state_save(&session->own);
	tkfi_timekeeping_start();
	tkfi_clock_advance(tkfi_clock_cycles(12 * NSEC_PER_MSEC));
	copy.old = *tkfi_timekeeper();
	ret = tkfi_plan_run(&harness.plan, session->engine);
	tkfi_state_restore(&session->own);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, ret, 0);
	KUNIT_EXPECT_EQ(test, copy.done, sizeof(struct timekeeper));
	KUNIT_EXPECT_EQ(test, copy.wrong, 0);
	KUNIT_EXPECT_GT(test, copy.half_done, 1);
}

static void barriers(struct kunit *test)
{
	static const char * const ops[] = {
		"tick", "adjtimex freq=-500ppm", "settimeofday 1400000000",
		"inject -3ms", "jiffies"
	};
	unsigned int i;
	char op[64];

	/* Two sequences, begun and ended, and a latch or two. */
	for (i = 0; i < ARRAY_SIZE(ops); i++)
		expect_ordered(test, "wait 12ms", ops[i], 6);
	for (i = 0; i < tkfi_nr_readers; i++) {
		const struct tkfi_reader *reader = &tkfi_readers[i];

		snprintf(op, sizeof(op), "read %s %s",
			 tkfi_family_names[reader->family], reader->clock);
		expect_ordered(test, "wait 12ms", op,
			       reader->family == TKFI_FAST ? 1 :
			       reader->lockless ? 0 : 2);
	}
}

static struct kunit_case unreported_cases[] = {
	KUNIT_CASE_PARAM(updates, updater_gen_params),
	KUNIT_CASE(reads),
	KUNIT_CASE(jiffies_too),
	KUNIT_CASE(aux_too),
	KUNIT_CASE(sampled_reads),
	KUNIT_CASE(an_atomic_access_is_seen),
	KUNIT_CASE(publication_is_word_by_word),
	KUNIT_CASE(barriers),
	{}
};

static struct kunit_suite unreported_suite = {
	.name = "tkfi_unreported",
	.suite_init = veil_open,
	.suite_exit = veil_close,
	.init = harness_init,
	.test_cases = unreported_cases,
};

kunit_test_suite(unreported_suite);

// SPDX-License-Identifier: GPL-2.0
/* Stories: all sequences, each state once; and states that are taken for the same are. */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/math64.h>
#include <linux/string.h>

#include "stories.h"

#ifdef CONFIG_TKFI_TIMEKEEPING
#include "glue.h"
#include "readers.h"
#include "story.h"
#endif

/* A number below 16, two steps that do the same, and one that is impossible at 5. */
static struct {
	unsigned int value;
	unsigned int looked;
	unsigned int judged;
	unsigned int left;	/* states that may still be expanded */
	unsigned int nested;
} toy;

static void toy_begin(void *arg)
{
	toy.nested++;
}

static void toy_end(void *arg)
{
	toy.nested--;
}

static void toy_start(void *arg)
{
	toy.value = 0;
}

static unsigned int toy_next(unsigned int value, unsigned int step)
{
	const unsigned int next[] = { value + 1, value + 17, value * 2, value + 3 };

	return next[step] % 16;
}

static bool toy_step(const struct tkfi_story *story, bool judged, void *arg)
{
	const unsigned int step = story->steps[story->nr - 1];

	if (step == 3 && toy.value == 5)
		return false;
	toy.judged += judged;
	toy.value = toy_next(toy.value, step);
	return true;
}

static void toy_look(void *arg)
{
	toy.looked = toy.value;
}

static void toy_back(void *arg)
{
	toy.value = toy.looked;
}

static u64 toy_hash(void *arg)
{
	return toy.value + 1;
}

static bool toy_go_on(void *arg)
{
	return toy.left-- > 0;
}

static const struct tkfi_story_teller toy_teller = {
	.nr_steps = 4, .begin = toy_begin, .end = toy_end, .start = toy_start, .step = toy_step,
	.look = toy_look, .back = toy_back, .hash = toy_hash, .go_on = toy_go_on,
};

static struct tkfi_stories tell(struct kunit *test, unsigned int length, unsigned int part,
				unsigned int parts, unsigned int left)
{
	struct tkfi_stories s = { .length = length, .part = part, .parts = parts };

	memset(&toy, 0, sizeof(toy));
	toy.left = left;
	KUNIT_EXPECT_EQ(test, tkfi_stories_tell(&s, &toy_teller), 0);
	KUNIT_EXPECT_EQ(test, toy.nested, 0);
	KUNIT_EXPECT_EQ(test, s.nr_performed, toy.judged);
	return s;
}

/* How many values are so many steps away, and no fewer: by another way, levels of a bitmap. */
static unsigned int away(unsigned int steps)
{
	unsigned long seen = 1, level = 1, next;
	unsigned int value, step;

	while (steps--) {
		next = 0;
		for_each_set_bit(value, &level, 16)
			for (step = 0; step < 4; step++)
				if (step != 3 || value != 5)
					next |= BIT(toy_next(value, step));
		level = next & ~seen;
		seen |= next;
	}
	return hweight_long(level);
}

static void each_state_once(struct kunit *test)
{
	struct tkfi_stories s = tell(test, 5, 0, 1, UINT_MAX);
	unsigned int i, expanded = 0;

	KUNIT_EXPECT_TRUE(test, s.complete);
	for (i = 0; i < 5; i++) {
		KUNIT_EXPECT_EQ(test, s.nr_states[i], away(i));
		expanded += s.nr_states[i];
	}
	/* One of them has a step less. */
	KUNIT_EXPECT_EQ(test, s.nr_performed, 4 * expanded - 1);
}

static void parts_are_the_whole(struct kunit *test)
{
	const struct tkfi_stories whole = tell(test, 4, 0, 1, UINT_MAX);
	unsigned int part, i;
	u64 performed = 0;

	for (part = 0; part < 3; part++) {
		const struct tkfi_stories s = tell(test, 4, part, 3, UINT_MAX);

		KUNIT_EXPECT_TRUE(test, s.complete);
		for (i = 0; i < 4; i++)
			KUNIT_EXPECT_EQ(test, s.nr_states[i], whole.nr_states[i]);
		performed += s.nr_performed;
	}
	KUNIT_EXPECT_EQ(test, performed, whole.nr_performed);
}

static void can_be_stopped(struct kunit *test)
{
	const struct tkfi_stories s = tell(test, 5, 0, 1, 3);

	KUNIT_EXPECT_FALSE(test, s.complete);
	KUNIT_EXPECT_GT(test, s.nr_performed, 0);
	KUNIT_EXPECT_LE(test, s.nr_performed, 12);
}

/* More states than there was room for at first. */
static bool count_step(const struct tkfi_story *story, bool judged, void *arg)
{
	toy.judged += judged;
	toy.value = toy.value * 100 + story->steps[story->nr - 1] + 1;
	return true;
}

static void grows(struct kunit *test)
{
	struct tkfi_stories s = { .length = 3, .parts = 1 };
	struct tkfi_story_teller counter = toy_teller;

	counter.nr_steps = 99;
	counter.step = count_step;
	memset(&toy, 0, sizeof(toy));
	toy.left = UINT_MAX;
	KUNIT_EXPECT_EQ(test, tkfi_stories_tell(&s, &counter), 0);
	KUNIT_EXPECT_EQ(test, s.nr_states[2], 99 * 99);
	KUNIT_EXPECT_EQ(test, s.nr_performed, 99 + 99 * 99 + 99 * 99 * 99);
}

#ifdef CONFIG_TKFI_TIMEKEEPING
#define MAX_KEPT	128

/**
 * struct kept - a state that was reached
 * @hash:	its number
 * @steps:	how; @nr of them
 * @nr:		one or two
 * @bytes:	a hash of all of it
 */
struct kept {
	u64 hash;
	unsigned int steps[2];
	unsigned int nr;
	u64 bytes;
};

static const struct tkfi_steps *steps = &tkfi_timekeeping_steps;

static bool reach(const struct kept *to)
{
	unsigned int i;

	steps->start();
	for (i = 0; i < to->nr; i++)
		if (!steps->perform(to->steps[i], NULL, NULL))
			return false;
	return true;
}

/* What tells two states apart; NULL if nothing does. */
static const char *difference(const struct tkfi_seen *a, const struct tkfi_seen *b)
{
	unsigned int nr, i;
	const struct tkfi_reader * const *readers = tkfi_story_readers(&nr);

	for (i = 0; i < nr; i++)
		if (a->at[i] != b->at[i] || a->later[i] != b->later[i])
			return readers[i]->call;
	return NULL;
}

/*
 * Two states of one number: before and after each step, all that can be seen is the same. What
 * is wrong goes to @wrong.
 */
static void compare(const struct kept *a, const struct kept *b, unsigned int nr_steps,
		    char *wrong, size_t size)
{
	static struct tkfi_seen seen[2];
	const struct kept *both[] = { a, b };
	unsigned int step, i;
	const char *what;
	bool possible[2];
	u64 hashes[2];

	for (step = 0; step <= nr_steps; step++) {
		for (i = 0; i < 2; i++) {
			reach(both[i]);
			possible[i] = step == nr_steps || steps->perform(step, NULL, NULL);
			hashes[i] = steps->hash();
			if (possible[i] && !tkfi_story_is_asleep())
				tkfi_story_look(&seen[i]);
		}
		what = possible[0] != possible[1] ? "what is possible" :
		       !possible[0] ? NULL : hashes[0] != hashes[1] ? "the number" :
		       tkfi_story_is_asleep() ? NULL : difference(&seen[0], &seen[1]);
		if (what)
			snprintf(wrong, size, "%s after %u %u and %u %u (%u, %u), then %u", what,
				 a->steps[0], a->steps[1], b->steps[0], b->steps[1], a->nr, b->nr,
				 step);
	}
}

static void same_numbers_are_the_same(struct kunit *test)
{
	static struct kept kept[MAX_KEPT];
	struct tkfi_state copy;
	static char wrong[256];
	unsigned int nr = 0, pairs = 0, i, first, second;
	int nr_steps = steps->open(0);

	KUNIT_ASSERT_GT(test, nr_steps, 0);
	KUNIT_ASSERT_EQ(test, tkfi_state_alloc(&copy), 0);
	steps->begin();
	for (first = 0; first < nr_steps; first++) {
		for (second = 0; second <= nr_steps; second++) {
			struct kept now = {
				.steps = { first, second }, .nr = second < nr_steps ? 2 : 1,
			};

			if (!reach(&now))
				continue;
			now.hash = steps->hash();
			tkfi_state_save(&copy);
			now.bytes = tkfi_state_hash(&copy);
			for (i = 0; i < nr && kept[i].hash != now.hash; i++)
				;
			if (i == nr && nr < MAX_KEPT)
				kept[nr++] = now;
			if (i < nr && kept[i].bytes != now.bytes && pairs < 200) {
				pairs++;
				compare(&kept[i], &now, nr_steps, wrong, sizeof(wrong));
			}
		}
	}
	steps->end();
	tkfi_state_free(&copy);
	steps->close();
	KUNIT_EXPECT_GT(test, pairs, 20);
	KUNIT_EXPECT_STREQ(test, wrong, "");
}

static unsigned int step_of(struct kunit *test, unsigned int nr_steps, const char *text)
{
	unsigned int i;

	for (i = 0; i < nr_steps && strcmp(steps->text(i), text); i++)
		;
	KUNIT_EXPECT_LT_MSG(test, i, nr_steps, "%s", text);
	return i;
}

static void count(const struct tkfi_fault_seen *fault, void *arg)
{
	unsigned int *nr = arg;

	*nr += !fault->cause;
}

/* What a resume shows is compared with what was seen when timekeeping was suspended. */
static void resume_by_itself(struct kunit *test)
{
	const struct tkfi_timekeepers keepers = tkfi_core_timekeepers();
	const int nr_steps = steps->open(0);
	unsigned int suspend, resume, good = 0, bad = 0;
	bool done;

	KUNIT_ASSERT_GT(test, nr_steps, 0);
	suspend = step_of(test, nr_steps, "suspend");
	resume = step_of(test, nr_steps, "resume");
	steps->begin();
	steps->start();
	done = steps->perform(suspend, NULL, NULL);
	steps->look();
	done &= steps->perform(resume, count, &good);
	steps->back();
	((struct timekeeper *)keepers.real)->raw_sec--;
	((struct timekeeper *)keepers.shadow)->raw_sec--;
	done &= steps->perform(resume, count, &bad);
	steps->end();
	steps->close();
	KUNIT_EXPECT_TRUE(test, done);
	KUNIT_EXPECT_EQ(test, good, 0);
	KUNIT_EXPECT_GT(test, bad, 0);
}

struct told {
	unsigned int nr;
	unsigned int nr_seconds;
	unsigned int nr_finer;
	u64 sum;
};

static void add(const char *of, const char *name, s64 value, u32 unit, void *arg)
{
	struct told *told = arg;

	s32 rest = 0;

	if (unit)
		div_s64_rem(value, unit, &rest);
	told->nr++;
	told->nr_seconds += unit == NSEC_PER_SEC;
	told->nr_finer += !!rest;
	told->sum = 31 * told->sum + value;
}

/*
 * All values after a step are told, the same each time; after another step there are others.
 * Times are multiples of their units, and some are whole seconds.
 */
static void shows_values(struct kunit *test)
{
	static const char * const texts[] = { "tick", "tick", "until tick -1" };
	const int nr_steps = steps->open(0);
	struct told told[ARRAY_SIZE(texts)] = {};
	unsigned int i, step[ARRAY_SIZE(texts)], faults = 0;

	KUNIT_ASSERT_GT(test, nr_steps, 0);
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		step[i] = step_of(test, nr_steps, texts[i]);
	steps->begin();
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		steps->start();
		steps->look();
		steps->perform(step[i], count, &faults);
		steps->shown(add, &told[i]);
	}
	steps->end();
	steps->close();
	KUNIT_EXPECT_GT(test, told[0].nr, 40);
	KUNIT_EXPECT_GT(test, told[2].nr_seconds, 2);
	KUNIT_EXPECT_EQ(test, told[2].nr_finer, 0);
	KUNIT_EXPECT_EQ(test, told[1].nr, told[0].nr);
	KUNIT_EXPECT_EQ(test, told[1].sum, told[0].sum);
	KUNIT_EXPECT_NE(test, told[2].sum, told[0].sum);
}
#endif

static struct kunit_case stories_cases[] = {
	KUNIT_CASE(each_state_once),
	KUNIT_CASE(parts_are_the_whole),
	KUNIT_CASE(can_be_stopped),
	KUNIT_CASE(grows),
#ifdef CONFIG_TKFI_TIMEKEEPING
	KUNIT_CASE(same_numbers_are_the_same),
	KUNIT_CASE(resume_by_itself),
	KUNIT_CASE(shows_values),
#endif
	{}
};

static struct kunit_suite stories_suite = {
	.name = "tkfi_engine_stories",
	.test_cases = stories_cases,
};

kunit_test_suite(stories_suite);

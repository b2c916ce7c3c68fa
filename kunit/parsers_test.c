// SPDX-License-Identifier: GPL-2.0
/*
 * The parsers on a hundred thousand texts each, most of them wrong. What is accepted can be
 * printed, and is the same when that is parsed; what is refused is refused for a reason that is
 * said, at a place in the text. See ./tkfi dev kasan, too.
 */
#include <kunit/test.h>
#include <linux/ctype.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmstat.h>
#include <linux/xxhash.h>

#include "harness.h"
#include "mutate.h"
#include "operation.h"
#include "readers.h"
#include "refusal.h"
#include "script.h"
#include "strategies.h"

#include <tkfi-glue.h>

#define INPUTS		100000
/* Longer than whatever is accepted. */
#define LONGEST		1400

/* Each verdict is for one input in this many at least, else the texts would test little. */
#define RARE		20

/* Of slabs that are not given back; what others allocate meanwhile is less. */
#define MOST_PAGES	16

#define PAINT		0x5a

static const struct refusal bad_plans[] = {
#include "refused_plans.inc"
};

static const struct refusal bad_scenarios[] = {
#include "refused_scenarios.inc"
};

static const struct refusal bad_turns[] = {
#include "refused_turns.inc"
};

static const char * const good_plans[] = {
	"cpu0: tick, adjtimex freq=+1ppm nano; at cpu0 advance.locked off 1ms",
	"cpu0: tick; cpu1: read vdso MONOTONIC; at cpu0 advance.calculated#2 off 10min run cpu1 2 nmi fast ktime_get_mono_fast_ns; host: 0, 5cycles",
	"cpu0: inject -3ms, settimeofday 1361404800.5, clocksource second; nmi cpu0: read fast ktime_get_tai_fast_ns",
};

static const char * const good_turns[] = {
	"", "cpu0, host, cpu1", "cpu0 before store vdso.seq#2, host, cpu1, cpu0",
	"nmi0 before load tk_core+40/8#12,host before store clock",
	" cpu2  before lock timekeeper_lock , cpu0 before unlock timekeeper_lock#4294967295",
	"host,host,host,host,host,host,host,host,host,host,host,host,host,host,host,host,host,host,host,host,host,host,host,host,host,host,host,host,host,host,host,host,host,host",
};

static const char * const scripts[] = {
	"2.5s adjtimex freq=+100ppm", "1h error -20ppb", "2h suspend 10min", "3h servo 128",
	"0 settimeofday 1361404800 # so", "10d clocksource second", "33.3333s adjtimex tick=10005",
	"5s inject -3ms", "1s rtc absent", "1m sleeptime 3s", "12us ntp freq=-3ppm",
	"3s servo 1 kp=1 ki=2 noise=100ns", "5s tick", "1s aux tick",
};

static const char * const stories[] = {
	"tick", "wait 10ms, tick, adjtimex freq=+500ppm", "until tick +3, tick", "until leap, tick",
	"until second -100, read vdso MONOTONIC, suspend, resume", "aux enable, aux tick",
	"settimeofday 1341100797, adjtimex status=16, until leap 5, tick",
};

static const char * const words[] = {
	"cpu0:", "cpu1:", "cpu3:", "cpu0", "nmi cpu0:", "nmi0", "host:", "host", "setup:",
	"clock:", "1ghz", "at cpu0", "off", "run cpu1", "nmi", "advance.calculated",
	"advance.locked", "publish.begin", "before", "load", "store", "lock", "unlock",
	"vdso.seq", "tk_core+40/8", "#2", "#", "tick", "adjtimex", "ntp", "jiffies", "read",
	"vdso", "kernel", "fast", "MONOTONIC", "ktime_get", "ktime_get_mono_fast_ns",
	"settimeofday", "inject", "clocksource", "first", "second", "rtc", "present", "absent",
	"suspend", "resume", "sleeptime", "wait", "aux", "enable", "settime", "freq=",
	"freq=+500ppm", "tick=10001", "tai=37", "status=16", "constant=4", "maxerror=1",
	"offset=1000", "setoffset=-3ms", "nano", "micro", "singleshot=5", "ss_read", "until",
	"leap", "edge", "error", "-20ppb", "servo", "128", "1ms", "10min", "5cycles", "0",
	"1361404800.5", "+100ppm", "2.5s", "1h", "3d", ",", ";", "; ", ", ", ":", NULL
};

static const char *from(const char * const *texts, unsigned int nr, const struct refusal *bad,
			unsigned int nr_bad, unsigned int at)
{
	if (at < nr)
		return texts[at];
	return at - nr < nr_bad ? bad[at - nr].text : NULL;
}

static const char *seed_plan(unsigned int nr)
{
	const struct tkfi_scenario *shipped = tkfi_subject->scenarios;

	if (nr >= tkfi_subject->nr_scenarios)
		return from(good_plans, ARRAY_SIZE(good_plans), bad_plans, ARRAY_SIZE(bad_plans),
			    nr - tkfi_subject->nr_scenarios);
	/* Without its set-up. */
	return strstr(shipped[nr].text, "cpu0:") ?: "";
}

static const char *seed_scenario(unsigned int nr)
{
	return nr < tkfi_subject->nr_scenarios ? tkfi_subject->scenarios[nr].text :
	       from(NULL, 0, bad_scenarios, ARRAY_SIZE(bad_scenarios),
		    nr - tkfi_subject->nr_scenarios);
}

static const char *seed_turns(unsigned int nr)
{
	return from(good_turns, ARRAY_SIZE(good_turns), bad_turns, ARRAY_SIZE(bad_turns), nr);
}

static const char *seed_script(unsigned int nr)
{
	return from(scripts, ARRAY_SIZE(scripts), NULL, 0, nr);
}

static const char *seed_story(unsigned int nr)
{
	return from(stories, ARRAY_SIZE(stories), NULL, 0, nr);
}

/**
 * struct parser - a parser, and texts for it
 * @name:	of the case
 * @seed:	texts to begin with
 * @open:	what it needs; NULL if that is nothing
 * @close:	undoes that
 * @parse:	parses a text. Returns 0, or -EINVAL with a sentence in @err, and sets @wrong to
 *		where the text is refused
 * @print:	prints what was parsed, if that can be done. Returns as snprintf()
 * @digest:	a hash of all that the parsed text means
 * @longest:	characters of the longest text that it accepts for sure if it is right
 */
struct parser {
	const char *name;
	const char *(*seed)(unsigned int nr);
	int (*open)(void);
	void (*close)(void);
	int (*parse)(const char *text, char *err, size_t size, unsigned int *wrong);
	int (*print)(const char *text, char *buf, size_t size);
	u64 (*digest)(void);
	size_t longest;
};

static u64 digest_op(const struct tkfi_op *op, u64 hash)
{
	hash = xxh64(&op->type, sizeof(op->type), hash);
	hash = xxh64(op->call, strlen(op->call), hash + op->reads);
	hash = xxh64(&op->duration.amount, sizeof(op->duration.amount),
		     hash + op->duration.in_cycles);
	return xxh64(op->args, sizeof(op->args), hash);
}

static u64 digest_plan(const struct tkfi_plan *plan)
{
	u64 hash = plan->nr_programs << 8 | plan->nr_faults << 1 | plan->has_host;
	unsigned int i, j;

	for (i = 0; i < plan->nr_programs; i++) {
		const struct tkfi_program *program = &plan->programs[i];
		const u32 who[] = { program->nr, program->is_nmi,
				    program->is_nmi ? program->cpu : 0 };

		hash = xxh64(who, sizeof(who), hash);
		for (j = 0; j < program->nr; j++)
			hash = digest_op(&program->ops[j], hash);
	}
	for (i = 0; i < plan->nr_faults; i++) {
		const struct tkfi_fault *fault = &plan->faults[i];
		const u64 what[] = { fault->victim, (uintptr_t)fault->point, fault->hit,
				     fault->delay.amount, fault->delay.in_cycles, fault->other,
				     fault->nr_ops };

		hash = xxh64(what, sizeof(what), hash);
		if (fault->nmi.type)
			hash = digest_op(&fault->nmi, hash);
	}
	return hash;
}

__printf(4, 5)
static int print(char *buf, size_t size, int len, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	len += vscnprintf(buf + len, size - len, fmt, args);
	va_end(args);
	return len;
}

/* Operations, as they were written in @text, of which @plan has a copy. */
static int print_ops(const struct tkfi_plan *plan, const struct tkfi_program *program,
		     const char *text, char *buf, size_t size, int len)
{
	unsigned int i;

	for (i = 0; i < program->nr; i++) {
		const char *said = text + (program->ops[i].text - plan->text);
		int end = strcspn(said, ",;");

		while (end && isspace(said[end - 1]))
			end--;
		len = print(buf, size, len, "%s%.*s", i ? ", " : " ", end, said);
	}
	return len;
}

static int print_fault(const struct tkfi_fault *fault, char *buf, size_t size, int len)
{
	len = print(buf, size, len, "; at cpu%u %s#%u off %llu%s", fault->victim, fault->point,
		    fault->hit, fault->delay.amount, fault->delay.in_cycles ? "cycles" : "ns");
	if (fault->other >= 0)
		len = print(buf, size, len, " run cpu%d %u", fault->other, fault->nr_ops);
	if (fault->nmi.type) {
		const struct tkfi_reader *reader = tkfi_args(&fault->nmi)->reader;

		len = print(buf, size, len, " nmi %s %s", tkfi_family_names[reader->family],
			    reader->clock);
	}
	return len;
}

static int print_plan(const struct tkfi_plan *plan, const char *text, char *buf, size_t size,
		      int len)
{
	char names[TKFI_MAX_VCPUS][TKFI_VCPU_NAME];
	unsigned int i;

	tkfi_plan_names(plan, names);
	for (i = 0; i < plan->nr_programs; i++) {
		len = print(buf, size, len, "%s", i ? "; " : "");
		if (plan->programs[i].is_nmi)
			len = print(buf, size, len, "nmi cpu%u:", plan->programs[i].cpu);
		else
			len = print(buf, size, len, "%s:", names[i]);
		len = print_ops(plan, &plan->programs[i], text, buf, size, len);
	}
	for (i = 0; i < plan->nr_faults; i++)
		len = print_fault(&plan->faults[i], buf, size, len);
	return len;
}

static int open_session(void)
{
	return harness_open(NULL);
}

static int open_explorer(void)
{
	return harness_open_explorer(NULL);
}

static void close_harness(void)
{
	harness_close(NULL);
}

static int parse_plan(const char *text, char *err, size_t size, unsigned int *wrong)
{
	int ret = tkfi_plan_parse(&harness.plan, err, size, "%s", text);

	*wrong = harness.plan.wrong - harness.plan.text;
	return ret;
}

static int plan_as_text(const char *text, char *buf, size_t size)
{
	return print_plan(&harness.plan, text, buf, size, 0);
}

static u64 plan_digest(void)
{
	return digest_plan(&harness.plan);
}

static int parse_scenario(const char *text, char *err, size_t size, unsigned int *wrong)
{
	const struct tkfi_scenario scenario = { "given", text };
	struct tkfi_run *run = tkfi_run_of(harness.explorer);
	int ret = tkfi_run_load(run, &scenario, err, size);

	*wrong = run->wrong;
	return ret;
}

static int scenario_as_text(const char *text, char *buf, size_t size)
{
	const struct tkfi_run *run = tkfi_run_of(harness.explorer);
	int len = 0;

	if (run->setup_text[0]) {
		char setup[TKFI_PLAN_TEXT + 8];

		snprintf(setup, sizeof(setup), "cpu0: %s", run->setup_text);
		len = print(buf, size, len, "setup:");
		len = print_ops(&run->setup, run->setup.programs, setup, buf, size, len);
		len = print(buf, size, len, "; ");
	}
	return print_plan(&run->plan, text + run->plan_at, buf, size, len);
}

static u64 scenario_digest(void)
{
	const struct tkfi_run *run = tkfi_run_of(harness.explorer);

	return digest_plan(&run->plan) + (run->setup_text[0] ? digest_plan(&run->setup) : 0);
}

static struct tkfi_schedule turns = {
	.names = { "cpu0", "cpu1", "cpu2", "nmi0", "host" },
	.nr_vcpus = 5,
};

static int parse_schedule(const char *text, char *err, size_t size, unsigned int *wrong)
{
	int ret = tkfi_schedule_parse(&turns, text, err, size);

	*wrong = turns.wrong;
	return ret;
}

static int schedule_as_text(const char *text, char *buf, size_t size)
{
	return tkfi_schedule_print(&turns, buf, size);
}

static u64 schedule_digest(void)
{
	u64 hash = turns.nr_turns;
	unsigned int i;

	for (i = 0; i < turns.nr_turns; i++) {
		const struct tkfi_turn *turn = &turns.turns[i];
		const u32 what[] = { turn->vcpu, turn->before, turn->hit };

		hash = xxh64(what, sizeof(what), hash);
		hash = xxh64(turn->kind, sizeof(turn->kind), hash);
		hash = xxh64(turn->name, sizeof(turn->name), hash);
	}
	return hash;
}

static int one_line(void *arg, char *line, size_t size)
{
	const char **text = arg;
	ssize_t len;

	if (!*text)
		return 0;
	len = strscpy(line, *text, size);
	*text = NULL;
	return len < 0 ? -EINVAL : 1;
}

static int parse_script(const char *text, char *err, size_t size, unsigned int *wrong)
{
	struct tkfi_script script = { .next_line = one_line, .arg = &text };
	int ret = tkfi_script_next(&script);

	strscpy(err, script.err, size);
	*wrong = 0;
	return ret;
}

static int open_stories(void)
{
	return min(tkfi_subject->steps->open(0), 0);
}

static void close_stories(void)
{
	tkfi_subject->steps->close();
}

static int parse_story(const char *text, char *err, size_t size, unsigned int *wrong)
{
	*wrong = 0;
	return tkfi_subject->steps->given(text, err, size);
}

static const struct parser parsers[] = {
	{ "plans", seed_plan, open_session, close_harness, parse_plan, plan_as_text,
	  plan_digest, TKFI_PLAN_TEXT - 1 },
	{ "scenarios", seed_scenario, open_explorer, close_harness, parse_scenario,
	  scenario_as_text, scenario_digest, TKFI_PLAN_TEXT - 1 },
	{ "schedules", seed_turns, NULL, NULL, parse_schedule, schedule_as_text,
	  schedule_digest, SIZE_MAX },
	{ "lines of scripts", seed_script, NULL, NULL, parse_script },
	{ "stories", seed_story, open_stories, close_stories, parse_story },
};

static void parser_desc(const struct parser *parser, char *desc)
{
	strscpy(desc, parser->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(parser, parsers, parser_desc);

static struct {
	char text[LONGEST];
	char printed[8 * LONGEST];
	char again[8 * LONGEST];
	char err[1024 + 16];
} room;

/* Is a sentence in @room.err, and nothing behind @size? */
static bool said(size_t size)
{
	return strnlen(room.err, size) < size && !memchr_inv(room.err + size, PAINT,
		     sizeof(room.err) - size) && (room.err[0] || size == 1);
}

static int parse(const struct parser *parser, const char *text, size_t size,
		 unsigned int *wrong)
{
	/* Without room behind it, where KASAN would see nothing. */
	char *copy = kstrdup(text, GFP_KERNEL);
	int ret;

	if (!copy)
		return -ENOMEM;
	memset(room.err, PAINT, sizeof(room.err));
	room.err[0] = '\0';
	ret = parser->parse(copy, room.err, size, wrong);
	kfree(copy);
	return ret;
}

/* Whether a text that was accepted is the same when it was printed, and is parsed. */
static bool comes_back(const struct parser *parser, const char *text)
{
	const u64 digest = parser->digest();
	unsigned int wrong;

	/* A blank more after each comma may be too much. */
	if (parser->print(text, room.printed, sizeof(room.printed)) > parser->longest)
		return true;
	if (parse(parser, room.printed, 1024, &wrong) || parser->digest() != digest)
		return false;
	parser->print(room.printed, room.again, sizeof(room.again));
	return !strcmp(room.printed, room.again);
}

/* What is wrong with what comes of a text; NULL if nothing is. */
static const char *fault_of(const struct parser *parser, size_t size, bool *accepted)
{
	unsigned int wrong = 0;
	int ret = parse(parser, room.text, size, &wrong);

	*accepted = !ret;
	if (ret && ret != -EINVAL)
		return "an error that is none of a text";
	if (ret && !said(size))
		return "refused without a reason";
	if (ret && wrong > strlen(room.text))
		return "refused at a place behind its end";
	if (!ret && memchr_inv(room.err + size, PAINT, sizeof(room.err) - size))
		return "the reason was written over its end";
	if (!ret && parser->print && !comes_back(parser, room.text))
		return "not the same when it is printed and parsed again";
	return NULL;
}

/* What was allocated by pages leaves a struct vm_struct there, too. */
static unsigned long pages(void)
{
	return global_node_page_state_pages(NR_SLAB_RECLAIMABLE_B) +
	       global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B);
}

static void parses(struct kunit *test)
{
	const struct parser *parser = test->param_value;
	struct mutator texts = { parser->seed, words, tkfi_draw_init(parser - parsers) };
	unsigned int i, accepted = 0, bad = 0;
	unsigned long before;

	KUNIT_ASSERT_EQ(test, parser->open ? parser->open() : 0, 0);
	before = pages();
	for (i = 0; i < INPUTS; i++) {
		const size_t size = tkfi_draw(&texts.state, 4) ? 1024 :
				    1 + tkfi_draw(&texts.state, 200);
		const char *fault;
		bool fits;

		mutator_next(&texts, room.text, sizeof(room.text));
		fault = fault_of(parser, size, &fits);
		accepted += fits;
		if (fault && ++bad <= 5)
			KUNIT_FAIL(test, "'%s': %s; '%s', '%s'", room.text, fault, room.err,
				   fits && parser->print ? room.printed : "");
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	/* KASAN keeps what was given back. */
	if (!IS_ENABLED(CONFIG_KASAN))
		KUNIT_EXPECT_LT(test, pages(), before + MOST_PAGES);
	KUNIT_EXPECT_GT(test, accepted, INPUTS / RARE);
	KUNIT_EXPECT_LT(test, accepted, INPUTS - INPUTS / RARE);
	kunit_info(test, "%u of %u %s are accepted\n", accepted, INPUTS, parser->name);
	if (parser->close)
		parser->close();
}

/* What somebody may take for right. */
static const char * const bad_stories[][2] = {
	{ "until tick +3 cycles", "impossible number of cycles '+3 cycles'" },
	{ "tick, until tick 99999999999", "impossible number of cycles '99999999999'" },
	{ "until seconds", "there is no 'seconds' to wait for; there are: tick, second, leap" },
	{ "until seconds_of_a_day 3", "there is no 'seconds_of_a_day' to wait for" },
	{ "until  ", "unknown operation 'until'" },
};

static void refused_stories(struct kunit *test)
{
	unsigned int i, wrong;

	KUNIT_ASSERT_EQ(test, open_stories(), 0);
	for (i = 0; i < ARRAY_SIZE(bad_stories); i++) {
		KUNIT_EXPECT_EQ(test, parse_story(bad_stories[i][0], room.err,
						  sizeof(room.err), &wrong), -EINVAL);
		KUNIT_EXPECT_TRUE_MSG(test, strstarts(room.err, bad_stories[i][1]), "%s",
				      room.err);
	}
	close_stories();
}

#ifdef CONFIG_KASAN

/* It has to fail, or nobody watches. */
static void read_behind_the_end(struct kunit *test)
{
	char *copy = kstrdup("12345678", GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	kunit_info(test, "behind the end is %d\n", READ_ONCE(copy[9]));
	kfree(copy);
}

#endif

static struct kunit_case parser_cases[] = {
#ifdef CONFIG_KASAN
	KUNIT_CASE(read_behind_the_end),
#endif
	KUNIT_CASE(refused_stories),
	KUNIT_CASE_PARAM(parses, parser_gen_params),
	{}
};

static struct kunit_suite parser_suite = {
	.name = "tkfi_engine_parsers",
	.test_cases = parser_cases,
};

kunit_test_suite(parser_suite);

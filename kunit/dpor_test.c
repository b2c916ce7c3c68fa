// SPDX-License-Identifier: GPL-2.0
/*
 * Does the exploration execute every class once, and only once? On small programs
 * that have nothing to do with time, against an enumerator of all interleavings that
 * shares no code with it.
 */
#include <kunit/test.h>
#include <linux/prandom.h>

#include "cells.h"
#include "dpor_internal.h"
#include "entry.h"
#include "enumerate.h"
#include "estimate.h"
#include "saved_file.h"
#include "search.h"

#undef cpu_relax

#define ADDS2(w)	{ ADD, w }, { ADD, w }
#define LOAD_STORE(w)	{ LOAD, w }, { STORE, w }

static const struct program programs[] = {
	{ "3 x 1 fetch-add on one word", 6,
	  { { { ADD, 0 } }, { { ADD, 0 } }, { { ADD, 0 } } } },
	{ "3 x 2 fetch-add on one word", 90,
	  { { ADDS2(0) }, { ADDS2(0) }, { ADDS2(0) } } },
	{ "2 x 3 load and store", 328,
	  { { LOAD_STORE(0), LOAD_STORE(0), LOAD_STORE(0) },
	    { LOAD_STORE(0), LOAD_STORE(0), LOAD_STORE(0) } } },
	{ "3 x 2 on disjoint words", 1,
	  { { ADDS2(0) }, { ADDS2(1) }, { ADDS2(2) } } },
	{ "message passing", 3,
	  { { { STORE, 0 }, { STORE, 1 } }, { { LOAD, 1 }, { LOAD, 0 } } } },
	{ "store buffering", 3,
	  { { { STORE, 0 }, { LOAD, 1 } }, { { STORE, 1 }, { LOAD, 0 } } } },
	{ "two writers on a lock", 2,
	  { { { TAKE }, LOAD_STORE(0), { DROP } },
	    { { TAKE }, LOAD_STORE(0), { DROP } } } },
	{ "three writers on a lock", 6,
	  { { { TAKE }, { ADD, 0 }, { DROP } }, { { TAKE }, { ADD, 0 }, { DROP } },
	    { { TAKE }, { ADD, 0 }, { DROP } } } },
	{ "a spin on a flag", 1,
	  { { { STORE, 0 }, { ADD, 1 } }, { { AWAIT, 1 }, { LOAD, 0 } } } },
	{ "a spin on a flag that is set twice", 2,
	  { { { STORE, 0 }, { ADD, 1 }, { ADD, 1 } },
	    { { AWAIT, 1 }, { LOAD, 0 } } } },
	{ "seqlock, one writer, two readers", 4,
	  { { { ODD }, { STORE, 0 }, { STORE, 1 }, { EVEN } },
	    { { BEGIN }, { LOAD, 0 }, { LOAD, 1 }, { CHECK } },
	    { { BEGIN }, { LOAD, 0 }, { LOAD, 1 }, { CHECK } } } },
	{ "seqlock, written twice, read twice", 6,
	  { { { ODD }, { STORE, 0 }, { EVEN }, { ODD }, { STORE, 0 }, { EVEN } },
	    { { BEGIN }, { LOAD, 0 }, { CHECK }, { BEGIN }, { LOAD, 0 }, { CHECK } } } },
	/* The host, too, comes between the two readers. */
	{ "seqlock, two readers of a clock", 14,
	  { { { ODD }, { EVEN } },
	    { { BEGIN }, { LOAD, 0 }, { CHECK } },
	    { { BEGIN }, { LOAD, 0 }, { CHECK } }, { { STORE, 0 } } } },
	{ "seqlock, written outside while it is read", 4,
	  { { { STORE, 0 }, { ODD }, { EVEN } },
	    { { BEGIN }, { LOAD, 0 }, { LOAD, 0 }, { CHECK } } } },
	{ "an NMI anywhere in a program", 4,
	  { { { ADD, 0 }, { ADD, 1 }, { ADD, 0 } }, { { LOAD, 2 } } }, { 0, 1 } },
	{ "an NMI that another VCPU sees", 21,
	  { { { ADD, 0 }, { ADD, 0 } }, { { STORE, 1 }, { STORE, 1 } },
	    { { LOAD, 0 }, { LOAD, 1 } } }, { 0, 1 } },
	{ "an NMI that does the same", 3,
	  { { { ADD, 0 }, { ADD, 0 } }, { { ADD, 0 } } }, { 0, 1 } },
	{ "seqlock, written outside", 3,
	  { { { STORE, 0 }, { ODD }, { STORE, 1 }, { EVEN } },
	    { { BEGIN }, { LOAD, 0 }, { LOAD, 1 }, { CHECK } } } },
};

static void program_desc(const struct program *program, char *desc)
{
	strscpy(desc, program->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(program, programs, program_desc);

/* What VCPUs work on; a lock has an address but no size. */
static struct {
	unsigned int words[WORDS];
	raw_spinlock_t lock;
	int pad;
} memory;

static struct tkfi_engine *engine;
static struct tkfi_search *dpor, *another;
static struct tkfi_saved *keep;
static struct tkfi_search *estimate;

static int dpor_suite_init(struct kunit_suite *suite)
{
	engine = tkfi_engine_create();
	if (!engine || enumerate_alloc())
		return -ENOMEM;
	engine->ranges[0] = (struct tkfi_range){ &memory, sizeof(memory) };
	engine->nr_ranges = 1;
	engine->quiet = true;
	dpor = tkfi_search_create(&tkfi_dpor_search, engine);
	another = tkfi_search_create(&tkfi_dpor_search, engine);
	keep = tkfi_saved_file_create("");
	estimate = tkfi_search_create(&tkfi_estimate_search, engine);
	return dpor && another && keep && estimate ? 0 : -ENOMEM;
}

static void dpor_suite_exit(struct kunit_suite *suite)
{
	tkfi_search_destroy(estimate);
	tkfi_saved_file_destroy(keep);
	tkfi_search_destroy(another);
	tkfi_search_destroy(dpor);
	tkfi_engine_destroy(engine);
	enumerate_free();
}

static void access(unsigned int *word, enum tkfi_transition_kind kind, bool is_volatile)
{
	tkfi_access(word, sizeof(*word), kind == TKFI_TRANS_STORE,
		    is_volatile, _THIS_IP_);
}

static void interpret(struct tkfi_vcpu *vcpu, void *arg)
{
	const struct instruction *i;

	for (i = arg; i->opcode != END; i++) {
		unsigned int *word = &memory.words[i->word];

		switch (i->opcode) {
		case LOAD:
			access(word, TKFI_TRANS_LOAD, false);
			break;
		case STORE:
		case ADD:
			access(word, TKFI_TRANS_STORE, false);
			(*word)++;
			break;
		case TAKE:
			tkfi_lock(&memory.lock);
			break;
		case DROP:
			tkfi_unlock(&memory.lock);
			break;
		case AWAIT:
			tkfi_await_word(word, 0);
			break;
		case ODD:
		case EVEN:
			access(&memory.words[SEQUENCE], TKFI_TRANS_STORE, false);
			memory.words[SEQUENCE]++;
			break;
		case BEGIN:
		case CHECK:
			access(&memory.words[SEQUENCE], TKFI_TRANS_LOAD, true);
			break;
		case GIVE_UP:
			tkfi_attempts_end();
			break;
		case FLIP:
			access(&memory.words[LATCH_WORD], TKFI_TRANS_STORE, false);
			memory.words[LATCH_WORD]++;
			break;
		case BEGIN_LATCH:
		case CHECK_LATCH:
			access(&memory.words[LATCH_WORD], TKFI_TRANS_LOAD, true);
			break;
		case WIDE:
			tkfi_access(&memory.words[0], 2 * sizeof(*word),
				    true, false, _THIS_IP_);
			memory.words[0]++;
			memory.words[1]++;
			break;
		}
	}
}

static int start(void *arg)
{
	const struct program *program = arg;
	int i;

	memset(&memory, 0, sizeof(memory));
	tkfi_engine_reset(engine);
	for (i = 0; i < ARRAY_SIZE(program->code); i++) {
		void *code = (void *)program->code[i];

		if (program->nmi_of[i])
			tkfi_engine_add_nmi(engine,
					    &engine->vcpus[program->nmi_of[i] - 1],
					    interpret, code);
		else if (program->code[i][0].opcode != END)
			tkfi_engine_add(engine, interpret, code);
	}
	return 0;
}

/* Classes that came with an order and without, and what is different by the log. */
static u64 ordered, unordered, misordered;

static void judge(void *arg, int ret, struct tkfi_happens_before *order)
{
	static struct tkfi_happens_before logged;
	unsigned int i, v;

	ordered += !!order;
	unordered += !order;
	if (!order)
		return;
	tkfi_happens_before_of(engine, &logged);
	misordered += order->nr != logged.nr;
	for (i = 0; i < order->nr; i++) {
		misordered += order->nth[i] != logged.nth[i];
		for (v = 0; v < engine->nr_vcpus; v++)
			misordered += order->clock[i][v] != logged.clock[i][v];
	}
}

/* Make the memory known. An NMI or another part must find all steps. */
static int prepare(bool all_shared)
{
	tkfi_cells_reset();
	if (tkfi_cells_add("memory", &memory, sizeof(memory)))
		return -ENOSPC;
	tkfi_cells_mark(&memory.words[SEQUENCE], TKFI_CELL_SEQUENCE);
	tkfi_cells_mark(&memory.words[LATCH_WORD], TKFI_CELL_LATCH);
	if (all_shared)
		tkfi_cells_share_all();
	return 0;
}

static int explore(const struct program *program, struct tkfi_search_stats *stats)
{
	const struct tkfi_search_client client = {
		.start = start,
		.judge = judge,
		.arg = (void *)program,
	};

	return prepare(memchr_inv(program->nmi_of, 0,
				  sizeof(program->nmi_of))) ?:
	       tkfi_search_run(dpor, &client, stats);
}

/* The classes of all parts, 0 if one could not be explored. */
static u64 explore_parts(const struct program *program, unsigned int parts)
{
	struct tkfi_search_client client = {
		.start = start,
		.judge = judge,
		.arg = (void *)program,
		.options.parts = parts,
	};
	struct tkfi_search_stats stats;
	u64 classes = 0;

	for (; client.options.part < parts; client.options.part++) {
		if (prepare(true) || tkfi_search_run(dpor, &client, &stats) ||
		    !stats.complete)
			return 0;
		classes += stats.classes;
	}
	return classes;
}

static bool pause_after_one(void *arg)
{
	return false;
}

/* Each class by an exploration of its own, that goes on where the last one was. */
static u64 explore_in_pieces(const struct program *program)
{
	struct tkfi_search_client client = {
		.start = start,
		.judge = judge,
		.pause = pause_after_one,
		.arg = (void *)program,
	};
	struct tkfi_search_stats stats;

	if (prepare(true))
		return 0;
	for (; !tkfi_search_run(dpor, &client, &stats); client.resumed = true) {
		if (stats.complete)
			return stats.classes;
		tkfi_saved_begin(keep);
		tkfi_search_keep(dpor, keep);
		tkfi_cells_keep(keep);
		if (tkfi_saved_write(keep))
			return 0;
		swap(dpor, another);
		if (prepare(false) || tkfi_saved_read(keep))
			return 0;
		tkfi_search_keep(dpor, keep);
		tkfi_cells_keep(keep);
		if (keep->failed)
			return 0;
	}
	return 0;
}

static void exact(struct kunit *test)
{
	const struct program *program = test->param_value;
	struct tkfi_search_stats stats;

	misordered = 0;
	KUNIT_ASSERT_EQ_MSG(test, explore(program, &stats), 0, "%s",
			    engine->error);
	KUNIT_EXPECT_TRUE(test, stats.complete);
	KUNIT_EXPECT_EQ(test, stats.classes, program->classes);
	KUNIT_EXPECT_EQ(test, stats.redundant, 0);
	KUNIT_EXPECT_EQ(test, count_classes(program), program->classes);
	KUNIT_EXPECT_EQ(test, explore_parts(program, 2), program->classes);
	KUNIT_EXPECT_EQ(test, explore_parts(program, 7), program->classes);
	KUNIT_EXPECT_EQ(test, explore_in_pieces(program), program->classes);
	KUNIT_EXPECT_EQ(test, misordered, 0);
}

/* Relations between steps: which of them write? */

static bool nobody_writes(const struct tkfi_transition *step)
{
	return false;
}

static bool all_write(const struct tkfi_transition *step)
{
	return true;
}

static bool stores_read(const struct tkfi_transition *step)
{
	return step->kind != TKFI_TRANS_STORE && tkfi_transition_writes(step);
}

static bool first_word_is_read(const struct tkfi_transition *step)
{
	return step->cell != tkfi_cell_at(&memory.words[0]) &&
	       tkfi_transition_writes(step);
}

static bool sequence_is_read(const struct tkfi_transition *step)
{
	return step->cell != tkfi_cell_at(&memory.words[SEQUENCE]) &&
	       tkfi_transition_writes(step);
}

static bool locks_read(const struct tkfi_transition *step)
{
	return step->kind != TKFI_TRANS_LOCK && tkfi_transition_writes(step);
}

static bool right(const struct tkfi_transition *step)
{
	return tkfi_transition_writes(step);
}

/*
 * Programs that are explored to another number of classes than all interleavings fall
 * into; a bit each. Some may also fail.
 */
static u32 count_wrongly(struct tkfi_search *wrong,
			 bool (*writes)(const struct tkfi_transition *step),
			 unsigned int *failed)
{
	struct tkfi_search_stats stats;
	u32 noticed = 0;
	unsigned int i;

	to_dpor(wrong)->wrong_writes = writes;
	static_assert(ARRAY_SIZE(programs) <= 32);
	for (i = 0; i < ARRAY_SIZE(programs); i++) {
		const struct tkfi_search_client client = {
			.start = start,
			.judge = judge,
			.arg = (void *)&programs[i],
		};

		if (prepare(true) ||
		    tkfi_search_run(wrong, &client, &stats))
			(*failed)++;
		else if (stats.classes != count_classes(&programs[i]))
			noticed |= BIT(i);
	}
	return noticed;
}

/*
 * A relation that is wrong does not come to the right numbers: these programs would
 * notice. The right one does, in the same copy.
 */
static void wrong_relations(struct kunit *test)
{
	static const struct {
		const char *name;
		bool (*writes)(const struct tkfi_transition *step);
	} relations[] = {
		{ "nobody writes", nobody_writes },
		{ "all write", all_write },
		{ "stores read", stores_read },
		{ "word 0 is only read", first_word_is_read },
		{ "the sequence is only read", sequence_is_read },
		{ "who takes a lock reads it", locks_read },
	};
	struct tkfi_search *wrong = tkfi_search_create(&tkfi_dpor_search, engine);
	unsigned int failed = 0, i;
	u32 noticed;

	KUNIT_ASSERT_NOT_NULL(test, wrong);
	KUNIT_EXPECT_EQ(test, count_wrongly(wrong, right, &failed), 0);
	KUNIT_EXPECT_EQ(test, failed, 0);
	for (i = 0; i < ARRAY_SIZE(relations); i++) {
		noticed = count_wrongly(wrong, relations[i].writes, &failed);
		KUNIT_EXPECT_GE_MSG(test, hweight32(noticed), 2, "%s",
				    relations[i].name);
		kunit_info(test, "%s: %u of %u programs notice, %#x\n",
			   relations[i].name, hweight32(noticed),
			   (unsigned int)ARRAY_SIZE(programs), noticed);
	}
	tkfi_search_destroy(wrong);
}

/* Is an estimate within six standard errors? A mistake of a branch is far more. */
static bool is_near(const struct program *program, unsigned int classes,
		    u64 *estimated, u64 *error)
{
	if (prepare(true) ||
	    tkfi_estimate(estimate, start, (void *)program, estimated, error))
		return false;
	return *estimated <= classes + 6 * *error + 1 &&
	       classes <= *estimated + 6 * *error + 1;
}

static void estimated(struct kunit *test)
{
	const struct program *program = test->param_value;
	u64 classes = 0, error = 0;

	KUNIT_EXPECT_TRUE(test, is_near(program, program->classes, &classes,
					&error));
	kunit_info(test, "%s: %llu of %u, error %llu\n", program->name, classes,
		   program->classes, error);
	KUNIT_EXPECT_LE(test, error, 1 + program->classes / 20);
}

/* Some instructions that make sense together; returns how many. */
static unsigned int random_piece(struct rnd_state *rnd, struct instruction *to)
{
	u32 r = prandom_u32_state(rnd);
	u8 word = r >> 8 & 1;

	switch (r % 16) {
	case 0 ... 2:
		to[0] = (struct instruction){ LOAD, word };
		return 1;
	case 3 ... 5:
		to[0] = (struct instruction){ STORE, word };
		return 1;
	case 6:
		to[0] = (struct instruction){ ADD, word };
		return 1;
	case 7:
		to[0] = (struct instruction){ AWAIT, word };
		return 1;
	case 8:
	case 9:
		to[0] = (struct instruction){ TAKE };
		to[1] = (struct instruction){ r & BIT(16) ? LOAD : STORE, word };
		to[2] = (struct instruction){ DROP };
		return 3;
	case 10:
		to[0] = (struct instruction){ ODD };
		to[1] = (struct instruction){ STORE, word };
		to[2] = (struct instruction){ EVEN };
		return 3;
	case 11:
		to[0] = (struct instruction){ BEGIN };
		to[1] = (struct instruction){ LOAD, word };
		to[2] = (struct instruction){ GIVE_UP };
		return 3;
	case 12:
		to[0] = (struct instruction){ FLIP };
		return 1;
	case 13:
		to[0] = (struct instruction){ BEGIN_LATCH };
		to[1] = (struct instruction){ LOAD, word };
		to[2] = (struct instruction){ CHECK_LATCH };
		return 3;
	case 14:
		to[0] = (struct instruction){ WIDE };
		return 1;
	default:
		to[0] = (struct instruction){ BEGIN };
		to[1] = (struct instruction){ LOAD, word };
		to[2] = (struct instruction){ CHECK };
		return 3;
	}
}

static void random_program(struct rnd_state *rnd, struct program *program)
{
	unsigned int vcpus = 2 + prandom_u32_state(rnd) % 2, v, length;

	memset(program, 0, sizeof(*program));
	for (v = 0; v < vcpus; v++) {
		length = 0;
		do {
			length += random_piece(rnd, program->code[v] + length);
		} while (length + 3 <= (vcpus == 2 ? 6 : 4));
	}
	/* One in four has an NMI, of the first VCPU. */
	if (prandom_u32_state(rnd) % 4 == 0)
		program->nmi_of[vcpus - 1] = 1;
}

/* "0: 4 2.1 5 | 1 (of 0): ...": opcodes, and words that are not 0. */
static void print_program(const struct program *program, char *text, size_t size)
{
	const struct instruction *i;
	size_t len = 0;
	int v;

	text[0] = '\0';
	for (v = 0; v < 4; v++) {
		len += scnprintf(text + len, size - len, program->nmi_of[v] ?
				 " | %d (of %d):" : " | %d:", v,
				 program->nmi_of[v] - 1);
		for (i = program->code[v]; i->opcode != END; i++)
			len += scnprintf(text + len, size - len,
					 i->word ? " %u.%u" : " %u", i->opcode,
					 i->word);
	}
}

#define RANDOM_PROGRAMS		1000
#define ESTIMATED_PROGRAMS	15

static void random_programs(struct kunit *test)
{
	unsigned int i, most = 0, deadlocks = 0, nmis = 0;
	struct tkfi_search_stats stats;
	static struct program program;
	struct rnd_state rnd;
	u64 near = 0, error = 0;
	char text[256];

	misordered = 0;
	prandom_seed_state(&rnd, 2013);
	for (i = 0; i < RANDOM_PROGRAMS; i++) {
		unsigned int classes;

		random_program(&rnd, &program);
		classes = count_classes(&program);
		KUNIT_ASSERT_GT(test, classes, 0);
		print_program(&program, text, sizeof(text));
		KUNIT_ASSERT_EQ_MSG(test, explore(&program, &stats), 0,
				    "program %u, %s: %s", i, text,
				    engine->error);
		KUNIT_ASSERT_EQ_MSG(test, stats.classes, classes,
				    "program %u, %s", i, text);
		KUNIT_ASSERT_EQ_MSG(test, stats.redundant, 0,
				    "program %u, %s", i, text);
		KUNIT_ASSERT_EQ_MSG(test, misordered, 0, "program %u, %s", i,
				    text);
		KUNIT_ASSERT_EQ_MSG(test, explore_parts(&program, 3), classes,
				    "program %u, %s", i, text);
		if (i < ESTIMATED_PROGRAMS)
			KUNIT_EXPECT_TRUE_MSG(test,
					      is_near(&program, classes, &near,
						      &error),
					      "program %u, %s: %llu +- %llu of %u",
					      i, text, near, error, classes);
		most = max(most, classes);
		deadlocks += !!stats.deadlocks;
		nmis += program.nmi_of[1] || program.nmi_of[2];
	}
	kunit_info(test, "up to %u classes; %u programs can deadlock, %u have an NMI; %llu orders\n",
		   most, deadlocks, nmis, ordered);
	KUNIT_EXPECT_GT(test, most, 50);
	KUNIT_EXPECT_GT(test, deadlocks, 50);
	KUNIT_EXPECT_GT(test, nmis, 200);
	KUNIT_EXPECT_GT(test, ordered, 10000);
	KUNIT_EXPECT_GT(test, unordered, 0);
	KUNIT_EXPECT_EQ(test, misordered, 0);
}

/* That writers wait for readers hides nothing that a reader can come to see. */
static void writers_wait(struct kunit *test)
{
	static struct outcomes waiting, retrying;
	unsigned int i, j, seen = 0;

	for (i = 0; i < ARRAY_SIZE(programs); i++) {
		if (!strstarts(programs[i].name, "seqlock"))
			continue;
		find_outcomes(&programs[i], true, &waiting);
		find_outcomes(&programs[i], false, &retrying);
		KUNIT_EXPECT_LT(test, retrying.nr, MAX_OUTCOMES);
		KUNIT_EXPECT_EQ_MSG(test, waiting.nr, retrying.nr, "%s",
				    programs[i].name);
		for (j = 0; j < waiting.nr; j++)
			add_outcome(&retrying, waiting.of[j]);
		KUNIT_EXPECT_EQ_MSG(test, waiting.nr, retrying.nr, "%s",
				    programs[i].name);
		kunit_info(test, "%s: %u outcomes\n", programs[i].name,
			   waiting.nr);
		seen++;
	}
	KUNIT_EXPECT_GE(test, seen, 4);
}

static struct kunit_case dpor_cases[] = {
	KUNIT_CASE(writers_wait),
	KUNIT_CASE_PARAM(exact, program_gen_params),
	KUNIT_CASE(wrong_relations),
	KUNIT_CASE_PARAM(estimated, program_gen_params),
	KUNIT_CASE(random_programs),
	{}
};

static struct kunit_suite dpor_suite = {
	.name = "tkfi_engine_dpor",
	.suite_init = dpor_suite_init,
	.suite_exit = dpor_suite_exit,
	.test_cases = dpor_cases,
};

kunit_test_suite(dpor_suite);

// SPDX-License-Identifier: GPL-2.0
/* The parts: virtual CPUs, blocking, deadlock, the virtual clocksource. */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/sched.h>
#include <linux/timekeeper_internal.h>

#include "engine.h"
#include "redirect.h"
#include "names.h"
#include "result.h"
#include "strategy.h"

#ifdef CONFIG_TKFI_TIMEKEEPING
#include "clock.h"
#include "glue.h"
#endif

#undef cpu_relax

static struct tkfi_engine *engine;

static int engine_test_init(struct kunit *test)
{
	engine = tkfi_engine_create();
	return engine ? 0 : -ENOMEM;
}

static void engine_test_exit(struct kunit *test)
{
	if (engine && engine->trace.nr)
		tkfi_result_trace("tkfi_engine", test->name, engine->trace.nr,
				  tkfi_trace_hash(&engine->trace, 0));
	tkfi_engine_destroy(engine);
}

/* What the bodies did, in order. */
static char history[32];
static unsigned int nr_history;

static void note(char c)
{
	if (nr_history < sizeof(history) - 1) {
		history[nr_history++] = c;
		history[nr_history] = '\0';
	}
}

static void count_to_three(struct tkfi_vcpu *v, void *arg)
{
	/* Locals live on the VCPU's own stack. */
	char letter = 'a' + v->id;
	int i;

	for (i = 0; i < 3; i++) {
		note(letter + i * 4);
		tkfi_yield();
	}
}

static void run_three(struct kunit *test, struct tkfi_strategy *strategy,
		      const char *expected)
{
	int i;

	nr_history = 0;
	tkfi_engine_reset(engine);
	for (i = 0; i < 3; i++)
		tkfi_engine_add(engine, count_to_three, NULL);
	KUNIT_EXPECT_EQ(test, tkfi_engine_run(engine, strategy), 0);
	KUNIT_EXPECT_STREQ(test, history, expected);
}

static void switching(struct kunit *test)
{
	run_three(test, &tkfi_round_robin, "abcefgijk");
	run_three(test, &tkfi_in_order, "aeibfjcgk");
}

static void no_more_than_max(struct kunit *test)
{
	int i;

	for (i = 0; i < TKFI_MAX_VCPUS; i++)
		KUNIT_EXPECT_NOT_NULL(test, tkfi_engine_add(engine,
							    count_to_three,
							    NULL));
	KUNIT_EXPECT_NULL(test, tkfi_engine_add(engine, count_to_three, NULL));
}

/* What a body sees of the kernel around it. */
static struct {
	struct task_struct *task;
	int preempt;
	bool irqs_off;
	bool irqs_off_after;
	void *stack;
} seen;

/* A uniprocessor's lock is an empty struct: give each an address of its own. */
static struct {
	raw_spinlock_t lock;
	int pad;
} a, b;

static void look_around(struct tkfi_vcpu *v, void *arg)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&a.lock, flags);
	tkfi_yield();
	seen.task = current;
	seen.preempt = preempt_count();
	seen.irqs_off = irqs_disabled();
	seen.stack = __builtin_frame_address(0);
	raw_spin_unlock_irqrestore(&a.lock, flags);
	seen.irqs_off_after = irqs_disabled();
}

static void expect_failure(struct kunit *test, enum tkfi_failure_kind kind,
			   unsigned int vcpu, const void *what)
{
	const struct tkfi_failure *failure = &engine->failure;

	KUNIT_EXPECT_EQ_MSG(test, failure->kind, kind, "%s", engine->error);
	KUNIT_EXPECT_EQ_MSG(test, failure->vcpu, vcpu, "%s", engine->error);
	KUNIT_EXPECT_PTR_EQ_MSG(test, failure->what, what, "%s", engine->error);
}

static void current_and_interrupts(struct kunit *test)
{
	void *stack = engine->vcpus[0].context.stack;

	tkfi_engine_add(engine, look_around, NULL);
	KUNIT_ASSERT_EQ(test, tkfi_engine_run(engine, &tkfi_in_order), 0);

	KUNIT_EXPECT_PTR_EQ(test, seen.task, current);
	KUNIT_EXPECT_EQ(test, seen.preempt, preempt_count());
	KUNIT_EXPECT_TRUE(test, seen.irqs_off);
	KUNIT_EXPECT_TRUE(test, seen.irqs_off_after);
	KUNIT_EXPECT_FALSE(test, irqs_disabled());
	KUNIT_EXPECT_GE(test, (unsigned long)seen.stack, (unsigned long)stack);
	KUNIT_EXPECT_LT(test, (unsigned long)seen.stack,
			(unsigned long)stack + THREAD_SIZE);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)stack, THREAD_SIZE));
}

static void enable_interrupts(struct tkfi_vcpu *v, void *arg)
{
	struct tkfi_vcpu *self = tkfi_current;

	/* Interrupts that are pending are the kernel's business. */
	tkfi_current = NULL;
	local_irq_enable();
	tkfi_current = self;
}

static void interrupts_stay_off(struct kunit *test)
{
	tkfi_engine_add(engine, enable_interrupts, NULL);
	KUNIT_EXPECT_EQ(test, tkfi_engine_run(engine, &tkfi_in_order), -EPROTO);
	expect_failure(test, TKFI_IRQS_ON, 0, NULL);
	KUNIT_EXPECT_FALSE(test, irqs_disabled());
}

static void inside_a(struct tkfi_vcpu *v, void *arg)
{
	unsigned long flags;

	note('0' + v->id);
	raw_spin_lock_irqsave(&a.lock, flags);
	note('(');
	tkfi_yield();
	note(')');
	raw_spin_unlock_irqrestore(&a.lock, flags);
}

static void lock_blocks(struct kunit *test)
{
	int i;

	nr_history = 0;
	for (i = 0; i < 3; i++)
		tkfi_engine_add(engine, inside_a, NULL);
	KUNIT_ASSERT_EQ(test, tkfi_engine_run(engine, &tkfi_round_robin), 0);
	KUNIT_EXPECT_STREQ(test, history, "0(12)()()");
}

static seqcount_t sequence = SEQCNT_ZERO(sequence);

static void write_slowly(struct tkfi_vcpu *v, void *arg)
{
	raw_write_seqcount_begin(&sequence);
	tkfi_yield();
	note('w');
	tkfi_yield();
	note('w');
	raw_write_seqcount_end(&sequence);
	tkfi_yield();
	note('e');
}

static void read_once(struct tkfi_vcpu *v, void *arg)
{
	note('?');
	/* redirect.h redirects the loop in here; cpu_relax() is ours again. */
#define cpu_relax() tkfi_await()
	read_seqcount_begin(&sequence);
#undef cpu_relax
	note('r');
}

static void odd_sequence_blocks(struct kunit *test)
{
	nr_history = 0;
	sequence.sequence = 0;
	tkfi_name_add(&sequence.sequence, "the sequence");
	tkfi_engine_add(engine, write_slowly, NULL);
	tkfi_engine_add(engine, read_once, NULL);
	KUNIT_ASSERT_EQ(test, tkfi_engine_run(engine, &tkfi_round_robin), 0);
	KUNIT_EXPECT_STREQ(test, history, "?wwre");
	KUNIT_EXPECT_STREQ(test, engine->vcpus[1].blocked_on, "the sequence");
}

static void lock_both(struct tkfi_vcpu *v, void *arg)
{
	raw_spinlock_t *first = v->id ? &b.lock : &a.lock;
	raw_spinlock_t *second = v->id ? &a.lock : &b.lock;
	unsigned long f1, f2;

	raw_spin_lock_irqsave(first, f1);
	tkfi_yield();
	raw_spin_lock_irqsave(second, f2);
	raw_spin_unlock_irqrestore(second, f2);
	raw_spin_unlock_irqrestore(first, f1);
}

static void deadlock_on_locks(struct kunit *test)
{
	tkfi_name_add(&a.lock, "lock a");
	tkfi_name_add(&b.lock, "lock b");
	tkfi_engine_add(engine, lock_both, NULL);
	tkfi_engine_add(engine, lock_both, NULL);
	KUNIT_EXPECT_EQ(test, tkfi_engine_run(engine, &tkfi_in_order), 0);

	tkfi_engine_reset(engine);
	tkfi_engine_add(engine, lock_both, NULL);
	tkfi_engine_add(engine, lock_both, NULL);
	KUNIT_EXPECT_EQ(test, tkfi_engine_run(engine, &tkfi_round_robin),
			-EDEADLK);
	expect_failure(test, TKFI_DEADLOCK, 0, &b.lock);
	KUNIT_EXPECT_PTR_EQ(test, engine->vcpus[1].next.what, (const void *)&a.lock);
	/* For people. */
	KUNIT_EXPECT_STREQ(test, engine->error,
			   "deadlock: VCPU0 waits for lock b, held by VCPU1; VCPU1 waits for lock a, held by VCPU0");
	KUNIT_EXPECT_FALSE(test, irqs_disabled());
}

static void deadlock_on_sequence(struct kunit *test)
{
	sequence.sequence = 7;
	tkfi_engine_add(engine, read_once, NULL);
	KUNIT_EXPECT_EQ(test, tkfi_engine_run(engine, &tkfi_in_order),
			-EDEADLK);
	expect_failure(test, TKFI_DEADLOCK, 0, &sequence.sequence);
	KUNIT_EXPECT_EQ(test, engine->vcpus[0].next.value, 7);
}

static void drop_b(struct tkfi_vcpu *v, void *arg)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&a.lock, flags);
	note('a');
	raw_spin_unlock_irqrestore(&b.lock, flags);
	note('!');
}

/* Who drops a lock that it does not hold goes no further. */
static void lock_not_held(struct kunit *test)
{
	nr_history = 0;
	tkfi_engine_add(engine, drop_b, NULL);
	tkfi_engine_add(engine, count_to_three, NULL);
	KUNIT_EXPECT_EQ(test, tkfi_engine_run(engine, &tkfi_in_order), -EPERM);
	expect_failure(test, TKFI_NOT_HELD, 0, &b.lock);
	KUNIT_EXPECT_STREQ(test, history, "a");
	KUNIT_EXPECT_FALSE(test, irqs_disabled());

	/* The next execution knows nothing of it. */
	tkfi_engine_reset(engine);
	tkfi_engine_add(engine, inside_a, NULL);
	KUNIT_EXPECT_EQ(test, tkfi_engine_run(engine, &tkfi_in_order), 0);
	expect_failure(test, TKFI_NO_FAILURE, 0, NULL);
}

static void stop_inside(struct tkfi_vcpu *v, void *arg)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&a.lock, flags);
	raw_write_seqcount_begin(&sequence);
	note('1');
	tkfi_hit("first");
	note('2');
	tkfi_hit("second");
	raw_write_seqcount_end(&sequence);
	raw_spin_unlock_irqrestore(&a.lock, flags);
}

static void nmi_notes(struct tkfi_vcpu *v, void *arg)
{
	note(tkfi_current == v ? 'n' : '?');
	note(__builtin_frame_address(0) >= v->context.stack &&
	     __builtin_frame_address(0) < v->context.stack + THREAD_SIZE ?
	     's' : '?');
}

static void nmi_reads(struct tkfi_vcpu *v, void *arg)
{
	read_once(v, NULL);
}

static void nmi_locks(struct tkfi_vcpu *v, void *arg)
{
	inside_a(v, NULL);
}

static void (*nmi_handler)(struct tkfi_vcpu *, void *);

/* An NMI as soon as VCPU0 stopped at its first point. */
static unsigned int nmi_at_first(struct tkfi_strategy *s,
				 struct tkfi_engine *e, unsigned long ready)
{
	if (e->last && e->last->at && !strcmp(e->last->at, "first"))
		tkfi_nmi(e->last, nmi_handler, NULL);
	return tkfi_next_in_order(e, ready);
}

static void run_nmi(struct kunit *test,
		    void (*handler)(struct tkfi_vcpu *, void *), int ret,
		    const char *expected)
{
	struct tkfi_strategy host = { .next = nmi_at_first };

	nmi_handler = handler;
	nr_history = 0;
	sequence.sequence = 4;
	tkfi_engine_reset(engine);
	tkfi_engine_add(engine, stop_inside, NULL);
	KUNIT_EXPECT_EQ(test, tkfi_engine_run(engine, &host), ret);
	KUNIT_EXPECT_STREQ(test, history, expected);
}

/* In place, once, on the stack of whom it interrupts; who waits there is stuck. */
static void nmi_in_place(struct kunit *test)
{
	run_nmi(test, nmi_notes, 0, "1ns2");
	run_nmi(test, nmi_reads, -EDEADLK, "1?");
	expect_failure(test, TKFI_DEADLOCK, 0, &sequence.sequence);
	KUNIT_EXPECT_EQ(test, engine->vcpus[0].next.value, 5);
	run_nmi(test, nmi_locks, -EDEADLK, "10");
	expect_failure(test, TKFI_DEADLOCK, 0, &a.lock);
}

static unsigned int choose_nobody(struct tkfi_strategy *s,
				  struct tkfi_engine *e, unsigned long ready)
{
	return TKFI_MAX_VCPUS;
}

static void strategy_is_checked(struct kunit *test)
{
	struct tkfi_strategy bad = { .next = choose_nobody };

	tkfi_engine_add(engine, count_to_three, NULL);
	KUNIT_EXPECT_EQ(test, tkfi_engine_run(engine, &bad), -EPROTO);
	expect_failure(test, TKFI_BAD_CHOICE, TKFI_MAX_VCPUS, NULL);
}

static void trace_is_hashed(struct kunit *test)
{
	const struct tkfi_trace_entry event = {
		.kind = TKFI_ENTRY_POINT, .what = "p", .value = 1,
	};
	struct tkfi_trace *t = &engine->trace;
	u64 hash;

	tkfi_trace_add(t, &event);
	hash = tkfi_trace_hash(t, 0);
	KUNIT_EXPECT_NE(test, hash, tkfi_trace_hash(t, 1));
	t->entries[0].vcpu = 1;
	KUNIT_EXPECT_NE(test, hash, tkfi_trace_hash(t, 0));
	t->entries[0].vcpu = 0;
	t->entries[0].value = 2;
	KUNIT_EXPECT_NE(test, hash, tkfi_trace_hash(t, 0));
	t->entries[0].value = 1;
	t->entries[0].kind = TKFI_ENTRY_LOCK;
	KUNIT_EXPECT_NE(test, hash, tkfi_trace_hash(t, 0));
	t->entries[0].kind = TKFI_ENTRY_POINT;
	t->entries[0].what = "q";
	KUNIT_EXPECT_NE(test, hash, tkfi_trace_hash(t, 0));
	t->entries[0].what = kstrdup("p", GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, hash, tkfi_trace_hash(t, 0));
	kfree(t->entries[0].what);
	t->entries[0].what = "p";
}

static unsigned int flags[2];

static void await_flag(struct tkfi_vcpu *v, void *arg)
{
	tkfi_await_word(&flags[v->id], 0);
	tkfi_hit("woken");
	tkfi_hit("about to end");
}

static void set_flags(struct tkfi_vcpu *v, void *arg)
{
	flags[0] = 1;
	tkfi_hit("set first");
	flags[1] = 1;
	tkfi_hit("set second");
}

/* Where points are choices nobody is preempted, whatever an exploration has left behind. */
static void no_stop_at_points(struct kunit *test)
{
	const struct tkfi_trace *t = &engine->trace;
	unsigned int i;

	tkfi_cells_reset();
	KUNIT_ASSERT_EQ(test, tkfi_cells_add("flags", flags, sizeof(flags)), 0);
	tkfi_cells_share_all();
	memset(flags, 0, sizeof(flags));
	tkfi_engine_add(engine, await_flag, NULL);
	tkfi_engine_add(engine, await_flag, NULL);
	tkfi_engine_add(engine, set_flags, NULL);
	KUNIT_ASSERT_EQ(test, tkfi_engine_run(engine, &tkfi_round_robin), 0);
	KUNIT_EXPECT_GE(test, engine->nr_log, 2);
	for (i = 0; i < tkfi_trace_stored(t); i++)
		KUNIT_EXPECT_NE(test, t->entries[i].kind, TKFI_ENTRY_STOP);
	tkfi_cells_reset();
}

/* What a cell does not tell about an access is of no consequence; all else is. */
static void cells_have_news(struct kunit *test)
{
	static u32 memory[7];
	const u16 lock = BIT(3);
	unsigned int cell, i, j;
	size_t size;

	tkfi_cells_reset();
	KUNIT_ASSERT_EQ(test, tkfi_cells_add("memory", memory, sizeof(memory)), 0);
	cell = tkfi_cell_at(memory);
	KUNIT_EXPECT_TRUE(test, tkfi_is_private(&i, sizeof(i), U64_MAX));
	tkfi_cells_require(&i, sizeof(i), lock);
	KUNIT_EXPECT_EQ(test, tkfi_cells[0].word, 0);
	for (i = 0; i < ARRAY_SIZE(memory); i++) {
		tkfi_cells_begin();
		for (j = 0; j < ARRAY_SIZE(memory); j++)
			if (j != i)
				tkfi_cells_use(cell + j, 1, 0, true, lock);
		KUNIT_EXPECT_FALSE(test,
				   tkfi_is_private(memory, sizeof(memory),
						   tkfi_mask_of(0, true, lock)));
		tkfi_cells_use(cell + i, 1, 0, true, lock);
		KUNIT_EXPECT_TRUE(test,
				  tkfi_is_private(memory, sizeof(memory),
						  tkfi_mask_of(0, true, lock)));
	}
	/* One that is not aligned goes on in another cell. */
	for (i = 1; i < 4; i++) {
		tkfi_cells_begin();
		tkfi_cells_use(cell, i, 0, true, lock);
		for (j = 0; j < 4; j++)
			for (size = 1; size <= 8; size++)
				KUNIT_EXPECT_EQ_MSG(test,
						    tkfi_is_private((u8 *)memory + j, size,
								    tkfi_mask_of(0, true, lock)),
						    j + size <= i * 4,
						    "%zu bytes at %u", size, j);
	}
	/* Who writes without a guard that is required is told each time. */
	tkfi_cells_require(memory, 4, lock);
	tkfi_cells_begin();
	tkfi_guards_missed = 0;
	KUNIT_EXPECT_FALSE(test, tkfi_cells_use(cell, 1, 0, true, lock));
	KUNIT_EXPECT_FALSE(test, tkfi_cells_use(cell, 1, 0, false, 0));
	KUNIT_EXPECT_TRUE(test, tkfi_is_private(memory, 4, tkfi_mask_of(0, false, 0)));
	KUNIT_EXPECT_TRUE(test, tkfi_is_private(memory, 4, tkfi_mask_of(0, true, lock)));
	KUNIT_EXPECT_EQ(test, tkfi_guards_missed, 0);
	for (i = 0; i < 2; i++) {
		tkfi_guards_missed = 0;
		KUNIT_EXPECT_FALSE(test, tkfi_is_private(memory, 4,
							 tkfi_mask_of(0, true, 0)));
		KUNIT_EXPECT_FALSE(test, tkfi_cells_use(cell, 1, 0, true, 0));
		KUNIT_EXPECT_EQ(test, tkfi_guards_missed, lock);
	}
	/* Shared is what two use, one writes and nothing guards. */
	KUNIT_EXPECT_TRUE(test, tkfi_cells_use(cell, 1, 1, false, lock));
	KUNIT_EXPECT_FALSE(test, tkfi_is_private(memory, 4, tkfi_mask_of(0, true, 0)));
	KUNIT_EXPECT_FALSE(test, tkfi_cells_use(cell + 1, 1, 1, false, lock));
}

#ifdef CONFIG_TKFI_TIMEKEEPING
static const u32 frequencies[] = {
	TKFI_MIN_HZ, 3579545, 19200000, 24000000, 1000000000, 2893202000U,
	TKFI_MAX_HZ,
};

static void frequency_desc(const u32 *hz, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u Hz", *hz);
}

KUNIT_ARRAY_PARAM(frequency, frequencies, frequency_desc);

static void clocksource(struct kunit *test)
{
	const u32 hz = *(const u32 *)test->param_value;
	const struct clocksource *own = tkfi_timekeeper()->tkr_mono.clock;
	ktime_t before, frozen, second, off;
	unsigned long flags;

	KUNIT_ASSERT_EQ(test, tkfi_clock_install(hz), 0);
	KUNIT_EXPECT_EQ(test, tkfi_clock_install(hz), -EBUSY);
	KUNIT_EXPECT_PTR_EQ(test, tkfi_timekeeper()->tkr_mono.clock,
			    (const struct clocksource *)&tkfi_clocksource);

	local_irq_save(flags);
	before = ktime_get_raw();
	mdelay(1);
	frozen = ktime_get_raw();
	tkfi_clock_advance(hz);
	second = ktime_get_raw();
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, before, frozen);
	/* mult has at least 22 significant bits: 1 s is right to 1/2^22. */
	off = abs(second - frozen - NSEC_PER_SEC);
	KUNIT_EXPECT_LE(test, off, 239);

	KUNIT_ASSERT_EQ(test, tkfi_clock_uninstall(), 0);
	KUNIT_EXPECT_PTR_EQ(test, tkfi_timekeeper()->tkr_mono.clock, own);
	before = ktime_get();
	msleep(20);
	KUNIT_EXPECT_GE(test, ktime_get() - before, 19 * NSEC_PER_MSEC);
}

static void clocksource_frequency_range(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, tkfi_clock_install(TKFI_MIN_HZ - 1), -ERANGE);
	KUNIT_EXPECT_EQ(test, tkfi_clock_install(TKFI_MAX_HZ + 1), -ERANGE);
}

#endif

static struct kunit_case engine_cases[] = {
	KUNIT_CASE(switching),
	KUNIT_CASE(no_more_than_max),
	KUNIT_CASE(current_and_interrupts),
	KUNIT_CASE(interrupts_stay_off),
	KUNIT_CASE(lock_blocks),
	KUNIT_CASE(odd_sequence_blocks),
	KUNIT_CASE(deadlock_on_locks),
	KUNIT_CASE(deadlock_on_sequence),
	KUNIT_CASE(lock_not_held),
	KUNIT_CASE(nmi_in_place),
	KUNIT_CASE(strategy_is_checked),
	KUNIT_CASE(trace_is_hashed),
	KUNIT_CASE(no_stop_at_points),
	KUNIT_CASE(cells_have_news),
#ifdef CONFIG_TKFI_TIMEKEEPING
	KUNIT_CASE_PARAM(clocksource, frequency_gen_params),
	KUNIT_CASE(clocksource_frequency_range),
#endif
	{}
};

static struct kunit_suite engine_suite = {
	.name = "tkfi_engine",
	.init = engine_test_init,
	.exit = engine_test_exit,
	.test_cases = engine_cases,
};

kunit_test_suite(engine_suite);

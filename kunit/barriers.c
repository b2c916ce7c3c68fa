// SPDX-License-Identifier: GPL-2.0
#include <kunit/test.h>
#include <linux/string.h>

#include "barriers.h"
#include "harness.h"

/**
 * struct ordered - whether barriers order what one VCPU does, by a weaker machine's
 * rules, about sequences
 * @stored:	it has stored data since its last write barrier
 * @loaded:	it has loaded data since its last read barrier
 * @wrote:	it has begun to write a sequence's data since its last write barrier
 * @read:	it has begun to read a sequence's data since its last read barrier
 * @reading:	the sequence that it will look at again
 * @nr:		how many barriers there were
 * @ip:		the first place that wants for one
 * @wanted:	which
 */
struct ordered {
	bool stored;
	bool loaded;
	bool wrote;
	bool read;
	const void *reading;
	unsigned int nr;
	unsigned long ip;
	const char *wanted;
};

static const void *looked_for;
static bool is_marked, is_latch;

static void compare_word(const unsigned int *word, bool latch)
{
	if (word != looked_for)
		return;
	is_marked = true;
	is_latch = latch;
}

static void find_sequence(const void *word)
{
	looked_for = word;
	is_marked = false;
	is_latch = false;
	tkfi_timekeeping_sequences(compare_word);
	tkfi_vdso_sequences(compare_word);
	tkfi_tick_sequences(compare_word);
}

static void pass_barrier(struct ordered *o, const char *name)
{
	bool both = !strcmp(name, "smp_mb");

	o->nr++;
	if (both || !strcmp(name, "smp_wmb") ||
	    !strcmp(name, "smp_store_release")) {
		o->stored = false;
		o->wrote = false;
	}
	if (both || !strcmp(name, "smp_rmb") ||
	    !strcmp(name, "smp_load_acquire")) {
		o->loaded = false;
		o->read = false;
	}
}

static void want(struct ordered *o, const struct tkfi_access *access, bool wants,
		 const char *barrier)
{
	if (!wants || o->wanted)
		return;
	o->ip = access->ip;
	o->wanted = barrier;
}

static void check_order(const struct tkfi_access *access, void *arg)
{
	struct ordered *o = arg;

	if (access->barrier) {
		pass_barrier(o, access->barrier);
		return;
	}
	if (!tkfi_state_covers(access->addr))
		return;
	find_sequence(access->addr);
	if (!is_marked) {
		want(o, access, access->store ? o->wrote : o->read,
		     access->store ? "write, after a sequence" :
				     "read, after a sequence");
		*(access->store ? &o->stored : &o->loaded) = true;
	} else if (access->store) {
		bool is_odd = *(const unsigned int *)access->addr & 1;

		want(o, access, o->stored && (is_odd || is_latch),
		     "write, before a sequence");
		o->wrote = !is_odd || is_latch;
	} else if (access->is_volatile) {
		bool again = o->reading == access->addr;

		want(o, access, again && o->loaded, "read, before a sequence");
		o->reading = again ? NULL : access->addr;
		o->loaded = false;
		/* A latch's readers depend on the value for the address. */
		o->read = !again && !is_latch;
	}
}

void expect_ordered(struct kunit *test, const char *setup, const char *op,
		    unsigned int least)
{
	struct ordered o = { };

	if (harness_parse(test, "cpu0: %s", op))
		return;
	harness.plan.access = check_order;
	harness.plan.probe_arg = &o;
	if (harness_execute(test, setup))
		return;
	KUNIT_EXPECT_GE_MSG(test, o.nr, least, "%s", op);
	KUNIT_EXPECT_NULL_MSG(test, o.wanted, "no barrier for %s, at %pS in %s",
			      o.wanted, (void *)o.ip, op);
}

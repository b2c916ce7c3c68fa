// SPDX-License-Identifier: GPL-2.0
#include <linux/string.h>

#include "cells.h"
#include "oracle.h"

/* A rule: its id, and a text for people. */
struct rule {
	const char *id;
	const char *about;
};

static const struct rule written_unlocked = {
	"s4-write", "S4: a timekeeper is written without its lock"
};

static const struct rule written_even = {
	"s7-write", "S7: what readers use is written with the sequence even"
};

static const struct rule page_even = {
	"vdso-even", "the vDSO page is written with its sequence even"
};

static const struct rule two_sections = {
	"s8-sections", "S8: a tick of two sections"
};

static const struct rule for_nothing = {
	"s8-nothing", "S8: a section for nothing"
};

static void violates(const struct tkfi_execution *e, const struct rule *rule)
{
	tkfi_find(e, &(struct tkfi_finding){
		.oracle = tkfi_oracle_series.name,
		.rule = rule->id,
		.clock = rule->about,
	}, NULL, NULL);
}

/* The sequences of the vDSO page, one for each of the clocks that it is made of. */
static u16 page_sequences;

static void require_page(const unsigned int *sequence, bool latch)
{
	const u16 guard = tkfi_guard_of_sequence(sequence);

	page_sequences |= guard;
	tkfi_cells_require(sequence, tkfi_vdso_clock_size(), guard);
}

/* Require the guards that writers of timekeepers, and of the vDSO page, must hold. */
static void require_guards(void)
{
	enum tkfi_owner i;

	for (i = 0; i < TKFI_NR_OWNERS; i++) {
		const struct tkfi_timekeepers s = tkfi_timekeepers_of(i);
		const u16 lock = tkfi_guard_of_lock(s.lock);

		tkfi_cells_require(s.shadow, sizeof(*s.shadow), lock);
		tkfi_cells_require(s.real, sizeof(*s.real),
				   lock | tkfi_guard_of_sequence(s.sequence));
	}
	page_sequences = 0;
	tkfi_vdso_sequences(require_page);
}

/* Report writers that did not hold the required guards. */
static void check_writers(const struct tkfi_execution *e)
{
	u16 locks = 0, sequences = 0;
	enum tkfi_owner i;

	for (i = 0; i < TKFI_NR_OWNERS; i++) {
		locks |= tkfi_guard_of_lock(tkfi_timekeepers_of(i).lock);
		sequences |= tkfi_guard_of_sequence(tkfi_timekeepers_of(i).sequence);
	}
	if (tkfi_guards_missed & locks)
		violates(e, &written_unlocked);
	if (tkfi_guards_missed & sequences)
		violates(e, &written_even);
	if (tkfi_guards_missed & page_sequences)
		violates(e, &page_even);
}

/* S8: a tick has one section, or none if it has nothing to do. */
static void check_tick(const struct tkfi_execution *e, const struct tkfi_op *tick,
		       unsigned int vcpu, unsigned int begin)
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
				violates(e, &two_sections);
			if (!memcmp(&p->tk, &last[p->owner]->tk, sizeof(p->tk)))
				violates(e, &for_nothing);
		}
		last[p->owner] = p;
	}
}

static void check_ticks(const struct tkfi_execution *e)
{
	unsigned int v, i;

	/* The rule is one of the series. */
	if (tkfi_variant() == TKFI_PRE_SERIES)
		return;
	for (v = 0; v < e->plan->nr_programs; v++) {
		const struct tkfi_program *p = &e->plan->programs[v];

		for (i = 0; i < p->nr; i++)
			if (p->ops[i].type->flags & TKFI_OP_TICKS)
				check_tick(e, &p->ops[i], v,
					   i ? p->ops[i - 1].end : 0);
	}
}

static bool check_series(const struct tkfi_execution *e)
{
	static const struct rule rules[TKFI_NR_MISDEEDS] = {
		[TKFI_BEGIN_UNLOCKED] = {
			"s4-section", "S4: a write section without the lock" },
		[TKFI_UNLOCK_ODD] = {
			"s4-odd", "S4: the lock is dropped with the sequence odd" },
		[TKFI_CYCLES_APART] = {
			"s5-cycle-last", "S5: two values of cycle_last" },
		[TKFI_NOT_MIRRORED] = {
			"s7-mirror", "S7: shadow and real differ when the lock is dropped" },
		[TKFI_LEAP_NOT_MIRRORED] = {
			"s7-mirror", "S7: shadow and real differ when the lock is dropped" },
		[TKFI_VDSO_OUTSIDE] = {
			"vdso-section", "the vDSO page is updated while kernel readers go on" },
	};
	unsigned int i;

	if (tkfi_misdeeds())
		for (i = 0; i < TKFI_NR_MISDEEDS; i++)
			if (tkfi_misdeeds() & BIT(i))
				violates(e, &rules[i]);
	if (tkfi_guards_missed)
		check_writers(e);
	check_ticks(e);
	return true;
}

void tkfi_series_list(tkfi_line_fn line)
{
	static const struct {
		const char *name;
		const char *did;
		const char *holds;
	} patches[] = {
		{ "S1", "Calc stuff once",
		  "accumulating gives the same to the bit, though the interval is calculated once",
		},
		{ "S2", "Make jiffies_lock internal",
		  "who reads jiffies does not wait for an update of timekeeping",
		},
		{ "S3", "Move lock out of timekeeper struct",
		  "the timekeeper is plain data: a byte copy of it is a timekeeper",
		},
		{ "S4", "Split timekeeper_lock into lock and seqcount",
		  "a timekeeper is written with its lock held; a write section of the sequence nests in the lock",
		},
		{ "S5", "Store cycle_last value in timekeeper struct as well",
		  "tkr_mono and tkr_raw have one cycle_last whenever the sequence is even",
		},
		{ "S6", "Delay update of clock->cycle_last",
		  "the cycle_last that readers use does not change before publication",
		},
		{ "S7", "Implement a shadow timekeeper",
		  "what readers use is written with the sequence odd only; shadow and real are equal when the lock is dropped",
		},
		{ "S8", "Shorten seq_count region",
		  "a tick has one write section, and none if it has nothing to do; readers do not wait while it calculates",
		},
		{ "vdso", "not of the series",
		  "the vDSO page is written with its own sequence odd, and while kernel readers wait",
		},
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(patches); i++)
		line("\"type\":\"rule\",\"name\":\"%s\",\"patch\":\"%s\",\"holds\":\"%s\"",
		     patches[i].name, patches[i].did, patches[i].holds);
}

/*
 * What the series of 2013 established, S4 to S8: a timekeeper is written with its lock
 * held, and what readers use while their sequence is odd; both read bases have the same
 * cycle_last; when the lock is dropped, the sequence is even, and shadow and real are
 * equal; a tick has one section, and none if it has nothing to do (this not in the variant
 * from before the series). And the vDSO page is written while its own sequence is odd, and
 * the kernel's.
 */
const struct tkfi_oracle tkfi_oracle_series = {
	.name	 = "series",
	.holds	 = "what the series of 2013 established, S4 to S8 of list rules: who writes holds the lock, and readers' sequence is odd",
	.prepare = require_guards,
	.check	 = check_series,
};

// SPDX-License-Identifier: GPL-2.0
#include <linux/hash.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/xxhash.h>

#include "enumerate.h"

#define LOCK		6	/* the word that stands for the lock */

/* What was found: canonical executions, or states. */
#define KEY_BITS	18
#define MAX_KEYS	BIT(KEY_BITS)
static u64 *keys;
static unsigned int nr_keys;

int enumerate_alloc(void)
{
	keys = vmalloc(MAX_KEYS * sizeof(*keys));
	return keys ? 0 : -ENOMEM;
}

void enumerate_free(void)
{
	vfree(keys);
}

/**
 * struct machine - the enumerator's idea of a program under way
 * @pc:		instructions each VCPU has executed
 * @words:	memory
 * @owner:	VCPU that has the lock, plus 1
 * @reading:	VCPUs between BEGIN and CHECK
 * @reading_latch: and those of the latch
 * @unchecked:	somebody gives up reading: nobody waits for readers
 * @nmi:	VCPUs that are interrupted
 * @entered:	VCPUs that are NMIs, and have begun
 * @left:	and have ended
 * @order:	VCPU and instruction of each step so far
 * @nr:		steps
 */
struct machine {
	u8 pc[4];
	u8 words[WORDS];
	u8 owner;
	u8 reading;
	u8 reading_latch;
	bool unchecked;
	u8 nmi;
	u8 entered;
	u8 left;
	struct {
		u8 vcpu;
		struct instruction what;
	} order[4 * MAX_LENGTH];
	unsigned int nr;
};

static u8 word_of(struct instruction i)
{
	switch (i.opcode) {
	case TAKE:
	case DROP:
		return LOCK;
	case ODD:
	case EVEN:
	case BEGIN:
	case CHECK:
		return SEQUENCE;
	case FLIP:
	case BEGIN_LATCH:
	case CHECK_LATCH:
		return LATCH_WORD;
	default:
		return i.word;
	}
}

static unsigned int words_of(struct instruction i)
{
	if (i.opcode == ENTER || i.opcode == LEAVE)
		return 0;
	return i.opcode == WIDE ? 3 : BIT(word_of(i));
}

static bool only_reads(struct instruction i)
{
	return i.opcode == LOAD || i.opcode == AWAIT || i.opcode == BEGIN ||
	       i.opcode == CHECK ||
	       i.opcode == BEGIN_LATCH || i.opcode == CHECK_LATCH;
}

static bool conflict(struct instruction a, struct instruction b)
{
	return words_of(a) & words_of(b) && !(only_reads(a) && only_reads(b));
}

/* The beginning or end of an NMI, and a step of the VCPU that it interrupts. */
static bool interrupts(const struct program *program, const struct machine *m,
		       unsigned int i, unsigned int j)
{
	u8 opcode = m->order[i].what.opcode;

	return (opcode == ENTER || opcode == LEAVE) &&
	       program->nmi_of[m->order[i].vcpu] == m->order[j].vcpu + 1;
}

/*
 * The least of all orders of the same steps in which those that conflict stay in
 * order: of those that may come next always the one of the lowest VCPU.
 */
static u64 canonical(const struct program *program, const struct machine *m)
{
	bool taken[4 * MAX_LENGTH] = {};
	unsigned int n, i, j, best;
	u64 key = 1;

	for (n = 0; n < m->nr; n++) {
		best = m->nr;
		for (i = 0; i < m->nr; i++) {
			if (taken[i])
				continue;
			for (j = 0; j < i; j++)
				if (!taken[j] &&
				    (m->order[j].vcpu == m->order[i].vcpu ||
				     interrupts(program, m, i, j) ||
				     interrupts(program, m, j, i) ||
				     conflict(m->order[j].what,
					      m->order[i].what)))
					break;
			if (j == i && (best == m->nr ||
				       m->order[i].vcpu < m->order[best].vcpu))
				best = i;
		}
		taken[best] = true;
		key = key << 2 | m->order[best].vcpu;
	}
	return key;
}

static bool enabled(const struct machine *m, unsigned int vcpu,
		    struct instruction i)
{
	switch (i.opcode) {
	case TAKE:
		return !m->owner;
	case AWAIT:
		return m->words[i.word];
	case BEGIN:
		return !(m->words[SEQUENCE] & 1);
	case ODD:
	case EVEN:
		return m->unchecked || !(m->reading & ~BIT(vcpu));
	case FLIP:
		return !(m->reading_latch & ~BIT(vcpu));
	default:
		return i.opcode != END;
	}
}

static void enumerate(const struct program *program, const struct machine *m)
{
	bool any = false;
	unsigned int v, w;

	for (v = 0; v < 4; v++) {
		struct instruction i = program->code[v][m->pc[v]];
		struct machine next;

		if (program->nmi_of[v] && !(m->entered & BIT(v)))
			i.opcode = ENTER;
		else if (program->nmi_of[v] && i.opcode == END &&
			 !(m->left & BIT(v)))
			i.opcode = LEAVE;
		if (m->nmi & BIT(v) || !enabled(m, v, i))
			continue;
		any = true;
		next = *m;
		if (i.opcode == ENTER || i.opcode == LEAVE) {
			next.nmi ^= BIT(program->nmi_of[v] - 1);
			*(i.opcode == ENTER ? &next.entered : &next.left) |= BIT(v);
		} else {
			next.pc[v]++;
		}
		next.order[next.nr].vcpu = v;
		next.order[next.nr++].what = i;
		for (w = 0; w < WORDS; w++)
			next.words[w] += !only_reads(i) && words_of(i) & BIT(w);
		if (i.opcode == TAKE || i.opcode == DROP)
			next.owner = i.opcode == TAKE ? v + 1 : 0;
		if (i.opcode == BEGIN || i.opcode == CHECK)
			next.reading ^= BIT(v);
		if (i.opcode == BEGIN_LATCH || i.opcode == CHECK_LATCH)
			next.reading_latch ^= BIT(v);
		/* To give up is no step of its own. */
		for (; program->code[v][next.pc[v]].opcode == GIVE_UP; next.pc[v]++)
			next.reading &= ~BIT(v);
		enumerate(program, &next);
	}
	if (!any && nr_keys < MAX_KEYS)
		keys[nr_keys++] = canonical(program, m);
}

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

unsigned int count_classes(const struct program *program)
{
	static struct machine m;
	unsigned int i, v, classes = 1;

	memset(&m, 0, sizeof(m));
	for (v = 0; v < ARRAY_SIZE(program->code); v++)
		for (i = 0; program->code[v][i].opcode != END; i++)
			m.unchecked |= program->code[v][i].opcode == GIVE_UP;
	nr_keys = 0;
	enumerate(program, &m);
	if (nr_keys == MAX_KEYS)
		return 0;
	sort(keys, nr_keys, sizeof(keys[0]), compare, NULL);
	for (i = 1; i < nr_keys; i++)
		classes += keys[i] != keys[i - 1];
	return classes;
}

/**
 * struct readers - a program whose readers start again when the sequence changed
 * @pc:		instructions each VCPU has executed
 * @words:	memory
 * @begun:	where each VCPU has begun to read
 * @start:	the sequence it read there
 * @loads:	all that it has read in this attempt, hashed
 * @results:	all that it has read in attempts that succeeded, hashed
 */
struct readers {
	u8 pc[4];
	u8 words[WORDS];
	u8 begun[4];
	u8 start[4];
	u64 loads[4];
	u64 results[4];
};

/* Remember a state; returns whether it is new. */
static bool remember(u64 key)
{
	unsigned int at = hash_64(key, KEY_BITS);

	for (key |= !key; keys[at]; at = (at + 1) % MAX_KEYS)
		if (keys[at] == key)
			return false;
	keys[at] = key;
	return true;
}

void add_outcome(struct outcomes *outcomes, u64 key)
{
	unsigned int i;

	for (i = 0; i < outcomes->nr; i++)
		if (outcomes->of[i] == key)
			return;
	if (outcomes->nr < MAX_OUTCOMES)
		outcomes->of[outcomes->nr++] = key;
}

/*
 * All states. Writers wait for readers, as the engine has it; or they do not, and
 * readers that find the sequence changed start again, as the kernel has it.
 */
static void visit(const struct program *program, const struct readers *r,
		  bool writers_wait, struct outcomes *outcomes)
{
	bool any = false;
	unsigned int v, w;

	if (!remember(xxh64(r, sizeof(*r), 0)))
		return;
	for (v = 0; v < 4; v++) {
		struct instruction i = program->code[v][r->pc[v]];
		struct readers next = *r;
		bool waits = false;

		for (w = 0; w < 4; w++)
			waits |= writers_wait && w != v && r->begun[w];
		if (i.opcode == END ||
		    ((i.opcode == ODD || i.opcode == EVEN) && waits) ||
		    (i.opcode == BEGIN && r->words[SEQUENCE] & 1))
			continue;
		any = true;
		next.pc[v]++;
		switch (i.opcode) {
		case BEGIN:
			next.begun[v] = next.pc[v];
			next.start[v] = r->words[SEQUENCE];
			next.loads[v] = r->results[v];
			break;
		case LOAD:
			next.loads[v] = xxh64(&r->words[i.word], 1, r->loads[v]);
			break;
		case CHECK:
			if (r->words[SEQUENCE] == r->start[v])
				next.results[v] = r->loads[v];
			else
				next.pc[v] = r->begun[v] - 1;
			next.begun[v] = 0;
			next.loads[v] = 0;
			next.start[v] = 0;
			break;
		default:
			next.words[word_of(i)]++;
			break;
		}
		visit(program, &next, writers_wait, outcomes);
	}
	if (!any)
		add_outcome(outcomes, xxh64(r, sizeof(*r), 0));
}

void find_outcomes(const struct program *program, bool writers_wait,
		   struct outcomes *outcomes)
{
	static const struct readers begin;

	outcomes->nr = 0;
	memset(keys, 0, MAX_KEYS * sizeof(*keys));
	visit(program, &begin, writers_wait, outcomes);
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Small programs that have nothing to do with time, and what all their interleavings come
 * to. This shares no code with what explores them.
 */
#ifndef __TKFI_ENUMERATE_H
#define __TKFI_ENUMERATE_H

#include <linux/types.h>

/* What a VCPU does. */
enum opcode {
	END,
	LOAD,		/* a word */
	STORE,		/* a word */
	ADD,		/* 1 to a word, in one step */
	TAKE,		/* the lock */
	DROP,		/* the lock */
	AWAIT,		/* until a word is not 0 */
	ODD,		/* the sequence; one step, as is EVEN */
	EVEN,
	BEGIN,		/* read the sequence, when it is even */
	CHECK,		/* it has not changed */
	GIVE_UP,	/* reading: it will not be checked */
	FLIP,		/* the latch */
	BEGIN_LATCH,	/* read it at any time */
	CHECK_LATCH,
	WIDE,		/* store words 0 and 1 in one step */
	ENTER,		/* an NMI; only the enumerator has these two */
	LEAVE,
};

struct instruction {
	u8 opcode;
	u8 word;
};

#define MAX_LENGTH	12
#define WORDS		6
#define LATCH_WORD		4	/* the word that is the latch */
#define SEQUENCE	5	/* the word that is the sequence */

/**
 * struct program - what up to four VCPUs execute
 * @name:	name
 * @classes:	how many classes all interleavings fall into; 0 if that is not known
 * @code:	for each VCPU, up to an END
 * @nmi_of:	for each VCPU the one that it interrupts, plus 1; 0 for none
 */
struct program {
	const char *name;
	unsigned int classes;
	struct instruction code[4][MAX_LENGTH + 1];
	u8 nmi_of[4];
};

#define MAX_OUTCOMES	256

/**
 * struct outcomes - what a program can come to
 * @nr:		how many there are, up to MAX_OUTCOMES
 * @of:		hashes of them
 */
struct outcomes {
	unsigned int nr;
	u64 of[MAX_OUTCOMES];
};

/**
 * enumerate_alloc() - get room for what is found
 *
 * Free with enumerate_free().
 *
 * Return: 0 or -ENOMEM.
 */
int enumerate_alloc(void);

/**
 * enumerate_free() - free what enumerate_alloc() allocated
 */
void enumerate_free(void);

/**
 * count_classes() - how many classes all interleavings of a program fall into
 * @program:	program
 *
 * Return: their number, 0 if there are too many interleavings.
 */
unsigned int count_classes(const struct program *program);

/**
 * find_outcomes() - what a program with a sequence can come to
 * @program:	program without a lock or an NMI
 * @writers_wait: writers wait for readers, as the engine has it; else readers that find
 *		the sequence changed start again, as the kernel has it
 * @outcomes:	receives what its readers have read and its memory holds
 */
void find_outcomes(const struct program *program, bool writers_wait,
		   struct outcomes *outcomes);

/**
 * add_outcome() - add an outcome, unless it is there
 * @outcomes:	outcomes
 * @key:	hash of one
 */
void add_outcome(struct outcomes *outcomes, u64 key);

#endif

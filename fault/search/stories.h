/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stories: all sequences of steps up to a length, from one state on. A state that was reached
 * before is not gone on from, so each is expanded once, by the shortest sequence that leads
 * there, and of these the first one in the order of the steps. No VCPUs, no interleavings:
 * one step is over when the next one begins.
 */
#ifndef __TKFI_STORIES_H
#define __TKFI_STORIES_H

#include <linux/types.h>

#define TKFI_MAX_STORY	6	/* steps */

/**
 * struct tkfi_story - a sequence of steps
 * @nr:		how many
 * @steps:	their numbers
 */
struct tkfi_story {
	u8 nr;
	u8 steps[TKFI_MAX_STORY];
};

/**
 * struct tkfi_story_teller - what the steps are, and what is asked of a state
 * @nr_steps:	how many there are, up to 255
 * @begin:	called before a state is expanded; until @end nothing is allocated
 * @end:	called when it has been
 * @start:	sets the live state to the one that stories begin in
 * @step:	performs a step; @judged: look for faults, too. Returns false, the state being
 *		undefined, if it cannot be performed in this state
 * @look:	the live state is going to be left by steps, and to be returned to by @back
 * @back:	makes the live state what it was at the last @look
 * @hash:	one number for the live state. Equal numbers stand for states that no step and
 *		nobody who looks can tell apart
 * @reached:	told of each state that is fewer than the most steps away, the nearest first; the
 *		live state is nobody's then. May be NULL
 * @go_on:	called before each state is expanded; false ends the enumeration
 * @arg:	for all of them
 */
struct tkfi_story_teller {
	unsigned int nr_steps;
	void (*begin)(void *arg);
	void (*end)(void *arg);
	void (*start)(void *arg);
	bool (*step)(const struct tkfi_story *story, bool judged, void *arg);
	void (*look)(void *arg);
	void (*back)(void *arg);
	u64 (*hash)(void *arg);
	void (*reached)(const struct tkfi_story *story, void *arg);
	bool (*go_on)(void *arg);
	void *arg;
};

/**
 * struct tkfi_stories - an enumeration, and what came of it
 * @length:	the most steps of a story, 1 ... TKFI_MAX_STORY
 * @part:	of the states that are the most steps but one away, only each @parts-th is
 *		expanded, from this one on
 * @parts:	as above; 1 for all
 * @nr_states:	states that are so many steps away, and no fewer; the last ones are not counted
 * @nr_performed: steps that were performed and judged; those of fewer than the most steps are
 *		judged in the first part
 * @complete:	all were, of this part
 */
struct tkfi_stories {
	unsigned int length;
	unsigned int part;
	unsigned int parts;
	u64 nr_states[TKFI_MAX_STORY];
	u64 nr_performed;
	bool complete;
};

/**
 * tkfi_stories_tell() - enumerate all stories up to a length
 * @s:		what is asked for; filled
 * @teller:	steps
 *
 * Memory grows with the number of states, by 24 to 70 bytes for each. Sleeps.
 *
 * Return: 0 or -ENOMEM.
 */
int tkfi_stories_tell(struct tkfi_stories *s, const struct tkfi_story_teller *teller);

#endif

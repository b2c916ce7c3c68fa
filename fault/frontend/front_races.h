/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_FRONT_RACES_H
#define __TKFI_FRONT_RACES_H

#include <linux/bitmap.h>

#include "front.h"
#include "stories.h"

/**
 * struct tkfi_races_state - a state that stories reach
 * @text:	how: operations, "" for the state after boot
 * @possible:	the steps that can be performed in it
 */
struct tkfi_races_state {
	char *text;
	DECLARE_BITMAP(possible, U8_MAX);
};

/**
 * struct tkfi_races - what is to be explored beside each other, from the states of stories
 * @states:	the states
 * @nr_states:	how many there are
 * @room:	for how many there is room
 * @left_out:	states that take more operations than a set-up has
 * @steps:	what one VCPU does, by the numbers of steps; NULL for what it cannot do
 */
struct tkfi_races {
	struct tkfi_races_state *states;
	unsigned int nr_states;
	unsigned int room;
	unsigned int left_out;
	char *steps[U8_MAX];
};

/**
 * tkfi_races_add() - add a state
 * @races:	races
 * @text:	how it is reached
 * @possible:	the steps that can be performed in it
 *
 * A state that takes more operations than a set-up has is left out, and counted.
 *
 * Return: 0 or -ENOMEM.
 */
int tkfi_races_add(struct tkfi_races *races, const char *text, const unsigned long *possible);

/**
 * tkfi_races_add_steps() - add all steps that a VCPU can perform beside others
 * @races:	races
 * @nr:		how many steps the subject has, which is open for stories
 *
 * Return: 0 or -ENOMEM.
 */
int tkfi_races_add_steps(struct tkfi_races *races, unsigned int nr);

/**
 * tkfi_races_free() - forget all states and steps
 * @races:	races; empty then
 */
void tkfi_races_free(struct tkfi_races *races);

/**
 * tkfi_front_races() - explore each step beside each of those who read, from each state
 * @f:		front end
 * @races:	races
 *
 * Goes by the chosen clock; the subject is not open. Of the states the part is explored that
 * the options name, for as long as they say. Reports each kind of violation once, with the
 * first race that shows it, and how many classes there were.
 *
 * Return: 0, or an error of the subject.
 */
int tkfi_front_races(struct tkfi_front *f, const struct tkfi_races *races);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The front end: does what the kernel parameters ask for, and reports it as JSON lines.
 * It is called by a KUnit suite, so that kunit.py can run it.
 */
#ifndef __TKFI_FRONT_H
#define __TKFI_FRONT_H

#include "request.h"
#include "subject.h"

/**
 * struct tkfi_front - the front end
 * @request:	what is asked for
 * @explorer:	of the subject
 * @fail:	called with a sentence for each problem, for users without the runner; the
 *		same is reported
 * @arg:	for @fail
 * @causes_said:	the causes of the subject were reported
 * @occurs:	those that shipped scenarios have, by number
 * @nr_whole:	how many shipped scenarios were explored to the end, or are not for this
 *		kernel
 * @shown:	name of the case under which trace entries and events are reported
 */
struct tkfi_front {
	struct tkfi_request request;
	struct tkfi_explorer *explorer;
	void (*fail)(void *arg, const char *text);
	void *arg;
	bool causes_said;
	bool occurs[TKFI_MAX_CAUSES];
	unsigned int nr_whole;
	char shown[64];
};

/**
 * tkfi_front_open() - read the kernel parameters and get ready
 * @f:		front end, all 0; the caller sets @f->fail and @f->arg
 *
 * Close with tkfi_front_close(), also after an error.
 *
 * Return: 0, -ENOMEM if there is no explorer, or as tkfi_request_read().
 */
int tkfi_front_open(struct tkfi_front *f);

/**
 * tkfi_front_close() - close the explorer, and free the request
 * @f:		front end, opened or all 0
 */
void tkfi_front_close(struct tkfi_front *f);

/**
 * enum tkfi_front_done - what became of something that may be asked for
 * @TKFI_FRONT_DONE:		it was done, or a reason was reported why it could not be
 * @TKFI_FRONT_NOT_ASKED:	it was not asked for
 * @TKFI_FRONT_ABSENT:		this kernel does not have it
 */
enum tkfi_front_done {
	TKFI_FRONT_DONE,
	TKFI_FRONT_NOT_ASKED,
	TKFI_FRONT_ABSENT,
};

/**
 * tkfi_front_shipped() - explore a scenario of a subject's table, if it is asked for
 * @f:		front end
 * @name:	name of the scenario; one of another subject is not asked for
 *
 * Return: what became of it.
 */
enum tkfi_front_done tkfi_front_shipped(struct tkfi_front *f, const char *name);

/**
 * tkfi_front_explore() - explore a scenario, whatever was asked for
 * @f:		front end
 * @s:		scenario
 * @options:	how
 * @is_shipped:	what is found must be known, no operation may fail, and its classes
 *		must be more than one
 *
 * What is found, and what is wrong, is reported.
 */
void tkfi_front_explore(struct tkfi_front *f, const struct tkfi_scenario *s,
			const struct tkfi_explore_options *options, bool is_shipped);

/**
 * tkfi_front_causes() - are the causes that this build is to have all found?
 * @f:		front end, that was asked for shipped scenarios
 *
 * Each that is not is a failure: it has to be taken off the list.
 *
 * Return: TKFI_FRONT_NOT_ASKED if not all scenarios were explored to the end, at once, else
 * TKFI_FRONT_DONE.
 */
enum tkfi_front_done tkfi_front_causes(struct tkfi_front *f);

/**
 * tkfi_front_replay() - execute the schedule that is asked for, if one is
 * @f:		front end
 *
 * Return: TKFI_FRONT_DONE or TKFI_FRONT_NOT_ASKED.
 */
enum tkfi_front_done tkfi_front_replay(struct tkfi_front *f);

#endif

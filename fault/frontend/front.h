/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The front end: what the kernel parameters ask for is done, and reported as JSON lines.
 * A KUnit suite calls it, as that is what kunit.py runs.
 */
#ifndef __TKFI_FRONT_H
#define __TKFI_FRONT_H

#include "request.h"

/**
 * struct tkfi_front - the front end
 * @request:	what is asked for
 * @explorer:	of the subject
 * @fail:	called with a sentence for everything that is wrong, for whoever has no
 *		runner; all of it is reported too
 * @arg:	for @fail
 * @shown:	the case that trace entries and steps are reported as
 */
struct tkfi_front {
	struct tkfi_request request;
	struct tkfi_explorer *explorer;
	void (*fail)(void *arg, const char *text);
	void *arg;
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
 * @TKFI_FRONT_DONE:		it was done, or it was said why it could not be
 * @TKFI_FRONT_NOT_ASKED:	somebody asked for something else
 * @TKFI_FRONT_ABSENT:		this kernel does not have what it is about
 */
enum tkfi_front_done {
	TKFI_FRONT_DONE,
	TKFI_FRONT_NOT_ASKED,	/* somebody asked for something else */
	TKFI_FRONT_ABSENT,	/* this kernel does not have what it is about */
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
 * tkfi_front_replay() - execute the schedule that is asked for, if one is
 * @f:		front end
 *
 * Return: TKFI_FRONT_DONE or TKFI_FRONT_NOT_ASKED.
 */
enum tkfi_front_done tkfi_front_replay(struct tkfi_front *f);

#endif

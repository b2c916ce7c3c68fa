/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_REQUEST_H
#define __TKFI_REQUEST_H

#include "explorer.h"

/**
 * struct tkfi_request - what the kernel parameters ask for
 * @options:	how to explore
 * @text:	of a scenario that somebody wrote; NULL for shipped ones
 * @name:	else which of these: a glob
 * @is_list:	else those of a list
 * @turns:	of a schedule to replay; NULL for none
 * @steps:	report every step of executions that are shown
 * @lists:	report what there is
 * @stories:	the most steps of stories that are told; 0 for none
 * @races:	from the states that stories reach, one step is explored beside readers
 * @clock:	name of the clock that stories go by; NULL for each in turn
 * @story:	a story that somebody gave; NULL for none
 */
struct tkfi_request {
	struct tkfi_explore_options options;
	const char *text;
	const char *name;
	bool is_list;
	const char *turns;
	bool steps;
	bool lists;
	unsigned int stories;
	bool races;
	const char *clock;
	const char *story;
};

/**
 * tkfi_request_read() - read the parameters, and choose the subject
 * @request:	filled; free with tkfi_request_free(), also after an error
 *
 * Return: 0, -EINVAL for what makes no sense, which the log tells, or -ENOMEM.
 */
int tkfi_request_read(struct tkfi_request *request);

/**
 * tkfi_request_free() - free what tkfi_request_read() allocated
 * @request:	request
 */
void tkfi_request_free(struct tkfi_request *request);

/**
 * tkfi_request_wants() - is a scenario of the subject asked for?
 * @request:	request
 * @name:	name of the scenario
 *
 * Return: whether the list has it, or the glob matches it; false if it is none of the
 * subject's, or somebody wrote a scenario.
 */
bool tkfi_request_wants(const struct tkfi_request *request, const char *name);

/**
 * tkfi_request_state() - the host file for the state of a scenario's exploration
 * @request:	request
 * @name:	name of the scenario
 *
 * Return: the file's name, as the list has it; NULL without a list, or if the scenario is not
 * in it.
 */
const char *tkfi_request_state(const struct tkfi_request *request, const char *name);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* What stories show, so that two kernels can be compared. */
#ifndef __TKFI_STORY_OUTCOMES_H
#define __TKFI_STORY_OUTCOMES_H

#include "stories.h"

/**
 * tkfi_story_outcomes_begin() - report the steps that there are
 * @nr_steps:	how many
 */
void tkfi_story_outcomes_begin(unsigned int nr_steps);

/**
 * tkfi_story_outcomes_note() - note all that the last step of a story showed, as one number
 * @story:	the story; its last step was performed just now, and judged
 *
 * To be called while the live state is the steps'.
 */
void tkfi_story_outcomes_note(const struct tkfi_story *story);

/**
 * tkfi_story_outcomes_report() - report what was noted since the last report
 * @clock:	name of the clock that time was kept by
 *
 * All of that must be of stories that differ in the last step only. Live state is not touched.
 */
void tkfi_story_outcomes_report(const char *clock);

/**
 * tkfi_story_values_report() - report all that the last step showed, value by value
 *
 * As tkfi_story_outcomes_note().
 */
void tkfi_story_values_report(void);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_FRONT_STORIES_H
#define __TKFI_FRONT_STORIES_H

#include "front.h"

/**
 * tkfi_front_stories() - tell all stories up to the length that is asked for
 * @f:		front end
 *
 * Reports faults, each with the first story that shows it, and how many states there were.
 *
 * Return: TKFI_FRONT_DONE, or TKFI_FRONT_NOT_ASKED.
 */
enum tkfi_front_done tkfi_front_stories(struct tkfi_front *f);

#endif

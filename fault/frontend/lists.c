// SPDX-License-Identifier: GPL-2.0
#include <linux/string.h>

#include "lists.h"
#include "plan.h"
#include "points.h"
#include "result.h"
#include "schedule.h"
#include "search.h"
#include "strategies.h"
#include "subject.h"

static void list_point(const struct tkfi_point *point)
{
	const char *file = point->file;

	/* Relative to the tree, wherever the objects are. */
	while (!strncmp(file, "../", 3))
		file += 3;
	tkfi_result("\"type\":\"point\",\"name\":\"%s\",\"file\":\"%s\",\"function\":\"%s\",\"line\":%u",
		    point->name, file, point->function, point->line);
}

static void list_subject(const struct tkfi_subject *subject)
{
	unsigned int i;

	for (i = 0; i < subject->nr_ops; i++)
		tkfi_result("\"type\":\"operation\",\"name\":\"%s\",\"subject\":\"%s\",\"usage\":\"%s\",\"does\":\"%s\"",
			    subject->ops[i].name, subject->name, subject->ops[i].usage,
			    subject->ops[i].does);
	if (subject->list)
		subject->list(tkfi_result);
}

/* Those before replay; a bound of preemptions makes another strategy of dpor. */
static void list_strategies(void)
{
	unsigned int i;

	for (i = 0; i < TKFI_REPLAY; i++) {
		const struct tkfi_search_type *type = tkfi_search_types[i];
		const unsigned int takes = type->takes |
			(i == TKFI_DPOR ? tkfi_search_types[TKFI_BOUNDED]->takes : 0);

		tkfi_result("\"type\":\"strategy\",\"name\":\"%s\",\"samples\":%s,\"preemptions\":%s,\"seed\":%s,\"depth\":%s",
			    tkfi_strategy_names[i],
			    type->exhaustive ? "false" : "true",
			    takes & TKFI_TAKES_PREEMPTIONS ? "true" : "false",
			    takes & TKFI_TAKES_SEED ? "true" : "false",
			    takes & TKFI_TAKES_DEPTH ? "true" : "false");
	}
}

static void list_limits(void)
{
	static const struct {
		const char *name;
		unsigned int most;
	} limits[] = {
		{ "cpus", TKFI_MAX_CPUS },
		{ "vcpus", TKFI_MAX_VCPUS },
		{ "operations", TKFI_MAX_OPS },
		{ "text", TKFI_PLAN_TEXT - 1 },
		{ "turns", TKFI_MAX_TURNS },
		{ "depth", TKFI_PCT_MAX_DEPTH },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(limits); i++)
		tkfi_result("\"type\":\"limit\",\"name\":\"%s\",\"most\":%u",
			    limits[i].name, limits[i].most);
}

void tkfi_lists(void)
{
	const struct tkfi_subject * const *s;

	tkfi_points_each(list_point);
	for (s = __start_tkfi_subjects; s < __stop_tkfi_subjects; s++)
		list_subject(*s);
	list_strategies();
	list_limits();
}

// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/string.h>

#include "subject.h"

const struct tkfi_subject *tkfi_subject;
unsigned int tkfi_subject_clock;

const char * const tkfi_cause_class_names[TKFI_NR_CLASSES] = {
	[TKFI_CLASS_BUG]	= "bug",
	[TKFI_CLASS_FIXED]	= "fixed",
	[TKFI_CLASS_DESIGN]	= "design",
	[TKFI_CLASS_HARDWARE]	= "hardware",
};

int tkfi_subject_choose(const char *name)
{
	const struct tkfi_subject * const *s;

	for (s = __start_tkfi_subjects; s < __stop_tkfi_subjects; s++) {
		if (strcmp((*s)->name, name))
			continue;
		tkfi_subject = *s;
		return 0;
	}
	return -ENOENT;
}

int tkfi_subject_choose_clock(const char *name)
{
	const char * const *clocks = tkfi_subject->clocks;
	unsigned int i;

	for (i = 0; clocks && clocks[i]; i++) {
		if (strcmp(clocks[i], name))
			continue;
		tkfi_subject_clock = i;
		return 0;
	}
	return -ENOENT;
}

const char *tkfi_build(void)
{
	const struct tkfi_subject * const *s;

	/* A variant is of the kernel, whichever subject is chosen. */
	for (s = __start_tkfi_subjects; s < __stop_tkfi_subjects; s++)
		if ((*s)->build)
			return (*s)->build();
	return "post-series";
}

u32 tkfi_unit(const char *call)
{
	return tkfi_subject->unit ? tkfi_subject->unit(call) : 1;
}

bool tkfi_cause_occurs(const struct tkfi_cause *cause)
{
	return !tkfi_subject->occurs || tkfi_subject->occurs(cause);
}

const struct tkfi_scenario *tkfi_scenario_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < tkfi_subject->nr_scenarios; i++)
		if (!strcmp(tkfi_subject->scenarios[i].name, name))
			return &tkfi_subject->scenarios[i];
	return NULL;
}

static int __init choose_first(void)
{
	tkfi_subject = __start_tkfi_subjects[0];
	return 0;
}
core_initcall(choose_first);

// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/glob.h>
#include <linux/init.h>
#include <linux/string.h>

#include "subject.h"

const struct tkfi_subject *tkfi_subject;

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

const char *tkfi_build(void)
{
	const struct tkfi_subject * const *s;

	/* A variant is of the kernel, whichever subject is chosen. */
	for (s = __start_tkfi_subjects; s < __stop_tkfi_subjects; s++)
		if ((*s)->build)
			return (*s)->build();
	return "post-series";
}

int tkfi_known_violation(const char *scenario, const struct tkfi_finding *finding)
{
	unsigned int i;

	if (tkfi_subject->is_known)
		return tkfi_subject->is_known(scenario, finding);
	for (i = 0; i < tkfi_subject->nr_known; i++) {
		const struct tkfi_known_violation known = tkfi_subject->known(i);

		if (known.occurs && !strcmp(known.oracle, finding->oracle) &&
		    (!scenario || glob_match(known.scenarios, scenario)))
			return i;
	}
	return -1;
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

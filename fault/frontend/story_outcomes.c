// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/xxhash.h>

#include "result.h"
#include "story_outcomes.h"
#include "subject.h"

/* Of stories that differ in the last step only: a hash for each, 0 for none. */
static struct {
	struct tkfi_story story;
	unsigned int nr;
	u32 hashes[U8_MAX];
} noted;

static void mix(const char *of, const char *name, s64 value, u32 unit, void *arg)
{
	u64 *hash = arg;

	*hash = xxh64(&value, sizeof(value), *hash);
}

void tkfi_story_outcomes_begin(unsigned int nr_steps)
{
	unsigned int i;

	for (i = 0; i < nr_steps; i++)
		tkfi_result("\"type\":\"story_step\",\"nr\":%u,\"text\":\"%s\"", i,
			    tkfi_subject->steps->text(i));
}

void tkfi_story_outcomes_note(const struct tkfi_story *story)
{
	const u8 step = story->steps[story->nr - 1];
	u64 hash = 0;

	tkfi_subject->steps->shown(mix, &hash);
	noted.story = *story;
	noted.hashes[step] = (u32)hash ?: 1;
	noted.nr = max_t(unsigned int, noted.nr, step + 1);
}

void tkfi_story_outcomes_report(const char *clock)
{
	static char hex[8 * U8_MAX + 1];
	size_t len = 0;
	unsigned int i;

	if (!noted.nr)
		return;
	for (i = 0; i < noted.nr; i++)
		len += scnprintf(hex + len, sizeof(hex) - len, "%08x", noted.hashes[i]);
	tkfi_result("\"type\":\"story_outcomes\",\"clock\":\"%s\",\"after\":\"%*phN\",\"shown\":\"%s\"",
		    clock, noted.story.nr - 1, noted.story.steps, hex);
	memset(&noted, 0, sizeof(noted));
}

static void report(const char *of, const char *name, s64 value, u32 unit, void *arg)
{
	tkfi_result("\"type\":\"story_value\",\"of\":\"%s\",\"name\":\"%s\",\"value\":%lld,\"unit\":%u",
		    of, name, value, unit);
}

void tkfi_story_values_report(void)
{
	tkfi_subject->steps->shown(report, NULL);
}

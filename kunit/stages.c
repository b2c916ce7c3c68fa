// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/string.h>

#include "glue.h"
#include "stages.h"

static const struct stage post_series[] = {
	/*			counts	  vdso	    kernel    fast */
	{ "advance.locked",	false, { SEES_OLD, SEES_OLD, SEES_OLD } },
	{ "advance.sampled",	true,  { SEES_OLD, SEES_OLD, SEES_OLD } },
	{ "advance.calculated",	true,  { SEES_OLD, SEES_OLD, SEES_OLD } },
	{ "publish.begin",	true,  { SEES_OLD, BLOCKS,   SEES_OLD } },
	{ "vsyscall.begin",	true,  { BLOCKS,   BLOCKS,   SEES_OLD } },
	{ "vsyscall.end",	true,  { SEES_NEW, BLOCKS,   SEES_OLD } },
	{ "publish.copy",	true,  { SEES_NEW, BLOCKS,   SEES_NEW } },
	{ "publish.end",	true,  { SEES_NEW, SEES_NEW, SEES_NEW } },
	{ "advance.unlocked",	true,  { SEES_NEW, SEES_NEW, SEES_NEW } },
};

/* The sequence is odd from right after the lock; there is no copy. */
static const struct stage pre_series[] = {
	{ "publish.begin",	false, { SEES_OLD, BLOCKS,   SEES_OLD } },
	{ "advance.locked",	false, { SEES_OLD, BLOCKS,   SEES_OLD } },
	{ "advance.sampled",	true,  { SEES_OLD, BLOCKS,   SEES_OLD } },
	{ "advance.calculated",	true,  { SEES_OLD, BLOCKS,   SEES_OLD } },
	{ "vsyscall.begin",	true,  { BLOCKS,   BLOCKS,   SEES_OLD } },
	{ "vsyscall.end",	true,  { SEES_NEW, BLOCKS,   SEES_OLD } },
	{ "publish.end",	true,  { SEES_NEW, SEES_NEW, SEES_NEW } },
	{ "advance.unlocked",	true,  { SEES_NEW, SEES_NEW, SEES_NEW } },
};

/*
 * Old and new line meet where the clock is read again, with both sequences odd.
 * Only the NMI-safe readers can see the old line after that.
 */
static const struct stage fixed[] = {
	{ "advance.locked",	false, { SEES_OLD, SEES_OLD, SEES_OLD } },
	{ "advance.sampled",	false, { SEES_OLD, SEES_OLD, SEES_OLD } },
	{ "advance.calculated",	false, { SEES_OLD, SEES_OLD, SEES_OLD } },
	{ "publish.begin",	false, { SEES_OLD, BLOCKS,   SEES_OLD } },
	{ "vsyscall.begin",	false, { BLOCKS,   BLOCKS,   SEES_OLD } },
	{ "publish.sampled",	true,  { BLOCKS,   BLOCKS,   SEES_OLD } },
	{ "vsyscall.end",	true,  { SEES_NEW, BLOCKS,   SEES_OLD } },
	{ "publish.copy",	true,  { SEES_NEW, BLOCKS,   SEES_NEW } },
	{ "publish.end",	true,  { SEES_NEW, SEES_NEW, SEES_NEW } },
	{ "advance.unlocked",	true,  { SEES_NEW, SEES_NEW, SEES_NEW } },
};

static const struct {
	const struct stage *stages;
	unsigned int nr;
} variants[TKFI_NR_VARIANTS] = {
	[TKFI_POST_SERIES] = { post_series, ARRAY_SIZE(post_series) },
	[TKFI_PRE_SERIES]  = { pre_series, ARRAY_SIZE(pre_series) },
	[TKFI_FIXED]	   = { fixed, ARRAY_SIZE(fixed) },
};

const struct stage *variant_stages(unsigned int *nr)
{
	*nr = variants[tkfi_variant()].nr;
	return variants[tkfi_variant()].stages;
}

const struct stage *find_stage(const char *point)
{
	const struct stage *stages;
	unsigned int i, nr;

	stages = variant_stages(&nr);
	for (i = 0; i < nr; i++)
		if (!strcmp(stages[i].point, point))
			return &stages[i];
	return NULL;
}

enum sight sight_of(const struct stage *stage, const struct tkfi_reader *reader)
{
	enum sight sight = stage->sight[reader->family];

	return reader->lockless && sight == BLOCKS ? SEES_OLD : sight;
}

bool is_skewed(const struct stage *stage, const struct tkfi_reader *reader)
{
	return stage->delay_counts && reader->kind == TKFI_FINE &&
	       sight_of(stage, reader) == SEES_OLD;
}

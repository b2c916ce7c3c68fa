// SPDX-License-Identifier: GPL-2.0
/* Breadth first, with the hashes of all states that were reached. */
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "stories.h"

/**
 * struct reached - the states that were reached
 * @stories:	how each was reached, in that order
 * @nr:		how many there are
 * @room:	for how many there is room; a power of two
 * @hashes:	twice as many slots as @room: hashes of states, 0 if empty
 */
struct reached {
	struct tkfi_story *stories;
	u64 nr;
	u64 room;
	u64 *hashes;
};

static bool is_new(u64 *hashes, u64 slots, u64 hash)
{
	u64 at = hash & (slots - 1);

	while (hashes[at] && hashes[at] != hash)
		at = (at + 1) & (slots - 1);
	if (hashes[at])
		return false;
	hashes[at] = hash;
	return true;
}

static int grow(struct reached *r)
{
	u64 room = r->room ? 2 * r->room : 1024, i;
	struct tkfi_story *stories = vmalloc(room * sizeof(*stories));
	u64 *hashes = vzalloc(2 * room * sizeof(*hashes));

	if (!stories || !hashes) {
		vfree(stories);
		vfree(hashes);
		return -ENOMEM;
	}
	memcpy(stories, r->stories, r->nr * sizeof(*stories));
	for (i = 0; i < 2 * r->room; i++)
		if (r->hashes[i])
			is_new(hashes, 2 * room, r->hashes[i]);
	vfree(r->stories);
	vfree(r->hashes);
	*r = (struct reached){ stories, r->nr, room, hashes };
	return 0;
}

static int add(struct reached *r, const struct tkfi_story *story, u64 hash)
{
	int ret = r->nr == r->room ? grow(r) : 0;

	if (!ret && is_new(r->hashes, 2 * r->room, hash))
		r->stories[r->nr++] = *story;
	return ret;
}

/* Make the live state the one that a story leads to. */
static void perform(const struct tkfi_story_teller *t, const struct tkfi_story *story)
{
	struct tkfi_story so_far = *story;

	t->start(t->arg);
	for (so_far.nr = 1; so_far.nr <= story->nr; so_far.nr++)
		t->step(&so_far, false, t->arg);
}

/* Judge each step that can follow a story, and add the states that these lead to. */
static int expand(struct tkfi_stories *s, const struct tkfi_story_teller *t,
		  struct reached *r, struct tkfi_story story)
{
	static u64 hashes[U8_MAX];
	/* What is in all parts is judged in the first. */
	const bool judged = story.nr + 1 == s->length || !s->part;
	unsigned int step;
	int ret = 0;

	t->begin(t->arg);
	perform(t, &story);
	t->look(t->arg);
	story.nr++;
	for (step = 0; step < t->nr_steps; step++) {
		story.steps[story.nr - 1] = step;
		if (step)
			t->back(t->arg);
		hashes[step] = 0;
		if (!t->step(&story, judged, t->arg))
			continue;
		s->nr_performed += judged;
		if (story.nr < s->length)
			hashes[step] = t->hash(t->arg) ?: 1;
	}
	t->end(t->arg);
	for (step = 0; step < t->nr_steps && !ret; step++) {
		story.steps[story.nr - 1] = step;
		if (hashes[step])
			ret = add(r, &story, hashes[step]);
	}
	return ret;
}

static bool is_mine(const struct tkfi_stories *s, const struct tkfi_story *story, u64 nth)
{
	return story->nr + 1 < s->length || nth % s->parts == s->part;
}

int tkfi_stories_tell(struct tkfi_stories *s, const struct tkfi_story_teller *t)
{
	struct reached r = {};
	u64 i, nth = 0, first;
	int ret;

	s->nr_performed = 0;
	memset(s->nr_states, 0, sizeof(s->nr_states));
	t->begin(t->arg);
	t->start(t->arg);
	first = t->hash(t->arg) ?: 1;
	t->end(t->arg);
	ret = add(&r, &(struct tkfi_story){}, first);
	for (i = 0; i < r.nr && !ret; i++) {
		const struct tkfi_story story = r.stories[i];

		s->nr_states[story.nr]++;
		if (t->reached)
			t->reached(&story, t->arg);
		nth += story.nr + 1 == s->length;
		if (!is_mine(s, &story, nth))
			continue;
		if (!t->go_on(t->arg))
			break;
		ret = expand(s, t, &r, story);
	}
	s->complete = i == r.nr;
	vfree(r.stories);
	vfree(r.hashes);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "mutate.h"
#include "strategies.h"

/* What ends words and statements, is none of both, or is no ASCII. */
static const char odd_characters[] = " ,;:#=+-.@\t\n\"'%0\\/\x01\x7f\x80\xff";

/* Borders of ranges, and what is too long for any number. */
static const char * const numbers[] = {
	"0", "1", "-1", "8", "64", "255", "256", "511", "65536", "2147483648", "4294967295",
	"4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551616",
	"99999999999999999999999999999999", "0x10", "007", "1e3", "", "1.5", ".5", "5.",
};

static unsigned int draw(struct mutator *m, unsigned int below)
{
	return tkfi_draw(&m->state, below);
}

static const char *any_seed(struct mutator *m)
{
	unsigned int nr = 0;

	while (m->seed(nr))
		nr++;
	return m->seed(draw(m, nr));
}

static const char *any_word(struct mutator *m)
{
	unsigned int nr = 0;

	while (m->words[nr])
		nr++;
	return m->words[draw(m, nr)];
}

/* Put @with in the place of @len bytes at @at, as far as there is room. */
static void replace(char *buf, size_t size, size_t at, size_t len, const char *with)
{
	const size_t total = strlen(buf), rest = total - at - len;
	const size_t room = size - 1 - at, more = min(strlen(with), room);
	const size_t kept = min(rest, room - more);

	memmove(buf + at + more, buf + at + len, kept);
	memcpy(buf + at, with, more);
	buf[at + more + kept] = '\0';
}

/* A place that words or statements begin at is as likely as all others together. */
static size_t any_place(struct mutator *m, const char *buf)
{
	size_t at = draw(m, strlen(buf) + 1);

	if (draw(m, 2))
		while (at && !strchr(" ,;", buf[at - 1]))
			at--;
	return at;
}

static void edit(struct mutator *m, char *buf, size_t size)
{
	const size_t at = any_place(m, buf), left = strlen(buf) - at;
	size_t len = min_t(size_t, left, 1 + draw(m, draw(m, 4) ? 8 : 80));
	char piece[96] = {};

	switch (draw(m, 8)) {
	case 0:
		replace(buf, size, at, len, "");
		break;
	case 1:
		memcpy(piece, buf + at, len);
		replace(buf, size, at, 0, piece);
		break;
	case 2:
		piece[0] = odd_characters[draw(m, sizeof(odd_characters) - 1)];
		replace(buf, size, at, draw(m, 2) && left, piece);
		break;
	case 3:
		piece[0] = 1 + draw(m, 255);
		replace(buf, size, at, draw(m, 2) && left, piece);
		break;
	case 4:
		replace(buf, size, at, strcspn(buf + at, " ,;"), any_word(m));
		break;
	case 5:
		len = at + strcspn(buf + at, "0123456789");
		replace(buf, size, len, strspn(buf + len, "0123456789"),
			numbers[draw(m, ARRAY_SIZE(numbers))]);
		break;
	case 6:
		buf[at] = '\0';
		break;
	case 7:
		memset(piece, ' ', draw(m, sizeof(piece)));
		replace(buf, size, at, 0, piece);
		break;
	}
}

static void any_words(struct mutator *m, char *buf, size_t size)
{
	unsigned int left = 1 + draw(m, 20);
	size_t len = 0;

	while (left--)
		len += scnprintf(buf + len, size - len, "%s%.*s", any_word(m), (int)!!draw(m, 6),
				 &" ,;:"[draw(m, 3) ? 0 : draw(m, 4)]);
}

void mutator_next(struct mutator *m, char *buf, size_t size)
{
	unsigned int left = draw(m, 5);

	buf[0] = '\0';
	if (!draw(m, 4)) {
		any_words(m, buf, size);
		return;
	}
	strscpy(buf, any_seed(m), size);
	/* The beginning of one, and the end of another. */
	if (!draw(m, 4)) {
		const char *other = any_seed(m);

		buf[any_place(m, buf)] = '\0';
		replace(buf, size, strlen(buf), 0, other + any_place(m, other));
	}
	while (left--)
		edit(m, buf, size);
}

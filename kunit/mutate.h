/* SPDX-License-Identifier: GPL-2.0 */
/* Texts for parsers: right ones, changed a little or a lot, and words in any order. */
#ifndef __TKFI_MUTATE_H
#define __TKFI_MUTATE_H

#include <linux/types.h>

/**
 * struct mutator - a sequence of texts, the same each time
 * @seed:	returns the number @nr of texts to begin with, NULL after the last
 * @words:	words of the language, and numbers; NULL after the last
 * @state:	of the random numbers: tkfi_draw_init() with the number of the sequence
 */
struct mutator {
	const char *(*seed)(unsigned int nr);
	const char * const *words;
	u64 state;
};

/**
 * mutator_next() - make the next text
 * @m:		mutator
 * @buf:	receives the text: no NUL but at its end
 * @size:	of @buf, in bytes; 2 or more
 */
void mutator_next(struct mutator *m, char *buf, size_t size);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* What is refused: rows of refused_*.txt, as the Makefile converts them. */
#ifndef __TKFI_REFUSAL_H
#define __TKFI_REFUSAL_H

/**
 * struct refusal - a text that somebody may have written, and what is said of it
 * @text:	text
 * @at:		where it is wrong
 * @says:	parts of the sentence, the others are NULL
 */
struct refusal {
	const char *text;
	int at;
	const char *says[3];
};

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* What can be written, for whoever has to know it before a kernel runs. */
#ifndef __TKFI_LIST_H
#define __TKFI_LIST_H

#include <linux/compiler_attributes.h>

/**
 * typedef tkfi_line_fn - receives a row of a list
 * @fmt:	printf format of a JSON object without its braces; strings are not escaped
 */
typedef void (*tkfi_line_fn)(const char *fmt, ...) __printf(1, 2);

#endif

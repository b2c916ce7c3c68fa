/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_RESULT_H
#define __TKFI_RESULT_H

#include "explain.h"

/*
 * JSON lines for the runner, in the host file that the kernel parameter tkfi.result= names;
 * without it nothing is written. Strings are not escaped: all but names of tkfi's own have
 * to be converted by tkfi_result_string().
 */

/**
 * tkfi_result_file() - the host file that results go to
 *
 * Return: its name, NULL if there is none.
 */
const char *tkfi_result_file(void);

/**
 * tkfi_result() - append one line
 * @fmt:	printf format of a JSON object without its braces
 *
 * A failed write is reported on the console, once.
 */
__printf(1, 2)
void tkfi_result(const char *fmt, ...);

/**
 * tkfi_result_not_written() - say on the console that a host file could not be written
 * @file:	its name
 * @error:	negative, of the host
 */
void tkfi_result_not_written(const char *file, int error);

/**
 * tkfi_result_string() - escape a text for a JSON string
 * @buf:	receives it, cut short before a character that does not fit
 * @size:	of @buf; six times that of the text is always enough
 * @text:	bytes; those beyond ASCII are taken for UTF-8
 *
 * Return: @buf.
 */
const char *tkfi_result_string(char *buf, size_t size, const char *text);

/**
 * tkfi_result_trace() - one "trace" line
 * @suite:	KUnit suite
 * @name:	case, with its parameter
 * @nr:		how many trace entries there were, and events if these are in the hash
 * @hash:	tkfi_trace_hash() of all executions of the case
 */
void tkfi_result_trace(const char *suite, const char *name, u64 nr, u64 hash);

/**
 * tkfi_result_trace_entries() - an "event" line for each entry of a trace
 * @name:	case
 * @trace:	trace; entries that did not fit into it are left out
 */
void tkfi_result_trace_entries(const char *name, const struct tkfi_trace *trace);

/**
 * tkfi_result_log() - a "step" line for each event of an execution, in order
 * @name:	case
 * @r:		recording of it
 * @nr:		how many of its events were executed
 *
 * @cell and @cells tell which steps touch the same memory, @before and @after are values of
 * the memory; @size is 0 for a lock, which has none.
 */
void tkfi_result_log(const char *name, const struct tkfi_recording *r, unsigned int nr);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_READERS_H
#define __TKFI_READERS_H

#include <linux/time64.h>
#include <linux/types.h>

#include "list.h"

/**
 * enum tkfi_family - families of readers, by what they wait for
 * @TKFI_VDSO:		waits for the vDSO page's sequence
 * @TKFI_KERNEL:	waits for the timekeeper's sequence
 * @TKFI_FAST:		never waits: for NMI context
 * @TKFI_NR_FAMILIES:	how many families there are
 */
enum tkfi_family {
	TKFI_VDSO,
	TKFI_KERNEL,
	TKFI_FAST,
	TKFI_NR_FAMILIES
};

/**
 * enum tkfi_clock_kind - kinds of clocks
 * @TKFI_FINE:		follows the disciplined line
 * @TKFI_RAW:		follows the undisciplined line
 * @TKFI_COARSE:	changes at updates only
 * @TKFI_FLOORED:	never less than what any reader of this kind has returned
 */
enum tkfi_clock_kind {
	TKFI_FINE,
	TKFI_RAW,
	TKFI_COARSE,
	TKFI_FLOORED,
};

/**
 * struct tkfi_reader - one of the kernel's functions that read a clock
 * @family:	its family
 * @clock:	name of the clock, or of the function if that says more
 * @call:	how it is shown in a diagram
 * @id:		id of the clock; for coarse clocks and seconds, of the clock they are
 *		derived from
 * @kind:	kind of the clock
 * @unit:	resolution of the interface, ns
 * @lockless:	it reads one word, without a sequence
 * @read:	the kernel's own function. Returns ns; -EOPNOTSUPP if the vDSO code
 *		wanted to fall back to a system call
 * @leaps:	it inserts a leap second as soon as that is due, no matter when a tick does
 * @refuses:	it returns an error while timekeeping is suspended
 */
struct tkfi_reader {
	enum tkfi_family family;
	const char *clock;
	const char *call;
	clockid_t id;
	enum tkfi_clock_kind kind;
	u32 unit;
	bool lockless;
	s64 (*read)(void);
	bool leaps;
	bool refuses;
};

/* Readers of the core timekeeper's clocks; those of the auxiliary clock are in glue.h. */
extern const struct tkfi_reader tkfi_readers[];
extern const unsigned int tkfi_nr_readers;

/* Readers of multigrain timestamps, if there are any: a read changes what is read next. */
extern const struct tkfi_reader tkfi_floor_readers[];
extern const unsigned int tkfi_nr_floor_readers;

/* An id for jiffies, in ns, which are no clock. */
#define TKFI_CLOCK_JIFFIES	(MAX_CLOCKS + 8)

extern const struct tkfi_reader tkfi_jiffies_reader;

extern const char * const tkfi_family_names[TKFI_NR_FAMILIES];

/**
 * tkfi_reader_find() - find a reader by the names that people write
 * @family:	"vdso", "kernel" or "fast"
 * @clock:	as in struct tkfi_reader
 *
 * Return: the reader, NULL if there is none.
 */
const struct tkfi_reader *tkfi_reader_find(const char *family,
					   const char *clock);

/**
 * tkfi_reader_unit() - the resolution of a reader
 * @call:	how it is shown in a diagram
 *
 * Return: as in struct tkfi_reader, ns; 1 if there is no such reader.
 */
u32 tkfi_reader_unit(const char *call);

/**
 * tkfi_readers_list() - a line for each reader that this kernel has
 * @line:	receives it
 */
void tkfi_readers_list(tkfi_line_fn line);

/**
 * tkfi_vdso_clock_gettime() - clock_gettime() of lib/vdso/gettimeofday.c
 * @clock:	the clock
 * @ns:		set to its time in nanoseconds, if 0 is returned
 *
 * Return: 0, or -EOPNOTSUPP if the vDSO code wanted to fall back to a system call.
 */
int tkfi_vdso_clock_gettime(clockid_t clock, s64 *ns);

/**
 * tkfi_vdso_gettimeofday() - gettimeofday() of lib/vdso/gettimeofday.c
 * @ns:		set to CLOCK_REALTIME in nanoseconds, whole microseconds, if 0 is returned
 *
 * Return: 0, or -EOPNOTSUPP if the vDSO code wanted to fall back to a system call.
 */
int tkfi_vdso_gettimeofday(s64 *ns);

/**
 * tkfi_vdso_time() - time() of lib/vdso/gettimeofday.c
 *
 * Return: CLOCK_REALTIME in nanoseconds, whole seconds.
 */
s64 tkfi_vdso_time(void);

#endif

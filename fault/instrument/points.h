/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Injection points of the code that is explored, and static variables inside its
 * functions.
 */
#ifndef __TKFI_POINTS_H
#define __TKFI_POINTS_H

#include <linux/compiler.h>
#include <linux/types.h>

#include "entry.h"

/**
 * struct tkfi_point - a named place of the code that is explored
 * @name:	"advance.calculated"
 * @file:	where it is, as the compiler was given it
 * @function:	likewise
 * @line:	of @file, with the changes that the patches made to it
 */
struct tkfi_point {
	const char *name;
	const char *file;
	const char *function;
	unsigned int line;
};

/*
 * Each point is in a section of its own. A section that no linker script knows gets
 * these two symbols if its name is a C identifier; without a point there is none.
 */
extern const struct tkfi_point __start_tkfi_points[] __weak;
extern const struct tkfi_point __stop_tkfi_points[] __weak;

/* An injection point: the executing VCPU can be scheduled out here. */
#define tkfi_point(where)						\
do {									\
	static const struct tkfi_point __tkfi_point			\
		__used __section("tkfi_points") __aligned(8) = {	\
		.name = #where,						\
		.file = __FILE__,					\
		.function = __func__,					\
		.line = __LINE__,					\
	};								\
									\
	if (unlikely(tkfi_current))					\
		tkfi_hit(__tkfi_point.name);				\
} while (0)

/**
 * tkfi_points_watch() - have a function called for every injection point that VCPUs get to
 * @fn:		the function, given the address of the instruction after the point; NULL for
 *		none
 * @arg:	for @fn
 *
 * It is called on the VCPU's stack, and must not call instrumented code.
 */
void tkfi_points_watch(void (*fn)(unsigned long ip, void *arg), void *arg);

/**
 * tkfi_point_tell() - tell who watches the injection points, if somebody does
 * @ip:		address of the instruction after the point
 */
void tkfi_point_tell(unsigned long ip);

/**
 * struct tkfi_local - a static variable inside a function
 * @name:	its name
 * @addr:	its address
 * @size:	its size in bytes
 */
struct tkfi_local {
	const char *name;
	void *addr;
	size_t size;
};

extern const struct tkfi_local * const __start_tkfi_locals[] __weak;
extern const struct tkfi_local * const __stop_tkfi_locals[] __weak;

/* State that glue at the end of the file cannot refer to. */
#define tkfi_local(object)						\
do {									\
	static const struct tkfi_local __tkfi_local = {			\
		#object, &(object), sizeof(object)			\
	};								\
	static const struct tkfi_local * const __tkfi_local_entry	\
		__used __section("tkfi_locals") = &__tkfi_local;	\
} while (0)

/**
 * tkfi_locals_each() - call a function for every variable given to tkfi_local()
 * @fn:		function, given the variable's name, address and size in bytes
 */
void tkfi_locals_each(void (*fn)(const char *name, void *addr, size_t size));

/**
 * tkfi_locals_reset() - set every variable given to tkfi_local() to 0, as at boot
 */
void tkfi_locals_reset(void);

/**
 * tkfi_point_find() - an injection point by name
 * @name:	"advance.calculated"
 *
 * Return: its name, valid for ever; NULL if there is none.
 */
const char *tkfi_point_find(const char *name);

/**
 * tkfi_points_each() - call a function for every injection point
 * @fn:		function; it is given each place of a name that has several
 */
void tkfi_points_each(void (*fn)(const struct tkfi_point *point));

/**
 * tkfi_point_list() - the names of all injection points
 * @buf:	receives "a, b, c"
 * @size:	of @buf, in bytes
 */
void tkfi_point_list(char *buf, size_t size);

#endif

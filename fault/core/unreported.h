/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes that no hook reports: by inline assembly, or by a function that is not
 * instrumented. An exploration does not know of them, so there must be none.
 *
 * To find them, memory is compared with a shadow copy before every access that is reported.
 * An exploration does this for one execution in order, for some random ones, and for one
 * more each TKFI_CHECK_HOOKS_EVERY classes. Reads that no hook reports cannot be found
 * this way, as they change nothing: kunit/veil.c does that, by changing all
 * memory whose access is not reported at that moment. (But for sequences if accesses are
 * scheduling points: these the engine reads itself.)
 */
#ifndef __TKFI_UNREPORTED_H
#define __TKFI_UNREPORTED_H

#include "access.h"
#include "engine.h"
#include "state.h"

/* An aggregate's store is reported before the load it copies from. */
#define TKFI_UNREPORTED_RECENT	2

/**
 * struct tkfi_recent - a store that was reported, and may not have happened yet
 * @addr:	where
 * @size:	bytes
 * @copy:	where that is in the shadow; NULL if it is not there, or it is no store
 */
struct tkfi_recent {
	const void *addr;
	size_t size;
	u8 *copy;
};

/**
 * enum tkfi_unreported_kind - what the first unreported write was
 * @TKFI_ALL_REPORTED:	there was none
 * @TKFI_WRITTEN:	a byte was another between two accesses
 * @TKFI_COPIED:	an aggregate was copied in one go
 */
enum tkfi_unreported_kind {
	TKFI_ALL_REPORTED,
	TKFI_WRITTEN,
	TKFI_COPIED,
};

/**
 * struct tkfi_unreported - finds writes that were not reported
 * @own:	an object of the state that tkfi itself writes without hooks: the clock
 * @own_size:	its size in bytes
 * @shadow:	the objects as reported stores have left them
 * @recent:	the last accesses that each VCPU reported: a store may not have happened yet
 * @nr:		how many accesses each VCPU has reported
 * @last:	the access that was reported last
 * @kind:	what the first write was that was not reported
 * @after:	of TKFI_WRITTEN: where in the kernel the access before it was, 0 if none
 * @before:	of TKFI_WRITTEN: where the access after it was, 0 at the end; of TKFI_COPIED:
 *		where it is copied
 * @report:	a sentence about the first write that was not reported; "" if none
 */
struct tkfi_unreported {
	const void *own;
	size_t own_size;
	struct tkfi_state shadow;
	struct tkfi_recent recent[TKFI_MAX_VCPUS][TKFI_UNREPORTED_RECENT];
	unsigned int nr[TKFI_MAX_VCPUS];
	struct tkfi_access last;
	enum tkfi_unreported_kind kind;
	unsigned long after;
	unsigned long before;
	char report[384];
};

/**
 * tkfi_unreported_alloc() - allocate the shadow copy
 * @unreported:	shadow copy
 * @own:	object of the state that only tkfi writes, and without hooks
 * @size:	its size in bytes
 *
 * Free with tkfi_unreported_free().
 *
 * Return: 0 or -ENOMEM.
 */
int tkfi_unreported_alloc(struct tkfi_unreported *unreported, const void *own, size_t size);

/**
 * tkfi_unreported_free() - free what tkfi_unreported_alloc() allocated
 * @unreported:	shadow copy
 */
void tkfi_unreported_free(struct tkfi_unreported *unreported);

/**
 * tkfi_unreported_begin() - an execution begins: take the shadow copy
 * @unreported:	shadow copy; its last report is forgotten
 */
void tkfi_unreported_begin(struct tkfi_unreported *unreported);

/**
 * tkfi_unreported_access() - look for unreported writes before an access
 * @access:	the access that was reported, and has not happened yet
 * @arg:	the struct tkfi_unreported
 *
 * To be given to tkfi_access_watch(). The first unreported write goes into the report; later
 * ones are not looked for.
 */
void tkfi_unreported_access(const struct tkfi_access *access, void *arg);

/**
 * tkfi_unreported_end() - compare once more, after the execution has ended
 * @unreported:	shadow copy
 *
 * Return: 0; -EPROTO if there was an unreported write: @unreported->kind and
 * @unreported->report say which.
 */
int tkfi_unreported_end(struct tkfi_unreported *unreported);

#endif

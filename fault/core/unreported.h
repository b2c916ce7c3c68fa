/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes that no hook reports: by inline assembly, or by a function that is not
 * instrumented. To an exploration they do not exist, so there must be none.
 *
 * An exploration watches an execution in order, some by chance, and every now and then
 * another one. What is read without a hook cannot be seen so, as it changes nothing;
 * kunit/veil.c makes it change something, by a veil over all that hooks do not
 * report there and then, but for sequences where VCPUs take turns at accesses: the
 * engine reads these itself.
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
 * struct tkfi_unreported - a watch for them
 * @own:	an object of the state that only tkfi writes: the clock
 * @own_size:	its size in bytes
 * @shadow:	the objects as reported stores have left them
 * @recent:	what each VCPU reported last: a store may not have happened yet
 * @nr:		how many accesses each VCPU has reported
 * @last:	what was reported last
 * @kind:	what the first write was that was not reported
 * @after:	of TKFI_WRITTEN: where in the kernel the access before it was, 0 if none
 * @before:	of TKFI_WRITTEN: and the one after it, 0 at the end; of TKFI_COPIED: where
 *		it is copied
 * @report:	a sentence about it; "" if none
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
 * tkfi_unreported_alloc() - prepare a watch
 * @unreported:	watch
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
 * @unreported:	watch
 */
void tkfi_unreported_free(struct tkfi_unreported *unreported);

/**
 * tkfi_unreported_begin() - begin to watch: the objects are now as they should be
 * @unreported:	watch; its last report is forgotten
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
 * tkfi_unreported_end() - the last look, when the execution has ended
 * @unreported:	watch
 *
 * Return: 0, or -EPROTO if @unreported->kind and @unreported->report say what was written
 * behind the hooks' back.
 */
int tkfi_unreported_end(struct tkfi_unreported *unreported);

#endif

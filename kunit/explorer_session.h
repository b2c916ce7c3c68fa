/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_EXPLORER_SESSION_H
#define __TKFI_EXPLORER_SESSION_H

#include "explorer.h"
#include "session.h"

/* A session that uses what an explorer has: the clocksource, its engine, its state. */
static inline struct tkfi_session *tkfi_session_of(const struct tkfi_explorer *x)
{
	static struct tkfi_session session;
	struct tkfi_run *run = tkfi_run_of(x);

	session.engine = run->engine;
	session.own = run->own;
	session.setup = &run->setup;
	return &session;
}

#endif

// SPDX-License-Identifier: GPL-2.0
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "given.h"

/* Operations that have failed in all executions so far, a bit each. */
static u64 failing;

static void note_failing(struct tkfi_explorer *x, int ret)
{
	u64 now = 0;
	unsigned int i, j;

	static_assert(TKFI_MAX_VCPUS * TKFI_MAX_OPS <= 64);
	for (i = 0; i < tkfi_run_of(x)->plan.nr_programs; i++) {
		for (j = 0; j < tkfi_run_of(x)->plan.programs[i].nr; j++) {
			const struct tkfi_op *op = &tkfi_run_of(x)->plan.programs[i].ops[j];

			if (op->done && !op->reads && op->result < 0)
				now |= BIT_ULL(i * TKFI_MAX_OPS + j);
		}
	}
	failing &= now;
}

/* Find an operation that fails in all executions; NULL if there is none. */
static const struct tkfi_op *find_failing(struct tkfi_explorer *x, const char **who)
{
	static const struct tkfi_explore_options some = {
		.strategy = TKFI_POS, .executions = 16, .as_found = true,
	};
	static char names[TKFI_MAX_VCPUS][TKFI_VCPU_NAME], on[16];
	const struct tkfi_program *setup = tkfi_run_of(x)->setup.programs;
	unsigned int i;
	int ret;

	failing = U64_MAX;
	x->each = note_failing;
	ret = tkfi_explore(x, &some);
	x->each = NULL;
	*who = "in the set-up";
	for (i = 0; tkfi_run_of(x)->setup_text[0] && i < setup->nr; i++)
		if (!setup->ops[i].reads && setup->ops[i].result < 0)
			return &setup->ops[i];
	if (ret || !failing || failing == U64_MAX)
		return NULL;
	i = __ffs64(failing);
	tkfi_plan_names(&tkfi_run_of(x)->plan, names);
	snprintf(on, sizeof(on), "on %s", names[i / TKFI_MAX_OPS]);
	*who = on;
	return &tkfi_run_of(x)->plan.programs[i / TKFI_MAX_OPS].ops[i % TKFI_MAX_OPS];
}

int tkfi_given_load(struct tkfi_explorer *x, const struct tkfi_scenario *scenario,
		    char *err, size_t size)
{
	const struct tkfi_op *op;
	const char *text, *who;
	char error[16];
	int ret;

	ret = tkfi_explorer_load(x, scenario, err, size);
	if (ret)
		return ret;
	op = find_failing(x, &who);
	/* Loaded again, to forget what these executions have found of cells. */
	if (!op)
		return tkfi_explorer_load(x, scenario, err, size);
	x->wrong = tkfi_run_find(tkfi_run_of(x), op);
	text = scenario->text + x->wrong;
	snprintf(error, sizeof(error), "%pe", ERR_PTR(op->result));
	snprintf(err, size, "%.*s %s failed: %s", (int)strcspn(text, ",;"), text,
		 who, error + (error[0] == '-'));
	return -EINVAL;
}

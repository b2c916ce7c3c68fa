// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>

#include "known.h"
#include "oracle.h"

#define TKFI_ORACLE(name)	&tkfi_oracle_##name,
const struct tkfi_oracle * const tkfi_oracles[] = {
#include "oracle_list.h"
};

#undef TKFI_ORACLE

const unsigned int tkfi_nr_oracles = ARRAY_SIZE(tkfi_oracles);

void tkfi_find(const struct tkfi_execution *e, const struct tkfi_finding *finding,
	       const struct tkfi_read *first, const struct tkfi_read *second)
{
	struct tkfi_finding found = *finding;

	tkfi_known_cause(&found, e, first, second);
	e->report(&found, e->arg);
}

void tkfi_oracles_list(tkfi_line_fn line)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tkfi_oracles); i++)
		line("\"type\":\"oracle\",\"name\":\"%s\",\"holds\":\"%s\"",
		     tkfi_oracles[i]->name, tkfi_oracles[i]->holds);
}

void tkfi_oracles_prepare(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tkfi_oracles); i++)
		if (tkfi_oracles[i]->prepare)
			tkfi_oracles[i]->prepare();
}

void tkfi_oracles_check(const struct tkfi_judged *judged, tkfi_finding_fn report,
			void *arg)
{
	static struct tkfi_read reads[TKFI_MAX_VCPUS * TKFI_MAX_OPS];
	const struct tkfi_plan *plan = judged->plan;
	struct tkfi_execution e = {
		.engine = judged->engine,
		.setup = judged->setup,
		.plan = plan,
		.ret = judged->ret,
		.hb = judged->hb,
		.reads = reads,
		.report = report,
		.arg = arg,
	};
	unsigned int v, i;

	for (v = 0; v < plan->nr_programs; v++) {
		const struct tkfi_program *p = &plan->programs[v];

		for (i = 0; i < p->nr; i++)
			if (tkfi_reader_of(&p->ops[i]) && p->ops[i].done)
				reads[e.nr_reads++] = (struct tkfi_read){
					.vcpu = v, .op = &p->ops[i],
				};
	}
	for (i = 0; i < ARRAY_SIZE(tkfi_oracles); i++)
		if (!tkfi_oracles[i]->check(&e))
			break;
}

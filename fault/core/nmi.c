// SPDX-License-Identifier: GPL-2.0
/* Injection points, and NMIs: handlers that run at a point, and VCPUs of their own. */
#include <linux/instruction_pointer.h>

#include "engine_internal.h"
#include "names.h"
#include "points.h"

void tkfi_nmi(struct tkfi_vcpu *vcpu,
	      void (*handler)(struct tkfi_vcpu *, void *), void *arg)
{
	vcpu->nmi = handler;
	vcpu->nmi_arg = arg;
}

/* Run the handler that tkfi_nmi() has set, if any. */
static void take_nmi(struct tkfi_vcpu *v)
{
	void (*handler)(struct tkfi_vcpu *, void *) = v->nmi;

	if (!handler)
		return;
	v->nmi = NULL;
	tkfi_record(TKFI_ENTRY_NMI, v->at, 0);
	handler(v, v->nmi_arg);
}

void tkfi_hit(const char *name)
{
	struct tkfi_vcpu *v = tkfi_current;

	tkfi_point_tell(_RET_IP_);
	tkfi_record(TKFI_ENTRY_POINT, name, 0);
	v->at = name;
	v->next = (struct tkfi_transition){ .kind = TKFI_TRANS_POINT, .what = name };
	tkfi_do_next(v);
	take_nmi(v);
	v->at = NULL;
}

/*
 * An NMI is a VCPU of its own. From its begin to its end it holds a lock that stands for
 * it; each transition of the VCPU that it interrupts conflicts with taking and dropping it.
 */
static const char nmi_locks[TKFI_MAX_VCPUS];
static const char * const nmi_names[TKFI_MAX_VCPUS] = {
	"nmi0", "nmi1", "nmi2", "nmi3", "nmi4", "nmi5", "nmi6", "nmi7",
};

/* The body of a VCPU that is an NMI. */
static void run_nmi(struct tkfi_vcpu *v, void *arg)
{
	struct tkfi_vcpu *victim = v->interrupts;
	const void *lock = &nmi_locks[victim->id];

	tkfi_lock(lock);
	victim->interrupted = true;
	tkfi_record(TKFI_ENTRY_NMI, nmi_names[victim->id], 0);
	v->in_nmi(v, arg);
	tkfi_unlock(lock);
	victim->interrupted = false;
}

struct tkfi_vcpu *tkfi_engine_add_nmi(struct tkfi_engine *engine,
				      struct tkfi_vcpu *victim,
				      void (*body)(struct tkfi_vcpu *, void *),
				      void *arg)
{
	struct tkfi_vcpu *v = tkfi_engine_add(engine, run_nmi, arg);

	if (!v)
		return NULL;
	v->in_nmi = body;
	v->interrupts = victim;
	tkfi_name_add(&nmi_locks[victim->id], nmi_names[victim->id]);
	victim->cpu = tkfi_cell_of_lock(&nmi_locks[victim->id]);
	return v;
}

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __TKFI_LISTS_H
#define __TKFI_LISTS_H

/**
 * tkfi_lists() - report what there is in this kernel, a result line for each
 *
 * point: where the executing VCPU can be scheduled out. operation: what a scenario of a
 * subject may have, with its arguments and what it does; aux_operation: what may follow "aux"
 * in it. setting: what may follow "adjtimex". reader: what may follow "read". oracle. rule:
 * what the oracle "series" and the KUnit suite of that name check. strategy: those that can be
 * asked for by name, and what they take. clock: what stories go by. limit: of what is written.
 */
void tkfi_lists(void);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All oracles, in the order in which they look at an execution: what lines were seen is found
 * out before it is asked what can follow on what. TKFI_ORACLE(name) stands for
 * struct tkfi_oracle tkfi_oracle_name, in oracle_name.c. No guard: whoever includes this says
 * what to make of a row.
 */
TKFI_ORACLE(progress)
TKFI_ORACLE(line)
TKFI_ORACLE(monotonic)
TKFI_ORACLE(series)
TKFI_ORACLE(counted)
TKFI_ORACLE(agree)

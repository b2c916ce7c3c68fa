/* SPDX-License-Identifier: GPL-2.0 */
/* Simulations that a file of the host asks for, and JSON lines of what was measured. */
#ifndef __TKFI_SIMULATION_H
#define __TKFI_SIMULATION_H

#include "simulate.h"

/**
 * tkfi_simulations_asked() - does a parameter ask for simulations?
 *
 * Return: whether it does.
 */
bool tkfi_simulations_asked(void);

/**
 * tkfi_simulations() - simulate what the parameter asks for, and report it
 *
 * Return: 0, -ENOENT if nothing is asked for, -ENOMEM, -EINVAL for what is impossible, which is
 * reported; or the host's error.
 */
int tkfi_simulations(void);

/**
 * tkfi_simulation_report() - report what was measured
 * @run:	number of the simulation
 * @r:		what was measured
 * @ns:		how long it took on the host
 * @series:	also the series
 */
void tkfi_simulation_report(unsigned int run, const struct tkfi_simulated *r, u64 ns,
			    bool series);

#endif

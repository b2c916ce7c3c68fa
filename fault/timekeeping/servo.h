/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A servo that steers the clock by its error, as phc2sys does: the PI controller of
 * linuxptp's pi.c, past its first two samples, in integers.
 */
#ifndef __TKFI_SERVO_H
#define __TKFI_SERVO_H

#include <linux/prandom.h>
#include <linux/types.h>

/**
 * struct tkfi_servo_settings - of a servo
 * @rate:	corrections a second, up to 1000; 0 for no servo
 * @kp:		proportional constant, 1/1000 ppb per ns
 * @ki:		integral constant, 1/1000 ppb per ns
 * @noise_ns:	measurements of the error are off by up to so much, uniformly
 */
struct tkfi_servo_settings {
	unsigned int rate;
	unsigned int kp;
	unsigned int ki;
	unsigned int noise_ns;
};

/**
 * struct tkfi_servo - a servo
 * @settings:	settings
 * @integral:	what it has found to be the oscillator's error, 1/1000 ppb
 * @rnd:	noise
 */
struct tkfi_servo {
	struct tkfi_servo_settings settings;
	s64 integral;
	struct rnd_state rnd;
};

/**
 * tkfi_servo_parse() - parse "RATE [kp=N] [ki=N] [noise=N]"
 * @s:		settings
 * @text:	text; modified. kp and ki in 1/1000, noise in ns. They are phc2sys's own if they
 *		are not given: 700 and 300; and no noise
 * @err:	what is wrong
 * @size:	of @err
 *
 * Return: 0, -EINVAL.
 */
int tkfi_servo_parse(struct tkfi_servo_settings *s, char *text, char *err, size_t size);

/**
 * tkfi_servo_correct() - correct the frequency of the live clock by adjtimex
 * @servo:	servo
 * @error_ns:	how far the clock is ahead of the time it should have
 *
 * Return: as do_adjtimex().
 */
int tkfi_servo_correct(struct tkfi_servo *servo, s64 error_ns);

#endif

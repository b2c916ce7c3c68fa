// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/timex.h>

#include "operation.h"
#include "servo.h"

#include <tick-internal.h>
#include <timekeeping.h>

/* The most that phc2sys asks for, ppb: it does not know that there is more. */
#define MAX_PPB		500000

#define MAX_RATE	1000
#define MAX_CONSTANT	100000
#define MAX_NOISE	1000000

static int parse_setting(char *word, const char *name, unsigned int most,
			 unsigned int *value, char *err, size_t size)
{
	unsigned int number;

	if (kstrtouint(word + strlen(name), 10, &number) || number > most) {
		snprintf(err, size, "impossible setting '%s' of a servo; write %s0 to %s%u",
			 word, name, name, most);
		return -EINVAL;
	}
	*value = number;
	return 1;
}

int tkfi_servo_parse(struct tkfi_servo_settings *s, char *text, char *err, size_t size)
{
	const struct {
		const char *name;
		unsigned int most;
		unsigned int *value;
	} settings[] = {
		{ "kp=", MAX_CONSTANT, &s->kp },
		{ "ki=", MAX_CONSTANT, &s->ki },
		{ "noise=", MAX_NOISE, &s->noise_ns },
	};
	char *word = strsep(&text, " ");
	unsigned int i;
	int ret;

	*s = (struct tkfi_servo_settings){ .kp = 700, .ki = 300 };
	ret = parse_setting(word ?: "", "", MAX_RATE, &s->rate, err, size);
	while (ret > 0 && (word = strsep(&text, " "))) {
		if (!*word)
			continue;
		ret = 0;
		for (i = 0; i < ARRAY_SIZE(settings); i++)
			if (strstarts(word, settings[i].name))
				ret = parse_setting(word, settings[i].name,
						    settings[i].most,
						    settings[i].value, err, size);
		if (!ret) {
			snprintf(err, size,
				 "unknown setting '%s' of a servo; there are kp=, ki=, noise=",
				 word);
			ret = -EINVAL;
		}
	}
	return ret < 0 ? ret : 0;
}

int tkfi_servo_correct(struct tkfi_servo *servo, s64 error_ns)
{
	const struct tkfi_servo_settings *s = &servo->settings;
	struct __kernel_timex timex = { .modes = ADJ_FREQUENCY };
	const s64 limit = MAX_PPB * 1000LL;
	s64 term, ppt;

	if (s->noise_ns)
		error_ns += (s32)(prandom_u32_state(&servo->rnd) % (2 * s->noise_ns + 1)) -
			    (s32)s->noise_ns;
	error_ns = clamp_t(s64, error_ns, -NSEC_PER_SEC, NSEC_PER_SEC);
	term = s->ki * error_ns;
	ppt = clamp(s->kp * error_ns + servo->integral + term, -limit, limit);
	servo->integral = clamp(servo->integral + term, -limit, limit);
	/* ppm << 16 */
	timex.freq = -div_s64(ppt * 65536, 1000000);
	return do_adjtimex(&timex);
}

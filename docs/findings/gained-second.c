// SPDX-License-Identifier: GPL-2.0
/*
 * Coarse clocks are almost a second ahead, until the next tick: adjtimex() lowers the rate right
 * before the edge of a second. Needs root. Exit status 1 if that is seen.
 */
#include <stdio.h>
#include <sys/timex.h>
#include <time.h>

#define SECOND	1000000000LL

static long long now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

static void set_rate(long ppm)
{
	struct timex txc = { .modes = ADJ_FREQUENCY, .freq = ppm << 16 };

	adjtimex(&txc);
}

/* Step to so many ns before the edge of a second: there the kernel's line begins. */
static void step_to(long long before)
{
	long long offset = SECOND - before - now(CLOCK_REALTIME) % SECOND;
	struct timex txc = { .modes = ADJ_SETOFFSET | ADJ_NANO };

	txc.time.tv_sec = offset < 0 ? -1 : 0;
	txc.time.tv_usec = offset < 0 ? offset + SECOND : offset;
	adjtimex(&txc);
}

int main(void)
{
	long long start, coarse, ahead, most = 0;
	int times = 0, i;

	for (i = 0; i < 400; i++) {
		set_rate(500);
		step_to(500 + 20 * i);
		for (start = now(CLOCK_MONOTONIC); now(CLOCK_MONOTONIC) < start + 3000000; )
			;
		set_rate(-500);
		coarse = now(CLOCK_REALTIME_COARSE);
		ahead = coarse - now(CLOCK_REALTIME);
		times += ahead > 0;
		most = ahead > most ? ahead : most;
	}
	printf("ahead %d times of %d, by up to %lld ns\n", times, i, most);
	return times > 0;
}

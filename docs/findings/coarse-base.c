// SPDX-License-Identifier: GPL-2.0
/*
 * CLOCK_MONOTONIC_COARSE goes back when adjtimex() raises the frequency. Exit status 1 if it
 * did. As root.
 */
#include <stdio.h>
#include <sys/timex.h>
#include <time.h>

static long long now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void set_ppm(long ppm)
{
	struct timex t = { .modes = ADJ_FREQUENCY, .freq = ppm << 16 };

	if (adjtimex(&t) < 0)
		perror("adjtimex");
}

int main(void)
{
	struct timespec tick;
	long long worst = 0, before, after;
	int i, back = 0;

	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	for (i = 0; i < 100; i++) {
		set_ppm(-500);
		/* Three quarters of the way from one tick to the next. */
		for (before = now(CLOCK_MONOTONIC_COARSE); now(CLOCK_MONOTONIC_COARSE) == before; )
			;
		before = now(CLOCK_MONOTONIC_COARSE);
		while (now(CLOCK_MONOTONIC) < before + tick.tv_nsec / 4 * 3)
			;
		before = now(CLOCK_MONOTONIC_COARSE);
		set_ppm(500);
		after = now(CLOCK_MONOTONIC_COARSE);
		back += after < before;
		worst = after - before < worst ? after - before : worst;
	}
	printf("CLOCK_MONOTONIC_COARSE went back %d times of %d, by up to %lld ns\n",
	       back, i, -worst);
	return back > 0;
}

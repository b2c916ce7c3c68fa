// SPDX-License-Identifier: GPL-2.0
/*
 * CLOCK_MONOTONIC_COARSE goes back when adjtimex() raises the frequency. Exit status 1 if it
 * did. As root.
 */
#include <stdio.h>
#include <sys/timex.h>
#include <time.h>

static long long coarse(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
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
	struct timespec tick, ms3 = { 0, 3000000 };
	long long worst = 0, before, after;
	int i, back = 0;

	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	ms3.tv_nsec = tick.tv_nsec / 4 * 3;
	for (i = 0; i < 100; i++) {
		set_ppm(-500);
		nanosleep(&ms3, NULL);
		before = coarse();
		set_ppm(500);
		after = coarse();
		if (after < before) {
			back++;
			worst = after - before < worst ? after - before : worst;
		}
	}
	printf("CLOCK_MONOTONIC_COARSE went back %d times of %d, by up to %lld ns\n",
	       back, i, -worst);
	return back > 0;
}

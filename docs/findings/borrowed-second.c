// SPDX-License-Identifier: GPL-2.0
/*
 * time() goes back a second, until the next tick, when adjtimex() raises the frequency right
 * after the edge of a second. Exit status 1 if it did. As root; it sets the time.
 */
#include <stdio.h>
#include <sys/timex.h>
#include <time.h>

#define SECOND		2000000000LL
#define NSEC_PER_SEC	1000000000LL

static void set_ppm(long ppm)
{
	struct timex t = { .modes = ADJ_FREQUENCY, .freq = ppm << 16 };

	if (adjtimex(&t) < 0)
		perror("adjtimex");
}

static long long now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

int main(void)
{
	const struct timespec edge = { .tv_sec = SECOND };
	long long coarse_before, back, most = 0;
	time_t before, after;
	int times = 0, i;

	for (i = 0; i < 100; i++) {
		set_ppm(-500);
		if (clock_settime(CLOCK_REALTIME, &edge))
			perror("clock_settime");
		before = time(NULL);
		coarse_before = now(CLOCK_REALTIME_COARSE);
		set_ppm(500);
		after = time(NULL);
		back = coarse_before - now(CLOCK_REALTIME_COARSE);
		times += after < before;
		most = back > most ? back : most;
	}
	printf("time() went back a second %d times of %d; CLOCK_REALTIME_COARSE by up to %lld ns\n",
	       times, i, most);
	return times > 0;
}

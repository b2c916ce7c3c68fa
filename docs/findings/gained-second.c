// SPDX-License-Identifier: GPL-2.0
/*
 * Coarse clocks are almost a second ahead, until the next tick, when adjtimex() lowers the
 * frequency right at the edge of a second. Exit status 1 if they are. As root; it sets the time.
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
	const struct timespec edge = { .tv_sec = SECOND, .tv_nsec = NSEC_PER_SEC - 1 };
	long long ahead, most = 0;
	int times = 0, i;

	for (i = 0; i < 100; i++) {
		set_ppm(500);
		if (clock_settime(CLOCK_REALTIME, &edge))
			perror("clock_settime");
		set_ppm(-500);
		ahead = now(CLOCK_REALTIME_COARSE);
		ahead -= now(CLOCK_REALTIME);
		times += ahead > 0;
		most = ahead > most ? ahead : most;
	}
	printf("CLOCK_REALTIME_COARSE was ahead of CLOCK_REALTIME %d times of %d, by up to %lld ns\n",
	       times, i, most);
	return times > 0;
}

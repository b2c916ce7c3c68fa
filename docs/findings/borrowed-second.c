// SPDX-License-Identifier: GPL-2.0
/*
 * time() goes back a second when adjtimex() raises the frequency right after the edge of a
 * second. Exit status 1 if it did. As root; it sets the time.
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
	time_t before, after, coarse_before, coarse_after;
	struct timespec tick, start;
	long long ns, until;

	set_ppm(-500);
	/* Each tick adds its length less 500 ppm: one is to come 1 us behind the edge. */
	clock_getres(CLOCK_REALTIME_COARSE, &tick);
	ns = SECOND * NSEC_PER_SEC + 1000 - 50 * (tick.tv_nsec - tick.tv_nsec / 2000);
	start.tv_sec = ns / NSEC_PER_SEC;
	start.tv_nsec = ns % NSEC_PER_SEC;
	/* A quarter into a tick: three are left when the edge has been accumulated. */
	for (until = now(CLOCK_MONOTONIC_COARSE); now(CLOCK_MONOTONIC_COARSE) == until;)
		;
	until = now(CLOCK_MONOTONIC) + tick.tv_nsec / 4;
	while (now(CLOCK_MONOTONIC) < until)
		;
	if (clock_settime(CLOCK_REALTIME, &start))
		perror("clock_settime");
	while (time(NULL) < SECOND)
		;
	before = time(NULL);
	coarse_before = now(CLOCK_REALTIME_COARSE) / NSEC_PER_SEC;
	set_ppm(500);
	after = time(NULL);
	coarse_after = now(CLOCK_REALTIME_COARSE) / NSEC_PER_SEC;
	printf("time(): %lld, %lld; CLOCK_REALTIME_COARSE: %lld, %lld\n", (long long)before,
	       (long long)after, (long long)coarse_before, (long long)coarse_after);
	return after < before || coarse_after < coarse_before;
}

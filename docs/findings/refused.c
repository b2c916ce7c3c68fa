// SPDX-License-Identifier: GPL-2.0
/* A call that is refused resets NTP. Exit status 1 if it did. As root. */
#include <errno.h>
#include <stdio.h>
#include <sys/timex.h>
#include <time.h>

static struct timex look(void)
{
	struct timex told = { 0 };

	adjtimex(&told);
	return told;
}

/* As a client leaves it: synchronized, within 1 ms, 100 us of an offset still to be slewed. */
static void synchronize(void)
{
	struct timex t = { .modes = ADJ_STATUS, .status = STA_PLL };

	adjtimex(&t);
	t = (struct timex){ .modes = ADJ_OFFSET | ADJ_STATUS | ADJ_MAXERROR | ADJ_NANO,
			    .status = STA_PLL, .offset = 100000, .maxerror = 1000 };
	adjtimex(&t);
}

static int set_before_boot(void)
{
	struct timespec epoch = { 0 };

	return clock_settime(CLOCK_REALTIME, &epoch);
}

static int add_before_boot(void)
{
	struct timex t = { .modes = ADJ_SETOFFSET, .time.tv_sec = -4000000000 };

	return adjtimex(&t);
}

static int changes(const char *name, int (*call)(void))
{
	struct timex before, after;
	int refused;

	synchronize();
	before = look();
	refused = call() < 0 && errno == EINVAL;
	after = look();
	printf("%s: %s; synchronized: %s, then %s; maxerror %ld, then %ld us; offset %ld, then %ld ns\n",
	       name, refused ? "refused" : "NOT REFUSED", before.status & STA_UNSYNC ? "no" : "yes",
	       after.status & STA_UNSYNC ? "no" : "yes", before.maxerror, after.maxerror,
	       before.offset, after.offset);
	return refused && after.status != before.status;
}

int main(void)
{
	return changes("clock_settime", set_before_boot) | changes("ADJ_SETOFFSET", add_before_boot);
}

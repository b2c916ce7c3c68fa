// SPDX-License-Identifier: GPL-2.0
/*
 * The first process of a guest: CPU 1 reads the clock while CPU 0 sets its frequency.
 *
 * It is told what to do, and stopped, by breakpoints at the functions at_*() and by what is
 * written into its memory meanwhile (runner/guest/race.py, free.py, programs.py).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#define NSEC_PER_SEC	1000000000LL
#define NSEC_PER_MSEC	1000000L
#define TICKS		3	/* between two settings */

/* What the host has CPU 0 set: ticks in us, frequencies in units of 2^-16 ppm. */
struct setting { long tick, freq; } before, after;

/* The host is told when the clock has got here, in cycles. */
unsigned long long hold_until = ~0ULL;

/* How many instructions more than usual CPU 1 executes before it reads. */
volatile unsigned long spin;

/* The last two readings of CPU 1, in ns. */
struct { long long first, second; } readings;

/*
 * Where CPUs run at the same time: a reading, in ns, and the cycles between which it was made.
 * Since at_watching(): the last one before the clock went back, and that one; the longest one,
 * and the one before it.
 */
struct reading { unsigned long long from, to; long long ns; };
struct { struct reading before, last; } back, longest;
#define STARTS_WATCHING	2	/* the host sets that */
#define IS_WATCHING	1
volatile int watching;

/* All of /proc/kallsyms. */
char *symbols;
size_t symbols_size;

/*
 * A program that the host wants run instead, how many bytes it has, 0 if there is none, and how many it
 * can have. Its exit status; 128 and more: a signal.
 */
char *program;
size_t program_size, program_most = 8 << 20;
int program_status;
static volatile int stopping;

/* Places for breakpoints. */
#define PLACE(name) \
	__attribute__((__noipa__)) void name(void) { asm volatile("" ::: "memory"); }
PLACE(at_ready)
PLACE(at_failure)
PLACE(at_adjtimex)
PLACE(at_return)
PLACE(at_reading)
PLACE(at_hold_over)
PLACE(at_spin)
PLACE(at_back)
PLACE(at_watching)
PLACE(at_settled)
PLACE(at_ended)

static void fail(const char *what)
{
	perror(what);
	tcdrain(STDERR_FILENO);
	for (;;)
		at_failure();
}

static void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		fail("sched_setaffinity");
}

static long long read_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

static void *reader(void *unused)
{
	(void)unused;
	run_on(1);
	while (!stopping) {
		unsigned long left;
		long long now;

		left = spin;
		at_spin();
		asm volatile("test $1, %b0; jz 1f; nop; 1: shr %0; 2: sub $1, %0; jns 2b"
			     : "+r" (left) : : "cc");
		now = read_clock(CLOCK_MONOTONIC);
		readings.first = readings.second;
		readings.second = now;
		at_reading();
		if (__rdtsc() >= hold_until) {
			hold_until = ~0ULL;
			at_hold_over();
		}
	}
	return NULL;
}

static unsigned long long cycles_now(void)
{
	unsigned int unused;
	unsigned long long now;

	_mm_lfence();
	now = __rdtscp(&unused);
	_mm_lfence();
	return now;
}

static void *free_reader(void *unused)
{
	struct reading before = { 0 }, last;

	(void)unused;
	run_on(1);
	while (!stopping) {
		int starts = watching == STARTS_WATCHING;

		last.from = cycles_now();
		last.ns = read_clock(CLOCK_MONOTONIC);
		last.to = cycles_now();
		if (starts) {
			before = last;
			watching = IS_WATCHING;
			at_watching();
			continue;
		}
		if (watching == IS_WATCHING && last.to - last.from > longest.last.to - longest.last.from) {
			longest.before = before;
			longest.last = last;
		}
		if (watching == IS_WATCHING && last.ns < before.ns) {
			back.before = before;
			back.last = last;
			watching = 0;
			at_back();
		}
		before = last;
	}
	return NULL;
}

/* One CPU has to have something to do whenever the others are stopped: see qemu.py. */
static void *spinner(void *unused)
{
	(void)unused;
	run_on(2);
	while (!stopping)
		_mm_pause();
	return NULL;
}

static void sleep_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * NSEC_PER_MSEC };

	nanosleep(&ts, NULL);
}

static void slurp(const char *name)
{
	size_t size = 1 << 25;
	ssize_t got;
	int fd = open(name, O_RDONLY);

	symbols = malloc(size);
	if (fd < 0 || !symbols)
		fail(name);
	while ((got = read(fd, symbols + symbols_size, size - symbols_size)) > 0)
		symbols_size += got;
	close(fd);
}

static void wait_for_tsc(void)
{
	static const char name[] =
		"/sys/devices/system/clocksource/clocksource0/current_clocksource";
	int left, fd;

	for (left = 100; left; left--) {
		char text[16] = "";

		fd = open(name, O_RDONLY);
		if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
			fail(name);
		close(fd);
		if (!strcmp(text, "tsc\n"))
			return;
		sleep_ms(100);
	}
	fail("the clocksource is not tsc");
}

static void set(long tick, long freq)
{
	struct timex t = { .modes = ADJ_TICK | ADJ_FREQUENCY, .tick = tick, .freq = freq };

	if (adjtimex(&t) < 0)
		fail("adjtimex");
}

static void wait_until(long long end)
{
	while (read_clock(CLOCK_MONOTONIC) < end)
		;
}

/* Two thirds of a tick of 4 ms away from the last one. */
static void wait_for_tick(void)
{
	long long last = read_clock(CLOCK_MONOTONIC_COARSE), now;

	do {
		now = read_clock(CLOCK_MONOTONIC_COARSE);
	} while (now == last);
	wait_until(now + 2 * NSEC_PER_MSEC);
}

static void write_program(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0700);
	size_t done = 0;
	ssize_t wrote;

	if (fd < 0)
		fail(name);
	for (; done < program_size; done += wrote) {
		wrote = write(fd, program + done, program_size - done);
		if (wrote <= 0)
			fail(name);
	}
	close(fd);
}

/* Run the program on any CPU, its output to the second serial port, and nothing beside it. */
static void run_program(pthread_t *threads, int nr)
{
	int status, port = open("/dev/ttyS1", O_WRONLY);
	struct termios raw;
	pid_t child;

	stopping = 1;
	while (nr--)
		pthread_join(threads[nr], NULL);
	if (port < 0 || tcgetattr(port, &raw))
		fail("/dev/ttyS1");
	cfmakeraw(&raw);
	tcsetattr(port, TCSANOW, &raw);
	write_program("/program");
	child = fork();
	if (!child) {
		cpu_set_t all;

		memset(&all, 0xff, sizeof(all));
		sched_setaffinity(0, sizeof(all), &all);
		dup2(port, STDOUT_FILENO);
		dup2(port, STDERR_FILENO);
		execl("/program", "program", NULL);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		fail("/program");
	tcdrain(port);
	program_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	for (;;)
		at_ended();
}

static int is_told(char **argv, const char *what)
{
	while (*argv && strcmp(*argv, what))
		argv++;
	return *argv != NULL;
}

int main(int argc, char **argv)
{
	int tick, runs_free = is_told(argv, "free");
	pthread_t threads[2];

	(void)argc;

	if (mount("proc", "/proc", "proc", 0, NULL) || mount("sysfs", "/sys", "sysfs", 0, NULL))
		fail("mount");
	slurp("/proc/kallsyms");
	program = mmap(NULL, program_most, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (program == MAP_FAILED)
		fail("mmap");
	wait_for_tsc();
	run_on(0);
	if (pthread_create(&threads[0], NULL, runs_free ? free_reader : reader, NULL) ||
	    (!runs_free && pthread_create(&threads[1], NULL, spinner, NULL)))
		fail("pthread_create");
	sleep_ms(200);	/* until CPUs 1 and 2 have no tick: nohz_full */
	at_ready();
	if (program_size)
		run_program(threads, runs_free ? 1 : 2);
	for (;;) {
		set(before.tick, before.freq);
		for (tick = 0; tick < TICKS; tick++)
			wait_for_tick();
		at_adjtimex();
		set(after.tick, after.freq);
		at_return();
		if (runs_free) {	/* the reader has time to see it */
			wait_until(read_clock(CLOCK_MONOTONIC) + NSEC_PER_MSEC);
			at_settled();
		}
	}
}

// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <os.h>

#include "entry.h"
#include "stopwatch.h"

struct tkfi_stopwatch *tkfi_stopwatch __tkfi_own;

u64 tkfi_tsc(void)
{
	u64 tsc;

	asm volatile("lfence\n\trdtsc\n\tlfence\n\tshl $32, %%rdx\n\tor %%rdx, %%rax"
		     : "=a" (tsc) : : "rdx", "memory");
	return tsc;
}

u64 tkfi_tsc_khz(void)
{
	s64 start_ns = os_nsecs(), ns;
	u64 start = tkfi_tsc(), tsc;

	do {
		ns = os_nsecs() - start_ns;
		tsc = tkfi_tsc() - start;
	} while (ns < 20 * NSEC_PER_MSEC);
	return mul_u64_u64_div_u64(tsc, NSEC_PER_MSEC, ns);
}

void tkfi_section_begin(enum tkfi_sequence sequence)
{
	if (tkfi_stopwatch->sequence == sequence)
		tkfi_stopwatch->began = tkfi_tsc();
}

void tkfi_section_end(enum tkfi_sequence sequence)
{
	struct tkfi_stopwatch *watch = tkfi_stopwatch;

	if (watch->sequence != sequence)
		return;
	watch->cycles += tkfi_tsc() - watch->began;
	watch->sections++;
}

void tkfi_stopwatch_run(struct tkfi_stopwatch *watch)
{
	tkfi_stopwatch = watch;
	if (watch) {
		watch->cycles = 0;
		watch->sections = 0;
	}
}

static int compare(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

/* The granularity of the counter: the least difference between two samples. */
static u32 step_of(const u32 *sorted, unsigned int nr)
{
	u32 least = U32_MAX;
	unsigned int i;

	for (i = 1; i < nr; i++)
		if (sorted[i] != sorted[i - 1])
			least = min(least, sorted[i] - sorted[i - 1]);
	return least == U32_MAX ? 1 : least;
}

u64 tkfi_quantile(u32 *samples, unsigned int nr, unsigned int percent)
{
	unsigned int rank = nr * percent / 100, first = rank, last = rank;
	u64 step;

	sort(samples, nr, sizeof(samples[0]), compare, NULL);
	while (first && samples[first - 1] == samples[rank])
		first--;
	while (last < nr - 1 && samples[last + 1] == samples[rank])
		last++;
	/* Equal samples are taken to be spread evenly over one step of the counter. */
	step = step_of(samples, nr) * 100;
	return max_t(s64, 0, samples[rank] * 100LL - step / 2 +
		     step * (rank - first) / (last - first + 1));
}

static u32 shown[1000];

static void measure_nothing(void)
{
	struct tkfi_stopwatch watch = { .sequence = TKFI_SEQ_KERNEL };
	struct tkfi_stopwatch *before = tkfi_stopwatch;
	int i;

	for (i = 0; i < ARRAY_SIZE(shown); i++) {
		tkfi_stopwatch_run(&watch);
		tkfi_section_begin(TKFI_SEQ_KERNEL);
		tkfi_section_end(TKFI_SEQ_KERNEL);
		shown[i] = watch.cycles;
	}
	tkfi_stopwatch = before;
}

u64 tkfi_stopwatch_overhead(void)
{
	measure_nothing();
	return tkfi_quantile(shown, ARRAY_SIZE(shown), 50);
}

u64 tkfi_stopwatch_resolution(void)
{
	u64 least;

	measure_nothing();
	least = tkfi_quantile(shown, ARRAY_SIZE(shown), 1);
	return max(tkfi_quantile(shown, ARRAY_SIZE(shown), 99) - least,
		   step_of(shown, ARRAY_SIZE(shown)) * 100ULL);
}

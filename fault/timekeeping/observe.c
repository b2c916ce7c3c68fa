// SPDX-License-Identifier: GPL-2.0
#include <linux/timex.h>

#include "glue.h"
#include "observe.h"
#include "readers.h"

static void ask_readers(const struct tkfi_reader *readers, unsigned int nr,
			tkfi_observed_fn tell, void *arg)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		tell(tkfi_family_names[readers[i].family], readers[i].clock,
		     readers[i].read(), readers[i].unit, arg);
}

void tkfi_observe_timex(const char *of, const struct __kernel_timex *txc, tkfi_observed_fn tell,
			void *arg)
{
	tell(of, "offset", txc->offset, 0, arg);
	tell(of, "freq", txc->freq, 0, arg);
	tell(of, "maxerror", txc->maxerror, 0, arg);
	tell(of, "esterror", txc->esterror, 0, arg);
	tell(of, "status", txc->status, 0, arg);
	tell(of, "constant", txc->constant, 0, arg);
	tell(of, "precision", txc->precision, 0, arg);
	tell(of, "tolerance", txc->tolerance, 0, arg);
	tell(of, "time.tv_sec", txc->time.tv_sec, 0, arg);
	tell(of, "time.tv_usec", txc->time.tv_usec, 0, arg);
	tell(of, "tick", txc->tick, 0, arg);
	tell(of, "tai", txc->tai, 0, arg);
}

void tkfi_timekeeping_observe(tkfi_observed_fn tell, void *arg)
{
	const struct tkfi_aux_clock *aux = tkfi_aux_clock();
	struct __kernel_timex txc = {};

	ask_readers(tkfi_readers, tkfi_nr_readers, tell, arg);
	ask_readers(&tkfi_jiffies_reader, 1, tell, arg);
	tell("adjtimex", "return", do_adjtimex(&txc), 0, arg);
	tkfi_observe_timex("adjtimex", &txc, tell, arg);
	if (aux) {
		ask_readers(aux->readers, TKFI_NR_AUX_READERS, tell, arg);
		txc = (struct __kernel_timex){};
		tell("aux adjtimex", "return", aux->adjtimex(&txc), 0, arg);
		tkfi_observe_timex("aux adjtimex", &txc, tell, arg);
	}
	ask_readers(tkfi_floor_readers, tkfi_nr_floor_readers, tell, arg);
}

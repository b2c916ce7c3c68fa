# SPDX-License-Identifier: GPL-2.0
"""The tables of linux-tktest's two scripts, with their parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from runner.boot.simulation import Settings, Simulation
from runner.kernel.kernels import HZ
from runner.report.simulation_text import freq_error, rms

TABLES = ("1", "2")
_OFFSETS = range(100_000, 100_100)  # ppb
_SAMPLES = {"1": (20, 200, 10_000), "2": (10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000)}
_NOHZ = {"1": (4095, 1), "2": (500, 1)}
NOTE = """\
Of 100 frequencies from 100.000 to 100.099 ppm: the root mean square error of the frequency in ppm, the mean
of dev and max in ns. As linux-tktest has it, dev of the second half is of all samples before the last: the
standard deviation of the residuals is 1.41 times that."""


def settings(table: str, hz: int = HZ) -> list[Settings]:
    """What its script simulates. Updates come 3/4 of a tick after their tick, samples with them. A run
    over the first half of the samples is the first half of the run over all."""
    base = Settings(late_ns=750_000_000 // hz, at_update=True, seed=12341234, reader="kernel", series=False)
    return [replace(base, offset_ppb=offset, nohz=nohz, samples=max(samples, 4))
            for nohz in _NOHZ[table] for samples in _SAMPLES[table] for offset in _OFFSETS]


def report(table: str, kernel: str, made: Sequence[Simulation]) -> str:
    """The script's table, of one kernel."""
    every = len(_OFFSETS)
    groups = [made[at:at + every] for at in range(0, len(made), every)]
    lines = [f"linux-tktest's test{table}.sh, {kernel}, HZ={made[0].measured.ticks_per_s}"]
    per_mode = len(_SAMPLES[table])
    for mode, nohz in enumerate(_NOHZ[table]):
        of_mode = groups[mode * per_mode:(mode + 1) * per_mode]
        if table == "1":
            ten, hundred, many = of_mode
            cells = (_freq(ten, 0), _freq(hundred, 0), _dev(many, 1), _max(many, 1))
            lines.append(f"{f'NO_HZ, {nohz} ticks' if nohz > 1 else 'ticks':<20}"
                         + "".join(f"{cell:>12}" for cell in cells))
            continue
        lines += ["", f"{'nohz on' if nohz > 1 else 'nohz off':<20}{'[1, samples/2]':>13}"
                  f"{'[samples/2 + 1, samples]':>35}",
                  f"{'samples':<10}" + "".join(f"{name:>10}" for name in ("freq", "dev", "max") * 2)]
        lines += [f"{count:<10}" + "".join(f"{cell:>10}" for half in (0, 1) for cell in (
            _freq(group, half), _dev(group, half), _max(group, half)))
            for count, group in zip(_SAMPLES[table], of_mode)]
    return "\n".join(lines)


def _freq(group: Sequence[Simulation], half: int) -> str:
    errors = [freq_error(one, half) for one in group]
    known = [error for error in errors if error is not None]
    return f"{rms(known):.5f}" if len(known) == len(errors) else "-"


def _dev(group: Sequence[Simulation], half: int) -> str:
    """In its second half, divided by the number of all samples."""
    values = [one.fits[half].dev_ns for one in group]
    known = [value for value in values if value is not None]
    scale = 1.0
    if half:
        fit = group[0].fits[1]
        scale = math.sqrt((fit.last - fit.first + 1) / fit.last)
    return f"{scale * sum(known) / len(known):.1f}" if len(known) == len(values) else "-"


def _max(group: Sequence[Simulation], half: int) -> str:
    values = [one.fits[half].max_ns for one in group]
    known = [value for value in values if value is not None]
    return f"{sum(known) / len(known):.1f}" if len(known) == len(values) else "-"

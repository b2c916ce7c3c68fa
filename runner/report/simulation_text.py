# SPDX-License-Identifier: GPL-2.0
"""Simulations as tables: kernels side by side, what differs marked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from runner.boot.simulation import Fit, Settings, Simulation
from runner.report import tables
from runner.units import format_ppb

Runs = Mapping[str, Sequence[Simulation]]  # by kernel and variant; of each the same settings
_Cell = Callable[[Simulation], str]

METHOD = """\
dev, max, freq: residuals and frequency of the regression of the reported time against the counter, one
sample after each update. Of the second half of the samples: the error is against the line that NTP asks
for, the offset against the time that passed; unknown is what ntp_error does not know of the error at
updates. * differs from the first column; - could not be measured: the error came to more than 9 minutes, or
the largest residual would have needed more memory than there is for it."""


def report(runs: Runs) -> str:
    """A table for each number of samples and, if there are many frequencies, of all these together."""
    first = next(iter(runs.values()))
    parts = [_many(runs) if len(first) > 1 else _single(runs, 0), METHOD]
    return "\n\n".join(parts)


def heading(settings: Settings, seconds: float, ticks_per_s: int) -> str:
    """What was simulated."""
    updates = "each tick" if settings.nohz == 1 else (
        f"each {settings.nohz} ticks" if settings.fixed else f"after up to {settings.nohz} ticks")
    if settings.intervals:
        updates = f"by {settings.intervals.name}"
    words = [f"{settings.samples:,} updates {updates}, HZ={ticks_per_s}", _length(seconds),
             f"{settings.hz:,} Hz, {settings.bits} bits"]
    words += [f"oscillator {format_ppb(settings.error_ppb)}"] if settings.error_ppb else []
    words += [f"NTP {format_ppb(settings.offset_ppb)}"] if settings.offset_ppb else []
    words += [settings.script.name] if settings.script else []
    return "; ".join(words)


def _single(runs: Runs, number: int) -> str:
    """One simulation of each kernel."""
    first = next(iter(runs.values()))[number]
    rows: list[tuple[str, _Cell]] = []
    for half, fit in enumerate(first.fits):
        rows += _of_fit(f"samples {fit.first:,}-{fit.last:,}", half)
    rows += [("error max, ns", lambda one: _ns(one.ns("error_max"))),
             ("error rms, ns", lambda one: _ns(one.ns("error_rms"))),
             ("ntp_error max, ns", lambda one: _ns(one.ns("ntp_error_max"))),
             ("ntp_error rms, ns", lambda one: _ns(one.ns("ntp_error_rms"))),
             ("unknown max, ns", lambda one: _ns(one.ns("unknown_max"))),
             ("mult changes per update", lambda one: f"{one.mult_changes:.4f}"),
             ("mult from least to most",
              lambda one: f"{one.measured.mult_most - one.measured.mult_least:,}")]
    if first.measured.steered or first.settings.script:
        rows += [("offset max, ns", lambda one: _ns(one.ns("offset_max"))),
                 ("offset rms, ns", lambda one: _ns(one.ns("offset_rms")))]
    if first.measured.looks:
        rows += [("coarse behind fine, ns", lambda one: f"{one.measured.behind:,}"),
                 ("coarse ahead of fine, ns", lambda one: f"{max(one.measured.ahead, 0):,}")]
    rows += [(f"{reader}: back, times / ns", _back(family, clock))
             for reader, family, clock in _stepping(runs, number)]
    for point in first.curves[0][::3]:
        rows.append((f"MTIE {_length(point.seconds)}, ns", _at(0, point.seconds)))
    for point in first.curves[1][::3]:
        rows.append((f"TDEV {_length(point.seconds)}, ns", _at(1, point.seconds)))
    cells = [[name, *_marked([cell(simulations[number]) for simulations in runs.values()])]
             for name, cell in rows]
    cells.append(["updates/s, million", *(f"{simulations[number].updates_per_s / 1e6:.2f}  "
                                          for simulations in runs.values())])
    title = heading(first.settings, first.seconds, first.measured.ticks_per_s)
    title += "\nThe script has more, after the last sample." if first.measured.script_left else ""
    looked = ""
    if first.measured.looks:
        looked = (f"\nAll readers were read before and after {first.measured.looks:,} updates"
                  + ("." if _stepping(runs, number) else "; none went back."))
    return f"{title}\n\n{tables.table(['', *(f'{name}  ' for name in runs)], cells)}{looked}"


def _many(runs: Runs) -> str:
    """Of several frequencies: the mean of deviations and maxima, and the root mean square of the errors of
    the frequency."""
    first = next(iter(runs.values()))
    rows: list[tuple[str, Callable[[Sequence[Simulation]], str]]] = []
    for half, one in enumerate(first[0].fits):
        rows += [(f"samples {one.first:,}-{one.last:,}: {name}", _mean(half, value))
                 for name, value in _OF_FIT.items()]
    rows += [("error max, ns", lambda all_of: _ns(_average([one.ns("error_max") for one in all_of]))),
             ("error rms, ns", lambda all_of: _ns(_average([one.ns("error_rms") for one in all_of]))),
             ("unknown max, ns, worst", lambda all_of: _ns(max(one.ns("unknown_max") for one in all_of)))]
    cells = [[name, *_marked([cell(simulations) for simulations in runs.values()])] for name, cell in rows]
    speed = (sum(one.measured.updates for one in simulations) * 1e3
             / sum(one.measured.ns for one in simulations) for simulations in runs.values())
    cells.append(["updates/s, million", *(f"{value:.2f}  " for value in speed)])
    settings, last = first[0].settings, first[-1].settings
    title = (f"{heading(settings, first[0].seconds, first[0].measured.ticks_per_s)} ... "
             f"{format_ppb(last.offset_ppb)}, {len(first)} frequencies")
    return f"{title}\n\n{tables.table(['', *(f'{name}  ' for name in runs)], cells)}"


def freq_error(one: Simulation, half: int) -> float | None:
    """How far the frequency is from what NTP asked for, ppm."""
    freq = one.fits[half].freq_ppm
    return None if freq is None else freq - one.settings.offset_ppb / 1000


_OF_FIT: dict[str, Callable[[Simulation, Fit], float | None]] = {
    "dev, ns": lambda _one, fit: fit.dev_ns,
    "max, ns": lambda _one, fit: fit.max_ns,
    "freq error rms, ppm": lambda one, fit: freq_error(one, one.fits.index(fit)),
}


def _mean(half: int, value: Callable[[Simulation, Fit], float | None]) -> Callable[
        [Sequence[Simulation]], str]:
    def cell(simulations: Sequence[Simulation]) -> str:
        values = [value(one, one.fits[half]) for one in simulations]
        known = [one for one in values if one is not None]
        if len(known) < len(values):
            return "-"
        if value is _OF_FIT["freq error rms, ppm"]:
            return f"{rms(known):.5f}"
        return _ns(_average(known))
    return cell


def rms(values: Sequence[float]) -> float:
    """The root of the mean square."""
    return math.sqrt(_average([value * value for value in values]))


def _average(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _of_fit(samples: str, half: int) -> list[tuple[str, _Cell]]:
    return [(f"{samples}: dev, ns", lambda one: _ns(one.fits[half].dev_ns)),
            ("    max, ns", lambda one: _ns(one.fits[half].max_ns)),
            ("    freq, ppm", lambda one: "-" if one.fits[half].freq_ppm is None
             else f"{one.fits[half].freq_ppm:.5f}")]


def _stepping(runs: Runs, number: int) -> list[tuple[str, str, str]]:
    """Readers that went back on any of the kernels."""
    return list(dict.fromkeys((f"{one.family} {one.reader}", one.family, one.reader)
                              for simulations in runs.values() for one in simulations[number].steps))


def _back(family: str, reader: str) -> _Cell:
    def cell(simulation: Simulation) -> str:
        return next((f"{one.times:,} / {one.largest:,}" for one in simulation.steps
                     if (one.family, one.reader) == (family, reader)), "never")
    return cell


def _at(curve: int, seconds: float) -> _Cell:
    def cell(simulation: Simulation) -> str:
        return next((_ns(point.ns) for point in simulation.curves[curve] if point.seconds == seconds), "-")
    return cell


def _marked(cells: Sequence[str]) -> list[str]:
    """What differs from the first has a mark."""
    return [f"{cell} {'*' if cell != cells[0] else ' '}" for cell in cells]


def _ns(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.3f}" if abs(value) < 100 else f"{value:,.0f}"


def _length(seconds: float) -> str:
    """A length of time, for a person."""
    for least, unit, name in ((86400, 86400, "d"), (3600, 3600, "h"), (1, 1, "s"), (0, 1e-3, "ms")):
        if seconds >= least:
            return f"{seconds / unit:,.4g} {name}"
    return "0 s"

# SPDX-License-Identifier: GPL-2.0
"""Simulating the real timekeeping of a kernel for a long time, and what follows from what was measured."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from runner.boot import boots, stability
from runner.boot.records import Moments, Simulated, StepsBack
from runner.boot.results import Results
from runner.boot.stability import Errors, Point
from runner.errors import TkfiError
from runner.journal import Journal
from runner.kernel.kunit_tool import KunitTool

CASE = "tkfi_simulate.asked"
MAX_SAMPLES = 1 << 31
MAX_OFFSET_PPB = 500_000
_UNIT = 1 << 8  # of errors: 1 ns
_OF_A_BOOT = 10_000_000  # updates, of more than one simulation: some seconds
_SLOWEST = 100_000  # updates a second that any host makes
_WAIT = 300  # seconds that a boot may take besides


@dataclass(frozen=True)
class Settings:
    """What is simulated: a clocksource of hz and bits whose oscillator is error_ppb too fast, NTP's
    frequency offset_ppb, updates after up to nohz ticks (or always so many, if fixed), late_ns after the
    tick and up to jitter_ns more, with a sample each. look: at each so many-th update all readers are
    read."""

    hz: int = 10**9
    bits: int = 64
    offset_ppb: int = 0
    error_ppb: int = 0
    nohz: int = 1
    fixed: bool = False
    late_ns: int = 0
    jitter_ns: int = 0
    at_update: bool = False
    samples: int = 10_000
    look: int = 0
    seed: int = 1
    reader: str = "vdso"
    script: Path | None = None
    intervals: Path | None = None
    series: bool = True

    def line(self, script: Path | None, intervals: Path | None) -> str:
        """As the kernel reads it, with the files that it is to read."""
        words: dict[str, object] = {
            "hz": self.hz, "bits": self.bits, "offset": self.offset_ppb, "error": self.error_ppb,
            "ticks": self.nohz, "fixed": int(self.fixed), "late": self.late_ns, "jitter": self.jitter_ns,
            "at_update": int(self.at_update), "samples": self.samples, "look": self.look,
            "seed": self.seed, "reader": self.reader, "series": int(self.series)}
        words |= {"script": script} if script else {}
        words |= {"intervals": intervals} if intervals else {}
        return " ".join(f"{name}={value}" for name, value in words.items())


@dataclass(frozen=True)
class Fit:
    """The regression of the reported time against the counter, of samples from the first-th to the last-th:
    standard deviation and maximum of the residuals, and the frequency. None: an error was too large, or
    there were too many samples at one moment."""

    first: int
    last: int
    dev_ns: float | None
    max_ns: float | None
    freq_ppm: float | None


@dataclass(frozen=True)
class Simulation:
    """One simulation. Errors are in ns. steps: of readers that went back at updates. series: time errors,
    by the seconds between them."""

    settings: Settings
    measured: Simulated
    fits: tuple[Fit, Fit]
    steps: tuple[StepsBack, ...]
    series: tuple[tuple[float, Errors], ...]

    @property
    def updates_per_s(self) -> float:
        """Of the host's time, with a read each."""
        return self.measured.updates * 1e9 / max(self.measured.ns, 1)

    @property
    def seconds(self) -> float:
        """How long it was, by the clocksource's own frequency."""
        return self.measured.cycles / self.settings.hz

    @property
    def mult_changes(self) -> float:
        """Changes of mult by an update of the second half."""
        return self.measured.mults / max(self.measured.updates - self.measured.updates // 2, 1)

    @cached_property
    def curves(self) -> tuple[list[Point], list[Point]]:
        """MTIE and TDEV."""
        return stability.curves(self.series)

    def ns(self, name: str) -> float:
        """A member of the record that is in 2^-8 ns."""
        return float(getattr(self.measured, name)) / _UNIT

    def json(self, kernel: Mapping[str, Any]) -> list[dict[str, Any]]:
        """For a program: an object for each half of the samples, of the second one with all the rest."""
        shared = {**kernel, "clocksource_hz": self.settings.hz, "clocksource_bits": self.settings.bits,
                  "ticks_per_s": self.measured.ticks_per_s, "freq_ppb": self.settings.offset_ppb,
                  "error_ppb": self.settings.error_ppb, "nohz": self.settings.nohz,
                  "fixed": self.settings.fixed, "late_ns": self.settings.late_ns,
                  "jitter_ns": self.settings.jitter_ns, "seed": self.settings.seed,
                  "reader": self.settings.reader,
                  "script": self.settings.script.name if self.settings.script else None,
                  "samples": self.settings.samples}
        found: list[dict[str, Any]] = [
            {**shared, "from": fit.first, "to": fit.last, "dev_ns": fit.dev_ns, "max_ns": fit.max_ns,
             "freq_ppm": fit.freq_ppm, "updates_per_s": round(self.updates_per_s)} for fit in self.fits]
        mtie, tdev = self.curves
        found[-1] |= {
            "seconds": self.seconds, "updates": self.measured.updates,
            "steered": self.measured.steered,
            **{f"{name}_ns": self.ns(name) for name in (
                "error_max", "error_rms", "offset_max", "offset_rms", "ntp_error_max", "ntp_error_rms",
                "unknown_max")},
            "mult_changes_per_update": self.mult_changes,
            "mult_least": self.measured.mult_least, "mult_most": self.measured.mult_most,
            "looks": self.measured.looks, "script_left": self.measured.script_left,
            "coarse_ahead_ns": self.measured.ahead if self.measured.looks else None,
            "coarse_behind_ns": self.measured.behind if self.measured.looks else None,
            "steps_back": [{"family": one.family, "reader": one.reader, "times": one.times,
                            "largest_ns": one.largest} for one in self.steps],
            "mtie": [asdict(point) for point in mtie], "tdev": [asdict(point) for point in tdev]}
        return found


def run(tool: KunitTool, wanted: Sequence[Settings], name: str,
        done: Journal | None = None) -> list[Simulation]:
    """Simulate on a built kernel, many short ones in one boot. Boots that are done are not made again.

    Raises TkfiError for what the kernel refuses, and if it did not say all.
    """
    return [one for number, some in enumerate(_divided(wanted))
            for one in _boot(tool, some, f"{name}-{number}", done)]


def _divided(wanted: Sequence[Settings]) -> list[list[Settings]]:
    """Those of each boot."""
    divided: list[list[Settings]] = [[]]
    for one in wanted:
        if divided[-1] and sum(other.samples for other in divided[-1]) + one.samples > _OF_A_BOOT:
            divided.append([])
        divided[-1].append(one)
    return divided


def _boot(tool: KunitTool, wanted: Sequence[Settings], name: str, done: Journal | None) -> list[Simulation]:
    place = tool.layout.results(tool.kernel.place)
    place.mkdir(parents=True, exist_ok=True)
    lines = [one.line(_copied(one.script, place / f"{name}-{number}.script"),
                      _copied(one.intervals, place / f"{name}-{number}.intervals"))
             for number, one in enumerate(wanted)]
    asked = place / f"{name}.asked"
    asked.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    timeout = _WAIT + sum(one.samples for one in wanted) // _SLOWEST
    read_by_it = [asked, *(file for one in wanted for file in (one.script, one.intervals) if file)]
    made = boots.run(tool, CASE, title=f"{tool.kernel.title}, {_count(wanted)}", name=name,
                     arguments=[f"tkfi.simulate={asked}"], timeout=timeout, reads=read_by_it, done=done)
    for refused in made.found.not_simulated:
        script = wanted[refused.run].script
        where = f"{script}:{refused.line}: " if script and refused.line else ""
        raise TkfiError(f"{where}{refused.why or f'the kernel says error {refused.error}'}")
    if made.boot.cause:
        raise TkfiError(f"{tool.kernel.title}: {made.boot.failure()}")
    return read(made.found, wanted)


def _copied(file: Path | None, to: Path) -> Path | None:
    """Where the kernel can name it, whatever it is called."""
    return Path(shutil.copyfile(file, to)) if file else None


def _count(wanted: Sequence[Settings]) -> str:
    samples = sum(one.samples for one in wanted)
    return f"{samples:,} updates" + (f" in {len(wanted)} simulations" if len(wanted) > 1 else "")


def read(found: Results, wanted: Sequence[Settings]) -> list[Simulation]:
    """All simulations that were asked for. Raises TkfiError if one is not whole."""
    if found.problems:
        raise TkfiError("the result file is damaged; run the same again:\n" + "\n".join(found.problems))
    try:
        return [_read(found, number, settings) for number, settings in enumerate(wanted)]
    except (ValueError, ArithmeticError) as error:
        raise TkfiError(f"the kernel reported what makes no sense ({error}); run it again, and see the "
                        "boot's log") from error


def _read(found: Results, number: int, settings: Settings) -> Simulation:
    """One of them. Raises ValueError or ArithmeticError for numbers that are none."""
    measured = [one for one in found.simulated if one.run == number]
    moments = {one.half: one for one in found.moments if one.run == number}
    if len(measured) != 1 or sorted(moments) != [0, 1]:
        raise TkfiError(f"the kernel did not report all of simulation {number + 1}: "
                        "run it again, and see the boot's log")
    corners = {half: [corner for one in found.corners if (one.run, one.half) == (number, half)
                      for corner in _corners(one.corners)] for half in moments}
    middle = settings.samples // 2
    fits = (fit(measured[0], moments[0], corners[0], settings.hz, 1, middle),
            fit(measured[0], moments[1], corners[1], settings.hz, middle + 1, settings.samples))
    values: dict[int, list[int]] = {}
    for one in found.series:
        if one.run == number:
            values.setdefault(one.stride, []).extend(map(int, one.values.split()))
    series = tuple((stride / measured[0].ticks_per_s, np.array(errors, dtype=np.float64) / _UNIT)
                   for stride, errors in values.items())
    steps = tuple(one for one in found.back if one.run == number)
    return Simulation(settings, measured[0], fits, steps, series)


def _corners(text: str) -> list[tuple[int, int]]:
    pairs = (pair.split(",") for pair in text.split())
    return [(int(time), int(error)) for time, error in pairs]


def fit(measured: Simulated, sums: Moments, corners: Sequence[tuple[int, int]], hz: int, first: int,
        last: int) -> Fit:
    """The regression that sums are of, in exact numbers until the end."""
    n, t, tt = sums.samples, signed(sums.t), signed(sums.tt)
    e, te, ee = signed(sums.e), signed(sums.te), signed(sums.ee)
    times, both, errors = n * tt - t * t, n * te - t * e, n * ee - e * e
    if sums.lost or n < 3 or not times:
        return Fit(first, last, None, None, None)
    squares = Fraction(errors * times - both * both, times * n * n)
    # A residual is error - a - b * time, b = both / times, a = (e - b * t) / n.
    most = max(abs(n * times * error - (e * times - both * t) - n * both * time)
               for time, error in corners)
    slope = Fraction(signed(measured.line), 1 << 64) + Fraction(both, times * _UNIT << measured.time_shift)
    return Fit(first, last, math.sqrt(squares) / _UNIT, float(Fraction(most, n * times)) / _UNIT,
               float((slope * hz / 10**9 - 1) * 10**6))


def signed(text: str) -> int:
    """A number of 128 bits, in hexadecimal and two's complement."""
    number = int(text, 16)
    return number - (1 << 128) if number >> 127 else number

# SPDX-License-Identifier: GPL-2.0
"""The verb `reproduce`: the cover letter's race with the user's delay and frequencies."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from runner import answer, lock
from runner.boot import boots, records, results
from runner.boot.records import Header, Race
from runner.boot.results import Results
from runner.errors import TestFailure, TkfiError
from runner.kernel import builder, kernels
from runner.kernel.kernels import Kernel
from runner.layout import Layout
from runner.report import diagram, tables
from runner.units import format_ns, format_ppb, format_seconds
from runner.verbs.options import (Delay, Frequency, json_option, kernel_option, option, pass_layout,
                                  variant_option, verb)

CASE = "cover_letter"
MAIN_READER = "vdso MONOTONIC"


@dataclass(frozen=True)
class Request:
    """What the user asked for."""

    delay_ns: int
    from_ppb: int
    to_ppb: int

    def title(self) -> str:
        """For a person."""
        return (f"{format_ppb(self.from_ppb)} -> {format_ppb(self.to_ppb)}, "
                f"{format_ns(self.delay_ns)} before publication")


@dataclass(frozen=True)
class Outcome:
    """A complete reproduction.

    invariant: races is not empty.
    """

    request: Request
    header: Header
    races: Sequence[Race]
    events: Sequence[records.Event]

    @property
    def main(self) -> Race:
        """The race of the cover letter's reader."""
        return next((race for race in self.races if race.reader == MAIN_READER), self.races[0])

    @property
    def held(self) -> bool:
        """Whether every reader saw the predicted jump within 1 ns."""
        return all(race.held for race in self.races)

    def json(self) -> dict[str, Any]:
        """For a program."""
        main = self.main
        return {
            "format": results.FORMAT, "kernel": self.header.kernel,
            "variant": self.header.variant, "compiler": self.header.compiler,
            **asdict(self.request),
            "measured_ns": main.measured_ns, "predicted_ns": main.predicted_ns,
            "mult_old": main.mult_old, "mult_new": main.mult_new, "shift": main.shift,
            "held": self.held,
            "readers": [asdict(race) for race in self.races],
            "events": [asdict(event) for event in self.events],
        }

    def text(self) -> str:
        """For a person: the diagram, a table of the readers that read at the same cycles and are predicted
        the same, and what it comes to."""
        alike: dict[str, list[Race]] = {}
        for race in self.races:
            alike.setdefault(_when(race), []).append(race)
        parts = []
        for when, races in alike.items():
            rows = [[race.reader, format_seconds(race.first_ns), f"{race.measured_ns:+,d}"]
                    for race in races]
            parts += [when, tables.table(["reader", "first read, s", "jump, ns"], rows)]
        title = f"Linux {self.header.kernel} ({self.header.variant}): {self.request.title()}"
        return "\n\n".join([title, diagram.draw(self.events), *parts, textwrap.fill(
            self._closing(), tables.WIDTH, break_on_hyphens=False)])

    def _closing(self) -> str:
        main = self.main
        jump = main.measured_ns
        seen = (f"went back {-jump:,} ns" if jump < 0 else
                f"jumped forward {jump:,} ns" if jump > 0 else "did not jump")
        factors = (f"a = {main.mult_new} - {main.mult_old} = {main.mult_new - main.mult_old}, "
                   f"D = {main.delay_cycles} cycles, shift = {main.shift}")
        if main.delay_ns and not main.delay_cycles:
            factors += "; no delay counts: this build's old and new lines meet after it"
        if self.held:
            return f"The clock {seen}, as predicted within 1 ns ({factors})."
        wrong = ", ".join(race.reader for race in self.races if not race.held)
        return f"NOT AS PREDICTED: {wrong}. {main.reader} {seen} ({factors})."


def _when(race: Race) -> str:
    """The cycles at which a reader read the clock, and by how much the lines differ there."""
    first, second = race.first_cycle, race.second_cycle
    at = ("The reads do not say at which cycle" if first is None or second is None else
          f"Both reads at cycle {first}" if first == second else
          f"First read at cycle {first}, second at {second}")
    return textwrap.fill(f"{at}; predicted: a*D/2^shift = {decimals(race.exact)} ns:", tables.WIDTH,
                         break_on_hyphens=False)


def decimals(value: Fraction) -> str:
    """A rational with its sign and two decimals, rounded to nearest."""
    hundredths = round(value * 100)
    sign = "-" if hundredths < 0 else "+"
    return f"{sign}{abs(hundredths) // 100}.{abs(hundredths) % 100:02d}"


def reproduce(kernel: Kernel, request: Request, layout: Layout) -> Outcome:
    """Prepare, build and boot. Raises TestFailure when the kernel under test crashed."""
    run = boots.run(builder.build(kernel, layout), f"tkfi_*.{CASE}", title=f"Booting {kernel.title}",
                    name="reproduce", arguments=[f"tkfi.delay_ns={request.delay_ns}",
                                                 f"tkfi.from_ppb={request.from_ppb}",
                                                 f"tkfi.to_ppb={request.to_ppb}"])
    if run.boot.cause and not run.found.races:
        raise TestFailure(f"{kernel.title}: {run.boot.failure()}")
    return outcome(request, run.found)


def outcome(request: Request, found: Results) -> Outcome:
    """The outcome a result file tells of. Raises TkfiError when it tells of none."""
    races = [race for race in found.races if race.case == CASE]
    if not races or not found.header:
        raise TkfiError("the kernel reported no race:\n" + "\n".join(found.problems or ["  no lines"]))
    if found.problems:
        raise TkfiError("the result file is damaged:\n" + "\n".join(found.problems))
    return Outcome(request, found.header, races,
                   [event for event in found.events if event.case == CASE])


@verb("reproduce", "show the cover letter's race on a live kernel",
      held="the clock did as predicted, back or not", failed="it did not",
      examples=("",
                "--kernel 7.3 --delay 25ms",
                "--from +300ppm --to -200ppm --json race.json"), kept=True)
@kernel_option
@variant_option
@option("--delay", "delay_ns", type=Delay(), default="10ms", help="how long the updater is off (10ms)")
@option("--from", "from_ppb", type=Frequency(), default="+500ppm", help="frequency before (+500ppm)")
@option("--to", "to_ppb", type=Frequency(), default="-500ppm", help="frequency after (-500ppm)")
@json_option
@pass_layout
def command(layout: Layout, kernel: str, variant: str, delay_ns: int, from_ppb: int, to_ppb: int,
            json_to: str | None) -> int:
    """Whether the clock did as predicted."""
    request, chosen = Request(delay_ns, from_ppb, to_ppb), kernels.choose(kernel, layout, variant)
    with lock.held(layout.lock):
        made = reproduce(chosen, request, layout)
    answer.give(made.text(), made.json(), json_to)
    return 0 if made.held else 1

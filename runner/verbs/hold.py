# SPDX-License-Identifier: GPL-2.0
"""The verb `hold`: what updaters execute with a sequence odd, as a table and a chart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from runner import answer, check_counts, journal, lock, machine
from runner.boot import write_hold
from runner.boot.write_hold import BOOTS, SAMPLES, VARIANTS, Bench, Figures
from runner.kernel import kernels
from runner.layout import Layout
from runner.report import hold_chart, tables
from runner.verbs.options import json_option, kernel_options, option, or_all, pass_layout, verb

METHOD = f"""\
Accesses: loads and stores of timekeeping with the readers' sequence odd, including the one that makes it
even again; exact, on a build with access hooks. ns: the time it is odd, by TSC, on a bare one without;
of {SAMPLES:,} executions or more, caches hot, the kernel's log silenced, less the stopwatch's own time;
of {BOOTS} boots the one with the least median. < N: less than the stopwatch can tell from nothing, which
is how far apart the times were that it showed in that boot for sections that are empty."""
COVER_LETTER = """\
The cover letter reports 8 -> 4 microseconds, a factor of 2. That is another quantity, the worst latency
seen on other cores, on another machine: these figures neither confirm nor contradict it."""


def report(benches: Sequence[Bench]) -> str:
    """A table per kernel, then what was measured and the cover letter's figures."""
    return "\n\n".join([*map(_table, benches), METHOD, COVER_LETTER])


def _table(made: Bench) -> str:
    heading = ["workload", "readers", *made.figures, "pre/post accesses", "pre/post ns"]
    rows = [[*key, *(_cell(cells.get(key)) for cells in made.figures.values()),
             _times(made.factor(key, "accesses")), _times(made.factor(key, "ns_median"))]
            for key in made.keys]
    return "\n\n".join([f"Linux {made.version}: accesses / median ns / p99 ns with the sequence odd",
                        tables.table(heading, rows, left=2), *made.problems])


def _cell(figures: Figures | None) -> str:
    if not figures:
        return "not measured"
    return f"{figures.accesses:,} / {_time(figures, 'ns_median')} / {_time(figures, 'ns_p99')}"


def _time(figures: Figures, quantity: str) -> str:
    if not figures.resolved(quantity):
        return f"{f'< {figures.ns_resolution:,.1f}':>8}"
    return f"{getattr(figures, quantity):>8,.1f}"


def _times(factor: float | None) -> str:
    return "-" if factor is None else f"{factor:.2f}"


@verb("hold", f"measure what updaters execute with a sequence odd on {', '.join(VARIANTS)}",
      held="measured", failed="something that was measured is impossible",
      examples=("", "--kernel 6.12 --svg hold.svg", "--json hold.json"), kept=True)
@kernel_options("all")
@option("--svg", metavar="FILE", help="draw a chart")
@json_option
@pass_layout
def command(layout: Layout, kernel: Sequence[str], svg: str | None, json_to: str | None) -> int:
    """Whether all was measured."""
    chosen = [[kernels.choose(name, layout, variant) for variant in VARIANTS]
              for name in or_all(kernel, layout)]
    with lock.held(layout.lock, journal.KEEPS), journal.keeping(layout, "hold") as done:
        benches = [write_hold.measure(of_kernel, layout, done) for of_kernel in chosen]
    data = {"format": 1, "cpu": machine.cpu_model(), "kernels": [made.json() for made in benches]}
    answer.give(report(benches), data, json_to)
    failed = sum(len(made.problems) for made in benches)
    check_counts.add("write hold", sum(made.measured for made in benches), failed)
    if svg:
        hold_chart.write(benches, Path(svg), layout.build / "matplotlib")
    return 1 if failed else 0

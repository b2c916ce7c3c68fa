# SPDX-License-Identifier: GPL-2.0
"""The verb `simulate`: the accuracy and stability of kernels' real timekeeping over long runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from runner import answer, check_counts, journal, lock, machine
from runner.boot import simulation
from runner.boot.simulation import MAX_OFFSET_PPB, MAX_SAMPLES, Settings, Simulation
from runner.errors import TkfiError
from runner.kernel import builder, kernels
from runner.kernel.kernels import HZ_CHOICES, Kernel
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout
from runner.nearest import nearest
from runner.report import linux_tktest, simulation_chart, simulation_text
from runner.verbs import completions
from runner.verbs.options import (Count, Frequency, Name, Range, flag, json_option, kernel_options,
                                  option, options, pass_layout, verb)

SCRIPTS = "configs/simulate"
MIN_HZ, MAX_HZ = 10**6, 4 * 10**9
MAX_NOHZ = 10**6
OFFSET = 100_010  # ppb: 100 ppm, and a little that the multiplier cannot be exact for
LOOK_ALL = 100_000  # updates, of which each is looked at if there are not more
LOOK = 64  # else each so many-th
WORDS = f"""\
Updates come at each tick, or with --nohz after up to MAX ticks, and a sample is taken at any moment after
each. --offset is what NTP sets the frequency to, in ppb; FROM..TO or FROM..TO/STEP are many simulations.
--script names a file of lines TIME OPERATION, or one of those in {SCRIPTS}/; times are such as 2.5s or 1h,
operations are those of list operations, error FREQUENCY (of the oscillator), suspend TIME, and servo RATE
[kp=N] [ki=N] [noise=NS], which steers the clock like phc2sys. A seed gives the same in every boot."""


def _script(name: str, layout: Layout) -> Path:
    """A file, or one of those shipped. Raises TkfiError if there is none."""
    shipped = {file.stem: file for file in sorted((layout.repo / SCRIPTS).glob("*.txt"))}
    file = shipped.get(name, Path(name))
    if not file.is_file():
        raise TkfiError(f"there is no script '{name}': neither a file, nor in {SCRIPTS}/; "
                        f"{nearest(name, list(shipped), 'ls ' + SCRIPTS)}")
    return file


def build(kernel: Kernel, layout: Layout) -> KunitTool:
    """A bare build of it: simulations have no use for access hooks."""
    return builder.build(replace(kernel, bare=True), layout)


def _json(runs: simulation_text.Runs, chosen: Sequence[Kernel]) -> dict[str, Any]:
    return {"format": 1, "cpu": machine.cpu_model(), "runs": [
        line for (_, simulations), kernel in zip(runs.items(), chosen) for one in simulations
        for line in one.json({"kernel": kernel.name, "variant": kernel.variant})]}


@verb("simulate", "measure how accurate timekeeping is over long runs", words=WORDS, held="measured",
      examples=("--kernel 6.12 --kernel 7.3",
                "--hz 1000 --nohz 500 --script slew",
                "--offset 100000..100099 --json runs.json"), kept=True)
@kernel_options(kernels.DEFAULT)
@options("--variant", shell_complete=completions.VARIANTS,
         help=f"may be repeated ({kernels.POST_SERIES}); see list variants")
@option("--freq", default="1000000000", type=Count(MIN_HZ, MAX_HZ), metavar="HZ",
        help="frequency of the clocksource (1000000000)")
@option("--bits", default="64", type=Count(24, 64), metavar="N", help="width of its counter (64)")
@option("--error", default="0ppb", type=Frequency(), metavar="FREQ", help="of its oscillator, as in +20ppm")
@option("--offset", type=Range("ppb", MAX_OFFSET_PPB), metavar="PPB|RANGE",
        help=f"NTP's frequency ({OFFSET}, or 0 with a script)")
@option("--hz", default=str(kernels.HZ), metavar="N",
        type=Name([str(hz) for hz in HZ_CHOICES], "./tkfi simulate --help"),
        help=f"ticks a second ({kernels.HZ}): {', '.join(map(str, HZ_CHOICES))}")
@option("--nohz", default="1", type=Count(1, MAX_NOHZ), metavar="MAX",
        help="the most ticks between updates (1)")
@flag("--fixed", about="always MAX ticks between updates")
@option("--intervals", metavar="FILE", help="ticks between updates, a number a line, again at its end")
@option("--late", default="0", type=Count(0, 10**7), metavar="NS", help="by which updates come late (0)")
@option("--jitter", default="20000", type=Count(0, 10**7), metavar="NS",
        help="by which they are late besides, at random (20000)")
@option("--samples", default="10000", type=Count(4, MAX_SAMPLES), metavar="N",
        help="updates, and samples (10000)")
@option("--reader", default="vdso", type=Name(["vdso", "kernel"], "./tkfi simulate --help"),
        help="of CLOCK_MONOTONIC: vdso or kernel (vdso)")
@option("--seed", default="1", type=Count(0, 2**32 - 1), help="of all that is random (1)")
@option("--script", metavar="FILE", help=f"what is done meanwhile; see {SCRIPTS}/")
@option("--table", type=Name(linux_tktest.TABLES, "./tkfi simulate --help"), metavar="1|2",
        help="the table of linux-tktest's test1.sh or test2.sh, and nothing else")
@option("--svg", metavar="FILE", help="draw a chart")
@json_option
@pass_layout
def command(layout: Layout, kernel: Sequence[str], variant: Sequence[str], hz: str, table: str | None,
            svg: str | None, json_to: str | None, **asked: Any) -> int:
    """0, if all was measured."""
    if svg:
        answer.check_file(svg)
    chosen = [replace(kernels.choose(name, layout, one), hz=int(hz))
              for name in kernel or [kernels.DEFAULT] for one in variant or [kernels.POST_SERIES]]
    wanted = linux_tktest.settings(table, int(hz)) if table else _settings(layout, **asked)
    runs: dict[str, Sequence[Simulation]] = {}
    with lock.held(layout.lock, journal.KEEPS), journal.keeping(layout, "simulate") as done:
        for tool in [build(one, layout) for one in chosen]:
            title = replace(tool.kernel, bare=False, hz=kernels.HZ).title
            runs[title] = simulation.run(tool, wanted, "simulate", done)
    if table:
        text = "\n\n".join([*(linux_tktest.report(table, name, made) for name, made in runs.items()),
                            linux_tktest.NOTE])
    else:
        text = simulation_text.report(runs)
    answer.give(text, _json(runs, chosen), json_to)
    check_counts.add("simulation", sum(map(len, runs.values())), 0)
    if svg:
        simulation_chart.write(runs, Path(svg), layout.build / "matplotlib")
    return 0


def _settings(layout: Layout, *, freq: int, bits: int, error: int, offset: list[int] | None, nohz: int,
              fixed: bool, intervals: str | None, late: int, jitter: int, samples: int, reader: str,
              seed: int, script: str | None) -> list[Settings]:
    """The simulations that options ask for. Raises TkfiError for a file that is not there."""
    if intervals and not Path(intervals).is_file():
        raise TkfiError(f"there is no file '{intervals}': name one with a number of ticks in each line")
    base = Settings(
        hz=freq, bits=bits, error_ppb=error, nohz=nohz, fixed=fixed, late_ns=late, jitter_ns=jitter,
        samples=samples, look=1 if samples <= LOOK_ALL else LOOK, seed=seed, reader=reader,
        script=_script(script, layout) if script else None,
        intervals=Path(intervals) if intervals else None)
    offset = offset or [0 if script else OFFSET]
    return [replace(base, offset_ppb=ppb, series=len(offset) == 1 or number == 0)
            for number, ppb in enumerate(offset)]

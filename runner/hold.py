# SPDX-License-Identifier: GPL-2.0
"""`bench --hold`: what the updater executes with a sequence odd, before the series, after it and fixed.

Accesses are exact. Nanoseconds are those of this host.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from runner import boots, draw
from runner.kernels import Kernel
from runner.layout import Layout
from runner.progress import note
from runner.results import Hold, Results
from runner.suites import failures_only

GLOB = "tkfi_hold.*"
VARIANTS = ("pre-series", "post-series", "fixed")
SAMPLES = 10_000  # the fewest that a median and a p99 are worth
COVER_LETTER = ("The cover letter reports 8 -> 4 microseconds, a factor of 2: another quantity (the worst "
                "latency seen on other cores) on another machine.")

Key = tuple[str, str]  # workload, readers


@dataclass(frozen=True)
class Bench:
    """One kernel: what each variant reported, and all that went wrong."""

    kernel: str
    version: str
    compiler: str
    holds: Mapping[str, Mapping[Key, Hold]]
    problems: Sequence[str]

    @property
    def keys(self) -> list[Key]:
        """Workloads and readers, in the order the kernel reported them."""
        return list(dict.fromkeys(key for holds in self.holds.values() for key in holds))

    def factor(self, key: Key, quantity: str) -> float | None:
        """pre-series over post-series, where both are there to be compared."""
        before, after = (self.holds.get(variant, {}).get(key) for variant in VARIANTS[:2])
        if not before or not after or not getattr(after, quantity):
            return None
        return float(getattr(before, quantity) / getattr(after, quantity))

    def json(self) -> dict[str, Any]:
        """For a program."""
        return {"kernel": self.version, "compiler": self.compiler, "problems": list(self.problems),
                "holds": [{"workload": key[0], "readers": key[1],
                           "factor_accesses": _rounded(self.factor(key, "accesses")),
                           "factor_ns_median": _rounded(self.factor(key, "ns_median")),
                           "variants": {variant: {
                               name: value for name, value in asdict(holds[key]).items()
                               if name not in ("workload", "readers")}
                               for variant, holds in self.holds.items() if key in holds}}
                          for key in self.keys]}


def measure(kernels: Sequence[Kernel], layout: Layout) -> Bench:
    """Boot the benchmark once on each of the variants of one kernel."""
    holds: dict[str, Mapping[Key, Hold]] = {}
    version, compiler, problems = kernels[0].name, "", []
    for tool in [boots.build(kernel, layout) for kernel in kernels]:
        title = f"{tool.kernel.title}: write hold"
        run = boots.run(tool, GLOB, title=title, name="hold")
        if run.boot.cause:
            note(failures_only(run.boot.output))
            problems.append(f"{title}: {run.boot.failure()}")
        if run.found.header:
            version, compiler = run.found.header.kernel, run.found.header.compiler
        holds[tool.kernel.variant], wrong = collect(run.found)
        problems += [f"{title}: {problem}" for problem in wrong]
    return bench(kernels[0].name, version, compiler, holds, problems)


def collect(found: Results) -> tuple[dict[Key, Hold], list[str]]:
    """What one boot reported, by workload and readers, and what is wrong with it."""
    holds: dict[Key, Hold] = {}
    problems = list(found.problems)
    for hold in found.holds:
        name = f"'{hold.workload}' for {hold.readers} readers"
        if (hold.workload, hold.readers) in holds:
            problems.append(f"{name} is reported twice")
        if hold.samples < SAMPLES:
            problems.append(f"{name} has {hold.samples} samples, fewer than {SAMPLES}")
        holds[hold.workload, hold.readers] = hold
    return holds, problems


def bench(kernel: str, version: str, compiler: str, holds: Mapping[str, Mapping[Key, Hold]],
          problems: Sequence[str]) -> Bench:
    """All variants of a kernel together. What one of them did not measure is a problem."""
    made = Bench(kernel, version, compiler, holds, problems)
    missing = [f"{kernel} {variant}: '{workload}' for {readers} readers was not measured"
               for variant in holds for workload, readers in made.keys
               if (workload, readers) not in holds[variant]]
    nothing = [] if made.keys else [f"{kernel}: {GLOB} measured nothing"]
    return Bench(kernel, version, compiler, holds, [*problems, *missing, *nothing])


def report(benches: Sequence[Bench]) -> str:
    """A table per kernel, with the cover letter's figures beside it."""
    return "\n\n".join(_report(made) for made in benches)


def cpu_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """What the nanoseconds were measured on."""
    named = re.search(r"^model name\s*:\s*(.*)$", cpuinfo.read_text(encoding="utf-8"), re.MULTILINE)
    return named[1] if named else "unknown CPU"


def _report(made: Bench) -> str:
    heading = ["workload", "readers", *made.holds, "pre/post accesses", "pre/post ns"]
    rows = [[*key, *(_cell(holds.get(key)) for holds in made.holds.values()),
             _times(made.factor(key, "accesses")), _times(made.factor(key, "ns_median"))]
            for key in made.keys]
    return "\n\n".join([
        f"Linux {made.version}: with a sequence odd, accesses / median ns / p99 ns",
        draw.table(heading, rows, left=2), COVER_LETTER, *made.problems])


def _cell(hold: Hold | None) -> str:
    if not hold:
        return "not measured"
    return f"{hold.accesses:,} / {hold.ns_median:>6,} / {hold.ns_p99:>6,}"


def _times(factor: float | None) -> str:
    return "-" if factor is None else f"{factor:.2f}"


def _rounded(factor: float | None) -> float | None:
    return None if factor is None else round(factor, 4)

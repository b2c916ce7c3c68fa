# SPDX-License-Identifier: GPL-2.0
"""What updaters execute with a sequence odd: measured before the series, after it and fixed.

Two builds of each variant: one with access hooks counts, a bare one takes the time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from runner.boot import boots
from runner.boot.boots import Run, measured
from runner.boot.records import Hold
from runner.journal import Journal
from runner.kernel import builder
from runner.kernel.kernels import Kernel
from runner.layout import Layout

SUITE = "tkfi_hold"
VARIANTS = ("pre-series", "post-series", "fixed")
READERS = ("kernel", "vdso")
SAMPLES = 10_000  # the fewest that a median and a p99 are worth
BOOTS = 7  # of a bare build: whatever shares its core makes a whole boot slower, by two thirds
Key = tuple[str, str]  # workload, readers


@dataclass(frozen=True)
class Figures:
    """One cell: the accesses of one build and the times of the other."""

    accesses: int
    ns_median: float
    ns_p99: float
    ns_resolution: float
    samples: int

    def resolved(self, quantity: str) -> bool:
        """Whether a quantity is large enough to be told from nothing."""
        return bool(getattr(self, quantity) >= (1 if quantity == "accesses" else self.ns_resolution))


@dataclass(frozen=True)
class Bench:
    """One kernel: the figures of each variant, and all that went wrong."""

    version: str
    compiler: str
    figures: Mapping[str, Mapping[Key, Figures]]
    problems: Sequence[str]

    @property
    def keys(self) -> list[Key]:
        """Workloads and readers, in the order the kernel reported them."""
        return list(dict.fromkeys(key for cells in self.figures.values() for key in cells))

    @property
    def measured(self) -> int:
        """How many cells there are."""
        return sum(map(len, self.figures.values()))

    def factor(self, key: Key, quantity: str) -> float | None:
        """pre-series over post-series, where both are there and large enough to be compared."""
        both = [self.figures.get(variant, {}).get(key) for variant in VARIANTS[:2]]
        values = [getattr(one, quantity) for one in both if one and one.resolved(quantity)]
        return values[0] / values[1] if len(values) == 2 and values[1] else None

    def json(self) -> dict[str, Any]:
        """For a program."""
        return {"kernel": self.version, "compiler": self.compiler, "problems": list(self.problems),
                "holds": [{"workload": key[0], "readers": key[1],
                           "factor_accesses": _rounded(self.factor(key, "accesses")),
                           "factor_ns_median": _rounded(self.factor(key, "ns_median")),
                           "variants": {variant: asdict(cells[key])
                                        for variant, cells in self.figures.items() if key in cells}}
                          for key in self.keys]}


def measure(kernels: Sequence[Kernel], layout: Layout, done: Journal | None = None) -> Bench:
    """Boot the suite on both builds of each of the variants of one kernel; the bare ones in turn, so that
    a disturbance does not hit one variant alone. Boots that are done are not made again.

    Raises TkfiError when one cannot be built or is not what it was built as.
    """
    counting = [builder.build(kernel, layout) for kernel in kernels]
    timing = [builder.build(replace(kernel, bare=True), layout) for kernel in kernels]
    plan = [(tool, "hold") for tool in counting]
    plan += [(tool, f"hold-{number}") for number in range(1, BOOTS + 1) for tool in timing]
    return bench([(tool.kernel, boots.run(tool, SUITE, title=f"{tool.kernel.title} {name}", name=name,
                                          done=done))
                  for tool, name in plan])


def bench(runs: Sequence[tuple[Kernel, Run]]) -> Bench:
    """All boots of one kernel together. What one of them did not measure is a problem.

    Raises TkfiError when a build has access hooks and should not, or the other way round.
    """
    made = measured(runs, SUITE, collect)
    found, problems = made.found, made.problems
    workloads = dict.fromkeys(workload for _, holds in found for workload, _ in holds)
    if not workloads:
        problems.append(f"{runs[0][0].name}: {SUITE} measured nothing")
    problems += [f"{kernel.title}: '{workload}' for {readers} readers was not measured"
                 for kernel, holds in found for workload in workloads for readers in READERS
                 if (workload, readers) not in holds]
    variants = dict.fromkeys(kernel.variant for kernel, _ in found)
    figures = {variant: _join([holds for kernel, holds in found if kernel.variant == variant])
               for variant in variants}
    return Bench(made.version, made.compiler, figures, list(dict.fromkeys(problems)))


def collect(kernel: Kernel, run: Run) -> tuple[dict[Key, Hold], list[str]]:
    """What one boot reported, by workload and readers, and what is wrong with it. Raises TkfiError."""
    holds: dict[Key, Hold] = {}
    problems = list(run.found.problems)
    for hold in run.found.holds:
        what = f"'{hold.workload}' for {hold.readers} readers"
        boots.check_hooks(kernel, hold.hooks)
        if hold.readers not in READERS:
            problems.append(f"{what}: unknown readers")
        if (hold.workload, hold.readers) in holds:
            problems.append(f"{what} is reported twice")
        if bool(hold.accesses) != hold.hooks:
            problems.append(f"{what} has {hold.accesses} accesses")
        if hold.samples < SAMPLES:
            problems.append(f"{what} has {hold.samples} samples, fewer than {SAMPLES}")
        holds[hold.workload, hold.readers] = hold
    return holds, problems


def _join(boots_of: Sequence[Mapping[Key, Hold]]) -> dict[Key, Figures]:
    """The accesses of a variant's boot with hooks, and the times of the least disturbed one without."""
    counted = {key: hold for holds in boots_of for key, hold in holds.items() if hold.hooks}
    timed: dict[Key, Hold] = {}
    for key, hold in ((key, hold) for holds in boots_of for key, hold in holds.items() if not hold.hooks):
        timed[key] = min(timed.get(key, hold), hold, key=lambda one: one.ns_median)
    return {key: Figures(hold.accesses, timed[key].ns_median, timed[key].ns_p99, timed[key].ns_resolution,
                         timed[key].samples)
            for key, hold in counted.items() if key in timed}


def _rounded(factor: float | None) -> float | None:
    return None if factor is None else round(factor, 4)

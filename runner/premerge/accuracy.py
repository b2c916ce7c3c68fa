# SPDX-License-Identifier: GPL-2.0
"""How accurate the time of a tree is, in some short simulations, and whether it is less so than its base's.

A change may shift when the multiplier is which, and with it each figure a little. So each simulation is run
with several seeds, and a tree is less accurate if the best of them is worse than the base's worst.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from runner.boot import simulation
from runner.boot.simulation import Settings, Simulation
from runner.journal import Journal
from runner.kernel.kunit_tool import KunitTool

_SEEDS = (1, 2, 3, 4)
_ROUNDING = 0.01  # ns
_BASE = Settings(offset_ppb=100_010, jitter_ns=20_000, samples=50_000, series=False)
_SIMULATED = {"ticks": _BASE, "NO_HZ up to 500 ticks": replace(_BASE, nohz=500)}


def _figures(one: Simulation) -> dict[str, float]:
    """In ns, larger ones are worse."""
    found = {"error max": one.ns("error_max"), "error rms": one.ns("error_rms"),
             "unknown to ntp_error": one.ns("unknown_max")}
    return found | ({} if one.fits[1].dev_ns is None else {"dev": one.fits[1].dev_ns})


def measure(tool: KunitTool, done: Journal) -> dict[str, list[float]]:
    """The figures of each simulation, of all seeds; boots that are done are not made again. Raises
    TkfiError as simulation.run()."""
    wanted = {(name, seed): replace(one, seed=seed) for name, one in _SIMULATED.items() for seed in _SEEDS}
    found: dict[str, list[float]] = {}
    made = simulation.run(tool, list(wanted.values()), "premerge-simulate", done)
    for (name, _), one in zip(wanted, made):
        for figure, ns in _figures(one).items():
            found.setdefault(f"{name}: {figure}", []).append(round(ns, 3))
    return found


def worse(tree: Mapping[str, Sequence[float]], base: Mapping[str, Sequence[float]]) -> dict[
        str, tuple[float, float]]:
    """The figures that are worse by more than seeds make: the base's worst one, and the tree's best."""
    return {name: (max(base[name]), min(values)) for name, values in tree.items()
            if name in base and min(values) > max(base[name]) + _ROUNDING}

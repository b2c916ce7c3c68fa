# SPDX-License-Identifier: GPL-2.0
"""`bench`: what exploring costs, beside the same operations with idle hooks and without any.

Two builds of a kernel: one with access hooks explores, a bare one tells what its code takes by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from runner import boots, draw
from runner.boots import Run
from runner.kernels import Kernel
from runner.layout import Layout
from runner.results import Cost
from runner.suites import failure

SUITE = "tkfi_bench"
BOOTS = 7  # of each build: whatever shares its core makes a whole boot slower
SEQLOCK = "seqlock-timekeeper"  # no kernel code: it calls the engine itself, on builds without hooks too

BARE_RUNS = {"sequential": "bare_ns"}
HOOKED_RUNS = {"sequential": "idle_hooks_ns", "random": "random_ns", "pos": "pos_ns", "pct": "pct_ns",
               "replay": "replay_ns", "dpor-again": "dpor_ns", "dpor": "dpor_amortised_ns"}
SEQLOCK_RUNS = {"dpor-once": "dpor_amortised_ns", "random": "random_ns"}
FIELDS = (*BARE_RUNS.values(), *HOOKED_RUNS.values())
_ONE_AFTER_ANOTHER = "sequential"  # no strategy, and so no steps

METHOD = f"""\
bare: the operations one after another, on a build without access hooks. idle hooks: the same, on one with
them, nobody listening. random, pos, pct, replay: an execution of each strategy. dpor: a class, each
executed again from the start, or (amortised) from the last snapshot before it departs from its
predecessor. All restore the state; bare and idle hooks have no oracles; what is found is counted, not
shrunk. Host time, caches hot, the least of {BOOTS} boots."""

# random, pct and DPOR in ns per execution, and one exploration to its end
ELSEWHERE = (
    ("relacy", "2,600", "-", "-", "-"),
    ("shuttle", "6,700", "4,700", "-", "-"),
    ("loom", "-", "-", "42,000", "-"),
    ("GenMC", "-", "-", "-", "36 complete + 988 blocked executions in 40 ms"),
    ("Nidhugg", "-", "-", "-", "36 complete + 3,685 blocked executions in 270 ms"),
)
SEQLOCK_TITLE = "A timekeeper in a seqlock, without code of the kernel's, as others have explored it:"
ELSEWHERE_NOTE = """\
tkfi explores it once a boot, the first thing it does there; the least of the boots. All but tkfi: measured
elsewhere on one core of such a machine."""


@dataclass(frozen=True)
class Bench:
    """One kernel: the lines of each scenario by field, those of the seqlock, and all that went wrong."""

    version: str
    variant: str
    compiler: str
    costs: Mapping[str, Mapping[str, Cost]]
    seqlock: Mapping[str, Cost]
    problems: Sequence[str]

    @property
    def measured(self) -> int:
        """How many figures there are."""
        return sum(map(len, self.costs.values())) + len(self.seqlock)

    def json(self) -> dict[str, Any]:
        """For a program. What was not measured is null."""
        return {"kernel": self.version, "variant": self.variant, "compiler": self.compiler,
                "problems": list(self.problems),
                "scenarios": [{"name": name, **{field: _ns(costs.get(field)) for field in FIELDS},
                               "random_step_ns": _rounded(_step_ns(costs.get("random_ns"))),
                               "executions_per_s": _rounded(_rate(costs.get("random_ns"))),
                               "classes_per_s": _rounded(_rate(costs.get("dpor_amortised_ns")))}
                              for name, costs in self.costs.items()],
                "seqlock_timekeeper": _seqlock_json(self.seqlock)}


def measure(kernel: Kernel, layout: Layout) -> Bench:
    """Boot the suite on both builds of a kernel, in turn.

    Raises TkfiError when one cannot be built or is not what it was built as.
    """
    tools = [boots.build(replace(kernel, bare=bare), layout) for bare in (False, True)]
    return bench([(tool.kernel, boots.run(tool, SUITE, title=f"{tool.kernel.title} bench-{number}",
                                          name=f"bench-{number}"))
                  for number in range(1, BOOTS + 1) for tool in tools])


def bench(runs: Sequence[tuple[Kernel, Run]]) -> Bench:
    """All boots of one kernel together. What one of them did not measure is a problem.

    Raises TkfiError when a build has access hooks and should not, or the other way round.
    """
    first, compiler = runs[0][0], ""
    problems: list[str] = []
    version = first.name
    found: list[tuple[Kernel, dict[tuple[str, str], Cost]]] = []
    for kernel, run in runs:
        problems += failure(kernel, run, SUITE)
        if run.found.header:
            version, compiler = run.found.header.kernel, run.found.header.compiler
        costs, wrong = collect(kernel, run)
        found.append((kernel, costs))
        problems += [f"{kernel.title}: {problem}" for problem in wrong]
    names = list(dict.fromkeys(name for _, costs in found for name, _ in costs if name != SEQLOCK))
    if not names:
        problems.append(f"{first.name}: {SUITE} measured nothing")
    for kernel, costs in found:
        wanted = [(name, run) for name in names for run in (BARE_RUNS if kernel.bare else HOOKED_RUNS)]
        wanted += [] if kernel.bare else [(SEQLOCK, run) for run in SEQLOCK_RUNS]
        problems += [f"{kernel.title}: '{run}' of {name} was not measured" for name, run in wanted
                     if (name, run) not in costs]
    problems += _unlike(found)
    least = _least(found)
    return Bench(version, first.variant, compiler, {name: least.get(name, {}) for name in names},
                 least.get(SEQLOCK, {}), list(dict.fromkeys(problems)))


def collect(kernel: Kernel, run: Run) -> tuple[dict[tuple[str, str], Cost], list[str]]:
    """What one boot reported, by scenario and run, and what is wrong with it. Raises TkfiError."""
    costs: dict[tuple[str, str], Cost] = {}
    problems = list(run.found.problems)
    for cost in run.found.costs:
        boots.check_hooks(kernel, cost.hooks)
        if kernel.bare and cost.scenario == SEQLOCK:
            continue
        what = f"'{cost.run}' of {cost.scenario}"
        if cost.run not in _fields(kernel, cost.scenario):
            problems.append(f"{what}: unknown run")
        elif (cost.scenario, cost.run) in costs:
            problems.append(f"{what} is reported twice")
        elif min(cost.executions, cost.ns) <= 0 or (cost.steps <= 0) != (cost.run == _ONE_AFTER_ANOTHER):
            problems.append(f"{what} has {cost.executions} executions of {cost.ns} ns, {cost.steps} steps")
        costs.setdefault((cost.scenario, cost.run), cost)
    return costs, problems


def report(benches: Sequence[Bench]) -> str:
    """A table per kernel, then how it was measured, then the comparison with others."""
    return "\n\n".join([*map(_table, benches), METHOD, SEQLOCK_TITLE, _comparison(benches), ELSEWHERE_NOTE])


def _fields(kernel: Kernel, scenario: str) -> Mapping[str, str]:
    """The runs that a build makes of a scenario, and the names of their figures."""
    if scenario == SEQLOCK:
        return SEQLOCK_RUNS
    return BARE_RUNS if kernel.bare else HOOKED_RUNS


def _unlike(found: Sequence[tuple[Kernel, Mapping[tuple[str, str], Cost]]]) -> list[str]:
    """What did not do the same in every boot of a build: then its times are not of one thing."""
    did: dict[tuple[str, str, str], set[tuple[int, int]]] = {}
    for kernel, costs in found:
        for (name, run), cost in costs.items():
            did.setdefault((kernel.title, name, run), set()).add((cost.executions, cost.steps))
    return [f"{title}: '{run}' of {name} is not the same in every boot: "
            + ", ".join(f"{executions} executions of {steps} steps" for executions, steps in sorted(all_of))
            for (title, name, run), all_of in did.items() if len(all_of) > 1]


def _least(found: Sequence[tuple[Kernel, Mapping[tuple[str, str], Cost]]]) -> dict[str, dict[str, Cost]]:
    """Of all boots the least disturbed line, by scenario and field."""
    least: dict[str, dict[str, Cost]] = {}
    for kernel, costs in found:
        for (name, run), cost in costs.items():
            field = _fields(kernel, name).get(run)
            if field:
                of_name = least.setdefault(name, {})
                of_name[field] = min(of_name.get(field, cost), cost, key=lambda one: one.ns)
    return least


def _table(made: Bench) -> str:
    heading = ["scenario", "bare", "idle hooks", "random", "pos", "pct", "replay", "dpor", "amortised",
               "random, ns/step", "executions/s", "classes/s"]
    rows = [[name, *(_cell(_ns(costs.get(field))) for field in FIELDS),
             _cell(_step_ns(costs.get("random_ns")), 1), _cell(_rate(costs.get("random_ns"))),
             _cell(_rate(costs.get("dpor_amortised_ns")))] for name, costs in made.costs.items()]
    return "\n\n".join([f"Linux {made.version} {made.variant}: ns per execution (random) or class (dpor)",
                        draw.table(heading, rows), *made.problems])


def _comparison(benches: Sequence[Bench]) -> str:
    ours = [[f"tkfi, {made.version} build", _cell(_ns(made.seqlock.get("random_ns"))), "-",
             _cell(_ns(made.seqlock.get("dpor_amortised_ns"))),
             _to_completion(made.seqlock.get("dpor_amortised_ns"))] for made in benches]
    return draw.table(["", "random, ns", "pct, ns", "DPOR, ns", "to completion"], [*ours, *ELSEWHERE])


def _to_completion(cost: Cost | None) -> str:
    return f"{cost.executions} classes in {_total_us(cost) / 1000:.2f} ms" if cost else "not measured"


def _total_us(cost: Cost) -> float:
    return cost.executions * cost.ns / 1000


def _seqlock_json(costs: Mapping[str, Cost]) -> dict[str, Any]:
    once = costs.get("dpor_amortised_ns")
    return {"classes": once.executions if once else None,
            "to_completion_us": _rounded(_total_us(once)) if once else None,
            **{field: _ns(costs.get(field)) for field in SEQLOCK_RUNS.values()}}


def _ns(cost: Cost | None) -> float | None:
    return cost.ns if cost else None


def _step_ns(cost: Cost | None) -> float | None:
    return cost.ns * cost.executions / cost.steps if cost and cost.steps else None


def _rate(cost: Cost | None) -> float | None:
    return 1e9 / cost.ns if cost and cost.ns else None


def _cell(value: float | None, digits: int = 0) -> str:
    return "not measured" if value is None else f"{value:,.{digits}f}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)

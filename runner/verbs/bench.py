# SPDX-License-Identifier: GPL-2.0
"""`bench`: what exploring costs, beside the same operations with idle hooks and without any.

Two builds of a kernel: one with access hooks explores, a bare one tells what its code takes by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from runner import answer, check_counts, journal, lock, machine
from runner.boot import boots, simulation
from runner.boot.boots import Run, measured
from runner.boot.records import Cost
from runner.boot.simulation import Settings
from runner.journal import Journal
from runner.kernel import builder, kernels
from runner.kernel.kernels import Kernel
from runner.layout import Layout
from runner.report import tables
from runner.verbs.options import json_option, kernel_options, pass_layout, verb

SUITE = "tkfi_bench"
BOOTS = 7  # of each build: whatever shares its core makes a whole boot slower
SEQLOCK = "seqlock-timekeeper"  # no kernel code: it calls the engine itself, on builds without hooks too
SEQLOCK_RETRIES = "seqlock-timekeeper-retries"

BARE_RUNS = {"sequential": "bare_ns"}
HOOKED_RUNS = {"sequential": "idle_hooks_ns", "random": "random_ns", "pos": "pos_ns", "pct": "pct_ns",
               "replay": "replay_ns", "dpor-again": "dpor_ns", "dpor": "dpor_amortised_ns"}
SEQLOCK_RUNS = {"dpor-once": "dpor_amortised_ns", "random": "random_ns", "pct": "pct_ns"}
SEQLOCKS = {SEQLOCK: "Mazurkiewicz, accesses but those of failed attempts",
            SEQLOCK_RETRIES: "Mazurkiewicz, accesses"}
FIELDS = (*BARE_RUNS.values(), *HOOKED_RUNS.values())
_ONE_AFTER_ANOTHER = "sequential"  # no strategy, and so no steps

SIMULATED = Settings(offset_ppb=100_010, jitter_ns=20_000, samples=3_000_000, series=False)
SIMULATE_AIM = 3_000_000  # updates a second, with a read each
TICKS_A_DAY = 1000 * 86400

METHOD = f"""\
bare: the operations one after another, on a build without access hooks. idle hooks: the same, on one with
them, nobody listening. random, pos, pct, replay: an execution of each strategy. dpor: a class, each
executed again from the start, or (amortised) from the last snapshot before it departs from its
predecessor. All restore the state; bare and idle hooks have no oracles; what is found is counted, not
shrunk. Host time, caches hot, the least of {BOOTS} boots."""

# At the most so many times idle hooks
AIMS = {"random_ns": ("random", 3), "pct_ns": ("pct", 3), "dpor_amortised_ns": ("dpor amortised", 1)}
AIMS_NOTE = """\
In times idle hooks. Of who misses an aim: steps of an execution (dpor: new ones of a class) x ns, all of
its time divided among them, and how many ns the aim has for each."""

SEQLOCK_AIMS = {"random_ns": 1000, "to_completion_us": 10_000}
# Complete and blocked executions, ms to the end; random, pct and DPOR in ns per execution
ELSEWHERE = (
    ("aims, at most", "", "", "", "10", "1,000", "", ""),
    ("GenMC", "reads-from", "36", "988", "40", "-", "-", "-"),
    ("Nidhugg", "-", "36", "3,685", "270", "-", "-", "-"),
    ("relacy", "-", "-", "-", "-", "2,600", "-", "-"),
    ("shuttle", "-", "-", "-", "-", "6,700", "4,700", "-"),
    ("loom", "-", "-", "-", "-", "-", "-", "42,000"),
)
SEQLOCK_TITLE = "A timekeeper in a seqlock, without code of the kernel's, as others have explored it:"
ELSEWHERE_NOTE = """\
tkfi explores it once a boot, the first thing it does there; the least of the boots. It has writers of a
sequence wait for readers between their two looks, as failed attempts have no effect; and again without
knowing that it is a sequence: readers wait and retry like the kernel's; the suite sees that both come to
the same outcomes. All but tkfi: measured elsewhere on one core of such a machine."""


@dataclass(frozen=True)
class Bench:
    """One kernel: the lines of each scenario by field, those of the seqlocks, and all that went wrong."""

    version: str
    variant: str
    compiler: str
    costs: Mapping[str, Mapping[str, Cost]]
    seqlocks: Mapping[str, Mapping[str, Cost]]
    problems: Sequence[str]
    updates_per_s: float | None = None  # of a simulation

    @property
    def measured(self) -> int:
        """How many figures there are."""
        return sum(map(len, [*self.costs.values(), *self.seqlocks.values()]))

    def json(self) -> dict[str, Any]:
        """For a program. What was not measured is null."""
        return {"kernel": self.version, "variant": self.variant, "compiler": self.compiler,
                "problems": list(self.problems),
                "scenarios": [{"name": name, **{field: _ns(costs.get(field)) for field in FIELDS},
                               "random_step_ns": _rounded(_step_ns(costs.get("random_ns"))),
                               "executions_per_s": _rounded(_rate(costs.get("random_ns"))),
                               "classes_per_s": _rounded(_rate(costs.get("dpor_amortised_ns"))),
                               "aims": [aim.json() for aim in _aims(costs)]}
                              for name, costs in self.costs.items()],
                **{name.replace("-", "_"): _seqlock_json(name, self.seqlocks.get(name, {}))
                   for name in SEQLOCKS},
                "seqlock_timekeeper_aims": SEQLOCK_AIMS,
                "simulate_updates_per_s": _rounded(self.updates_per_s),
                "simulate_aim_updates_per_s": SIMULATE_AIM}


@dataclass(frozen=True)
class Aim:
    """How many times idle hooks something may take, and what it takes: None if that was not measured."""

    field: str
    at_most: int
    times: float | None
    steps: float
    step_ns: float

    @property
    def held(self) -> bool:
        """Whether it does."""
        return self.times is not None and self.times <= self.at_most

    @property
    def step_ns_to_hold(self) -> float | None:
        """What a step may take if there are as many."""
        return self.step_ns * self.at_most / self.times if self.times else None

    def json(self) -> dict[str, Any]:
        """For a program."""
        if self.times is None:
            return {"of": self.field, "at_most": self.at_most, "times_idle_hooks": None, "held": None}
        return {"of": self.field, "at_most": self.at_most, "times_idle_hooks": round(self.times, 2),
                "held": self.held, "steps": _rounded(self.steps), "step_ns": _rounded(self.step_ns),
                "step_ns_to_hold": _rounded(self.step_ns_to_hold)}

    def __str__(self) -> str:
        if self.times is None:
            return "not measured"
        what = f"{self.times:.1f}"
        return what if self.held else (f"{what}: {self.steps:.1f} x {self.step_ns:.1f} ns, "
                                       f"aim {self.step_ns_to_hold:.1f} ns")


def measure(kernel: Kernel, layout: Layout, done: Journal | None = None) -> Bench:
    """Boot the suite on both builds of a kernel, in turn. Boots that are done are not made again.

    Raises TkfiError when one cannot be built or is not what it was built as.
    """
    tools = [builder.build(replace(kernel, bare=bare), layout) for bare in (False, True)]
    made = bench([(tool.kernel, boots.run(tool, SUITE, title=f"{tool.kernel.title} bench-{number}",
                                          name=f"bench-{number}", done=done))
                  for number in range(1, BOOTS + 1) for tool in tools])
    if made.problems:
        return made
    return replace(made, updates_per_s=max(
        one.updates_per_s for number in range(1, BOOTS + 1)
        for one in simulation.run(tools[1], [SIMULATED], f"bench-simulate-{number}", done)))


def bench(runs: Sequence[tuple[Kernel, Run]]) -> Bench:
    """All boots of one kernel together. What one of them did not measure is a problem.

    Raises TkfiError when a build has access hooks and should not, or the other way round.
    """
    first = runs[0][0]
    made = measured(runs, SUITE, collect)
    found, problems = made.found, made.problems
    names = list(dict.fromkeys(name for _, costs in found for name, _ in costs if name not in SEQLOCKS))
    if not names:
        problems.append(f"{first.name}: {SUITE} measured nothing")
    for kernel, costs in found:
        wanted = [(name, run) for name in names for run in (BARE_RUNS if kernel.bare else HOOKED_RUNS)]
        wanted += [] if kernel.bare else [(name, run) for name in SEQLOCKS for run in SEQLOCK_RUNS]
        problems += [f"{kernel.title}: '{run}' of {name} was not measured" for name, run in wanted
                     if (name, run) not in costs]
    problems += _unlike(found)
    least = _least(found)
    return Bench(made.version, first.variant, made.compiler, {name: least.get(name, {}) for name in names},
                 {name: least.get(name, {}) for name in SEQLOCKS}, list(dict.fromkeys(problems)))


def collect(kernel: Kernel, run: Run) -> tuple[dict[tuple[str, str], Cost], list[str]]:
    """What one boot reported, by scenario and run, and what is wrong with it. Raises TkfiError."""
    costs: dict[tuple[str, str], Cost] = {}
    problems = list(run.found.problems)
    for cost in run.found.costs:
        boots.check_hooks(kernel, cost.hooks)
        if kernel.bare and cost.scenario in SEQLOCKS:
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
    """A table per kernel, then how it was measured, the aims, and the comparison with others."""
    return "\n\n".join([*map(_table, benches), METHOD, *map(_aims_table, benches), AIMS_NOTE, SEQLOCK_TITLE,
                        _comparison(benches), ELSEWHERE_NOTE])


def _fields(kernel: Kernel, scenario: str) -> Mapping[str, str]:
    """The runs that a build makes of a scenario, and the names of their figures."""
    if scenario in SEQLOCKS:
        return SEQLOCK_RUNS
    return BARE_RUNS if kernel.bare else HOOKED_RUNS


def _unlike(found: Sequence[tuple[Kernel, Mapping[tuple[str, str], Cost]]]) -> list[str]:
    """What did not do the same in every boot of a build: then its times are not of one thing."""
    did: dict[tuple[str, str, str], set[tuple[int, int, int]]] = {}
    for kernel, costs in found:
        for (name, run), cost in costs.items():
            did.setdefault((kernel.title, name, run), set()).add(
                (cost.executions, cost.blocked, cost.steps))
    return [f"{title}: '{run}' of {name} is not the same in every boot: "
            + ", ".join(f"{executions} executions of {steps} steps, {blocked} blocked"
                        for executions, blocked, steps in sorted(all_of))
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
                        tables.table(heading, rows), *_simulated(made), *made.problems])


def _simulated(made: Bench) -> list[str]:
    if not made.updates_per_s:
        return []
    return [f"simulate, no hooks: {made.updates_per_s / 1e6:.1f} million updates a second, with a read "
            f"each (aim: {SIMULATE_AIM / 1e6:.0f}); a day of ticks at HZ=1000 takes "
            f"{TICKS_A_DAY / made.updates_per_s:.0f} s"]


def _aims(costs: Mapping[str, Cost]) -> list[Aim]:
    idle = costs.get("idle_hooks_ns")
    aims = []
    for field, (_, at_most) in AIMS.items():
        cost = costs.get(field)
        if idle and cost and min(idle.ns, cost.ns, cost.steps, cost.executions) > 0:
            steps = cost.steps / cost.executions
            aims.append(Aim(field, at_most, cost.ns / idle.ns, steps, cost.ns / steps))
        else:
            aims.append(Aim(field, at_most, None, 0, 0))
    return aims


def _aims_table(made: Bench) -> str:
    heading = [f"aims, {made.version}", *(f"{what}, at most {at_most}" for what, at_most in AIMS.values())]
    return tables.table(heading, [[name, *map(str, _aims(costs))] for name, costs in made.costs.items()])


def _comparison(benches: Sequence[Bench]) -> str:
    ours = [[f"tkfi, {made.version} build", equivalence, *_seqlock_cells(made.seqlocks.get(name, {}))]
            for made in benches for name, equivalence in SEQLOCKS.items()]
    heading = ["", "equivalence", "complete", "blocked", "ms", "random, ns", "pct, ns", "DPOR, ns"]
    return tables.table(heading, [*ours, *ELSEWHERE], left=2)


def _seqlock_cells(costs: Mapping[str, Cost]) -> list[str]:
    once = costs.get("dpor_amortised_ns")
    return [_cell(once.executions if once else None), _cell(once.blocked if once else None),
            _cell(_total_us(once) / 1000 if once else None, 2),
            *(_cell(_ns(costs.get(field))) for field in ("random_ns", "pct_ns", "dpor_amortised_ns"))]


def _total_us(cost: Cost) -> float:
    return cost.executions * cost.ns / 1000


def _seqlock_json(name: str, costs: Mapping[str, Cost]) -> dict[str, Any]:
    once = costs.get("dpor_amortised_ns")
    return {"equivalence": SEQLOCKS[name], "classes": once.executions if once else None,
            "blocked": once.blocked if once else None,
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


@verb("bench", "measure what exploring costs", held="measured",
      failed="something that was measured is impossible",
      examples=("", "--kernel 6.12", "--json bench.json"), kept=True)
@kernel_options(kernels.DEFAULT)
@json_option
@pass_layout
def command(layout: Layout, kernel: Sequence[str], json_to: str | None) -> int:
    """Whether all was measured."""
    chosen = [kernels.choose(name, layout) for name in kernel or [kernels.DEFAULT]]
    with lock.held(layout.lock, journal.KEEPS), journal.keeping(layout, "bench") as done:
        benches = [measure(one, layout, done) for one in chosen]
    data = {"format": 1, "cpu": machine.cpu_model(), "kernels": [made.json() for made in benches]}
    answer.give(report(benches), data, json_to)
    failed = sum(len(made.problems) for made in benches)
    check_counts.add("bench", sum(made.measured for made in benches), failed)
    return 1 if failed else 0

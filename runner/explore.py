# SPDX-License-Identifier: GPL-2.0
"""The verb `explore`: every execution of scenarios, and what is wrong in any of them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from runner import boots, draw, results, schedule
from runner.boots import Run
from runner.causes import Kind
from runner.errors import TkfiError
from runner.kernels import Kernel
from runner.kunit_tool import Ask, KunitTool
from runner.layout import Layout
from runner.progress import step
from runner.replay import Replayed, explanation, replay, values
from runner.results import Explored, Header, Violation
from runner.scenarios import GIVEN, Scenario
from runner.suites import messages

# What there is in the kernel's half, and which of the options below each strategy takes.
STRATEGIES: Mapping[str, frozenset[str]] = {
    "dpor": frozenset({"time"}),
    "dfs": frozenset({"preemptions", "time"}),
    "random": frozenset({"seed", "time"}),
    "pos": frozenset({"seed", "time"}),
    "pct": frozenset({"seed", "time"}),
}
DEFAULT = "dpor"
_PARAMETERS = {"preemptions": "preemptions", "seed": "seed", "time": "seconds"}  # tkfi.*, by option
_PATIENCE = 3600  # seconds a boot may take, and more if it was told how long to explore
_NEW, _EXPLORED = "new: ", b'"type":"explored"'


@dataclass(frozen=True)
class Request:
    """How to explore: a strategy, and what it was told by option."""

    strategy: str = DEFAULT
    options: Mapping[str, int] = field(default_factory=dict)
    jobs: int = 1

    def check(self) -> None:
        """Raises TkfiError, listing what there is, when the strategy is none or takes no such option."""
        if self.strategy not in STRATEGIES:
            raise TkfiError(f"unknown strategy '{self.strategy}'; there are: {', '.join(STRATEGIES)}")
        takes = STRATEGIES[self.strategy]
        for option in self.options:
            if option not in takes:
                there = ", ".join(f"--{name}" for name in sorted(takes)) or "no options"
                raise TkfiError(f"strategy {self.strategy} takes no --{option}; it takes {there}")

    @property
    def parameters(self) -> list[str]:
        """What the kernel is told; nothing of what is so anyway."""
        told = {} if self.strategy == DEFAULT else {"strategy": self.strategy}
        told |= {_PARAMETERS[option]: str(value) for option, value in self.options.items()}
        return [f"tkfi.{name}={value}" for name, value in told.items()]

    @property
    def timeout(self) -> int:
        """Seconds a boot for one scenario may take."""
        return _PATIENCE + self.options.get("time", 0)


@dataclass(frozen=True)
class Problem:
    """Something besides violations; failed says whether it is the kernel that is at fault."""

    text: str
    failed: bool


@dataclass(frozen=True)
class Found:
    """A violation, its schedule ("" if it does not fit into one), and how to see it again."""

    violation: Violation
    schedule: str

    def json(self) -> dict[str, Any]:
        """For a program."""
        return {**asdict(self.violation), "schedule": self.schedule}


@dataclass(frozen=True)
class Exploration:
    """What was explored of so many scenarios, in their order, and all that was found. A replay has its
    violation's number."""

    kernel: Kernel
    header: Header
    strategy: str
    scenarios: int
    explored: Sequence[Explored]
    violations: Sequence[Found]
    problems: Sequence[Problem]
    replays: Mapping[int, Replayed] = field(default_factory=dict)

    @property
    def new(self) -> dict[int, Found]:
        """What is not known, by its number."""
        return {number: found for number, found in enumerate(self.violations)
                if not found.violation.known}

    @property
    def status(self) -> int:
        """The exit status: what the kernel does wrong counts before what could not be done."""
        if self.new or any(problem.failed for problem in self.problems):
            return 1
        return 2 if self.problems else 0

    def json(self) -> dict[str, Any]:
        """For a program; the README has the fields others rely on."""
        return {"format": results.FORMAT, "kernel": self.header.kernel, "variant": self.header.variant,
                "compiler": self.header.compiler, "strategy": self.strategy, "held": not self.status,
                "scenarios": [{"name": one.scenario, **asdict(one)} for one in self.explored],
                "violations": [found.json() for found in self.violations],
                "problems": [problem.text for problem in self.problems]}

    def text(self) -> str:
        """For a person: the table, what is known, what is new with its diagrams, and the sum."""
        title = f"Linux {self.header.kernel} ({self.header.variant}), strategy {self.strategy}"
        return "\n\n".join([title, *self._table(), *self._known(), *self._news(),
                            *(problem.text for problem in self.problems), self._sum()])

    def _table(self) -> list[str]:
        rows = [[one.scenario, f"{one.classes:,}", "yes" if one.complete else "no",
                 *(str(sum(found.violation.known is known for found in self.violations
                           if found.violation.scenario == one.scenario)) for known in (True, False)),
                 f"{one.ns / 1e6:,.1f}"] for one in self.explored]
        heading = ["scenario", "classes", "complete", "known", "new", "time, ms"]
        return [draw.table(heading, rows)] if rows else []

    def _known(self) -> list[str]:
        """One of each reason, the plainest."""
        by_reason: dict[tuple[str, str], list[Found]] = {}
        for found in self.violations:
            if found.violation.known:
                by_reason.setdefault((found.violation.oracle, found.violation.reason), []).append(found)
        lines = []
        for (oracle, reason), those in by_reason.items():
            names = ", ".join(dict.fromkeys(found.violation.scenario for found in those))
            plainest = min(those, key=lambda found: found.violation.cost)
            lines += [f"known, {oracle} in {names}: {reason}", self._command(plainest)]
        return ["\n".join(lines)] if lines else []

    def _news(self) -> list[str]:
        parts = []
        for number, found in self.new.items():
            one, again = found.violation, self.replays.get(number)
            times = draw.count(one.findings, "execution")
            parts += [f"NEW, {one.oracle} in {one.scenario} ({times}): {values(one)}\n"
                      + self._command(found),
                      *filter(None, [again.diagram(), explanation(one)] if again else [])]
        return parts

    def _command(self, found: Found) -> str:
        """How to see it again."""
        if not found.schedule:
            return "  its schedule has too many turns to be printed"
        tree = f" --kernel {shlex.quote(str(self.kernel.path))}" if self.kernel.path else ""
        return f"  ./tkfi replay {shlex.quote(found.schedule)}{tree}"

    def _sum(self) -> str:
        classes = sum(one.classes for one in self.explored)
        complete = sum(one.complete for one in self.explored)
        known = draw.count(len(self.violations) - len(self.new), "known violation")
        return (f"{complete} of {draw.count(self.scenarios, 'scenario')} explored to the end, "
                f"{draw.count(classes, 'class', 'es')}: {known}, {len(self.new)} new.")


def explore(kernel: Kernel, scenarios: Sequence[Scenario], request: Request, layout: Layout, *,
            every: bool = False) -> Exploration:
    """Prepare, build and boot; every says that scenarios are all that are shipped. What is new is replayed
    on boots of its own.

    Raises TkfiError when the kernel reported nothing at all.
    """
    request.check()
    tool = boots.build(kernel, layout)
    shares = divide(scenarios, request, every=every)
    title = f"Exploring {draw.count(len(scenarios), 'scenario')} on {kernel.title}"
    with step(title) as shown:
        runs = boots.run_all(tool, [ask for ask, _ in shares], at_once=request.jobs,
                             progress=lambda files: shown.update(
                                 f"{explored_in(files)} of {len(scenarios)}"))
    made = exploration(kernel, [(run, share) for run, (_, share) in zip(runs, shares)], request.strategy)
    return replayed(made, tool, scenarios)


def divide(scenarios: Sequence[Scenario], request: Request, *,
           every: bool) -> list[tuple[Ask, Sequence[Scenario]]]:
    """The boots, and which scenarios each explores: one for all, or else one for each, as the kernel takes
    one name or text."""
    if every and request.jobs == 1:
        return [(Ask("tkfi_explore.shipped", "explore", request.parameters,
                     request.timeout * len(scenarios)), scenarios)]
    return [(Ask(f"tkfi_explore.{'shipped' if scenario.shipped else GIVEN}", f"explore-{number}",
                 [f'tkfi.scenario="{scenario.parameter}"', *request.parameters], request.timeout),
             [scenario]) for number, scenario in enumerate(scenarios, 1)]


def explored_in(files: Sequence[Path]) -> int:
    """How many scenarios are done, by files that grow."""
    return sum(file.read_bytes().count(_EXPLORED) for file in files if file.exists())


def exploration(kernel: Kernel, runs: Sequence[tuple[Run, Sequence[Scenario]]],
                strategy: str) -> Exploration:
    """All boots together. Raises TkfiError when none of them reported anything."""
    explored: list[Explored] = []
    violations: list[Found] = []
    problems: list[Problem] = []
    for run, scenarios in runs:
        explored += _done(run, scenarios, strategy, problems)
        violations += _found(run, scenarios, problems)
        problems += _problems(run, scenarios)
    header = next((run.found.header for run, _ in runs if run.found.header), None)
    if not header and problems and not any(problem.failed for problem in problems):
        raise TkfiError("\n".join(dict.fromkeys(problem.text for problem in problems)))
    header = header or Header(results.FORMAT, kernel.name, kernel.variant, "")
    count = sum(len(scenarios) for _, scenarios in runs)
    return Exploration(kernel, header, strategy, count, explored, violations, list(dict.fromkeys(problems)))


def replayed(made: Exploration, tool: KunitTool, scenarios: Sequence[Scenario]) -> Exploration:
    """With what is new replayed; one that does not come to the same on a fresh boot is a problem."""
    replays: dict[int, Replayed] = {}
    problems = list(made.problems)
    by_name = {scenario.name: scenario for scenario in scenarios}
    for number, found in made.new.items():
        if not found.schedule:
            continue
        try:
            again = replay(tool, by_name[found.violation.scenario], schedule.parse(found.schedule),
                           name=f"replay-{number}")
        except TkfiError as error:
            problems.append(Problem(str(error), failed=error.status == 1))
            continue
        if found.violation.found in [violation.found for violation in again.violations]:
            replays[number] = again
        else:
            problems.append(Problem("[tkfi internal bug] on a fresh boot this schedule comes to something "
                                    f"else: {found.schedule}", failed=False))
    return replace(made, problems=problems, replays=replays)


def _done(run: Run, scenarios: Sequence[Scenario], strategy: str,
          problems: list[Problem]) -> list[Explored]:
    """What the kernel reported of each scenario, under its own name."""
    done = []
    for scenario in scenarios:
        reports = [one for one in run.found.explored if one.scenario == _kernels_name(scenario)]
        if len(reports) > 1:
            problems.append(Problem(f"{scenario.name} is reported {len(reports)} times", failed=False))
        elif reports and reports[0].strategy != strategy:
            problems.append(Problem(f"{scenario.name} was explored by {reports[0].strategy}, "
                                    f"not by {strategy}", failed=False))
        done += [replace(one, scenario=scenario.name) for one in reports[:1]]
    return done


def _found(run: Run, scenarios: Sequence[Scenario], problems: list[Problem]) -> list[Found]:
    """The violations, each with a schedule that can stand alone."""
    found = []
    for scenario in scenarios:
        for violation in run.found.violations:
            if violation.scenario != _kernels_name(scenario):
                continue
            line = ""
            try:
                line = str(schedule.parse(violation.schedule).of(scenario)) if violation.fits else ""
            except TkfiError as error:
                problems.append(Problem(f"{scenario.name}: a schedule that cannot be read: {error}",
                                        failed=False))
            found.append(Found(replace(violation, scenario=scenario.name), line))
    return found


def _problems(run: Run, scenarios: Sequence[Scenario]) -> list[Problem]:
    """What else a boot says: how it ended, what the kernel's own checks found, what is not there."""
    boot, found = run.boot, run.found
    missing = [scenario.name for scenario in scenarios
               if _kernels_name(scenario) not in [one.scenario for one in found.explored]]
    reported = {one.scenario for one in found.explored} | {one.scenario for one in found.violations}
    strange = reported - {_kernels_name(scenario) for scenario in scenarios}
    problems = [Problem(f"the kernel reports a scenario '{name}' that it was not asked for", failed=False)
                for name in sorted(strange)]
    problems += [Problem(text, failed=False) for text in found.problems if not found.missing]
    if boot.cause and boot.cause.kind is Kind.FAILED:
        said = [text for text in messages(boot.output) if not text.startswith(_NEW)]
        problems += [Problem(f"{', '.join(missing)}: {text}" if missing else text, failed=not missing)
                     for text in said]
        if not said and not any(not violation.known for violation in found.violations):
            problems.append(Problem(boot.failure(), failed=True))
    elif boot.cause:
        problems.append(Problem(boot.failure(), failed=boot.cause.kind in (Kind.PANIC, Kind.TIMEOUT)))
    if missing and not problems:
        problems.append(Problem(f"not explored: {', '.join(missing)}; full log: {boot.console}",
                                failed=False))
    return problems


def _kernels_name(scenario: Scenario) -> str:
    return scenario.name if scenario.shipped else GIVEN

# SPDX-License-Identifier: GPL-2.0
"""The verb `explore`: every execution of scenarios, and what is wrong in any of them."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from runner import process
from runner.boot import boots, results, shared_boots
from runner.boot.boots import Run
from runner.boot.causes import Kind
from runner.boot.results import Explored, Header, Violation
from runner.boot.suites import messages
from runner.errors import INTERRUPTED, InputError, Interrupted, TestFailure, TkfiError
from runner.explore import coverage, kept_states, scenario_parts, schedule
from runner.explore.kept_states import Kept
from runner.explore.replay import Replayed, replay_all
from runner.explore.rounds import Limit, Rounds, Runs, by_scenario
from runner.explore.scenario_parts import Piece
from runner.explore.scenarios import Scenario
from runner.kernel import builder
from runner.kernel.kernels import Kernel
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout
from runner.nearest import nearest
from runner.plural import counted
from runner.report import diagram

# What there is in the kernel's half, and which of the options below each strategy takes.
STRATEGIES: Mapping[str, frozenset[str]] = {
    "dpor": frozenset({"preemptions", "time"}),
    "dfs": frozenset({"preemptions", "time"}),
    "random": frozenset({"executions", "seed", "time"}),
    "pos": frozenset({"executions", "seed", "time"}),
    "pct": frozenset({"depth", "executions", "seed", "time"}),
}
DEFAULT = "dpor"
SAMPLES = 10000  # executions of a strategy that samples and was told neither how many nor how long


@dataclass(frozen=True)
class Option:
    """A number that a strategy may be told: from least to most, which is what the kernel takes."""

    least: int
    most: int
    about: str


OPTIONS: Mapping[str, Option] = {
    "preemptions": Option(0, (1 << 31) - 1, (
        "of dpor and dfs: look only at executions with at most so many (dpor: no bound; dfs: 2)")),
    "executions": Option(1, (1 << 63) - 1, (
        f"of random, pos and pct: how many ({SAMPLES}; with --time as many as there is time for)")),
    "seed": Option(0, (1 << 63) - 1, "of random, pos and pct: number of the first execution (0)"),
    "depth": Option(1, 8, "of pct: of the bugs that it looks for (3)"),
}
_NEW = "new: "
_NOT_WRITTEN = re.compile(r"tkfi: (cannot write \S+|the state .* cannot be kept): -(\d+)")


@dataclass(frozen=True)
class Request:
    """How to explore: a strategy, what it was told by option, so many kernels at once, and whether what an
    earlier run did is not to be done again."""

    strategy: str = DEFAULT
    options: Mapping[str, int] = field(default_factory=dict)
    jobs: int = 1
    resume: bool = False

    def check(self) -> None:
        """Raises TkfiError when there is no such strategy, or it takes no such option."""
        if self.strategy not in STRATEGIES:
            raise TkfiError(f"unknown strategy '{self.strategy}'; "
                            f"{nearest(self.strategy, STRATEGIES, './tkfi explore --help')}")
        takes = STRATEGIES[self.strategy]
        for option in self.options:
            if option not in takes:
                there = ", ".join(f"--{name}" for name in sorted(takes)) or "no options"
                raise TkfiError(f"strategy {self.strategy} takes no --{option}; it takes {there}")

    @property
    def name(self) -> str:
        """Of what is kept: one exploration may be given more time or executions, or no limit."""
        told = sorted(f"{name}={value}" for name, value in self.options.items()
                      if name not in ("time", "executions"))
        return "-".join([self.strategy, *told])

    @property
    def executions(self) -> int | None:
        """The most of a scenario; None for as many as there are, or as there is time for."""
        if "executions" not in STRATEGIES[self.strategy]:
            return None
        return self.options.get("executions", None if "time" in self.options else SAMPLES)

    @property
    def parameters(self) -> list[str]:
        """What the kernel is told; nothing of what is so anyway. The time is for each boot to know."""
        told = {} if self.strategy == DEFAULT else {"strategy": self.strategy}
        told |= {name: str(value) for name, value in self.options.items() if name != "time"}
        if self.executions is not None:
            told["executions"] = str(self.executions)
        return [f"tkfi.{name}={value}" for name, value in told.items()]

    def divide(self, scenarios: int) -> int:
        """Into how many parts each of so many scenarios is divided; a search within a bound is not."""
        if self.strategy != DEFAULT or "preemptions" in self.options:
            return 1
        return scenario_parts.how_many(scenarios, self.jobs, timed="time" in self.options)


@dataclass(frozen=True)
class Problem:
    """Something besides violations; failed says whether it is the kernel that is at fault."""

    text: str
    failed: bool


@dataclass(frozen=True)
class Found:
    """A violation, its schedule ("" if it does not fit into one), and whether its scenario was not explored
    to its end, so that there may be more findings than are counted."""

    violation: Violation
    schedule: str
    so_far: bool = False

    def json(self) -> dict[str, Any]:
        """For a program."""
        return {**vars(self.violation), "schedule": self.schedule, "so_far": self.so_far}

    @property
    def times(self) -> str:
        """How it was found: in how many executions."""
        if not self.violation.findings:
            return "by the search for plainer schedules alone"
        return f"in {'at least ' if self.so_far else ''}{counted(self.violation.findings, 'execution')}"


@dataclass(frozen=True)
class Exploration:
    """What was explored of so many scenarios, in their order, and all that was found. vcpus are the names
    of each one's VCPUs; begun says what is known of explorations that did not come to their end; absent are
    scenarios that are not for this kernel."""

    kernel: Kernel
    header: Header
    strategy: str
    scenarios: int
    explored: Sequence[Explored]
    violations: Sequence[Found]
    problems: Sequence[Problem]
    vcpus: Mapping[str, Sequence[str]] = field(default_factory=dict)
    begun: Sequence[str] = ()
    absent: Sequence[str] = ()
    stopped: bool = False

    @property
    def title(self) -> str:
        """What was explored."""
        return f"Linux {self.header.kernel} ({self.header.variant}), strategy {self.strategy}"

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
        return 2 if self.problems else INTERRUPTED if self.stopped else 0

    def json(self) -> dict[str, Any]:
        """For a program; the README has the fields others rely on."""
        return {"format": results.FORMAT, "kernel": self.header.kernel, "variant": self.header.variant,
                "compiler": self.header.compiler, "strategy": self.strategy, "held": not self.status,
                "stopped": self.stopped, "absent": list(self.absent),
                "scenarios": [{"name": one.scenario, **vars(one)} for one in self.explored],
                "violations": [found.json() for found in self.violations],
                "problems": [problem.text for problem in self.problems]}

    def rows(self, explored: Sequence[Explored]) -> tuple[list[str], list[list[str]]]:
        """The heading of a table of these, and its lines."""
        unit = results.unit(self.strategy)
        rows = [[one.scenario, f"{getattr(one, unit):,}", coverage.cell(one),
                 *(str(sum(found.violation.known is known for found in self.violations
                           if found.violation.scenario == one.scenario)) for known in (True, False)),
                 f"{one.ns / 1e6:,.1f}"] for one in explored]
        return ["scenario", unit, f"complete{self._within}", "known", "new", "time, ms"], rows

    def diagram(self, found: Found) -> str:
        """What happened in a violation's execution until it showed; "" if nobody executed its schedule
        again."""
        one = found.violation
        vcpus = self.vcpus.get(one.scenario, ())
        return diagram.diagram(one.events, vcpus=vcpus, violations=[one], whole=False) if one.events else ""

    @property
    def _within(self) -> str:
        """What "complete" is relative to."""
        bound = next((one.preemptions for one in self.explored if one.preemptions is not None), None)
        return "" if bound is None else f" within {counted(bound, 'preemption')}"

    def command(self, found: Found) -> str:
        """How to see it again."""
        if not found.schedule:
            return "  its schedule has too many turns to be printed"
        tree = f" --kernel {shlex.quote(str(self.kernel.path))}" if self.kernel.path else ""
        return f"  ./tkfi replay {shlex.quote(found.schedule)}{tree}"

    def sum(self) -> str:
        """The last sentence."""
        explored = (counted(sum(one.classes for one in self.explored), "class", "es")
                    if results.unit(self.strategy) == "classes" else
                    counted(sum(one.executions for one in self.explored), "execution"))
        complete = sum(one.complete for one in self.explored)
        known = counted(len(self.violations) - len(self.new), "known violation")
        scenarios = counted(self.scenarios, "scenario")
        return (f"{complete} of {scenarios} explored to the end{self._within}, {explored}: "
                f"{known}, {len(self.new)} new.")


class Stopped(Interrupted):
    """A signal asked us to stop, when this had been found."""

    def __init__(self, stop: Interrupted, made: Exploration) -> None:
        super().__init__(stop.signal)
        self.made = made


def explore(kernel: Kernel, scenarios: Sequence[Scenario], request: Request, layout: Layout, *,
            replay: bool = False) -> Exploration:
    """Prepare, build and boot, once for all scenarios, or for each part of one where that keeps more
    kernels busy. If replay is asked for, every violation is replayed on a boot of its own.

    Raises TkfiError when the kernel reported nothing at all, and Stopped.
    """
    request.check()
    tool = builder.build(kernel, layout)
    place = layout.explored(kernel.place)
    # The kernels, and the kunit.py of each, which would say of another boot that it crashed.
    process.end_strays(f"tkfi.result={place}/", f"--kernel_args=tkfi.result={place}/")
    kept = Kept(place / request.name,
                kept_states.digest_of(layout.objects(kernel.place) / "linux"))
    begin = kept.resume if request.resume else kept.begin
    (shared_boots.recover if request.resume else shared_boots.forget)(kept.directory)
    shares = request.divide(len(scenarios))
    rounds = Rounds(tool, kept, {scenario: begin(scenario, shares) for scenario in scenarios},
                    request.parameters, results.unit(request.strategy), request.jobs,
                    Limit(request.options.get("time"), shares, request.executions))
    try:
        made = _located(tool, exploration(kernel, rounds.run(), request.strategy))
    except Interrupted as stop:
        raise Stopped(stop, _located(tool, exploration(kernel, rounds.so_far(), request.strategy,
                                                       stopped=True))) from None
    if not replay:
        return made
    try:
        return replayed(made, tool, scenarios, jobs=request.jobs)
    except Interrupted as stop:
        raise Stopped(stop, replace(made, stopped=True)) from None


def exploration(kernel: Kernel, runs: Runs, strategy: str, *, stopped: bool = False) -> Exploration:
    """All boots together; of those that were stopped it is no problem what they did not do.

    Raises TkfiError when none of them reported anything.
    """
    explored: list[Explored] = []
    violations: list[Found] = []
    problems: list[Problem] = []
    scenarios = by_scenario(runs)
    for those in scenarios.values():
        done = _done(those, strategy, problems)
        explored += done
        violations += _found(those, done, problems)
        problems += _not_found(those)
    begun = [coverage.so_far(scenario.name, sum(found.violation.scenario == scenario.name
                                                for found in violations), stopped=stopped)
             for scenario, those in scenarios.items() if not all(run.found.explored for _, run in those)
             and any(run.found.progress or run.found.explored for _, run in those)]
    for piece, run in [] if stopped else runs:
        problems += _problems(piece, run)
    for console in dict.fromkeys(run.boot.console for _, run in runs if not stopped):
        problems += _not_written(console)
    absent = {name for _, run in runs for name in run.found.absent}
    if absent and len(absent) == len(scenarios):
        problems.append(Problem(f"not for this kernel: {', '.join(sorted(absent))}", failed=False))
    header = next((run.found.header for _, run in runs if run.found.header), None)
    nothing = not header or all(run.found.malformed for _, run in runs)
    if nothing and problems and not any(problem.failed for problem in problems):
        raise TkfiError("\n".join(dict.fromkeys(problem.text for problem in problems)))
    header = header or Header(results.FORMAT, kernel.name, kernel.variant, "")
    return Exploration(kernel, header, strategy, len(scenarios) - len(absent), explored, violations,
                       list(dict.fromkeys(problems)),
                       vcpus={scenario.name: scenario.vcpus for scenario in scenarios},
                       begun=begun, absent=sorted(absent), stopped=stopped)


def _located(tool: KunitTool, made: Exploration) -> Exploration:
    """With the source line of each access, where it is known."""
    violations = boots.located(tool, [found.violation for found in made.violations])
    return replace(made, violations=[replace(found, violation=violation)
                                     for found, violation in zip(made.violations, violations)])


def replayed(made: Exploration, tool: KunitTool, scenarios: Sequence[Scenario], *,
             jobs: int = 1) -> Exploration:
    """With every violation replayed; one that does not come to the same on a fresh boot, event by event, is
    a problem."""
    problems = list(made.problems)
    by_name = {scenario.name: scenario for scenario in scenarios}
    found = [one for one in made.violations if one.schedule]
    answers = replay_all(tool, {f"replay-{number}": (by_name[one.violation.scenario],
                                                     schedule.parse(one.schedule))
                                for number, one in enumerate(found)}, jobs=jobs)
    for one, again in zip(found, answers):
        if isinstance(again, TkfiError):
            problems.append(Problem(str(again), failed=isinstance(again, TestFailure)))
        elif not _is_same(one.violation, again):
            problems.append(Problem("[tkfi internal bug] on a fresh boot this schedule comes to something "
                                    f"else: {one.schedule}", failed=False))
    return replace(made, problems=problems)


def _is_same(violation: Violation, again: Replayed) -> bool:
    """Whether a replay found the violation, and its events are those that the exploration showed."""
    events = [replace(event, case="") for event in violation.events]
    return violation.found in [one.found for one in again.violations] and (
        not events or events == [replace(event, case="") for event in again.events])


def _done(runs: Runs, strategy: str, problems: list[Problem]) -> list[Explored]:
    """What the kernel reported of a scenario, all parts together, under its own name."""
    done = []
    for piece, run in runs:
        reports = [one for one in run.found.explored if one.scenario == piece.kernels_name]
        if len(reports) > 1:
            problems.append(Problem(f"{piece.words} is reported {len(reports)} times", failed=False))
        elif reports and reports[0].strategy != strategy:
            problems.append(Problem(f"{piece.words} was explored by {reports[0].strategy}, "
                                    f"not by {strategy}", failed=False))
        elif reports and reports[0].part not in (piece.part or "0/1", piece.part):
            problems.append(Problem(f"{piece.words}: the kernel explored '{reports[0].part}' of it",
                                    failed=False))
        elif not reports and run.found.progress:
            reports = [scenario_parts.begun(run.found.progress, strategy)]
        done += reports[:1]
    if not done:
        return []
    whole = scenario_parts.unite(done)
    return [replace(whole, scenario=runs[0][0].scenario.name,
                    complete=whole.complete and len(done) == len(runs))]


def _found(runs: Runs, done: Sequence[Explored], problems: list[Problem]) -> list[Found]:
    """The violations of a scenario, each with a schedule that can stand alone."""
    found = []
    scenario = runs[0][0].scenario
    so_far = not all(run.found.explored for _, run in runs)
    violations = scenario_parts.merge(one for piece, run in runs for one in run.found.violations
                                      if one.scenario == piece.kernels_name)
    if len(runs) > 1 and done:
        violations = scenario_parts.proved(violations, done[0])
    for violation in violations:
        line = ""
        try:
            line = str(schedule.parse(violation.schedule).of(scenario)) if violation.fits else ""
        except TkfiError as error:
            problems.append(Problem(f"{scenario.name}: a schedule that cannot be read: {error}",
                                    failed=False))
        found.append(Found(replace(violation, scenario=scenario.name), line, so_far))
    return found


def _not_found(runs: Runs) -> list[Problem]:
    """What is known and in none of the parts; a scenario that is not divided says so itself."""
    reasons = [{one.reason for one in run.found.not_found} for _, run in runs]
    return [Problem(f"{runs[0][0].scenario.name}: known, but not found: {reason}", failed=True)
            for reason in sorted(set.intersection(*reasons))]


def _problems(piece: Piece, run: Run) -> list[Problem]:
    """What else a boot says: how it ended, what the kernel's own checks found, what is not there."""
    boot, found = run.boot, run.found
    if found.malformed:
        name, text = piece.scenario.name, piece.scenario.text
        return [Problem(str(InputError(text, one.at, 1, f"{name}: {one.why}")), failed=False)
                for one in found.malformed]
    if found.refused:
        return [Problem(f"{piece.words} cannot go on from what is kept: {one.why}; explore without "
                        "--resume, from the beginning", failed=False) for one in found.refused]
    missing = piece.kernels_name not in [*(one.scenario for one in found.explored), *found.absent]
    reported = {one.scenario for one in found.explored} | {one.scenario for one in found.violations}
    problems = [Problem(f"the kernel reports a scenario '{name}' that it was not asked for", failed=False)
                for name in sorted(reported - {piece.kernels_name})]
    problems += [Problem(text, failed=False) for text in found.problems if not found.missing]
    problems += [Problem(one.text, failed=not missing) for one in found.failures]
    if boot.cause and boot.cause.kind is Kind.FAILED:
        if found.failures:
            return problems
        said = [text for text in messages(boot.output) if not text.startswith(_NEW)]
        problems += [Problem(f"{piece.words}: {text}" if missing else text, failed=not missing)
                     for text in said]
        if not said and not any(not violation.known for violation in found.violations):
            problems.append(Problem(f"{piece.words}: {boot.failure()}", failed=True))
    elif boot.cause:
        problems.append(Problem(f"{piece.words}: {boot.failure()}",
                                failed=boot.cause.kind in (Kind.PANIC, Kind.TIMEOUT)))
    if missing and not problems:
        problems.append(Problem(f"{piece.words} was not explored; full log: {boot.console}", failed=False))
    return problems


def _not_written(console: Path) -> list[Problem]:
    """What the kernel could not write: nothing is to be missed for want of disk space."""
    text = console.read_text(encoding="utf-8", errors="replace") if console.exists() else ""
    return [Problem(f"the kernel says: {what}: {os.strerror(int(number))}. Once it can be written, the "
                    "same command with --resume goes on", failed=False)
            for what, number in dict.fromkeys(_NOT_WRITTEN.findall(text))]

# SPDX-License-Identifier: GPL-2.0
"""What an exploration comes to: all its boots together, what they found, and what went wrong."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from runner.boot import results
from runner.boot.boots import Run
from runner.boot.causes import Kind
from runner.boot.kunit_output import messages
from runner.boot.records import Cause, Explored, Header, Violation
from runner.errors import INTERRUPTED, InputError, TkfiError
from runner.explore import coverage, scenario_parts, schedule
from runner.explore.replay import Replayed
from runner.explore.rounds import Runs, by_scenario
from runner.explore.scenario_parts import Piece
from runner.explore.scenarios import Scenario, base_of
from runner.kernel.kernels import Kernel

_NOT_WRITTEN = re.compile(r'tkfi: ({"type":"not_written",.*})')


@dataclass(frozen=True)
class Problem:
    """Something besides violations; failed says whether it is the kernel that is at fault. cause: of what
    is known it was not found, which is no fault of a kernel that somebody mended."""

    text: str
    failed: bool
    cause: str = ""


@dataclass(frozen=True)
class Found:
    """A violation, its schedule ("" if it does not fit into one), and whether its scenario was not explored
    to its end, so that there may be more findings than are counted."""

    violation: Violation
    schedule: str
    so_far: bool = False

    def json(self) -> dict[str, Any]:
        """For a program."""
        made = {"class" if name == "cause_class" else name: value
                for name, value in vars(self.violation).items()}
        made |= {"schedule": self.schedule, "so_far": self.so_far}
        if not self.violation.is_outcome:
            del made["observed"]
        return made


@dataclass(frozen=True)
class Exploration:
    """What was explored of so many scenarios, by one clock or several, in their order, and all that was
    found. vcpus are the names
    of each one's VCPUs; begun says what is known of explorations that did not come to their end; absent are
    scenarios that are not for this kernel; not_found are causes that one of all scenarios should show.
    outcomes are executions with an outcome that was asked for, told is what was asked for besides
    violations: "outcomes", "outcome", "coverage". shown are executions of scenarios in which nothing new
    was found, if they were asked for."""

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
    not_found: Sequence[str] = ()
    stopped: bool = False
    outcomes: Sequence[Found] = ()
    told: frozenset[str] = frozenset()
    shown: Sequence[Replayed] = ()

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
        """For a program."""
        return {"format": results.FORMAT, "kernel": self.header.kernel, "variant": self.header.variant,
                "compiler": self.header.compiler, "strategy": self.strategy, "held": not self.status,
                "stopped": self.stopped, "absent": list(self.absent), "not_found": list(self.not_found),
                "scenarios": [self._scenario_json(one) for one in self.explored],
                "violations": [found.json() for found in self.violations],
                **({"outcomes": [found.json() for found in self.outcomes]}
                   if "outcome" in self.told else {}),
                **({"shown": [made.json() for made in self.shown]} if self.shown else {}),
                "problems": [problem.text for problem in self.problems]}

    def _scenario_json(self, one: Explored) -> dict[str, Any]:
        made: dict[str, Any] = {"name": one.scenario, **vars(one)}
        outcomes, ips, watched = made.pop("outcome_set"), made.pop("ip_set"), made.pop("executed_in")
        if "outcomes" in self.told:
            made |= {"outcomes": None if outcomes is None else len(outcomes),
                     "outcomes_digest": one.outcomes_digest}
        if "coverage" in self.told:
            made |= {"executed": None if ips is None else sorted(ips), "executed_in": watched}
        return made


def whole(kernel: Kernel, runs: Runs, strategy: str, *, stopped: bool = False,
          told: Iterable[str] = ()) -> Exploration:
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
    begun = [coverage.so_far(scenario.name, sum(found.violation.scenario == scenario.name
                                                for found in violations), stopped=stopped)
             for scenario, those in scenarios.items() if not all(run.found.explored for _, run in those)
             and any(run.found.progress or run.found.explored for _, run in those)]
    for piece, run in [] if stopped else runs:
        problems += _problems(piece, run)
    for console in dict.fromkeys(run.boot.console for _, run in runs if not stopped):
        problems += _not_written(console)
    absent = {piece.scenario.name for piece, run in runs
              if piece.scenario.kernels_name in run.found.absent}
    if absent and len(absent) == len(scenarios):
        problems.append(Problem(f"not for this kernel: {', '.join(_bases(absent))}", failed=False))
    not_found = _not_found(scenarios, explored, violations, absent)
    problems += [Problem(f"known, but not found: {one.cause}: {one.reason}", failed=True, cause=one.cause)
                 for one in not_found]
    header = next((run.found.header for _, run in runs if run.found.header), None)
    nothing = not header or all(run.found.malformed for _, run in runs)
    if nothing and problems and not any(problem.failed for problem in problems):
        raise TkfiError("\n".join(dict.fromkeys(problem.text for problem in problems)))
    header = header or Header(results.FORMAT, kernel.name, kernel.variant, "")
    outcomes = [found for found in violations if found.violation.is_outcome]
    violations = [found for found in violations if not found.violation.is_outcome]
    if "outcome" in told:
        problems += _not_met(explored, outcomes)
    there = _bases(scenario.name for scenario in scenarios if scenario.name not in absent)
    return Exploration(kernel, header, strategy, len(there), explored, violations,
                       list(dict.fromkeys(problems)), outcomes=outcomes, told=frozenset(told),
                       vcpus={scenario.name: scenario.vcpus for scenario in scenarios},
                       begun=begun, absent=_bases(absent), not_found=[one.cause for one in not_found],
                       stopped=stopped)


def _bases(names: Iterable[str]) -> list[str]:
    """Without their clocks."""
    return sorted({base_of(name) for name in names})


def _not_met(explored: Sequence[Explored], outcomes: Sequence[Found]) -> list[Problem]:
    """Scenarios that were explored, and no execution of which had the outcome that was asked for."""
    met = {found.violation.scenario for found in outcomes}
    return [Problem(f"{one.scenario}: no execution with that outcome"
                    f"{'' if one.complete else ' so far'}", failed=False)
            for one in explored if one.scenario not in met]


def _done(runs: Runs, strategy: str, problems: list[Problem]) -> list[Explored]:
    """What the kernel reported of a scenario, all parts together, under its own name."""
    done = []
    for piece, run in runs:
        reports = [one for one in run.found.explored if one.scenario == piece.scenario.kernels_name]
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
                                      if one.scenario == piece.scenario.kernels_name)
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


def _not_found(scenarios: Mapping[Scenario, Runs], explored: Sequence[Explored],
               violations: Sequence[Found], absent: Collection[str]) -> list[Cause]:
    """The causes that none of all scenarios of a subject shows by the first clock, if all were explored to
    the end."""
    whole = {one.scenario for one in explored if one.complete and one.preemptions is None} | {*absent}
    there = Counter(one.subject for one in scenarios if one.shipped and not one.clock
                    and one.name in whole)
    found = {one.violation.cause for one in violations}
    causes = {one.cause: one for runs in scenarios.values() for _, run in runs for one in run.found.causes}
    return [one for one in causes.values()
            if there[one.subject] == one.scenarios and one.cause not in found]


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
    missing = piece.scenario.kernels_name not in [*(one.scenario for one in found.explored), *found.absent]
    reported = {one.scenario for one in found.explored} | {one.scenario for one in found.violations}
    problems = [Problem(f"the kernel reports a scenario '{name}' that it was not asked for", failed=False)
                for name in sorted(reported - {piece.scenario.kernels_name})]
    problems += [Problem(text, failed=False) for text in found.problems if not found.missing]
    problems += [Problem(one.text, failed=not missing) for one in found.failures]
    if boot.cause and boot.cause.kind is Kind.FAILED:
        # The kernel reports all that fails; of a suite that cannot begin there is only what it printed.
        if not found.failures and all(violation.known for violation in found.violations):
            problems += [Problem(f"{piece.words}: {text}", failed=not missing)
                         for text in messages(boot.output) or [boot.failure()]]
    elif boot.cause:
        problems.append(Problem(f"{piece.words}: {boot.failure()}",
                                failed=boot.cause.kind in (Kind.PANIC, Kind.TIMEOUT)))
    if missing and not problems:
        problems.append(Problem(f"{piece.words} was not explored; full log: {boot.console}", failed=False))
    return problems


def _not_written(console: Path) -> list[Problem]:
    """What the kernel could not write: nothing is to be missed for want of disk space."""
    text = console.read_text(encoding="utf-8", errors="replace") if console.exists() else ""
    lines = [json.loads(line) for line in dict.fromkeys(_NOT_WRITTEN.findall(text))]
    return [Problem(f"the kernel cannot write {line['file']}: {os.strerror(-line['error'])}. Once it can "
                    "be written, the same command with --resume goes on", failed=False) for line in lines]

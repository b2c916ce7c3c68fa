# SPDX-License-Identifier: GPL-2.0
"""What is measured of one state of a kernel tree, and kept, so that it is measured once.

All of it can be written as JSON: what was measured of a base is compared by another run.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from runner.boot import lists, suite_batches, suites
from runner.boot.records import KINDS, Event, Violation
from runner.boot.suite_batches import Ran
from runner.explore import explorer, scenarios, stories
from runner.explore.exploration import Exploration
from runner.explore.scenarios import CLOCKS
from runner.explore.strategies import DEFAULT, Request
from runner.errors import TkfiError
from runner.files import write_safely
from runner.journal import Journal
from runner.kernel import builder
from runner.kernel.kernels import Kernel
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout
from runner.premerge import accuracy
from runner.progress import note

FORMAT = 6
STORIES = 3  # operations, at most
_STORIES_TIME = 60  # seconds for each clock; it takes half a second
_HOLD = "tkfi_hold"
_EXPLORED = ("tkfi_explore", "tkfi_stories")  # what these explore is explored within limits
_SYMBOL_TYPES = "tTwW"
_KEPT = 8  # bases whose results are kept of one tree


@dataclass(frozen=True)
class Asked:
    """How much is to be measured: seconds for each scenario, None for as long as it takes; quick leaves out
    the suites that are not fast, the write hold, simulations, and all clocks but the first. times: seconds
    of scenarios, by name, for which they differ."""

    time: int | None = None
    quick: bool = False
    times: Mapping[str, float] = field(default_factory=dict)

    @property
    def request(self) -> Request:
        """The exploration."""
        told = {} if self.time is None else {"time": self.time}
        jobs = len(os.sched_getaffinity(0))
        return Request(DEFAULT, told, jobs, False, outcomes=True, coverage=True, times=self.times)


@dataclass(frozen=True)
class Suite:
    """What came of one KUnit suite: its counts, the cases that failed, and why it did not come to its end,
    "" if it did."""

    passed: int
    failed: int
    skipped: int
    failing: Sequence[str]
    cause: str


@dataclass(frozen=True)
class Measured:
    """Of one state of a tree. violations are those of the exploration, each with the members of
    explore's JSON; functions are the names of all functions of the kernel, holds the accesses with a
    sequence odd, by workload and readers. outcomes are the sets of those scenarios of which they are known;
    executed are, by scenario, the addresses of the last bytes of calls of hooks in the executions that were
    watched. accuracy are figures of simulations, in ns, of several seeds each; stories what stories of up
    to STORIES operations showed, of which so many were performed. story_outcomes are hashes of all values
    that stories show, by clock and the numbers of all steps but the last, "CLOCK NUMBERS"; story_steps the
    texts of steps."""

    kernel: str
    compiler: str
    scenarios: Sequence[Mapping[str, Any]]
    violations: Sequence[Mapping[str, Any]]
    problems: Sequence[Mapping[str, Any]]
    suites: Mapping[str, Suite]
    holds: Mapping[str, int]
    functions: frozenset[str]
    vcpus: Mapping[str, Sequence[str]]
    outcomes: Mapping[str, Sequence[str]]
    executed: Mapping[str, Sequence[int]]
    accuracy: Mapping[str, Sequence[float]]
    stories: Sequence[Mapping[str, Any]]
    performed: int
    story_outcomes: Mapping[str, str] = field(default_factory=dict)
    story_steps: Sequence[str] = ()

    @property
    def classes(self) -> int:
        """Of all scenarios."""
        return sum(one["classes"] for one in self.scenarios)

    @property
    def seconds(self) -> Mapping[str, float]:
        """What each scenario took."""
        return {one["name"]: one["ns"] / 1e9 for one in self.scenarios}

    @property
    def complete(self) -> bool:
        """Whether every scenario was explored to its end."""
        return all(one["complete"] for one in self.scenarios)

    @property
    def failed(self) -> Sequence[str]:
        """What the kernel did wrong besides violations: crashes, hangs, what its own checks found."""
        return [one["text"] for one in self.problems if one["failed"]]

    def json(self) -> dict[str, Any]:
        """For a program."""
        return {**vars(self), "suites": {name: asdict(suite) for name, suite in self.suites.items()},
                "functions": sorted(self.functions)}


def from_json(data: Mapping[str, Any]) -> Measured:
    """What json() made. Raises KeyError or TypeError for anything else."""
    told: dict[str, Any] = {one.name: data[one.name] for one in fields(Measured)}
    told["functions"] = frozenset(data["functions"])
    told["suites"] = {name: Suite(**suite) for name, suite in data["suites"].items()}
    return Measured(**told)


def violation(data: Mapping[str, Any]) -> Violation:
    """A violation of explore's JSON, as the rest of the runner has it."""
    events = tuple(Event(**event) for event in data.get("events", ()))
    made: Violation = KINDS["violation"].read({"cause_class" if name == "class" else name: value
                                               for name, value in data.items() if name != "events"})
    return replace(made, events=events)


def measure(kernel: Kernel, asked: Asked, layout: Layout, done: Journal) -> Measured:
    """Build, run the suites, explore. What is done is not done again. Raises TkfiError when it cannot be
    built, or reports nothing."""
    tool = builder.build(kernel, layout)
    there = lists.of(tool).names("suite")
    wanted = [suite for suite in suites.default(kernel, there) if suite not in _EXPLORED
              and (not asked.quick or _is_fast(suite))]
    wanted += [_HOLD] * (not asked.quick and _HOLD in there)
    ran = suite_batches.run(tool, dict(suites.matching(wanted, kernel, there)), "premerge", kernel.title,
                            done)
    made = explorer.explore(kernel, scenarios.choose([], layout, CLOCKS[:1] if asked.quick else ()),
                            asked.request, layout, done=done, goes_on=True)
    jobs = asked.request.jobs
    found = _measured(tool, made, ran)
    try:
        told = stories.tell(tool, stories.Asked(STORIES, jobs=jobs, time=_STORIES_TIME, outcomes=True),
                            done)
        found = replace(found, stories=[asdict(fault) for fault in told.faults],
                        performed=sum(one.performed for one in told.told.values()),
                        story_steps=told.steps,
                        story_outcomes={" ".join(key): shown for key, shown in told.outcomes.items()})
    except TkfiError as error:
        found = _with_problem(found, f"stories: {error}")
    if asked.quick:
        return found
    try:
        return replace(found, accuracy=accuracy.measure(tool, done))
    except TkfiError as error:
        return _with_problem(found, f"simulation: {error}")


def _with_problem(found: Measured, text: str) -> Measured:
    return replace(found, problems=[*found.problems, {"text": text, "failed": True}])


def _is_fast(suite: str) -> bool:
    """Three take most of the time."""
    return suite not in ("tkfi_series", "tkfi_interleave", "tkfi_reproduce")


def _measured(tool: KunitTool, made: Exploration, ran: Mapping[str, Ran]) -> Measured:
    explored = made.json()
    holds = {f"{hold.workload}, {hold.readers} readers": hold.accesses
             for hold in (ran[_HOLD].found.holds if _HOLD in ran else ()) if hold.hooks}
    return Measured(
        made.header.kernel, made.header.compiler, [
            {name: value for name, value in one.items() if name != "executed"}
            for one in explored["scenarios"]],
        [json.loads(json.dumps(found, default=vars)) for found in explored["violations"]],
        [{"text": problem.text, "failed": problem.failed} for problem in made.problems
         if not problem.cause],
        {name: _suite(one) for name, one in ran.items() if name != _HOLD}, holds, _functions(tool),
        {name: list(names) for name, names in made.vcpus.items()},
        {one.scenario: sorted(one.outcome_set) for one in made.explored if one.outcome_set is not None},
        {one.scenario: sorted(one.ip_set or ()) for one in made.explored}, {}, [], 0)


def _suite(ran: Ran) -> Suite:
    counts = ran.boot.counts
    return Suite(counts.passed, counts.failed, counts.skipped, sorted(ran.boot.failing),
                 ran.boot.cause.text if ran.boot.cause else "")


def _functions(tool: KunitTool) -> frozenset[str]:
    """What nm knows."""
    linux = tool.layout.objects(tool.kernel.place) / "linux"
    done = subprocess.run(["nm", "--defined-only", linux], check=False, capture_output=True, text=True)
    words = [line.split() for line in done.stdout.splitlines()]
    return frozenset(word[2].partition(".")[0] for word in words
                     if len(word) == 3 and word[1] in _SYMBOL_TYPES)


class Kept:
    """Results of states that cannot change, such as commits, in files named by all that they depend on."""

    def __init__(self, kernel: Kernel, layout: Layout) -> None:
        self._directory = layout.build / kernel.name / "premerge"

    def get(self, key: str, make: Callable[[], Measured]) -> Measured:
        """What is kept under key, or else what is made now."""
        file = self._directory / f"{key}.json"
        try:
            found = from_json(json.loads(file.read_text(encoding="utf-8")))
            note("The base was measured before, and is not measured again")
            file.touch()
            return found
        except (OSError, ValueError, KeyError, TypeError):
            pass
        made = make()
        file.parent.mkdir(parents=True, exist_ok=True)
        write_safely(file, [json.dumps(made.json())])
        for old in sorted(file.parent.glob("*.json"), key=lambda one: one.stat().st_mtime)[:-_KEPT]:
            old.unlink(missing_ok=True)
        return made


def key(state: str, asked: Asked, kernel: Kernel, layout: Layout) -> str:
    """What tells results apart: the state of the tree, how much was asked, the compiler, tkfi itself."""
    digest = hashlib.sha256(json.dumps([FORMAT, state, asdict(asked), kernel.series.name, _compiler()]
                                       ).encode())
    for place in ("fault", "kunit", "configs", "kernel-patches", "runner"):
        for file in sorted(_files(layout.repo / place)):
            digest.update(str(file).encode() + file.read_bytes())
    return digest.hexdigest()[:32]


def _files(place: Path) -> list[Path]:
    return [file for file in place.rglob("*") if file.is_file() and "tests" not in file.parts
            and "__pycache__" not in file.parts]


def _compiler() -> str:
    return subprocess.run(["gcc", "--version"], check=False, capture_output=True, text=True).stdout

# SPDX-License-Identifier: GPL-2.0
"""One execution again, by its schedule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from runner.boot import boots, results
from runner.boot.causes import Kind
from runner.boot.kunit_boot import Ask
from runner.boot.records import Event, Header, Malformed, Violation
from runner.errors import InputError, TestFailure, TkfiError
from runner.explore import recording, scenarios, schedule, source_lines
from runner.explore.recording import Recording
from runner.explore.scenarios import Scenario
from runner.explore.schedule import Schedule
from runner.journal import Journal
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout
from runner.progress import step

CASE = "replayed"


@dataclass(frozen=True)
class Replayed:
    """One execution, and what the oracles say of it."""

    header: Header
    scenario: Scenario
    schedule: Schedule
    events: Sequence[Event]
    violations: Sequence[Violation]
    recording: Recording | None = None  # if it was asked for

    @property
    def held(self) -> bool:
        """Whether nothing is wrong with it, but for what the kernel is known to have."""
        return all(violation.known for violation in self.violations)

    def json(self) -> dict[str, Any]:
        """For a program."""
        return {"format": results.FORMAT, "kernel": self.header.kernel, "variant": self.header.variant,
                "compiler": self.header.compiler, "scenario": self.scenario.name,
                "schedule": str(self.schedule), "held": self.held,
                "violations": [_json(violation) for violation in self.violations],
                "events": [asdict(event) for event in self.events]}


def _json(violation: Violation) -> dict[str, Any]:
    """For a program: nobody asked for what the final state shows."""
    made = asdict(violation)
    del made["observed"]
    return made


def replay(tool: KunitTool, scenario: Scenario, schedule: Schedule, *, record: bool = False) -> Replayed:
    """Boot for one execution, to be recorded access by access or not. Raises TestFailure when the kernel
    under test crashed, and TkfiError when it refused the schedule, or the schedule does not fit."""
    (made,) = replay_all(tool, {"replay": (scenario, schedule)}, record=record)
    if isinstance(made, TkfiError):
        raise made
    return made


def replay_all(tool: KunitTool, wanted: Mapping[str, tuple[Scenario, Schedule]], *,
               jobs: int = 1, record: bool = False,
               done: Journal | None = None) -> list[Replayed | TkfiError]:
    """Boot once for each execution, by the name of its logs, so many at once: what it came to, or why it
    came to nothing, as of replay(). Boots that are done are not made again."""
    if not wanted:
        return []
    with step(f"Replaying on {tool.kernel.title}"):
        runs = boots.run_all(tool, [ask(name, scenario, schedule, record=record)
                                    for name, (scenario, schedule) in wanted.items()], at_once=jobs,
                             done=done)
    return [_outcome(tool, run, *which) for run, which in zip(runs, wanted.values())]


def recorded(tool: KunitTool, schedules: Sequence[str], layout: Layout, *,
             jobs: int = 1, done: Journal | None = None) -> dict[str, Replayed | TkfiError]:
    """What each schedule comes to, recorded access by access on a boot of its own; or why it came to
    nothing. Boots that are done are not made again."""
    shipped = scenarios.shipped(layout)
    read = [schedule.parse(one) for one in schedules]
    wanted = {f"report-{number}": (one.choose(shipped), one) for number, one in enumerate(read)}
    return dict(zip(schedules, replay_all(tool, wanted, jobs=jobs, record=True, done=done)))


def ask(name: str, scenario: Scenario, schedule: Schedule, *, record: bool = False) -> Ask:
    """The boot for one execution."""
    return Ask(f"tkfi_explore.{CASE}", name, [*scenario.parameters, f'tkfi.schedule="{schedule.turns}"',
                                              *["tkfi.steps=1"] * record])


def _outcome(tool: KunitTool, run: boots.Run, scenario: Scenario,
             schedule: Schedule) -> Replayed | TkfiError:
    try:
        return outcome(tool, run, scenario, schedule)
    except TkfiError as error:
        return error


def malformed(one: Malformed, scenario: Scenario, schedule: Schedule | None) -> InputError:
    """What to say of it to whoever wrote it."""
    if one.what == "scenario" or not schedule:
        return InputError(scenario.text, one.at, 1, f"{scenario.name}: {one.why}")
    more = "; ./tkfi explore finds schedules that fit this kernel" if one.what == "kernel" else ""
    return InputError(str(schedule), schedule.start + one.at, 1, f"{one.why}{more}")


def outcome(tool: KunitTool, run: boots.Run, scenario: Scenario, schedule: Schedule) -> Replayed:
    """What a boot came to. Raises as replay()."""
    cause, found = run.boot.cause, run.found
    if cause and cause.kind in (Kind.PANIC, Kind.TIMEOUT):
        raise TestFailure(f"{tool.kernel.title}: {run.boot.failure()}")
    for one in found.malformed:
        raise malformed(one, scenario, schedule)
    if cause:
        said = "\n".join(one.text for one in found.failures)
        raise TkfiError(f"{said}\nin {schedule}" if said else f"{tool.kernel.title}: {run.boot.failure()}")
    events = [event for event in found.events if event.case == CASE]
    if found.problems or not found.header or not events:
        raise TkfiError("the result file is damaged:\n" + "\n".join(found.problems or ["  no execution"]))
    steps = recording.recorded(tool, found, CASE) if found.steps else None
    return Replayed(found.header, scenario, schedule, events,
                    source_lines.located_in(tool, found.violations), steps)

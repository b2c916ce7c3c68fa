# SPDX-License-Identifier: GPL-2.0
"""The result file: JSON lines the kernel under test writes to a file of the host.

Lines are told apart by "type". Types and fields not known here are for later readers and are ignored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from runner.boot.records import (KINDS, Absent, Cause, Corners, Cost, End, Event, Executed, Explored,
                                 Failure, Header, Hold, Malformed, Moments, NotSimulated, Observed,
                                 Outcomes, Progress, Published, Race, Reading, Refused, Same, SameEvents,
                                 Series, Shown, Simulated, States, Step, StepsBack, StoryFault,
                                 StoryOutcomes, StoryRace, StoryRaced, StoryRacing, StoryStep, StoryTelling,
                                 StoryValue, Told, Took, Trace, Violation)
from runner.errors import TkfiError

FORMAT = 1
_Member = TypeVar("_Member")
EVENT = b'{"type":"event",'  # how most lines begin


@dataclass
class Results:
    """A whole result file."""

    header: Header | None = None
    races: list[Race] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    traces: list[Trace] = field(default_factory=list)
    shows: list[Shown] = field(default_factory=list)
    took: list[Took] = field(default_factory=list)
    same: list[Same] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)
    simulated: list[Simulated] = field(default_factory=list)
    moments: list[Moments] = field(default_factory=list)
    corners: list[Corners] = field(default_factory=list)
    back: list[StepsBack] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    not_simulated: list[NotSimulated] = field(default_factory=list)
    explored: list[Explored] = field(default_factory=list)
    faults: list[StoryFault] = field(default_factory=list)
    states: list[States] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    story_races: list[StoryRace] = field(default_factory=list)
    story_telling: list[StoryTelling] = field(default_factory=list)
    story_racing: list[StoryRacing] = field(default_factory=list)
    story_raced: list[StoryRaced] = field(default_factory=list)
    story_steps: list[StoryStep] = field(default_factory=list)
    story_outcomes: list[StoryOutcomes] = field(default_factory=list)
    story_values: list[StoryValue] = field(default_factory=list)
    progress: Progress | None = None
    refused: list[Refused] = field(default_factory=list)
    malformed: list[Malformed] = field(default_factory=list)
    causes: list[Cause] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)  # scenarios of which all was said
    steps: list[Step] = field(default_factory=list)
    published: list[Published] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    so_far: dict[int, Violation] = field(default_factory=dict)  # by number
    absent: list[str] = field(default_factory=list)  # scenarios that are not for this kernel
    problems: list[str] = field(default_factory=list)
    missing: bool = False
    cases: dict[str, int] = field(default_factory=dict)  # places in violations, by the events' case
    case: str = ""  # of the events of the last violation, and these
    happened: list[Event] = field(default_factory=list)
    observed: list[Observed] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)  # of the exploration that is reported next, and these
    ips: list[int] = field(default_factory=list)


_Store = Callable[[Results, Any, Mapping[str, Any]], None]  # of a record, and the line that it was
_STORES: dict[str, _Store] = {}  # by "type"


def read(path: Path) -> Results:
    """Read a result file. Lines that make no sense become problems; a missing file is an empty one.

    Raises TkfiError when the file is of a format this tool does not know.
    """
    results = Results()
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return Results(problems=[f"{path}: the kernel wrote no result file"], missing=True)
    for number, line in enumerate(text.splitlines(), 1):
        try:
            _add(results, json.loads(line))
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            whole = text.endswith("\n") or number < len(text.splitlines())
            what = f"not understood ({error})" if whole else "truncated: the kernel stopped in mid-line"
            results.problems.append(f"{path}:{number}: {what}")
    if results.header and results.header.format != FORMAT:
        raise TkfiError(f"{path} has format {results.header.format}, this tool reads {FORMAT}")
    _end_boot(results)
    return results


def _add(found: Results, line: Mapping[str, Any]) -> None:
    """Store what a line says. Raises TypeError or KeyError if it makes no sense."""
    name = line.get("type")
    kind = KINDS.get(name) if isinstance(name, str) else None
    if not kind:
        return
    record = kind.read(line)
    if kind.into:
        getattr(found, kind.into).append(record)
    else:
        _STORES[str(name)](found, record, line)


def _stores(kind: str) -> Callable[[_Store], _Store]:
    """Register what stores lines of a type that are not only appended to a list."""
    def register(store: _Store) -> _Store:
        _STORES[kind] = store
        return store
    return register


@_stores("header")
def _store_header(found: Results, header: Header, _line: Mapping[str, Any]) -> None:
    _end_boot(found)
    found.header = header


@_stores("event")
def _store_event(found: Results, event: Event, _line: Mapping[str, Any]) -> None:
    (found.happened if found.violations and event.case == found.case else found.events).append(event)


@_stores("events")
def _store_same_events(found: Results, same: SameEvents, _line: Mapping[str, Any]) -> None:
    _end_violation(found)
    other = found.violations[found.cases[same.same_as]]
    found.violations[-1] = replace(found.violations[-1], events=other.events)


@_stores("observed")
def _store_observed(found: Results, observed: Observed, _line: Mapping[str, Any]) -> None:
    if found.violations and observed.case == found.case:
        found.observed.append(observed)


@_stores("outcomes")
def _store_outcomes(found: Results, some: Outcomes, _line: Mapping[str, Any]) -> None:
    found.hashes += _split(some.hashes, 16)


@_stores("executed")
def _store_executed(found: Results, some: Executed, _line: Mapping[str, Any]) -> None:
    found.ips += [int(ip, 16) for ip in _split(some.ips, 8)]


def _split(digits: str, each: int) -> list[str]:
    """Numbers of so many digits. Raises ValueError if these do not come out even."""
    if len(digits) % each:
        raise ValueError(f"{len(digits)} digits")
    return [digits[at:at + each] for at in range(0, len(digits), each)]


@_stores("explored")
def _store_explored(found: Results, explored: Explored, line: Mapping[str, Any]) -> None:
    """With what was said of it before. Raises ValueError if that is not all, or not its own."""
    found.explored.append(replace(explored, outcome_set=_set(found.hashes, line.get("outcomes")),
                                  ip_set=_set(found.ips, line.get("executed"))))
    found.hashes, found.ips = [], []


def _set(members: Sequence[_Member], count: int | None) -> frozenset[_Member] | None:
    """None if the kernel did not say how many there are. Raises ValueError if there are not so many."""
    if len(members) != (count or 0):
        raise ValueError(f"{len(members)} reported of {count}")
    return None if count is None else frozenset(members)


@_stores("progress")
def _store_progress(found: Results, progress: Progress, _line: Mapping[str, Any]) -> None:
    """Who was stopped has gone on."""
    found.progress = progress
    found.explored = [one for one in found.explored
                      if (one.scenario, one.part) != (progress.scenario, progress.part)]


@_stores("violation")
def _store_violation(found: Results, violation: Violation, line: Mapping[str, Any]) -> None:
    _end_violation(found)
    found.case = f"{violation.scenario}#{line.get('number')}"
    found.cases[found.case] = len(found.violations)
    found.violations.append(violation)


@_stores("found")
def _store_found(found: Results, violation: Violation, line: Mapping[str, Any]) -> None:
    """Of one that its exploration has not looked at closely."""
    found.so_far[int(line["number"])] = violation


@_stores("absent")
def _store_absent(found: Results, absent: Absent, _line: Mapping[str, Any]) -> None:
    found.absent.append(absent.scenario)
    found.ended.append(absent.scenario)


@_stores("end")
def _store_end(found: Results, end: End, _line: Mapping[str, Any]) -> None:
    found.ended.append(end.scenario)


def _end_violation(results: Results) -> None:
    """All that happened in the last violation has been said."""
    if results.happened:
        results.violations[-1] = replace(results.violations[-1], events=tuple(results.happened),
                                         observed=tuple(results.observed))
        results.happened, results.observed = [], []


def _end_boot(results: Results) -> None:
    """What a boot had found when it ended before it said all."""
    _end_violation(results)
    if results.progress and not results.explored:
        results.violations = gone_on(results.violations, [
            one for number, one in results.so_far.items() if number < results.progress.violations])
    results.so_far = {}
    results.hashes, results.ips = [], []


def gone_on(before: Sequence[Violation], since: Sequence[Violation]) -> list[Violation]:
    """What an exploration found that has gone on: the plainer one of those found twice, or else the earlier
    one, which was looked at closely. What was found since counts what was found before."""
    made: dict[tuple[str, ...], Violation] = {}
    for one in sorted([*since, *before], key=lambda one: one.plainness, reverse=True):
        key = (*one.kind, one.stopped)
        made[key] = replace(one, findings=max(one.findings, made.get(key, one).findings))
    return list(made.values())

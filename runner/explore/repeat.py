# SPDX-License-Identifier: GPL-2.0
"""One execution on many fresh boots: all must come to the same, event by event."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from runner.boot import boots
from runner.boot.records import Event, Trace
from runner.errors import TestFailure, TkfiError
from runner.explore.replay import CASE, Replayed, ask, outcome
from runner.explore.scenarios import Scenario
from runner.explore.schedule import Schedule
from runner.journal import Journal
from runner.kernel.kunit_tool import KunitTool
from runner.progress import step

_BATCH = 8  # boots for each job until they are compared


@dataclass(frozen=True)
class Repeated(Replayed):
    """One execution on so many boots, and the trace that all of them left."""

    boots: int = 1
    trace: Trace = Trace("", "", 0, "")

    def json(self) -> dict[str, Any]:
        """For a program."""
        return {**super().json(), "boots": self.boots, "trace": self.trace.hash}


def repeat(tool: KunitTool, scenario: Scenario, schedule: Schedule, count: int, *,
           jobs: int = 1, done: Journal | None = None) -> Repeated:
    """Boot so often, so many at once; boots that are done, and did what the first one does, are not made
    again. Raises TestFailure where the first boot does something else, or crashes, and TkfiError as
    replay()."""
    first: Repeated | None = None
    with step(f"Replaying on {tool.kernel.title}, {count:,} boots") as shown:
        for begin in range(0, count, jobs * _BATCH):
            asks = [ask(f"replay-{number}", scenario, schedule)
                    for number in range(min(jobs * _BATCH, count - begin))]
            key = ["boots", *tool.identity, *asks[0].arguments, begin, len(asks)]
            if first and done and done.get(key) == _digest(first):
                continue
            for number, run in enumerate(boots.run_all(tool, asks, at_once=jobs), begin + 1):
                made = _made(tool, run, scenario, schedule, number)
                first = first or made
                _compare(first, made, number, run)
            if first and done:
                done.add(key, _digest(first))
            shown.update(f"{min(begin + jobs * _BATCH, count):,} boots")
    assert first
    return replace(first, boots=count)


def _made(tool: KunitTool, run: boots.Run, scenario: Scenario, schedule: Schedule,
          number: int) -> Repeated:
    try:
        made = outcome(tool, run, scenario, schedule)
    except TkfiError as error:
        kind = TestFailure if isinstance(error, TestFailure) else TkfiError
        raise kind(f"boot {number:,}: {error}") if number > 1 else error
    traces = [trace for trace in run.found.traces if trace.case == CASE]
    if len(traces) != 1:
        raise TkfiError(f"boot {number:,} left {len(traces)} traces; full log: {run.boot.console}")
    return Repeated(made.header, made.scenario, made.schedule, made.events, made.violations,
                    trace=traces[0])


def _digest(one: Repeated) -> str:
    """Of all that is compared."""
    return hashlib.sha256(repr((one.header, one.events, one.trace)).encode()).hexdigest()


def _compare(first: Repeated, made: Repeated, number: int, run: boots.Run) -> None:
    """Raises TestFailure when two boots did not do the same."""
    for what in _differences(first, made):
        raise TestFailure(f"[tkfi internal bug] boot {number:,} is not like boot 1: {what}; full log: "
                          f"{run.boot.console}")


def _differences(first: Repeated, made: Repeated) -> Iterator[str]:
    if first.header != made.header:
        yield f"it is of {made.header}, not of {first.header}"
    for number, (one, other) in enumerate(zip_longest(first.events, made.events), 1):
        if one != other:
            yield f"event {number} is {_words(other)}, not {_words(one)}"
    if first.trace != made.trace:
        yield f"its trace is {made.trace.hash} ({made.trace.events:,} events), not {first.trace.hash}"
    if first.violations != made.violations:
        yield "the oracles do not say the same"


def _words(event: Event | None) -> str:
    if not event:
        return "missing"
    value = f" {event.ns}" if event.ns is not None else ""
    return f"'{event.kind} {event.text}{value}' of VCPU{event.vcpu}"

# SPDX-License-Identifier: GPL-2.0
"""Exploring scenarios on a kernel: built, booted, gone on with, and each violation replayed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from runner.boot import records, shared_boots
from runner.boot.records import Violation
from runner.errors import Interrupted, TestFailure, TkfiError
from runner.explore import exploration, kept_states, schedule, source_lines
from runner.explore.exploration import Exploration, Problem
from runner.explore.kept_states import Kept
from runner.explore.replay import Replayed, replay_all
from runner.explore.rounds import Limit, Rounds
from runner.explore.scenarios import Scenario
from runner.explore.schedule import Schedule
from runner.explore.strategies import Request
from runner.journal import Journal
from runner.kernel import builder
from runner.kernel.kernels import Kernel
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout


class Stopped(Interrupted):
    """A signal asked us to stop, when this had been found."""

    def __init__(self, stop: Interrupted, made: Exploration) -> None:
        super().__init__(stop.signal)
        self.made = made


def explore(kernel: Kernel, scenarios: Sequence[Scenario], request: Request, layout: Layout, *,
            replay: bool = False, show: bool = False, done: Journal | None = None,
            goes_on: bool = False) -> Exploration:
    """Prepare, build and boot, once for all scenarios, or for each part of one where that keeps more
    kernels busy. If replay is asked for, every violation is replayed on a boot of its own; if show is, an
    execution of each scenario in which nothing new was found is executed once more, to be looked at. Such
    boots that are done are not made again. goes_on: so does the exploration that a run had begun which did
    not come to its end, as if the request said so.

    Raises TkfiError when the kernel reported nothing at all, and Stopped.
    """
    request.check()
    tool = builder.build(kernel, layout)
    place = layout.explored(kernel.place)
    kept = Kept(place / request.name,
                kept_states.digest_of(layout.objects(kernel.place) / "linux"))
    key = ["exploration", *tool.identity, str(kept.directory), [scenario.name for scenario in scenarios]]
    resume = request.resume or bool(done and goes_on and done.peek(key))
    begin = kept.resume if resume else kept.begin
    (shared_boots.recover if resume else shared_boots.forget)(kept.directory)
    shares = request.divide(len(scenarios))
    rounds = Rounds(tool, kept, {scenario: begin(scenario, shares) for scenario in scenarios},
                    request.parameters, records.unit(request.strategy), request.jobs,
                    Limit(request.options.get("time"), shares, request.executions, request.times))
    if done:
        done.add(key, True)  # as all of them are begun
    try:
        made = _located(tool, exploration.whole(kernel, rounds.run(), request.strategy, told=request.told))
    except Interrupted as stop:
        raise Stopped(stop, _located(tool, exploration.whole(kernel, rounds.so_far(), request.strategy,
                                                             stopped=True, told=request.told))) from None
    try:
        if replay:
            made = replayed(made, tool, scenarios, jobs=request.jobs, done=done)
        return shown(made, tool, scenarios, jobs=request.jobs, done=done) if show else made
    except Interrupted as stop:
        raise Stopped(stop, replace(made, stopped=True)) from None


def _located(tool: KunitTool, made: Exploration) -> Exploration:
    """With the source line of each access, where it is known."""
    every = [*made.violations, *made.outcomes]
    violations = source_lines.located_in(tool, [found.violation for found in every])
    every = [replace(found, violation=violation) for found, violation in zip(every, violations)]
    return replace(made, violations=every[:len(made.violations)], outcomes=every[len(made.violations):])


def replayed(made: Exploration, tool: KunitTool, scenarios: Sequence[Scenario], *,
             jobs: int = 1, done: Journal | None = None) -> Exploration:
    """With every violation replayed; one that does not come to the same on a fresh boot, event by event, is
    a problem."""
    problems = list(made.problems)
    by_name = {scenario.name: scenario for scenario in scenarios}
    found = [one for one in made.violations if one.schedule]
    answers = replay_all(tool, {f"replay-{number}": (by_name[one.violation.scenario],
                                                     schedule.parse(one.schedule))
                                for number, one in enumerate(found)}, jobs=jobs, done=done)
    for one, again in zip(found, answers):
        if isinstance(again, TkfiError):
            problems.append(Problem(str(again), failed=isinstance(again, TestFailure)))
        elif not _is_same(one.violation, again):
            problems.append(Problem("[tkfi internal bug] on a fresh boot this schedule comes to something "
                                    f"else: {one.schedule}", failed=False))
    return replace(made, problems=problems)


def shown(made: Exploration, tool: KunitTool, scenarios: Sequence[Scenario], *,
          jobs: int = 1, done: Journal | None = None) -> Exploration:
    """With an execution of each scenario that was explored and has nothing new; why there is none is a
    problem."""
    new = {found.violation.scenario for found in made.new.values()}
    there = {one.scenario for one in made.explored} - new
    wanted = {f"show-{number}": (scenario, _plain(made, scenario))
              for number, scenario in enumerate(scenarios) if scenario.name in there}
    answers = replay_all(tool, wanted, jobs=jobs, done=done)
    return replace(made, shown=[one for one in answers if isinstance(one, Replayed)], problems=[
        *made.problems, *(Problem(str(one), failed=isinstance(one, TestFailure)) for one in answers
                          if isinstance(one, TkfiError))])


def _plain(made: Exploration, scenario: Scenario) -> Schedule:
    """The schedule without a preemption: the delay first, as it does nothing to anybody later, then each
    VCPU in its turn, which need not be said."""
    first = "host" if "host" in scenario.vcpus else scenario.vcpus[0]
    return Schedule(made.header.kernel, made.header.variant, scenario.name, first).of(scenario)


def _is_same(violation: Violation, again: Replayed) -> bool:
    """Whether a replay found the violation, and its events are those that the exploration showed."""
    events = [replace(event, case="") for event in violation.events]
    return violation.found in [one.found for one in again.violations] and (
        not events or events == [replace(event, case="") for event in again.events])

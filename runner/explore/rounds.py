# SPDX-License-Identifier: GPL-2.0
"""The boots of an exploration: all parts of all scenarios, and once more those that did not agree."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from runner.boot import boots
from runner.boot.boots import Run
from runner.boot.causes import Kind
from runner.boot.kunit_boot import Ask
from runner.errors import TkfiError
from runner.explore import earlier_boots, scenario_parts
from runner.explore.kept_states import Kept, Plan
from runner.explore.live_progress import Watch
from runner.explore.scenario_parts import Piece
from runner.explore.scenarios import Scenario
from runner.kernel.kunit_tool import KunitTool
from runner.progress import step

_PATIENCE = 900  # seconds in which a boot may report nothing; it reports about once a second
Runs = Sequence[tuple[Piece, Run]]


@dataclass(frozen=True)
class Limit:
    """For how many seconds a scenario is explored, by so many kernels at once, and how many executions;
    None for as long as it takes. times has the seconds of scenarios, by name, for which they differ."""

    time: float | None = None
    shares: int = 1
    executions: int | None = None
    times: Mapping[str, float] = field(default_factory=dict)

    def of(self, scenario: Scenario) -> float | None:
        """The seconds of one."""
        return self.times.get(scenario.name, self.time)


@dataclass(frozen=True)
class Rounds:
    """Scenarios, how each is divided, what the kernel is told, what an exploration is counted in, how many
    kernels run at once, and where an exploration ends that is not complete."""

    tool: KunitTool
    kept: Kept
    plans: dict[Scenario, Plan]
    parameters: Sequence[str]
    unit: str
    jobs: int
    limit: Limit

    def run(self) -> Runs:
        """Explore all pieces, and those of a scenario again as long as they do not agree about what is
        shared: each then knows more, so that this ends. Raises TkfiError if it does not."""
        title = f"Exploring {_count(self.plans)} on {self.tool.kernel.title}"
        while True:
            runs = self._round(title)
            again = _disagreeing(runs)
            if not again:
                return self._with_before(runs)
            for scenario, shared in again.items():
                if shared == self.plans[scenario].shared:
                    raise TkfiError(f"[tkfi internal bug] the parts of {scenario.name} do not agree about "
                                    f"what is shared, though they were told: {shared}")
                self.plans[scenario] = self.kept.again(scenario, self.plans[scenario], shared)
            title = f"Exploring {_count(again)} again, in which more is shared than one part saw,"

    def so_far(self) -> Runs:
        """What all pieces have reported."""
        return self._with_before(self._reported(self._pieces()))

    def _reported(self, pieces: Iterable[Piece]) -> Runs:
        return [(piece, earlier_boots.so_far(self.tool, self._ask(piece))) for piece in pieces]

    def _with_before(self, runs: Runs) -> Runs:
        """With what only the round before found, of scenarios whose last one did not come to its end."""
        made = dict(runs)
        for scenario, those in by_scenario(runs).items():
            plan = self.plans[scenario]
            if plan.round == 1 or all(_is_complete(run) for _, run in those):
                continue
            before = self._reported(scenario_parts.pieces(scenario, replace(plan, round=plan.round - 1),
                                                          self.kept.place(scenario)))
            again = {(*one.kind, one.stopped) for _, run in those for one in run.found.violations}
            only = [one for _, run in before for one in run.found.violations
                    if (*one.kind, one.stopped) not in again]
            piece, run = those[0]
            made[piece] = replace(run, found=replace(run.found, violations=run.found.violations + only))
        return list(made.items())

    def _round(self, title: str) -> Runs:
        """What each piece comes to: in another run, if it came to its end there, or else in a boot."""
        wanted = self._pieces()
        left_ns: dict[Piece, float] = {}
        for scenario in self.plans:
            if (time := self.limit.of(scenario)) is not None:
                left_ns |= self._left_ns(scenario, time)
        earlier = {piece: earlier_boots.earlier(self.tool, self._ask(piece)) for piece in wanted}
        runs = {piece: run for piece, run in earlier.items()
                if run and self._is_done(piece, run, left_ns.get(piece))}
        left = [piece for piece in wanted if piece not in runs]
        for piece in left:
            earlier_boots.set_aside(self.tool, self._ask(piece), goes_on=piece.has_state)
        watch = Watch([(piece, earlier_boots.reports(self.tool, self._ask(piece))) for piece in wanted],
                      self.unit, self.limit.executions,
                      max(left_ns.values()) / 1e9 if left_ns else None)
        with step(title) as shown:
            booted = boots.run_all(self.tool, [self._ask(piece, left_ns.get(piece)) for piece in left],
                                   at_once=self.jobs, progress=lambda _files: shown.update(watch.line()))
        runs |= {piece: earlier_boots.with_earlier(self.tool, self._ask(piece), run)
                 for piece, run in zip(left, booted)}
        return [(piece, runs[piece]) for piece in wanted]

    def _pieces(self) -> list[Piece]:
        return [piece for scenario, plan in self.plans.items()
                for piece in scenario_parts.pieces(scenario, plan, self.kept.place(scenario))]

    def _ask(self, piece: Piece, left_ns: float | None = None) -> Ask:
        time = [] if left_ns is None else [f"tkfi.ms={max(1, math.ceil(left_ns / 1e6))}"]
        return piece.ask([*self.parameters, *time], _PATIENCE)

    def _left_ns(self, scenario: Scenario, seconds: float) -> Mapping[Piece, float]:
        """What is left of a scenario's time to each piece that is not done: an equal part of what all have
        not spent, but not so much that it would take longer than that by itself."""
        plan, time = self.plans[scenario], seconds * 1e9
        *before, last = [{piece: self._spent_ns(piece) for piece in scenario_parts.pieces(
            scenario, replace(plan, round=number), self.kept.place(scenario))}
            for number in range(1, plan.round + 1)]
        for spent in before:
            time -= max(*spent.values(), sum(spent.values()) / self.limit.shares)
        unspent = time * self.limit.shares - sum(last.values())
        undone = sum(piece.has_state or not spent for piece, spent in last.items())
        return {piece: max(0, min(time - spent, unspent / max(1, undone))) for piece, spent in last.items()}

    def _spent_ns(self, piece: Piece) -> int:
        """How long a piece was explored, 0 if it has to begin anew."""
        spent, ended = earlier_boots.spent(self.tool, piece.ask([], 0))
        return spent if ended or piece.has_state else 0

    def _is_done(self, piece: Piece, run: Run, left_ns: float | None) -> bool:
        """Whether there is nothing to go on with, and the kernel had its say about it."""
        if not _is_explored(run):
            return False
        enough = self.limit.executions is not None and (
            run.found.explored[0].executions >= self.limit.executions)
        return enough or not piece.has_state or left_ns == 0


def by_scenario(runs: Runs) -> dict[Scenario, Runs]:
    """The parts of each."""
    scenarios: dict[Scenario, list[tuple[Piece, Run]]] = {}
    for piece, run in runs:
        scenarios.setdefault(piece.scenario, []).append((piece, run))
    return dict(scenarios)


def _is_explored(run: Run) -> bool:
    """Whether a boot explored its piece, and came to its end."""
    whole = not run.boot.cause or run.boot.cause.kind is Kind.FAILED
    return whole and bool(run.found.explored) and not run.found.problems


def _is_complete(run: Run) -> bool:
    """Whether a boot explored all of its piece."""
    return _is_explored(run) and run.found.explored[0].complete


def _disagreeing(runs: Runs) -> Mapping[Scenario, str]:
    """Scenarios of which all parts are explored to the end and do not agree, and all the cells that they
    found."""
    found: dict[Scenario, str] = {}
    for scenario, those in by_scenario(runs).items():
        reports = [run.found.explored[0] for _, run in those if _is_complete(run)]
        if len(reports) == len(those) and (shared := scenario_parts.shared_by_all(reports)):
            found[scenario] = shared
    return found


def _count(scenarios: Iterable[Scenario]) -> str:
    number = len(list(scenarios))
    return f"{number:,} scenario{'s' if number != 1 else ''}"

# SPDX-License-Identifier: GPL-2.0
"""The boots of an exploration: all parts of all scenarios, and once more those that did not agree."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from runner import boots, parts
from runner.boots import Run
from runner.causes import Kind
from runner.errors import TkfiError
from runner.keep import Kept, Plan
from runner.kunit_tool import Ask, KunitTool
from runner.parts import Piece
from runner.progress import step
from runner.scenarios import Scenario
from runner.watch import Watch

_PATIENCE = 900  # seconds in which a boot may report nothing; it reports about once a second
Runs = Sequence[tuple[Piece, Run]]


@dataclass(frozen=True)
class Rounds:
    """Scenarios, how each is divided, what the kernel is told, what an exploration is counted in, how many
    kernels run at once, and for how many seconds a piece is explored in all, None for as long as it
    takes."""

    tool: KunitTool
    kept: Kept
    plans: dict[Scenario, Plan]
    parameters: Sequence[str]
    unit: str
    jobs: int
    time: int | None = None

    def run(self) -> Runs:
        """Explore all pieces, and those of a scenario again as long as they do not agree about what is
        shared: each then knows more, so that this ends. Raises TkfiError if it does not."""
        title = f"Exploring {_count(self.plans)} on {self.tool.kernel.title}"
        while True:
            runs = self._round(title)
            again = _disagreeing(runs)
            if not again:
                return runs
            for scenario, shared in again.items():
                if shared == self.plans[scenario].shared:
                    raise TkfiError(f"[tkfi internal bug] the parts of {scenario.name} do not agree about "
                                    f"what is shared, though they were told: {shared}")
                self.plans[scenario] = self.kept.again(scenario, self.plans[scenario], shared)
            title = f"Exploring {_count(again)} again, in which more is shared than one part saw,"

    def so_far(self) -> Runs:
        """What all pieces have reported."""
        return [(piece, boots.so_far(self.tool, self._ask(piece))) for piece in self._pieces()]

    def _round(self, title: str) -> Runs:
        """What each piece comes to: in another run, if it came to its end there, or else in a boot."""
        wanted = self._pieces()
        runs = {piece: run for piece in wanted
                if (run := boots.earlier(self.tool, self._ask(piece))) and self._is_done(piece, run)}
        left = [piece for piece in wanted if piece not in runs]
        for piece in left:
            boots.set_aside(self.tool, self._ask(piece), goes_on=piece.has_state)
        watch = Watch([(piece, boots.reports(self.tool, self._ask(piece))) for piece in wanted], self.unit)
        with step(title) as shown:
            booted = boots.run_all(self.tool, [self._ask(piece) for piece in left], at_once=self.jobs,
                                   progress=lambda _files: shown.update(watch.line()))
        runs |= {piece: boots.with_earlier(self.tool, self._ask(piece), run)
                 for piece, run in zip(left, booted)}
        return [(piece, runs[piece]) for piece in wanted]

    def _pieces(self) -> list[Piece]:
        return [piece for scenario, plan in self.plans.items()
                for piece in parts.pieces(scenario, plan, self.kept.place(scenario))]

    def _ask(self, piece: Piece) -> Ask:
        return piece.ask([*self.parameters, *self._seconds(piece)], _PATIENCE)

    def _seconds(self, piece: Piece) -> list[str]:
        """What is left of the time."""
        if self.time is None:
            return []
        spent = boots.spent_ns(self.tool, piece.ask([], 0)) if piece.has_state else 0
        return [f"tkfi.seconds={max(1, math.ceil(self.time - spent / 1e9))}"]

    def _is_done(self, piece: Piece, run: Run) -> bool:
        """Whether there is nothing to go on with, and the kernel had its say about it."""
        if not _is_explored(run):
            return False
        in_time = self.time is not None and run.found.explored[0].ns >= self.time * 10 ** 9
        return in_time or not piece.has_state


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


def _disagreeing(runs: Runs) -> Mapping[Scenario, str]:
    """Scenarios of which all parts are explored and do not agree, and all the cells that they found."""
    found: dict[Scenario, str] = {}
    for scenario, those in by_scenario(runs).items():
        reports = [run.found.explored[0] for _, run in those if _is_explored(run)]
        if len(reports) == len(those) and (shared := parts.shared_by_all(reports)):
            found[scenario] = shared
    return found


def _count(scenarios: Iterable[Scenario]) -> str:
    number = len(list(scenarios))
    return f"{number:,} scenario{'s' if number != 1 else ''}"

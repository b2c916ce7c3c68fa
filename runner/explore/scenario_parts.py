# SPDX-License-Identifier: GPL-2.0
"""Scenarios in parts: what one boot explores, and how parts become a whole again."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from runner.boot.kunit_boot import Ask
from runner.boot.records import Explored, Progress, Violation, unit
from runner.explore.kept_states import Plan
from runner.explore.scenarios import GIVEN, Scenario

_Member = TypeVar("_Member")
PER_JOB = 4  # parts for each job: they are not of one size
MEMORY = "256M"  # of a kernel that explores: however many classes there are


@dataclass(frozen=True)
class Piece:
    """What one boot explores: the number-th part of a scenario. place is where the scenario is kept."""

    scenario: Scenario
    plan: Plan
    number: int
    place: Path

    @property
    def part(self) -> str:
        """What the kernel is told; "" for all of a scenario."""
        return f"{self.number}/{self.plan.parts}" if self.plan.parts > 1 else ""

    @property
    def words(self) -> str:
        """For a person, who counts from 1."""
        of_all = f", part {self.number + 1} of {self.plan.parts}" if self.part else ""
        return f"{self.scenario.name}{of_all}"

    @property
    def name(self) -> str:
        """Of its files."""
        return f"{self.plan.round}-{self.number}of{self.plan.parts}"

    @property
    def has_state(self) -> bool:
        """Whether there is something to go on from: the kernel writes two files in turn, and empties them
        at the end."""
        return any(file.stat().st_size for file in self.place.glob(f"{self.name}.state.[01]"))

    def ask(self, parameters: Sequence[str], patience: int) -> Ask:
        """Its boot, which goes on from the state that is kept, if there is one."""
        return Ask(f"tkfi_explore.{'shipped' if self.scenario.shipped else GIVEN}", self.name,
                   [*self.scenario.parameters, *parameters,
                    *([f"tkfi.part={self.part}"] if self.part else []),
                    *([f"tkfi.shared={self.plan.shared}"] if self.plan.shared else []),
                    f"tkfi.keep={self.place / self.name}.state",
                    *(["tkfi.resume=1"] if self.has_state else [])],
                   patience, self.place, MEMORY,
                   shares=self.scenario.kernels_name if self._is_plain else "")

    @property
    def _is_plain(self) -> bool:
        """Whether it is a shipped scenario, all of it, from the beginning."""
        return self.scenario.shipped and not (self.part or self.plan.shared or self.has_state)


def pieces(scenario: Scenario, plan: Plan, place: Path) -> list[Piece]:
    """All parts of a scenario."""
    return [Piece(scenario, plan, number, place) for number in range(plan.parts)]


def how_many(scenarios: int, jobs: int, *, timed: bool) -> int:
    """Into how many parts to divide each of so many scenarios so that all jobs have enough to do. Parts
    that take a given time are to take no more of it together than one would."""
    wanted = jobs if timed else PER_JOB * jobs
    return 1 if jobs == 1 else math.ceil(wanted / scenarios)


def shared_by_all(parts: Sequence[Explored]) -> str:
    """What parts that do not agree have to be told is shared; "" if they agree."""
    cells = [_cells(part.shared) for part in parts]
    return "" if all(one == cells[0] for one in cells) else _ranges(set().union(*cells))


def unite(parts: Sequence[Explored]) -> Explored:
    """The whole. Its time is that of all parts together, on however many processors. Each part that did not
    come to its end estimates the whole, from the same samples."""
    estimated = next((part for part in parts if part.estimate is not None), parts[0])
    watched = [part.executed_in for part in parts if part.executed_in is not None]
    return replace(estimated, part="", complete=all(part.complete for part in parts),
                   classes=sum(part.classes for part in parts),
                   executions=sum(part.executions for part in parts),
                   redundant=sum(part.redundant for part in parts),
                   deadlocks=sum(part.deadlocks for part in parts),
                   steps=sum(part.steps for part in parts),
                   longest=max(part.longest for part in parts),
                   ns=sum(part.ns for part in parts),
                   executed_in=sum(watched) if watched else None,
                   outcome_set=_union([part.outcome_set for part in parts]),
                   ip_set=_union([part.ip_set for part in parts]))


def _union(sets: Sequence[frozenset[_Member] | None]) -> frozenset[_Member] | None:
    """None if one of them is not known."""
    known = [one for one in sets if one is not None]
    return frozenset().union(*known) if len(known) == len(sets) else None


def begun(progress: Progress, strategy: str) -> Explored:
    """What is known of an exploration that did not end."""
    classes = progress.classes if unit(strategy) == "classes" else 0
    return Explored(progress.scenario, strategy, classes, progress.executions, 0, 0, 0, 0, False,
                    progress.ns, progress.part)


def merge(violations: Iterable[Violation]) -> list[Violation]:
    """Those of a scenario, from all its parts, as one exploration of it tells them apart: of those in which
    a VCPU stops for the same the plainest, with the findings of all; then of those that the same accesses
    explain (tkfi_violations_merge())."""
    plainest = _one_of_each(violations, lambda one: (one.stopped,))
    return _one_of_each(plainest, lambda one: (
        one.about, *(access.kind == "store" for access in one.accesses)) if one.explained else (
            one.stopped, None))


def proved(violations: Iterable[Violation], whole: Explored) -> list[Violation]:
    """Parts know of no other part; who has all of them has seen all executions."""
    return [replace(one, minimal=True, searched=whole.classes) if whole.complete else one
            for one in violations]


def _one_of_each(violations: Iterable[Violation],
                 trait: Callable[[Violation], tuple[object, ...]]) -> list[Violation]:
    """Of those of one kind with one trait the plainest, in the order of the kinds."""
    groups: dict[tuple[object, ...], Violation] = {}
    for one in violations:
        group = (*one.kind, *trait(one))
        other = groups.setdefault(group, one)
        if other is not one:
            plainest = min(other, one, key=lambda one: one.plainness)
            groups[group] = replace(plainest, findings=other.findings + one.findings)
    return sorted(groups.values(), key=lambda one: (one.kind, one.plainness))


def _cells(ranges: str) -> set[tuple[str, int]]:
    """Those of "9-20,33,u40", each with the letter before it, if there is one. Raises ValueError."""
    cells: set[tuple[str, int]] = set()
    for text in filter(None, ranges.split(",")):
        kind, digits = ("", text) if text[0].isdigit() else (text[0], text[1:])
        first, _, last = digits.partition("-")
        cells |= {(kind, cell) for cell in range(int(first), int(last or first) + 1)}
    return cells


def _ranges(cells: set[tuple[str, int]]) -> str:
    firsts = [cell for cell in sorted(cells) if (cell[0], cell[1] - 1) not in cells]
    lasts = [cell for cell in sorted(cells) if (cell[0], cell[1] + 1) not in cells]
    return ",".join(f"{kind}{first}" if first == last else f"{kind}{first}-{last}"
                    for (kind, first), (_, last) in zip(firsts, lasts))

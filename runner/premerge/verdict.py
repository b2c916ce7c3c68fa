# SPDX-License-Identifier: GPL-2.0
"""The verdict on a tree: what it is, and how it is told to programs."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runner.errors import TkfiError
from runner.premerge.compare import Comparison


# How long a scenario is explored, if nobody says: times what it took in the base, and seconds at least.
PATIENCE, LEAST = 4, 0.25
FORMAT = 2  # of the JSON
_OUTCOMES = 4  # of a scenario, that are named in it


class Word(enum.Enum):
    """What a verdict comes to."""

    PASS = "pass"
    IMPROVED = "improved"
    REGRESSION = "regression"
    INVALID = "invalid"


@dataclass(frozen=True)
class Proof:
    """What shows that a fault would have been seen: in words, and whether it was. Without it there is no
    verdict."""

    text: str
    holds: bool


@dataclass(frozen=True)
class State:
    """A state of a tree: where it is, and what it is in words."""

    path: str
    words: str
    commit: str = ""


@dataclass(frozen=True)
class Verdict:
    """A tree compared with its base. repeat is the command that comes to it again; time is what a scenario
    has at most, in seconds, if that was asked for; strict: a change of behaviour is a regression, too;
    tests_changed are tests of the kernel itself that the change touches."""

    tree: State
    base: State
    made: Comparison
    proofs: Sequence[Proof]
    repeat: str
    quick: bool = False
    time: int | None = None
    strict: bool = False
    coverage: Coverage | None = None
    tests_changed: Sequence[str] = field(default_factory=tuple)

    @property
    def word(self) -> Word:
        """What it comes to."""
        if not all(proof.holds for proof in self.proofs):
            return Word.INVALID
        if self.made.regressed or (self.strict and self.made.changed):
            return Word.REGRESSION
        return Word.IMPROVED if self.made.gone or self.made.told_gone else Word.PASS

    @property
    def warnings(self) -> bool:
        """Whether there is something to look at that is no fault."""
        return bool(self.made.changed or (self.coverage and self.coverage.missed)
                    or not self.made.tree.complete)

    def json(self) -> dict[str, Any]:
        """For a program."""
        made = self.made
        return {
            "format": FORMAT, "verdict": self.word.value, "tree": vars(self.tree),
            "base": vars(self.base), "kernel": made.tree.kernel, "compiler": made.tree.compiler,
            "classes": made.tree.classes, "complete": made.tree.complete, "quick": self.quick,
            "proofs": [vars(proof) for proof in self.proofs],
            "violations": [{**one.violation, "why": one.why, "base": one.base and {
                name: one.base[name] for name in ("scenario", "schedule", "first_ns", "second_ns")}}
                for one in made.new],
            "gone": [_short(one) for one in made.gone], "same": [_short(one) for one in made.same],
            "failing": [vars(one) for one in made.failing], "mended": [vars(one) for one in made.mended],
            "problems": list(made.problems), "behaviour": [
                {**vars(one), "only": one.only[:_OUTCOMES], "only_base": one.only_base[:_OUTCOMES]}
                for one in made.behaviour],
            "holds": {name: list(both) for name, both in made.holds.items()},
            "stories_changed": [vars(one) for one in made.stories_changed],
            "stories": list(made.told), "stories_gone": list(made.told_gone),
            "inaccurate": {name: list(both) for name, both in made.inaccurate.items()},
            "coverage": self.coverage and vars(self.coverage), "tests": list(self.tests_changed),
            "repeat": self.repeat}


@dataclass(frozen=True)
class Coverage:
    """Of the lines that a change adds or alters: which were executed, as FILE:LINE, each by how many
    scenarios; which were not, as FILE:LINE (FUNCTION); and how many hold nothing of which it can be told.
    """

    executed: Mapping[str, int]
    missed: Sequence[str]
    unknown: int


class Codes(enum.Enum):
    """What exit statuses a verdict is told by."""

    TKFI = "tkfi"
    BISECT = "bisect"
    NIPA = "nipa"
    B4 = "b4"

    def of(self, verdict: Verdict) -> int:
        """That of a verdict."""
        word = verdict.word
        if self is Codes.BISECT:
            return {Word.REGRESSION: 1, Word.INVALID: 125}.get(word, 0)
        if self is Codes.NIPA and word in (Word.PASS, Word.IMPROVED):
            return 250 if verdict.warnings else 0
        if self is Codes.NIPA:
            return 1
        return {Word.REGRESSION: 1, Word.INVALID: 2}.get(word, 0)

    def of_error(self, error: TkfiError) -> int:
        """That of a tree that could not be judged."""
        return {Codes.BISECT: 125, Codes.NIPA: 1}.get(self, error.status)


def _short(one: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one.get(name) for name in ("oracle", "rule", "clock", "cause", "class", "reason",
                                             "scenario", "first_ns", "second_ns", "schedule")}

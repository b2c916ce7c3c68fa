# SPDX-License-Identifier: GPL-2.0
"""What a page of results shows, whichever verb it is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from runner.boot.records import Violation
from runner.explore.recording import Recording


@dataclass(frozen=True)
class Like:
    """Another violation of the same cause: the scenario, what was seen, and the line that replays it."""

    scenario: str
    seen: str
    replay: str


@dataclass(frozen=True)
class Shown:
    """One execution, with what is wrong in it, if anything is. tag: new, known, gone or holds, and
    words: what that means. table: the race as a changelog has it. found: how often, in which
    scenario. recording: what happened in it, or else why_not: why that is not shown. like: the others
    of its cause."""

    title: str
    tag: str
    words: str
    sentence: str
    scenario: str
    replay: str
    vcpus: Sequence[str] = ()
    violation: Violation | None = None
    table: Sequence[str] = ()
    found: str = ""
    explanation: str = ""
    diagram: str = ""
    recording: Recording | None = None
    why_not: str = ""
    like: Sequence[Like] = ()


@dataclass(frozen=True)
class Table:
    """A table that can be sorted by each column."""

    caption: str
    heading: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Bars:
    """A chart: for each name a bar of each of two or more series."""

    caption: str
    unit: str
    series: Sequence[str]
    rows: Sequence[tuple[str, Sequence[float]]]


@dataclass(frozen=True)
class Page:
    """All of it. tone: good, bad or unclear, of the verdict. repeat: the command that comes to it again;
    mail: all of it in short, as plain text."""

    title: str
    verdict: str
    tone: str
    summary: str
    facts: Sequence[tuple[str, str]]
    shown: Sequence[Shown]
    tables: Sequence[Table] = ()
    charts: Sequence[Bars] = ()
    problems: Sequence[str] = ()
    files: Sequence[str] = field(default_factory=tuple)
    repeat: str = ""
    mail: str = ""

# SPDX-License-Identifier: GPL-2.0
"""Scenarios: those that are shipped, and those that somebody writes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from runner.boot import lists
from runner.errors import InputError, TkfiError
from runner.kernel import kernels
from runner.layout import Layout
from runner.nearest import nearest

LISTING = "./tkfi list scenarios"  # the command that lists all
SUBJECT = "timekeeping"  # what is explored when nothing else is asked for
GIVEN = "given"  # what the kernel calls one that is not shipped
MAX_TEXT = 1023  # characters; the kernel ignores a longer parameter
# What scenarios go by, as the kernel lists them. The first one need not be named.
CLOCKS = tuple(lists.read(lists.of_series(Layout().patches / kernels.DEFAULT)).names("clock"))

_VCPU = re.compile(r"(?:(nmi )?cpu\+?([0-9]+)|host)", re.ASCII)
_CLOCK = re.compile(r"\s*clock:\s*(\w+)\s*;", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*", re.ASCII)


@dataclass(frozen=True)
class Scenario:
    """What is explored: the kernel knows a shipped one by its name, any other by its text. clock is what
    it goes by, of CLOCKS, "" for the first; name@clock is the name of one that goes by another."""

    name: str
    text: str
    shipped: bool = False
    subject: str = SUBJECT  # of which it is a scenario: a room of fault/
    clock: str = ""

    @property
    def kernels_name(self) -> str:
        """What the kernel calls it."""
        return base_of(self.name) if self.shipped else GIVEN

    @property
    def parameters(self) -> list[str]:
        """What the kernel is told."""
        subject = [] if self.subject == SUBJECT else [f"tkfi.subject={self.subject}"]
        return [f'tkfi.scenario="{self.kernels_name if self.shipped else self.text}"', *subject,
                *([f"tkfi.clock={self.clock}"] if self.clock else [])]

    def by(self, clock: str) -> Scenario:
        """The same, by a clock of CLOCKS, unless it has one that is its own."""
        if self.clock or self.subject != SUBJECT or clock == CLOCKS[0]:
            return self
        name = f"{self.name}@{clock}"
        if self.shipped:
            return replace(self, name=name, clock=clock)
        return self if after_clock(self.text) else written(name, f"clock: {clock}; {self.text}")

    @property
    def vcpus(self) -> tuple[str, ...]:
        """What the VCPUs are called, by number: cpu0, nmi0 for an NMI of it, host for the last."""
        heads = [" ".join(statement.partition(":")[0].split()) for statement in self.text.split(";")]
        found = [match for head in heads if (match := _VCPU.fullmatch(head))]
        return tuple(f"{'nmi' if match[1] else 'cpu'}{int(match[2])}" if match[2] else "host"
                     for match in found)


def shipped(layout: Layout) -> list[Scenario]:
    """Those of every subject, a room of fault/ with a scenarios.txt, in their order; timekeeping's
    first."""
    files = sorted((layout.repo / "fault").glob("*/scenarios.txt"),
                   key=lambda file: (file.parent.name != SUBJECT, file))
    return [Scenario(name, text, shipped=True, subject=file.parent.name)
            for file in files for name, text in _lines(file)]


def after_clock(text: str) -> int:
    """Where what comes after the name of the clock begins in a text."""
    clock = _CLOCK.match(text)
    return clock.end() if clock else 0


def base_of(name: str) -> str:
    """The name of a scenario without that of its clock."""
    return name.partition("@")[0]


def clock_of(name: str) -> str:
    """The clock that the scenario of this name goes by."""
    return name.partition("@")[2] or CLOCKS[0]


def choose(words: Sequence[str], layout: Layout, clocks: Sequence[str] = ()) -> list[Scenario]:
    """The shipped scenarios that words name (a glob may name several, and name@clock one by its clock), in
    their order; then those that other words are (a text, which has a colon) or hold (a file): by each of
    clocks, or by the first. Without a word all of timekeeping: by each of clocks, or all there are.

    Raises TkfiError for a word that is none of these.
    """
    found = _named(words, layout)
    every = [scenario.by(clock) for clock in clocks or (CLOCKS[:1] if words else CLOCKS)
             for scenario in found]
    return list(dict.fromkeys(every))


def _named(words: Sequence[str], layout: Layout) -> list[Scenario]:
    ours = shipped(layout)
    if not words:
        return [scenario for scenario in ours if scenario.subject == SUBJECT]
    names: set[str] = set()
    others: list[Scenario] = []
    every = [scenario.by(clock) for clock in CLOCKS for scenario in ours]
    for word in words:
        whole = word if "@" in word else f"{word}@{CLOCKS[0]}"
        matching = {scenario.name for scenario in every
                    if fnmatchcase(f"{base_of(scenario.name)}@{clock_of(scenario.name)}", whole)}
        if ":" in word:
            nth = sum(other.name.startswith(GIVEN) for other in others) + 1
            others.append(written(GIVEN if nth == 1 else f"{GIVEN}-{nth}", word))
        elif matching:
            names |= matching
        elif Path(word).is_file():
            others += read(Path(word))
        else:
            near = nearest(word, (scenario.name for scenario in ours), LISTING)
            if any(one.endswith(":") for one in words):
                near = "the text of a scenario is one argument: put it in quotes"
            raise TkfiError(f"no scenario matches '{word}', nor is there such a file; {near}; or write "
                            "one, as in 'cpu0: tick; cpu1: read vdso MONOTONIC; host: 12ms'")
    every = [scenario for scenario in dict.fromkeys(every) if scenario.name in names] + others
    for number, scenario in enumerate(every):
        if scenario.name in [other.name for other in [*ours * (not scenario.shipped), *every[:number]]]:
            raise TkfiError(f"two scenarios are called '{scenario.name}'; give one another name")
    return every


def written(name: str, text: str) -> Scenario:
    """A scenario somebody wrote. Raises InputError where the kernel's command line cannot carry it."""
    text = _one_line(text)
    for at, char in enumerate(text):
        if char == '"' or not " " <= char <= "~":
            raise InputError(text, at, 1, "a scenario holds no such character")
    if len(text) > MAX_TEXT:
        raise TkfiError(f"a scenario of {len(text)} characters; {MAX_TEXT} are possible")
    clock = _CLOCK.match(text)
    if clock and clock[1] not in CLOCKS:
        raise InputError(text, clock.start(1), len(clock[1]),
                         f"no clock is called '{clock[1]}'; there are: {', '.join(CLOCKS)}")
    return Scenario(name, text, clock=clock[1] if clock and clock[1] != CLOCKS[0] else "")


def read(file: Path) -> list[Scenario]:
    """A file of scenarios: lines NAME = TEXT, blank ones, and comments after '#'.

    Raises TkfiError for a line that is none of these, and for a file without a scenario.
    """
    found = [written(name, text) for name, text in _lines(file)]
    if not found:
        raise TkfiError(f"{file} holds no scenario; write lines of the form NAME = cpu0: tick; cpu1: ...")
    return found


def _lines(file: Path) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        line = line.partition("#")[0].strip()
        name, equals, text = (part.strip() for part in line.partition("="))
        if not line:
            continue
        if not (equals and ":" in text and _NAME.fullmatch(name)):
            raise TkfiError(f"{file}:{number}: '{line}' is not of the form NAME = cpu0: tick; cpu1: ...")
        yield name, text


def _one_line(text: str) -> str:
    return " ".join(text.split())

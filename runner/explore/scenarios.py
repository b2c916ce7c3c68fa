# SPDX-License-Identifier: GPL-2.0
"""Scenarios: those that are shipped, and those that somebody writes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from runner.errors import InputError, TkfiError
from runner.layout import Layout
from runner.nearest import nearest

LISTING = "./tkfi list scenarios"  # the command that lists all
SUBJECT = "timekeeping"  # what is explored when nothing else is asked for
GIVEN = "given"  # what the kernel calls one that is not shipped
MAX_TEXT = 1023  # characters; the kernel ignores a longer parameter

_VCPU = re.compile(r"(?:(nmi )?cpu\+?([0-9]+)|host)", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*", re.ASCII)


@dataclass(frozen=True)
class Scenario:
    """What is explored: the kernel knows a shipped one by its name, any other by its text."""

    name: str
    text: str
    shipped: bool = False
    subject: str = SUBJECT  # of which it is a scenario: a room of fault/

    @property
    def parameters(self) -> list[str]:
        """What the kernel is told."""
        subject = [] if self.subject == SUBJECT else [f"tkfi.subject={self.subject}"]
        return [f'tkfi.scenario="{self.name if self.shipped else self.text}"', *subject]

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


def choose(words: Sequence[str], layout: Layout) -> list[Scenario]:
    """The shipped scenarios that words name (a glob may name several), in their order, all of timekeeping
    without a word; then those that other words are (a text, which has a colon) or hold (a file).

    Raises TkfiError for a word that is none of these.
    """
    ours = shipped(layout)
    if not words:
        return [scenario for scenario in ours if scenario.subject == SUBJECT]
    names: set[str] = set()
    others: list[Scenario] = []
    for word in words:
        matching = {scenario.name for scenario in ours if fnmatchcase(scenario.name, word)}
        if ":" in word:
            nth = sum(other.name.startswith(GIVEN) for other in others) + 1
            others.append(written(GIVEN if nth == 1 else f"{GIVEN}-{nth}", word))
        elif matching:
            names |= matching
        elif Path(word).is_file():
            others += read(Path(word))
        else:
            near = nearest(word, (scenario.name for scenario in ours), LISTING)
            raise TkfiError(f"no scenario matches '{word}', nor is there such a file; {near}; or write "
                            "one, as in 'cpu0: tick; cpu1: read vdso MONOTONIC; host: 12ms'")
    every = [scenario for scenario in ours if scenario.name in names] + others
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
    return Scenario(name, text)


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

# SPDX-License-Identifier: GPL-2.0
"""A schedule as a person reads and writes it: `tkfi1 6.12.117 post-series falls-vdso: cpu0 before ...`.

One of a scenario that is not shipped holds the scenario's text, in double quotes, where others have its
name. The turns are the kernel's to read (fault/search/schedule.h).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from runner.errors import InputError
from runner.explore.scenarios import CLOCKS, GIVEN, LISTING, MAX_TEXT, Scenario, written
from runner.nearest import nearest

FORMAT = "tkfi1"
_EXAMPLE = ("write it as explore prints it, as in "
            "'tkfi1 6.12.117 post-series falls-vdso: cpu0 before store vdso.seq, host'")
_HEAD = (
    ("a kernel release such as 6.12.117", re.compile(r"\d+\.\d+[\w.+-]*(?=\s)", re.ASCII)),
    ("a variant such as post-series", re.compile(r"[\w.-]+(?=\s)", re.ASCII)),
    ("a scenario's name, or its text in double quotes, and a colon",
     re.compile(r"(?:\"[^\"]*\"|[\w.-]+(?:@\w+)?)(?=\s*:)", re.ASCII)),
)


@dataclass(frozen=True)
class Schedule:
    """All choices of one execution; text says whether scenario is one, and not a name."""

    release: str
    variant: str
    scenario: str
    turns: str
    text: bool = False

    def __str__(self) -> str:
        scenario = f'"{self.scenario}"' if self.text else self.scenario
        return f"{FORMAT} {self.release} {self.variant} {scenario}: {self.turns}".rstrip()

    @property
    def start(self) -> int:
        """Where the turns begin in the text."""
        return len(str(self)) - len(self.turns)

    @property
    def version(self) -> str:
        """The release that it was found on, as --kernel has it."""
        return ".".join(re.findall(r"\d+", self.release)[:2])

    def of(self, scenario: Scenario) -> Schedule:
        """The same, if it is one of scenario's as the kernel prints it: there it must be able to stand
        alone."""
        if scenario.shipped:
            return replace(self, scenario=scenario.name)
        return Schedule(self.release, self.variant, scenario.text, self.turns, text=True)

    def wrong(self, word: str, reason: str) -> InputError:
        """What to say of a word of its head."""
        return InputError(str(self), str(self).index(f" {word}") + 1, len(word), reason)

    def choose(self, shipped: Sequence[Scenario]) -> Scenario:
        """Its scenario. Raises InputError when there is none of that name."""
        if self.text:
            return written(GIVEN, self.scenario)
        base, _, clock = self.scenario.partition("@")
        if clock and clock not in CLOCKS:
            raise self.wrong(self.scenario, f"no clock is called '{clock}'; there are: {', '.join(CLOCKS)}")
        for scenario in shipped:
            if scenario.name == base:
                return scenario.by(clock or CLOCKS[0])
        near = nearest(base, (scenario.name for scenario in shipped), LISTING)
        raise self.wrong(self.scenario, f"no scenario is called '{base}'; {near}")


def parse(text: str) -> Schedule:
    """Read a schedule's head. Raises InputError."""
    text = " ".join(text.split())
    word = text.partition(" ")[0]
    if word != FORMAT:
        reason = (f"this tool reads schedules of version {FORMAT}, not {word}; explore again"
                  if re.fullmatch(r"tkfi\d+", word) else f"a schedule begins with {FORMAT}; {_EXAMPLE}")
        raise InputError(text, 0, len(word), reason)
    at, parts = len(word), []
    for expected, pattern in _HEAD:
        at += len(text[at:]) - len(text[at:].lstrip())
        match = pattern.match(text, at)
        if not match:
            length = len(re.split(r"[\s:]", text[at:])[0])
            raise InputError(text, at, length, f"{expected} is expected; {_EXAMPLE}")
        parts.append(match.group())
        at = match.end()
    release, variant, scenario = parts
    turns = text[at:].lstrip()[1:].strip()
    start = len(text) - len(turns)
    for offset, char in enumerate(turns):
        if char == '"' or not " " <= char <= "~":
            raise InputError(text, start + offset, 1, "a turn holds no such character")
    if len(turns) > MAX_TEXT:
        raise InputError(text, start, len(turns), f"the turns take more than {MAX_TEXT} characters")
    return Schedule(release, variant, scenario.strip('"'), turns, text=scenario.startswith('"'))

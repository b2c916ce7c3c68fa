# SPDX-License-Identifier: GPL-2.0
"""Stories: all sequences of operations up to a length, which the kernel under test performs and judges."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from runner.boot import boots
from runner.boot.causes import Kind
from runner.boot.kunit_boot import Ask
from runner.boot.records import Header, StoryFault, StoryRace, StoryRaced, StoryStep, StoryValue, Told
from runner.errors import TkfiError
from runner.journal import Journal
from runner.explore.scenarios import CLOCKS
from runner.kernel.kunit_tool import KunitTool
from runner.plural import counted
from runner.progress import step

FORMAT = 1
MOST = 6  # steps
# Boots for each clock, which take some seconds each: an operation more takes some 20 times as long. But
# each boot performs all shorter stories again, which takes seconds from _LONG operations on.
_RACED, _MOST_RACED = {1: 1, 2: 16, 3: 256}, 1024
_UNRACED, _MOST_UNRACED = {1: 1, 2: 1, 3: 1}, 16
_LONG = 4
_SECONDS = 8  # of a boot, if time is limited
_CASE = "tkfi_stories.stories"
_PATIENCE = 24 * 3600  # seconds, without a limit; with one so many more than that
_MORE = 60
_LAST = 4096  # bytes of a report in which its last line on how far it has come is


@dataclass(frozen=True)
class Asked:
    """What is told: stories of so many steps at most, or else one, as text; by one clock, or each in turn
    if it is ""; on so many kernels at once; for so many seconds by each clock at most. races: from
    each state that is not the last of a story one more operation is explored beside readers; for as long
    again. outcomes: what each story shows is reported, too, or of one story each value."""

    length: int = 0
    text: str = ""
    clock: str = ""
    jobs: int = 1
    time: float | None = None
    races: bool = False
    outcomes: bool = False

    @property
    def parts(self) -> int:
        """How many boots tell the stories of a clock, a part each: what a run that is killed loses is what
        one of them has done."""
        boots = (_RACED.get(self.length, _MOST_RACED) if self.races else
                 _UNRACED.get(self.length, _MOST_UNRACED))
        if self.text:
            boots = 1
        elif self.time is not None:
            boots = min(boots, int(self.time * self.jobs / _SECONDS)) if self.length < _LONG else 1
        return max(boots, self.jobs)

    @property
    def clocks(self) -> Sequence[str]:
        """Those that each boot goes by; "" if each goes by all."""
        return (self.clock,) if self.clock or self.parts == self.jobs else CLOCKS

    def asks(self) -> list[Ask]:
        """The boots."""
        patience = (_PATIENCE if self.time is None else
                    round((1 + self.races) * len(CLOCKS) * self.time) + _MORE)
        return [Ask(_CASE, "-".join(filter(None, ["stories", clock, str(part)])),
                    self._parameters(clock, part), timeout=patience)
                for clock in self.clocks for part in range(self.parts)]

    def _parameters(self, clock: str, part: int) -> list[str]:
        what = f'tkfi.story="{self.text}"' if self.text else f"tkfi.stories={self.length}"
        told = [what, f"tkfi.part={part}/{self.parts}"]
        told += [f"tkfi.clock={clock}"] * bool(clock) + ["tkfi.races=1"] * self.races
        told += ["tkfi.outcomes=1"] * self.outcomes
        if self.time is None:
            return told
        return [*told, f"tkfi.ms={round(self.time * 1000 * self.jobs / self.parts)}"]


@dataclass(frozen=True)
class Stories:
    """What came of it: for each clock, what was performed, and how many states are so many steps away.
    outcomes: if asked for, what stories show by (clock, the numbers of all steps but the last), as
    StoryOutcomes.shown; steps: the texts of these steps; values: of one story."""

    header: Header
    asked: Asked
    faults: Sequence[StoryFault]
    told: Mapping[str, Told]
    states: Mapping[str, Sequence[int]]
    races: Sequence[StoryRace] = ()
    raced: Mapping[str, StoryRaced] = field(default_factory=dict)
    outcomes: Mapping[tuple[str, str], str] = field(default_factory=dict)
    steps: Sequence[str] = ()
    values: Sequence[StoryValue] = ()

    @property
    def new(self) -> list[StoryFault]:
        """What is not known."""
        return [fault for fault in self.faults if not fault.cause]

    @property
    def new_races(self) -> list[StoryRace]:
        """What is not known of what races show."""
        return [race for race in self.races if not race.cause]

    @property
    def complete(self) -> bool:
        """Whether all stories were told, all races explored, and all that they showed kept."""
        every: list[Told | StoryRaced] = [*self.told.values(), *self.raced.values()]
        return all(one.complete and not one.not_kept for one in every)

    @property
    def status(self) -> int:
        """As an exit status."""
        return 1 if self.new or self.new_races else 0

    def json(self) -> dict[str, Any]:
        """For a program."""
        return {"format": FORMAT, **asdict(self.header), "length": self.asked.length,
                "story": self.asked.text, "complete": self.complete,
                "clocks": [{**asdict(one), "states": self.states.get(clock, [])}
                           for clock, one in self.told.items()],
                "faults": [asdict(fault) for fault in self.faults],
                **({"raced": [asdict(one) for one in self.raced.values()],
                    "races": [asdict(race) for race in self.races]} if self.asked.races else {})}


def tell(tool: KunitTool, asked: Asked, done: Journal | None = None) -> Stories:
    """Boot, and have all stories told. Boots that are done are not made again. Raises TkfiError for a story
    that makes no sense, and when a kernel did not come to its end."""
    title = "A story" if asked.text else f"Stories of up to {counted(asked.length, 'operation')}"
    asks = asked.asks()
    with step(f"{title} on {tool.kernel.title}") as shown:
        runs = boots.run_all(tool, asks, at_once=asked.jobs, done=done,
                             progress=lambda files: shown.update(so_far(files, asked.jobs)))
    for ask, run in zip(asks, runs):
        if run.found.failures:
            raise TkfiError(run.found.failures[0].text)
        found: list[StoryFault | StoryRace] = [*run.found.faults, *run.found.story_races]
        new = any(not one.cause for one in found)
        told_by = [clock for clock in asked.clocks if f"tkfi.clock={clock}" in ask.arguments]
        wanted = set(told_by or CLOCKS)
        lacking = wanted - {one.clock for one in run.found.told}
        lacking |= (wanted - {one.clock for one in run.found.story_raced}) if asked.races else set()
        if ((run.boot.cause and (run.boot.cause.kind is not Kind.FAILED or not new))
                or run.found.problems or lacking or not run.found.header):
            why = run.boot.failure() if run.boot.cause else "; ".join(
                [*run.found.problems[:1], f"full log: {run.boot.console}"])
            raise TkfiError(f"{tool.kernel.title} did not come to the end of its stories: {why}")
    assert runs[0].found.header
    return Stories(runs[0].found.header, asked, _faults(runs), _told(runs, asked.jobs), {
        clock: _states(runs, clock) for clock in CLOCKS},
        _races(runs), _raced(runs, asked.jobs),
        {(one.clock, one.after): one.shown for run in runs for one in run.found.story_outcomes},
        _steps(runs[0].found.story_steps), runs[0].found.story_values)


def _states(runs: Sequence[boots.Run], clock: str) -> list[int]:
    """Each part has the same."""
    every = ([one.states for one in run.found.states if one.clock == clock] for run in runs)
    return next((states for states in every if states), [])


def _steps(those: Sequence[StoryStep]) -> list[str]:
    """Each clock has the same."""
    return [text for _, text in sorted({one.nr: one.text for one in those}.items())]


def so_far(files: Sequence[Path], jobs: int) -> str:
    """How far stories, and then races, have come, by the last that each kernel said of it; so many kernels
    ran at once."""
    found = [last for file in files if (last := _last(file))]
    telling = [one for one in found if one["type"] == "story_telling"]
    racing = [one for one in found if one["type"] == "story_racing"]
    words = []
    if telling:
        words.append(f"{_clocks(telling)}: {_sum(telling, 'performed'):,} operations, "
                     f"{_rate(telling, 'performed', jobs):,.0f}/s")
    if racing:
        whole = f" of {_sum(racing, 'of'):,}" if len(racing) == len(files) else ""
        words.append(f"{_clocks(racing)}: {_sum(racing, 'done'):,}{whole} races, "
                     f"{_rate(racing, 'done', jobs):,.0f}/s, {_sum(racing, 'classes'):,} classes, "
                     f"{_sum(racing, 'new')} new")
    if found and len(files) > jobs:
        words.append(f"{len(found)} of {len(files)} boots")
    return "; ".join(words)


def _last(file: Path) -> dict[str, Any]:
    """The last line of a report that says how far its kernel has come; {} if there is none."""
    with suppress(OSError, ValueError):
        with file.open("rb") as opened:
            opened.seek(max(0, file.stat().st_size - _LAST))
            lines = opened.read().rpartition(b"\n")[0]
        start = max(lines.rfind(b'{"type":"story_telling"'), lines.rfind(b'{"type":"story_racing"'))
        if start >= 0:
            return dict(json.loads(lines[start:].partition(b"\n")[0]))
    return {}


def _clocks(those: Sequence[dict[str, Any]]) -> str:
    return ", ".join(dict.fromkeys(str(one["clock"]) for one in those))


def _sum(those: Sequence[dict[str, Any]], name: str) -> int:
    return sum(int(one[name]) for one in those)


def _rate(those: Sequence[dict[str, Any]], name: str, jobs: int) -> float:
    """So many a second, of the kernels that run at once together."""
    return min(jobs, len(those)) * _sum(those, name) * 1e9 / max(_sum(those, "ns"), 1)


def _races(runs: Sequence[boots.Run]) -> list[StoryRace]:
    """Of all parts, each with the first that shows it; what is new comes first."""
    merged: dict[tuple[str, ...], StoryRace] = {}
    for race in (race for run in runs for race in run.found.story_races):
        other = merged.get(race.nature)
        both = sorted([race, *([other] if other else [])], key=lambda one: one.order)
        merged[race.nature] = replace(both[0], times=sum(one.times for one in both))
    return sorted(merged.values(), key=lambda one: (bool(one.cause), CLOCKS.index(one.clock), one.order,
                                                    one.nature))


def _time(those: Sequence[Told | StoryRaced], jobs: int) -> int:
    """How long parts took, so many at once."""
    return max([sum(one.ns for one in those) // jobs, *(one.ns for one in those)])


def _raced(runs: Sequence[boots.Run], jobs: int) -> dict[str, StoryRaced]:
    every = [one for run in runs for one in run.found.story_raced]
    return {clock: replace(those[0], races=sum(one.races for one in those), of=sum(one.of for one in those),
                           classes=sum(one.classes for one in those),
                           not_kept=sum(one.not_kept for one in those),
                           complete=all(one.complete for one in those), ns=_time(those, jobs))
            for clock in CLOCKS if (those := [one for one in every if one.clock == clock])}


def _faults(runs: Sequence[boots.Run]) -> list[StoryFault]:
    """Of all parts, each with the plainest of its stories; what is new and plain comes first."""
    merged: dict[tuple[str, ...], StoryFault] = {}
    for fault in (fault for run in runs for fault in run.found.faults):
        other = merged.get(fault.nature)
        both = sorted([fault, *([other] if other else [])], key=lambda one: one.order)
        merged[fault.nature] = replace(both[0], times=sum(one.times for one in both))
    return sorted(merged.values(), key=lambda one: (
        bool(one.cause), CLOCKS.index(one.clock), one.order, one.nature))


def _told(runs: Sequence[boots.Run], jobs: int) -> dict[str, Told]:
    every = [one for run in runs for one in run.found.told]
    return {clock: replace(those[0], performed=sum(one.performed for one in those),
                           not_kept=sum(one.not_kept for one in those),
                           complete=all(one.complete for one in those), ns=_time(those, jobs))
            for clock in CLOCKS if (those := [one for one in every if one.clock == clock])}

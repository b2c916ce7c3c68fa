# SPDX-License-Identifier: GPL-2.0
"""What stories showed, for a person."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Sequence

from runner.boot.records import StoryFault, StoryRace
from runner.explore.schedule import FORMAT
from runner.explore.stories import Stories
from runner.plural import counted
from runner.report import classes, tables
from runner.report.violations import pair
from runner.units import format_seconds

_WIDTH = 80
_SHOWN = 8  # new faults that are shown with their stories


def text(made: Stories, kernel: str) -> str:
    """All of it; kernel is the option that names the kernel, "" for the default."""
    head = f"Linux {made.header.kernel} ({made.header.variant})"
    if made.asked.text:
        head += f"\n\n{_wrapped(made.asked.text)}"
    groups = _groups(made.new)
    parts = [head, *[_values(made)] * bool(made.values), *([] if made.asked.text else [_table(made)]),
             *[_races_table(made)] * bool(made.raced), *[_new(group, kernel) for group in groups[:_SHOWN]]]
    if groups[_SHOWN:]:
        parts.append(f"... and {counted(len(groups[_SHOWN:]), 'more fault')}; --json has all")
    races = made.new_races
    parts += [_new_race(race, made) for race in races[:_SHOWN]]
    if races[_SHOWN:]:
        parts.append(f"... and {counted(len(races[_SHOWN:]), 'more violation')}; --json has all")
    parts += [_known(made)] * bool(_caused(made))
    return "\n\n".join([*parts, _wrapped(total(made))])


def total(made: Stories) -> str:
    """One line on all of them."""
    causes = {one.cause for one in _caused(made)}
    what = (f"{sum(one.performed for one in made.told.values()):,} operations judged"
            if made.asked.length else "one story told")
    new = counted(len(_groups(made.new)), "new fault")
    if made.raced:
        what += (f", {sum(one.races for one in made.raced.values()):,} races explored "
                 f"({sum(one.classes for one in made.raced.values()):,} classes)")
        new += f", {counted(len(made.new_races), 'new violation')}"
    return (f"{what}{'' if made.complete else ', not all that there are'}: "
            f"{new}, {counted(len(causes), 'known cause')}.")


def _values(made: Stories) -> str:
    # Decimal points are below each other.
    rows = [[f"{one.of} {one.name}", one.in_words.ljust(len(format_seconds(one.value)) * bool(one.unit))]
            for one in made.values if "later" not in one.name]
    return "After it, readers in s:\n\n" + tables.table(["of", "value"], rows)


def _table(made: Stories) -> str:
    rows = [[clock, *(f"{states:,}" for states in made.states[clock]), f"{one.performed:,}",
             "yes" if one.complete else "no", f"{one.ns / 1e9:.1f}"] for clock, one in made.told.items()]
    after = [f"after {number}" for number in range(made.asked.length)]
    return ("States so many operations after boot; what nobody can tell apart is one:\n\n"
            + tables.table(["clock", *after, "operations", "complete", "time, s"], rows))


def _races_table(made: Stories) -> str:
    rows = [[clock, f"{one.states:,}", f"{one.races:,}", f"{one.classes:,}",
             "yes" if one.complete else "no", f"{one.ns / 1e9:.1f}"] for clock, one in made.raced.items()]
    left = max((one.left_out for one in made.raced.values()), default=0)
    more = (f"By each clock up to {counted(left, 'state')} took more operations than a set-up has: no race "
            "begins there.")
    return ("From each state but the last ones, one more operation beside readers:\n\n"
            + tables.table(["clock", "states", "races", "classes", "complete", "time, s"], rows)
            + f"\n\n{_wrapped(more)}" * bool(left))


def _new_race(race: StoryRace, made: Stories) -> str:
    first, second = format_seconds(race.first_ns), format_seconds(race.second_ns)
    what = (f"{race.of} = {second} after {race.first} = {first}" if race.first
            else f"{race.of}: {pair(race.oracle, first, second)}"
            if race.first_ns or race.second_ns else race.of)
    schedule = (f'{FORMAT} {made.header.kernel} {made.header.variant} "{race.text}": {race.turns}')
    return "\n".join([_wrapped(f"NEW, {race.oracle}{f' ({race.rule})' * bool(race.rule)}: {what} (in "
                               f"{counted(race.times, 'violation')})."), "",
                      f"  ./tkfi replay {shlex.quote(schedule)}"])


def _groups(faults: Sequence[StoryFault]) -> list[list[StoryFault]]:
    """Faults by rule and operation, on whatever clock, and by whatever they were seen."""
    groups: dict[tuple[str, ...], list[StoryFault]] = {}
    for fault in faults:
        groups.setdefault((fault.rule, fault.holds, fault.op, "" if fault.kind else fault.of),
                          []).append(fault)
    return list(groups.values())


def _new(group: Sequence[StoryFault], kernel: str) -> str:
    one = group[0]
    others = sorted({fault.of for fault in group} - {one.of})
    clocks = list(dict.fromkeys(fault.clock for fault in group))
    lines = [f"NEW, {one.rule}: {one.holds}.", f"{one.of} is {one.seen:,}, and ought to be {one.wanted:,}, "
             f"after {one.op} (clock{'s' * (len(clocks) > 1)} {', '.join(clocks)})."]
    if others:
        more = f" and {len(others) - 4} more" * (len(others) > 4)
        lines.append(f"Also seen by {', '.join(others[:4])}{more}.")
    return "\n".join([*map(_wrapped, lines), "", f"  {command(one, kernel)}"])


def command(fault: StoryFault, kernel: str) -> str:
    """What tells the story again."""
    return (f"./tkfi explore --story {shlex.quote(fault.text)} --clock {fault.clock}"
            + f" {kernel}" * bool(kernel))


def _caused(made: Stories) -> list[StoryFault | StoryRace]:
    every: list[StoryFault | StoryRace] = [*made.faults, *made.races]
    return [one for one in every if one.cause]


def _known(made: Stories) -> str:
    by_cause: dict[str, StoryFault | StoryRace] = {}
    for one in _caused(made):
        by_cause.setdefault(one.cause, one)
    return "\n".join([line for one in by_cause.values() for line in (
        _wrapped(f"known, {one.oracle if isinstance(one, StoryRace) else one.rule} of {one.of}: "
                 f"{classes.reason(one)}"), _wrapped(f"  {one.text}"))])


def _wrapped(words: str) -> str:
    return textwrap.fill(words, _WIDTH, subsequent_indent="  ", break_long_words=False,
                         break_on_hyphens=False)

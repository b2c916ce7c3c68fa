# SPDX-License-Identifier: GPL-2.0
"""What stories showed, for a person."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Sequence

from runner.boot.records import StoryFault
from runner.explore.stories import Stories
from runner.plural import counted
from runner.report import classes, tables

_WIDTH = 80
_SHOWN = 8  # new faults that are shown with their stories


def text(made: Stories, kernel: str) -> str:
    """All of it; kernel is the option that names the kernel, "" for the default."""
    head = f"Linux {made.header.kernel} ({made.header.variant})"
    if made.asked.text:
        head += f"\n\n{_wrapped(made.asked.text)}"
    groups = _groups(made.new)
    parts = [head, *([] if made.asked.text else [_table(made)]),
             *[_new(group, kernel) for group in groups[:_SHOWN]]]
    if groups[_SHOWN:]:
        parts.append(f"... and {counted(len(groups[_SHOWN:]), 'more fault')}; --json has all")
    parts += [_known(made)] * bool(len(made.new) < len(made.faults))
    return "\n\n".join([*parts, total(made)])


def total(made: Stories) -> str:
    """One line on all of them."""
    causes = {fault.cause for fault in made.faults if fault.cause}
    what = (f"{sum(one.performed for one in made.told.values()):,} operations judged"
            if made.asked.length else "one story told")
    return (f"{what}{'' if made.complete else ', not all that there are'}: "
            f"{counted(len(_groups(made.new)), 'new fault')}, {counted(len(causes), 'known cause')}.")


def _table(made: Stories) -> str:
    rows = [[clock, *(f"{states:,}" for states in made.states[clock]), f"{one.performed:,}",
             "yes" if one.complete else "no", f"{one.ns / 1e9:.1f}"] for clock, one in made.told.items()]
    after = [f"after {number}" for number in range(made.asked.length)]
    return ("States so many operations after boot; what nobody can tell apart is one:\n\n"
            + tables.table(["clock", *after, "operations", "complete", "time, s"], rows))


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


def _known(made: Stories) -> str:
    by_cause: dict[str, StoryFault] = {}
    for fault in made.faults:
        if fault.cause:
            by_cause.setdefault(fault.cause, fault)
    return "\n".join([line for fault in by_cause.values() for line in (
        _wrapped(f"known, {fault.rule} of {fault.of}: {classes.reason(fault)}"),
        f"  {fault.text}")])


def _wrapped(words: str) -> str:
    return textwrap.fill(words, _WIDTH, subsequent_indent="  ", break_long_words=False,
                         break_on_hyphens=False)

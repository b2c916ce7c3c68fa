# SPDX-License-Identifier: GPL-2.0
"""What an exploration found, for a person: one of each cause, and no more lines than are read."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from runner.boot.records import Explored
from runner.explore import coverage
from runner.explore.exploration import Exploration, Found
from runner.explore.scenarios import base_of
from runner.plural import counted
from runner.report import classes, tables
from runner.report.exploration_text import (by_name, command, diagram, how_often, scenario_rows, title,
                                            total, tree)
from runner.report.diagram import draw
from runner.report.violations import explained, like, values, verdict

LINES = 60  # of a text that does not show all
_ROWS = 8  # of the table, at the least
_NAMED = 5  # scenarios that are not for a kernel
_PROBLEMS, _SAID, _DIAGRAM = 12, 8, 8  # lines of what is shortened
_FEW = 2  # reasons of what is known


@dataclass(frozen=True)
class Group:
    """Violations of one cause: the same oracle and rule, readers of one family, and the same two lines of
    source whose order matters, as far as that is known."""

    violations: Sequence[Found]

    @property
    def plainest(self) -> Found:
        """The one to show."""
        return min(self.violations, key=lambda found: found.violation.plainness)

    @property
    def scenarios(self) -> list[str]:
        """The names of their scenarios."""
        return list(dict.fromkeys(base_of(found.violation.scenario) for found in self.violations))

    @property
    def title(self) -> str:
        """How many there are, and where."""
        one = self.plainest
        number = len(self.violations)
        several = f", {number} violations of {counted(len(self.scenarios), 'scenario')}, as"
        return (f"NEW, {one.violation.oracle}{several * (number > 1)} in {one.violation.scenario} "
                f"({how_often(one)})")


def groups(violations: Iterable[Found]) -> list[Group]:
    """Violations by cause; the cause with the plainest schedule comes first, and of those as plain the one
    with the most violations."""
    causes: dict[tuple[str, ...], list[Found]] = {}
    for found in violations:
        causes.setdefault(_cause(found), []).append(found)
    return sorted(map(Group, causes.values()), key=lambda group: (
        group.plainest.violation.cost, -len(group.violations), group.plainest.violation.schedule))


def known_groups(made: Exploration) -> list[Group]:
    """What is known, by oracle and reason."""
    by_reason: dict[tuple[str, str], list[Found]] = {}
    for found in made.violations:
        if found.violation.known:
            by_reason.setdefault((found.violation.oracle, classes.reason(found.violation)),
                                 []).append(found)
    return [Group(those) for those in by_reason.values()]


def _cause(found: Found) -> tuple[str, ...]:
    one = found.violation
    # What is about no readers is told apart by its rule, or else by its clock.
    subject = one.family or one.rule or one.clock
    lines = tuple(f"{access.kind} {access.place or access.at}" for access in one.accesses)
    return (one.oracle, subject, *(lines or (f"stopped for {one.stopped}",)))


def text(made: Exploration, *, every: bool = False, most: int = LINES) -> str:
    """The table, what is known, what is new with its diagrams, and the sum. Unless every: no rows without
    findings, one violation of each cause, no injection points that say nothing, and at most so many lines,
    if the first finding and the sum fit into them."""
    news = groups(made.new.values())
    if every:
        last = [*_executions(made), *(problem.text for problem in made.problems), total(made)]
        shown = ["\n\n".join(_whole(made, group, points=True)) for group in news]
        rows = table(made, made.explored)
        return "\n\n".join([title(made), *rows, *_said(made, every=True), *_known(made, every=True), *shown,
                            *_outcomes(made), *last])
    last = [*_outcomes(made), *_executions(made),
            *_shortened([problem.text for problem in made.problems], _PROBLEMS),
            total(made)]
    said = _shortened(_said(made), _SAID)
    known = _known(made, every=False) if not news else []
    left = most - 2 - sum(part.count("\n") + 2 for part in [title(made), *said, *known, *last])
    left -= min(_ROWS, len(by_name(_with_findings(made)))) + 4
    shown = []
    for number, group in enumerate(news):
        whole = _whole(made, group)
        size = sum(part.count("\n") + 2 for part in whole)
        if not number and size > left and group.plainest.violation.events:
            frame = size - whole[1].count("\n") - 1
            whole[1] = _end_of(whole[1], max(_DIAGRAM, left - frame))
        more = len(news) - number - 1
        size = sum(part.count("\n") + 2 for part in whole)
        if number and size + 3 * bool(more) > left:
            shown += _more(made, news[number:], left)
            left = 0
            break
        shown.append("\n\n".join(whole))
        left -= size
    rows = table(made, _with_findings(made), most=_ROWS + max(0, left))
    return "\n\n".join([title(made), *rows, *said, *known, *shown, *last])


def table(made: Exploration, explored: Sequence[Explored], *, most: int | None = None) -> list[str]:
    """A table of some scenarios, if there are any, of at most so many rows."""
    if not explored:
        return []
    heading, rows = scenario_rows(made, explored)
    rows = rows if most is None else rows[:most]
    drawn = tables.table(heading, rows)
    hidden = len(by_name(made.explored)) - len(rows)
    if hidden:
        drawn += f"\n  ... and {counted(hidden, 'more scenario')}; --all shows all"
    return [drawn]


def _with_findings(made: Exploration) -> list[Explored]:
    """What a person has to see: first what has news, then what is not complete, then what is known. One
    scenario is always shown."""
    there = by_name(made.explored)
    news = {base_of(found.violation.scenario) for found in made.new.values()}
    known = {base_of(found.violation.scenario) for found in made.violations}
    whole = {name: all(one.complete for one in those) for name, those in there.items()}
    names = [name for name in there if name in known or not whole[name] or len(there) == 1]
    return [one for name in sorted(names, key=lambda name: (name not in news, whole[name]))
            for one in there[name]]


def _said(made: Exploration, *, every: bool = False) -> list[str]:
    """What the table has no column for."""
    said = [sentence for one in made.explored for sentence in coverage.sentences(one)]
    absent = [f"not for this kernel, and not explored: {', '.join(made.absent)}"
              if every or len(made.absent) <= _NAMED else
              f"not for this kernel, and not explored: {len(made.absent)} scenarios; --all names them"
              ] * bool(made.absent and made.scenarios)
    asked = [sentence for one in made.explored for sentence in coverage.asked(one, made.told)]
    lines = [*said, *made.begun, *absent, *asked]
    return ["\n".join(lines)] if lines else []


def _known(made: Exploration, *, every: bool) -> list[str]:
    """A line for each reason, and how to see it again if there are few; if every, with all scenarios."""
    known = known_groups(made)
    lines = []
    for group in known:
        oracle, reason = group.plainest.violation.oracle, classes.reason(group.plainest.violation)
        names = ", ".join(group.scenarios if every else group.scenarios[:1])
        more = f" and {len(group.scenarios) - 1} more" * (not every and len(group.scenarios) > 1)
        lines.append(tables.wrapped(f"known, {oracle} in {names}{more}: {reason}"))
        if every or len(known) <= _FEW:
            lines.append(command(made, group.plainest))
    return ["\n".join(lines)] if lines else []


def _whole(made: Exploration, group: Group, *, points: bool = False) -> list[str]:
    """The sentence, the diagram, the explanation and the line that replays it, of the plainest."""
    one = group.plainest
    sentence = f"{group.title}: {values(one.violation)}" + (
        f"\n  {like(one.violation)}" if one.violation.like else "")
    return [tables.wrapped(sentence), *filter(None, [
        diagram(made, one, points=points), tables.wrapped(explained(one.violation))]), command(made, one)]


def _outcomes(made: Exploration) -> list[str]:
    """Executions with the outcome that was asked for."""
    return ["\n\n".join([f"with that outcome, {found.violation.scenario} ({how_often(found)})",
                         *filter(None, [diagram(made, found)]), command(made, found)])
            for found in made.outcomes]


def _executions(made: Exploration) -> list[str]:
    """Executions that were asked for, with all values and the cycles at which the clock was read."""
    return ["\n\n".join([
        f"One execution of {one.scenario.name}, without a preemption:",
        draw(one.events, vcpus=one.scenario.vcpus, violations=one.violations, cycles=True),
        "\n".join([tables.wrapped(verdict(violation)) for violation in one.violations]
                  or ["Every oracle holds in it."]),
        f"  ./tkfi replay {shlex.quote(str(one.schedule))}{tree(made)}"]) for one in made.shown]


def _shortened(texts: Sequence[str], most: int) -> list[str]:
    """Texts of at most so many lines together: the first ones, and how many are left out."""
    lines = [line for text in texts for line in text.splitlines()]
    if len(lines) + len(texts) - 1 <= most:
        return list(texts)
    left = len(lines) - most + 1
    if left < 2:
        return ["\n".join(lines)]
    return ["\n".join([*lines[:most - 1], f"  ... and {left} lines more; --all shows all"])]


def _end_of(drawn: str, most: int) -> str:
    """A diagram of at most so many lines: its heading and its end, which is what is wrong."""
    heading, *lines = drawn.splitlines()
    left = len(lines) + 1 - most
    if left < 1:
        return drawn
    return "\n".join([heading, f"  ... {left + 1} lines are left out; --all shows all", *lines[left + 1:]])


def _more(made: Exploration, left: Sequence[Group], room: int) -> list[str]:
    """Of causes that there is no room for: a sentence and a command of as many as fit, and a count."""
    fit = max(0, (room - 3) // 2)
    lines = []
    for group in left[:fit]:
        lines += [f"{group.title}: {values(group.plainest.violation)}", command(made, group.plainest)]
    if left[fit:]:
        lines.append(f"... and {counted(len(left[fit:]), 'more cause')} of "
                     f"{counted(sum(len(group.violations) for group in left[fit:]), 'violation')}; "
                     "--all, --json and --report have all")
    return ["\n".join(lines)]

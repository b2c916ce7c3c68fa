# SPDX-License-Identifier: GPL-2.0
"""An exploration and its violations, in words: heading, table, diagrams, commands, sum."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence

from runner.boot import records
from runner.boot.records import Explored
from runner.explore import coverage
from runner.explore.exploration import Exploration, Found
from runner.explore.scenarios import CLOCKS, base_of, clock_of
from runner.plural import counted
from runner.report import classes
from runner.report.diagram import draw


def title(made: Exploration) -> str:
    """What was explored."""
    by = ", classes by each clock" * (len(clocks_of(made)) > 1)
    return f"Linux {made.header.kernel} ({made.header.variant}), strategy {made.strategy}{by}"


def scenario_rows(made: Exploration, explored: Sequence[Explored]) -> tuple[list[str], list[list[str]]]:
    """The heading of a table of these, and its lines."""
    unit, clocks = records.unit(made.strategy), clocks_of(made)
    numbers = Counter((base_of(found.violation.scenario), found.violation.known)
                      for found in made.violations)
    lines = []
    for name, those in by_name(explored).items():
        cells = {clock_of(one.scenario): f"{getattr(one, unit):,}" for one in those}
        worst = min(those, key=lambda one: one.complete)
        lines.append([name, *(cells.get(clock, "") for clock in clocks), coverage.cell(worst),
                      *(str(numbers[name, known]) for known in (True, False)),
                      f"{sum(one.ns for one in those) / 1e6:,.1f}"])
    units = [unit] if clocks == [CLOCKS[0]] else clocks
    return ["scenario", *units, f"complete{_within(made)}", "known", "new", "time, ms"], lines


def by_name(explored: Sequence[Explored]) -> dict[str, list[Explored]]:
    """What was explored of each scenario, by whichever clock."""
    found: dict[str, list[Explored]] = {}
    for one in explored:
        found.setdefault(base_of(one.scenario), []).append(one)
    return found


def clocks_of(made: Exploration) -> list[str]:
    """By which clocks scenarios were explored."""
    there = {clock_of(one.scenario) for one in made.explored}
    return [clock for clock in CLOCKS if clock in there]


def how_often(found: Found) -> str:
    """How a violation was found: in how many executions."""
    if not found.violation.findings:
        return "by the search for plainer schedules alone"
    return f"in {'at least ' if found.so_far else ''}{counted(found.violation.findings, 'execution')}"


def diagram(made: Exploration, found: Found, *, points: bool = True) -> str:
    """What happened in a violation's execution until it showed; "" if nobody executed its schedule
    again. Unless points, without injection points at which nobody is scheduled out."""
    one = found.violation
    vcpus = made.vcpus.get(one.scenario, ())
    return draw(one.events, vcpus=vcpus, violations=[one], whole=one.is_outcome,
                points=points) if one.events else ""


def command(made: Exploration, found: Found) -> str:
    """How to see it again."""
    if not found.schedule:
        return "  its schedule has too many turns to be printed"
    return f"  ./tkfi replay {shlex.quote(found.schedule)}{tree(made)}"


def tree(made: Exploration) -> str:
    """What a command needs besides to be of the same kernel: nothing, if that is a release."""
    return f" --kernel {shlex.quote(str(made.kernel.path))}" if made.kernel.path else ""


def total(made: Exploration) -> str:
    """The last sentence."""
    explored = (counted(sum(one.classes for one in made.explored), "class", "es")
                if records.unit(made.strategy) == "classes" else
                counted(sum(one.executions for one in made.explored), "execution"))
    complete = sum(all(one.complete for one in those) for those in by_name(made.explored).values())
    clocks = len(clocks_of(made))
    known = counted(len(made.violations) - len(made.new), "known violation") + _by_class(made)
    scenarios = counted(made.scenarios, "scenario")
    return (f"{complete} of {scenarios} explored to the end{_within(made)}"
            f"{f' by {clocks} clocks' * (clocks > 1)}, {explored}: "
            f"{known}, {len(made.new)} new.")


def _by_class(made: Exploration) -> str:
    """How many of what is known are of each class."""
    numbers = Counter((classes.ORDER.index(one.cause_class), one.fixed_in) for one in (
        found.violation for found in made.violations) if one.known and one.cause_class)
    words = ", ".join(f"{number} {classes.counted_as(classes.ORDER[place], version)}"
                      for (place, version), number in sorted(numbers.items()))
    return f" ({words})" if words else ""


def _within(made: Exploration) -> str:
    """What "complete" is relative to."""
    bound = next((one.preemptions for one in made.explored if one.preemptions is not None), None)
    return "" if bound is None else f" within {counted(bound, 'preemption')}"

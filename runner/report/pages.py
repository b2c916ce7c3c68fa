# SPDX-License-Identifier: GPL-2.0
"""The page of an exploration and of a replay: what of them is shown, and in which order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from runner.boot.records import Violation
from runner.errors import TkfiError
from runner.explore import coverage
from runner.explore.exploration import Exploration, Found
from runner.explore.recording import Recording
from runner.explore.replay import Replayed
from runner.plural import counted
from runner.report import classes, exploration_text, findings, race_table, replay_text
from runner.report.findings import Group
from runner.report.page_parts import Like, Page, Shown, Table
from runner.report.violations import explained, explanation, like, values

Recordings = Mapping[str, Replayed | TkfiError]  # by schedule

NOT_COVERED = ("Weaker memory ordering than sequential consistency, machines other than x86-64, and what "
               "no scenario does.")


def groups_of(made: Exploration) -> list[Group]:
    """The causes that an exploration's page shows, what is new first."""
    return [*findings.groups(made.new.values()), *findings.known_groups(made)]


def plainest(made: Exploration) -> list[str]:
    """The schedules of those that are shown step by step."""
    every = [*(group.plainest for group in groups_of(made)), *made.outcomes]
    return list(dict.fromkeys(found.schedule for found in every if found.schedule))


def of_exploration(made: Exploration, recordings: Recordings) -> Page:
    """Its page, with those executions step by step that were recorded."""
    new = [group for group in groups_of(made) if not group.plainest.violation.known]
    heading, rows = exploration_text.scenario_rows(made, made.explored)
    word, tone = (("New violations", "bad") if new else ("Not explored to the end", "unclear")
                  if made.problems or made.stopped else ("Nothing new", "good"))
    shown = _told_apart([_group(made, group, recordings) for group in groups_of(made)])
    shown += [_outcome(made, found, recordings) for found in made.outcomes]
    tables = [Table(f"All scenarios ({len(rows)})", heading, rows)]
    if made.absent:
        tables.append(Table("Scenarios that are not for this kernel", ["scenario"],
                            [[name] for name in made.absent]))
    return Page(
        exploration_text.title(made), word, tone, exploration_text.total(made),
        [("Kernel", f"Linux {made.header.kernel}"), ("Variant", made.header.variant),
         ("Compiler", made.header.compiler), ("Strategy", made.strategy),
         ("Covered", _covered(made)), ("Not covered", _not_covered(made))],
        shown, tables,
        problems=[*made.begun, *(problem.text for problem in made.problems)])


def _told_apart(shown: Sequence[Shown]) -> list[Shown]:
    """With titles that differ: two oracles may find what has one reason."""
    numbers = Counter(one.title for one in shown)
    return [replace(one, title=f"{one.title} ({one.violation.oracle})")
            if numbers[one.title] > 1 and one.violation else one for one in shown]


def _covered(made: Exploration) -> str:
    said = [sentence for one in made.explored for sentence in coverage.sentences(one)]
    executions = sum(one.executions for one in made.explored)
    return " ".join([f"{counted(executions, 'execution')} of {counted(made.scenarios, 'scenario')}, which "
                     "together show every order of accesses that matters, where a scenario was explored to "
                     "its end.", *said])


def _not_covered(made: Exploration) -> str:
    absent = f" {counted(len(made.absent), 'scenario')} not for this kernel." if made.absent else ""
    return NOT_COVERED + absent


def _group(made: Exploration, group: Group, recordings: Recordings) -> Shown:
    found = group.plainest
    one = found.violation
    tag, words = "new", like(one)
    title = title_of(one)
    if one.known:
        tag, words = "known", sentence(classes.known_as(one))
        title = one.reason
    recording, why_not = recorded(found.schedule, recordings)
    return Shown(
        title, tag, words, sentence(f"{one.oracle}: {values(one)}"), one.scenario,
        exploration_text.command(made, found).strip() if found.schedule else "",
        made.vcpus.get(one.scenario, ()), one, race_table.draw(one, made.vcpus.get(one.scenario, ())),
        f"Found {exploration_text.how_often(found)} of {one.scenario}", explained(one),
        exploration_text.diagram(made, found),
        recording, why_not,
        [Like(other.violation.scenario, values(other.violation),
              exploration_text.command(made, other).strip() if other.schedule else "")
         for other in group.violations if other is not found])


def _outcome(made: Exploration, found: Found, recordings: Recordings) -> Shown:
    one = found.violation
    recording, why_not = recorded(found.schedule, recordings)
    return Shown(f"An execution of {one.scenario} with the outcome that was asked for", "holds", "",
                 f"Found {exploration_text.how_often(found)}.", one.scenario,
                 exploration_text.command(made, found).strip() if found.schedule else "",
                 made.vcpus.get(one.scenario, ()), None, diagram=exploration_text.diagram(made, found),
                 recording=recording, why_not=why_not)


def recorded(schedule: str, recordings: Recordings) -> tuple[Recording | None, str]:
    """The recording of a schedule, or why there is none."""
    if not schedule:
        return None, "Its schedule has too many turns to be executed again, so its steps are not shown."
    made = recordings.get(schedule)
    if isinstance(made, TkfiError):
        return None, f"It could not be executed again, so its steps are not shown: {made}"
    if not made or not made.recording:
        return None, "Its steps were not recorded; replay it with --report to see them."
    return made.recording, ""


def sentence(text: str) -> str:
    """With a full stop, and a capital letter, unless it begins with a name in code."""
    is_word = re.match(r"[a-z]+[ :,;]", text)
    return (text[:1].upper() if is_word else text[:1]) + text[1:] + "." * (not text.endswith("."))


def title_of(violation: Violation) -> str:
    """What tells one that is new from others: the clock, what the accesses are of, the scenario."""
    about = dict.fromkeys(access.name for access in violation.accesses)
    return ", ".join([f"{violation.oracle}: {violation.clock}", *about, f"in {violation.scenario}"])


def of_replay(made: Replayed, replay: str) -> Page:
    """The page of one execution; replay is the command that comes to it again."""
    known = [one for one in made.violations if one.known]
    word, tone = (("Every oracle holds", "good") if not made.violations else
                  ("Known violations", "unclear") if made.held else ("New violations", "bad"))
    vcpus = made.scenario.vcpus
    why_not = "" if made.recording else "Its steps were not recorded."
    shown = [Shown(one.reason if one.known else title_of(one),
                   "known" if one.known else "new",
                   sentence(classes.known_as(one)) if one.known else like(one),
                   sentence(f"{one.oracle}: {values(one)}"), made.scenario.name, replay, vcpus, one,
                   race_table.draw(replace(one, events=tuple(made.events)), vcpus), "", explanation(one),
                   replay_text.diagram(made), made.recording, why_not)
             for one in made.violations]
    if not shown:
        shown = [Shown("Every oracle holds", "holds", "", "Nothing is wrong with this execution.",
                       made.scenario.name, replay, vcpus, diagram=replay_text.diagram(made),
                       recording=made.recording, why_not=why_not)]
    return Page(f"One execution of {made.scenario.name}", word, tone,
                f"{counted(len(made.violations), 'violation')}, {len(known)} of them known.",
                [("Kernel", f"Linux {made.header.kernel}"), ("Variant", made.header.variant),
                 ("Compiler", made.header.compiler), ("Scenario", made.scenario.text),
                 ("Covered", "One execution, by this schedule; ./tkfi explore executes all that differ."),
                 ("Not covered", NOT_COVERED)], shown)

# SPDX-License-Identifier: GPL-2.0
"""A verdict as one block of plain text that can be pasted into a mail."""

from __future__ import annotations

import shlex
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from runner.explore.scenarios import base_of, clock_of
from runner.plural import counted
from runner.premerge import measured
from runner.premerge.compare import Changed, Comparison, Failing, function, size
from runner.premerge.verdict import LEAST, PATIENCE, Verdict, Word
from runner.report import classes, race_table, violations
from runner.units import format_jump, format_seconds

LINES, WIDTH = 60, 75
_LABEL = 10  # characters
_NAMED = 4  # of a list, before it says how many more there are
_MEANS = {
    Word.PASS: "Nothing is worse than in the base.",
    Word.IMPROVED: "Nothing is worse than in the base, and faults that it has are gone.",
    Word.REGRESSION: "The tree has faults that its base does not have.",
    Word.INVALID: "The checks did not show that they would have seen a fault.",
}


def text(verdict: Verdict) -> str:
    """At most LINES lines of at most WIDTH characters, but for commands."""
    head, tail = _head(verdict), _tail(verdict)
    room = LINES - len(head) - len(tail) - 2
    return "\n".join([*head, *_new(verdict, room), "", *tail])


def line(verdict: Verdict) -> str:
    """One line on all of it."""
    made = verdict.made
    numbers = [f"{counted(len(made.new), 'new violation')}" if made.new else "",
               f"{counted(len(made.failing), 'KUnit suite')} worse" if made.failing else "",
               f"{counted(len(made.told), 'fault')} in stories" if made.told else "",
               "less accurate" if made.inaccurate else "",
               f"{len(made.gone)} gone" if made.gone else "",
               f"behaviour changed in {counted(len(made.behaviour), 'scenario')}" if made.behaviour else "",
               "behaviour changed in stories" if made.stories_changed else "",
               "" if made.tree.complete else "not all scenarios explored to their end"]
    said = ", ".join(filter(None, numbers)) or "no difference that matters"
    return f"timekeeping: {verdict.word.name}: {said} ({made.tree.classes:,} classes, {verdict.base.words})"


def for_b4(verdict: Verdict) -> str:
    """What b4 is to show: it takes any line for a warning, and one with ERROR: for a failure."""
    if verdict.word not in (Word.PASS, Word.IMPROVED):
        replays = [replay.strip() for group in by_cause(verdict.made.new)[:1]
                   for replay in replay_lines(group[0].violation, verdict)]
        return "\n".join([f"ERROR: {line(verdict)}", *replays])
    return line(verdict) if verdict.warnings else ""


def changelog(verdict: Verdict) -> str:
    """Context and problem of the first new violation, or else of the first that is gone, as the changelog
    of a fix has them; "" if there is none."""
    made = verdict.made
    chosen = [group[0].violation for group in by_cause(made.new)] or _by_nature(made.gone)
    if not chosen:
        return ""
    return "\n".join(_changelog(chosen[0], verdict, made.tree if made.new else made.base))


def _head(verdict: Verdict) -> list[str]:
    made = verdict.made
    suites = made.tree.suites.values()
    tests = (f"{counted(len(suites), 'KUnit suite')}, {sum(one.passed for one in suites):,} cases passed, "
             f"{sum(one.failed for one in suites):,} failed")
    bound = ("each to its end" if made.tree.complete else
             f"not all to their end, as each has {verdict.time} s at most" if verdict.time else
             f"not all to their end, as each has {PATIENCE} times what it takes in the base, and {LEAST} s "
             "at least")
    names = {base_of(one["name"]) for one in made.tree.scenarios}
    clocks = len({clock_of(one["name"]) for one in made.tree.scenarios})
    by_clocks = f" by {clocks} clocks" * (clocks > 1)
    return [
        f"timekeeping checks: {verdict.word.name}", *_wrapped(_means(verdict)), "",
        *_labelled("Tree", verdict.tree.words), *_labelled("Base", verdict.base.words),
        *_labelled("Kernel", f"Linux {made.tree.kernel}, User Mode Linux, {made.tree.compiler}"),
        *_labelled("Explored", f"{counted(len(names), 'scenario')}{by_clocks}, {bound}: "
                   f"{made.tree.classes:,} classes of interleavings. Sequentially consistent: a missing "
                   "memory barrier does not show."),
        *_labelled("Stories", f"{made.tree.performed:,} operations in sequences of up to "
                   f"{measured.STORIES}, on four clocks."),
        *_labelled("Tests", tests + (" (--quick: not all of them)" if verdict.quick else "")),
        *_labelled("Proof", " ".join(proof.text for proof in verdict.proofs)),
    ]


def _means(verdict: Verdict) -> str:
    if verdict.word is Word.REGRESSION and not verdict.made.regressed:
        return "Nothing is worse than in the base, but its behaviour changed, and --strict was asked for."
    return _MEANS[verdict.word]


def _new(verdict: Verdict, room: int) -> list[str]:
    """What is worse, the plainest first, as far as there is room."""
    made = verdict.made
    lines: list[str] = []
    groups = by_cause(made.new)
    for number, group in enumerate(groups):
        block = _violation(group, verdict)
        left = f"... and {counted(len(groups) - number, 'more cause')}; --json has all"
        if len(lines) + len(block) + 1 > room - (number + 1 < len(groups)):
            if number:
                lines += ["", left]
                break
            replay = [line for line in block[-1:] if line.startswith("  ./tkfi ")]
            block = [*block[:max(4, room - len(lines) - 5)], "  ...", *replay]
        lines += ["", *block]
    return lines


def _violation(group: Sequence[Changed], verdict: Verdict) -> list[str]:
    """One of a group: the sentence, the table, the explanation, and the line that replays it."""
    changed = group[0]
    one = changed.violation
    many = f" ({counted(len(group), 'violation')} like it)" if len(group) > 1 else ""
    known = f"; of the kind: {one['reason']}" if one.get("known") else ""
    table = race_table.draw(measured.violation(one), verdict.made.tree.vcpus.get(one["scenario"], ()))
    return [*_labelled("New", f"{sentence(one)}{many}; {changed.why}{known}"), "",
            *(f"  {row}".rstrip() for row in table), *([""] if table else []),
            *_wrapped(explanation(one)), *replay_lines(one, verdict)]


def _tail(verdict: Verdict) -> list[str]:
    """The rest: in short where something is worse, as there is little room then."""
    made = verdict.made
    few = 2 if made.regressed else _NAMED
    lines: list[str] = []
    if made.failing:
        lines += _labelled("Fails", "KUnit " + _list([_failing(one) for one in made.failing], few))
    if made.problems:
        first = textwrap.shorten(made.problems[0], 2 * WIDTH, placeholder=" ...")
        lines += _labelled("Fails", _list([first, *made.problems[1:]], 1))
    if made.told:
        lines += _stories(made.told, verdict)
    if made.inaccurate:
        lines += _labelled("Fails", "less accurate in simulations, ns: " + _list(
            [f"{name} {old:,.3f} -> {new:,.3f}" for name, (old, new) in made.inaccurate.items()], few))
    if made.told_gone and not made.gone:
        fault = made.told_gone[0]
        lines += _labelled("Gone", f"of stories: {fault['reason'] or fault['holds']}")
    if made.regressed and made.gone:
        lines += _labelled("Gone", f"{counted(len(made.gone), 'violation')} of the base")
    elif made.gone:
        lines += _gone(made)
    for failing in made.mended[:2]:
        lines += _labelled("Gone", f"failures of KUnit {failing.suite}: {_list(failing.cases, 2)}")
    if made.same:
        numbers = Counter(classes.counted_as(one["class"], one["fixed_in"]) if one["class"] else "not known"
                          for one in made.same)
        of_class = ", ".join(f"{number} {name}" for name, number in sorted(numbers.items()))
        lines += _labelled("In both", f"{counted(len(made.same), 'violation')} ({of_class})")
    if made.behaviour:
        lines += _labelled("Changed", "other values can be observed, though nothing is wrong with them, in "
                           + _list([f"{one.scenario} ({one.base_outcomes} -> {one.outcomes} outcomes)"
                                    for one in made.behaviour], few))
        for said in made.behaviour[0].shown if not made.new else ():
            lines += ([f"  ./tkfi replay {shlex.quote(said)} --kernel {shlex.quote(verdict.tree.path)}"]
                      if said.startswith("tkfi1 ") else _labelled("", said))
    if made.stories_changed:
        one = made.stories_changed[0]
        of = sum(changed.stories for changed in made.stories_changed)
        lines += _labelled("Changed", "other values, though nothing is wrong with them, after "
                           f"{counted(of, 'sequence')} of operations; on {one.clock}: {one.text}")
        for said in one.shown if not made.new else ():
            lines += _labelled("", said)
        lines += [f"  ./tkfi explore --story {shlex.quote(one.text)} --clock {one.clock} --show --kernel "
                  f"{shlex.quote(verdict.tree.path)}"] * (not made.new)
    if made.holds:
        lines += _labelled("Hold", "accesses with a sequence odd: " + _list(
            [f"{name} {old} -> {new}" for name, (old, new) in made.holds.items()], few))
    if verdict.tests_changed:
        lines += _labelled("Tests", "the change touches " + _list(list(verdict.tests_changed), _NAMED))
    found = verdict.coverage
    if found and (found.executed or found.missed):
        missed = f" Not executed: {_list(list(found.missed), _NAMED)}." if found.missed else ""
        least, most = (of(found.executed.values(), default=0) for of in (min, max))
        by = f"{least} to {most} scenarios" if least < most else counted(most, "scenario")
        ran, number = len(found.executed), len(found.executed) + len(found.missed)
        lines += _labelled("Coverage", f"{ran} of {number} changed lines that access memory were executed"
                           + f", each by {by}" * bool(most) + f".{missed}")
    return [*lines, *_labelled("Repeat", ""), f"  {verdict.repeat}"]


def _stories(told: Sequence[Mapping[str, Any]], verdict: Verdict) -> list[str]:
    """The plainest fault that stories show, and how many more there are."""
    one = min(told, key=lambda fault: (fault["text"].count(", "), fault["text"]))
    more = f" (and {len(told) - 1} more)" * (len(told) > 1)
    return [*_labelled("Fails", f"{one['of']} is {one['seen']:,} after {one['op']}, and ought to be "
                       f"{one['wanted']:,}: {one['holds']}{more}"),
            f"  ./tkfi explore --story {shlex.quote(one['text'])} --clock {one['clock']} "
            f"--kernel {shlex.quote(verdict.tree.path)}"]


def _gone(made: Comparison) -> list[str]:
    """Causes that are gone, each with its plainest violation; then what else is."""
    lines: list[str] = []
    causes = made.causes_gone
    rest = [one for one in made.gone if one.get("cause") not in causes]
    for cause in causes[:_NAMED]:
        first, *more = sorted((one for one in made.gone if one["cause"] == cause), key=_plain)
        lines += _labelled("" if lines else "Gone", f"{first['reason']}: {_subject(first)} in "
                           f"{first['scenario']}" + f" and {len(more)} more" * bool(more))
    if rest or causes[_NAMED:]:
        said = [f"{counted(len(causes) - _NAMED, 'more cause')}"] * (len(causes) > _NAMED)
        said += [f"{_subject(one)} in {one['scenario']}" + (
            f" ({one['reason']})" if one.get("reason") else "") for one in _by_nature(rest)]
        lines += _labelled("" if lines else "Gone", _list(said, 2))
    return lines


def _failing(one: Failing) -> str:
    """A suite that does worse, by one of its cases."""
    if not one.cases:
        return f"{one.suite}: {textwrap.shorten(one.cause, WIDTH, placeholder=' ...')}"
    first = one.cases[0].partition(".")[2] or one.cases[0]
    return f"{one.suite} ({first}" + f" and {len(one.cases) - 1} more" * (len(one.cases) > 1) + ")"


def _changelog(one: Mapping[str, Any], verdict: Verdict, of: measured.Measured) -> list[str]:
    accesses = one["accesses"]
    context = (f"{function(accesses[1])}() {_does(accesses[1])} while {function(accesses[0])}() "
               f"{_does(accesses[0])}." if len(accesses) > 1 else
               f"{one['clock']} is read while time is updated.")
    table = race_table.draw(measured.violation(one), of.vcpus.get(one["scenario"], ()))
    return [*_wrapped(_public(context)), "", *_wrapped(f"{sentence(one)}:"), "",
            *(f"  {row}".rstrip() for row in table), "", *_wrapped(explanation(one)), "",
            *_wrapped(f"Found on Linux {of.kernel}, {verdict.tree.words}, by exploring interleavings of "
                      "the live timekeeping code in User Mode Linux.")]


def _does(access: Mapping[str, Any]) -> str:
    verb = {"load": "reads", "store": "writes"}.get(access["kind"], f"{access['kind']}s")
    return f"{verb} {access['name']}"


def _public(sentence: str) -> str:
    return sentence.replace("tkfi_vdso_", "")


def sentence(one: Mapping[str, Any]) -> str:
    """What is wrong."""
    first, second = (format_seconds(one[ns], one.get("unit_ns", 1)) for ns in ("first_ns", "second_ns"))
    if one["oracle"] == "monotonic":
        return f"{one['clock']} = {second} after {one['first']} = {first}: {format_jump(size(one))} back"
    values = (f": {violations.pair(one['oracle'], first, second)}"
              if one["first_ns"] or one["second_ns"] else f": {one['waits']}" if one["waits"] else "")
    return f"{one['oracle']}{' ' * bool(one['rule'])}{one['rule']}: {one['clock']}{values}"


def _subject(one: Mapping[str, Any]) -> str:
    if one["oracle"] == "monotonic":
        return f"{one['clock']} {format_jump(size(one))} back"
    return sentence(one)


def explanation(one: Mapping[str, Any]) -> str:
    if not one["explained"] or len(one["accesses"]) < 2:
        return ""
    first, second = one["accesses"]
    return _public(f"If {_accesses(second)} before {_accesses(first)}, it does not happen (executed).")


def _accesses(access: Mapping[str, Any]) -> str:
    place = f" ({access['place']})" if access["place"] else ""
    return f"{function(access)}(){place} {_does(access)}"


def replay_lines(one: Mapping[str, Any], verdict: Verdict) -> list[str]:
    if not one["schedule"]:
        return []
    return [f"  ./tkfi replay {shlex.quote(one['schedule'])} --kernel {shlex.quote(verdict.tree.path)}"]


def by_cause(new: Sequence[Changed]) -> list[list[Changed]]:
    """Those of one cause together, the plainest first; the cause that goes wrong most plainly first."""
    def kind(one: Changed) -> tuple[str, ...]:
        found = one.violation
        return (found["oracle"], found["rule"], found.get("family") or found["clock"],
                *(f"{access['kind']}{access['name']}" for access in found["accesses"]))

    def plain(one: Changed) -> tuple[Any, ...]:
        found = one.violation
        # What everybody understands at once comes first.
        return (bool(found.get("known")), found["oracle"] != "monotonic", found["preemptions"],
                found["delays"], found["turns"], len(found["schedule"]), found["schedule"])

    by_kind = [sorted(group, key=plain) for _, group in groupby(sorted(new, key=kind), key=kind)]
    return sorted(by_kind, key=lambda group: (plain(group[0]), -len(group)))


def _by_nature(those: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """One of each kind, the plainest."""
    found: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for one in sorted(those, key=_plain):
        found.setdefault((one["oracle"], one["rule"], one.get("cause") or one["reason"]), one)
    return list(found.values())


def _plain(one: Mapping[str, Any]) -> tuple[int, ...]:
    return (one["preemptions"], one["delays"], one["turns"])


def _list(names: Sequence[str], most: int) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _labelled(label: str, said: str) -> list[str]:
    return textwrap.wrap(said, WIDTH, initial_indent=f"{label + ':' * bool(label):<{_LABEL}}",
                         subsequent_indent=" " * _LABEL, break_on_hyphens=False, break_long_words=False
                         ) or [f"{label}:"]


def _wrapped(said: str) -> list[str]:
    return textwrap.wrap(said, WIDTH, break_on_hyphens=False, break_long_words=False)

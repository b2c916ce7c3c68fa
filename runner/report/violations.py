# SPDX-License-Identifier: GPL-2.0
"""A violation in words: what was seen, and what explains it."""

from __future__ import annotations

from runner.boot.records import Violation
from runner.plural import counted
from runner.report import classes, diagram, tables
from runner.units import format_jump, format_seconds


def verdict(violation: Violation) -> str:
    """A violation in one line."""
    known = f"known: {classes.reason(violation)}" if violation.known else like(violation) or "NEW"
    return f"{violation.oracle}: {values(violation)} ({known})"


def like(violation: Violation) -> str:
    """Of one that is not known, what is known that is like it; "" if nothing is."""
    if not violation.like:
        return ""
    predicts = violation.predicted_ns
    size = "" if predicts is None else f", which predicts {format_jump(-predicts)} back"
    return f"NEW; readers and lines are those of {violation.like}{size}"


def values(violation: Violation) -> str:
    """What was seen, in words."""
    first, second = (format_seconds(ns, violation.unit_ns)
                     for ns in (violation.first_ns, violation.second_ns))
    if violation.oracle == "monotonic":
        return (f"{violation.clock} = {second} after {violation.first} = {first}, "
                f"{format_jump(violation.first_ns - violation.second_ns)} back")
    if violation.first_ns or violation.second_ns:
        return f"{violation.clock}: {pair(violation.oracle, first, second)}"
    if violation.waits:
        return f"{violation.clock}: {violation.waits}"
    return violation.clock


_LABELS = {"agree": "{} by the vDSO, {} by the kernel",
           "counted": "ticks for {} in jiffies, for {} before the next one",
           "line": "expected {}, read {}"}


def pair(oracle: str, first: str, second: str) -> str:
    """What the two values of a finding are. Of "line" the first is the last published time that the reader
    could see."""
    return _LABELS.get(oracle, "{} and {}").format(first, second)


def explained(violation: Violation) -> str:
    """The explanation of what an exploration found, with whether there may be plainer schedules."""
    search = f"search of {counted(violation.searched, 'execution')}"
    if violation.minimal:
        return explanation(violation, f"; no schedule with fewer shows it (a {search})")
    return explanation(violation, f"; there may be a schedule with fewer: the {search} did not see all"
                       if violation.searched else "; schedules with fewer were not searched for")


def explanation(violation: Violation, least: str = "") -> str:
    """The two accesses whose order matters, in a few lines; "" if nobody looked for them."""
    counts = [counted(number, what) for number, what in (
        (violation.preemptions, "preemption"), (violation.delays, "delay")) if number]
    cost = f"with {' and '.join(counts)}" if counts else "without a preemption or delay"
    if not violation.explained:
        found = f"It was found {cost}{least}. " if least else ""
        return (f"{found}No two accesses alone explain it: it does not hold in any of {violation.tried} "
                "other orders of two (executed).") if violation.tried else ""
    rows = [[diagram.title(one.who), one.kind, one.name + (
        "" if one.value is None else f" = {one.value}"), one.place or one.at]
        for one in violation.accesses]
    return "\n".join([f"The order that matters, {cost}{least}:", *tables.columns(rows),
                      "In the other order it holds (executed)."])

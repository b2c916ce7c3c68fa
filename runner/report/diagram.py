# SPDX-License-Identifier: GPL-2.0
"""An execution as a diagram: a column for each VCPU, time running down.

No line is longer than a terminal is wide, with up to four columns: where there is no room, the value of a
read goes on below its name, and names are shortened; values never are.
"""

from __future__ import annotations

from collections.abc import Sequence

from runner.boot.records import Event, Violation
from runner.report.tables import WIDTH
from runner.units import format_jump, format_ns, format_seconds

_INDENT = "  "
_COLUMN = 35  # characters from one VCPU to the next, if there is room
_NARROWEST = 19  # a column for a value; with more of them than that has room for lines are longer
_LAST = 22  # of the last column: a value of twenty digits
_FEWEST = 12  # characters of a name that is shortened, and three quarters of it
_DRAWN = ("call", "return", "point", "off", "stop", "blocked", "read")
_AWAY = ("off", "stop")


def draw(events: Sequence[Event], *, vcpus: Sequence[str] = (),
         violations: Sequence[Violation] | None = None, whole: bool = True, points: bool = True,
         cycles: bool = False) -> str:
    """One column per VCPU, time running down; vcpus are their names in a schedule, host among them.
    A read that went back says by how much: one of violations, or, without these, one below the
    clock's last value. Unless whole, what comes after such reads is left out. Unless points, only those
    injection points are drawn at which a VCPU is scheduled out. cycles: a read says at which cycle it read
    the clock, and all that other operations return is drawn, too."""
    number = max([event.vcpu + 1 for event in events] + [len(vcpus), 1])
    host = vcpus.index("host") if "host" in vcpus else None
    depth = [0] * number
    begun: set[tuple[int, str]] = set()
    behind = _behind_last(events) if violations is None else _behind_first(events, violations)
    names = [title(vcpus[vcpu]) if vcpu < len(vcpus) else f"VCPU{vcpu}" for vcpu in range(number)]
    width = column(number)
    lines, last = ["".join(name.ljust(width) for name in names)], 0
    for event in _worth_drawing(events, points):
        call = event.vcpu, event.text
        if event.kind == "return" or (event.kind == "read" and call in begun):
            depth[event.vcpu] = max(0, depth[event.vcpu] - 1)
            begun.discard(call)
        if event.kind == "return" and (not cycles or event.vcpu == host):
            continue
        margin = width * event.vcpu + (0 if event.kind in _AWAY else 2 * depth[event.vcpu])
        if event.kind == "call":
            depth[event.vcpu] += 1
            begun.add(call)
        back = f"<- {format_jump(behind[id(event)])} back" if id(event) in behind else ""
        fitted = [f"<{event.text.strip('()')}>"] if event.vcpu == host else _fitted(
            _words(event), _values(event, cycles), back, WIDTH - len(_INDENT) - margin)
        lines += [" " * max(0, min(margin, WIDTH - len(_INDENT) - len(line))) + line for line in fitted]
        if back:
            last = len(lines)
    if not whole and behind:
        lines = lines[:last]
    return "\n".join(_INDENT + line.rstrip() for line in lines)


def title(vcpu: str) -> str:
    """What people call cpu0, nmi0 or host."""
    return vcpu.replace("cpu", "VCPU").replace("nmi", "NMI of VCPU")


def column(number: int) -> int:
    """How many characters there are from one of so many columns to the next."""
    room = WIDTH - len(_INDENT) - _LAST
    return max(_NARROWEST, min(_COLUMN, room // max(number - 1, 1)))


def _fitted(name: str, values: Sequence[str], back: str, room: int) -> list[str]:
    """The lines of an event: one, if there is room; else by how much it went back is said below, and the
    values are where they leave too little of the name."""
    whole = " ".join([name, *values])
    if len(whole) + (len("   ") + len(back)) * bool(back) <= room:
        return [f"{whole}   {back}".rstrip()]
    left = room - sum(1 + len(value) for value in values)
    if left >= min(len(name), max(_FEWEST, len(name) * 3 // 4)):
        return [" ".join([shortened(name, left), *values]), *([f"{_INDENT}{back}"] if back else [])]
    lines = [shortened(name, room)]
    for value in [*values, *([back] if back else [])]:
        if len(lines) > 1 and value != back and len(lines[-1]) + 1 + len(value) <= room:
            lines[-1] += f" {value}"
        else:
            lines.append(_INDENT + value)
    return lines


def shortened(name: str, room: int) -> str:
    """A name without some of its middle, if it needs that: what is in brackets tells most, and how it
    begins."""
    if len(name) <= room:
        return name
    head, bracket, rest = name.partition("(")
    if bracket and len(rest) + 4 <= room:
        return f"{head[:room - len(rest) - 2]}…({rest}"
    last = (room - 1) // 2
    return f"{name[:room - 1 - last]}…{name[len(name) - last:]}"


def _worth_drawing(events: Sequence[Event], points: bool) -> list[Event]:
    """The events a changelog needs. A read that begins and ends undisturbed is one line: its value."""
    following = [*events[1:], None]
    drawn = [event for event, after in zip(events, following) if event.kind in _DRAWN and not (
        event.kind == "call" and after and after.kind == "read"
        and (after.vcpu, after.text) == (event.vcpu, event.text))]
    if points:
        return drawn
    return [event for event, after in zip(drawn, [*drawn[1:], None]) if event.kind != "point" or (
        after and after.kind in _AWAY and after.vcpu == event.vcpu)]


def _behind_last(events: Sequence[Event]) -> dict[int, int]:
    """By how much reads are smaller than the last one of their clock."""
    latest: dict[str, int] = {}
    behind: dict[int, int] = {}
    for event in events:
        if event.kind == "read" and event.ns is not None:
            back = latest.get(event.text, event.ns) - event.ns
            latest[event.text] = event.ns
            if back > 0:
                behind[id(event)] = back
    return behind


def _behind_first(events: Sequence[Event], violations: Sequence[Violation]) -> dict[int, int]:
    """By how much reads are smaller than one of a violation that came first."""
    behind: dict[int, int] = {}
    for violation in violations:
        if not violation.first or violation.first_ns <= violation.second_ns:
            continue  # it is about one read, or nothing went back
        seen = False
        for event in events:
            if event.kind == "read" and seen and (event.text, event.ns) == (
                    violation.clock, violation.second_ns):
                behind[id(event)] = violation.first_ns - violation.second_ns
            seen |= (event.text, event.ns) == (violation.first, violation.first_ns)
    return behind


def _words(event: Event) -> str:
    if event.kind == "point":
        return f"... {event.text}"
    if event.kind == "off":
        return f"<scheduled out for {format_ns(event.ns or 0)}>"
    if event.kind == "stop":
        return f"<scheduled out before {event.text}>"
    if event.kind == "blocked":
        return f"<blocked on {event.text}>"
    if event.kind == "return":
        return f"returned {event.ns}"
    return event.text


def _values(event: Event, cycles: bool) -> list[str]:
    """What a read returned, and at which cycle it read the clock; for another operation only that."""
    at = [f"at cycle {event.cycle}"] if cycles and event.cycle is not None else []
    if event.kind == "read" and event.ns is not None:
        return [f"= {format_seconds(event.ns, event.unit_ns)}", *at]
    return at if event.kind == "return" else []

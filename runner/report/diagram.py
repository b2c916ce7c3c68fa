# SPDX-License-Identifier: GPL-2.0
"""An execution as a diagram: a column for each VCPU, time running down."""

from __future__ import annotations

from collections.abc import Sequence

from runner.boot.records import Event, Violation
from runner.units import format_ns, format_seconds

COLUMN = 35  # characters from one VCPU to the next
_DRAWN = ("call", "return", "point", "off", "stop", "blocked", "read")


def draw(events: Sequence[Event], *, vcpus: Sequence[str] = (),
         violations: Sequence[Violation] | None = None, whole: bool = True) -> str:
    """One column per VCPU, time running down; vcpus are their names in a schedule, host among them.
    A read that went back says by how much: one of violations, or, without these, one below the
    clock's last value. Unless whole, what comes after such reads is left out."""
    number = max([event.vcpu + 1 for event in events] + [len(vcpus), 1])
    host = vcpus.index("host") if "host" in vcpus else None
    depth = [0] * number
    begun: set[tuple[int, str]] = set()
    behind = _behind_last(events) if violations is None else _behind_first(events, violations)
    names = [title(vcpus[vcpu]) if vcpu < len(vcpus) else f"VCPU{vcpu}" for vcpu in range(number)]
    lines, last = ["".join(name.ljust(COLUMN) for name in names)], 0
    for event in _worth_drawing(events):
        call = event.vcpu, event.text
        if event.kind == "return" or (event.kind == "read" and call in begun):
            depth[event.vcpu] = max(0, depth[event.vcpu] - 1)
            begun.discard(call)
        if event.kind == "return":
            continue
        margin = 0 if event.kind in ("off", "stop") else 2 * depth[event.vcpu]
        if event.kind == "call":
            depth[event.vcpu] += 1
            begun.add(call)
        text = f"<{event.text.strip('()')}>" if event.vcpu == host else _words(event)
        text += f"   <- {behind[id(event)]} ns back" if id(event) in behind else ""
        lines.append(" " * (COLUMN * event.vcpu + margin) + text)
        if id(event) in behind:
            last = len(lines)
    if not whole and behind:
        lines = lines[:last]
    return "\n".join("  " + line.rstrip() for line in lines)


def title(vcpu: str) -> str:
    """What people call cpu0, nmi0 or host."""
    return vcpu.replace("cpu", "VCPU").replace("nmi", "NMI of VCPU")


def _worth_drawing(events: Sequence[Event]) -> list[Event]:
    """The events a changelog needs. A read that begins and ends undisturbed is one line: its value."""
    following = [*events[1:], None]
    return [event for event, after in zip(events, following) if event.kind in _DRAWN and not (
        event.kind == "call" and after and after.kind == "read"
        and (after.vcpu, after.text) == (event.vcpu, event.text))]


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
    if event.kind == "read" and event.ns is not None:
        return f"{event.text} = {format_seconds(event.ns)}"
    return event.text

# SPDX-License-Identifier: GPL-2.0
"""The two-column diagram, and tables."""

from __future__ import annotations

from collections.abc import Sequence

from runner.results import Event
from runner.units import format_ns, format_seconds

COLUMN = 35  # characters from one VCPU to the next
_DRAWN = ("call", "return", "point", "off", "blocked", "read")


def diagram(events: Sequence[Event]) -> str:
    """One column per VCPU, time running down; a read that went back says by how much."""
    vcpus = max((event.vcpu for event in events), default=0) + 1
    depth = [0] * vcpus
    latest: dict[str, int] = {}
    lines = ["".join(f"VCPU{vcpu}".ljust(COLUMN) for vcpu in range(vcpus))]
    for event in _worth_drawing(events):
        if event.kind == "return":
            depth[event.vcpu] = max(0, depth[event.vcpu] - 1)
            continue
        text, margin = _words(event), 0 if event.kind == "off" else 2 * depth[event.vcpu]
        if event.kind == "call":
            depth[event.vcpu] += 1
        if event.kind == "read" and event.ns is not None:
            back = latest.get(event.text, event.ns) - event.ns
            latest[event.text] = event.ns
            text += f"   <- {back} ns back" if back > 0 else ""
        lines.append(" " * (COLUMN * event.vcpu + margin) + text)
    return "\n".join("  " + line.rstrip() for line in lines)


def table(heading: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> str:
    """Columns as wide as they need be, the first ones to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(heading, *rows)]

    def line(cells: Sequence[str]) -> str:
        text = (cell.ljust(width) if index < left else cell.rjust(width)
                for index, (cell, width) in enumerate(zip(cells, widths)))
        return "  " + "   ".join(text).rstrip()

    rule = "  " + "   ".join("-" * width for width in widths)
    return "\n".join([line(heading), rule, *map(line, rows)])


def _worth_drawing(events: Sequence[Event]) -> list[Event]:
    """The events a changelog needs. A read that begins and ends undisturbed is one line: its value."""
    following = [*events[1:], None]
    return [event for event, after in zip(events, following) if event.kind in _DRAWN and not (
        event.kind == "call" and after and after.kind == "read"
        and (after.vcpu, after.text) == (event.vcpu, event.text))]


def _words(event: Event) -> str:
    if event.kind == "point":
        return f"... {event.text}"
    if event.kind == "off":
        return f"<scheduled out for {format_ns(event.ns or 0)}>"
    if event.kind == "blocked":
        return f"<blocked on {event.text}>"
    if event.kind == "read" and event.ns is not None:
        return f"{event.text} = {format_seconds(event.ns)}"
    return event.text

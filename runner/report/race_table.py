# SPDX-License-Identifier: GPL-2.0
"""A race as changelogs show it: "a table which shows the parallelism and the temporal order"
(Documentation/process/maintainer-tip.rst), a column for each CPU."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from runner.boot.records import Access, Event, Violation
from runner.units import format_jump, format_seconds

WIDTH = 72  # characters, so that a mail quotes it without wrapping
_PASS = re.compile(r"\((\S+) pass(es)?\)")
_INDENT = "  "
_TIED = "\u00a0"  # a blank at which no line is broken
_VDSO = "tkfi_vdso_"  # what the vDSO's functions are called, built into the kernel


def draw(violation: Violation, vcpus: Sequence[str]) -> list[str]:
    """Its lines, none of them longer than WIDTH; vcpus are the names of the VCPUs in a schedule. Nothing if
    what happened is not known."""
    rows = _rows(violation, vcpus)
    rows = [row for row in rows if row[0] in _taking_part(violation)]
    columns = sorted({vcpu for vcpu, _ in rows}, key=lambda vcpu: (_is_nmi(vcpus, vcpu), vcpu))
    if not columns:
        return []
    width = WIDTH // len(columns)
    lines = ["".join(title.ljust(width) for title in _titles(vcpus, columns)).rstrip(), ""]
    for vcpu, text in rows:
        margin = " " * (width * columns.index(vcpu))
        indent = " " * (len(text) - len(text.lstrip()))
        lines += [(margin + line).replace(_TIED, " ").rstrip() for line in textwrap.wrap(
            text.strip(), width - 1, initial_indent=indent, subsequent_indent=indent + _INDENT,
            break_on_hyphens=False, break_long_words=False)]
    return lines


def _taking_part(violation: Violation) -> set[int]:
    """The VCPUs without which it would not show: those of the accesses and of the two reads, and whoever
    does more than read."""
    reads = {(violation.first, violation.first_ns), (violation.clock, violation.second_ns)}
    return {access.vcpu for access in violation.accesses} | {
        event.vcpu for event in violation.events
        if event.kind == "return" or (event.kind == "read" and (event.text, event.ns) in reads)}


def _rows(violation: Violation, vcpus: Sequence[str]) -> list[tuple[int, str]]:
    """What each CPU does, in the order in which it happens, up to what is wrong."""
    host = vcpus.index("host") if "host" in vcpus else None
    events = [event for event in violation.events
              if event.kind in ("call", "return", "read", "stop", "off", "blocked")]
    rows: list[tuple[int, str]] = []
    begun: dict[int, list[str]] = {}
    away: int | None = None
    accesses = list(violation.accesses)
    seen_first = False
    for number, event in enumerate(events):
        if event.vcpu == host:
            if event.kind == "call" and (spell := _PASS.fullmatch(event.text)):
                _say_away(rows, away if away is not None else _last(rows), f"<preempted for {spell[1]}>")
            continue
        depth = _INDENT * len(begun.get(event.vcpu, ()))
        if event.kind == "stop":
            accesses = _add(rows, accesses, event.vcpu, depth)
            rows.append((event.vcpu, f"{depth}<preempted>"))
            away = event.vcpu
            continue
        if event.kind == "call":
            following = events[number + 1] if number + 1 < len(events) else None
            if not (following and following.kind == "read" and _same_call(event, following)):
                rows.append((event.vcpu, f"{depth}{event.text}"))
                begun.setdefault(event.vcpu, []).append(event.text)
            continue
        if event.kind == "blocked":
            rows.append((event.vcpu, f"{depth}<waits for {event.text}>"))
            continue
        if accesses and accesses[0].vcpu == event.vcpu:
            accesses = _add(rows, accesses, event.vcpu, depth or _INDENT)
        if event.text in begun.get(event.vcpu, ()):
            begun[event.vcpu].remove(event.text)
        if event.kind != "read" or event.ns is None:
            continue
        own = _INDENT * len(begun.get(event.vcpu, ()))
        rows.append((event.vcpu, f"{own}{event.text} ={_TIED}{format_seconds(event.ns, event.unit_ns)}"))
        if seen_first and (event.text, event.ns) == (violation.clock, violation.second_ns):
            back = f"/* {format_jump(violation.first_ns - violation.second_ns)} back */"
            rows.append((event.vcpu, own + back.replace(" ", _TIED)))
            break
        if not violation.first and (event.text, event.ns) == (violation.clock, violation.second_ns):
            break
        seen_first |= (event.text, event.ns) == (violation.first, violation.first_ns)
    return rows


def _add(rows: list[tuple[int, str]], accesses: list[Access], vcpu: int, depth: str) -> list[Access]:
    """Say what the next of the accesses does, if it is this CPU's. Returns those that are left."""
    if not accesses or accesses[0].vcpu != vcpu:
        return accesses
    one = accesses[0]
    where = one.at.partition("+")[0].partition(".")[0].removeprefix(_VDSO)
    does = {"load": "reads", "store": "writes"}.get(one.kind, f"{one.kind}s")
    value = "" if one.value is None else f" ={_TIED}{one.value}"
    rows.append((vcpu, f"{depth}{where}() {does} {one.name}{value}"))
    return accesses[1:]


def _say_away(rows: list[tuple[int, str]], vcpu: int | None, text: str) -> None:
    """For how long a CPU was away: where it was said that it is, or else where it is now."""
    if vcpu is None:
        return
    for number in range(len(rows) - 1, -1, -1):
        if rows[number][0] == vcpu:
            if rows[number][1].strip() == "<preempted>":
                indent = rows[number][1][:len(rows[number][1]) - len(rows[number][1].lstrip())]
                rows[number] = (vcpu, indent + text)
                return
            break
    rows.append((vcpu, _INDENT + text))


def _last(rows: Sequence[tuple[int, str]]) -> int | None:
    return rows[-1][0] if rows else None


def _same_call(call: Event, read: Event) -> bool:
    return (call.vcpu, call.text) == (read.vcpu, read.text)


def _is_nmi(vcpus: Sequence[str], vcpu: int) -> bool:
    return vcpu < len(vcpus) and vcpus[vcpu].startswith("nmi")


def _titles(vcpus: Sequence[str], columns: Sequence[int]) -> list[str]:
    """What changelogs call cpu0, cpu2 and nmi0: numbered from 0, without those that take no part."""
    names = [vcpus[vcpu] if vcpu < len(vcpus) else f"cpu{vcpu}" for vcpu in columns]
    cpus = dict.fromkeys(name.lstrip("cpunmi") for name in names)
    return [("NMI on CPU" if name.startswith("nmi") else "CPU") + str([*cpus].index(name.lstrip("cpunmi")))
            for name in names]

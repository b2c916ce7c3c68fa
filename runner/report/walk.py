# SPDX-License-Identifier: GPL-2.0
"""An execution step by step, for the page's script: who does what, on which line, and what the words that
matter hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from runner.boot.records import Step
from runner.explore.recording import Recording
from runner.report import timeline
from runner.report.diagram import title
from runner.report.timeline import Timeline
from runner.units import format_seconds

_CELL, _KNOWN = 4, 8  # bytes: of a cell, and as many of an access as are known
WORDS = 14  # that are shown, at most
_AROUND = 3  # lines before and after the one that is executed
# What readers calculate with; the others that matter are those that several VCPUs touch.
_LINE = re.compile(r"(.*\.)?(seq|cycle_last|mult|shift|(xtime_)?nsec|(xtime_)?sec|base|ktime_sec|clock)"
                   r"(\[(MONOTONIC|REALTIME)(_COARSE)?\])?", re.ASCII)
_POINTER = re.compile(r"(.*\.)(clock|clock_mode|mask)(\[\w+\])?", re.ASCII)  # of no interest to people


class _Table:
    """Texts, each once."""

    def __init__(self) -> None:
        self.texts: dict[str, int] = {}

    def number(self, text: str) -> int:
        return self.texts.setdefault(text, len(self.texts))


class Sources:
    """The lines of source and the names of all that a page shows: each once, whoever needs it."""

    def __init__(self) -> None:
        self.names = _Table()
        self._lines: dict[str, dict[int, list[Any]]] = {}
        self._places: dict[tuple[str, str, int], int] = {}

    def place(self, recording: Recording, step: Step) -> int:
        """The number of a step's place; -1 if it is not known."""
        frames = recording.frames(step)
        if not frames:
            return -1
        frame = frames[0]
        known = self._lines.setdefault(frame.path, {})
        there = recording.sources.get(frame.path, {})
        for number in range(frame.line - _AROUND, frame.line + _AROUND + 1):
            if number in there:
                known[number] = [there[number].number or 0, there[number].text]
        key = frame.function.removeprefix("tkfi_vdso_"), frame.path, frame.line
        return self._places.setdefault(key, len(self._places))

    def json(self) -> dict[str, Any]:
        """For the script: places as [function, file, line], and files as {line: [the user's, text]}."""
        return {"names": list(self.names.texts), "places": [list(place) for place in self._places],
                "files": self._lines}


def walk(line: Timeline, sources: Sources) -> dict[str, Any]:
    """One execution for the script. v, k, n, a, p: of each step the VCPU, the kind, the name of what
    it touches, the value afterwards (-1 for a lock), the place. words: what is shown, with the value
    at the begin; changes: [step, word, value]. m: the steps that others could notice; stops: those
    that explain it; gaps: [step, width] of what is between two steps in the timeline."""
    recording, names, values = line.recording, sources.names, _Table()
    accessed = [recording.what(step) for step in recording.steps]
    words = _words(recording)
    changes = []
    now = [word.before for word in words]
    begin = [[word.text, values.number(str(value))] for word, value in zip(words, now)]
    for number, step in enumerate(recording.steps):
        if step.stores:
            for at, value in _changed(words, step, now):
                now[at] = value
                changes.append([number, at, values.number(str(value))])
    steps = recording.steps
    return {
        "vcpus": [title(name) for name in line.vcpus],
        "v": [step.vcpu for step in steps], "k": "".join(step.kind[0] for step in steps),
        "n": [names.number(name) for name, _, _ in accessed],
        "a": [values.number(str(after)) if step.size else -1
              for step, (_, _, after) in zip(steps, accessed)],
        "p": [sources.place(recording, step) for step in steps],
        "gaps": [[delay.step, delay.width] for delay in line.delays],
        "m": [number for number, step in enumerate(steps) if recording.matters(step)],
        "words": begin, "changes": changes,
        "values": list(values.texts), "events": _events(line),
        "stops": timeline.find_accesses(recording, line.violation)}


def _events(line: Timeline) -> list[list[Any]]:
    """What the diagram has, as [step, VCPU, words]: where the script goes from one to the next."""
    said: list[tuple[int, int, str]] = []
    for event in line.recording.events:
        if event.kind == "read" and event.ns is not None:
            value = format_seconds(event.ns, event.unit_ns)
            said.append((max(event.step - 1, 0), event.vcpu, f"{event.text} = {value}"))
        elif event.kind == "stop":
            said.append((event.step, event.vcpu, f"loses the CPU before {event.text}"))
        elif event.kind in ("call", "blocked"):
            said.append((event.step, event.vcpu, event.text if event.kind == "call" else
                         f"waits for {event.text}"))
        elif event.kind == "point":
            said.append((event.step, event.vcpu, f"at {event.text}"))
    last = len(line.recording.steps) - 1
    return [[min(step, last), vcpu, text] for step, vcpu, text in said]


def _words(recording: Recording) -> list[Step]:
    """The first access of each word that is shown. Shared ones come first, of these what readers calculate
    with."""
    first: dict[str, Step] = {}
    sizes: dict[str, int] = {}
    stored = {step.text for step in recording.steps if step.stores}
    for step in recording.steps:
        if _CELL <= step.size <= _KNOWN and not _POINTER.fullmatch(step.text):
            _, before, after = recording.what(step)
            first.setdefault(step.text, replace(step, before=before, after=after))
            sizes[step.text] = min(step.size, sizes.get(step.text, step.size))
    first = {name: replace(step, size=sizes[name]) for name, step in first.items()}
    able = [step for step in first.values() if _LINE.fullmatch(step.text) and (
        step.text in stored or recording.matters(step)) or recording.matters(step)]
    order = {id(step): number for number, step in enumerate(able)}
    chosen = sorted(able, key=lambda step: (not recording.matters(step), not _LINE.fullmatch(step.text),
                                            order[id(step)]))[:WORDS]
    return sorted(chosen, key=lambda step: step.cell)


def _changed(words: Sequence[Step], step: Step, now: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The words that a store changes, with their value afterwards; now are their values before."""
    known = min(step.size, _KNOWN)
    begin, end = _CELL * step.cell, _CELL * step.cell + known
    for at, word in enumerate(words):
        first = _CELL * word.cell
        low, high = max(begin, first), min(end, first + word.size)
        if low >= high:
            continue
        mask = (1 << 8 * (high - low)) - 1
        part = step.after >> 8 * (low - begin) & mask
        value = now[at] & ~(mask << 8 * (low - first)) | part << 8 * (low - first)
        if value != now[at] or high - low == word.size:
            yield at, value


def page_data(sources: Sources, walks: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """All that the script needs."""
    return {**sources.json(), "walks": dict(walks)}

# SPDX-License-Identifier: GPL-2.0
"""An execution as a picture: a lane for each VCPU, for the host, and for each sequence. A step of the
execution has a width of its own, as no time passes in it; delays of the host are to scale."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape

from runner.boot.records import Access, Event, Step, Violation
from runner.errors import TkfiError
from runner.explore.recording import Recording
from runner.report.diagram import title
from runner.units import format_ns, format_seconds, parse_delay

LEFT, RIGHT = 132.0, 56.0  # margins
STEP, MINOR = 9.0, 1.4  # widths of a step: one that others could notice, and one that they could not
_LANE, _SEQUENCE, _TOP = 80.0, 30.0, 30.0  # heights
_SHORTEST, _LONGEST = 44.0, 220.0  # widths of a delay; a longer one is broken
_CHARACTER, _APART = 7.0, 8.0  # widths: of a character, and between labels
_SEQUENCE_NAME = re.compile(r"(.*\.)?seq(\[\w+\])?|[a-z]+_seq(uence)?", re.ASCII)
_PASS = re.compile(r"\((\S+) pass(es)?\)")


@dataclass(frozen=True)
class Delay:
    """The host lets time pass, before a step; broken: the picture is not as wide as that."""

    step: int
    ns: int
    width: float
    broken: bool


@dataclass(frozen=True)
class Timeline:
    """Where everything is. x[i] is where step i begins, and the last one where all ends."""

    recording: Recording
    vcpus: Sequence[str]
    violation: Violation | None
    delays: Sequence[Delay] = field(default_factory=list)

    @cached_property
    def x(self) -> list[float]:
        """Places of the steps."""
        at, places = LEFT, []
        waits = {delay.step: delay.width for delay in self.delays}
        for number, step in enumerate(self.recording.steps):
            at += waits.get(number, 0.0)
            places.append(round(at, 1))
            at += STEP if self.recording.matters(step) else MINOR
        return [*places, round(at, 1)]

    def begin(self, step: int) -> float:
        """Where a step begins."""
        return self.x[min(step, len(self.x) - 1)]

    def before(self, step: int) -> float:
        """Where what comes before a step ends: before the delay, if there is one."""
        waits = sum(delay.width for delay in self.delays if delay.step == step)
        return self.begin(step) - waits

    @property
    def width(self) -> float:
        """Of all of it."""
        return self.x[-1] + RIGHT

    def lane(self, vcpu: int) -> float:
        """Where a VCPU's lane begins."""
        return _TOP + _LANE * vcpu

    @cached_property
    def sequences(self) -> dict[str, int]:
        """The sequences that somebody writes, by name, each with its cell."""
        return {step.text: step.cell for step in self.recording.steps
                if step.stores and step.cells == 1 and _SEQUENCE_NAME.fullmatch(step.text)}

    @property
    def height(self) -> float:
        """Of all of it."""
        return self.lane(len(self.vcpus)) + _SEQUENCE * len(self.sequences) + 8


def of(recording: Recording, vcpus: Sequence[str], violation: Violation | None) -> Timeline:
    """The timeline of a recording, of which there is at least one step."""
    return Timeline(recording, vcpus, violation, _delays(recording, vcpus))


def _delays(recording: Recording, vcpus: Sequence[str]) -> list[Delay]:
    host = vcpus.index("host") if "host" in vcpus else None
    passes = []
    for event in recording.events:
        if event.vcpu == host and event.kind == "call" and (match := _PASS.fullmatch(event.text)):
            try:
                passes.append((event.step, parse_delay(match[1])))
            except TkfiError:  # in cycles
                continue
    shortest = min((ns for _, ns in passes if ns), default=1)
    made = []
    for step, ns in passes:
        width = _SHORTEST * ns / shortest * (2 if len(passes) == 1 else 1)
        made.append(Delay(step, ns, round(min(width, _LONGEST), 1), width > _LONGEST))
    return made


def svg(line: Timeline, name: str) -> str:
    """The picture; name is what ids in it begin with. data-step of a mark is the step that it stands for;
    data-x and data-steps are where steps begin, and how wide they are if others could notice them, and if
    not."""
    parts = [f'<svg class="timeline" id="{name}-timeline" data-x="{LEFT:g}" '
             f'data-steps="{STEP:g} {MINOR:g}" viewBox="0 0 {line.width:g} {line.height:g}" '
             f'style="min-width: {line.width:g}px; max-width: {1.4 * line.width:g}px" role="group" '
             f'aria-label="timeline: arrow keys go from mark to mark">',
             *_lanes(line), *_calls(line), *_away(line), *_waits(line), *_odd(line), *_marks(line),
             f'<line class="cursor" y1="{_TOP - 8:g}" y2="{line.height - 4:g}" x1="{LEFT:g}" '
             f'x2="{LEFT:g}"/></svg>']
    return "".join(parts)


def _lanes(line: Timeline) -> Iterator[str]:
    for number, name in enumerate(line.vcpus):
        y = line.lane(number)
        yield f'<text class="lane" x="8" y="{y + 35:g}">{escape(title(name))}</text>'
        yield (f'<line class="axis" x1="{LEFT:g}" x2="{line.width - RIGHT:g}" y1="{y + 31:g}" '
               f'y2="{y + 31:g}"/>')


def _end_of(line: Timeline, event: Event, after: Sequence[Event]) -> int:
    """The step at which an operation ends."""
    return next((one.step for one in after if one.vcpu == event.vcpu and one.text == event.text
                 and one.kind in ("return", "read")), len(line.recording.steps))


def _calls(line: Timeline) -> Iterator[str]:
    """A bar for each operation, with its name in it, or below if there is no room for that."""
    events = line.recording.events
    host = line.vcpus.index("host") if "host" in line.vcpus else None
    for vcpu in range(len(line.vcpus)):
        below: list[tuple[float, str]] = []
        y = line.lane(vcpu) + 20
        for number, event in enumerate(events):
            if event.kind != "call" or event.vcpu != vcpu or vcpu == host:
                continue
            begin = line.begin(event.step)
            width = max(line.before(_end_of(line, event, events[number + 1:])) - begin, 3.0)
            inside = ""
            if _CHARACTER * len(event.text) < width - 8:
                inside = f'<text class="in" x="{begin + 5:g}" y="{y + 15:g}">{escape(event.text)}</text>'
            else:
                below.append((begin, event.text))
            yield (f'<g><rect class="call" x="{begin:g}" y="{y:g}" width="{width:g}" height="22" rx="3"/>'
                   f'{inside}<title>{escape(event.text)}</title></g>')
        for (_, text), x in zip(below, spread(below, line.width)):
            yield f'<text class="small" x="{x:g}" y="{y + 52:g}">{escape(text)}</text>'


def _away(line: Timeline) -> Iterator[str]:
    """Where a VCPU is preempted, until it goes on."""
    for event in line.recording.events:
        if event.kind not in ("stop", "off"):
            continue
        begin = line.before(event.step)
        again = next((number for number, step in enumerate(line.recording.steps[event.step:], event.step)
                      if step.vcpu == event.vcpu), len(line.recording.steps))
        y = line.lane(event.vcpu) + 20
        yield (f'<rect class="away" x="{begin:g}" y="{y:g}" width="{max(line.x[again] - begin, 3):g}" '
               f'height="22"/>')


def _waits(line: Timeline) -> Iterator[str]:
    """The host lets time pass: a bar as long as the time, in its lane."""
    host = line.vcpus.index("host") if "host" in line.vcpus else len(line.vcpus) - 1
    y = line.lane(host) + 20
    for delay in line.delays:
        begin = line.before(delay.step)
        middle = begin + delay.width / 2
        label = format_ns(delay.ns)
        broken = (f'<path class="break" d="M{middle + 24:g} {y - 4:g}'
                  'l4 10l-6 6l4 14h5l-4 -14l6 -6l-4 -10z"/>' if delay.broken else "")
        yield (f'<rect class="delay-column" x="{begin:g}" y="{_TOP - 8:g}" width="{delay.width:g}" '
               f'height="{line.height - _TOP + 4:g}"/>'
               f'<g class="mark" data-step="{delay.step}">'
               f'<rect class="delay" x="{begin:g}" y="{y:g}" width="{delay.width:g}" height="22" rx="3"/>'
               f'{broken}<text class="in delay-text" x="{middle:g}" y="{y + 15:g}" '
               f'text-anchor="middle">{label}</text>'
               f'<title>the host lets {label} pass{", drawn shorter than it is" * delay.broken}</title>'
               '</g>')


def _odd(line: Timeline) -> Iterator[str]:
    """A lane for each sequence: above its line where it is odd."""
    for number, (name, cell) in enumerate(line.sequences.items()):
        y = line.lane(len(line.vcpus)) + _SEQUENCE * number
        yield f'<text class="lane small" x="8" y="{y + 19:g}">{escape(name)}</text>'
        touching = [(at, step) for at, step in enumerate(line.recording.steps) if cell in step.touched]
        odd = bool(touching[0][1].before & 1)
        path = f"M{LEFT:g} {y + (8 if odd else 22):g}"
        begin, value = LEFT, touching[0][1].before
        for at, step in [one for one in touching if one[1].stores]:
            x = line.x[at]
            if odd:
                yield _odd_bar(name, step.before, begin, x, y)
            odd, begin, value = bool(step.after & 1), x, step.after
            path += f"H{x:g}V{y + (8 if odd else 22):g}"
        if odd:
            yield _odd_bar(name, value, begin, line.width - RIGHT, y)
        yield f'<path class="sequence" d="{path}H{line.width - RIGHT:g}"/>'


def _odd_bar(name: str, value: int, begin: float, end: float, y: float) -> str:
    return (f'<rect class="odd" x="{begin:g}" y="{y + 8:g}" width="{max(end - begin, 1):g}" height="14">'
            f'<title>{escape(name)} is odd: {value}</title></rect>')


def _marks(line: Timeline) -> Iterator[str]:
    """What can be looked at: accesses that others could notice, stops, reads, the two accesses whose order
    matters."""
    steps, events = line.recording.steps, line.recording.events
    named = list(zip("AB", find_accesses(line.recording, line.violation)))
    for number, step in enumerate(steps):
        if not line.recording.matters(step):
            continue
        x, y = line.x[number] + STEP / 2, line.lane(step.vcpu) + 48
        shape = (f'<rect class="{step.kind}" x="{x - 3:g}" y="{y - 3:g}" width="6" height="6"/>'
                 if step.kind in ("store", "lock", "unlock") else
                 f'<circle class="load" cx="{x:g}" cy="{y:g}" r="2.6"/>')
        yield _mark(number, shape)
    for event in events:
        if event.kind == "stop":
            x, y = line.before(event.step), line.lane(event.vcpu) + 13
            yield _mark(max(event.step - 1, 0), f'<path class="stop" d="M{x - 6:g} {y - 7:g}h12l-6 12z"/>',
                        f"{title(line.vcpus[event.vcpu])} loses the CPU before {event.text}")
    yield from _reads(line)
    for letter, at in named:
        x, y = line.x[at] + STEP / 2, line.lane(steps[at].vcpu) + 48
        yield _mark(at, f'<circle class="matters" cx="{x:g}" cy="{y:g}" r="8"/><text class="letter" '
                    f'x="{x:g}" y="{y + 4:g}" text-anchor="middle">{letter}</text>',
                    f"{letter}: {what(line.recording, at)}")


def _reads(line: Timeline) -> Iterator[str]:
    """Values that were read; those of a violation stand out."""
    wrong = {} if not line.violation else {
        (line.violation.first, line.violation.first_ns): "first",
        (line.violation.clock, line.violation.second_ns): "second"}
    reads = [event for event in line.recording.events if event.kind == "read" and event.ns is not None]
    for vcpu in range(len(line.vcpus)):
        own = [(event, format_seconds(event.ns or 0)) for event in reads if event.vcpu == vcpu]
        wanted = [(line.before(event.step) - _CHARACTER * len(label) / 2, label) for event, label in own]
        places = spread(wanted, line.width)
        for (event, label), left in zip(own, places):
            x, y = line.before(event.step), line.lane(vcpu)
            which = wrong.get((event.text, event.ns or 0), "")
            yield _mark(max(event.step - 1, 0),
                        f'<path class="read {which}" d="M{x:g} {y + 18:g}v26"/>'
                        f'<circle class="read {which}" cx="{x:g}" cy="{y + 18:g}" r="3.5"/>'
                        f'<text class="value {which}" x="{left:g}" y="{y + 12:g}">{label}</text>',
                        f"{event.text} = {label}", more=' data-read=""')


def spread(labels: Sequence[tuple[float, str]], width: float) -> list[float]:
    """Where labels begin that want to begin there, in this order, so that none overlaps another one and
    none ends beyond width, if there is room for all."""
    places: list[float] = []
    end = 0.0
    for wanted, label in labels:
        places.append(max(wanted, end))
        end = places[-1] + _CHARACTER * len(label) + _APART
    end = width + _APART
    for number in reversed(range(len(places))):
        places[number] = min(places[number], end - _CHARACTER * len(labels[number][1]) - _APART)
        end = places[number]
    return places


def _mark(step: int, shape: str, words: str = "", more: str = "") -> str:
    said = f"<title>{escape(words)}</title>" if words else ""  # else the script says what it is
    return f'<g class="mark" data-step="{step}"{more}>{shape}{said}</g>'


def what(recording: Recording, number: int) -> str:
    """A step in words: what it does, in which function, on which line, with which value."""
    step = recording.steps[number]
    frames = recording.frames(step)
    where = "".join(f"{frame.function.removeprefix('tkfi_vdso_')}() {recording.place(frame)}: "
                    for frame in frames[:1])
    name, before, after = recording.what(step)
    if not step.size:
        return f"{where}{step.kind} {name}"
    return f"{where}{step.kind} {name} = {after}" + f" (was {before})" * step.stores


def find_accesses(recording: Recording, violation: Violation | None) -> list[int]:
    """The steps that a violation's two accesses are, in their order, if both are there."""
    found: list[int] = []
    for access in violation.accesses if violation else ():
        at = next((number for number, step in enumerate(recording.steps)
                   if number > (found[-1] if found else -1) and _is(step, access)), None)
        if at is None:
            return []
        found.append(at)
    return found


def _is(step: Step, access: Access) -> bool:
    value = access.value is None or access.name != step.text or step.after == access.value
    return (step.vcpu, step.kind, step.ip) == (access.vcpu, access.kind, access.ip) and value

# SPDX-License-Identifier: GPL-2.0
"""Executions as a trace that Perfetto opens (ui.perfetto.dev), in the Trace Event Format of JSON: a process
for each execution, a thread for each VCPU, slices that nest, and an arrow from a store to the read of
another VCPU that saw it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from runner.boot.records import Step
from runner.explore.recording import Recording
from runner.report import timeline
from runner.report.diagram import title
from runner.units import format_seconds

_STEP = 1.0  # us; no time passes in a step, but it has to be seen
_PER_US = 1000


def trace(executions: Mapping[str, tuple[Recording, Sequence[str]]]) -> dict[str, Any]:
    """The trace of executions by name, each with the names of its VCPUs."""
    flows = iter(range(1, 1 << 32))
    return {"displayTimeUnit": "ns",
            "otherData": {"time": "each access takes 1 us; what the host lets pass is as long as it is"},
            "traceEvents": [event for number, (name, (recording, vcpus)) in enumerate(executions.items(), 1)
                            for event in _execution(number, name, recording, vcpus, flows)]}


def _execution(pid: int, name: str, recording: Recording, vcpus: Sequence[str],
               flows: Iterator[int]) -> Iterator[dict[str, Any]]:
    line = timeline.of(recording, vcpus, None)
    at = _times(recording, {delay.step: delay.ns for delay in line.delays})
    yield _meta(pid, 0, "process_name", name)
    for vcpu, called in enumerate(vcpus):
        yield _meta(pid, vcpu + 1, "thread_name", title(called))
    yield from _operations(pid, recording, at)
    yield from _functions(pid, recording, at)
    yield from _accesses(pid, recording, at)
    yield from _flows(pid, recording, at, flows)
    for delay in line.delays:
        begin = at[delay.step] - delay.ns / _PER_US
        yield _slice(pid, vcpus.index("host") + 1, "time passes", begin, at[delay.step], {"ns": delay.ns})


def _times(recording: Recording, delays: Mapping[int, int]) -> list[float]:
    """When each step begins, us; and when all ends."""
    now, times = 0.0, []
    for number in range(len(recording.steps)):
        now += delays.get(number, 0) / _PER_US
        times.append(now)
        now += _STEP
    return [*times, now]


def _operations(pid: int, recording: Recording, at: Sequence[float]) -> Iterator[dict[str, Any]]:
    """A slice for each operation; what was read is an argument of it."""
    for number, event in enumerate(recording.events):
        if event.kind != "call" or event.text.startswith("("):
            continue
        end = next((one for one in recording.events[number:] if one.vcpu == event.vcpu
                    and one.text == event.text and one.kind in ("return", "read")), None)
        own = [at for at, step in enumerate(recording.steps) if step.vcpu == event.vcpu and at >= event.step
               and (end is None or at < end.step)]
        if own:
            value = ({"value": format_seconds(end.ns, end.unit_ns)}
                     if end and end.kind == "read" and end.ns is not None else {})
            yield _slice(pid, event.vcpu + 1, event.text, at[own[0]], at[own[-1]] + _STEP, value)


def _functions(pid: int, recording: Recording, at: Sequence[float]) -> Iterator[dict[str, Any]]:
    """A slice for each function that steps in a row of a VCPU are of, the outer ones around the inner ones;
    an operation's end ends them."""
    for vcpu in sorted({step.vcpu for step in recording.steps}):
        ends = {event.step for event in recording.events
                if event.vcpu == vcpu and event.kind in ("call", "return", "read")}
        open_: list[tuple[str, float]] = []
        last = 0.0
        done = 0
        for number, step in enumerate(recording.steps):
            if step.vcpu != vcpu:
                continue
            now = [frame.function for frame in reversed(recording.frames(step))]
            same = 0
            if not any(done < end <= number for end in ends):
                while same < min(len(now), len(open_)) and open_[same][0] == now[same]:
                    same += 1
            while len(open_) > same:
                name, begin = open_.pop()
                yield _slice(pid, vcpu + 1, name + "()", begin, last, {})
            open_ += [(name, at[number]) for name in now[same:]]
            last, done = at[number] + _STEP, number
        while open_:
            name, begin = open_.pop()
            yield _slice(pid, vcpu + 1, name + "()", begin, last, {})


def _accesses(pid: int, recording: Recording, at: Sequence[float]) -> Iterator[dict[str, Any]]:
    for number, step in enumerate(recording.steps):
        frames = recording.frames(step)
        where = {"line": recording.place(frames[0])} if frames else {}
        value = {"before": str(step.before), "after": str(step.after)} if step.size else {}
        yield _slice(pid, step.vcpu + 1, f"{step.kind} {step.text}", at[number], at[number] + _STEP,
                     {**where, **value, "step": number})


def _flows(pid: int, recording: Recording, at: Sequence[float],
           flows: Iterator[int]) -> Iterator[dict[str, Any]]:
    for store, load in saw(recording.steps):
        one, other = recording.steps[store], recording.steps[load]
        common = {"cat": "saw", "name": other.text, "id": next(flows), "pid": pid}
        yield {**common, "ph": "s", "tid": one.vcpu + 1, "ts": at[store] + _STEP / 2}
        yield {**common, "ph": "f", "bp": "e", "tid": other.vcpu + 1, "ts": at[load] + _STEP / 2}


def saw(steps: Iterable[Step]) -> Iterator[tuple[int, int]]:
    """Pairs of steps: a store, and a load of another VCPU of what it stored."""
    last: dict[int, tuple[int, int]] = {}
    for number, step in enumerate(steps):
        if step.kind == "load":
            seen = {last[cell] for cell in step.touched if cell in last}
            yield from sorted((store, number) for store, vcpu in seen if vcpu != step.vcpu)
        elif step.stores:
            last.update(dict.fromkeys(step.touched, (number, step.vcpu)))


def _meta(pid: int, tid: int, what: str, name: str) -> dict[str, Any]:
    return {"ph": "M", "pid": pid, "tid": tid, "name": what, "args": {"name": name}}


def _slice(pid: int, tid: int, name: str, begin: float, end: float,
           args: Mapping[str, Any]) -> dict[str, Any]:
    return {"ph": "X", "pid": pid, "tid": tid, "name": name, "ts": round(begin, 3),
            "dur": round(end - begin, 3), "args": dict(args)}

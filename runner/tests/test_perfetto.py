# SPDX-License-Identifier: GPL-2.0
"""A trace that Perfetto opens is valid: what its format needs is there, slices nest, and each arrow goes
from a slice to a later one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from runner.boot.records import Step
from runner.explore.recording import Recording
from runner.report import perfetto
from runner.tests import recorded

Trace = Mapping[str, Any]


def check(trace: Trace) -> None:
    """By https://perfetto.dev/docs and the Trace Event Format: complete events, flows, names."""
    events = json.loads(json.dumps(trace))["traceEvents"]
    threads: dict[tuple[int, int], list[Trace]] = {}
    named = {(one["pid"], one["tid"]) for one in events
             if one["ph"] == "M" and one["name"] == "thread_name"}
    flows: dict[int, list[Trace]] = {}
    for one in events:
        assert one["ph"] in "MXsf" and isinstance(one["pid"], int) and isinstance(one["tid"], int), one
        assert isinstance(one["name"], str) and one["name"], one
        if one["ph"] == "X":
            assert one["ts"] >= 0 and one["dur"] > 0, one
            threads.setdefault((one["pid"], one["tid"]), []).append(one)
        elif one["ph"] in "sf":
            flows.setdefault(one["id"], []).append(one)
    assert set(threads) <= named
    for slices in threads.values():
        check_nesting(slices)
    for both in flows.values():
        begin, end = both
        assert (begin["ph"], end["ph"], end["bp"]) == ("s", "f", "e") and begin["ts"] < end["ts"]
        assert begin["cat"] == end["cat"] and begin["name"] == end["name"] and begin["tid"] != end["tid"]
        for one in both:
            assert any(other["ts"] <= one["ts"] < other["ts"] + other["dur"]
                       for other in threads[one["pid"], one["tid"]]), one


def check_nesting(slices: Sequence[Trace]) -> None:
    """Each is inside another one or outside of it."""
    open_: list[float] = []
    for one in sorted(slices, key=lambda one: (one["ts"], -one["dur"])):
        end = round(one["ts"] + one["dur"], 3)
        while open_ and open_[-1] <= one["ts"]:
            open_.pop()
        assert not open_ or end <= open_[-1], one
        open_.append(end)


def test_a_trace_is_valid() -> None:
    made = perfetto.trace({"a": (recorded.recording(), recorded.VCPUS),
                           "b": (recorded.recording(), recorded.VCPUS)})
    check(made)
    events = made["traceEvents"]
    assert {one["pid"] for one in events} == {1, 2}
    names = {one["args"]["name"] if one["ph"] == "M" else one["name"] for one in events}
    assert {"do_adjtimex(-500ppm)", "clock_gettime(MONOTONIC)", "update_vsyscall()", "do_hres()",
            "store vdso.mult", "VCPU1", "time passes"} <= names
    (delay,) = [one for one in events if one["name"] == "time passes" and one["pid"] == 1]
    assert delay["dur"] == 10_000 and delay["args"] == {"ns": 10_000_000}


def test_arrows_go_to_reads_that_saw_a_store() -> None:
    """The second read sees the new multiplier; the first one sees none of it."""
    steps = recorded.recording().steps
    pairs = list(perfetto.saw(steps))
    assert pairs and all(steps[store].stores and steps[load].kind == "load" for store, load in pairs)
    assert [steps[load].after for store, load in pairs if steps[load].text == "vdso.mult"] == [8384414]
    assert all(steps[store].after == steps[load].after for store, load in pairs
               if steps[store].text == steps[load].text)


def step(number: int, vcpu: int, kind: str, cell: int, cells: int = 1) -> Step:
    """A step of an execution."""
    return Step("c", number, vcpu, kind, "x", cell, cells, 4)


def test_who_saw_what() -> None:
    steps = [step(0, 0, "store", 5, 2), step(1, 1, "load", 6), step(2, 1, "store", 6),
             step(3, 1, "load", 6), step(4, 0, "load", 5, 2), step(5, 2, "load", 7)]
    assert list(perfetto.saw(steps)) == [(0, 1), (2, 4)]


BREAKS: dict[str, Callable[[list[dict[str, Any]]], None]] = {
    "a slice that overlaps": lambda events: find(events, "X", "store vdso.mult").update(dur=1.5),
    "a slice that takes no time": lambda events: find(events, "X", "do_hres()").update(dur=0),
    "an arrow that begins nowhere": lambda events: events.remove(find(events, "s")),
    "an arrow that ends nowhere": lambda events: events.remove(find(events, "f")),
    "an arrow back in time": lambda events: find(events, "f").update(ts=0),
    "an arrow from no slice": lambda events: find(events, "s").update(ts=-1),
    "a thread without a name": lambda events: events.remove(find(events, "M", "thread_name")),
}


def find(events: list[dict[str, Any]], kind: str, name: str = "") -> dict[str, Any]:
    """The first event of a kind, of a name if one is given."""
    return next(one for one in events if one["ph"] == kind and name in ("", one["name"]))


@pytest.mark.parametrize("change", BREAKS)
def test_the_check_sees_what_is_wrong(change: str) -> None:
    made = perfetto.trace({"a": (recorded.recording(), recorded.VCPUS)})
    check(made)
    BREAKS[change](made["traceEvents"])
    with pytest.raises((AssertionError, ValueError)):
        check(made)


def test_an_execution_without_lines_of_source() -> None:
    bare: Recording = replace(recorded.recording(), stacks={}, sources={})
    check(perfetto.trace({"a": (bare, recorded.VCPUS)}))

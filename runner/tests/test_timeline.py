# SPDX-License-Identifier: GPL-2.0
"""An execution as a picture, and step by step."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from runner.boot.records import Event
from runner.report import timeline
from runner.report.walk import Sources, walk
from runner.tests import recorded


def drawn() -> ElementTree.Element:
    """The picture."""
    line = timeline.of(recorded.recording(), recorded.VCPUS, recorded.violation())
    return ElementTree.fromstring(timeline.svg(line, "v1"))


def texts(root: ElementTree.Element, name: str) -> list[str]:
    """What marks of a class are labelled with."""
    return [one.text or "" for one in root.iter("text") if name in one.attrib.get("class", "").split()]


def test_a_lane_for_everybody() -> None:
    root = drawn()
    assert texts(root, "lane") == ["VCPU0", "VCPU1", "host", "tk_core.seq", "vdso.seq", "vdso.seq[RAW]",
                                   "tk_fast_mono.seq", "tk_fast_raw.seq"]
    assert texts(root, "value") == ["100.026013000", "100.026003000"]
    assert texts(root, "delay-text") == ["10ms"] and texts(root, "letter") == ["A", "B"]
    titles = [one.text or "" for one in root.iter("title")]
    assert "VCPU0 loses the CPU before store vdso.seq" in titles
    assert ("B: update_vdso_data() kernel/time/vsyscall.c:130: store vdso.mult = 8384414 (was 8392803)"
            in titles)
    assert any(one.startswith("A: vdso_calc_ns() lib/vdso/gettimeofday.c:") for one in titles)


def test_all_is_inside_and_in_order() -> None:
    root = drawn()
    width, height = (float(one) for one in root.attrib["viewBox"].split()[2:])
    for one in root.iter("rect"):
        x, wide = float(one.attrib["x"]), float(one.attrib["width"])
        assert 0 <= x and wide > 0 and x + wide <= width, one.attrib
        assert 0 <= float(one.attrib["y"]) <= height
    stop = next(one for one in root.iter("path") if one.attrib["class"] == "stop")
    (delay,) = (one for one in root.iter("rect") if one.attrib["class"] == "delay")
    at = float(stop.attrib["d"][1:].split()[0]) + 6
    assert at <= float(delay.attrib["x"]) + 0.1, "it stops before time passes"
    values = [one for one in root.iter("text") if "value" in one.attrib.get("class", "")]
    assert float(values[0].attrib["x"]) + 13 * 7 < float(values[1].attrib["x"])


@pytest.mark.parametrize("wanted, places", [
    ([], []), ([10, 200], [10, 200]), ([10, 12], [10, 53]), ([290, 295], [222, 265]),
    ([-9, 299], [0, 265])])
def test_labels_do_not_overlap(wanted: list[float], places: list[float]) -> None:
    """Of five characters, 7 wide, 8 apart, in 300."""
    assert timeline.spread([(one, "label") for one in wanted], 300) == places


def passes(*texts_of: str) -> timeline.Timeline:
    """A timeline in which the host lets these times pass."""
    made = recorded.recording()
    others = [event for event in made.events if event.vcpu != 2]
    calls = [Event("replayed", 2, "call", f"({text} pass)", 0, 50 * (number + 1))
             for number, text in enumerate(texts_of)]
    return timeline.of(replace(made, events=[*others, *calls]), recorded.VCPUS, None)


def test_delays_are_to_scale_with_a_break_where_one_is_long() -> None:
    made = passes("1ms", "3ms", "2s")
    first, second, third = made.delays
    assert second.width == 3 * first.width and not second.broken
    assert third.broken and third.width < 10 * first.width
    text = timeline.svg(made, "v")
    assert text.count('class="break"') == 1 and "drawn shorter" in text
    assert made.x[100] - made.x[99] > second.width


def test_a_sequence_that_stays_odd_and_who_waits_for_it() -> None:
    made = recorded.recording()
    step = next(step for step in made.steps if step.stores and step.text == "vdso.seq")
    alone = replace(made, steps=[step], events=[])
    assert f"vdso.seq is odd: {step.after}" in timeline.svg(timeline.of(alone, recorded.VCPUS, None), "v")
    assert not alone.matters(step)
    waits = replace(alone, events=[Event("replayed", 1, "blocked", "vdso.seq")])
    assert waits.matters(step)


def test_time_in_cycles_is_no_delay() -> None:
    assert not passes("12 cycles").delays


def test_the_two_accesses() -> None:
    made, wrong = recorded.recording(), recorded.violation()
    load, store = (made.steps[at] for at in timeline.find_accesses(made, wrong))
    assert (load.kind, load.vcpu, load.after) == ("load", 1, 8392803)
    assert (store.kind, store.vcpu, store.after) == ("store", 0, 8384414)
    first, second = wrong.accesses
    assert not timeline.find_accesses(made, replace(wrong, accesses=(second, first)))
    assert not timeline.find_accesses(made, replace(wrong, accesses=(replace(first, value=1), second)))


def test_words_before_and_after_each_step() -> None:
    """What the changes come to at the end is what the last access of each word found."""
    made = recorded.recording()
    sources = Sources()
    told = walk(timeline.of(made, recorded.VCPUS, recorded.violation()), sources)
    words = [name for name, _ in told["words"]]
    assert {"vdso.seq", "vdso.mult", "vdso.cycle_last", "tk_core.seq", "vdso.nsec[MONOTONIC]"} <= set(words)
    now = [told["values"][at] for _, at in told["words"]]
    for number, word, value in told["changes"]:
        assert made.steps[number].stores
        now[word] = told["values"][value]
        name, before, after = made.what(made.steps[number])
        if name == words[word]:
            assert now[word] == str(after)
    last = {step.text: str(made.what(step)[2]) for step in made.steps}
    assert now == [last[name] for name in words]
    assert len(told["v"]) == len(told["k"]) == len(told["p"]) == len(told["a"]) == len(made.steps)


def test_a_copy_of_more_than_a_word() -> None:
    """Eight bytes at a time: the multiplier, and the shift after it."""
    made = recorded.recording()
    copy = next(step for step in made.steps if step.stores and step.text == "tk_core.mult")
    assert copy.size == 8 and made.what(copy) == ("tk_core.mult and 4 bytes after it", 8392803, 8384414)
    told = walk(timeline.of(made, recorded.VCPUS, None), Sources())
    word = [name for name, _ in told["words"]].index("tk_core.mult")
    assert [(number, told["values"][value]) for number, at, value in told["changes"] if at == word] == [
        (copy.number, "8384414")]


def test_places_of_steps() -> None:
    made, sources = recorded.recording(), Sources()
    told = walk(timeline.of(made, recorded.VCPUS, None), sources)
    data = sources.json()
    at = next(number for number, step in enumerate(made.steps)
              if step.stores and step.text == "vdso.mult")
    function, file, line = data["places"][told["p"][at]]
    assert (function, file) == ("update_vdso_data", "kernel/time/vsyscall.c")
    assert data["files"][file][line] == [line + 100, f"        a line; /* {line} */"]
    assert {line - 3, line + 3} <= set(data["files"][file])


@pytest.mark.parametrize("line, place", [(29, "kernel/time/vsyscall.c:129"),
                                         (None, "kernel/time/vsyscall.c, in what tkfi adds")])
def test_lines_are_the_users_own(line: int | None, place: str) -> None:
    made = recorded.recording()
    frame = next(frame for frames in made.stacks.values() for frame in frames
                 if (frame.path, frame.line) == ("kernel/time/vsyscall.c", 29))
    if line is None:
        lines = {29: replace(made.sources[frame.path][29], number=None)}
        made = replace(made, sources={frame.path: lines})
    assert made.place(frame) == place

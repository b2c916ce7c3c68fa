# SPDX-License-Identifier: GPL-2.0
"""What an exploration with many findings prints."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from runner.boot.records import Access, Event, Explored, Header, Violation
from runner.explore import scenario_parts
from runner.explore.exploration import Exploration, Found, Problem
from runner.kernel import kernels
from runner.layout import Layout
from runner.report import diagram, findings

EVENTS = tuple(Event("s#0", vcpu, "blocked", f"p{vcpu}") for vcpu in (0, 1) * 8)


def access(place: str) -> Access:
    return Access(0, "cpu0", "load", "x", 1, 7, "f+0x7", place)


def violation(number: int, **more: object) -> Violation:
    accesses = (access("a.c:1"), access("b.c:2"))
    one = Violation(f"s{number}", "monotonic", "clock_gettime(MONOTONIC)", "ktime_get()", 9, 5, 1, 3, 1, 1,
                    True, 9, True, 1, accesses, False, "", f"cpu0, cpu{number}", family="vdso",
                    events=EVENTS)
    return replace(one, **more)


def made(layout: Layout, violations: list[Violation], scenarios: int = 200) -> Exploration:
    explored = [Explored(f"s{number}", "dpor", 5, 5, 0, 0, 9, 9, True, 1000) for number in range(scenarios)]
    found = [Found(one, f"tkfi1 6.12.117 post-series {one.scenario}: {one.schedule}") for one in violations]
    return Exploration(kernels.choose("6.12", layout), Header(1, "6.12.117", "post-series", "gcc"), "dpor",
                       scenarios, explored, found, [],
                       vcpus={one.scenario: ("cpu0", "cpu1") for one in explored})


@pytest.mark.parametrize("more, causes", [
    ({}, 1), ({"clock": "clock_gettime(BOOTTIME)"}, 1), ({"first_ns": 99}, 1), ({"scenario": "s9"}, 1),
    ({"oracle": "line"}, 2), ({"family": "kernel"}, 2),
    ({"accesses": (access("a.c:1"), access("b.c:3"))}, 2),
    ({"accesses": ()}, 2), ({"family": "", "clock": "S7: a rule"}, 2)])
def test_what_is_one_cause(more: dict[str, object], causes: int) -> None:
    found = [Found(violation(1), "1"), Found(violation(2, **more), "2")]
    assert len(findings.groups(found)) == causes


def test_the_plainest_of_each_cause_is_shown(layout: Layout) -> None:
    many = [violation(number, turns=10 - number) for number in range(5)]
    text = findings.text(made(layout, many))
    assert text.count("NEW") == 1 and text.count("./tkfi replay") == 1
    assert "NEW, monotonic, 5 violations of 5 scenarios, as in s4 (in 1 execution): clock_gettime" in (
        " ".join(text.split()))
    assert "post-series s4: cpu0, cpu4'" in text
    shown = text[text.index("NEW"):]
    order = [shown.index(words)
             for words in ("NEW", "<blocked on p0>", "The order that matters", "./tkfi replay")]
    assert order == sorted(order)


@pytest.mark.parametrize("number", [1, 2, 5, 40, 400])
def test_a_text_is_short_whatever_was_found(layout: Layout, number: int) -> None:
    """All of it is in the other one."""
    many = [violation(one % 200, accesses=(access(f"a.c:{one}"), access("b.c:2"))) for one in range(number)]
    exploration = made(layout, many)
    text = findings.text(exploration)
    assert len(text.splitlines()) <= findings.LINES and f"0 known violations, {number} new." in text
    assert ("more cause" in text) == (number > 6)
    assert text.startswith("Linux 6.12.117") and text.count("  <blocked on p0>") >= 8
    every = findings.text(exploration, every=True)
    assert every.count("NEW") == number and every.count("./tkfi replay") == number
    assert all(f"\n  s{one} " in every for one in range(200))


def test_rows_that_nobody_needs_are_counted(layout: Layout) -> None:
    """First what has news, then what is not complete, then what is known."""
    exploration = made(layout, [violation(7, known=True, reason="a race"), violation(9)])
    exploration = replace(exploration, explored=[
        replace(one, complete=one.scenario != "s150") for one in exploration.explored])
    text = findings.text(exploration)
    table = text.partition("\n\nNEW")[0]
    rows = [line.split()[0] for line in table.splitlines() if line.startswith("  s")]
    assert rows == ["scenario", "s9", "s150", "s7"] and "... and 197 more scenarios; --all" in text
    assert findings.text(made(layout, [], scenarios=1)).count("\n  s0 ") == 1  # what was asked for
    assert "more scenario" not in findings.text(made(layout, []))


def test_what_is_known_is_a_line(layout: Layout) -> None:
    known = [violation(number, known=True, reason=f"reason {number % 3}") for number in range(6)]
    text = findings.text(made(layout, known))
    assert ("known, monotonic in s0 and 1 more: reason 0\n"
            "known, monotonic in s1 and 1 more: reason 1\n") in text
    assert "replay" not in text
    every = findings.text(made(layout, known), every=True)
    assert ("known, monotonic in s0, s3: reason 0\n"
            "  ./tkfi replay 'tkfi1 6.12.117 post-series s0") in every
    assert "./tkfi replay" in findings.text(made(layout, known[:1]))


def test_what_is_known_is_counted_by_class(layout: Layout) -> None:
    """And its line says the class in words."""
    kinds = [("bug", "", ""), ("fixed", "6.15", "b71f9804f66c"), ("fixed", "6.13", "ae455cb7b8ad"),
             ("design", "", ""), ("hardware", "", ""), ("bug", "", ""), ("", "", "")]
    known = [violation(number, known=True, reason=f"reason {number}", cause=f"cause-{number}",
                       cause_class=kind, fixed_in=version, fixed_by=commit)
             for number, (kind, version, commit) in enumerate(kinds)]
    text = findings.text(made(layout, known))
    assert ("7 known violations (2 bug, 1 fixed in 6.13, 1 fixed in 6.15, 1 by design, 1 not on hardware), "
            "0 new.") in text
    for number, words in enumerate(("a bug that is not fixed upstream", "fixed in 6.15 by b71f9804f66c",
                                    "fixed in 6.13 by ae455cb7b8ad", "by design", "not on hardware")):
        assert f"known, monotonic in s{number}: reason {number} ({words})\n" in text
    assert "known, monotonic in s6: reason 6\n" in text


def test_parts_keep_causes_apart() -> None:
    """What is new must not be taken for what is known, however plain its schedule."""
    parts = [violation(1, known=True, cause="cover-letter"), violation(1, turns=2),
             violation(1, known=True, cause="cover-letter"), violation(1, like="cover-letter: a delay")]
    merged = scenario_parts.merge(parts)
    assert sorted((one.cause, one.like, one.findings) for one in merged) == [
        ("", "", 1), ("", "cover-letter: a delay", 1), ("cover-letter", "", 2)]


def test_problems_and_what_is_absent(layout: Layout) -> None:
    exploration = replace(made(layout, []), problems=[Problem("it is broken", True)],
                          absent=[f"aux-{number}" for number in range(46)])
    text = findings.text(exploration)
    assert "it is broken\n\n200 of 200" in text
    assert "not for this kernel, and not explored: 46 scenarios; --all names them" in text
    assert "aux-45" in findings.text(exploration, every=True)


@pytest.mark.parametrize("more", [
    {"problems": [Problem(f"s{number}: known, but not found: a race", True) for number in range(59)]},
    {"problems": [Problem("s1: the kernel panicked: why\n" + "  a line\n" * 30, True)] * 9},
    {"begun": [f"s{number}: stopped, with 0 violations so far" for number in range(178)]}])
@pytest.mark.parametrize("number, events", [(0, 0), (1, 9), (1, 400), (400, 400)])
def test_a_text_is_short_whatever_went_wrong(layout: Layout, more: dict[str, object], number: int,
                                             events: int) -> None:
    many = [violation(one % 200, accesses=(access(f"a.c:{one}"), access("b.c:2")),
                      events=EVENTS[:1] * events) for one in range(number)]
    exploration = replace(made(layout, many), **more)
    text = findings.text(exploration)
    assert len(text.splitlines()) <= findings.LINES and "lines more; --all shows all" in text
    assert text.count("./tkfi replay") >= bool(number)
    assert len(findings.text(exploration, every=True).splitlines()) > findings.LINES or number == 1


def test_what_fits_without_the_lines_between_is_shown(layout: Layout) -> None:
    for number in range(1, 12):
        problems = [Problem(f"s{each}: it hangs", True) for each in range(number)]
        text = findings.text(replace(made(layout, [violation(1)] * 3), problems=problems))
        left = re.search(r"and (-?\d+) lines more", text)
        assert text.count("it hangs") == number if left is None else int(left[1]) > 1


@pytest.mark.parametrize("events", [0, 30, 300])
@pytest.mark.parametrize("most", [24, 40, 60])
def test_a_finding_is_read_without_scrolling(layout: Layout, most: int, events: int) -> None:
    """Sentence, diagram, explanation and the line that replays it, which come last; of the diagram the
    heading and the end, which is what is wrong, and of injection points none that says nothing."""
    jump = [Event("s#0", 1, "read", "ktime_get()", 9), Event("s#0", 0, "point", "passed"),
            Event("s#0", 1, "read", "clock_gettime(MONOTONIC)", 5)]
    text = findings.text(made(layout, [violation(1, events=(*EVENTS[:1] * events, *jump))], scenarios=1),
                         most=most)
    assert len(text[text.index("NEW"):].splitlines()) < most
    assert len(text.splitlines()) <= max(most, 31)
    assert max(map(len, text.splitlines())) <= 80 and "passed" not in text
    order = [text.index(words) for words in (
        "NEW", "  VCPU0   ", "ktime_get() = 0.000000009\n", "<- 4 ns back\n", "The order that matters",
        "In the other order", "  ./tkfi replay", "1 of 1 scenario explored")]
    assert order == sorted(order)
    assert ("lines are left out; --all shows all" in text) == (events > 0 and events > most - 24)
    whole = findings.text(made(layout, [violation(1, events=(*EVENTS[:1] * events, *jump))]), every=True)
    assert "... passed" in whole and "left out" not in whole


def test_the_path_of_a_tree_is_in_the_command(layout: Layout, tmp_path: Path) -> None:
    exploration = made(layout, [violation(1)])
    exploration = replace(exploration, kernel=replace(exploration.kernel, path=tmp_path / "my tree"))
    assert f"--kernel '{tmp_path}/my tree'" in findings.text(exploration)


@pytest.mark.parametrize("first, first_ns, drawn", [
    ("a()", 9, "  a() = 0.000000005   <- 4 ns back"), ("", 0, "  a() = 0.000000005"),
    ("a()", 3, "  a() = 0.000000005")])
def test_what_is_about_one_read_is_drawn_without_a_jump(first: str, first_ns: int, drawn: str) -> None:
    one = violation(1, clock="a()", first=first, first_ns=first_ns, second_ns=5)
    events = [Event("c", 0, "read", "a()", first_ns), Event("c", 0, "point", "", 0),
              Event("c", 0, "read", "a()", 5)]
    assert diagram.draw(events, violations=[one]).splitlines()[-1] == drawn

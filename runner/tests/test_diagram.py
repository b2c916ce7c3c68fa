# SPDX-License-Identifier: GPL-2.0
"""Diagrams on a terminal of 80 columns, and what is left out of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.boot import results
from runner.boot.records import Event
from runner.report import diagram
from runner.tests.test_results import DATA

REPLAYED = results.read(DATA / "replayed.jsonl")
VALUE = 38_595_200_000_000_000 + 1_361_404_800_033_473_517  # ns
LONG = "ktime_get_update_offsets_now.boot(CLOCK_BOOTTIME, an_argument_with_a_long_name)"
VCPUS = ("cpu0", "cpu1", "nmi1", "cpu2")


def execution(last: int, text: str = LONG) -> list[Event]:
    """Two reads on the last VCPU, of which the second goes back, after one that is preempted."""
    return [Event("x", 0, "call", "do_adjtimex(-500ppm)", 0), Event("x", 0, "point", "publish.begin", 0),
            Event("x", 0, "stop", "store tk_core.timekeeper.tkr_mono.xtime_nsec_and_more_of_it", 0),
            Event("x", last, "call", text, 0),
            Event("x", last, "read", text, VALUE, cycle=12_345_678_901),
            Event("x", 0, "point", "publish.end", 0), Event("x", 0, "return", "do_adjtimex(-500ppm)", 5),
            Event("x", last, "call", text, 0), Event("x", last, "stop", "load vdso.seq", 0),
            Event("x", 0, "blocked", "timekeeper_lock", 0),
            Event("x", last, "read", text, VALUE - 38_595_200_000_000_000, cycle=12_345_678_901)]


@pytest.mark.parametrize("cycles", [False, True])
@pytest.mark.parametrize("number", [1, 2, 3, 4])
@pytest.mark.parametrize("text", [LONG, "x" * 100, "clock_gettime(MONOTONIC)"])
def test_no_line_wraps(number: int, text: str, cycles: bool) -> None:
    """Names are shortened; values, cycles, and by how much a read went back, are whole."""
    drawn = diagram.draw(execution(number - 1, text), vcpus=VCPUS[:number], cycles=cycles)
    assert max(map(len, drawn.splitlines())) <= 80, drawn
    for value in ("= 1400000000.033473517", "= 1361404800.033473517", "<- 38,595,200 s back"):
        assert value in drawn
    assert drawn.count("at cycle 12345678901") == 2 * cycles


def test_all_in_one_line_if_there_is_room() -> None:
    lines = diagram.draw(REPLAYED.events, vcpus=("cpu0", "cpu1"), violations=REPLAYED.violations)
    assert (" clock_gettime(MONOTONIC) = 100.026013000\n") in lines
    one = [Event("x", 0, "read", "clock_gettime(MONOTONIC)", ns) for ns in (2, 1)]
    assert diagram.draw(one).endswith(" clock_gettime(MONOTONIC) = 0.000000001   <- 1 ns back")


def test_a_delay_is_not_shortened() -> None:
    for text in ("(10ms pass)", "(600123456789.5us pass)", "(2400000000000 cycles pass)"):
        drawn = diagram.draw([Event("x", 3, "call", text, 0)], vcpus=("cpu0", "cpu1", "cpu2", "host"))
        assert f"<{text[1:-1]}>" in drawn and max(map(len, drawn.splitlines())) <= 80


@pytest.mark.parametrize("room, expected", [
    (24, "clock_gettime(MONOTONIC)"), (23, "clock_gett…e(MONOTONIC)"), (20, "clock_ge…(MONOTONIC)")])
def test_what_is_in_brackets_is_kept(room: int, expected: str) -> None:
    made = diagram.shortened("clock_gettime(MONOTONIC)", room)
    assert len(made) <= room and made.endswith("(MONOTONIC)") and (made == expected) == (room != 23)


def test_columns_are_as_wide_as_there_is_room() -> None:
    assert [diagram.column(number) for number in (1, 2, 3, 4)] == [35, 35, 28, 19]


def test_points_that_say_nothing_are_left_out() -> None:
    """Those at which nobody is scheduled out."""
    events = REPLAYED.events
    whole = diagram.draw(events, vcpus=("cpu0", "cpu1", "host"), violations=REPLAYED.violations)
    short = diagram.draw(events, vcpus=("cpu0", "cpu1", "host"), violations=REPLAYED.violations,
                         points=False)
    assert "... advance.locked" in whole and "... advance.locked" not in short
    kept = [line for line in whole.splitlines() if "... " not in line or "publish.begin" in line]
    assert short.splitlines() == kept
    moved = [replace(event, vcpu=1) if event.kind == "stop" else event for event in events]
    assert "..." not in diagram.draw(moved, points=False)

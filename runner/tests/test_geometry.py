# SPDX-License-Identifier: GPL-2.0
"""Why a clock goes back, calculated from two lines."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from xml.etree import ElementTree

import pytest

from runner.boot.records import Published, Reading
from runner.explore.recording import Recording
from runner.report import geometry, geometry_svg
from runner.report.geometry import Jump
from runner.tests import recorded

LINE = Published("c", 0, "core", 8, 0, 0, 0, -1, "tsc", (1 << 64) - 1, 1_000, 1 << 20, 20, 0, 100)
READ = Reading("c", 1, 10, "clock_gettime(MONOTONIC)", "vdso", "fine", 1, 0, 0, {})


def jump(first: int, second: int, **change: int) -> Jump:
    """Two reads at these cycles, of a line that is 1000 ppm slower from cycle 5,000 on."""
    new = replace(LINE, number=1, begun=3, vdso=4, sampled=5_000, mult=LINE.mult - LINE.mult // 1000,
                  nsec=4_000 * (LINE.mult // 1000))
    new = replace(new, **change)
    made = Jump(READ, READ, LINE, new, 5_000)
    one, other = (replace(READ, counter=at, ns=made.time(line, at).__floor__(), end=end)
                  for at, line, end in ((first, LINE, 2), (second, new, 9)))
    return Jump(one, other, LINE, new, 5_000)


def test_the_cover_letters_race() -> None:
    made = geometry.jump(recorded.recording(), recorded.violation())
    assert made and made.fits
    assert (made.slower, made.measured, made.published) == (-8389, -10_000, 4_320_967_296)
    assert made.exact == Fraction(-8389 * 10_000_000, 1 << 23) and abs(made.apart(made.sample)) < 1
    said = dict(geometry.sentences(made))
    assert said["a * D / 2^shift"] == "-8,389 * 10,000,000 / 2^23 = -10,000.47 ns"
    assert said["the lines at the sample"].startswith("meet")
    assert said["jump, all together"] == (
        "-10,000.47 ns before each read rounds down, to 1ns; measured: -10,000 ns")


@pytest.mark.parametrize("first, second, back", [
    (105_000, 105_000, -100), (105_000, 105_050, -50), (5_000, 5_000, 0), (105_000, 106_000, 899)])
def test_the_parts_are_the_whole(first: int, second: int, back: int) -> None:
    """The jump is a * D, and the time that passed between the reads."""
    made = jump(first, second)
    assert made.fits and round(made.exact) == back
    parts = [float(text.replace(",", "")) for what, how in geometry.sentences(made)[3:-1]
             for text in re.findall(r"= (-?[\d,.]+) ns", how)]
    assert abs(sum(parts) - float(made.exact)) < 0.02
    assert ("time between the reads" in dict(geometry.sentences(made))) == (first != second)


def test_lines_that_do_not_meet() -> None:
    made = jump(105_000, 105_000, nsec=0)
    assert "are -4.0" in dict(geometry.sentences(made))["the lines at the sample"]


def test_a_counter_that_wraps_around() -> None:
    mask = (1 << 24) - 1
    old = replace(LINE, mask=mask, cycle_last=mask - 10)
    made = Jump(replace(READ, counter=9), READ, old, old, 0)
    assert made.passed(9, mask - 10) == 20 and made.passed(mask - 10, 9) == -20
    assert made.time(old, 9) == 100 * 10**9 + 20


def test_what_is_on_no_line_has_no_picture() -> None:
    """One of the reads is on none; both are on one; the lines are of different counters."""
    whole, wrong = recorded.recording(), recorded.violation()
    assert geometry.jump(whole, wrong)
    others: list[Recording] = [
        replace(whole, readings=[replace(one, times={}) for one in whole.readings]),
        replace(whole, published=whole.published[:1]),
        replace(whole, published=[*whole.published[:2], replace(whole.published[2], clock="hpet")]),
        replace(whole, readings=[replace(one, kind="raw") for one in whole.readings]),
        replace(whole, published=[*whole.published[:2], replace(whole.published[2], mult=9_000_000)])]
    assert not any(geometry.jump(one, wrong) for one in others)
    assert not geometry.jump(whole, replace(wrong, second_ns=7))


@pytest.mark.parametrize("made", [
    jump(105_000, 105_000), jump(105_000, 106_000), jump(5_000, 5_000), jump(105_000, 105_000, nsec=0),
    jump(105_000, 105_000, mult=LINE.mult + 1, nsec=0)])
def test_a_picture(made: Jump) -> None:
    """It is well-formed, both lines rise, all is inside, and the reads are on their lines."""
    text = geometry_svg.svg(made)
    root = ElementTree.fromstring(text)
    width, height = (float(one) for one in root.attrib["viewBox"].split()[2:])
    lines = {one.attrib["class"]: one.attrib for one in root.iter("line")}
    for name in ("old", "new"):
        assert float(lines[name]["y2"]) < float(lines[name]["y1"]), name
    for one in root.iter():
        for axis, most in (("x", width), ("y", height)):
            for name in (axis, f"{axis}1", f"{axis}2", f"c{axis}"):
                assert 0 <= float(one.attrib.get(name, 0)) <= most
    first, second = root.iter("circle")
    old = lines["old"]
    slope = (float(old["y2"]) - float(old["y1"])) / (float(old["x2"]) - float(old["x1"]))
    for circle, apart in ((first, Fraction(0)), (second, made.apart(made.at_second))):
        on_old = float(old["y1"]) + slope * (float(circle.attrib["cx"]) - float(old["x1"]))
        below = float(circle.attrib["cy"]) - on_old
        assert (abs(below) < 0.2) == (apart == 0) and below * float(apart) <= 0

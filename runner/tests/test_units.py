# SPDX-License-Identifier: GPL-2.0
"""Durations and frequencies: exact values, and errors that point at the place."""

from __future__ import annotations

import re

import pytest

from runner.units import (UnitError, format_jump, format_ns, format_ppb, format_seconds, parse_delay,
                          parse_frequency)


@pytest.mark.parametrize("text, value", [
    ("0", 0), ("0ms", 0), ("1ns", 1), ("10ms", 10_000_000), ("1.5us", 1500), (".5s", 500_000_000),
    ("60 s", 60 * 10**9), ("10min", 600 * 10**9), ("5m", 300 * 10**9),
    ("0.5 m", 30 * 10**9), ("0.000001ms", 1), ("+7ms", 7_000_000),
    ("1.000000001s", 1_000_000_001),
])
def test_delay(text: str, value: int) -> None:
    assert parse_delay(text) == value


@pytest.mark.parametrize("text, marks, reason", [
    ("10mm", "  ^^", "unknown unit 'mm'"),
    ("10", "  ^", "a unit is missing"),
    ("ms", "^", "a number is expected"),
    ("", "^", "a number is expected"),
    ("-1ms", "^", "cannot be negative"),
    ("0.5ns", "^^^", "nothing finer than 1 ns"),
    ("1.0000000001s", "^^^^^^^^^^^^", "nothing finer than 1 ns"),
    ("10.1min", "^^^^^^^", "at most 10min"), ("11m", "^^^", "at most 10min"),
    ("5M", " ^", "use ns, us, ms, s, m, min"),
    ("1h", " ^", "unknown unit 'h'"),
    ("1e3ns", " ^^^^", "unknown unit 'e3ns'"),
    ("١ms", "^", "a number is expected"),
])
def test_delay_errors_point_at_the_place(text: str, marks: str, reason: str) -> None:
    with pytest.raises(UnitError) as caught:
        parse_delay(text)
    lines = str(caught.value).split("\n")
    assert reason in lines[0]
    assert lines[1:] == ["  " + text, "  " + marks]


@pytest.mark.parametrize("text, value", [
    ("+500ppm", 500_000), ("-500ppm", -500_000), ("0.001ppm", 1), ("20ppb", 20), ("-10%", -10**8),
    ("10 %", 10**8), ("0", 0), ("-0.5ppm", -500),
])
def test_frequency(text: str, value: int) -> None:
    assert parse_frequency(text) == value


@pytest.mark.parametrize("text, reason", [
    ("0.5ppb", "nothing finer than 1 ppb"), ("10.1%", "between -10% and +10%"),
    ("-100001ppm", "between -10% and +10%"), ("5Hz", "unknown unit 'Hz'"), ("5", "a unit is missing"),
    ("--5ppm", "a number is expected"),
])
def test_frequency_errors(text: str, reason: str) -> None:
    with pytest.raises(UnitError, match=re.escape(reason)):
        parse_frequency(text)


def test_formats() -> None:
    assert [format_ns(n) for n in (0, 1, 1500, 10**7, 7 * 10**9, 600 * 10**9, 1234567891)] == [
        "0ns", "1ns", "1.5us", "10ms", "7s", "10min", "1.234567891s"]
    assert [format_ppb(n) for n in (500_000, -500_500, 1, 0)] == [
        "+500ppm", "-500.5ppm", "+0.001ppm", "+0ppm"]
    assert [format_seconds(n) for n in (119_999_990_000, -1, 0)] == [
        "119.999990000", "-0.000000001", "0.000000000"]


@pytest.mark.parametrize("value", [0, 1, 999, 1500, 10**7, 90 * 10**9, 123456789, 600 * 10**9])
def test_what_is_printed_can_be_typed(value: int) -> None:
    assert parse_delay(format_ns(value)) == value


def test_readers_of_whole_units_have_no_more_digits() -> None:
    assert [format_seconds(n, 10**9) for n in (1_361_404_800 * 10**9, -10**9, 0)] == [
        "1361404800", "-1", "0"]
    assert format_seconds(100_026_003_000, 1000) == "100.026003"


@pytest.mark.parametrize("value, said", [
    (10_000, "10,000 ns"), (999_999_999, "999,999,999 ns"), (1_000_000_000, "1 s"),
    (1_000_000_011, "1.000000011 s"), (38_595_200_000_000_000, "38,595,200 s"), (-1, "-1 ns")])
def test_jumps(value: int, said: str) -> None:
    assert format_jump(value) == said

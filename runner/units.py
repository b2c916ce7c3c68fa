# SPDX-License-Identifier: GPL-2.0
"""Durations and frequencies as a person writes them, exactly: integers of ns and of ppb."""

from __future__ import annotations

import re
from fractions import Fraction

from runner.errors import InputError

DURATIONS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "min": 60 * 10**9}  # in ns
FREQUENCIES = {"ppb": 1, "ppm": 10**3, "%": 10**7}  # in ppb
MAX_DELAY_NS = 10 * DURATIONS["min"]
MAX_PPB = 10 * FREQUENCIES["%"]
MAX_SECONDS = 366 * 24 * 3600

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)


class UnitError(InputError):
    """A quantity that cannot be read."""


def parse_delay(text: str) -> int:
    """A delay such as '10ms' in ns, 0 to 10 min. Raises UnitError."""
    value = _quantity(text, DURATIONS, "ns", "10ms, 1.5us or 2m")
    if text.startswith("-"):
        raise UnitError(text, 0, 1, "a delay cannot be negative; try 10ms")
    if value > MAX_DELAY_NS:
        raise UnitError(text, 0, len(text), "a delay can be at most 10min")
    return value


def parse_frequency(text: str) -> int:
    """A frequency offset such as '-500ppm' in ppb, -10 % to +10 %. Raises UnitError."""
    value = _quantity(text, FREQUENCIES, "ppb", "+500ppm, -0.5ppm, 20ppb or 1%")
    if abs(value) > MAX_PPB:
        raise UnitError(text, 0, len(text), "a frequency offset lies between -10% and +10%")
    return value


def parse_seconds(text: str) -> int:
    """A length of time such as '90s' or '2h' in whole seconds, 1 to those of a year. Raises UnitError."""
    value = _quantity(text, {**DURATIONS, "h": 60 * DURATIONS["min"]}, "ns", "90s, 10m or 2h")
    if value < DURATIONS["s"] or value % DURATIONS["s"]:
        raise UnitError(text, 0, len(text), "whole seconds are expected, 1s or more")
    if value // DURATIONS["s"] > MAX_SECONDS:
        raise UnitError(text, 0, len(text), f"at most {MAX_SECONDS // 3600}h are possible")
    return value // DURATIONS["s"]


def format_ns(value: int) -> str:
    """A duration, exactly, in the largest unit of which it is one or more: 10ms, 1.5us, 0ns."""
    if value and value % DURATIONS["min"] == 0:
        return f"{value // DURATIONS['min']}min"
    unit = next((u for u in ("s", "ms", "us") if abs(value) >= DURATIONS[u]), "ns")
    return f"{_decimal(value, DURATIONS[unit])}{unit}"


def format_ppb(value: int) -> str:
    """A frequency offset with its sign, in ppm: +500ppm, -0.001ppm."""
    return f"{'+' if value >= 0 else ''}{_decimal(value, FREQUENCIES['ppm'])}ppm"


def format_seconds(value: int, unit: int = 1) -> str:
    """A clock value in ns, a multiple of unit, as seconds; the decimals are those of the unit: nine for 1
    ns, none for 1 s."""
    digits = 9 - len(str(unit)) + 1
    fraction = f".{abs(value) % 10**9:09d}"[:digits + 1] if digits else ""
    return f"{'-' if value < 0 else ''}{abs(value) // 10**9}{fraction}"


def format_jump(value: int) -> str:
    """By how much a clock is off, given in ns, exactly: 10,000 ns; from a second on 1.000000011 s."""
    if abs(value) < DURATIONS["s"]:
        return f"{value:,} ns"
    whole, _, fraction = _decimal(value, DURATIONS["s"]).partition(".")
    return f"{int(whole):,}{'.' * bool(fraction)}{fraction} s"


def format_passed(seconds: float) -> str:
    """A time that a person waited: 4 s, 3 min, 5 h, 2 d."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {unit}"
    return f"{seconds:.0f} s"


def _decimal(value: int, unit: int) -> str:
    """value / unit, unit a power of ten, without trailing zeros."""
    fraction = str(unit + abs(value) % unit)[1:].rstrip("0")
    sign = "-" if value < 0 else ""
    return f"{sign}{abs(value) // unit}{'.' + fraction if fraction else ''}"


def _quantity(text: str, units: dict[str, int], smallest: str, example: str) -> int:
    """The exact number of smallest units that text says."""
    match = _NUMBER.match(text)
    if not match:
        raise UnitError(text, 0, 1, f"a number is expected; try {example}")
    number, unit = match.group(), text[match.end():].strip()
    start = match.end() + text[match.end():].find(unit)
    value = Fraction(number)
    if not unit and value == 0:
        return 0
    if unit not in units:
        problem = f"unknown unit '{unit}'" if unit else "a unit is missing"
        raise UnitError(text, start, len(unit), f"{problem}; use {', '.join(units)} (try {example})")
    scaled = value * units[unit]
    if scaled.denominator != 1:
        raise UnitError(text, 0, len(number), f"nothing finer than 1 {smallest} can be expressed")
    return int(scaled)

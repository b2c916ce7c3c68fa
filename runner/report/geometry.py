# SPDX-License-Identifier: GPL-2.0
"""Why a clock went back: two lines over the counter that meet where the updater sampled it, and what each
of two reads had of them. The arithmetic, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from runner.boot.records import Published, Reading, Violation
from runner.explore.recording import Recording
from runner.units import format_ns

_NS = 10**9  # in a second
_CLOCK = "clock"  # what steps call the counter


@dataclass(frozen=True)
class Jump:
    """Two reads, each with the line that it is on. The lines are of one counter. published: the
    counter's value when the second line could be seen."""

    first: Reading
    second: Reading
    old: Published
    new: Published
    published: int

    @property
    def coarse(self) -> bool:
        """Whether the clock shows the time at which its line begins, and not that of the counter."""
        return self.first.kind == "coarse"

    @property
    def names(self) -> tuple[str, str]:
        """What the lines are called: the second read may be on the older one."""
        return (("old line", "new line") if self.old.number < self.new.number else
                ("newer line", "older line"))

    @property
    def at_first(self) -> int:
        """The counter's value that the first read used; for a coarse clock where its line begins."""
        return self.old.cycle_last if self.coarse else self.first.counter

    @property
    def at_second(self) -> int:
        """The same of the second read."""
        return self.new.cycle_last if self.coarse else self.second.counter

    @property
    def sample(self) -> int:
        """Where the lines are compared: what the updater sampled, else where the new line begins."""
        return self.new.sampled if self.new.sampled >= 0 else self.new.cycle_last

    @property
    def slower(self) -> int:
        """By how much the multiplier changed, a."""
        return self.new.mult - self.old.mult

    def passed(self, until: int, since: int) -> int:
        """Cycles from one value of the counter to another by the shorter way, as it wraps around."""
        ahead = (until - since) & self.old.mask
        return ahead - self.old.mask - 1 if ahead > self.old.mask // 2 else ahead

    def time(self, line: Published, counter: int) -> Fraction:
        """What a line says at a value of the counter, in ns."""
        cycles = self.passed(counter, line.cycle_last)
        return line.sec * _NS + Fraction(cycles * line.mult + line.nsec, 1 << line.shift)

    def apart(self, counter: int) -> Fraction:
        """How far the new line is from the old one at a value of the counter, in ns."""
        return self.time(self.new, counter) - self.time(self.old, counter)

    @property
    def exact(self) -> Fraction:
        """What the second read says, less what the first one says, in ns, before they are rounded down."""
        return self.time(self.new, self.at_second) - self.time(self.old, self.at_first)

    @property
    def measured(self) -> int:
        """The same, as they were read."""
        return self.second.ns - self.first.ns

    @property
    def fits(self) -> bool:
        """Whether the lines say what was measured, but for rounding down to the unit of the reads."""
        return abs(self.measured - self.exact) < self.first.unit + self.second.unit


def jump(recording: Recording, violation: Violation) -> Jump | None:
    """The jump of a violation that is about two reads, if each is on a line that was published."""
    reads = sorted(recording.readings, key=lambda one: one.end)
    seconds = [one for one in reads if (one.call, one.ns) == (violation.clock, violation.second_ns)]
    for second in reversed(seconds):
        for first in reads:
            if first.end >= second.end or (first.call, first.ns) != (violation.first, violation.first_ns):
                continue
            old, new = (_line(recording.published, one) for one in (first, second))
            if old and new and old is not new and old.clock == new.clock and (
                    first.kind in ("fine", "coarse") and first.kind == second.kind):
                made = Jump(first, second, old, new, _when(recording, new, second))
                return made if made.fits else None
    return None


def _line(published: Sequence[Published], read: Reading) -> Published | None:
    """The last line that could be seen by the end of a read and says what the read returned."""
    able = [one for one in published if read.times.get(str(one.number)) == read.ns
            and one.begun <= read.end]
    return able[-1] if able else None


def _when(recording: Recording, line: Published, read: Reading) -> int:
    """The counter's value when a line could be seen by a read of this family."""
    step = {"vdso": line.vdso, "kernel": line.kernel}.get(read.family, line.begun)
    counter = max(line.sampled, line.cycle_last)
    for one in recording.steps[:max(step, 0)]:
        if one.text == _CLOCK:
            counter = one.after & line.mask
    return counter


def sentences(made: Jump) -> list[tuple[str, str]]:
    """The calculation, a line each: what, and how it comes about."""
    shift = 1 << made.old.shift
    if made.coarse:
        lines = zip(made.names, (made.old, made.new), (made.at_first, made.at_second))
        return [("Coarse clocks", "do not read the counter: they show the time at which their line begins"),
                *((f"the {name} begins at",
                   f"{_number(made.time(line, at))} ns of CLOCK_REALTIME, counter {at:,}")
                  for name, line, at in lines),
                ("jump", f"{_number(made.exact)} ns{_rounding(made)}; measured: {made.measured:,} ns")]
    since = made.passed(made.at_second, made.sample)
    between = made.passed(made.at_second, made.at_first)
    gap = made.apart(made.sample)
    rows = [
        ("a, change of mult", f"{made.new.mult:,} - {made.old.mult:,} = {made.slower:,}"),
        ("D, from the sample to the second read",
         f"{made.at_second:,} - {made.sample:,} = {since:,} cycles"),
        ("the lines at the sample", "meet (less than 1 ns apart)" if abs(gap) < 1 else
         f"are {_number(gap)} ns apart")]
    total = Fraction(made.slower * since, shift)
    rows.append(("a * D / 2^shift", f"{made.slower:,} * {since:,} / 2^{made.old.shift} = "
                 f"{_number(total)} ns"))
    if between:
        rows.append(("time between the reads", f"{between:,} cycles * {made.old.mult:,} / "
                     f"2^{made.old.shift} = {_number(Fraction(between * made.old.mult, shift))} ns"))
    rows.append(("jump, all together", f"{_number(made.exact)} ns{_rounding(made)}; "
                 f"measured: {made.measured:,} ns"))
    return rows


def _rounding(made: Jump) -> str:
    units = dict.fromkeys(format_ns(read.unit) for read in (made.first, made.second))
    return f" before each read rounds down, to {' and '.join(units)}"


def _number(value: Fraction) -> str:
    return f"{float(value):,.2f}" if value.denominator > 1 else f"{value.numerator:,}"

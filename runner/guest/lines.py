# SPDX-License-Identifier: GPL-2.0
"""The line by which the vDSO turns cycles into time, as the kernel published it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor

_NSEC_PER_SEC = 10**9


@dataclass(frozen=True)
class Line:
    """What user space reads of CLOCK_MONOTONIC's: the members of struct vdso_data, or of struct vdso_clock.

    seq is odd while it is being changed. nsec is shifted to the left by shift.
    """

    seq: int
    clock_mode: int
    cycle_last: int
    mult: int
    shift: int
    sec: int
    nsec: int

    def at(self, cycle: int) -> int:
        """The time at a cycle in ns, rounded as do_hres() rounds it; also before cycle_last, where that is
        right as long as the line before had the same slope."""
        return floor(self.exactly_at(cycle))

    def exactly_at(self, cycle: int) -> Fraction:
        """The same, without rounding."""
        return self.sec * _NSEC_PER_SEC + Fraction(
            self.nsec + (cycle - self.cycle_last) * self.mult, 1 << self.shift)

    def cycles(self, ns: int) -> int:
        """How many cycles take so long, at least."""
        return -(-(ns << self.shift) // self.mult)


def crossing(old: Line, new: Line) -> Fraction | None:
    """The cycle at which two lines meet, which is where the updater sampled the clock; None if they have
    the same slope."""
    change = Fraction(new.mult, 1 << new.shift) - Fraction(old.mult, 1 << old.shift)
    if not change:
        return None
    return new.cycle_last - (new.exactly_at(new.cycle_last) - old.exactly_at(new.cycle_last)) / change

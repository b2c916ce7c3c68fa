# SPDX-License-Identifier: GPL-2.0
"""How stable a clock is, by its time errors at equal distances: MTIE and TDEV as in ITU-T G.810."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Errors = NDArray[np.float64]


@dataclass(frozen=True)
class Point:
    """Of a curve: an observation interval, and the value for it."""

    seconds: float
    ns: float


def mtie(errors: Errors, intervals: int) -> float:
    """The largest difference of two errors that are at most so many sampling intervals apart (G.810, II.5):
    intervals is a power of 2, and less than there are errors."""
    most = least = errors
    width = 1
    while width < intervals:
        most = np.maximum(most[:-width], most[width:])
        least = np.minimum(least[:-width], least[width:])
        width *= 2
    # Windows of as many samples are found; they are to have one more.
    ends = errors[intervals:]
    return float(np.max(np.maximum(most[:len(ends)], ends) - np.minimum(least[:len(ends)], ends)))


def tdev(errors: Errors, intervals: int) -> float:
    """The time deviation (G.810, II.3): of second differences of averages over so many sampling intervals.
    There have to be three times as many errors."""
    sums = np.concatenate([[0.0], np.cumsum(errors - errors[0])])
    averages = (sums[intervals:] - sums[:-intervals]) / intervals
    differences = averages[2 * intervals:] - 2 * averages[intervals:-intervals] + averages[:-2 * intervals]
    return float(np.sqrt(np.mean(differences ** 2) / 6))


def octaves(errors: Errors) -> list[int]:
    """The intervals that a third of the errors allows: powers of 2."""
    return [1 << power for power in range(len(errors).bit_length()) if 3 << power <= len(errors)]


def curves(series: Sequence[tuple[float, Errors]]) -> tuple[list[Point], list[Point]]:
    """MTIE and TDEV by interval, of series of one clock, each with the seconds between its errors, from the
    finest on, which may be the shortest. MTIE is that of all that allow an interval, TDEV of the first."""
    of_mtie: dict[float, float] = {}
    of_tdev: dict[float, float] = {}
    for distance, errors in series:
        for intervals in octaves(errors):
            seconds = intervals * distance
            of_mtie[seconds] = max(of_mtie.get(seconds, 0.0), mtie(errors, intervals))
            if seconds not in of_tdev:
                of_tdev[seconds] = tdev(errors, intervals)
    return ([Point(seconds, ns) for seconds, ns in sorted(of_mtie.items())],
            [Point(seconds, ns) for seconds, ns in sorted(of_tdev.items())])

# SPDX-License-Identifier: GPL-2.0
"""MTIE and TDEV, against published values and against their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from runner.boot import stability
from runner.boot.stability import Errors


def nist() -> Errors:
    """Phases of the 1000-point test suite of NIST SP 1065 (W. J. Riley), section 12.4, by its generator."""
    numbers = [1234567890]
    for _ in range(999):
        numbers.append(16807 * numbers[-1] % 2147483647)
    assert numbers[1:4] == [395529916, 1209410747, 633705974]
    return np.concatenate([[0.0], np.cumsum(np.array(numbers) / 2147483647)])


@pytest.mark.parametrize("intervals, published", [(1, 1.687202e-1), (10, 3.563623e-1), (100, 1.253382e0)])
def test_tdev_is_the_published_one(intervals: int, published: float) -> None:
    assert stability.tdev(nist(), intervals) == pytest.approx(published, rel=1e-6)


@pytest.mark.parametrize("intervals, published", [(1, 52.67135), (2, 86.35831)])
def test_tdev_of_ten_points_is_the_published_one(intervals: int, published: float) -> None:
    """The data of NBS Monograph 140, and the values of NIST SP 1065 for them."""
    phases = np.array([0.00000, 103.11111, 123.22222, 157.33333, 166.44444, 48.55555, -96.33333, -2.22222,
                       111.88889, 0.00000])
    assert stability.tdev(phases, intervals) == pytest.approx(published, rel=1e-5)


@pytest.mark.parametrize("intervals", [1, 2, 4, 8, 64, 256])
def test_mtie_is_what_it_is_defined_as(intervals: int) -> None:
    """Of phases that go up and down, as their mean frequency is 0.5."""
    phases = nist() - np.arange(1001) / 2
    assert stability.mtie(phases, intervals) == max(
        float(np.ptp(phases[first:first + intervals + 1])) for first in range(len(phases) - intervals))


def test_mtie_sees_one_step_wherever_it_is() -> None:
    phases = np.zeros(100)
    phases[63:] = 5
    assert [stability.mtie(phases, 1 << power) for power in range(6)] == [5.0] * 6


def test_a_constant_frequency_has_no_time_deviation() -> None:
    ramp = np.arange(1000.0) * 3
    assert stability.tdev(ramp, 16) == pytest.approx(0, abs=1e-9)
    assert stability.mtie(ramp, 16) == 48


def test_curves_go_as_far_as_their_series() -> None:
    fine, coarse = nist()[:90], nist()[::10]
    mtie, tdev = stability.curves([(1.0, fine), (10.0, coarse)])
    assert [point.seconds for point in tdev] == [1, 2, 4, 8, 10, 16, 20, 40, 80, 160, 320]
    assert tdev[0].ns == stability.tdev(fine, 1) and tdev[-1].ns == stability.tdev(coarse, 32)
    assert mtie[0].ns == stability.mtie(fine, 1)


def test_mtie_is_that_of_the_longer_series_if_it_is_larger() -> None:
    fine, coarse = np.zeros(9), np.array([0.0, 0, 0, 0, 7, 0])
    mtie, _ = stability.curves([(1.0, fine), (2.0, coarse)])
    assert {point.seconds: point.ns for point in mtie}[2.0] == 7


@pytest.mark.parametrize("apart", [1, 2, 3, 5, 7])
def test_mtie_sees_two_peaks_at_any_distance(apart: int) -> None:
    phases = np.zeros(100)
    phases[50], phases[50 + apart] = 5, -5
    assert [stability.mtie(phases, intervals) for intervals in (1, 2, 4, 8)] == [
        10.0 if apart <= intervals else 5.0 for intervals in (1, 2, 4, 8)]

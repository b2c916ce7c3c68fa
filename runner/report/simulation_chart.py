# SPDX-License-Identifier: GPL-2.0
"""The chart of `simulate`: kernels and variants side by side; the same figures, the same bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runner.boot.simulation import Simulation
from runner.errors import TkfiError
from runner.report.hold_chart import pyplot_from
from runner.report.simulation_text import heading

COLOURS = ("#2b6ca3", "#b35806", "#5aae61", "#762a83", "#c51b7d", "#777777")
_LEGEND = 0.7  # height, in inches
_DRAWN = 512  # parts of a line


def write(runs: Mapping[str, Sequence[Simulation]], file: Path, cache: Path) -> None:
    """Draw the errors over time, MTIE and TDEV of the first simulation of each; of several frequencies also
    the deviation of each.

    Raises TkfiError when matplotlib is not installed, or there is nothing to draw.
    """
    first = next(iter(runs.values()))
    if not first[0].series:
        raise TkfiError("there is nothing to draw: no series was asked for")
    pyplot = pyplot_from(cache)
    panels = 3 + (len(first) > 1)
    height = 3.4 + _LEGEND
    figure, axes = pyplot.subplots(1, panels, squeeze=False, layout="constrained",
                                   figsize=(4.6 * panels, height))
    for (name, simulations), colour in zip(runs.items(), COLOURS * len(runs)):
        _errors(axes[0][0], name, simulations[0], colour)
        for axis, curve in zip(axes[0][1:3], simulations[0].curves):
            axis.plot([point.seconds for point in curve], [point.ns for point in curve], color=colour,
                      marker=".", linewidth=1)
        if panels > 3:
            known = [one for one in simulations if one.fits[1].dev_ns is not None]
            axes[0][3].plot([one.settings.offset_ppb / 1000 for one in known],
                            [one.fits[1].dev_ns for one in known], color=colour, linewidth=1)
    what = "offset" if first[0].measured.steered else "error against NTP's line"
    _label(axes[0][0], what, "s", "ns", "linear")
    _label(axes[0][1], "MTIE", "observation interval, s", "ns", "log")
    _label(axes[0][2], "TDEV", "observation interval, s", "ns", "log")
    if panels > 3:
        _label(axes[0][3], "dev of the second half", "frequency, ppm", "ns", "linear")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper center", ncol=len(labels), frameon=False,
                  title=heading(first[0].settings, first[0].seconds, first[0].measured.ticks_per_s))
    figure.get_layout_engine().set(rect=(0, 0, 1, 1 - _LEGEND / height))
    figure.savefig(file, format="svg", facecolor="white", metadata={"Date": None, "Creator": None})
    pyplot.close(figure)


def _errors(axis: Any, name: str, one: Simulation, colour: str) -> None:
    """The longest series, as the range of errors in each part of it, so that no peak is lost."""
    distance, errors = one.series[-1]
    each = max(len(errors) // _DRAWN, 1)
    whole = errors[:len(errors) // each * each].reshape(-1, each)
    seconds = [(number + 0.5) * each * distance for number in range(len(whole))]
    axis.fill_between(seconds, whole.min(axis=1), whole.max(axis=1), color=colour, alpha=0.6,
                      linewidth=0.4, label=name)


def _label(axis: Any, title: str, across: str, up: str, scale: str) -> None:
    axis.set_title(title, fontsize=10)
    axis.set_xlabel(across)
    axis.set_ylabel(up)
    axis.set_xscale(scale)
    axis.set_yscale(scale)
    axis.spines[["top", "right"]].set_visible(False)

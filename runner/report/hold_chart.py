# SPDX-License-Identifier: GPL-2.0
"""The chart of `hold`: the same figures, the same bytes."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runner.boot.write_hold import Bench, Figures
from runner.errors import TkfiError

READERS = {"kernel": "kernel readers held", "vdso": "vDSO readers held"}
COLOURS = {"pre-series": "#b35806", "post-series": "#2b6ca3", "fixed": "#5aae61"}
_WIDTH = 0.8  # of a workload's bars
_LEGEND = 0.6  # height, in inches


def write(benches: Sequence[Bench], file: Path, cache: Path) -> None:
    """Draw the medians as bars, with a line up to the p99 and the accesses above it. What is below the
    stopwatch's resolution is a hollow bar as high as that.

    Raises TkfiError when matplotlib is not installed, or there is nothing to draw.
    """
    drawn = [bench for bench in benches if bench.keys]
    if not drawn:
        raise TkfiError("there is nothing to draw: no kernel reported a write hold")
    pyplot = pyplot_from(cache)
    readers = list(dict.fromkeys(key[1] for bench in drawn for key in bench.keys))
    height = 2.6 * len(drawn) + _LEGEND
    figure, axes = pyplot.subplots(len(drawn), len(readers), squeeze=False, layout="constrained",
                                   figsize=(6 * len(readers), height), sharey="col")
    for bench, row in zip(drawn, axes):
        for kind, axis in zip(readers, row):
            _panel(axis, bench, kind)
        row[0].set_ylabel("ns with the sequence odd")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper center", ncol=len(labels), frameon=False,
                  title="bar: median (hollow: it is less), line: up to p99, number: accesses")
    figure.get_layout_engine().set(rect=(0, 0, 1, 1 - _LEGEND / height))
    figure.savefig(file, format="svg", facecolor="white", metadata={"Date": None, "Creator": None})
    pyplot.close(figure)


def _panel(axis: Any, bench: Bench, kind: str) -> None:
    """One kernel and one kind of readers."""
    workloads = [key[0] for key in bench.keys if key[1] == kind]
    width = _WIDTH / len(bench.figures)
    for number, (variant, cells) in enumerate(bench.figures.items()):
        shown = [(index + (number + 0.5) * width - _WIDTH / 2, cells[name, kind])
                 for index, name in enumerate(workloads) if (name, kind) in cells]
        places, heights = [place for place, _ in shown], [_height(cell) for _, cell in shown]
        above = [max(0, cell.ns_p99 - height) for height, (_, cell) in zip(heights, shown)]
        colour = COLOURS.get(variant, "#777777")
        bars = axis.bar(places, heights, width * 0.92, label=variant, color=colour)
        for bar, (_, cell) in zip(bars, shown):
            if not cell.resolved("ns_median"):
                bar.set(facecolor="white", edgecolor=colour)
        axis.errorbar(places, heights, yerr=[[0] * len(above), above], fmt="none", elinewidth=0.8,
                      ecolor="#333333")
        for height, more, (place, cell) in zip(heights, above, shown):
            axis.annotate(f"{cell.accesses:,}", (place, height + more), fontsize=6.5,
                          xytext=(0, 2), textcoords="offset points", ha="center", va="bottom")
    axis.set_title(f"Linux {bench.version}: {READERS.get(kind, kind)}", fontsize=10)
    axis.set_xticks(range(len(workloads)), workloads, fontsize=8)
    axis.margins(y=0.15)
    axis.spines[["top", "right"]].set_visible(False)


def _height(cell: Figures) -> float:
    """Of a bar: the median, or what it is known to be less than."""
    return cell.ns_median if cell.resolved("ns_median") else cell.ns_resolution


def pyplot_from(cache: Path) -> Any:
    """matplotlib, set up to draw the same bytes each time and to leave the home directory alone."""
    cache.mkdir(parents=True, exist_ok=True)
    os.environ["MPLCONFIGDIR"] = str(cache)
    try:
        matplotlib = importlib.import_module("matplotlib")
    except ModuleNotFoundError as error:
        raise TkfiError("python3-matplotlib is not installed; run 'make setup'") from error
    matplotlib.use("Agg")
    matplotlib.rcdefaults()
    matplotlib.rcParams.update({"svg.hashsalt": "tkfi", "svg.fonttype": "path", "font.size": 9,
                                "font.family": "DejaVu Sans"})
    return importlib.import_module("matplotlib.pyplot")

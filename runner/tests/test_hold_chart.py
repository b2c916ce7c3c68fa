# SPDX-License-Identifier: GPL-2.0
"""The chart of `hold`: the same figures, the same bytes; and what stops it."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import pytest

from runner import cli
from runner.boot import boots
from runner.boot.boots import Run
from runner.boot.results import Results
from runner.errors import TkfiError
from runner.kernel import builder
from runner.kernel.kernels import Kernel
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout
from runner.report import hold_chart
from runner.tests.test_hold import PASSED, found, in_fixed, made


def test_the_same_each_time(tmp_path: Path) -> None:
    for name, benches in (("a", [made(), made()]), ("b", [made(), made()]),
                          ("other", [made(), made(in_fixed(True, ns_median=123.4))])):
        hold_chart.write(benches, tmp_path / name, tmp_path / "cache")
    text = (tmp_path / "a").read_text()
    assert text == (tmp_path / "b").read_text() != (tmp_path / "other").read_text()
    assert "<dc:date>" not in text and all(colour in text for colour in hold_chart.COLOURS.values())


def test_of_what_is_there(tmp_path: Path) -> None:
    def less(kernel: Kernel, found_in: Results) -> None:
        if kernel.variant == "fixed":
            del found_in.holds[0]
    hold_chart.write([made(less)], tmp_path / "a", tmp_path / "cache")
    assert (tmp_path / "a").read_text().startswith("<?xml")


def test_what_is_too_short_is_hollow(tmp_path: Path) -> None:
    """As high as what it is less than, in its variant's colour, on white."""
    for name, least in (("full", 9.5), ("hollow", 600.0)):
        hold_chart.write([made(in_fixed(True, ns_resolution=least))], tmp_path / name, tmp_path / "cache")
    edge = f"fill: #ffffff; stroke: {hold_chart.COLOURS['fixed']}"
    assert [edge in (tmp_path / name).read_text() for name in ("full", "hollow")] == [False, True]


def test_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(TkfiError, match="nothing to draw"):
        hold_chart.write([made(lambda _, found_in: found_in.holds.clear())], tmp_path / "a", tmp_path)


def test_without_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)
    monkeypatch.setattr(importlib, "import_module", missing)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    with pytest.raises(TkfiError, match="python3-matplotlib is not installed; run 'make setup'"):
        hold_chart.write([made()], tmp_path / "a", tmp_path)


def test_verb(layout: Layout, variants: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def run(tool: KunitTool, _glob: str, **_: object) -> Run:
        return Run(PASSED, found(tool.kernel))
    monkeypatch.setattr(builder, "build", KunitTool)
    monkeypatch.setattr(boots, "run", run)
    svg = layout.build / "x.svg"
    assert cli.main(["hold", "--svg", str(svg)], layout) == 0
    assert svg.read_text().startswith("<?xml")
    svg.unlink()
    svg.mkdir()
    assert cli.main(["hold", "--svg", str(svg)], layout) == 2

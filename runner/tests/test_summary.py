# SPDX-License-Identifier: GPL-2.0
"""The verb `summary`: right, wrong and missing cells."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from runner import cli
from runner.boot import boots, results
from runner.boot.boots import Run
from runner.boot.causes import Cause, Kind
from runner.boot.kunit_boot import Boot, Counts
from runner.boot.records import Header, Shown
from runner.boot.results import Results
from runner.kernel import builder
from runner.kernel.kernels import Kernel
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout
from runner.verbs import summary

TABLE = {
    "pre-series": ("blocks until the end", "consistent", "goes back when mult falls"),
    "post-series": ("completes with the old parameters", "goes back when mult falls",
                    "goes back when mult falls"),
    "fixed": ("completes", "consistent", "consistent"),
}
PASSED = Boot(Counts(passed=9), 1.0, None, Path("console"), "")


def found(variant: str) -> Results:
    """What a kernel that is as it must be reports."""
    return Results(Header(1, "6.12.117", variant, "gcc"), shows=[
        Shown(column, text, text, 1000) for column, text in zip(summary.COLUMNS, TABLE[variant])])


def rows() -> list[summary.Row]:
    kernel = Kernel("6.12", Path("series"))
    return [summary.row(replace(kernel, variant=name), PASSED, found(name)) for name in TABLE]


def change(row: summary.Row, **values: object) -> summary.Row:
    """The row with its first cell changed."""
    first = replace(row.shown[0], **values)
    return replace(row, shown=[first, *row.shown[1:]])


def test_text_is_golden() -> None:
    assert summary.report(rows()) == (
        "Linux 6.12.117, 9,000 runs\n\n"
        "                reader during calculation           kernel readers across a delayed publication"
        "   vDSO readers across it\n"
        "  -----------   ---------------------------------   -------------------------------------------"
        "   -------------------------\n"
        "  pre-series    blocks until the end                consistent                                 "
        "   goes back when mult falls\n"
        "  post-series   completes with the old parameters   goes back when mult falls                  "
        "   goes back when mult falls\n"
        "  fixed         completes                           consistent                                 "
        "   consistent\n\n"
        "9 of 9 cells are right.")


def test_a_wrong_cell() -> None:
    row = change(rows()[0], measured="completes")
    assert row.cell(summary.COLUMNS[0]) == "completes: WRONG (expected blocks until the end)"
    assert not row.held and summary.count([row]) == (2, 1)


def test_a_column_in_parts_is_as_good_as_its_worst() -> None:
    row = rows()[1]
    wrong = Shown(summary.COLUMNS[1], "consistent", "goes back when mult falls", 7)
    row = replace(row, shown=[*row.shown, wrong])
    assert row.cell(summary.COLUMNS[1]) == "consistent: WRONG (expected goes back when mult falls)"
    assert not row.held


def test_a_missing_cell() -> None:
    for row in (replace(rows()[0], shown=rows()[0].shown[1:]), change(rows()[0], runs=0)):
        assert row.cell(summary.COLUMNS[0]) == "not measured"
        assert not row.held and summary.count([row]) == (2, 1)
        assert "8 of 9 cells are right" in summary.report([row, *rows()[1:]])


def test_a_case_that_fails_is_not_hidden_by_right_cells() -> None:
    boot = replace(PASSED, cause=Cause(Kind.PANIC, "the kernel panicked: why"))
    row = replace(rows()[0], boot=boot)
    assert not row.held and "6.12 pre-series: the kernel panicked: why" in summary.report([row])


def test_problems_are_not_hidden_either() -> None:
    results_of = found("fixed")
    results_of.shows.append(Shown("readers", "x", "x", 1))
    row = summary.row(Kernel("6.12", Path("series"), variant="fixed"), PASSED, results_of)
    assert row.problems == ["the kernel reports an unknown column 'readers'"] and not row.held
    results_of = replace(found("fixed"), problems=["truncated"])
    assert not summary.row(Kernel("6.12", Path("series")), PASSED, results_of).held


def test_lines_of_the_kernel(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text('{"type":"shows","column":"reader during calculation","measured":"completes",'
                    '"expected":"completes","runs":1234,"more":1}\n')
    assert results.read(file).shows == [
        Shown("reader during calculation", "completes", "completes", 1234)]


def test_verb(layout: Layout, variants: list[str], monkeypatch: pytest.MonkeyPatch,
              capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[str] = []

    def run(tool: KunitTool, glob: str, **_: object) -> Run:
        asked.append(f"{tool.kernel.name} {tool.kernel.variant} {glob}")
        return Run(PASSED, found(tool.kernel.variant))

    def build(kernel: Kernel, place: Layout) -> KunitTool:
        return KunitTool(kernel, place)
    monkeypatch.setattr(builder, "build", build)
    monkeypatch.setattr(boots, "run", run)
    assert cli.main(["summary", "--json", "-"], layout) == 0
    assert asked == [f"6.12 {variant} tkfi_series" for variant in TABLE]
    answer = json.loads(capsys.readouterr().out)
    assert answer["held"] and [row["variant"] for row in answer["rows"]] == list(TABLE)
    assert answer["rows"][0]["cells"][0] == {
        "column": summary.COLUMNS[0], "text": "blocks until the end", "right": True}


@pytest.mark.parametrize("shown", [0, 2])
def test_verb_fails(layout: Layout, variants: list[str], monkeypatch: pytest.MonkeyPatch,
                    shown: int) -> None:
    def measure(chosen: Sequence[Kernel], _layout: Layout, _done: object) -> list[summary.Row]:
        return [replace(row, shown=row.shown[:shown]) for row in rows()][:len(chosen)]
    monkeypatch.setattr(summary, "measure", measure)
    assert cli.main(["summary"], layout) == 1

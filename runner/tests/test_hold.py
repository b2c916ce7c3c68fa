# SPDX-License-Identifier: GPL-2.0
"""`bench --hold`: the table, its factors, what is missing, and a chart that is the same each time."""

from __future__ import annotations

import importlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from runner import boots, cli, hold, hold_chart, results
from runner.boots import Run
from runner.causes import Cause, Kind
from runner.errors import TkfiError
from runner.hold import Bench, Key
from runner.kunit_tool import Boot, Counts, KunitTool
from runner.layout import Layout
from runner.results import Header, Hold, Results

DATA = Path(__file__).parent / "data"
PASSED = Boot(Counts(passed=1), 1.0, None, Path("console"), "")
WORKLOADS = ("tick", "leap second")
TIMES = {"pre-series": 4, "post-series": 1, "fixed": 2}


def found(variant: str) -> Results:
    """What one variant reports."""
    by = TIMES[variant]
    return Results(Header(1, "6.12.117", variant, "gcc 12"), holds=[
        Hold(workload, readers, 100 * by + index, 250 * by, 300 * by, 10_000)
        for index, workload in enumerate(WORKLOADS) for readers in ("kernel", "vdso")])


def made(**variants: Results) -> Bench:
    """The bench of all variants, some of them with other results."""
    holds, problems = {}, []
    for variant in hold.VARIANTS:
        holds[variant], wrong = hold.collect(variants.get(variant.replace("-", "_"), found(variant)))
        problems += wrong
    return hold.bench("6.12", "6.12.117", "gcc 12", holds, problems)


def test_text_is_golden() -> None:
    assert hold.report([made()]) + "\n" == (DATA / "hold.txt").read_text()
    assert not made().problems


def test_factors() -> None:
    key: Key = ("leap second", "vdso")
    assert made().keys == [(w, r) for w in WORKLOADS for r in ("kernel", "vdso")]
    assert made().factor(key, "accesses") == 401 / 101
    assert made().factor(key, "ns_median") == 4
    never = found("post-series")
    never.holds = [replace(line, accesses=0) for line in never.holds]
    assert made(post_series=never).factor(key, "accesses") is None
    assert made().json()["holds"][0] == {
        "workload": "tick", "readers": "kernel", "factor_accesses": 4.0, "factor_ns_median": 4.0,
        "variants": {variant: {"accesses": 100 * by, "ns_median": 250 * by, "ns_p99": 300 * by,
                               "samples": 10_000} for variant, by in TIMES.items()}}


def test_what_is_missing_is_said() -> None:
    less = found("fixed")
    del less.holds[0]
    bench = made(fixed=less)
    assert bench.problems == ["6.12 fixed: 'tick' for kernel readers was not measured"]
    assert "not measured" in hold.report([bench]).split("\n")[4]
    nothing = made(pre_series=Results(), post_series=Results(), fixed=Results())
    assert nothing.problems == ["6.12: tkfi_hold.* measured nothing"]


def test_too_few_samples_and_lines_that_contradict() -> None:
    few = found("fixed")
    few.holds[0] = replace(few.holds[0], samples=9_999)
    assert made(fixed=few).problems == ["'tick' for kernel readers has 9999 samples, fewer than 10000"]
    twice = found("fixed")
    twice.holds.append(twice.holds[0])
    assert made(fixed=twice).problems == ["'tick' for kernel readers is reported twice"]


def test_lines_of_the_kernel(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text('{"type":"hold","workload":"tick","readers":"vdso","accesses":123,"ns_median":456,'
                    '"ns_p99":789,"samples":10000}\n')
    assert results.read(file).holds == [Hold("tick", "vdso", 123, 456, 789, 10_000)]


@pytest.mark.parametrize("crashed", [False, True])
def test_verb(layout: Layout, variants: list[str], monkeypatch: pytest.MonkeyPatch,
              capsys: pytest.CaptureFixture[str], crashed: bool) -> None:
    asked: list[str] = []

    def run(tool: KunitTool, glob: str, **_: object) -> Run:
        asked.append(f"{tool.kernel.name} {tool.kernel.variant} {glob}")
        cause = Cause(Kind.PANIC, "the kernel panicked: why") if crashed else None
        return Run(replace(PASSED, cause=cause), found(tool.kernel.variant))
    monkeypatch.setattr(boots, "build", KunitTool)
    monkeypatch.setattr(boots, "run", run)
    svg = layout.build / "x.svg"
    assert cli.main(["bench", "--hold", "--json", "-", "--svg", str(svg)], layout) == int(crashed)
    assert asked == [f"6.12 {variant} tkfi_hold.*" for variant in TIMES]
    answer = json.loads(capsys.readouterr().out)
    assert answer["kernels"][0]["kernel"] == "6.12.117" and answer["cpu"]
    assert svg.read_text().startswith("<?xml")


def test_only_hold(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench"], layout) == 2
    assert "only --hold so far" in capsys.readouterr().err


def test_chart_is_the_same_each_time(tmp_path: Path) -> None:
    for name in ("a", "b"):
        hold_chart.write([made(), made()], tmp_path / name, tmp_path / "cache")
    text = (tmp_path / "a").read_text()
    assert text == (tmp_path / "b").read_text()
    assert "<dc:date>" not in text and all(colour in text for colour in hold_chart.COLOURS.values())


def test_chart_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(TkfiError, match="nothing to draw"):
        hold_chart.write([hold.bench("6.12", "6.12", "", {}, [])], tmp_path / "a", tmp_path)


def test_without_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)
    monkeypatch.setattr(importlib, "import_module", missing)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    with pytest.raises(TkfiError, match="python3-matplotlib is not installed; run 'make setup'"):
        hold_chart.write([made()], tmp_path / "a", tmp_path)


def test_cpu_model(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Some CPU @ 3 GHz\n")
    assert hold.cpu_model(tmp_path / "cpuinfo") == "Some CPU @ 3 GHz"

# SPDX-License-Identifier: GPL-2.0
"""Stories: what several kernels told together, and what is said of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from runner.boot import boots, results
from runner.boot.causes import Cause, Kind
from runner.boot.kunit_boot import Ask, Boot, Counts
from runner.cli import main
from runner.errors import TkfiError
from runner.explore import stories
from runner.explore.scenarios import CLOCKS
from runner.explore.stories import Asked
from runner.kernel import kernels
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout
from runner.report import stories_text
from runner.tests.conftest import write

HEADER = {"type": "header", "format": 1, "kernel": "6.12.99", "variant": "post-series", "compiler": "gcc"}
FAULT: dict[str, Any] = {
    "type": "story", "clock": "1ghz", "rule": "back", "holds": "nobody goes back", "of": "time()",
    "op": "adjtimex", "wanted": 2000, "seen": 1000, "times": 3, "text": "wait 9ms, adjtimex"}
KNOWN = {**FAULT, "clock": "tsc", "cause": "a-bug", "cause_class": "fixed", "fixed_in": "6.15",
         "fixed_by": "abc", "reason": "it was wrong"}


def told(clock: str, **more: Any) -> list[dict[str, Any]]:
    """The end of what a kernel reports of one clock."""
    return [{"type": "states", "clock": clock, "after": 0, "states": 1},
            {"type": "states", "clock": clock, "after": 1, "states": 30},
            {"type": "stories", "clock": clock, "length": 2, "steps": 40, "performed": 70, "not_kept": 0,
             "complete": True, "ns": 500000000, **more}]


def everywhere() -> list[dict[str, Any]]:
    """The same of all clocks."""
    return [row for clock in CLOCKS for row in told(clock)]


@pytest.fixture(name="tool")
def built(layout: Layout, source: Path) -> KunitTool:
    """A kernel."""
    return KunitTool(kernels.choose(str(source), layout), layout)


def tell(tool: KunitTool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
         reports: Sequence[Sequence[dict[str, Any]]], cause: Cause | None = None) -> stories.Stories:
    """With kernels that report that."""
    asked: list[Ask] = []

    def run_all(_tool: KunitTool, asks: Sequence[Ask], *, at_once: int) -> list[boots.Run]:
        assert at_once == len(asks) == len(reports)
        asked.extend(asks)
        made = []
        for number, rows in enumerate(reports):
            file = tmp_path / f"{number}.jsonl"
            write(file, "".join(json.dumps(row) + "\n" for row in [HEADER, *rows]))
            made.append(boots.Run(Boot(Counts(), 1.0, cause, file, ""), results.read(file)))
        return made
    monkeypatch.setattr(boots, "run_all", run_all)
    made = stories.tell(tool, Asked(2, jobs=len(reports), time=1.5))
    assert [ask.arguments for ask in asked] == [
        ["tkfi.stories=2", f"tkfi.part={part}/{len(reports)}", "tkfi.ms=1500"]
        for part in range(len(reports))]
    return made


def test_parts_are_put_together(tool: KunitTool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one fault the plainest story, and what is new first."""
    short = {**FAULT, "kind": 7, "order": "02aa"}
    long = {**FAULT, "kind": 7, "order": "0300", "text": "tick, wait 9ms, adjtimex", "times": 5}
    made = tell(tool, tmp_path, monkeypatch, [
        [KNOWN, {**long, "of": "another reader"}, *everywhere()],
        [short, *told("1ghz", ns=900000000), *everywhere()[3:]]])
    assert [(one.text, one.times, one.cause) for one in made.faults] == [
        ("wait 9ms, adjtimex", 8, ""), ("wait 9ms, adjtimex", 3, "a-bug")]
    assert made.told["1ghz"].performed == 140 and made.told["1ghz"].ns == 900000000
    assert list(made.told) == ["1ghz", "tsc", "hpet", "acpi_pm"] and made.states["tsc"] == [1, 30]
    assert made.status == 1 and made.complete
    text = stories_text.text(made, "--kernel x")
    assert "NEW, back: nobody goes back.\ntime() is 1,000, and ought to be 2,000, after adjtimex" in text
    assert "./tkfi explore --story 'wait 9ms, adjtimex' --clock 1ghz --kernel x" in text
    assert "known, back of time(): it was wrong (fixed in 6.15 by abc)\n  wait 9ms, adjtimex" in text
    assert text.endswith("560 operations judged: 1 new fault, 1 known cause.")
    assert all(len(line) <= 80 for line in text.splitlines() if "./tkfi" not in line)
    assert made.json()["clocks"][0]["states"] == [1, 30]


@pytest.mark.parametrize("more", [{"complete": False}, {"not_kept": 2}])
def test_what_was_not_told_is_said(tool: KunitTool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                   more: dict[str, Any]) -> None:
    made = tell(tool, tmp_path, monkeypatch, [[KNOWN, *told("1ghz", **more), *everywhere()[3:]]])
    assert made.status == 0 and not made.complete
    assert "280 operations judged, not all that there are: 0 new faults" in stories_text.text(made, "")


def test_a_story_that_makes_no_sense(tool: KunitTool, tmp_path: Path,
                                     monkeypatch: pytest.MonkeyPatch) -> None:
    problem = {"type": "problem", "scenario": "story", "text": "unknown operation 'tock'; there are: tick"}
    with pytest.raises(TkfiError, match="unknown operation 'tock'; there are: tick"):
        tell(tool, tmp_path, monkeypatch, [[problem]])


@pytest.mark.parametrize("cause, rows", [
    (Cause(Kind.PANIC, "it panicked"), everywhere()), (None, []), (None, everywhere()[:-1]),
    (Cause(Kind.FAILED, "1 failed"), everywhere()), (None, [{"type": "story"}, *everywhere()])])
def test_a_kernel_that_does_not_come_to_its_end(tool: KunitTool, tmp_path: Path, cause: Cause | None,
                                                monkeypatch: pytest.MonkeyPatch,
                                                rows: list[dict[str, Any]]) -> None:
    with pytest.raises(TkfiError, match="did not come to the end of its stories"):
        tell(tool, tmp_path, monkeypatch, [rows], cause)


def test_faults_are_no_crash(tool: KunitTool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """KUnit has the case fail, then."""
    made = tell(tool, tmp_path, monkeypatch, [[FAULT, *everywhere()]], Cause(Kind.FAILED, "1 failed"))
    assert made.status == 1


@pytest.mark.parametrize("words", [["--stories", "2", "lock*"], ["--stories", "2", "--story", "tick"],
                                   ["--clock", "tsc", "--clock", "hpet", "--stories", "1"],
                                   ["--stories", "7"], ["--story", ""],
                                   ["--clock", "tick", "--stories", "1"],
                                   ["--stories", "1", "--strategy", "pct"],
                                   ["--story", "tick", "--report", "/tmp/x"]])
def test_words_that_do_not_go_together(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", *words]) == 2
    assert capsys.readouterr().err

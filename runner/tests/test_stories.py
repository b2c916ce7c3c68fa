# SPDX-License-Identifier: GPL-2.0
"""Stories: what several kernels told together, and what is said of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.boot import boots, results
from runner.boot.causes import Cause, Kind
from runner.boot.kunit_boot import Ask, Boot, Counts
from runner.boot.records import StoryValue
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
         reports: Sequence[Sequence[dict[str, Any]]], cause: Cause | None = None, *,
         races: bool = False, outcomes: bool = False) -> stories.Stories:
    """With kernels that report that."""
    asked: list[Ask] = []

    def run_all(_tool: KunitTool, asks: Sequence[Ask], *, at_once: int,
                progress: Callable[[list[Path]], None], done: None) -> list[boots.Run]:
        assert done is None
        assert at_once == len(asks) == len(reports)
        progress([])
        asked.extend(asks)
        made = []
        for number, rows in enumerate(reports):
            file = tmp_path / f"{number}.jsonl"
            write(file, "".join(json.dumps(row) + "\n" for row in [HEADER, *rows]))
            made.append(boots.Run(Boot(Counts(), 1.0, cause, file, ""), results.read(file)))
        return made
    monkeypatch.setattr(boots, "run_all", run_all)
    made = stories.tell(tool, Asked(2, jobs=len(reports), time=1.5, races=races, outcomes=outcomes))
    assert [ask.arguments for ask in asked] == [
        ["tkfi.stories=2", f"tkfi.part={part}/{len(reports)}", *["tkfi.races=1"] * races,
         *["tkfi.outcomes=1"] * outcomes, "tkfi.ms=1500"]
        for part in range(len(reports))]
    return made


@pytest.mark.parametrize("asked, boots_of_a_clock, by_clock", [
    (Asked(1, races=True), 1, False), (Asked(1, jobs=4, races=True), 4, False),
    (Asked(2, races=True), 16, True), (Asked(3, races=True), 256, True), (Asked(6, jobs=2), 16, True),
    (Asked(3), 1, False), (Asked(3, jobs=2, time=60, outcomes=True), 2, False), (Asked(4), 16, True),
    (Asked(text="tick"), 1, False), (Asked(3, jobs=2, time=60, races=True), 15, True),
    (Asked(3, jobs=2, time=1.5, races=True), 2, False), (Asked(4, races=True), 1024, True),
    (Asked(4, jobs=2, time=600, races=True), 2, False), (Asked(5, time=600), 1, False)])
def test_what_takes_long_has_many_boots(asked: Asked, boots_of_a_clock: int, by_clock: bool) -> None:
    """So that a run that is killed has lost little; together they take as long as was asked for."""
    for clock in ("", "tsc"):
        asks = replace(asked, clock=clock).asks()
        by = [f"tkfi.clock={one}" for one in ([clock] if clock else CLOCKS)] if by_clock or clock else [""]
        assert len(asks) == len(by) * boots_of_a_clock and len({ask.name for ask in asks}) == len(asks)
        told = [[word for word in ask.arguments if word.startswith("tkfi.clock=")] for ask in asks]
        assert told == [[one] if one else [] for one in by for _ in range(boots_of_a_clock)]
        assert {f"tkfi.part={part}/{boots_of_a_clock}" for part in range(boots_of_a_clock)} == {
            word for ask in asks for word in ask.arguments if word.startswith("tkfi.part=")}
        limits = [int(word[8:]) for ask in asks for word in ask.arguments if word.startswith("tkfi.ms=")]
        assert sum(limits) == pytest.approx(len(by) * (asked.time or 0) * 1000 * asked.jobs, rel=0.01)


def test_boots_of_each_clock_are_put_together(tool: KunitTool, monkeypatch: pytest.MonkeyPatch,
                                              tmp_path: Path) -> None:
    """Each has told of one clock only; one that has not is seen."""
    def run_all(_tool: KunitTool, asks: Sequence[Ask], **_: object) -> list[boots.Run]:
        made = []
        for number, ask in enumerate(asks):
            (clock,) = {clock for clock in CLOCKS if f"tkfi.clock={clock}" in ask.arguments}
            rows = [HEADER, *told(lacks if number == 20 and lacks else clock)]
            write(tmp_path / f"{number}.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
            made.append(boots.Run(Boot(Counts(), 1.0, None, tmp_path, ""),
                                  results.read(tmp_path / f"{number}.jsonl")))
        return made
    lacks = ""
    monkeypatch.setattr(boots, "run_all", run_all)
    made = stories.tell(tool, Asked(4, jobs=2))
    assert {clock: (one.performed, one.ns) for clock, one in made.told.items()} == dict.fromkeys(
        CLOCKS, (16 * 70, 8 * 500000000))
    assert made.states == dict.fromkeys(CLOCKS, [1, 30])
    lacks = CLOCKS[0]
    with pytest.raises(TkfiError, match="did not come to the end of its stories"):
        stories.tell(tool, Asked(4, jobs=2))


def test_outcomes_of_all_parts(tool: KunitTool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def part(after: str) -> list[dict[str, Any]]:
        return [*({"type": "story_step", "nr": number, "text": text} for _ in CLOCKS
                  for number, text in enumerate(["tick", "until tick"])),
                {"type": "story_outcomes", "clock": "tsc", "after": after, "shown": "0000000700000000"},
                *everywhere()]
    made = tell(tool, tmp_path, monkeypatch, [part(""), part("01")], outcomes=True)
    assert made.steps == ["tick", "until tick"]
    assert made.outcomes == {("tsc", ""): "0000000700000000", ("tsc", "01"): "0000000700000000"}


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


RACE = {"type": "story_race", "clock": "tsc", "oracle": "monotonic", "rule": "", "first": "ktime_get()",
        "of": "time()", "first_ns": 2000, "second_ns": 1000, "order": 9, "times": 3,
        "text": "clock: tsc; setup: wait 9ms; cpu0: tick; cpu1: read vdso time; host: 1ms",
        "turns": "cpu0, host"}


def raced(**more: Any) -> list[dict[str, Any]]:
    """The end of the races by all clocks."""
    return [{"type": "story_raced", "clock": clock, "states": 41, "races": 60, "of": 60, "classes": 700,
             "not_kept": 0, "complete": True, "ns": 2000000000, **more} for clock in CLOCKS]


def test_races_of_parts_are_put_together(tool: KunitTool, tmp_path: Path,
                                         monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one kind the first, whichever part it is in; of a cause that is known one is enough."""
    known = {**RACE, "cause": "a-bug", "cause_class": "bug", "reason": "it is wrong", "order": 4}
    made = tell(tool, tmp_path, monkeypatch, [
        [*everywhere(), {**RACE, "order": 12, "text": str(RACE["text"]).replace("9", "8")}, known,
         *raced()],
        [*everywhere(), {**known, "of": "another", "order": 2}, RACE, *raced(ns=1)]], races=True)
    assert [(one.order, one.times, one.cause, one.of) for one in made.races] == [
        (9, 6, "", "time()"), (2, 6, "a-bug", "another")]
    assert made.raced["tsc"].races == 120 and made.raced["tsc"].ns == 2000000000
    assert made.status == 1 and made.complete and not made.new
    text = stories_text.text(made, "")
    said = "NEW, monotonic: time() = 0.000001000 after ktime_get() = 0.000002000"
    assert f"{said} (in 6\n  violations)." in text
    assert ("  ./tkfi replay 'tkfi1 6.12.99 post-series \"clock: tsc; setup: wait 9ms; cpu0: tick; "
            "cpu1: read vdso time; host: 1ms\": cpu0, host'") in text
    assert text.endswith("480 races explored (5,600 classes): 0 new faults, 1 new\n  violation, "
                         "1 known cause.")
    assert all(len(line) <= 80 for line in text.splitlines() if "./tkfi" not in line)
    assert len(made.json()["races"]) == 2 and len(made.json()["raced"]) == 4


@pytest.mark.parametrize("rows", [everywhere(), [*everywhere(), *raced()[1:]]])
def test_races_that_do_not_come_to_their_end(tool: KunitTool, tmp_path: Path, rows: list[dict[str, Any]],
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TkfiError, match="did not come to the end of its stories"):
        tell(tool, tmp_path, monkeypatch, [rows], races=True)
    made = tell(tool, tmp_path, monkeypatch, [[*everywhere(), *raced(complete=False)]], races=True)
    assert made.status == 0 and not made.complete


def test_how_far_they_have_come(tmp_path: Path) -> None:
    """A line that is half there, or no file yet, is not counted."""
    telling = '{{"type":"story_telling","clock":"{}","performed":{},"ns":2000000000}}\n'
    racing = ('{{"type":"story_racing","clock":"tsc","done":{},"of":70,"classes":900,"new":1,'
              '"ns":500000000}}\n')
    files = [tmp_path / name for name in ("0", "1", "2")]
    write(files[0], telling.format("tsc", 3) + telling.format("tsc", 9000) + '{"type":"story"}\n')
    assert stories.so_far(files, 3) == "tsc: 9,000 operations, 4,500/s"
    write(files[1], racing.format(2) + telling.format("1ghz", 500))
    assert stories.so_far(files, 3) == "tsc, 1ghz: 9,500 operations, 4,750/s"
    assert stories.so_far(files, 1) == "tsc, 1ghz: 9,500 operations, 2,375/s; 2 of 3 boots"
    write(files[0], files[0].read_text(encoding="utf-8") + racing.format(1005) + '{"type":"story"}\n')
    assert stories.so_far(files[:1], 3) == "tsc: 1,005 of 70 races, 2,010/s, 900 classes, 1 new"
    assert stories.so_far(files, 3) == ("1ghz: 500 operations, 250/s; "
                                        "tsc: 1,005 races, 2,010/s, 900 classes, 1 new")
    write(files[1], racing.format(7) + racing.format(11)[:30])
    assert stories.so_far(files[:2], 2) == "tsc: 1,012 of 140 races, 2,024/s, 1,800 classes, 2 new"
    assert stories.so_far(files[2:], 3) == "" == stories.so_far([], 3)


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


def test_values_in_words() -> None:
    """A time has the decimals that its reader can have."""
    value = 1361404800_123456000
    words = {unit: StoryValue("vdso", "time", value - value % (unit or 1), unit).in_words
             for unit in (1, 1000, 10**9, 0)}
    assert words == {1: "1361404800.123456000", 1000: "1361404800.123456", 10**9: "1361404800",
                     0: "1,361,404,800,123,456,000"}

# SPDX-License-Identifier: GPL-2.0
"""What a run that was killed had finished, for the next one."""

from __future__ import annotations

import errno
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from runner import journal, machine
from runner.boot import boots, finished_boots, shared_boots, simulation, suite_batches, write_hold
from runner.boot.causes import Cause, Kind
from runner.boot.kunit_boot import Ask, Boot, Counts
from runner.boot.records import Header, Trace
from runner.boot.results import Results
from runner.boot.simulation import Settings
from runner.errors import TestFailure
from runner.explore import repeat, replay, stories
from runner.explore.replay import Replayed
from runner.explore.scenarios import Scenario
from runner.explore.schedule import Schedule
from runner.guest.race import Try
from runner.journal import Journal
from runner.kernel import builder, kernels
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout
from runner.tests.conftest import write
from runner.tests.guest_stub import Guest
from runner.tests.test_guest import tries
from runner.verbs import bench, summary

REPORT = '{"type":"header","format":1,"kernel":"6.12.117","variant":"post-series","compiler":"gcc"}\n'


@pytest.fixture(name="file")
def of_a_verb(tmp_path: Path) -> Path:
    return tmp_path / "unfinished/hold.jsonl"


def test_what_was_finished_is_there_for_the_next_one(file: Path,
                                                     capsys: pytest.CaptureFixture[str]) -> None:
    first = Journal(file)
    assert first.get(["boot", 1]) is None
    first.add(["boot", 1], {"a": [1.5, None]})
    first.add(["boot", 2], True)
    second = Journal(file)
    assert second.get(["boot", 1]) == {"a": [1.5, None]} and second.get(["boot", "1"]) is None
    assert second.get(["boot", 2]) is True and second.peek(["boot", 2]) is True
    second.end()
    said = "2 steps of a run that did not come to its end were not done again"
    assert said in capsys.readouterr().err and not file.exists()
    second.end()


def test_what_is_another_commands_stays(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It may come, too."""
    first = Journal(file)
    for name in "abcd":
        first.add([name], name)
    other = Journal(file)
    assert other.peek(["b"]) == "b" and other.get(["e"]) is None
    other.add(["c"], "again")
    other.add(["f"], "f")
    other.end()
    assert not capsys.readouterr().err
    assert [Journal(file).get([name]) for name in "abcdef"] == ["a", None, None, "d", None, None]


@pytest.mark.parametrize("edit", [
    lambda entry: {**entry, "boot": "another"}, lambda entry: {**entry, "when": time.time() - 3601},
    lambda entry: {**entry, "when": time.time() + 60}, lambda entry: {**entry, "when": "now"},
    lambda entry: {name: value for name, value in entry.items() if name != "value"}, lambda entry: [entry]])
def test_what_is_worth_nothing(file: Path, edit: Callable[[dict[str, object]], object]) -> None:
    """Of another boot of the machine, too old, or damaged."""
    Journal(file).add(["a"], 1)
    entry = json.loads(file.read_text(encoding="utf-8"))
    assert entry["boot"] == machine.boot_id()
    write(file, json.dumps(edit(entry)) + "\n")
    assert Journal(file).get(["a"]) is None
    write(file, json.dumps(entry) + "\n")
    assert Journal(file).get(["a"]) == 1


def test_a_line_that_was_cut(file: Path) -> None:
    """Whatever is behind it counts."""
    Journal(file).add(["a"], 1)
    whole = file.read_text(encoding="utf-8")
    for end in range(len(whole) - 1):
        write(file, whole[:end])
        cut = Journal(file)
        assert cut.get(["a"]) is None
        cut.add(["b"], 2)
        assert Journal(file).get(["b"]) == 2
    file.write_bytes(b"\xff\0")
    assert Journal(file).get(["a"]) is None


def test_it_goes_when_the_run_comes_to_its_end(layout: Layout) -> None:
    """And only then: also a full disk is no reason to begin again."""
    for number, end in enumerate((RuntimeError, KeyboardInterrupt)):
        with pytest.raises(end), journal.keeping(layout, "hold") as done:
            assert done.get(["a"]) == (number or None)
            done.add(["a"], 1)
            raise end
    with journal.keeping(layout, "hold") as done:
        assert done.get(["a"]) == 1
    assert not list((layout.build / "unfinished").iterdir())
    with pytest.raises(TestFailure), journal.keeping(layout, "hold") as done:
        done.add(["a"], 1)
        raise TestFailure("a test failed")
    assert not list((layout.build / "unfinished").iterdir())


def test_a_run_ends_though_the_disk_is_full(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")
    Journal(file).add(["another command's"], 1)
    monkeypatch.setattr(journal, "write_safely", full)
    Journal(file).end()
    assert not file.exists()


def test_nothing_can_be_kept(tmp_path: Path) -> None:
    write(tmp_path / "file", "")
    Journal(tmp_path / "file/unfinished.jsonl").add(["a"], 1)


class Kernels:
    """In place of all boots: each is counted, and panics if its name is bad. Of others a test has failed,
    or not all that was reported could be written."""

    def __init__(self) -> None:
        self.booted: list[str] = []

    def boot_all(self, tool: KunitTool, asks: list[Ask], *, each: Callable[[int, Boot], None],
                 **_: object) -> list[Boot]:
        """In place of shared_boots'."""
        made = []
        for number, ask in enumerate(asks):
            self.booted.append(ask.name)
            write(ask.file(tool, "jsonl"), REPORT)
            cut = 'tkfi: {"type":"not_written","file":"x","error":-28}\n' if ask.name == "cut" else ""
            write(ask.file(tool, "console.log"), f"console of {ask.name}\n{cut}")
            cause = {"bad": Cause(Kind.PANIC, "why"),
                     "failed": Cause(Kind.FAILED, "tests failed")}.get(ask.name)
            made.append(Boot(Counts(1), 2.5, cause, ask.file(tool, "console.log"), f"output of {ask.name}",
                             ["suite.case"] if cause else [], {"suite": Counts(1)}))
            each(number, made[-1])
        return made


@pytest.fixture(name="kernels_")
def no_kernels(monkeypatch: pytest.MonkeyPatch) -> Kernels:
    made = Kernels()
    monkeypatch.setattr(shared_boots, "boot_all", made.boot_all)
    return made


@pytest.fixture(name="tool")
def built(layout: Layout) -> KunitTool:
    tool = KunitTool(kernels.choose("6.12", layout), layout)
    write(layout.objects(tool.kernel.place) / "linux", "a kernel")
    return tool


def test_boots_that_came_to_their_end_are_not_made_again(file: Path, tool: KunitTool,
                                                         kernels_: Kernels) -> None:
    """Nor are those in which a test failed. Their files are as they were."""
    asks = [Ask("suite", name) for name in ("1", "bad", "failed", "cut", "2")]
    first = boots.run_all(tool, asks, done=Journal(file))
    for ask in asks:
        write(ask.file(tool, "console.log"), "another run's\n")
        write(ask.file(tool, "jsonl"), "another run's\n")
    assert boots.run_all(tool, asks, done=Journal(file)) == first
    assert kernels_.booted == ["1", "bad", "failed", "cut", "2", "bad", "cut"]
    assert asks[4].file(tool, "console.log").read_text(encoding="utf-8") == "console of 2\n"
    boots.run_all(tool, asks[:1])
    assert kernels_.booted[7:] == ["1"]


def test_what_another_boot_is(file: Path, tool: KunitTool, kernels_: Kernels, tmp_path: Path) -> None:
    """Of another build, told something else, or that read something else."""
    write(tmp_path / "read", "7")
    ask = Ask("suite", "1", ["a=1"], reads=[tmp_path / "read"])
    linux = tool.layout.objects(tool.kernel.place) / "linux"
    boots.run_all(tool, [ask], done=Journal(file))
    for other in (replace(ask, arguments=["a=2"]), replace(ask, glob="suite.case"),
                  replace(ask, name="2")):
        boots.run_all(tool, [other], done=Journal(file))
    write(tmp_path / "read", "8")
    boots.run_all(tool, [ask], done=Journal(file))
    write(tmp_path / "read", "7")
    write(linux, "another kernel")
    boots.run_all(tool, [ask], done=Journal(file))
    assert kernels_.booted == ["1", "1", "1", "2", "1", "1"]
    boots.run_all(tool, [ask], done=Journal(file))
    assert len(kernels_.booted) == 6 and finished_boots.recall(Journal(file), tool, ask)


def test_a_try_in_a_guest_is_the_same_when_it_is_read() -> None:
    (one,) = tries(Guest(), "advance.calculated", 1)
    assert Try.of_json(json.loads(json.dumps(asdict(one)))) == one


def test_a_thousand_boots_go_on(file: Path, tool: KunitTool, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the first one, which all are compared with. What did something else is not passed over."""
    scenario = Scenario("mine", "cpu0: tick", shipped=False)
    asked = Schedule("6.12", "post-series", "mine", "cpu0")
    hashes = {number: "7" for number in range(64)}
    made: list[int] = []

    def run_all(_tool: KunitTool, asks: Sequence[Ask], *, at_once: int) -> list[boots.Run]:
        assert at_once == 2
        found = []
        for _ in asks:
            if len(made) == stop:
                raise KeyboardInterrupt
            trace = Trace("tkfi_explore", replay.CASE, 3, hashes[len(made)])
            found.append(boots.Run(Boot(Counts(1), 1, None, file, ""), Results(traces=[trace])))
            made.append(len(made))
        return found
    monkeypatch.setattr(boots, "run_all", run_all)
    monkeypatch.setattr(repeat, "outcome", lambda *_: Replayed(
        Header(1, "6.12", "post-series", "gcc"), scenario, asked, [], []))
    stop = 40
    with pytest.raises(KeyboardInterrupt):
        repeat.repeat(tool, scenario, asked, 64, jobs=2, done=Journal(file))
    stop = 1000
    made.clear()
    assert repeat.repeat(tool, scenario, asked, 64, jobs=2, done=Journal(file)).boots == 64
    assert len(made) == 16 + 32
    made.clear()
    repeat.repeat(tool, scenario, asked, 64, jobs=2)
    assert len(made) == 64
    made.clear()
    hashes = {number: "8" if number < 16 else "7" for number in range(64)}
    with pytest.raises(TestFailure, match="boot 17 is not like boot 1"):
        repeat.repeat(tool, scenario, asked, 64, jobs=2, done=Journal(file))


@pytest.mark.parametrize("measure", [
    lambda tool, done: suite_batches.run(tool, {"tkfi_a": "tkfi_a"}, "test", "a", done),
    lambda tool, done: write_hold.measure([tool.kernel], tool.layout, done),
    lambda tool, done: bench.measure(tool.kernel, tool.layout, done),
    lambda tool, done: simulation.run(tool, [Settings()], "simulate", done),
    lambda tool, done: summary.measure([tool.kernel], tool.layout, done),
    lambda tool, done: stories.tell(tool, stories.Asked(1), done),
    lambda tool, done: replay.recorded(tool, ["tkfi1 6.12.117 post-series falls-vdso: cpu0"], Layout(),
                                       done=done)])
def test_who_takes_long_keeps_a_journal(file: Path, tool: KunitTool, monkeypatch: pytest.MonkeyPatch,
                                        measure: Callable[[KunitTool, Journal], object]) -> None:
    class Done(Exception):
        """It does."""

    def run_all(*_: object, done: Journal | None, **__: object) -> None:
        assert done is journal_
        raise Done
    journal_ = Journal(file)
    monkeypatch.setattr(builder, "build", KunitTool)
    monkeypatch.setattr(boots, "run_all", run_all)
    with pytest.raises(Done):
        measure(tool, journal_)

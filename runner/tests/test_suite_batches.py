# SPDX-License-Identifier: GPL-2.0
"""Suites in few boots, which crash, hang, are killed or lose their output: nothing is lost, nothing hidden.
kunit.py's verdicts are made up; the console and the result file are as a kernel writes them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from runner import cli
from runner.boot import kunit_boot, lists, suite_batches, suites, write_hold
from runner.boot.kunit_boot import Ask, Boot, judge
from runner.boot.suite_batches import divide
from runner.errors import TkfiError
from runner.journal import Journal
from runner.kernel import builder
from runner.kernel.kernels import DEFAULT, POST_SERIES, Kernel, choose
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout
from runner.tests.conftest import write, write_lists
from runner.verbs import bench, test
from runner.verbs.test import SuiteRun

NAMES = ("tkfi_a", "tkfi_b", "tkfi_c", "tkfi_d")
HEADER = '{"type":"header","format":1,"kernel":"6.12.9","variant":"post-series","compiler":"gcc"}\n'


@dataclass
class Machine:
    """Boots of the suites they are told. how says what a suite does, given in how many boots it was before
    and how many others are in its boot: pass, fail, skip, init (no case begins), crash, early (it crashes
    before a case begins), hang, kill, lose (the output has an error), absent."""

    how: Callable[[str, int, int], str] = lambda _suite, _before, _others: "pass"
    hashes: Callable[[str, int], str] = lambda _suite, _before: "1"
    asked: list[list[str]] = field(default_factory=list)
    at_once: list[int] = field(default_factory=list)

    def boot_all(self, tool: KunitTool, asks: Sequence[Ask], *, at_once: int = 1,
                 each: Callable[[int, Boot], None], **_: object) -> list[Boot]:
        """In place of kunit_boot's."""
        self.at_once.append(at_once)
        made = []
        for number, ask in enumerate(asks):
            made.append(self._boot(tool, ask))
            each(number, made[-1])
        return made

    def _boot(self, tool: KunitTool, ask: Ask) -> Boot:
        given = dict(argument.partition("=")[::2] for argument in ask.arguments)
        assert ask.glob == "tkfi_*"
        listed = given["tkfi.suites"].split(",")
        console, output, result, groups, status = "KTAP version 1\n", "", HEADER, [], 0
        for number, suite in enumerate((name.partition(".")[0] for name in listed), 1):
            before = sum(suite in boot for boot in self.asked)
            does = self.how(suite, before, len(listed) - 1)
            if does == "absent":
                continue
            console += f"    # Subtest: {suite}\n" * (does not in ("init", "early"))
            if does in ("crash", "early", "hang", "kill"):
                console += "Kernel panic - not syncing: why\n" * (does in ("crash", "early"))
                output += "[ERROR] Test: main: missing plan line!\n"
                status = 1
                if does == "hang":
                    status = None  # type: ignore[assignment]
                break
            verdict = {"fail": "FAIL", "skip": "SKIP"}.get(does, "PASS")
            cases = [{"name": "case", "status": verdict}] * (does != "init")
            groups.append({"name": suite, "sub_groups": [], "test_cases": cases})
            console += f"{'not ' * (does in ('fail', 'init'))}ok {number} {suite}\n"
            output += "[ERROR] Test: a result is missing\n" * (does == "lose")
            status = status or int(does in ("fail", "init"))
            result += "".join(json.dumps(record) + "\n" for record in (
                {"type": "trace", "suite": suite, "case": "case", "events": 3,
                 "hash": self.hashes(suite, before)},
                {"type": "same", "suite": suite, "case": f"of {suite}", "hash": "7"},
                {"type": "took", "suite": suite, "ns": 1_500_000_000}) if does != "init")
        else:
            console += "reboot: System halted\n"
        self.asked.append(listed)
        write(ask.file(tool, "console.log"), console)
        write(ask.file(tool, "kunit.log"), output)
        write(ask.file(tool, "kunit.json"), json.dumps({"sub_groups": groups, "test_cases": []}))
        write(Path(given["tkfi.result"]), result)
        return judge(status, ask.file(tool, "kunit.json"), ask.file(tool, "kunit.log"),
                     ask.file(tool, "console.log"), 300, 7.0)


@pytest.fixture
def machine(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Suites and one processor."""
    made = Machine()
    write_lists(layout, suite=[{"name": name} for name in NAMES])
    monkeypatch.setattr(builder, "build", KunitTool)
    monkeypatch.setattr(lists, "of", lambda tool: lists.read(lists.of_series(tool.kernel.series)))
    monkeypatch.setattr(kunit_boot, "boot_all",
                        lambda tool, asks, **more: made.boot_all(tool, asks, **more))
    monkeypatch.setattr(suite_batches, "processors", lambda: 1)
    return made


def run(layout: Layout, count: int = 1, patterns: Sequence[str] = ()) -> dict[str, SuiteRun]:
    return {one.suite: one for one in test.run_suites([choose("6.12", layout)], patterns, count, layout)}


def counts(runs: dict[str, SuiteRun]) -> dict[str, tuple[int, int, int]]:
    return {suite: (one.counts.passed, one.counts.failed, one.counts.skipped)
            for suite, one in runs.items()}


def but(suite: str, does: str, others: str = "pass") -> Callable[[str, int, int], str]:
    return lambda name, _before, _others: does if name == suite else others


def test_one_boot_for_all(machine: Machine, layout: Layout) -> None:
    runs = run(layout)
    assert machine.asked == [list(NAMES)] and machine.at_once == [1]
    assert counts(runs) == dict.fromkeys(NAMES, (1, 0, 0))
    assert [(one.seconds, one.traces, len(one.boots), one.version) for one in runs.values()] == [
        (1.5, 1, 1, "6.12.9")] * 4
    assert [dict(one.same) for one in runs.values()] == [{f"of {name}": "7"} for name in NAMES]


def test_two_at_once_by_what_they_took(machine: Machine, layout: Layout,
                                       monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suite_batches, "processors", lambda: 2)
    run(layout)
    assert machine.asked == [["tkfi_a", "tkfi_c"], ["tkfi_b", "tkfi_d"]] and machine.at_once == [2]
    kept = layout.results(f"6.12/{POST_SERIES}") / "seconds.json"
    assert json.loads(kept.read_text()) == dict.fromkeys(NAMES, 1.5)
    kept.write_text(json.dumps({"tkfi_a": 1, "tkfi_b": 9, "tkfi_c": 2, "tkfi_d": 3}))
    run(layout)
    assert machine.asked[2:] == [["tkfi_b"], ["tkfi_d", "tkfi_c", "tkfi_a"]]
    for damaged in "", "[]", '{"tkfi_a": "long"}', '{"tkfi_a": null}':
        kept.write_text(damaged)
        assert counts(run(layout)) == dict.fromkeys(NAMES, (1, 0, 0))


def test_no_boot_takes_long(machine: Machine, layout: Layout) -> None:
    """So that a run that is killed has lost little; what it had finished is not run again."""
    kept = layout.results(f"6.12/{POST_SERIES}") / "seconds.json"
    write(kept, json.dumps({"tkfi_a": 9.0, "tkfi_b": 5.0, "tkfi_c": 5.5, "tkfi_d": 3.0}))
    write(layout.objects(f"6.12/{POST_SERIES}") / "linux", "a kernel")
    machine.how = but("tkfi_d", "fail")
    for number in range(2):
        done = Journal(layout.build / "unfinished/test.jsonl")
        made = test.run_suites([choose("6.12", layout)], [], 1, layout, done)
        assert counts({one.suite: one for one in made}) == {**dict.fromkeys(NAMES, (1, 0, 0)),
                                                            "tkfi_d": (0, 1, 0)}
        assert json.loads(kept.read_text()) == dict.fromkeys(NAMES, 1.5)
        assert machine.asked == [["tkfi_a"], ["tkfi_c"], ["tkfi_b", "tkfi_d"]]


def test_divide() -> None:
    assert divide(["a"], {}, 2) == [["a"]] and divide([], {}, 2) == []
    assert divide(["a", "b", "c"], {"b": 3.0, "c": 2.0}, 2) == [["a", "c"], ["b"]]


def test_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    for there, used in (1, 1), (2, 2), (64, 2):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _pid, number=there: set(range(number)))
        assert suite_batches.processors() == used


def test_exactly_what_was_selected(machine: Machine, layout: Layout) -> None:
    assert list(run(layout, 1, ["tkfi_[ad]", "tkfi_b.ca?e*"])) == ["tkfi_a", "tkfi_d", "tkfi_b"]
    assert machine.asked == [["tkfi_a", "tkfi_d", "tkfi_b.ca?e*"]]
    with pytest.raises(TkfiError, match="a glob of cases has letters"):
        run(layout, 1, ["tkfi_a.x,y"])
    with pytest.raises(TkfiError, match="too long for one boot"):
        run(layout, 1, ["tkfi_a." + 1024 * "x"])


def test_a_failure_is_of_its_suite(machine: Machine, layout: Layout,
                                   capsys: pytest.CaptureFixture[str]) -> None:
    machine.how = but("tkfi_b", "fail")
    runs = run(layout, 3)
    assert counts(runs) == {**dict.fromkeys(NAMES, (1, 0, 0)), "tkfi_b": (0, 1, 0)}
    assert machine.asked == [list(NAMES), *[["tkfi_a", "tkfi_c", "tkfi_d"]] * 2]
    assert [len(one.boots) for one in runs.values()] == [3, 1, 3, 3]
    assert [one.json()["causes"] for one in runs.values()] == [[], ["tests failed"], [], []]
    assert "6.12 tkfi_b: tests failed; full log" in capsys.readouterr().err


@pytest.mark.parametrize("does, expected", [("init", (0, 1, 0)), ("skip", (0, 0, 1))])
def test_a_suite_without_a_case_that_passed(machine: Machine, layout: Layout, does: str,
                                            expected: tuple[int, int, int]) -> None:
    """All may be skipped; but none may not even begin. How long that took the kernel does not say."""
    machine.how = but("tkfi_b", does)
    runs = run(layout)
    assert counts(runs) == {**dict.fromkeys(NAMES, (1, 0, 0)), "tkfi_b": expected}
    assert len(machine.asked) == 1
    assert ("not known" in test.report(list(runs.values()))) == (does == "init")
    assert counts(run(layout, 1, ["tkfi_b"])) == {"tkfi_b": expected}


@pytest.mark.parametrize("does, cause", [
    ("crash", "the kernel panicked: why"), ("hang", "the kernel hung: timed out after 300 s"),
    ("kill", "the kernel's process died while tests ran, without a panic: a signal from outside (the "
             "out-of-memory killer?) ended it")])
def test_one_that_does_not_come_to_its_end(machine: Machine, layout: Layout, does: str,
                                           cause: str) -> None:
    machine.how = but("tkfi_b", does)
    runs = run(layout)
    assert machine.asked == [list(NAMES), ["tkfi_c", "tkfi_d"], ["tkfi_b"]]
    assert counts(runs) == {**dict.fromkeys(NAMES, (1, 0, 0)), "tkfi_b": (0, 1, 0)}
    assert list(runs) == list(NAMES) and runs["tkfi_b"].json()["causes"] == [cause]


def test_a_crash_before_a_case_begins(machine: Machine, layout: Layout) -> None:
    """Nobody knows whose it was."""
    machine.how = but("tkfi_b", "early")
    assert counts(run(layout)) == {**dict.fromkeys(NAMES, (1, 0, 0)), "tkfi_b": (0, 1, 0)}
    assert machine.asked == [list(NAMES), ["tkfi_b"], ["tkfi_c"], ["tkfi_d"]]


def test_a_kernel_that_begins_nothing_is_booted_once(machine: Machine, layout: Layout) -> None:
    machine.how = but("tkfi_a", "early")
    assert counts(run(layout)) == dict.fromkeys(NAMES, (0, 1, 0))
    assert machine.asked == [list(NAMES)]


def test_two_that_crash(machine: Machine, layout: Layout) -> None:
    machine.how = lambda name, _before, _others: "crash" if name in ("tkfi_a", "tkfi_c") else "pass"
    assert counts(run(layout)) == {"tkfi_a": (0, 1, 0), "tkfi_b": (1, 0, 0), "tkfi_c": (0, 1, 0),
                                   "tkfi_d": (1, 0, 0)}
    assert machine.asked == [list(NAMES), ["tkfi_b", "tkfi_c", "tkfi_d"], ["tkfi_a"], ["tkfi_d"],
                             ["tkfi_c"]]


@pytest.mark.parametrize("does, failed", [("crash", 1), ("hang", 0), ("kill", 0)])
def test_what_happens_in_company_only(machine: Machine, layout: Layout, does: str, failed: int,
                                      capsys: pytest.CaptureFixture[str]) -> None:
    """A crash is one. Who was killed, or had no time left after the others, has done nothing wrong."""
    machine.how = lambda name, _before, others: does if name == "tkfi_c" and others else "pass"
    runs = run(layout)
    assert counts(runs) == {**dict.fromkeys(NAMES, (1, 0, 0)), "tkfi_c": (1, failed, 0)}
    assert runs["tkfi_c"].json()["causes"] == [
        "the kernel panicked: why: after other suites; alone it passes"] * failed
    assert "with others: tkfi_c did not come to an end, and is run again alone" in capsys.readouterr().err


def test_output_that_is_not_to_be_relied_on(machine: Machine, layout: Layout) -> None:
    """Each shows alone which of them it was."""
    machine.how = but("tkfi_b", "lose")
    assert counts(run(layout)) == {**dict.fromkeys(NAMES, (1, 0, 0)), "tkfi_b": (1, 1, 0)}
    assert machine.asked == [list(NAMES), *([name] for name in NAMES)]


def test_one_that_the_kernel_does_not_have(machine: Machine, layout: Layout) -> None:
    machine.how = but("tkfi_b", "absent")
    runs = run(layout)
    assert counts(runs) == {**dict.fromkeys(NAMES, (1, 0, 0)), "tkfi_b": (0, 1, 0)}
    assert machine.asked == [list(NAMES), ["tkfi_b"]]


def test_traces_are_compared_between_boots(machine: Machine, layout: Layout,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    machine.hashes = lambda name, before: str(before) if name == "tkfi_c" else "1"
    runs = run(layout, 2)
    assert counts(runs) == {**dict.fromkeys(NAMES, (1, 0, 0)), "tkfi_c": (1, 1, 0)}
    assert runs["tkfi_c"].differing == ["tkfi_c.case"] and runs["tkfi_c"].seconds == 3.0
    assert "tkfi_c.case: the trace is not the same in every boot: 0 (3 events), 1 (3 events)" in (
        capsys.readouterr().err)


def test_two_sets(machine: Machine, layout: Layout, source: Path,
                  capsys: pytest.CaptureFixture[str]) -> None:
    write_lists(layout, suite=[{"name": f"tkfi_{name}"} for name in (
        "bench", "engine", "engine_x", "hold", "series")])
    assert cli.main(["list", "suites"], layout) == 0
    assert [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()[2:]] == [
        ["tkfi_bench", "measures only"], ["tkfi_engine", "tkfi"], ["tkfi_engine_x", "tkfi"],
        ["tkfi_hold", "measures only"], ["tkfi_series", "kernel"]]
    release, tree = choose("6.12", layout), choose(str(source), layout)
    ours, kernel = ["tkfi_engine", "tkfi_engine_x"], ["tkfi_series"]

    def ran(of: Kernel, *patterns: str) -> list[str]:
        return [one.suite for one in test.run_suites([of], patterns, 1, layout)]
    assert (ran(release), ran(tree)) == (ours + kernel, kernel)
    assert ran(tree, "tkfi_h*", "tkfi_engine") == ["tkfi_hold", "tkfi_engine"]


def test_what_measures_is_there() -> None:
    assert set(suites.MEASURES) == {bench.SUITE, write_hold.SUITE} <= set(
        lists.read(lists.of_series(Layout().patches / DEFAULT)).names("suite"))


def test_only_what_failed_is_a_row(machine: Machine, layout: Layout) -> None:
    machine.how = but("tkfi_b", "crash")
    runs = list(run(layout).values())
    short, whole = test.report(runs, every=False), test.report(runs)
    assert "tkfi_b" in short and "tkfi_a" not in short and all(name in whole for name in NAMES)
    total = "6.12: 4 suites, 3 passed, 1 failed, 0 skipped"
    assert short.endswith(f"\n\n{total}") and whole.endswith(f"\n\n{total}")
    machine.how = lambda *_: "pass"
    runs = list(run(layout, 2).values())
    assert test.report(runs, every=False) == (
        "6.12: 4 suites, 4 passed, 0 failed, 0 skipped, 4 traces compared between 2 boots")

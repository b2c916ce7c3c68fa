# SPDX-License-Identifier: GPL-2.0
"""Golden logs of ugly runs, recorded from UML, through the real kunit.py of a prepared tree."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner import process
from runner.boot.causes import Kind, classify
from runner.boot.kunit_boot import Boot, Counts, judge, read_verdicts
from runner.kernel.kunit_tool import PYTHON
from runner.layout import REPO
from runner.tests.conftest import write

DATA = Path(__file__).parent / "data"
TREES = sorted(REPO.glob("build/*/post-series/tree"))
HUNG = "Command '['./linux']' timed out after 300 seconds\n"  # what kunit.py prints

UGLY = [
    ("panic", "", Kind.PANIC, "the kernel panicked: tkfi: deadlock", Counts(1, 1)),
    ("segfault", "", Kind.PANIC, "the kernel panicked: Segfault with no mm", Counts(1, 1)),
    ("hang", HUNG, Kind.TIMEOUT, "the kernel hung: timed out after 300 s", Counts(0, 2)),
    ("killed", "", Kind.KILLED, "died while tests ran", Counts(0, 2)),
    ("midline", "", Kind.KILLED, "died while tests ran", Counts(1, 1)),
    ("oom", "", Kind.OUT_OF_MEMORY, "Out of memory and no killable processes...", Counts(1, 1)),
    ("truncated", "", Kind.TRUNCATED, "the KTAP output is incomplete", Counts(1, 1)),
    ("no_ktap", "", Kind.NO_TESTS, "ran no KUnit test", Counts(0, 1)),
    ("failed", "", Kind.FAILED, "tests failed", Counts(1, 1)),
]


@pytest.fixture(params=[*TREES, *([] if TREES else [None])],
                ids=lambda tree: tree.parent.parent.name if tree else "no tree")
def tree(request: pytest.FixtureRequest) -> Path:
    """Every tree that is prepared; `make check` prepares them first."""
    if request.param is None:
        pytest.skip("no tree is prepared: run 'make tree'")
    assert isinstance(request.param, Path)
    return request.param


def parse(tree: Path, console: Path, printed: str, place: Path) -> Boot:
    """Let the tree's kunit.py parse a console log and judge what comes out."""
    verdicts, log = place / "verdicts.json", place / "kunit.log"
    status = process.run([PYTHON, tree / "tools/testing/kunit/kunit.py", "parse",
                          f"--json={verdicts}", console], log=log)
    with log.open("a", encoding="utf-8") as out:
        out.write(printed)
    return judge(status, verdicts, log, console, 300, 1.0)


@pytest.mark.parametrize("name, printed, kind, text, counts", UGLY, ids=[u[0] for u in UGLY])
def test_ugly_run(tree: Path, tmp_path: Path, name: str, printed: str, kind: Kind, text: str,
                  counts: Counts) -> None:
    console = DATA / f"{name}.log"
    boot = parse(tree, console, printed, tmp_path)
    assert boot.cause and boot.cause.kind is kind
    assert text in boot.cause.text
    assert boot.counts.passed == counts.passed
    assert boot.counts.failed in (1, counts.failed)  # 6.1 does not count what never began
    message = boot.failure()
    assert str(console) in message
    if kind is not Kind.FAILED:
        assert console.read_text().splitlines()[-1] in message
        assert len(message.splitlines()) == 16


def test_good_run(tree: Path, tmp_path: Path) -> None:
    boot = parse(tree, DATA / "passed.log", "", tmp_path)
    assert boot.cause is None
    assert boot.counts == Counts(passed=2)


def test_a_word_about_memory_in_a_run_that_ended_well_is_no_cause() -> None:
    console = (DATA / "failed.log").read_text().replace("Expected mode", "Cannot allocate memory")
    assert classify(console, "", 300).kind is Kind.FAILED


def test_a_missing_plan_is_named() -> None:
    console = (DATA / "passed.log").read_text()
    assert classify(console, "[ERROR] Test: s: missing plan line!", 300).kind is Kind.TRUNCATED


def test_nested_groups_are_counted(tmp_path: Path) -> None:
    """Both kernels' kunit.py write this shape; newer ones add fields."""
    cases = [{"name": name, "status": status} for name, status in
             (("a", "PASS"), ("b", "FAIL"), ("c", "ERROR"), ("d", "SKIP"))]
    suite = {"name": "s", "sub_groups": [], "test_cases": cases, "misc": {"tests": 4}}
    write(tmp_path / "v.json", json.dumps({"name": "all", "sub_groups": [suite, suite],
                                           "test_cases": cases[:1]}))
    assert read_verdicts(tmp_path / "v.json")[0] == Counts(passed=3, failed=4, skipped=2)


def test_failing_cases_are_named(tmp_path: Path) -> None:
    """Parameters are groups of their own within their suite."""
    parameters = {"name": "c", "sub_groups": [], "test_cases": [{"name": "1 Hz", "status": "FAIL"}]}
    suite = {"name": "s", "sub_groups": [parameters],
             "test_cases": [{"name": "a", "status": "FAIL"}, {"name": "b", "status": "PASS"},
                            {"name": "d", "status": "ERROR"}]}
    write(tmp_path / "v.json", json.dumps({"name": "all", "sub_groups": [suite], "test_cases": []}))
    assert read_verdicts(tmp_path / "v.json")[1] == ["s.a", "s.c.1 Hz"]


def test_no_case_of_that_name() -> None:
    console = "KTAP version 1\n1..0\nreboot: System halted\n"
    tool = "[ERROR] Test: main: 0 tests run!\nTesting complete. Ran 0 tests: errors: 1\n"
    assert classify(console, tool, 300).kind is Kind.NO_TESTS

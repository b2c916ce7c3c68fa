# SPDX-License-Identifier: GPL-2.0
"""What `dev disturb` finds: with a program in place of tkfi that does the wrong thing after a kill."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from runner import cli
from runner.layout import Layout
from runner.tests.conftest import write
from runner.verbs.dev import disturb
from runner.verbs.dev.disturb import Case, Disturbed, Disturber, Run, Whole

# Like a verb: its lock has its mark, and what it starts has that in its environment.
PROGRAM = """\
import json, os, pathlib, subprocess, sys, time
how, lock = sys.argv[1], pathlib.Path("build/.lock")
before = lock.read_text() if lock.exists() else ""
if before and how != "silent":
    print("the run before this one was killed", file=sys.stderr)
mark = f"{os.getpid()}.{time.time_ns()}"
if how == "strays" and not before:
    stray = subprocess.Popen(["sleep", "60"], env={**os.environ, "TKFI_RUN": mark},
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pathlib.Path("stray").write_text(str(stray.pid))
with open("ran", "a") as ran:
    ran.write("x")
if how == "full" or how == "hides":
    try:
        pathlib.Path("place/file").write_bytes(bytes(1 << 20))
    except OSError:
        print("the disk is full" if how == "full" else "", file=sys.stderr)
        sys.exit(2 if how == "full" else 3)
lock.write_text(json.dumps({"mark": mark}))
time.sleep(0 if before or how in ("full", "hides") else 60)
print("answer" if how != "differs" or not before else "another")
lock.write_text("")
"""
ANSWER = Run(0, "answer\n", "")


@pytest.fixture(name="checkout")
def a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """A directory with the program as what `-m runner` runs."""
    write(tmp_path / "fake/runner/__main__.py", PROGRAM)
    write(tmp_path / "build/.lock", "")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "fake"))
    return Layout(tmp_path)


def begun(layout: Layout, disturber: Disturber, monkeypatch: pytest.MonkeyPatch,
          sooner: Sequence[float] = ()) -> None:
    """Have the moment be when it has taken its lock, after those which are given."""
    given = list(sooner)

    def moment(_least: float, _most: float) -> float:
        if given:
            return given.pop()
        deadline = time.monotonic() + 20
        while not layout.lock.read_text(encoding="utf-8"):
            assert time.monotonic() < deadline, "the program did not start"
            time.sleep(0.01)
        return 0
    monkeypatch.setattr(disturber._random, "uniform", moment)


def killed(how: str, layout: Layout, monkeypatch: pytest.MonkeyPatch, *, everything: bool = False,
           seconds: float = 0) -> Disturbed:
    """What is found of a program."""
    disturber = Disturber(layout, 1)
    begun(layout, disturber, monkeypatch)
    try:
        return disturber.killed(Case("case", [how], None), Whole(ANSWER, seconds, 0), everything=everything)
    finally:
        with suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int((layout.repo / "stray").read_text(encoding="ascii")), signal.SIGKILL)


def test_what_works_after_a_kill(checkout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    done = killed("works", checkout, monkeypatch)
    assert not done.wrong and done.lost and 0 < done.lost < 60
    assert killed("works", checkout, monkeypatch, seconds=60) == Disturbed("", 0)
    assert (checkout.repo / "ran").read_text(encoding="ascii") == "xxxx"


@pytest.mark.parametrize("how, wrong", [
    ("silent", "it is not said that the run before was killed"), ("differs", "not the same: "),
    ("strays", "processes of the run that was killed are there")])
def test_what_does_not(checkout: Layout, how: str, wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert killed(how, checkout, monkeypatch).wrong.startswith(wrong)


def test_all_processes_are_killed(checkout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not killed("strays", checkout, monkeypatch, everything=True).wrong


def test_a_run_that_ends_sooner_is_not_killed(checkout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is begun again."""
    disturber, befores = Disturber(checkout, 1), list[str]()
    begun(checkout, disturber, monkeypatch, [20])

    def before() -> None:
        write(checkout.lock, "" if befores else "of a run that was killed")
        befores.append("x")
    done = disturber.killed(Case("case", ["works"], None, before), Whole(ANSWER, 0, 0), everything=False)
    assert not done.wrong and len(befores) == 2
    assert (checkout.repo / "ran").read_text(encoding="ascii") == "xxx"


@pytest.mark.skipif(not disturb._can_mount(), reason="nothing can be mounted here")
@pytest.mark.parametrize("how, wrong", [("full", ""), ("hides", "on a disk of ")])
def test_a_full_disk(checkout: Layout, how: str, wrong: str) -> None:
    place = checkout.repo / "place"
    done = Disturber(checkout, 1).full(Case("case", [how], place), place, Whole(ANSWER, 0, 1 << 19))
    assert done.wrong.startswith(wrong) and bool(done.wrong) == bool(wrong) and done.lost is None
    assert (place / "file").exists() == (how == "full")  # the small disk is gone


def test_what_is_compared() -> None:
    """All but times; of measurements what they are of."""
    one, two = Run(0, "a  1.5\n\nb 7\n", ""), Run(0, "a  1,002.25\n\nb 7\n", "")
    three = Run(0, "a 2.25\n\nb 8\n   and more\n", "a warning")
    case, measuring = Case("x", [], None), Case("x", [], None, measures=True)
    assert not case.differs(two, one) and not measuring.differs(three, one)
    assert "-b 7" in case.differs(three, one) and "a warning" in case.differs(three, one)
    assert measuring.differs(Run(1, three.out, ""), one)
    assert measuring.differs(Run(0, "a 1.5\n", ""), one)


def test_report() -> None:
    text = disturb.report({("b", "killed"): [Disturbed("", 1.5), Disturbed("bad", 12.25)],
                           ("a", "disk full"): [Disturbed("")]}, ["guest, as it is not there"])
    rows = [line.split("  ") for line in text.splitlines()[2:4]]
    assert [[cell.strip() for cell in row if cell] for row in rows] == [
        ["a", "disk full", "1", "0", "-"], ["b", "killed", "2", "1", "12.2"]]
    assert text.endswith("\n\nskipped: guest, as it is not there")


def test_every_verb_is_disturbed() -> None:
    verbs = {name for name in cli._EVERY if not name.startswith("dev ")}
    assert verbs <= set(disturb._NAMES)

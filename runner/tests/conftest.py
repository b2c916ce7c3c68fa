# SPDX-License-Identifier: GPL-2.0
"""What several tests need."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from runner import answer, check_counts, progress
from runner.boot import lists
from runner.kernel import probes
from runner.kernel.probes import Probe
from runner.layout import Layout

# For stubs of a kernel, which say the same by whatever clock.
ONE_CLOCK = ("--clock", "1ghz")

_failed: set[str] = set()
_passed: set[str] = set()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count every test once: a skipped test has not passed, and in `make check` none may be."""
    if report.failed:
        _failed.add(report.nodeid)
    elif report.when == "call" and report.passed:
        _passed.add(report.nodeid)


def pytest_sessionfinish() -> None:
    """Add the counts to those of `make check`."""
    check_counts.add("pytest", len(_passed - _failed), len(_failed))


@pytest.fixture(autouse=True)
def own_notes() -> None:
    """What one test is told once, another one is told again."""
    progress.note_once.cache_clear()


@pytest.fixture(autouse=True)
def own_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test makes the tool count is not a result of `make check`."""
    monkeypatch.delenv("TKFI_SUMMARY", raising=False)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A checkout with a one-patch series for 6.12 and the directories the tree is joined with."""
    repo = tmp_path / "repo"
    write(repo / "kernel-patches/6.12/series", "0001-point.patch\n")
    write(repo / "kernel-patches/6.12/0001-point.patch", PATCH)
    write(repo / "fault/Makefile", "obj-y += x.o\n")
    write(repo / "kunit/a_kunit.c", '\t.name = "tkfi_engine",\n')
    (repo / "build").mkdir()
    write_lists(Layout(repo), suite=[{"name": "tkfi_engine"}], point=[
        {"name": "advance.calculated", "file": "kernel/time/timekeeping.c", "function": "tick"}])
    return Layout(repo)


def write_lists(layout: Layout, **rows: list[dict[str, str]]) -> None:
    """A series' lists: those of the real one, but for these rows."""
    there = lists.read(lists.of_series(Layout().patches / "6.12")).rows
    write(lists.of_series(layout.patches / "6.12"), "".join(answer.json_lines({"format": 1, **{
        f"{kind}s": those for kind, those in {**there, **rows}.items()}})))


@pytest.fixture
def variants(layout: Layout) -> list[str]:
    """Variants of the series: two that change timekeeping.c, one that changes ntp.c too. In order."""
    for name in ("mine", "fixed", "pre-series"):
        write(layout.patches / f"6.12/variants/{name}.patch",
              "--- a/kernel/time/timekeeping.c\n+++ b/kernel/time/timekeeping.c\n"
              f"@@ -6,3 +6,4 @@\n five\n six\n seven\n+{name}\n")
    with (layout.patches / "6.12/variants/pre-series.patch").open("a", encoding="utf-8") as patch:
        patch.write("--- a/kernel/time/ntp.c\n+++ b/kernel/time/ntp.c\n@@ -1 +1 @@\n-int ntp;\n+int pre;\n")
    return ["pre-series", "post-series", "fixed", "mine"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A tiny kernel tree."""
    tree = tmp_path / "linux"
    write(tree / "Makefile", "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 99\nEXTRAVERSION = -rc1\n"
          "%.o:\n\t@:\n")
    write(tree / "kernel/time/timekeeping.c", TIMEKEEPING)
    write(tree / "kernel/time/ntp.c", "int ntp;\n")
    write(tree / "kernel/sched/core.c", "int sched;\n")
    write(tree / "arch/x86/include/asm/x.h", "/* x */\n")
    write(tree / "include/linux/x.h", "/* x */\n")
    write(tree / "tools/testing/kunit/kunit.py", "#!/usr/bin/env python3\n")
    for probe in probes.NEEDED:
        _have(tree, probe)
    return tree


def have(tree: Path, series: str, *more: str) -> None:
    """Make a tree one of the kernels of a series, with some things more."""
    for probe in (*probes.DECIDING, *probes.EITHER):
        if probe.name in (*probes.OF_SERIES[series], *more):
            _have(tree, probe)


def _have(tree: Path, probe: Probe) -> None:
    """The text comes last: patches of the tests are for the lines before."""
    file = tree / probe.file
    write(file, (file.read_text(encoding="utf-8") if file.exists() else "") + f"{probe.text}\n}}\n")


def write(path: Path, text: str) -> None:
    """Write a file and the directories above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


TIMEKEEPING = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n"

PATCH = textwrap.dedent("""\
    Subject: [PATCH] name a point

    ---
     kernel/time/timekeeping.c | 1 +

    --- a/kernel/time/timekeeping.c
    +++ b/kernel/time/timekeeping.c
    @@ -2,5 +2,6 @@
     two
     three
     four
    +	tkfi_point(advance.calculated);
     five
     six
    --- /dev/null
    +++ b/kernel/time/new.h
    @@ -0,0 +1 @@
    +new
    """)

# SPDX-License-Identifier: GPL-2.0
"""Breaks: what counts as caught, and what must never count."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from runner import cli
from runner.boot import boots
from runner.boot.boots import Run
from runner.boot.causes import Cause, Kind
from runner.boot.kunit_boot import Boot, Counts
from runner.boot.noticed import judge
from runner.boot.results import Results
from runner.errors import TkfiError
from runner.kernel import break_patches, builder
from runner.kernel.kernels import Kernel
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout
from runner.tests.conftest import write

PASSED = Boot(Counts(passed=2), 1.0, None, Path("console"), "")
EXPECTATION = ("[12:00:00]     # S5: EXPECTATION FAILED at kernel/time/tkfi-kunit/series_test.c:42\n"
               "[12:00:00]     Expected a == b, but\n[12:00:00]         a == 1\n")
FAILED = Boot(Counts(passed=1, failed=1), 1.0, Cause(Kind.FAILED, "tests failed"), Path("console"),
              EXPECTATION, ["tkfi_series.S5"])
BREAK = """\
time: do not

More words about Variant: and Case: here.

Variant: {variant}
Case: tkfi_series.{case}
---
--- a/kernel/time/ntp.c
+++ b/kernel/time/ntp.c
@@ -1 +1 @@
-int ntp;
+int broken;
"""


def ended(kind: Kind) -> Boot:
    return replace(FAILED, cause=Cause(kind, f"it was: {kind.value}"), failing=[])


@pytest.fixture
def series(layout: Layout, variants: list[str]) -> Path:
    """Breaks of two variants."""
    for name, variant, case in (("S5", "post-series", "S5"), ("S7", "post-series", "S7"),
                                ("F1", "fixed", "fix*")):
        write(layout.patches / f"6.12/breaks/{name}.patch", BREAK.format(variant=variant, case=case))
    return layout.patches / "6.12"


def test_a_break_says_what_it_breaks(series: Path) -> None:
    assert break_patches.read(series / "breaks/S5.patch") == break_patches.Break(
        series / "breaks/S5.patch", "post-series", "tkfi_series.S5")


@pytest.mark.parametrize("old, new", [
    ("Variant: post-series\n", ""), ("Case: tkfi_series.S5\n", ""), (".S5", ""),
    ("---\n", "---\nVariant: fixed\n"), ("Case:", "Case: tkfi_series.S6\nCase:")])
def test_a_changelog_that_does_not_say_it(series: Path, old: str, new: str) -> None:
    patch = series / "breaks/S5.patch"
    write(patch, patch.read_text().replace(old, new, 1))
    if "---" in old:  # below the line nobody looks
        assert break_patches.read(patch).variant == "post-series"
        return
    with pytest.raises(TkfiError, match="needs one line 'Variant: <variant>'"):
        break_patches.read(patch)


def test_selection(series: Path, layout: Layout) -> None:
    kernel = Kernel("6.12", series)
    assert [what.name for _, what in break_patches.select([kernel], [])] == ["F1", "S5", "S7"]
    assert [what.name for _, what in break_patches.select([kernel], ["S7"])] == ["S7"]
    with pytest.raises(TkfiError, match="^no break is called 'S8'; did you mean S7, S5[?]"):
        break_patches.select([kernel], ["S7", "S8"])
    with pytest.raises(TkfiError, match="'S8'.*\n.*'none'; './tkfi list breaks --kernel 6.12' lists all$"):
        break_patches.select([kernel], ["S8", "S7", "none"])
    write(layout.patches / "6.1/series", "")
    with pytest.raises(TkfiError, match="kernel 6.1 has no breaks: there is no patch in .*/6.1/breaks$"):
        break_patches.select([kernel, Kernel("6.1", layout.patches / "6.1")], [])


def test_a_break_that_only_the_other_series_has(series: Path, layout: Layout) -> None:
    own = layout.patches / "6.1/breaks/S5.patch"
    kernels = [Kernel("6.1", layout.patches / "6.1"), Kernel("6.12", series)]
    write(layout.patches / "6.1/series", "")
    write(layout.patches / "6.1/like", "6.12\n")
    write(own, BREAK.format(variant="fixed", case="S5"))
    chosen = break_patches.select(kernels, ["S5", "S7"])
    assert [(kernel.name, what.patch, what.variant) for kernel, what in chosen] == [
        ("6.1", own, "fixed"), ("6.1", series / "breaks/S7.patch", "post-series"),
        ("6.12", series / "breaks/S5.patch", "post-series"),
        ("6.12", series / "breaks/S7.patch", "post-series")]
    shutil.rmtree(own.parent)
    shutil.rmtree(series / "breaks")
    with pytest.raises(TkfiError, match="there is no patch in .*/6.1/breaks or .*/6.12/breaks$"):
        break_patches.select(kernels, [])


@pytest.mark.parametrize("boot, caught, by", [
    (PASSED, False, "2 cases passed"),
    (FAILED, True, "tkfi_series.S5: series_test.c:42 Expected a == b, but"),
    (replace(FAILED, output=""), True, "tkfi_series.S5"),
    (replace(FAILED, failing=[]), False, "tests failed"),
    (ended(Kind.PANIC), True, "it was: panic"),
    (ended(Kind.TIMEOUT), True, "it was: timeout"),
    (ended(Kind.KILLED), False, "it was: killed"),
    (ended(Kind.OUT_OF_MEMORY), False, "it was: out of memory"),
    (ended(Kind.NO_TESTS), False, "it was: no tests"),
    (ended(Kind.TRUNCATED), False, "it was: truncated"),
    (replace(ended(Kind.TRUNCATED), failing=["s.a"], output=""), True, "s.a"),
    (replace(ended(Kind.KILLED), failing=["s.a"]), False, "it was: killed"),
])
def test_what_counts(boot: Boot, caught: bool, by: str) -> None:
    assert judge(boot) == (caught, by)


class Machine:
    """Boots by the table: case -> what the unbroken and what the broken kernel do."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.table = {"tkfi_series.S5": (PASSED, FAILED), "tkfi_series.S7": (PASSED, ended(Kind.PANIC)),
                      "tkfi_series.fix*": (PASSED, FAILED)}
        self.built: list[str] = []
        self.booted: list[tuple[str, str, int]] = []
        monkeypatch.setattr(builder, "build", self.build)
        monkeypatch.setattr(boots, "run", self.run)

    def build(self, kernel: Kernel, layout: Layout) -> KunitTool:
        """Note it."""
        self.built.append(f"{kernel.place} {kernel.breaking.stem if kernel.breaking else '-'}")
        return KunitTool(kernel, layout)

    def run(self, tool: KunitTool, glob: str, *, title: str, name: str, timeout: int = 300) -> Run:
        """Look it up."""
        assert title and "/" not in name and "*" not in name
        self.booted.append((tool.kernel.place, glob, timeout))
        return Run(self.table[glob][bool(tool.kernel.breaking)], Results())


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A stand-in for building and booting."""
    return Machine(monkeypatch)


def test_all_caught(series: Path, layout: Layout, machine: Machine, monkeypatch: pytest.MonkeyPatch,
                    capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("TKFI_SUMMARY", str(layout.build / "summary"))
    assert cli.main(["dev", "breaks", "--json", "-"], layout) == 0
    captured = capsys.readouterr()
    assert "3 of 3 breaks were caught." in captured.err
    assert [made["by"] for made in json.loads(captured.out)["breaks"]] == [
        "tkfi_series.S5: series_test.c:42 Expected a == b, but",
        "tkfi_series.S5: series_test.c:42 Expected a == b, but", "it was: panic"]
    assert (layout.build / "summary").read_text() == "3 0 breaks\n"
    assert machine.built == ["6.12/fixed -", "6.12/break-fixed F1", "6.12/post-series -",
                             "6.12/break-post-series S5", "6.12/break-post-series S7"]
    assert machine.booted[:2] == [("6.12/fixed", "tkfi_series.fix*", 300),
                                  ("6.12/break-fixed", "tkfi_series.fix*", 30)]


def test_one_that_is_not_caught(series: Path, layout: Layout, machine: Machine,
                                capsys: pytest.CaptureFixture[str]) -> None:
    machine.table["tkfi_series.S7"] = (PASSED, PASSED)
    assert cli.main(["dev", "breaks"], layout) == 1
    out = capsys.readouterr().out
    assert "NOT CAUGHT: 2 cases passed" in out and "2 of 3 breaks were caught." in out
    assert cli.main(["dev", "breaks", "S5", "F1"], layout) == 0


def test_a_case_that_fails_anyway_catches_nothing(series: Path, layout: Layout, machine: Machine,
                                                  capsys: pytest.CaptureFixture[str]) -> None:
    machine.table["tkfi_series.S7"] = (FAILED, FAILED)
    assert cli.main(["dev", "breaks"], layout) == 1
    assert "NOT CAUGHT: without the break: tests failed" in capsys.readouterr().out


def test_a_glob_that_matches_nothing(series: Path, layout: Layout, machine: Machine,
                                     capsys: pytest.CaptureFixture[str]) -> None:
    machine.table["tkfi_series.S7"] = (ended(Kind.NO_TESTS), FAILED)
    assert cli.main(["dev", "breaks"], layout) == 2
    assert "no case matches 'tkfi_series.S7'" in capsys.readouterr().err

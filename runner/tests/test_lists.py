# SPDX-License-Identifier: GPL-2.0
"""What kernels have: they say it, each build once, and a series has a copy for those not built."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from runner.boot import lists
from runner.boot.causes import Cause, Kind
from runner.boot.kunit_boot import Ask, Boot, Counts
from runner.errors import TkfiError
from runner.kernel import freshness
from runner.kernel.kernels import DEFAULT, Kernel, choose, offered
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout
from runner.tests.conftest import write

SAYS = '''\
{"type":"header","format":1,"kernel":"6.12.99","variant":"post-series","compiler":"gcc"}
{"type":"reader","name":"MONOTONIC","family":"vdso","clock":"MONOTONIC","kind":"fine"}
{"type":"suite","name":"tkfi_series"}
{"type":"news","name":"of a later version"}
{"type":"suite","name":"tkfi_engine"}
{"type":"point","name":"advance.locked","file":"kernel/time/tkfi/timekeeping/glue.h","function":"aux","line":1}
{"type":"point","name":"advance.locked","file":"kernel/time/timekeeping.c","function":"second","line":20}
{"type":"point","name":"advance.sampled","file":"kernel/time/timekeeping.c","function":"first","line":12}
{"type":"point","name":"advance.locked","file":"kernel/time/timekeeping.c","function":"first","line":11}
'''


class Boots:
    """Boots that report a text."""

    def __init__(self) -> None:
        self.says, self.made = SAYS, 0
        self.cause: Cause | None = None

    def boot_all(self, tool: KunitTool, asks: Sequence[Ask]) -> list[Boot]:
        (ask,) = asks
        self.made += 1
        assert ask.glob == "tkfi_explore.lists" and "tkfi.lists=1" in ask.arguments
        write(ask.file(tool, "jsonl"), self.says)
        return [Boot(Counts(1), 1.0, self.cause, ask.file(tool, "console.log"), "")]


@pytest.fixture(name="boots")
def no_kernel(monkeypatch: pytest.MonkeyPatch) -> Boots:
    made = Boots()
    monkeypatch.setattr(lists, "boot_all", made.boot_all)
    return made


@pytest.fixture(name="tool")
def built(layout: Layout) -> KunitTool:
    kernel = choose("6.12", layout)
    write(layout.objects(kernel.place) / "linux", "a kernel")
    return KunitTool(kernel, layout)


def outdated(monkeypatch: pytest.MonkeyPatch, *, current: bool) -> None:
    """As if it was built of something, which is still so, or not."""
    class Record:
        def is_current(self, *_: Any) -> bool:
            return current
    monkeypatch.setattr(freshness, "read", lambda *_: Record())


def test_a_kernel_is_asked_once_for_each_build(tool: KunitTool, boots: Boots) -> None:
    for _ in range(2):
        there = lists.of(tool)
        assert there.names("suite") == ["tkfi_engine", "tkfi_series"] and boots.made == 1
        assert there.readers == [lists.Reader("MONOTONIC", "vdso", "MONOTONIC", "fine")]
        assert there.rows["point"] == [
            {"name": name, "file": "kernel/time/timekeeping.c", "function": "first"}
            for name in ("advance.locked", "advance.sampled")]
    linux = tool.layout.objects(tool.kernel.place) / "linux"
    later = lists.beside(tool.kernel, tool.layout).stat().st_mtime + 1
    os.utime(linux, (later, later))
    boots.says = SAYS.replace("tkfi_series", "tkfi_other")
    assert lists.of(tool).names("suite") == ["tkfi_engine", "tkfi_other"] and boots.made == 2


@pytest.mark.parametrize("says, cause", [
    (SAYS, Cause(Kind.PANIC, "kernel panic")), ("", None), (SAYS.replace('"suite"', '"suit"'), None)])
def test_one_that_does_not_say(tool: KunitTool, boots: Boots, says: str, cause: Cause | None) -> None:
    boots.says, boots.cause = says, cause
    with pytest.raises(TkfiError, match="6.12 does not say what it has"):
        lists.of(tool)
    assert not lists.beside(tool.kernel, tool.layout).exists()


def test_what_is_known_without_a_boot(tool: KunitTool, boots: Boots, layout: Layout,
                                      monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one that is not built the series' lists, of one that was built of something else nothing."""
    kernel = tool.kernel

    def suites() -> list[str] | None:
        there = lists.known(kernel, layout)
        return there.names("suite") if there else None

    assert suites() == ["tkfi_engine"]
    outdated(monkeypatch, current=True)
    assert suites() is None
    lists.of(tool)
    assert suites() == ["tkfi_engine", "tkfi_series"] and boots.made == 1
    outdated(monkeypatch, current=False)
    assert suites() is None


def test_what_was_just_added_is_not_refused(layout: Layout) -> None:
    """Of a kernel that was never built."""
    kernel = choose("6.12", layout)
    assert lists.known(kernel, layout)
    write(layout.repo / "fault/timekeeping/readers.c", "")
    soon = lists.of_series(kernel.series).stat().st_mtime + 61
    os.utime(layout.repo / "fault/timekeeping/readers.c", (soon, soon))
    assert not lists.known(kernel, layout)


@pytest.mark.parametrize("text", ["", "{}", '{"format": 2}', '{"format": 1, "points": []}', "[]"])
def test_a_damaged_file(tmp_path: Path, text: str) -> None:
    write(tmp_path / "lists.json", text)
    with pytest.raises(TkfiError, match="lists.json is no list of what a kernel has"):
        lists.read(tmp_path / "lists.json")
    with pytest.raises(TkfiError, match="No such file"):
        lists.read(tmp_path / "none.json")


@pytest.mark.parametrize("release", offered(Layout()))
def test_what_series_have(release: Any) -> None:
    """Names once each; readers and points that all releases have."""
    there = lists.read(lists.of_series(Layout().patches / release.version))
    for kind, rows in there.rows.items():
        keys = [(row["name"], row.get("subject"), row.get("family")) for row in rows]
        assert len(set(keys)) == len(keys), kind
        assert bool(keys) == (kind != "aux_operation" or release.version == "7.3"), kind
    assert lists.Reader("MONOTONIC", "vdso", "MONOTONIC", "fine") in there.readers
    assert {"advance.calculated", "publish.begin", "vsyscall.begin"} <= set(there.names("point"))
    assert {row["file"] for row in there.rows["point"]} <= {
        "kernel/time/timekeeping.c", "kernel/time/vsyscall.c", "kernel/time/tick-common.c"}
    assert there.names("strategy")[0] == "dpor" and "replay" not in there.names("strategy")
    assert all(row["holds"] for row in there.rows["oracle"])
    assert there.operations(subject="seqlock") and "tick" in there.operations()


def current(kernel: Kernel, layout: Layout) -> bool:
    record = freshness.read(kernel, layout)
    return bool(record and record.is_current(kernel, layout))


def test_the_default_series_has_what_its_kernel_says(monkeypatch: pytest.MonkeyPatch) -> None:
    layout = Layout()
    kernel = choose(DEFAULT, layout)
    if not current(kernel, layout):
        pytest.skip("the default kernel is not built as it is now: ./tkfi build")
    assert lists.of(KunitTool(kernel, layout)) == lists.read(lists.of_series(kernel.series)), (
        "./tkfi dev lists")

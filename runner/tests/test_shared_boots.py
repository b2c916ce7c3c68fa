# SPDX-License-Identifier: GPL-2.0
"""Explorations that share a boot: each has its own report, and one that crashes spoils no other."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from runner.boot import kunit_boot, shared_boots
from runner.boot.causes import Cause, Kind
from runner.boot.kunit_boot import Ask, Boot, Counts
from runner.errors import Interrupted, TestFailure, TkfiError
from runner.kernel import kernels
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout

HEADER = {"type": "header", "format": 1, "kernel": "6.12.117", "variant": "post-series", "compiler": "gcc"}
PANIC = Cause(Kind.PANIC, "the kernel panicked: why")


@dataclass
class Kernel:
    """Boots that report some lines of each scenario, and end at the one that is bad: in the middle of a
    line, before its first one, or after its last one."""

    bad: str = ""
    cause: Cause = PANIC
    first: bool = False
    last: bool = False
    interrupt: bool = False
    lists: list[list[str]] = field(default_factory=list)

    def boot_all(self, tool: KunitTool, asks: Sequence[Ask], *, at_once: int,
                 tick: Callable[[], None], each: Callable[[int, Boot], None]) -> list[Boot]:
        """In place of kunit_boot's."""
        made = []
        for number, ask in enumerate(asks):
            made.append(self._boot(tool, ask, tick))
            each(number, made[-1])
        return made

    def _boot(self, tool: KunitTool, ask: Ask, tick: Callable[[], None]) -> Boot:
        given = dict(argument.partition("=")[::2] for argument in ask.arguments)
        listed = given.get("tkfi.list")
        names = ([line.split()[0] for line in Path(listed).read_text().splitlines()] if listed
                 else [given["tkfi.scenario"].strip('"')])
        self.lists.append(names)
        with Path(given["tkfi.result"]).open("a", encoding="utf-8") as out:
            out.write(json.dumps(HEADER) + "\n")
            for name in names:
                if name == self.bad and not self.last:
                    if not self.first:
                        out.write(json.dumps({"type": "begin", "scenario": name}) + '\n{"type": "expl')
                    out.flush()
                    tick()
                    return Boot(Counts(failed=1), 1, self.cause, ask.file(tool, "console.log"), "a log")
                for kind in ("begin", "explored", "end"):
                    out.write(json.dumps({"type": kind, "scenario": name}) + "\n")
                out.write(json.dumps({"type": "event", "case": f"{name}#0"}) + "\n")
                out.flush()
                tick()
                if self.interrupt:
                    raise Interrupted(2)
                if name == self.bad:
                    return Boot(Counts(failed=1), 1, self.cause, ask.file(tool, "console.log"), "a log")
        return Boot(Counts(passed=1), 1, None, ask.file(tool, "console.log"), "")


@pytest.fixture(name="tool")
def a_tool(layout: Layout) -> KunitTool:
    return KunitTool(kernels.choose("6.12", layout), layout)


def ask(tmp_path: Path, name: str, *more: str) -> Ask:
    place = tmp_path / "kept" / name
    place.mkdir(parents=True, exist_ok=True)
    arguments = [f"tkfi.result={place}/1.jsonl", f'tkfi.scenario="{name}"', *more,
                 f"tkfi.keep={place}/1.state"]
    return Ask("tkfi_explore.shipped", "1", arguments, 9, place, "256M", shares=name)


def boot(kernel: Kernel, tool: KunitTool, asks: Sequence[Ask], monkeypatch: pytest.MonkeyPatch,
         at_once: int = 1) -> list[Boot]:
    monkeypatch.setattr(kunit_boot, "boot_all",
                        lambda tool, asks, **more: kernel.boot_all(tool, asks, **more))
    return shared_boots.boot_all(tool, asks, at_once=at_once)


def report(one: Ask) -> list[str]:
    """The types of the lines that are one's."""
    text = (one.directory or Path()) / "1.jsonl"
    if not text.exists():
        return []
    return [line if line.endswith("expl") else json.loads(line)["type"]
            for line in text.read_text().splitlines()]


WHOLE = ["header", "begin", "explored", "end", "event"]


@pytest.mark.parametrize("at_once, lists", [(1, [["a", "b", "c"]]), (2, [["a", "c"], ["b"]]),
                                            (9, [["a"], ["b"], ["c"]])])
def test_as_few_boots_as_keep_all_busy(tool: KunitTool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                       at_once: int, lists: list[list[str]]) -> None:
    kernel, asks = Kernel(), [ask(tmp_path, name) for name in "abc"]
    booted = boot(kernel, tool, asks, monkeypatch, at_once)
    assert kernel.lists == lists and all(not one.cause for one in booted)
    assert [report(one) for one in asks] == [WHOLE] * 3
    assert not list(tmp_path.glob("kept/*.list"))


def test_what_differs_does_not_share(tool: KunitTool, tmp_path: Path,
                                     monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel()
    asks = [ask(tmp_path, name, *["tkfi.ms=9"] * (name in "bd")) for name in "abcd"]
    boot(kernel, tool, asks, monkeypatch)
    assert kernel.lists == [["a", "c"], ["b", "d"]]


@pytest.mark.parametrize("cause", [PANIC, Cause(Kind.KILLED, "died"), Cause(Kind.TIMEOUT, "hung")])
def test_a_crash_spoils_only_what_was_under_way(tool: KunitTool, tmp_path: Path, cause: Cause,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes after it is asked for again, in another boot."""
    kernel, asks = Kernel("b", cause), [ask(tmp_path, name) for name in "abcd"]
    booted = boot(kernel, tool, asks, monkeypatch)
    assert kernel.lists == [["a", "b", "c", "d"], ["c", "d"]]
    assert [one.cause for one in booted] == [None, cause, None, None]
    assert [report(one) for one in asks] == [WHOLE, ["header", "begin", '{"type": "expl'], WHOLE, WHOLE]


@pytest.mark.parametrize("bad, lists", [("b", [["a", "b", "c"], ["c"]]), ("c", [["a", "b", "c"]])])
def test_a_crash_after_all_was_said_is_no_success(tool: KunitTool, tmp_path: Path, bad: str,
                                                  lists: list[list[str]],
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    kernel, asks = Kernel(bad, last=True), [ask(tmp_path, name) for name in "abc"]
    booted = boot(kernel, tool, asks, monkeypatch)
    assert kernel.lists == lists
    assert [one.cause for one in booted] == [PANIC if name == bad else None for name in "abc"]


@pytest.mark.parametrize("cause, error", [(PANIC, TestFailure), (Cause(Kind.KILLED, "died"), TkfiError)])
def test_a_kernel_that_begins_nothing(tool: KunitTool, tmp_path: Path, cause: Cause, error: type[Exception],
                                      monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not booted again and again, and said once."""
    kernel = Kernel("a", cause, first=True)
    with pytest.raises(error, match=cause.text):
        boot(kernel, tool, [ask(tmp_path, name) for name in "ab"], monkeypatch)
    assert len(kernel.lists) == 1


def test_what_ended_badly_by_itself_is_not_asked_again(tool: KunitTool, tmp_path: Path,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel("b", Cause(Kind.FAILED, "tests failed"))
    booted = boot(kernel, tool, [ask(tmp_path, name) for name in "abc"], monkeypatch)
    assert len(kernel.lists) == 1 and [bool(one.cause) for one in booted] == [False, True, True]
    assert not any(one.output for one in booted)  # it may be about any of them


def test_who_is_stopped_has_handed_on(tool: KunitTool, tmp_path: Path,
                                      monkeypatch: pytest.MonkeyPatch) -> None:
    asks = [ask(tmp_path, name) for name in "ab"]
    with pytest.raises(Interrupted):
        boot(Kernel(interrupt=True), tool, asks, monkeypatch)
    assert [report(one) for one in asks] == [WHOLE, []]


def test_a_signal_waits_until_lines_are_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else they would be lost: nobody reads them twice."""
    (tmp_path / "report").write_text("".join(json.dumps({"type": kind, "scenario": "a"}) + "\n"
                                             for kind in ("begin", "end")))
    shared = shared_boots.Shared(tmp_path / "report", {"a": tmp_path / "a"})
    whose = shared_boots.Shared._whose

    def stopped(one: shared_boots.Shared, line: bytes) -> str:
        os.kill(os.getpid(), signal.SIGTERM)
        return whose(one, line)

    def interrupt(*_: object) -> None:
        raise Interrupted(2)
    monkeypatch.setattr(shared_boots.Shared, "_whose", stopped)
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        with pytest.raises(Interrupted):
            shared.hand_on()
            time.sleep(1)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert len((tmp_path / "a").read_text().splitlines()) == 2


def test_what_was_not_handed_on_is_recovered(tmp_path: Path) -> None:
    """We were killed, and the kernel went on; its last line is not whole."""
    asks = [ask(tmp_path, name) for name in "ab"]
    kept = tmp_path / "kept"
    (kept / "boot-1.list").write_text("".join(f"{name} {kept}/{name}/1.state\n" for name in "ab"))
    (kept / "a/1.jsonl").write_text('{"type":"header"}\n')  # handed on before
    (kept / "boot-1.jsonl").write_text("\n".join(json.dumps(record) for record in (
        HEADER, *({"type": kind, "scenario": "a"} for kind in ("begin", "explored", "end")),
        {"type": "event", "case": "a#0"}, {"type": "begin", "scenario": "b"})) + '\n{"type": "expl')
    shared_boots.recover(kept)
    assert [report(one) for one in asks] == [WHOLE, ["header", "begin", '{"type": "expl']]
    assert not (kept / "boot-1.list").exists()
    shared_boots.recover(kept)
    assert report(asks[0]) == WHOLE
    (kept / "boot-2.list").write_text("a x\n")
    shared_boots.forget(kept)
    assert report(asks[0]) == WHOLE and not (kept / "boot-2.list").exists()

# SPDX-License-Identifier: GPL-2.0
"""One boot for many explorations: what the kernel reports of each comes into the file of each.

Whoever asks for boots does not see it. A boot that explores several scenarios is told which by a file of
lines NAME FILE (kernel parameter tkfi.list), and reports to one result file. Its lines are handed on while
it runs, so that nothing is lost of what came to its end when we are killed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from runner.boot import kunit_boot, results
from runner.boot.causes import Kind
from runner.boot.kunit_boot import Ask, Boot, Counts
from runner.errors import TestFailure, TkfiError
from runner.files import write_safely
from runner.kernel.kunit_tool import KunitTool
from runner.process import undisturbed

# What the list and the files of each exploration are in place of.
_LIST = ".list"
_OWN = ("tkfi.scenario=", "tkfi.keep=", "tkfi.result=")


@dataclass
class Shared:
    """What a boot reports of several scenarios, by the file that each one's lines are for.

    begun: the scenarios that it has begun, in order; ended: those that it has said all of.
    """

    report: Path
    files: dict[str, Path]
    begun: list[str] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)
    _read: int = 0
    _header: bytes = b""

    def hand_on(self, *, to_the_end: bool = False) -> None:
        """Append the lines that were written since to the files that they are for; to_the_end: also one
        that the kernel did not finish. What is nobody's is for the scenario that is under way."""
        with undisturbed():
            self._hand_on(to_the_end)

    def _hand_on(self, to_the_end: bool) -> None:
        try:
            with self.report.open("rb") as file:
                file.seek(self._read)
                new = file.read()
        except FileNotFoundError:
            return
        whole = new if to_the_end else new[:new.rfind(b"\n") + 1]
        self._read += len(whole)
        lines: dict[str, list[bytes]] = {}
        for line in whole.splitlines(keepends=True):
            name = self._whose(line)
            if name:
                lines.setdefault(name, []).append(line)
        for name, those in lines.items():
            with self.files[name].open("ab") as out:
                if not out.tell():
                    out.write(self._header)
                out.writelines(those)

    def _whose(self, line: bytes) -> str:
        """The scenario that a line is about; "" for nobody's."""
        under_way = self.begun[-1] if self.begun else ""
        if line.startswith(results.EVENT):
            return under_way
        try:
            record: dict[str, Any] = json.loads(line)
            kind = record["type"]
            name = str(record.get("scenario", "") or str(record.get("case", "")).partition("#")[0])
        except (ValueError, TypeError, KeyError, AttributeError):
            return under_way
        if kind == "header":
            self._header = line
            return ""
        if name not in self.files:
            return under_way
        if name not in self.begun:
            self.begun.append(name)
        if kind in ("end", "absent"):
            self.ended.add(name)
        return name


def boot_all(tool: KunitTool, asks: Sequence[Ask], *, at_once: int = 1,
             tick: Callable[[], None] = lambda: None,
             each: Callable[[int, Boot], None] = lambda _number, _boot: None) -> list[Boot]:
    """As kunit_boot.boot_all(), in as few boots as keep so many kernels busy. Of a boot that did not come
    to its end only the exploration under way ends badly; those that were not begun are asked for again.
    each is called of those that have a boot of their own.

    Raises TestFailure or TkfiError when a boot ended before it began any.
    """
    booted: dict[int, Boot] = {}
    left = list(range(len(asks)))
    number = 0
    while left:
        groups = _groups([(one, asks[one]) for one in left], at_once)
        boots = []
        for group in groups:
            number += 1
            boots.append(_SharedBoot([asks[one] for one in group], f"boot-{number}"))

        def tell() -> None:
            for boot in boots:
                boot.hand_on()
            tick()

        def tell_own(boot: int, end: Boot) -> None:
            if len(groups[boot]) == 1:
                each(groups[boot][0], end)

        try:
            ended = kunit_boot.boot_all(tool, [boot.ask(tool) for boot in boots], at_once=at_once,
                                        tick=tell, each=tell_own)
        finally:
            for boot in boots:
                boot.hand_on(to_the_end=True)
        left = []
        for group, shared, end in zip(groups, boots, ended):
            for one, outcome in zip(group, shared.outcomes(tool, end)):
                if outcome:
                    booted[one] = outcome
                else:
                    left.append(one)
    return [booted[one] for one in range(len(asks))]


class _SharedBoot:
    """One boot for asks; if there is only one, it is as it was asked for."""

    def __init__(self, asks: Sequence[Ask], name: str) -> None:
        self._asks, self._name = asks, name
        self._shared: Shared | None = None

    def ask(self, tool: KunitTool) -> Ask:
        """The boot. Writes its list."""
        first = self._asks[0]
        if len(self._asks) == 1 or not first.directory:
            return first
        made = replace(first, name=self._name, directory=first.directory.parent)
        made.directory.mkdir(parents=True, exist_ok=True)  # type: ignore[union-attr]
        report = made.file(tool, "jsonl")
        listing = report.with_suffix(_LIST)
        report.unlink(missing_ok=True)
        write_safely(listing, [f"{ask.shares} {_argument(ask, 'tkfi.keep')}\n" for ask in self._asks])
        self._shared = Shared(report, {ask.shares: Path(_argument(ask, "tkfi.result"))
                                       for ask in self._asks})
        return replace(made, shares="", arguments=[
            f"tkfi.result={report}", f"tkfi.list={listing}", *_common(first)])

    def hand_on(self, *, to_the_end: bool = False) -> None:
        """Bring the files of all asks up to date; to_the_end: the boot has ended."""
        if not self._shared:
            return
        self._shared.hand_on(to_the_end=to_the_end)
        if to_the_end:
            self._shared.report.with_suffix(_LIST).unlink(missing_ok=True)

    def outcomes(self, tool: KunitTool, end: Boot) -> list[Boot | None]:
        """What each ask came to; None for one that was not begun, and can be asked for again."""
        if not self._shared:
            return [end]
        begun, whole = self._shared.begun, set(self._shared.ended)
        came_to_its_end = not end.cause or end.cause.kind is Kind.FAILED
        if not begun and end.cause:
            failure = TestFailure if end.cause.kind in (Kind.PANIC, Kind.TIMEOUT) else TkfiError
            raise failure(f"{tool.kernel.title}: {end.failure()}")
        if not came_to_its_end and whole.issuperset(begun):
            whole.discard(begun[-1])  # whatever happened, happened after it
        return [Boot(Counts(passed=1), end.seconds, None, end.console, "") if ask.shares in whole else
                replace(end, output="") if came_to_its_end or ask.shares in begun else None
                for ask in self._asks]


def recover(directory: Path) -> None:
    """Hand on what boots reported while or after we were killed; only then is their list still there. Of
    these boots none may be running. A line of a list that is none is passed over."""
    for listing in directory.glob(f"*{_LIST}"):
        files = {}
        for line in listing.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, state = line.partition(" ")
            if not (state and Path(state).parent.is_dir()):
                continue
            files[name] = Path(state).with_suffix(".jsonl")
            files[name].unlink(missing_ok=True)
        Shared(listing.with_suffix(".jsonl"), files).hand_on(to_the_end=True)
        listing.unlink()


def forget(directory: Path) -> None:
    """As recover(), if nobody wants to know."""
    for listing in directory.glob(f"*{_LIST}"):
        listing.unlink()


def _groups(asks: Sequence[tuple[int, Ask]], at_once: int) -> list[list[int]]:
    """The numbers of asks that share a boot: neighbours, which are alike, do not."""
    alike: dict[tuple[object, ...], list[int]] = {}
    for number, ask in asks:
        key = (ask.glob, ask.timeout, ask.memory, *_common(ask)) if ask.shares else (number,)
        alike.setdefault(key, []).append(number)
    return [those[first::at_once] for those in alike.values() for first in range(min(at_once, len(those)))]


def _common(ask: Ask) -> tuple[str, ...]:
    return tuple(argument for argument in ask.arguments if not argument.startswith(_OWN))


def _argument(ask: Ask, name: str) -> str:
    return next(argument for argument in ask.arguments if argument.startswith(f"{name}="))[len(name) + 1:]

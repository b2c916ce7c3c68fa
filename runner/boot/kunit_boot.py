# SPDX-License-Identifier: GPL-2.0
"""Booting a built kernel through its tree's own kunit.py, which also parses what the kernel printed."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner import process
from runner.boot.causes import Cause, Kind, classify, ended_well
from runner.errors import TkfiError
from runner.kernel.kunit_tool import KunitTool

TIMEOUT = 300  # seconds a boot may take
_GUARD = 30  # more seconds until kunit.py itself is taken for hung
_FOREVER = 10 ** 8  # seconds that kunit.py waits for a boot which takes as long as it takes
LPJ = "lpj=10000000"  # most of a boot goes into calibrating delay loops; how long they are does not matter


@dataclass(frozen=True)
class Counts:
    """Test cases by verdict, as kunit.py's JSON has them."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.passed + other.passed, self.failed + other.failed,
                      self.skipped + other.skipped)


@dataclass(frozen=True)
class Boot:
    """One boot. cause is None when everything held. failing names the cases that failed, suites has the
    counts of each suite."""

    counts: Counts
    seconds: float
    cause: Cause | None
    console: Path
    output: str
    failing: Sequence[str] = ()
    suites: Mapping[str, Counts] = field(default_factory=dict)

    def failure(self) -> str:
        """What a person wants to see first of a boot that failed."""
        assert self.cause
        if self.cause.kind is Kind.FAILED:
            return f"{self.cause.text}; full log: {self.console}"
        return f"{self.cause.text}; full log: {self.console}\n{process.tail(self.console)}"


@dataclass(frozen=True)
class Ask:
    """One boot to be made: for the KUnit cases that match glob, its logs and what it reports in
    results/<name>.*, or else in a directory of its own. Then it may take as long as it takes, and timeout
    is how many seconds it may report nothing. memory is what its kernel has, as in 256M, if that is to be
    less than kunit.py gives; it needs a directory. shares: the shipped scenario it explores, if it may
    share its boot with others that explore. reads: files that it reads, if what it reports depends on
    them."""

    glob: str
    name: str
    arguments: Sequence[str] = ()
    timeout: int = TIMEOUT
    directory: Path | None = None
    memory: str = ""
    shares: str = ""
    reads: Sequence[Path] = ()

    def file(self, tool: KunitTool, kind: str) -> Path:
        """A file of its boot's, such as kind console.log."""
        return (self.directory or tool.layout.results(tool.kernel.place)) / f"{self.name}.{kind}"


def boot_all(tool: KunitTool, asks: Sequence[Ask], *, at_once: int = 1,
             tick: Callable[[], None] = lambda: None,
             each: Callable[[int, Boot], None] = lambda _number, _boot: None) -> list[Boot]:
    """Boot the built kernel for each of asks, so many at once; calls tick about once a second, and each of
    one that has ended and has left all that it should."""
    booted: dict[int, Boot] = {}

    def end(number: int, ended: process.Ended) -> None:
        with suppress(TkfiError):
            booted[number] = _booted(tool, asks[number], places[number], ended)
            each(number, booted[number])

    for ask in asks:
        for stale in ("kunit.json", "console.log"):
            ask.file(tool, stale).unlink(missing_ok=True)
    places = [_place(tool, ask, alone=len(asks) == 1) for ask in asks]
    ended = process.run_all([_program(tool, ask, place) for ask, place in zip(asks, places)],
                            at_once=at_once, tick=tick, each=end)
    return [booted.get(number) or _booted(tool, asks[number], places[number], one)
            for number, one in enumerate(ended)]


def read_verdicts(path: Path) -> tuple[Counts, list[str], dict[str, Counts]]:
    """Count the cases in kunit.py's JSON, name those that failed, and count those of each suite. A file
    that is absent counts as nothing."""
    try:
        everything = json.loads(path.read_text(encoding="utf-8"))
        suites = everything["sub_groups"]
        return (_count(everything), [name for suite in suites for name in _failing(suite)],
                {suite["name"]: _count(suite) for suite in suites})
    except FileNotFoundError:
        return Counts(), [], {}
    except (ValueError, KeyError, TypeError) as error:
        raise TkfiError(f"kunit.py did not write what it should to {path}: {error!r}; run the same again, "
                        "and see whether the disk is full") from error


def _count(group: dict[str, Any]) -> Counts:
    total = Counts()
    for case in group["test_cases"]:
        status = case["status"]
        total += Counts(passed=int(status == "PASS"), skipped=int(status == "SKIP"),
                        failed=int(status not in ("PASS", "SKIP")))
    return sum((_count(sub) for sub in group["sub_groups"]), total)


def _failing(group: dict[str, Any]) -> list[str]:
    """The cases of a suite that said they failed, as suite.case, and suite.case.parameter. One whose
    result is missing ("ERROR") said nothing."""
    names = [case["name"] for case in group["test_cases"] if case["status"] == "FAIL"]
    names += [name for sub in group["sub_groups"] for name in _failing(sub)]
    return [f"{group['name']}.{name}" for name in names]


def judge(status: int | None, verdicts: Path, log: Path, console: Path, timeout: int,
          seconds: float) -> Boot:
    """kunit.py's exit status is the verdict; the logs only say why."""
    counts, failing, suites = read_verdicts(verdicts)
    output = log.read_text(encoding="utf-8", errors="replace")
    if status is None:
        output += f"\ntimed out after {timeout} seconds"
    text = console.read_text(encoding="utf-8", errors="replace") if console.exists() else ""
    cause = None
    none = not counts.passed and not counts.skipped
    if status != 0 or counts.failed or none or not ended_well(text, output):
        cause = classify(text, output, timeout)
        counts += Counts(failed=int(not counts.failed))
    return Boot(counts, seconds, cause, console, output, failing, suites)


def _place(tool: KunitTool, ask: Ask, *, alone: bool) -> Path:
    """The build directory kunit.py boots from, and leaves the console's log in: one for each boot."""
    objects = tool.layout.objects(tool.kernel.place)
    alone &= not ask.directory
    place = objects if alone else ask.file(tool, "boot")
    place.mkdir(parents=True, exist_ok=True)
    (place / "test.log").unlink(missing_ok=True)
    if not alone:
        linux = place / "linux"
        linux.unlink(missing_ok=True)
        if ask.memory:
            # kunit.py writes mem= behind all that it is told to, and the last one counts.
            kernel = shlex.quote(str(objects / "linux"))
            linux.write_text(f'#!/bin/sh\nexec {kernel} "$@" mem={ask.memory}\n')
            linux.chmod(0o755)
        else:
            linux.symlink_to(objects / "linux")
    return place


def _program(tool: KunitTool, ask: Ask, place: Path) -> process.Program:
    patient = ask.directory is not None
    command = tool.command("exec", f"--timeout={_FOREVER if patient else ask.timeout}",
                           f"--json={ask.file(tool, 'kunit.json')}",
                           *(f"--kernel_args={argument}" for argument in (LPJ, *ask.arguments)),
                           ask.glob,
                           build=place)
    return process.Program(command, ask.file(tool, "kunit.log"),
                           tool.layout.tree(tool.kernel.place),
                           limit=ask.timeout if patient else ask.timeout + _GUARD,
                           watched=ask.file(tool, "jsonl") if patient else None)


def _booted(tool: KunitTool, ask: Ask, place: Path, end: process.Ended) -> Boot:
    console = ask.file(tool, "console.log")
    if (place / "test.log").exists():
        shutil.move(place / "test.log", console)  # which may be on another disk
    return judge(end.status, ask.file(tool, "kunit.json"), ask.file(tool, "kunit.log"),
                 console, ask.timeout, end.seconds)

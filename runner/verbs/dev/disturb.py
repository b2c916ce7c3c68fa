# SPDX-License-Identifier: GPL-2.0
"""The verb `dev disturb`: a verb is killed, or its disk gets full, at a random moment, and run again."""

from __future__ import annotations

import difflib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click

from runner import check_counts, lock, process_tree
from runner.errors import TkfiError
from runner.kernel import builder, kernels
from runner.kernel.kernels import Kernel
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout
from runner.nearest import nearest
from runner.process import describe, undisturbed
from runner.progress import note, step
from runner.report import tables
from runner.verbs.options import Count, kernel_option, option, pass_layout, verb

_SCHEDULE = "cpu0 before store vdso.seq, host, cpu1 before load vdso.seq#3"
_KINDS = ("killed", "all killed", "disk full")
# How long something took, in a verb's answer, and the width of a table's column with that.
_TIMES = re.compile(r"\d+\.\d+"), re.compile(r"[ -]{2,}")
_FULL, _SAID = "the disk is full", "the run before this one was killed"
_LIMIT = 900  # seconds a verb may take
_LEAST = 4096  # bytes of a disk
# In a mount namespace of its own, of which nothing is left.
_SMALL = 'mount -t tmpfs -o size="$1" none "$0" && shift && exec "$@"'


@dataclass(frozen=True)
class Case:
    """A command; what it writes to, of which the disk gets full; and what is done before, so that there is
    something to do. resumes: the option with which it goes on after it was killed."""

    name: str
    words: Sequence[str]
    place: Path
    before: Callable[[], None] = lambda: None
    resumes: str = ""


@dataclass(frozen=True)
class Run:
    """What a command came to: its exit status, and what it said."""

    status: int
    out: str
    error: str

    @property
    def answer(self) -> list[str]:
        """What must be the same each time, in lines."""
        numbers, widths = _TIMES
        return [describe(self.status), *widths.sub("  ", numbers.sub("#", self.out)).splitlines()]

    def unlike(self, other: Run) -> str:
        """In which lines."""
        lines = difflib.unified_diff(other.answer, self.answer, "undisturbed", "then", n=0, lineterm="")
        return "\n".join([*lines, self.error])

    def __str__(self) -> str:
        return f"{describe(self.status)}\n{self.error}\n{self.out}"


def cases(tool: KunitTool) -> dict[str, Case]:
    """Those that there are for a built kernel."""
    kernel, layout = tool.kernel, tool.layout
    results, explored = layout.results(kernel.place), layout.explored(kernel.place)
    of = ["--kernel", str(kernel.path or kernel.name)]
    objects = layout.objects(kernel.place) / "kernel/time/tkfi/program"
    schedule = f"tkfi1 {kernel.name} {kernel.variant} falls-vdso: {_SCHEDULE}"

    def forget() -> None:
        """What is kept of explorations may be of another build."""
        shutil.rmtree(explored, ignore_errors=True)

    found = [
        Case("reproduce", ["reproduce", *of], results),
        Case("replay", ["replay", schedule, *of], results),
        Case("explore", ["explore", "*-vdso", "--clock", "1ghz", *of], explored, forget, "--resume"),
        Case("jobs", ["explore", "*-fast", "--clock", "1ghz", "--jobs", "2", *of], explored, forget,
             "--resume"),
        Case("stories", ["explore", "--stories", "1", "--clock", "1ghz", *of], results),
        Case("test", ["test", "--suite", "tkfi_engine_plan", "--suite", "tkfi_engine_state", *of], results),
        Case("list", ["list", "readers", *of], results,
             lambda: (layout.build / kernel.place / "lists.json").unlink(missing_ok=True)),
        Case("build", ["build", *of], objects,
             lambda: _outdate(objects, layout.tree(kernel.place).with_name("built.json"))),
        Case("tree", ["tree", "--variant", "fixed", *of], layout.build / kernel.name / "fixed",
             lambda: shutil.rmtree(layout.build / kernel.name / "fixed", ignore_errors=True)),
    ]
    return {case.name: case for case in found}


def _outdate(objects: Path, record: Path) -> None:
    """Have make something to do."""
    for one in [*objects.glob("*.o"), record]:
        one.unlink(missing_ok=True)


class Disturber:
    """Disturbs commands in a checkout, at moments that a seed determines."""

    def __init__(self, layout: Layout, seed: int) -> None:
        self._layout, self._random = layout, random.Random(seed)
        self._environment = {name: value for name, value in os.environ.items() if name != "TKFI_SUMMARY"}

    def whole(self, case: Case) -> tuple[Run, float, int]:
        """A command that nobody disturbs, how many seconds it takes, and bytes that are there then."""
        case.before()
        begun = time.monotonic()
        with step(f"{case.name}, undisturbed"):
            run = self._finish(self._start(case.words))
        if run.status not in (0, 1):
            raise TkfiError(f"{case.name} does not work without a disturbance either: {run}")
        return run, time.monotonic() - begun, sum(
            file.stat().st_size for file in case.place.rglob("*") if file.is_file())

    def killed(self, case: Case, seconds: float, whole: Run, *, everything: bool) -> str:
        """Kill a command, and run it again. Returns what is wrong, "" if nothing is."""
        case.before()
        begun = self._start(case.words)
        with suppress(subprocess.TimeoutExpired):
            begun.wait(self._random.uniform(0, seconds))
        with undisturbed():
            for pid in {begun.pid, *(process_tree.below(begun.pid) if everything else ())}:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        begun.communicate()
        left = self._left()
        again = self._finish(self._start([*case.words, *filter(None, [case.resumes])]))
        if again.answer != whole.answer:
            return f"not the same: {again.unlike(whole)}"
        if (bool(left) and self._left() != left) != (_SAID in again.error):
            return f"it is not said that the run before was killed, or it was not: {again}"
        if left and process_tree.with_environment(f"{lock.MARK}={left}"):
            return "processes of the run that was killed are there"
        return ""

    def full(self, case: Case, size: int, whole: Run) -> str:
        """Run a command on a small disk, and again on one that is not. Returns what is wrong."""
        case.before()
        case.place.mkdir(parents=True, exist_ok=True)
        small = round(self._random.uniform(_LEAST, max(size, 2 * _LEAST)))
        run = self._finish(self._start(case.words, [
            "unshare", "--mount", "sh", "-c", _SMALL, str(case.place), str(small)]))
        if run.answer != whole.answer and (run.status != 2 or _FULL not in run.error):
            return f"on a disk of {small} bytes: {run}"
        again = self._finish(self._start(case.words))
        return "" if again.answer == whole.answer else f"not the same afterwards: {again.unlike(whole)}"

    def _start(self, words: Sequence[str], within: Sequence[str] = ()) -> subprocess.Popen[str]:
        return subprocess.Popen([*within, sys.executable, "-P", "-m", "runner", *words],
                                cwd=self._layout.repo, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, env=self._environment)

    @staticmethod
    def _finish(begun: subprocess.Popen[str]) -> Run:
        try:
            out, error = begun.communicate(timeout=_LIMIT)
        except subprocess.TimeoutExpired:
            begun.kill()
            return Run(-signal.SIGKILL, "", f"it hangs: not at its end after {_LIMIT} s")
        return Run(begun.returncode, out, error)

    def _left(self) -> str:
        """The mark of a run that has not released the lock; "" if all have."""
        with suppress(OSError, ValueError, KeyError):
            return str(json.loads(self._layout.lock.read_text(encoding="utf-8"))["mark"])
        return ""


def _can_mount() -> bool:
    return subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode == 0


def run(kernel: Kernel, layout: Layout, names: Sequence[str], times: int, seed: int) -> tuple[
        dict[tuple[str, str], list[str]], list[str]]:
    """What was wrong, or "", each time, by the case and what was done to it; and what could not be done."""
    with lock.held(layout.lock):
        every = cases(builder.build(kernel, layout))
    for name in names:
        if name not in every:
            near = nearest(name, list(every), "./tkfi dev disturb --help")
            raise TkfiError(f"'{name}' is no case; {near}")
    chosen = [every[name] for name in names or every]
    kinds = [kind for kind in _KINDS if kind != "disk full" or _can_mount()]
    disturber = Disturber(layout, seed)
    known = {case.name: disturber.whole(case) for case in chosen}
    found: dict[tuple[str, str], list[str]] = {}
    for number in range(times):
        case, kind = chosen[number % len(chosen)], kinds[number // len(chosen) % len(kinds)]
        whole, seconds, size = known[case.name]
        wrong = (disturber.full(case, size, whole) if kind == "disk full" else
                 disturber.killed(case, seconds, whole, everything=kind == "all killed"))
        if wrong:
            note(f"{case.name}, {kind}, number {number}: {wrong}")
        found.setdefault((case.name, kind), []).append(wrong)
    return found, [kind for kind in _KINDS if kind not in kinds]


@verb("disturb", "kill verbs and fill their disk at random moments, then run them again",
      words="NAME: which cases (all): reproduce, replay, explore, jobs, stories, test, list, build, tree.",
      held="each time the next run does what it should", failed="it does not",
      examples=("", "explore jobs --times 100 --seed 7", "--kernel 7.3"), group="dev")
@click.argument("name", nargs=-1)
@kernel_option
@option("--times", type=Count(), default="27", metavar="N", help="how many times in all (27)")
@option("--seed", type=Count(0), default="1", metavar="N", help="of the moments (1)")
@pass_layout
def command(layout: Layout, name: Sequence[str], kernel: str, times: int, seed: int) -> int:
    """Whether all were right."""
    found, not_done = run(kernels.choose(kernel, layout), layout, name, times, seed)
    rows = [[case, kind, str(len(those)), str(sum(map(bool, those)))]
            for (case, kind), those in sorted(found.items())]
    print(tables.table(["command", "what was done", "times", "wrong"], rows, left=2))
    for kind in not_done:
        print(f"skipped: {kind}, as nothing can be mounted here")
    wrong = sum(map(bool, sum(found.values(), [])))
    check_counts.add("disturbances", times - wrong, wrong)
    return 1 if wrong else 0

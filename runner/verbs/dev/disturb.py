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
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import click

from runner import check_counts, lock, process_tree
from runner.errors import TkfiError
from runner.guest import packages
from runner.kernel import builder, kernels
from runner.kernel.change_patches import WorkTree, select
from runner.kernel.kernels import Kernel
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout
from runner.nearest import nearest
from runner.process import describe, undisturbed
from runner.progress import note, step
from runner.report import tables
from runner.verbs.options import Count, kernel_option, option, pass_layout, verb

_SCHEDULE = "cpu0 before store vdso.seq, host, cpu1 before load vdso.seq#3"
# It takes long enough to be kept on the way.
_FAST = "read fast ktime_get_mono_fast_ns"
_LONG = (f"setup: wait 12ms; cpu0: tick, tick; cpu1: {_FAST}, {_FAST}; cpu2: {_FAST}, {_FAST}; "
         f"cpu3: {_FAST}, {_FAST}; host: 10ms, 10ms, 10ms")
_TKFI = (sys.executable, "-P", "-m", "runner")
_DISK = "disk full"
_KINDS = ("killed", "all killed", _DISK)
_NAMES = ("reproduce", "replay", "explore", "jobs", "long", "stories", "test", "list", "build", "simulate",
          "tree", "premerge", "summary", "hold", "guest", "bench", "races", "show", "doctor",
          "whole-premerge")
_OF_RELEASES = "it is done with the kernels of ./tkfi list kernels"
_WHY_NOT = {**dict.fromkeys(("tree", "premerge", "whole-premerge", "summary", "hold"), _OF_RELEASES),
            "guest": f"{_OF_RELEASES}, if its QEMU and image are there: ./tkfi guest downloads them"}
_LOST = """\
Lost: by how much the run that was killed and the next one together take longer than one that is not
disturbed; on a machine with other work to do also by that."""
# How long something took, in a verb's answer, and the width of a table's column with that.
_TIMES = re.compile(r"[\d,]*\d\.\d+"), re.compile(r"[ -]{2,}")
_FULL, _SAID = "the disk is full", "the run before this one was killed"
_DEEP = " " * 3
_LIMIT = 900  # seconds a verb may take
_LEAST = 4096  # bytes of a disk
# In a mount namespace of its own, of which nothing is left.
_SMALL = 'mount -t tmpfs -o size="$1" none "$0" && shift && exec "$@"'


@dataclass(frozen=True)
class Run:
    """What a command came to: its exit status, and what it said."""

    status: int
    out: str
    error: str

    def __str__(self) -> str:
        return f"{describe(self.status)}\n{self.error}\n{self.out}"


@dataclass(frozen=True)
class Case:
    """A command; what it writes to, of which the disk gets full, None for nothing; and what is done before,
    so that there is something to do. resumes: the option with which it goes on after it was killed.
    measures: figures that differ each time."""

    name: str
    words: Sequence[str]
    place: Path | None
    before: Callable[[], None] = lambda: None
    resumes: str = ""
    measures: bool = False

    def answer(self, run: Run) -> list[str]:
        """What must be the same each time, in lines; of measurements what each line is about."""
        if self.measures:  # what is deep inside goes on with the line before
            lines = [line.split()[0] for line in run.out.splitlines()
                     if line.strip() and not line.startswith(_DEEP)]
        else:
            numbers, widths = _TIMES
            lines = widths.sub("  ", numbers.sub("#", run.out)).splitlines()
        return [describe(run.status), *lines]

    def differs(self, run: Run, whole: Run) -> str:
        """In which lines, and what it said; "" if it is the same."""
        if self.answer(run) == self.answer(whole):
            return ""
        lines = difflib.unified_diff(self.answer(whole), self.answer(run), "undisturbed", "then", n=0,
                                     lineterm="")
        return "\n".join([*lines, run.error])


@dataclass(frozen=True)
class Disturbed:
    """What is wrong after a disturbance, "" if nothing is; and how many seconds it cost, None if that was
    not measured."""

    wrong: str
    lost: float | None = None


@dataclass(frozen=True)
class Whole:
    """A command that nobody disturbed, how many seconds it took, and bytes that were there then."""

    run: Run
    seconds: float
    size: int


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
        Case("long", ["explore", _LONG, *of], explored, forget, "--resume"),
        Case("stories", ["explore", "--stories", "1", "--clock", "1ghz", *of], results),
        Case("test", ["test", *of], results),
        Case("list", ["list", "readers", *of], results,
             lambda: (layout.build / kernel.place / "lists.json").unlink(missing_ok=True)),
        Case("build", ["build", *of], objects,
             lambda: _outdate(objects, layout.tree(kernel.place).with_name("built.json"))),
        Case("simulate", ["simulate", "--samples", "3000000", *of],
             layout.results(replace(kernel, bare=True).place)),
        *(_of_release(kernel, layout) if kernel.release else []),
        Case("bench", ["bench", *of], results, measures=True),
        Case("races", ["explore", "--stories", "2", "--clock", "1ghz", *of], results),
        Case("show", ["show"], None, lambda: _keep(layout), measures=True),
        Case("doctor", ["doctor"], None, measures=True),
    ]
    return {case.name: case for case in found}


def _of_release(kernel: Kernel, layout: Layout) -> list[Case]:
    """What needs the variants of a release, a tree of somebody's, or Debian's image."""
    of = ["--kernel", kernel.name]
    results = layout.results(kernel.place)
    tree = WorkTree(kernel, layout)
    (change,) = select(kernel, ["swap"])
    theirs = kernels.choose(str(tree.path), layout, kernels.FIXED)
    fixed = layout.build / theirs.place
    verdict = layout.results(replace(theirs, variant=theirs.own).place)
    found = [
        Case("tree", ["tree", "--variant", kernels.FIXED, "--kernel", str(tree.path)], fixed,
             lambda: shutil.rmtree(fixed, ignore_errors=True)),
        Case("premerge", ["premerge", "--tree", str(tree.path), "--quick"], verdict,
             lambda: tree.apply(change)),
        Case("whole-premerge", ["premerge", "--tree", str(tree.path)], verdict, lambda: tree.apply(change)),
        Case("summary", ["summary", *of], results),
        Case("hold", ["hold", *of], results, measures=True),
    ]
    if packages.there(kernel.name, layout):
        there = layout.build / "guest/kept"
        found.append(Case("guest", ["guest", *of], there, lambda: shutil.rmtree(there, ignore_errors=True),
                          measures=True))
    return found


def _keep(layout: Layout) -> None:
    """Have a result to show."""
    subprocess.run([*_TKFI, "list", "kernels"], cwd=layout.repo, check=True, capture_output=True)


def _outdate(objects: Path, record: Path) -> None:
    """Have make something to do."""
    for one in [*objects.glob("*.o"), record]:
        one.unlink(missing_ok=True)


class Disturber:
    """Disturbs commands in a checkout, at moments that a seed determines."""

    def __init__(self, layout: Layout, seed: int) -> None:
        self._layout, self._random = layout, random.Random(seed)
        self._environment = {name: value for name, value in os.environ.items() if name != "TKFI_SUMMARY"}

    def whole(self, case: Case) -> Whole:
        """What a command comes to that nobody disturbs: twice, as it may have to build first."""
        first, _ = self._timed(case)
        run, seconds = self._timed(case)
        if run.status not in (0, 1):
            raise TkfiError(f"{case.name} does not work without a disturbance either: {run}")
        if differs := case.differs(run, first):
            raise TkfiError(f"{case.name} is not the same each time, without a disturbance: {differs}")
        files = case.place.rglob("*") if case.place else ()
        return Whole(run, seconds, sum(file.stat().st_size for file in files if file.is_file()))

    def _timed(self, case: Case) -> tuple[Run, float]:
        case.before()
        begun = time.monotonic()
        with step(f"{case.name}, undisturbed"):
            return self._finish(self._start(case.words)), time.monotonic() - begun

    def killed(self, case: Case, whole: Whole, *, everything: bool) -> Disturbed:
        """Kill a command before its end, and run it again. What is lost is by how much both together take
        longer than one that is not disturbed."""
        ran = self._kill(case, whole.seconds, everything=everything)
        left, start = self._left(), time.monotonic()
        again = self._finish(self._start([*case.words, *filter(None, [case.resumes])]))
        lost = max(0, ran + time.monotonic() - start - whole.seconds)
        if differs := case.differs(again, whole.run):
            return Disturbed(f"not the same: {differs}", lost)
        if (bool(left) and self._left() != left) != (_SAID in again.error):
            return Disturbed(f"it is not said that the run before was killed, or it was not: {again}", lost)
        if left and process_tree.with_environment(f"{lock.MARK}={left}"):
            return Disturbed("processes of the run that was killed are there", lost)
        return Disturbed("", lost)

    def _kill(self, case: Case, seconds: float, *, everything: bool) -> float:
        """Returns for how many seconds it had run."""
        while True:
            case.before()
            start = time.monotonic()
            begun = self._start(case.words)
            with suppress(subprocess.TimeoutExpired):
                begun.wait(self._random.uniform(0, seconds))
                begun.communicate()
                continue  # it was at its end sooner than undisturbed
            with undisturbed():
                for pid in {begun.pid, *(process_tree.below(begun.pid) if everything else ())}:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            begun.communicate()
            return time.monotonic() - start

    def full(self, case: Case, place: Path, whole: Whole) -> Disturbed:
        """Run a command on a small disk, and again on one that is not."""
        case.before()
        place.mkdir(parents=True, exist_ok=True)
        small = round(self._random.uniform(_LEAST, max(whole.size, 2 * _LEAST)))
        run = self._finish(self._start(case.words, [
            "unshare", "--mount", "sh", "-c", _SMALL, str(place), str(small)]))
        if case.differs(run, whole.run) and (run.status != 2 or _FULL not in run.error):
            return Disturbed(f"on a disk of {small} bytes: {run}")
        differs = case.differs(self._finish(self._start(case.words)), whole.run)
        return Disturbed(f"not the same afterwards: {differs}" if differs else "")

    def _start(self, words: Sequence[str], within: Sequence[str] = ()) -> subprocess.Popen[str]:
        return subprocess.Popen([*within, *_TKFI, *words],
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


def run(kernel: Kernel, layout: Layout, names: Sequence[str], times: int | None, seed: int) -> tuple[
        dict[tuple[str, str], list[Disturbed]], list[str]]:
    """What came of it each time, by the case and what was done to it; and what could not be done. times:
    None for each case and each kind once."""
    with lock.held(layout.lock):
        every = cases(builder.build(kernel, layout))
    assert {*_NAMES} == {*every, *(name for name in _WHY_NOT if name in _NAMES)}, "a case is missing"
    for name in names:
        if name not in _NAMES:
            raise TkfiError(f"'{name}' is no case; {nearest(name, _NAMES, './tkfi dev disturb --help')}")
    skipped = [f"{name}, as {why}" for name, why in _WHY_NOT.items()
               if name not in every and name in (names or _NAMES)]
    chosen = [every[name] for name in names or every if name in every]
    kinds = [kind for kind in _KINDS if kind != _DISK or _can_mount()]
    skipped += [f"{kind}, as nothing can be mounted here" for kind in _KINDS if kind not in kinds]
    disturber = Disturber(layout, seed)
    known: dict[str, Whole] = {}
    found: dict[tuple[str, str], list[Disturbed]] = {}
    for number in range(len(chosen) * len(kinds) if times is None else times * bool(chosen)):
        nth, of_case = divmod(number, len(chosen))
        case = chosen[of_case]
        possible = kinds if case.place else [kind for kind in kinds if kind != _DISK]
        kind = possible[(nth + of_case) % len(possible)]
        whole = known.get(case.name) or known.setdefault(case.name, disturber.whole(case))
        with step(f"{number + 1}: {case.name}, {kind}"):
            done = (disturber.full(case, case.place, whole) if case.place and kind == _DISK else
                    disturber.killed(case, whole, everything=kind == "all killed"))
        if done.wrong:
            note(f"{case.name}, {kind}, number {number + 1}: {done.wrong}")
        found.setdefault((case.name, kind), []).append(done)
    return found, skipped


def report(found: Mapping[tuple[str, str], Sequence[Disturbed]], skipped: Sequence[str]) -> str:
    """A table, and what was not done."""
    rows = []
    for (case, kind), those in sorted(found.items()):
        lost = [one.lost for one in those if one.lost is not None]
        rows.append([case, kind, str(len(those)), str(sum(bool(one.wrong) for one in those)),
                     f"{max(lost):.1f}" if lost else "-"])
    return "\n\n".join([
        tables.table(["command", "what was done", "times", "wrong", "most lost, s"], rows, left=2), _LOST,
        *["\n".join(f"skipped: {what}" for what in skipped)] * bool(skipped)])


@verb("disturb", "kill verbs and fill their disk at random moments, then run them again",
      words=f"NAME: which cases (all): {', '.join(_NAMES)}.",
      held="each time the next run does what it should", failed="it does not",
      examples=("", "explore jobs --times 100 --seed 7", "--kernel 7.3"), group="dev")
@click.argument("name", nargs=-1)
@kernel_option
@option("--times", type=Count(), metavar="N", help="how many times in all (each case three times)")
@option("--seed", type=Count(0), default="1", metavar="N", help="of the moments (1)")
@pass_layout
def command(layout: Layout, name: Sequence[str], kernel: str, times: int | None, seed: int) -> int:
    """Whether all were right."""
    found, skipped = run(kernels.choose(kernel, layout), layout, name, times, seed)
    print(report(found, skipped))
    every = [one for those in found.values() for one in those]
    wrong = sum(bool(one.wrong) for one in every)
    check_counts.add("disturbances", len(every) - wrong, wrong)
    return 1 if wrong else 0

# SPDX-License-Identifier: GPL-2.0
"""Run a program so that nothing it started outlives it.

UML calls setsid() and traces stub processes, so a process group does not hold all of a boot. Instead
this process becomes the reaper of orphans: whatever a child leaves behind becomes our own child, and
"our descendants" is then everything there is to end.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from runner import process_tree
from runner.errors import TkfiError

GRACE = 3.0  # seconds between SIGTERM and SIGKILL
_POLL, _TICK = 0.1, 1.0  # seconds
_PR_SET_CHILD_SUBREAPER = 36
_PROBE = 1 << 16  # bytes
# What programs say of a full disk; the second is kbuild's, which says no more.
_NO_SPACE = ("No space left on device", "fixdep: not all data was written")
_LINES = 50  # at the end of a log, in which they say so: make goes on with what it has begun
_ERROR = re.compile(r": (fatal )?error: |: undefined reference to |^ERROR: modpost|\*\*\* No rule to make")
_OF_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "GNUMAKEFLAGS")
_MAKE = re.compile(r"make(\[\d+\])?: ")
_WHERE = re.compile(r": In function |: note: |^In file included from ")


class NoSpace(TkfiError):
    """A program we ran found the disk full."""


@dataclass(frozen=True)
class Program:
    """What to run, its output to the file log, for at most limit seconds: of all its time, or else
    without a change of the file watched."""

    argv: Sequence[str | Path]
    log: Path
    cwd: Path | None = None
    env: Mapping[str, str] | None = None
    limit: float | None = None
    watched: Path | None = None


@dataclass
class _Running:
    """A program, when it began, and when it last showed that it goes on."""

    program: Program
    child: subprocess.Popen[bytes]
    start: float
    sign: float
    changed: int = 0

    def overdue(self, now: float) -> bool:
        """Whether it has come to its limit."""
        program = self.program
        if program.watched:
            with suppress(FileNotFoundError):
                changed = program.watched.stat().st_mtime_ns
                if changed != self.changed:
                    self.changed, self.sign = changed, now
        return program.limit is not None and now - self.sign > program.limit


@dataclass(frozen=True)
class Ended:
    """Exit status (negative for a signal), None for one that was ended at its limit; and seconds."""

    status: int | None
    seconds: float


def run(argv: Sequence[str | Path], *, log: Path, cwd: Path | None = None,
        env: Mapping[str, str] | None = None, limit: float | None = None,
        tick: Callable[[], None] = lambda: None) -> int | None:
    """Run argv, its output to the file log, as run_all() does.

    Returns its exit status (negative for a signal), or None when it was still running after limit
    seconds and was ended.
    """
    return run_all([Program(argv, log, cwd, env, limit)], tick=tick)[0].status


def run_all(programs: Sequence[Program], *, at_once: int = 1, tick: Callable[[], None] = lambda: None,
            each: Callable[[int, Ended], None] = lambda _number, _ended: None) -> list[Ended]:
    """Run programs, so many at once; tick is called about once a second, each when one has ended, with its
    number.

    Raises NoSpace when one failed for want of disk space, and TkfiError when one cannot be started. On
    any exception, and on return, no process started by them is left.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    others = process_tree.below()
    try:
        ended = _run_all(programs, at_once, tick, each)
    finally:
        _end_all(others)
    for program, end in zip(programs, ended):
        if end.status and (_says_full(program.log) or _full(program.log.parent)):
            raise NoSpace(f"{Path(program.argv[0]).name} ran out of disk space, see {program.log}")
    return ended


@contextmanager
def undisturbed() -> Iterator[None]:
    """Signals that ask us to stop wait until this is done."""
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def end_strays(variable: str) -> None:
    """End what another run that was killed left: the user's processes that were started with this
    NAME=VALUE in their environment, and what is below them."""
    strays = process_tree.with_environment(variable)
    left = strays.union(*map(process_tree.below, strays)) - {os.getpid()}
    _end(lambda: set(filter(process_tree.runs, left)))


def checked(argv: Sequence[str | Path], *, log: Path, what: str, cwd: Path | None = None,
            env: Mapping[str, str] | None = None,
            tick: Callable[[], None] = lambda: None, retell: Callable[[str], str] = str) -> None:
    """As run(), but raise TkfiError naming what, the log and what it says is wrong when the program
    fails, that as retold."""
    status = run(argv, log=log, cwd=cwd, env=env, tick=tick)
    if status != 0:
        raise TkfiError(f"{what} failed ({describe(status)}); full log: {log}\n{retell(why(log))}")


def describe(status: int | None) -> str:
    """An exit status in words."""
    if status is None:
        return "timed out"
    return f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"


def why(log: Path, lines: int = 15) -> str:
    """The first error of a compiler or linker in a log and what follows it, indented; without one, the last
    lines of the log."""
    text = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    first = next((at for at, line in enumerate(text) if _ERROR.search(line)), None)
    if first is None:
        return tail(log, lines)
    rest = takewhile(lambda line: not _MAKE.match(line), text[first + 1:])  # it tells of each directory
    begin = first - (first > 0 and _WHERE.search(text[first - 1]) is not None)
    return "\n".join("  " + line for line in [*text[begin:first + 1], *rest][:lines])


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, indented; a log that does not exist is empty."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join("  " + line for line in text.splitlines()[-lines:])


@contextmanager
def beside(argv: Sequence[str | Path], *, log: Path, env: Mapping[str, str] | None = None,
           keep: Sequence[int] = ()) -> Iterator[None]:
    """Run a program, its output to the file log, until this is done, and end it and what is below it. It
    keeps these file descriptors, and does not outlive us if we are killed."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        child = _start(["setpriv", "--pdeathsig", "KILL", "--", *argv], output.fileno(), None, env, keep)
    try:
        yield
    finally:
        _end_one(child.pid)


def _start(argv: Sequence[str | Path], output: int, cwd: Path | None,
           env: Mapping[str, str] | None, keep: Sequence[int] = ()) -> subprocess.Popen[bytes]:
    compiled = {"PYTHONPYCACHEPREFIX": sys.pycache_prefix or "",
                "PYTHONDONTWRITEBYTECODE": "" if sys.pycache_prefix else "1"}  # never beside its source
    # What a make that called us was told (--keep-going, KERNEL=) is not for the one that we call.
    ours = {name: value for name, value in os.environ.items() if name not in _OF_MAKE}
    environment = {**ours, "LC_ALL": "C", **compiled, **(env or {})}
    try:
        return subprocess.Popen([str(arg) for arg in argv], cwd=cwd, env=environment,
                                stdin=subprocess.DEVNULL, stdout=output,
                                stderr=subprocess.STDOUT, start_new_session=True, pass_fds=keep)
    except (FileNotFoundError, PermissionError) as error:
        raise TkfiError(f"cannot run {argv[0]}: {error.strerror}; run 'make setup'") from error


def _run_all(programs: Sequence[Program], at_once: int, tick: Callable[[], None],
             each: Callable[[int, Ended], None]) -> list[Ended]:
    ended: dict[int, Ended] = {}
    running: dict[int, _Running] = {}
    waiting = list(enumerate(programs))
    ticked = time.monotonic()
    while waiting or running:
        while waiting and len(running) < at_once:
            number, program = waiting.pop(0)
            program.log.parent.mkdir(parents=True, exist_ok=True)
            with program.log.open("wb") as output:
                child = _start(program.argv, output.fileno(), program.cwd, program.env)
            now = time.monotonic()
            running[number] = _Running(program, child, now, now)
        _wait([one.child for one in running.values()], _POLL)
        now = time.monotonic()
        for number, one in list(running.items()):
            if one.child.poll() is not None:
                ended[number] = Ended(one.child.returncode, now - one.start)
            elif one.overdue(now):
                _end_one(one.child.pid)
                ended[number] = Ended(None, now - one.start)
            if number in ended:
                del running[number]
                each(number, ended[number])
        if now - ticked > _TICK:
            ticked = now
            tick()
    return [ended[number] for number in range(len(programs))]


def _wait(children: Sequence[subprocess.Popen[bytes]], seconds: float) -> None:
    """Until one of them has ended, at most so long."""
    with ExitStack() as opened:
        ended = select.poll()
        for child in children:
            descriptor = os.pidfd_open(child.pid)
            opened.callback(os.close, descriptor)
            ended.register(descriptor, select.POLLIN)
        ended.poll(seconds * 1000)


def _end_all(others: set[int]) -> None:
    """End all our descendants but others."""
    _end(lambda: process_tree.below() - others)


def _end_one(child: int) -> None:
    """End a child and what is below it now; what that leaves behind ends with all the others."""
    tree = {child, *process_tree.below(child)}
    _end(lambda: tree & process_tree.below())


def _end(find_left: Callable[[], set[int]]) -> None:
    """End what is left: ask, wait, then kill."""
    with undisturbed():
        deadline = time.monotonic() + GRACE
        number = signal.SIGTERM
        while left := find_left():
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
                with suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
            if time.monotonic() > deadline:
                number = signal.SIGKILL
            time.sleep(0.02)


def _says_full(log: Path) -> bool:
    """Whether a program says so in its log."""
    said = tail(log, _LINES)
    return any(words in said for words in _NO_SPACE)


def _full(directory: Path) -> bool:
    """Whether a log may have lost its end because the disk it is on is full."""
    try:
        with tempfile.TemporaryFile(dir=directory) as probe:
            probe.write(bytes(_PROBE))
            probe.flush()
    except OSError as error:
        return error.errno == errno.ENOSPC
    return False

# SPDX-License-Identifier: GPL-2.0
"""Results that are kept below build/results: what runs came to, with the commands that repeat them.

Each run has a directory. run.json says what was asked for and how it ended, answer.txt what was printed,
answer.json what a program is given. It is there before the work begins, so that a run that is killed has
left its command; and each file is written whole or not at all.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from runner.errors import Interrupted, TestFailure, TkfiError
from runner.files import write_safely
from runner.layout import Layout
from runner.progress import note

FORMAT = 1
MOST = 50  # runs that are kept
MOST_BYTES = 256_000_000  # of all that are kept but the last one
_RUN, _TEXT, _DATA = "run.json", "answer.txt", "answer.json"
_NEW = ".new-"
_MOST_TIME = 1 << 36  # seconds, which every calendar has
_STALE = 3600  # seconds after which a directory that is no run is left from one that was killed


@dataclass(frozen=True)
class Run:
    """A run: its command and where it was given, when it began, and for how long it ran, in seconds; its
    exit status, None if it did not come to its end; page is a report that it wrote, "" if none."""

    directory: Path
    verb: str
    command: str
    place: str
    began: float
    pid: int
    seconds: float | None = None
    status: int | None = None
    page: str = ""

    @property
    def text(self) -> str | None:
        """What it printed; None if it has no answer."""
        try:
            return (self.directory / _TEXT).read_text(encoding="utf-8", errors="replace").rstrip("\n")
        except FileNotFoundError:
            return None

    @property
    def data(self) -> Path:
        """The file that has it for a program."""
        return self.directory / _DATA

    @property
    def repeat(self) -> str:
        """What repeats it, from anywhere."""
        return f"cd {shlex.quote(self.place)} && {self.command}"

    @property
    def is_running(self) -> bool:
        """Whether it is under way."""
        return self.status is None and os.path.exists(f"/proc/{self.pid}")

    def write(self) -> None:
        """Write what is known of it."""
        members = {name: value for name, value in asdict(self).items() if name != "directory"}
        write_safely(self.directory / _RUN, [json.dumps({"format": FORMAT, **members}), "\n"])


_current: list[Run] = []


def place(layout: Layout) -> Path:
    """Where runs are kept."""
    return layout.build / "results"


@contextmanager
def recording(layout: Layout, verb: str, words: Sequence[str]) -> Iterator[list[int]]:
    """A run of a verb with these words, for as long as it takes; the exit status is to be appended to the
    list. One that has nothing to say, as it was not asked well, is not kept."""
    run, ended = _begin(layout, verb, words), list[int]()
    _current.append(run) if run else None
    try:
        yield ended
    except (TkfiError, Interrupted) as error:
        ended.append(getattr(error, "status", 130))
        if isinstance(error, TestFailure):
            keep(str(error), [])
        raise
    finally:
        if run:
            _current.remove(run)
            _end(run, ended, layout)


def keep(text: str, data: Iterable[str]) -> None:
    """An answer of the run that is under way, if there is one."""
    for run in _current[-1:]:
        with _excused():
            write_safely(run.directory / _DATA, data)
            write_safely(run.directory / _TEXT, [text, "\n"])


def kept(layout: Layout) -> list[Run]:
    """All that are kept, the last one first."""
    found = (_read(directory) for directory in place(layout).glob("[!.]*"))
    return sorted((run for run in found if run), key=lambda run: -run.began)


def _begin(layout: Layout, verb: str, words: Sequence[str]) -> Run | None:
    with _excused():
        place(layout).mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=_NEW, dir=place(layout)))
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{verb}-{new.name.removeprefix(_NEW)}"
        run = Run(new, verb, shlex.join(["./tkfi", verb, *words]), os.getcwd(), time.time(), os.getpid(),
                  page=_page(words))
        run.write()
        return replace(run, directory=new.rename(new.with_name(name)))
    return None


def _end(run: Run, ended: Sequence[int], layout: Layout) -> None:
    """Say how it ended, and forget what is too much."""
    with _excused():
        if not (run.directory / _TEXT).exists():
            _forget(run.directory)
            with suppress(OSError):  # what was not there before, and is empty, goes as well
                place(layout).rmdir()
                layout.build.rmdir()
            return
        page = run.page if run.page and os.path.exists(run.page) else ""
        replace(run, seconds=time.time() - run.began, status=ended[0] if ended else None, page=page).write()
        _prune(layout)


@contextmanager
def _excused() -> Iterator[None]:
    """What cannot be kept is no reason not to work."""
    try:
        yield
    except OSError as error:
        note(f"what this run comes to is not kept in build/results: {error.strerror or error}")


def _prune(layout: Layout) -> None:
    """Forget the runs before the last ones, and what is left of those that were killed as they began or
    were forgotten."""
    size = 0
    for number, run in enumerate(kept(layout)):
        size += sum(file.stat().st_size for file in run.directory.iterdir()) if number else 0
        if (number >= MOST or size > MOST_BYTES) and not run.is_running:
            _forget(run.directory)
    for directory in place(layout).iterdir():
        if not (directory / _RUN).exists() or directory.name.startswith(_NEW):
            with suppress(OSError):
                if time.time() - directory.stat().st_mtime > _STALE:
                    shutil.rmtree(directory)


def _forget(directory: Path) -> None:
    (directory / _RUN).unlink(missing_ok=True)  # first: without it there is no run
    shutil.rmtree(directory, ignore_errors=True)


def _read(directory: Path) -> Run | None:
    """A run; None if it cannot be read."""
    try:
        found = json.loads((directory / _RUN).read_text(encoding="utf-8"))
        if found.pop("format") != FORMAT:
            return None
        for name, least, most in (("began", 0, _MOST_TIME), ("seconds", 0, _MOST_TIME), ("pid", 0, 1 << 30),
                                  ("status", -255, 255)):
            may_lack = name in ("seconds", "status")
            if not (may_lack and found[name] is None or least <= found[name] <= most):
                return None
        for name in ("verb", "command", "place", "page"):
            found[name].encode()
        return Run(directory, **found)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _page(words: Sequence[str]) -> str:
    """The page of a report that is asked for, "" if none is."""
    for word, after in zip(words, [*words[1:], ""]):
        if word == "--report" or word.startswith("--report="):
            named = after if word == "--report" else word.partition("=")[2]
            return os.path.abspath(os.path.join(named, "index.html"))
    return ""

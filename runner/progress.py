# SPDX-License-Identifier: GPL-2.0
"""Progress on standard error: one line on a terminal, which is written again; plain lines elsewhere.

Standard output belongs to a command's answer alone.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Protocol, TextIO

from runner import terminal

if TYPE_CHECKING:  # it takes longer to import than many a command takes
    from rich.progress import Progress, TaskID

PLAIN_INTERVAL = 10.0  # seconds between two lines of one step when there is no terminal


class Step(Protocol):
    """One running step."""

    def update(self, detail: str) -> None:
        """Show how far the step has come; may be called often."""


class _PlainStep:
    def __init__(self, title: str, out: TextIO) -> None:
        self._title, self._out = title, out
        self._start = self._last = time.monotonic()
        self._say("...")

    def _say(self, text: str) -> None:
        print(f"{self._title} {text}", file=self._out, flush=True)

    def update(self, detail: str) -> None:
        """Print a line when the last one is old enough."""
        now = time.monotonic()
        if now - self._last >= PLAIN_INTERVAL:
            self._last = now
            self._say(f"... {detail + ', ' if detail else ''}{now - self._start:.0f} s")

    def end(self, outcome: str) -> None:
        """Print the closing line."""
        self._say(f"{outcome} ({time.monotonic() - self._start:.1f} s)")


class _RichStep:
    def __init__(self, title: str, progress: Progress, task: TaskID) -> None:
        self._title, self._progress, self._task = title, progress, task

    def update(self, detail: str) -> None:
        """Change the text beside the spinner."""
        self._progress.update(self._task, text=one_line(self._title, detail, self._progress.console.width))


def one_line(title: str, detail: str, width: int) -> str:
    """As much as one line of a terminal has room for, beside a spinner and a time. How far a step has come
    is more than what it is called."""
    room = width - len("* ") - len(" 0:00:00")
    whole = f"{title}: {detail}" if detail else title
    text = whole if len(whole) <= room else detail or title
    return text if len(text) <= room else text[:room - 1] + "…"


def note(text: str) -> None:
    """One line for a person, beside the answer."""
    print(terminal.painted(text, sys.stderr), file=sys.stderr, flush=True)


@cache
def note_once(text: str) -> None:
    """What a command comes across more than once is said once."""
    note(text)


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Show that a step is running, and how long it took."""
    if sys.stderr.isatty():
        with _rich_step(title) as shown:
            yield shown
        return
    plain = _PlainStep(title, sys.stderr)
    try:
        yield plain
    except BaseException:
        plain.end("stopped")
        raise
    plain.end("done")


@contextmanager
def _rich_step(title: str) -> Iterator[Step]:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    start, outcome = time.monotonic(), "stopped"
    console = Console(stderr=True, no_color=not terminal.has_colours(sys.stderr), highlight=False)
    progress = Progress(SpinnerColumn(), TextColumn("{task.fields[text]}", markup=False),
                        TimeElapsedColumn(), console=console, transient=True)
    try:
        with progress:
            yield _RichStep(title, progress, progress.add_task(
                title, total=None, text=one_line(title, "", console.width)))
        outcome = "done"
    finally:
        note(f"{title} {outcome} ({time.monotonic() - start:.1f} s)")

# SPDX-License-Identifier: GPL-2.0
"""One run at a time in build/: the others wait and say for whom. Of one that was killed the next one ends
what it left running, and says so."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runner import process
from runner.progress import note

KEEPS = "what it had built is kept; the rest has to be run again"
MARK = "TKFI_RUN"  # in the environment of all that a run starts


@contextmanager
def held(path: Path, keeps: str = KEEPS) -> Iterator[None]:
    """Hold the lock file path, waiting for whoever has it. The kernel drops it if we die: then keeps is
    what the next one says about our work."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8", errors="replace") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            note(f"waiting: build/ is in use by {_describe(_read(file.read()))}")
            fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        if left := file.read():
            _clean_up(_read(left))
        file.truncate(0)
        own = {"pid": os.getpid(), "command": _command(), "started": time.time(), "keeps": keeps,
               "mark": f"{os.getpid()}.{time.time_ns()}"}
        json.dump(own, file)
        file.flush()
        before = os.environ.get(MARK)
        os.environ[MARK] = str(own["mark"])
        try:
            yield
        finally:
            os.environ.pop(MARK)
            if before is not None:
                os.environ[MARK] = before
            file.truncate(0)


def holder(path: Path) -> str:
    """Who has it, as far as can be told without taking it; "" for nobody."""
    try:
        run = _read(path.read_text(encoding="utf-8", errors="replace"))
        return _describe(run) if os.path.exists(f"/proc/{int(run['pid'])}") else ""
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return ""


def _clean_up(killed: dict[str, Any]) -> None:
    """After a run that did not come to release its lock."""
    note(f"the run before this one was killed: {_describe(killed)}; {killed.get('keeps', KEEPS)}")
    if mark := killed.get("mark"):
        process.end_strays(f"{MARK}={mark}")


def _command() -> str:
    if Path(sys.argv[0]).name == "__main__.py":
        return shlex.join(["./tkfi", *sys.argv[1:]])
    return shlex.join(sys.argv)


def _read(text: str) -> dict[str, Any]:
    """What a run wrote of itself; nothing if that cannot be read."""
    try:
        found = json.loads(text)
        return found if isinstance(found, dict) else {}
    except ValueError:
        return {}


def _describe(run: dict[str, Any]) -> str:
    try:
        since = time.strftime("%H:%M:%S", time.localtime(run["started"]))
        return f"process {run['pid']} ({run['command']}) since {since}"
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return "another run"

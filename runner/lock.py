# SPDX-License-Identifier: GPL-2.0
"""One run at a time in build/: the others wait and say for whom."""

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

from runner.progress import note


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock file path, waiting for whoever has it. The kernel drops it if we die."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            note(f"waiting: build/ is in use by {_holder(file.read())}")
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        json.dump({"pid": os.getpid(), "command": shlex.join(sys.argv), "started": time.time()}, file)
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def _holder(text: str) -> str:
    """Describe who holds the lock, from what they wrote into it."""
    try:
        holder = json.loads(text)
        since = time.strftime("%H:%M:%S", time.localtime(holder["started"]))
        return f"process {holder['pid']} ({holder['command']}) since {since}"
    except (ValueError, KeyError, TypeError):
        return "another run"

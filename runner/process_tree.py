# SPDX-License-Identifier: GPL-2.0
"""Which processes there are, and which are below another one.

psutil is imported where it is used: it takes longer than many a command takes.
"""

from __future__ import annotations

import os
from contextlib import suppress


def below(root: int | None = None) -> set[int]:
    """The process ids below root (this process), dead ones not yet waited for included."""
    import psutil

    with suppress(psutil.NoSuchProcess):
        return {one.pid for one in psutil.Process(root).children(recursive=True)}
    return set()


def with_environment(variable: str) -> set[int]:
    """The user's processes that have this NAME=VALUE in the environment they were started with."""
    import psutil

    name, _, value = variable.partition("=")
    return {one.pid for one in psutil.process_iter(["environ", "uids"])
            if one.info["uids"] and one.info["uids"].effective == os.getuid()
            and (one.info["environ"] or {}).get(name) == value}


def runs(pid: int) -> bool:
    """Whether there is such a process, and it has not died."""
    import psutil

    with suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False

# SPDX-License-Identifier: GPL-2.0
"""What can go wrong, by exit status: 1 a failed test, 2 work that could not be done, 130 interrupted."""

from __future__ import annotations

import signal

INTERRUPTED = 130  # as of a shell's command that SIGINT ended


class TkfiError(Exception):
    """The tool could not do its work; the message says why and what to do."""

    status = 2


class InputError(TkfiError):
    """Something written wrongly; the message points at the place."""

    def __init__(self, text: str, start: int, length: int, reason: str) -> None:
        marks = " " * start + "^" * max(1, length)
        super().__init__(f"{reason}\n  {text}\n  {marks}")


class TestFailure(TkfiError):
    """The kernel under test failed, which is a result and not an error of the tool."""

    __test__ = False
    status = 1


class Interrupted(BaseException):
    """A signal asked us to stop. Like KeyboardInterrupt, no ordinary handler may swallow it."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.signal = signal.Signals(number)

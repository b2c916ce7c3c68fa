# SPDX-License-Identifier: GPL-2.0
"""Whether the tests of a boot noticed that the kernel was broken on purpose."""

from __future__ import annotations

import re
from pathlib import Path

from runner.boot.causes import Kind
from runner.boot.kunit_boot import Boot

_FAILURE = re.compile(r"(?:EXPECTATION|ASSERTION) FAILED at (\S+)\n(.*)")
_STAMP = re.compile(r"^\[[\d:]+\] *", re.MULTILINE)
_VERDICTS = (Kind.FAILED, Kind.TRUNCATED)  # a flood of failures can push lines out of the log
_CRASHES = (Kind.PANIC, Kind.TIMEOUT)


def judge(boot: Boot) -> tuple[bool, str]:
    """Whether a broken kernel's boot noticed, and how it did or did not."""
    if not boot.cause:
        return False, f"{boot.counts.passed} cases passed"
    if boot.cause.kind in _VERDICTS and boot.failing:
        return True, ": ".join([boot.failing[0], *_expectation(boot.output)])
    return boot.cause.kind in _CRASHES, boot.cause.text


def _expectation(output: str) -> list[str]:
    """Where the first expectation failed and what it says, if that can be read."""
    failed = _FAILURE.search(_STAMP.sub("", output))
    return [f"{Path(failed[1].rstrip(':')).name} {failed[2].strip()}"] if failed else []

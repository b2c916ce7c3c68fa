# SPDX-License-Identifier: GPL-2.0
"""Why a boot went wrong, in one line, from what the kernel and kunit.py left in their logs.

Verdicts on tests come from kunit.py alone; this only names the reason when a run ended badly.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """The ways a boot ends badly."""

    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out of memory"
    PANIC = "panic"
    KILLED = "killed"
    NO_TESTS = "no tests"
    TRUNCATED = "truncated"
    FAILED = "failed"


@dataclass(frozen=True)
class Cause:
    """A reason and a line that says it to a person."""

    kind: Kind
    text: str


_NO_MEMORY = re.compile(
    r"Out of memory|out of memory|Cannot allocate memory|page allocation failure|"
    r"Failed to allocate \d+ bytes|Physical memory size shrunk|Bus error")
_PANIC = re.compile(r"Kernel panic - not syncing: (.*)")
_OOPS = re.compile(r"(Kernel mode fault at addr.*|BUG: .*|Internal error: .*)")
_KTAP = re.compile(r"\b(K?TAP version \d+)\s*$", re.MULTILINE)
_HALTED = re.compile(r"reboot: (System halted|Power down|Restarting system)")


def ended_well(console: str, tool: str) -> bool:
    """Whether the kernel halted and kunit.py missed nothing. That of Linux 6.1 exits with 0 otherwise
    too, as long as no case failed."""
    return bool(_HALTED.search(console)) and not _incomplete(tool)


def classify(console: str, tool: str, timeout: int) -> Cause:
    """The cause of a bad end: console is the kernel's raw output, tool what kunit.py printed, and
    timeout its limit in seconds."""
    panic, oops = _PANIC.search(console), _OOPS.search(console)
    memory = _NO_MEMORY.search(console)
    if memory and (panic or not _HALTED.search(console)):
        return Cause(Kind.OUT_OF_MEMORY, f"the kernel ran out of memory: {_line(console, memory)}")
    if panic:
        return Cause(Kind.PANIC, f"the kernel panicked: {panic[1].strip()}")
    if re.search(r"timed out after [\d.]+ seconds", tool):
        return Cause(Kind.TIMEOUT, f"the kernel hung: timed out after {timeout} s")
    if oops:
        return Cause(Kind.PANIC, f"the kernel crashed: {oops[1].strip()}")
    if not _HALTED.search(console):
        started = "before any test ran" if not _KTAP.search(console) else "while tests ran"
        return Cause(Kind.KILLED, f"the kernel's process died {started}, without a panic: "
                                  "a signal from outside (the out-of-memory killer?) ended it")
    if not _KTAP.search(console):
        return Cause(Kind.NO_TESTS, "the kernel booted but ran no KUnit test (no KTAP header)")
    if "Ran 0 tests" in tool:
        return Cause(Kind.NO_TESTS, "the kernel has no KUnit case of that name")
    if _incomplete(tool):
        return Cause(Kind.TRUNCATED, "the KTAP output is incomplete: a result or a plan is missing")
    return Cause(Kind.FAILED, "tests failed")


def _incomplete(tool: str) -> bool:
    return "[ERROR]" in tool or "[CRASHED]" in tool


def _line(text: str, match: re.Match[str]) -> str:
    """The whole line a match is in."""
    start = text.rfind("\n", 0, match.start()) + 1
    return text[start:].partition("\n")[0].strip()

# SPDX-License-Identifier: GPL-2.0
"""What kunit.py printed, for a person."""

from __future__ import annotations

import re

_STAMP = re.compile(r"^\[[\d:]+\] ?", re.MULTILINE)
_FAILED = re.compile(r"^ *# .*(?:EXPECTATION|ASSERTION) FAILED at .*$", re.MULTILINE)
_RESULT = re.compile(r"^(?:\[[A-Z]+\]|=====| *# )", re.MULTILINE)


def failures_only(output: str) -> str:
    """kunit.py's output without the lines of what passed."""
    quiet = ("[PASSED]", "[SKIPPED]", "Starting KUnit Kernel", "Test results stored", "Running tests",
             "Elapsed time")
    return "\n".join(line for line in output.splitlines()
                     if line.strip() and not any(word in line for word in quiet))


def messages(output: str) -> list[str]:
    """What each expectation that failed says, in kunit.py's output: its message, or else what it is."""
    said: list[str] = []
    for block in _FAILED.split(_STAMP.sub("", output))[1:]:
        expected, _, text = _RESULT.split(block, maxsplit=1)[0].strip("\n").partition("\n\n")
        said.append(text or expected.partition("\n")[0].strip())
    return said

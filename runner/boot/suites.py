# SPDX-License-Identifier: GPL-2.0
"""What KUnit suites test, and which of them globs select. Which there are a kernel says: see lists."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from runner.errors import TkfiError
from runner.kernel.kernels import Kernel
from runner.nearest import nearest

MEASURES = ("tkfi_bench", "tkfi_hold")  # for `bench`
_OF_TKFI = "tkfi_engine"  # what the names of suites that test tkfi itself begin with
_CASE_GLOB = re.compile(r"[\w*?\[\]!-]+", re.ASCII)


def subject(suite: str) -> str:
    """What a suite tests: the kernel, or tkfi, whatever kernel it runs on; or that it only measures."""
    if suite in MEASURES:
        return "measures only"
    return "tkfi" if suite.startswith(_OF_TKFI) else "kernel"


def default(kernel: Kernel, suites: Sequence[str]) -> list[str]:
    """Those of a kernel's suites that are run if nobody says which: a tree of the user's is judged by those
    that test the kernel."""
    wanted = ("kernel",) if kernel.path and not kernel.parts else ("kernel", "tkfi")
    return [suite for suite in suites if subject(suite) in wanted]


def matching(patterns: Sequence[str], kernel: Kernel, suites: Sequence[str]) -> list[tuple[str, str]]:
    """Those of a kernel's suites that globs select, each with its KUnit filter, and once; 'suite.case'
    globs are allowed.

    Raises TkfiError when nothing matches one of them, or when two select different cases of a suite: these
    would be boots of one name.
    """
    found = dict.fromkeys(one for pattern in patterns for one in _matching_one(pattern, kernel, suites))
    names = [name for name, _ in found]
    for name in names:
        if names.count(name) > 1:
            raise TkfiError(f"several --suite select different cases of {name}: write one glob for them")
    return list(found)


def _matching_one(pattern: str, kernel: Kernel, suites: Sequence[str]) -> list[tuple[str, str]]:
    suite_glob, dot, case_glob = pattern.partition(".")
    if dot and not _CASE_GLOB.fullmatch(case_glob):
        raise TkfiError(f"'{pattern}': a glob of cases has letters, digits, _, *, ? and [...]")
    found = [name for name in suites if fnmatchcase(name, suite_glob)]
    if not found:
        raise TkfiError(f"no suite matches '{pattern}'; "
                        f"{nearest(suite_glob, suites, f'./tkfi list suites {kernel.option}')}")
    return [(name, name + dot + case_glob) for name in found]

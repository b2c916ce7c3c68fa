# SPDX-License-Identifier: GPL-2.0
"""Which KUnit suites there are, what they test, and which of them globs select."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from runner.errors import TkfiError
from runner.kernel.kernels import Kernel
from runner.layout import Layout
from runner.nearest import nearest

MEASURES = ("tkfi_bench", "tkfi_hold")  # for `bench`
OF_PARTS = ("tkfi_engine", "tkfi_engine_dpor", "tkfi_engine_keep", "tkfi_engine_search",
            "tkfi_engine_shrink", "tkfi_engine_strategies", "tkfi_explore")  # need no timekeeping
_OF_TKFI = "tkfi_engine"  # what the names of suites that test tkfi itself begin with
_SUITE_NAME = re.compile(r"\.name\s*=\s*\"(tkfi_\w+)\"")
_CASE_GLOB = re.compile(r"[\w*?\[\]!-]+", re.ASCII)


def subject(suite: str) -> str:
    """What a suite tests: the kernel, or tkfi, whatever kernel it runs on; or that it only measures."""
    if suite in MEASURES:
        return "measures only"
    return "tkfi" if suite.startswith(_OF_TKFI) else "kernel"


def default(kernel: Kernel, layout: Layout) -> list[str]:
    """The suites that are run if nobody says which: a tree of the user's is judged by those that test the
    kernel."""
    if kernel.parts:
        return list(OF_PARTS)
    wanted = ("kernel",) if kernel.path else ("kernel", "tkfi")
    return [suite for suite in suites(layout) if subject(suite) in wanted]


def suites(layout: Layout) -> list[str]:
    """The names of all KUnit suites, from their sources."""
    names: set[str] = set()
    for file in sorted((layout.repo / "kunit").glob("*.c")):
        names.update(_SUITE_NAME.findall(file.read_text(encoding="utf-8")))
    return sorted(names)


def matching(patterns: Sequence[str], layout: Layout) -> list[tuple[str, str]]:
    """The suites that globs select, each with its KUnit filter, and once; 'suite.case' globs are allowed.

    Raises TkfiError when nothing matches one of them, or when two select different cases of a suite: these
    would be boots of one name.
    """
    found = dict.fromkeys(one for pattern in patterns for one in _matching_one(pattern, layout))
    names = [name for name, _ in found]
    for name in names:
        if names.count(name) > 1:
            raise TkfiError(f"several --suite select different cases of {name}: write one glob for them")
    return list(found)


def _matching_one(pattern: str, layout: Layout) -> list[tuple[str, str]]:
    suite_glob, dot, case_glob = pattern.partition(".")
    if dot and not _CASE_GLOB.fullmatch(case_glob):
        raise TkfiError(f"'{pattern}': a glob of cases has letters, digits, _, *, ? and [...]")
    found = [name for name in suites(layout) if fnmatchcase(name, suite_glob)]
    if not found:
        raise TkfiError(f"no suite matches '{pattern}'; "
                        f"{nearest(suite_glob, suites(layout), './tkfi list suites')}")
    return [(name, name + dot + case_glob) for name in found]

# SPDX-License-Identifier: GPL-2.0
"""Names like one that nothing has."""

from __future__ import annotations

from runner.nearest import nearest

KNOWN = ("tick-vdso", "falls-fast", "falls-vdso", "falls-nmi", "falls-kernel", "falls-coarse", "falls-both")


def test_the_likest_comes_first() -> None:
    assert nearest("fals-vsdo", KNOWN[:3], "x list") == (
        "did you mean falls-vdso, falls-fast? 'x list' lists all")


def test_no_more_than_five_each_once() -> None:
    said = nearest("falls-", (*KNOWN, *KNOWN), "x")
    found = said.partition("?")[0].removeprefix("did you mean ").split(", ")
    assert len(found) == len(set(found)) == 5 and all(name.startswith("falls-") for name in found)


def test_nothing_is_like_it() -> None:
    assert nearest("zzz", KNOWN, "x") == nearest("", KNOWN, "x") == nearest("a", (), "x") == "'x' lists all"

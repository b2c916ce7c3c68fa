# SPDX-License-Identifier: GPL-2.0
"""The verb `dev kasan`: what it makes of a boot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.boot.causes import Cause, Kind
from runner.boot.kunit_boot import Boot, Counts
from runner.errors import TestFailure, TkfiError
from runner.verbs.dev import kasan

SEEN = Boot(Counts(passed=6, failed=1), 1.0, Cause(Kind.PANIC, "the kernel crashed: BUG: KASAN"),
            Path("console"), "", [kasan.WRONG_ON_PURPOSE])


def test_only_the_wrong_access_fails() -> None:
    assert kasan.judge(SEEN) == Counts(passed=6)


def test_another_one_fails() -> None:
    assert kasan.judge(replace(SEEN, counts=Counts(5, 2), failing=[*SEEN.failing, f"{kasan.SUITE}.parses"])
                       ) == Counts(5, 1)


def test_nobody_watches() -> None:
    with pytest.raises(TkfiError, match="did not fail: KASAN does not watch") as caught:
        kasan.judge(replace(SEEN, counts=Counts(passed=7), cause=None, failing=[]))
    assert caught.value.status == 2


def test_a_crash() -> None:
    with pytest.raises(TestFailure, match="the kernel crashed"):
        kasan.judge(replace(SEEN, counts=Counts(failed=1), failing=[]))

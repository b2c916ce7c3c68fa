# SPDX-License-Identifier: GPL-2.0
"""The programs of docs/findings.md: that the page is read, and what is not as it says is seen."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from runner.errors import TkfiError
from runner.guest.programs import Ran
from runner.layout import REPO
from runner.tests.conftest import write
from runner.verbs.dev import findings

PAGE = """\
Text.

    $ ./tkfi guest --kernel 6.12 --run docs/findings/a.c; echo $?
    went back 100 times
    by 3 ns
    1
    $ ./tkfi guest --kernel 7.3 --run docs/findings/a.c; echo $?
    went back 0 times
    0
"""


def test_examples(tmp_path: Path) -> None:
    write(tmp_path / "page", PAGE)
    first, second = findings.examples(tmp_path / "page")
    assert (first.kernel, first.program, first.output, first.status) == (
        "6.12", "docs/findings/a.c", "went back 100 times\nby 3 ns\n", 1)
    assert (second.kernel, second.status) == ("7.3", 0)
    assert first.is_like(Ran("went back 99 times\nby 4 ns\n", 1))
    for wrong in (Ran("went back 99 times\nby 4 ns\n", 0), Ran("went on 99 times\nby 4 ns\n", 1),
                  Ran("", 1), Ran("went back 99 times\n", 1)):
        assert not first.is_like(wrong)
    write(tmp_path / "page", "nothing\n")
    with pytest.raises(TkfiError, match="has no example"):
        findings.examples(tmp_path / "page")


def test_page() -> None:
    """Each program is short, compiles without a warning, and is on the page with two kernels at least."""
    found = findings.examples(REPO / "docs/findings.md")
    for source in sorted((REPO / "docs/findings").glob("*.c")):
        assert len(source.read_text(encoding="utf-8").splitlines()) <= 60
        subprocess.run(["gcc", "-fsyntax-only", "-O2", "-Wall", "-Wextra", "-Werror", source], check=True)
        kernels = {one.kernel for one in found if one.program == str(source.relative_to(REPO))}
        assert {"6.12", "7.3"} <= kernels

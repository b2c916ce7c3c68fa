# SPDX-License-Identifier: GPL-2.0
"""docs/tutorial.md: that the page is read, and what is not as it says is seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import TkfiError
from runner.layout import REPO
from runner.tests.conftest import write
from runner.verbs.dev import tutorial

PAGE = """\
# Title

Text.

    echo one
    echo two
```
one
two
```
Text.

    echo three

    ./tkfi explore x
```
...
  name   classes   time, ms
  x           38       26.4
...
held = 100.033473517
```
"""


def test_examples(tmp_path: Path) -> None:
    write(tmp_path / "page", PAGE)
    two, three, explore = tutorial.examples(tmp_path / "page")
    assert (two.commands, two.prints) == ("echo one\necho two\n", "one\ntwo\n")
    assert (three.commands, three.prints) == ("echo three\n", None) and three.is_like("four")
    assert two.is_like("one\ntwo\n")
    assert not two.is_like("one\nthree\n") and not two.is_like("one\ntwo\nthree")
    said = "Linux\n\n  name   classes   time, ms\n  x           38      126.9\n%s\nheld = %s\n"
    assert explore.is_like(said % ("more\nlines", "100.033473517"))
    assert explore.is_like(said.replace("\n%s", "") % "100.033473517")
    assert not explore.is_like(said % ("more", "100.033473518"))
    assert not explore.is_like((said % ("more", "100.033473517")).replace("38", "39"))
    assert not explore.is_like(said % ("more", "100.033473517") + "even more\n")


def test_a_page_that_compares_nothing(tmp_path: Path) -> None:
    write(tmp_path / "page", "Text.\n\n    echo one\n")
    with pytest.raises(TkfiError, match="has no command"):
        tutorial.examples(tmp_path / "page")


def test_the_page_is_short_and_says_what_is_printed() -> None:
    page = REPO / "docs/tutorial.md"
    assert len(page.read_text(encoding="utf-8").splitlines()) <= 150
    found = tutorial.examples(page)
    assert sum(one.prints is not None for one in found) >= 6
    for word in ("reproduce", "explore", "replay", "premerge", "--changelog", "bisect"):
        assert any(word in one.commands for one in found), word

# SPDX-License-Identifier: GPL-2.0
"""Colours, and one line of progress, as a terminal shows them."""

from __future__ import annotations

import io
import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Iterator, Mapping

import pytest

from runner import cli, progress, terminal
from runner.layout import REPO, Layout
from runner.tests.test_results import DATA

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        """It is one."""
        return True


@pytest.fixture(autouse=True)
def own_choice() -> Iterator[None]:
    """What one test chooses is not for the next."""
    yield
    terminal.choose(terminal.AUTO)


@pytest.mark.parametrize("when, environment, is_terminal, coloured", [
    ("auto", {}, True, True), ("auto", {}, False, False),
    ("auto", {"NO_COLOR": "1"}, True, False), ("auto", {"NO_COLOR": ""}, True, True),
    ("auto", {"TERM": "dumb"}, True, False), ("always", {}, False, True),
    ("always", {"NO_COLOR": "1"}, False, True), ("never", {}, True, False)])
def test_where_colours_are(when: str, environment: Mapping[str, str], is_terminal: bool,
                           coloured: bool) -> None:
    terminal.choose(when)
    out = _Terminal() if is_terminal else io.StringIO()
    assert terminal.has_colours(out, environment) == coloured


@pytest.mark.parametrize("name", ["explored.txt", "explored-all.txt", "replayed.txt", "race.txt"])
def test_colours_change_no_text(name: str) -> None:
    text = (DATA / name).read_text()
    coloured = terminal.coloured(text)
    assert "\x1b[" in coloured and _ESCAPES.sub("", coloured) == text
    assert re.search(r"\x1b\[31m<- [\d,]+ ns back\x1b\[0m", coloured)


def test_what_is_new_and_what_is_known_differ() -> None:
    assert terminal.coloured("1 known violation, NEW, monotonic") == (
        "1 known violation, \x1b[31mNEW\x1b[0m, monotonic")
    assert terminal.coloured("monotonic: x (known: why)") == "monotonic: x \x1b[33m(known\x1b[0m: why)"


@pytest.mark.parametrize("words, coloured", [
    (["--color", "always"], True), (["--color=never"], False), ([], False)])
def test_the_option(layout: Layout, capsys: pytest.CaptureFixture[str], words: list[str],
                    coloured: bool) -> None:
    del layout
    assert cli.main(["list", "clocks", *words]) == 0
    text = capsys.readouterr().out
    assert terminal.has_colours(io.StringIO()) == coloured and "tsc" in text


def test_a_wrong_colour(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["list", "clocks", "--color", "blue"]) == 2
    assert "'blue' is none of auto, always, never" in capsys.readouterr().err


def test_one_line() -> None:
    detail = "137 done, 31 left, 1,051,234 classes, 14,321/s, 112 violations"
    title = "Exploring 168 scenarios on 6.12"
    assert progress.one_line(title, "", 80) == title
    assert progress.one_line("Exploring", detail[:40], 80) == f"Exploring: {detail[:40]}"
    assert progress.one_line(title, detail, 80) == detail
    for width in (30, 80):
        text = progress.one_line(title * 3, detail * 2, width)
        assert len(text) == width - 10 and text.endswith("…")


_STEPS = """
import time
from runner.progress import step
with step("Exploring 168 scenarios on a kernel with a long name") as shown:
    for number in range(8):
        shown.update(f"{number} done, {168 - number} left, 51,234 classes, 4,321/s, 12 violations")
        time.sleep(0.15)
"""


def on_a_terminal(script: str, columns: int, **environment: str) -> str:
    """What a script writes to a terminal of so many columns."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(["/usr/bin/python3", "-B", "-c", script], cwd=REPO, stdin=theirs,
                             stdout=theirs, stderr=theirs, env={
                                 **os.environ, "COLUMNS": str(columns), "TERM": "xterm", **environment})
    os.close(theirs)
    written, end = b"", time.monotonic() + 60
    while time.monotonic() < end:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                written += os.read(ours, 4096)
            except OSError:
                break
    os.close(ours)
    assert child.wait(10) == 0
    return written.decode()


def test_a_step_takes_one_line_of_a_terminal() -> None:
    text = on_a_terminal(_STEPS, 80)
    shown = [line.rstrip() for line in re.split(r"[\r\n]+", _ESCAPES.sub("", text)) if line.strip()]
    assert any("3 done, 165 left, 51,234 classes, 4,321/s, 12 violations" in line for line in shown)
    assert max(map(len, shown)) <= 80
    # Each time it is written where it was before.
    assert text.count("\n") <= 2 and shown[-1].startswith("Exploring 168 scenarios on a kernel with a long")


def test_no_color_reaches_the_line_of_progress() -> None:
    assert re.search(r"\x1b\[[0-9;]*3[0-9]m", on_a_terminal(_STEPS, 80))
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", on_a_terminal(_STEPS, 80, NO_COLOR="1"))


def test_plain_lines_when_piped(capsys: pytest.CaptureFixture[str],
                                monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PLAIN_INTERVAL", 0.0)
    with progress.step("Exploring") as shown:
        shown.update("3 done, 1 left")
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Exploring ..." and lines[1] == "Exploring ... 3 done, 1 left, 0 s"
    assert re.fullmatch(r"Exploring done \(0\.\d s\)", lines[2])

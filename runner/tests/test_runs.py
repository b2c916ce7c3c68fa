# SPDX-License-Identifier: GPL-2.0
"""Results that are kept, and `show`."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
import webbrowser
from dataclasses import replace
from pathlib import Path

import pytest

from runner import cli, runs
from runner.errors import Interrupted, TestFailure, TkfiError
from runner.layout import REPO, Layout
from runner.tests.conftest import write
from runner.tests.test_results import race_outcome
from runner.verbs import reproduce


@pytest.fixture(name="raced")
def a_race(monkeypatch: pytest.MonkeyPatch) -> None:
    """`reproduce` needs no kernel."""
    monkeypatch.setattr(reproduce, "reproduce", lambda *_: race_outcome())


def shown(layout: Layout, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert cli.main(["show", *words], layout) == 0
    return capsys.readouterr().out


@pytest.mark.usefixtures("raced")
def test_show(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    """What was printed, when, how it ended, and the command that repeats it; listings are no results."""
    assert cli.main(["reproduce", "--delay", "7ms", "--json", "-"], layout) == 0
    said = capsys.readouterr()
    assert cli.main(["list", "variants"], layout) == 0
    text = shown(layout, capsys)
    assert re.match(r"reproduce, \d\d \w{3} [\d:]{8} \(\d s ago\): took 0 s, exit status 0\.\n\n", text)
    assert said.err.rstrip("\n") in text
    assert text.endswith(f"Again:\n  cd {os.getcwd()} && ./tkfi reproduce --delay 7ms --json -\n")
    assert json.loads(shown(layout, capsys, "--json", "-")) == json.loads(said.out)


@pytest.mark.usefixtures("raced")
def test_earlier_ones(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    for delay in ("1ms", "2ms", "3ms"):
        assert cli.main(["reproduce", "--delay", delay], layout) == 0
    assert "reproduce --delay 1ms" in shown(layout, capsys, "3")
    rows = shown(layout, capsys, "--list").splitlines()[2:]
    assert [row.split()[-1] for row in rows] == ["3ms", "2ms", "1ms"]
    assert max(map(len, rows)) <= 80
    assert cli.main(["show", "4"], layout) == 2
    assert "there is no run 4; there are 3: './tkfi show --list' lists them" in capsys.readouterr().err


def test_nothing_is_kept(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    """Nor is what was not asked well."""
    for words in (["reproduce", "--kernel", "5.5"], ["reproduce", "--delay", "x"]):
        assert cli.main(words, layout) == 2
    assert shown(layout, capsys, "--list") == "No run is kept.\n"
    assert cli.main(["show"], layout) == 2
    assert "there is no run 1; none is kept: './tkfi reproduce'" in capsys.readouterr().err
    assert not runs.place(layout).exists()


@pytest.mark.parametrize("error, status", [
    (TestFailure("6.12: the kernel crashed"), 1), (TkfiError("the disk is full"), 2), (ValueError(), None),
    (Interrupted(signal.SIGINT), 130)])
def test_how_a_run_ended(layout: Layout, error: BaseException, status: int | None) -> None:
    """A kernel that failed is a result; the answer before an error is kept."""
    def once(*, answered: bool) -> list[runs.Run]:
        with pytest.raises(type(error)), runs.recording(layout, "explore", ["a b"]):
            if answered:
                runs.keep("found", ["{}"])
            raise error
        return runs.kept(layout)
    kept = once(answered=False)
    assert [run.text for run in kept] == (["6.12: the kernel crashed"] if status == 1 else [])
    last = once(answered=True)[0]
    assert (last.status, last.command) == (status, "./tkfi explore 'a b'")
    assert last.text == ("6.12: the kernel crashed" if status == 1 else "found")


_KILLED = """
import os, signal, sys
from pathlib import Path
from runner import files, runs
from runner.layout import Layout
layout = Layout(Path(sys.argv[1]))
class Parts:
    def __iter__(self):
        yield "half of it"
        os.kill(os.getpid(), signal.SIGKILL)
with runs.recording(layout, "explore", ["falls-vdso"]):
    if sys.argv[2] == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    runs.keep("found", Parts())
"""


@pytest.mark.parametrize("when", ["before", "while it is written"])
def test_a_killed_run_left_its_command(layout: Layout, capsys: pytest.CaptureFixture[str],
                                       when: str) -> None:
    done = subprocess.run([sys.executable, "-B", "-c", _KILLED, layout.repo, when], cwd=REPO, check=False)
    assert done.returncode == -signal.SIGKILL
    text = shown(layout, capsys)
    assert "it was killed, or its machine stopped" in text and "./tkfi explore falls-vdso\n" in text
    assert "half of it" not in text
    assert not list(runs.place(layout).rglob("answer.json"))
    assert " killed " in shown(layout, capsys, "--list")
    assert cli.main(["show", "--json", "-"], layout) == 2
    assert "this run has no result for programs" in capsys.readouterr().err


def test_who_is_under_way_is_not_shown(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    with runs.recording(layout, "explore", []):
        assert shown(layout, capsys, "--list") == "No run is kept.\n"


def test_what_is_too_much_is_forgotten(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last ones stay, up to a number and a size; one that runs stays as well."""
    monkeypatch.setattr(runs, "MOST", 3)

    def once(word: str, size: int = 1) -> None:
        with runs.recording(layout, "test", [word]) as ended:
            runs.keep("x" * size, ["{}"])
            ended.append(0)
    with runs.recording(layout, "explore", ["running"]):
        for word in "abcde":
            once(word)
        assert [run.command.split()[-1] for run in runs.kept(layout)] == ["e", "d", "c", "running"]
    monkeypatch.setattr(runs, "MOST_BYTES", 10_000)
    for word, size in (("f", 6_000), ("g", 6_000), ("h", 50_000)):
        once(word, size)
    assert [run.command.split()[-1] for run in runs.kept(layout)] == ["h", "g"]
    once("i")
    assert [run.command.split()[-1] for run in runs.kept(layout)] == ["i"]


def test_leftovers_are_removed(layout: Layout) -> None:
    """Of who was killed as it began, and of what can no longer be read; not those of a moment ago."""
    place = runs.place(layout)
    for name in (".new-old", ".new-young", "20260101-000000-test-x", "20260101-000000-test-y"):
        write(place / name / "answer.txt", "x")
    for name in (".new-old", "20260101-000000-test-x"):
        os.utime(place / name, (time.time() - 7200,) * 2)
    with runs.recording(layout, "test", []):
        runs.keep("x", ["{}"])
    assert sorted(one.name for one in place.iterdir())[:2] == [".new-young", "20260101-000000-test-y"]
    assert len(list(place.iterdir())) == 3 and len(runs.kept(layout)) == 1


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 2}', '{"format": 1, "verb": "x"}',
                                  '{"format": 1, "began": "x"}', "\x00\xff"])
def test_what_cannot_be_read_is_no_run(layout: Layout, text: str) -> None:
    write(runs.place(layout) / "20260101-000000-test-x/run.json", text)
    assert not runs.kept(layout)


@pytest.mark.usefixtures("raced")
def test_a_full_disk_loses_no_answer(layout: Layout, monkeypatch: pytest.MonkeyPatch,
                                     capsys: pytest.CaptureFixture[str]) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")
    for name in ("runner.runs.write_safely", "tempfile.mkdtemp"):
        with monkeypatch.context() as patched:
            patched.setattr(name, full)
            assert cli.main(["reproduce"], layout) == 0
        said = capsys.readouterr()
        assert "VCPU1" in said.out
        assert "what this run comes to is not kept in build/results: No space left on device" in said.err
    assert not runs.kept(layout)


@pytest.mark.usefixtures("raced")
def test_the_page_is_opened(layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                            capsys: pytest.CaptureFixture[str]) -> None:
    opened: list[str] = []

    def browse(url: str) -> bool:
        opened.append(url)
        return len(opened) == 1
    monkeypatch.setattr(webbrowser, "open", browse)
    page = tmp_path / "a report/index.html"
    for words in (["--report", str(page.parent)], [f"--report={page.parent}"]):
        with runs.recording(layout, "explore", words) as ended:
            write(page, "<html>")
            runs.keep("x", ["{}"])
            ended.append(0)
    assert cli.main(["show", "--open"], layout) == 0
    assert opened == [page.as_uri()]
    assert cli.main(["show", "2", "--open"], layout) == 2
    assert f"no browser was found; open {page} in one" in capsys.readouterr().err
    page.unlink()
    assert cli.main(["show", "--open"], layout) == 2
    assert "left no page, or it was removed" in capsys.readouterr().err
    assert replace(runs.kept(layout)[0], page="").page == ""

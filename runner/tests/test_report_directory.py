# SPDX-License-Identifier: GPL-2.0
"""`explore --report`, and `replay --boots`."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from html.parser import HTMLParser
from itertools import count
from pathlib import Path

import pytest

from runner import cli
from runner.boot.causes import Cause
from runner.errors import Interrupted
from runner.layout import Layout
from runner.report import report_directory
from runner.tests.conftest import ONE_CLOCK, write
from runner.tests.test_explore import (DIED, PANIC, RACE, REPLAYED, Files, Machine, kernel, known, lines,
                                       machine)

start_machine = machine  # pytest finds the fixture "start" by this
(TRACE,) = (line for line in REPLAYED.splitlines(keepends=True) if '"trace"' in line)
HASH = "befb15983ff1d559"


def explored_to(directory: Path, layout: Layout, *more: str) -> int:
    return cli.main(["explore", *ONE_CLOCK, "--report", str(directory), *more], layout)


class Page(HTMLParser):
    """Well-formed, and in need of no other file."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag != "img" and not any(name == "src" for name, _ in attrs)
        if tag not in ("meta", "link", "input"):
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Of pictures."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.text += data


def test_a_report(start: Callable[..., Machine], layout: Layout, tmp_path: Path,
                  capsys: pytest.CaptureFixture[str]) -> None:
    booted = start(kernel)
    place = tmp_path / "deep/report"
    assert explored_to(place, layout, "--json", str(tmp_path / "json")) == 1
    out = capsys.readouterr().out
    assert len(booted.asked) == 5 and all("tkfi.steps=1" in asked for asked in booted.asked[3:])
    left = files(place)
    assert set(left) == {"report.json", "report.txt", "index.html"}
    assert left["report.json"] == (tmp_path / "json").read_text()
    explored_to(tmp_path / "other", layout, "--all")
    assert left["report.txt"] == capsys.readouterr().out != out
    page = Page(left["index.html"])
    cases = dict(zip(("rises-coarse", "falls-vdso"), page.text.split("For a changelog")[1:]))
    for scenario, text in cases.items():
        assert "The order that matters" in text and "Its steps were not recorded" in text
        assert re.search(rf"\./tkfi replay 'tkfi1 6.12.117 post-series {scenario}: ", text)
        assert "  VCPU0      " in text and "CPU0       " in text and "ns back */" in text
    assert {"report.txt", "report.json", "#v1", "#v2", "data:,"} == set(page.links)
    titles = re.findall(r"(new|known) (monotonic: \S+|a delay between)", page.text)
    coarse = "monotonic: clock_gettime(MONOTONIC_COARSE),"
    assert titles == [("new", coarse), ("known", "a delay between")] * 2
    assert "1 known violation, 1 new." in page.text


def test_what_a_page_shows_is_escaped(start: Callable[..., Machine], layout: Layout,
                                      tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>&amp;"
    start(lambda given: kernel(given).replace("a delay between", evil))
    assert explored_to(tmp_path / "report", layout) == 1
    text = (tmp_path / "report/index.html").read_text()
    assert evil in Page(text).text and evil not in text


def test_a_report_replaces_an_earlier_one(start: Callable[..., Machine], layout: Layout,
                                          tmp_path: Path) -> None:
    """Nothing of that is left, and what is not of a report stays."""
    start(kernel)
    explored_to(tmp_path / "report", layout)
    write(tmp_path / "report/notes", "mine")
    start(lambda given: "\n".join(line for line in known(given).splitlines() if "violation" not in line))
    assert explored_to(tmp_path / "report", layout) == 0
    assert {file.name for file in (tmp_path / "report").iterdir()} == {
        "report.json", "report.txt", "index.html", "notes"}


def files(directory: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in directory.iterdir()}


def nothing(_: Mapping[str, str]) -> None:
    """A kernel that reports nothing."""


def half(given: Mapping[str, str]) -> str:
    """One that reports nothing of a scenario."""
    return "" if "rises-coarse" in given["tkfi.scenario"] else known(given)


def half_and_new(given: Mapping[str, str]) -> str:
    """One that reports nothing of a scenario, and of another what is new."""
    return "" if "falls-vdso" in given["tkfi.scenario"] else kernel(given)


@pytest.mark.parametrize("file, cause, stop_after, status, why", [
    (nothing, None, 9, 2, ""), (half, None, 9, 2, "stays: it is of"),
    (known, None, 2, 130, "stays: it is of"), (half_and_new, None, 9, 1, "stays: it is of"),
    (known, PANIC, 9, 1, "stays: it is of")])
def test_an_earlier_report_stays_if_an_exploration_does_not_end(
        start: Callable[..., Machine], layout: Layout, tmp_path: Path, file: Files, cause: Cause | None,
        stop_after: int, status: int, why: str, capsys: pytest.CaptureFixture[str]) -> None:
    start(kernel)
    assert explored_to(tmp_path / "report", layout) == 1
    before = files(tmp_path / "report")
    capsys.readouterr()
    start(file, cause, bad="rises-coarse", stop_after=stop_after)
    assert explored_to(tmp_path / "report", layout) == status
    assert files(tmp_path / "report") == before
    assert why in capsys.readouterr().err


def test_a_report_that_is_not_whole_is_replaced(start: Callable[..., Machine], layout: Layout,
                                                tmp_path: Path) -> None:
    """By one that is not either, but newer."""
    for stop_after, scenarios in ((1, 1), (2, 2)):
        start(known, stop_after=stop_after)
        assert explored_to(tmp_path / "report", layout) == 130
        left = json.loads((tmp_path / "report/report.json").read_text())
        assert left["stopped"] and len(left["scenarios"]) == scenarios
    for file, status in ((half, 2), (half_and_new, 1)):
        start(file)
        assert explored_to(tmp_path / "report", layout) == status
        left = json.loads((tmp_path / "report/report.json").read_text())
        assert left["problems"] and not left["stopped"]
        assert any(not one["known"] for one in left["violations"]) == (status == 1)


def test_a_report_that_can_be_replaced_in_part_only(start: Callable[..., Machine], layout: Layout,
                                                    tmp_path: Path,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    start(known)
    assert explored_to(tmp_path / "report", layout) == 0
    (tmp_path / "report/index.html").unlink()
    (tmp_path / "report/index.html").mkdir()
    assert explored_to(tmp_path / "report", layout) == 2
    assert "/report': Is a directory; some of what was there is replaced" in capsys.readouterr().err


@pytest.mark.parametrize("error, status, says", [
    (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), 2, "/report': No space left on device; what was"),
    (Interrupted(signal.SIGTERM), 130, "stopped by SIGTERM")])
@pytest.mark.parametrize("earlier", [False, True])
def test_a_report_that_cannot_be_written_whole(start: Callable[..., Machine], layout: Layout,
                                               tmp_path: Path, error: BaseException, status: int,
                                               says: str, earlier: bool, monkeypatch: pytest.MonkeyPatch,
                                               capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing of it is left, and all of an earlier one."""
    def full(file: Path, parts: Iterable[str]) -> None:
        file.write_text("".join(parts)[:9])
        if "index" in file.name:
            raise error
    if earlier:
        start(kernel)
        explored_to(tmp_path / "report", layout)
    else:
        (tmp_path / "report").mkdir()
    before = files(tmp_path / "report")
    start(known)
    with monkeypatch.context() as patch:
        patch.setattr(report_directory, "write_safely", full)
        assert explored_to(tmp_path / "report", layout) == status
    assert files(tmp_path / "report") == before and bool(before) == earlier
    assert says in capsys.readouterr().err


def test_a_report_is_replaced_at_once(start: Callable[..., Machine], layout: Layout, tmp_path: Path,
                                      monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks us to stop just then waits."""
    start(kernel)
    explored_to(tmp_path / "report", layout)
    start(lambda given: lines(known(given), "explored"))
    replace = Path.replace

    def stopped(file: Path, to: Path) -> Path:
        if to.parent == tmp_path / "report":
            os.kill(os.getpid(), signal.SIGTERM)
        return replace(file, to)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", stopped)
        assert explored_to(tmp_path / "report", layout) == 130
    left = files(tmp_path / "report")
    assert set(left) == {"report.json", "report.txt", "index.html"}
    assert all("0 known violations, 0 new." in left[name] for name in ("report.txt", "index.html"))
    assert not json.loads(left["report.json"])["violations"]


def test_what_a_killed_run_left_is_not_in_the_way(start: Callable[..., Machine], layout: Layout,
                                                  tmp_path: Path) -> None:
    start(known)
    write(tmp_path / "report/.tkfi-new/report.json", '{"for')
    assert explored_to(tmp_path / "report", layout) == 0
    assert "index.html" in files(tmp_path / "report") and ".tkfi-new" not in files(tmp_path / "report")


@pytest.mark.parametrize("content", [{"a": ""}, {"report.json": "{}"}, {"report.json": "[]"},
                                     {"report.json": '{"format": 1, "runs": []}'}, {"report.json": "\x00"},
                                     {"report.json.new": ""}])
def test_what_is_no_report_is_not_touched(start: Callable[..., Machine], layout: Layout, tmp_path: Path,
                                          content: Mapping[str, str],
                                          capsys: pytest.CaptureFixture[str]) -> None:
    booted = start(known)
    for name, text in content.items():
        write(tmp_path / "dir" / name, text)
    assert explored_to(tmp_path / "dir", layout) == 2
    assert "holds no report of tkfi; name with --report a directory" in capsys.readouterr().err
    assert not booted.asked and [file.name for file in (tmp_path / "dir").iterdir()] == list(content)


def test_places_that_cannot_be(start: Callable[..., Machine], layout: Layout, tmp_path: Path,
                               capsys: pytest.CaptureFixture[str]) -> None:
    """Said before anything is explored."""
    booted = start(known)
    write(tmp_path / "file", "")
    (tmp_path / "locked").mkdir(mode=0o500)
    (tmp_path / "dangling").symlink_to(tmp_path / "none/none")
    places = [("file", "File exists"), ("file/below", "Not a directory"), ("dangling", "File exists"),
              ("x" * 300, "File name too long")]
    for place, why in [*places, *([("locked", "Permission denied")] if os.getuid() else [])]:
        assert explored_to(tmp_path / place, layout) == 2
        assert f"{place}': {why}; name with --report a directory" in capsys.readouterr().err
    assert not booted.asked


# Replays.

def repeated(spoil: Callable[[str], str] = lambda text: text, at: int = 0) -> Callable[[object], str]:
    """Boots that do the same, but for one of them."""
    numbers: Iterator[int] = count(1)
    return lambda _: spoil(REPLAYED) if next(numbers) == at else REPLAYED


def test_many_boots(start: Callable[..., Machine], layout: Layout,
                    capsys: pytest.CaptureFixture[str]) -> None:
    start(kernel)
    cli.main(["replay", RACE], layout)
    one = capsys.readouterr().out
    booted = start(repeated())
    assert cli.main(["replay", RACE, "--boots", "50", "--jobs", "2"], layout) == 0
    captured = capsys.readouterr()
    assert captured.out == f"{one}\n50 boots, one trace: {HASH} (27 events).\n"
    assert len(booted.asked) == 50 and len(set(booted.asked)) == 1 and booted.at_once == 2
    start(lambda _: "".join(line for line in repeated()(None).splitlines(keepends=True)
                            if "violation" not in line))
    assert cli.main(["replay", RACE, "--boots", "2", "--json", "-"], layout) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["boots"], data["trace"], data["held"]) == (2, HASH, True)


@pytest.mark.parametrize("spoil, status, says", [
    (lambda text: re.sub(r'("type":"event".*"ns":)\d+', r"\g<1>7", text, count=1), 1,
     "boot 33 is not like boot 1: event 1 is 'call do_adjtimex(-500ppm) 7' of VCPU0, not 'call"),
    (lambda text: text.replace(HASH, "00c0ffee"), 1,
     f"boot 33 is not like boot 1: its trace is 00c0ffee (27 events), not {HASH}"),
    (lambda text: text.replace("gcc 12", "gcc 13"), 1, "boot 33 is not like boot 1: it is of Header("),
    (lambda text: text.replace('"turns":', '"turns":1'), 1, "the oracles do not say the same"),
    (lambda text: text.replace(TRACE, ""), 2, "boot 33 left 0 traces"),
    (lambda text: text[:-9], 2, "boot 33: the result file is damaged"),
    (lambda text: "\n".join(text.splitlines()[:28] + text.splitlines()[29:]), 1,
     "event 28 is missing, not '"),
])
def test_one_boot_that_differs(start: Callable[..., Machine], layout: Layout, spoil: Callable[[str], str],
                               status: int, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It is named, with where it differs first, and nothing goes on after it."""
    booted = start(repeated(spoil, at=33))
    assert cli.main(["replay", RACE, "--boots", "1000", "--jobs", "2"], layout) == status
    captured = capsys.readouterr()
    assert says in captured.err and not captured.out and len(booted.asked) == 48


@pytest.mark.parametrize("cause, status", [(PANIC, 1), (DIED, 2)])
def test_boots_that_crash(start: Callable[..., Machine], layout: Layout, cause: object, status: int,
                          capsys: pytest.CaptureFixture[str]) -> None:
    start(repeated(), cause)
    assert cli.main(["replay", RACE, "--boots", "3"], layout) == status
    assert "6.12: the kernel" in capsys.readouterr().err

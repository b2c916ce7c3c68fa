# SPDX-License-Identifier: GPL-2.0
"""What kernels, kunit.py and other runs left in files, cut anywhere and changed: it is said, and no verb
trips over it. Only the processes are pretended that would write the files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner import process, runs
from runner.boot import results
from runner.errors import TkfiError
from runner.explore import mistakes
from runner.kernel import builder
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout
from runner.process import Ended, Program
from runner.tests.bad_input import check, examples, run
from runner.tests.conftest import ONE_CLOCK, write
from runner.tests.test_explore import COARSE, GIVEN, NAMES, RACE, kernel
from runner.tests.test_results import DATA
from runner.tests.test_simulation import lines
from runner.tests.test_stories import FAULT, HEADER, KNOWN, everywhere

Edit = Callable[[str], str]
REPORTS = [*sorted(DATA.glob("*.jsonl"))]
VALUES: tuple[object, ...] = (
    None, True, -1, 0, 7, 1 << 70, 1.5, "", "x", "falls-vdso#0", [], {}, [1], ["x"], {"type": "event"})
COMMANDS = (
    ["explore", *ONE_CLOCK], ["explore", *ONE_CLOCK, "--resume"], ["explore", GIVEN],
    ["explore", *ONE_CLOCK, "--replay", "--outcomes", "--coverage"], ["explore", "--story", "tick"],
    ["explore", *ONE_CLOCK, "--jobs", "2", "--resume"], ["explore", "--stories", "2", "--sequential"],
    ["replay", RACE], ["replay", COARSE], ["reproduce"], ["simulate"], ["test"], ["test", "--boots", "2"])


def rows(report: Sequence[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in report)


STORIES = rows([HEADER, FAULT, KNOWN, *everywhere()])
SIMULATED = rows([HEADER, *lines([0.5, 1, 2, 3, 2, 1])])


def verdicts(name: str, case: str) -> str:
    """What kunit.py writes."""
    return json.dumps({"test_cases": [], "sub_groups": [
        {"name": name, "sub_groups": [], "test_cases": [{"name": case, "status": "PASS"}]}]})


def reported(glob: str, given: Mapping[str, str]) -> str:
    """What a kernel reports that was booted for that."""
    if "stories" in glob:
        return STORIES
    if "simulate" in glob:
        return SIMULATED
    if not glob.startswith("tkfi_explore"):
        return (DATA / "race.jsonl").read_text()
    if "tkfi.list" not in given:
        return kernel({"glob": glob, **given})
    names = [line.split()[0] for line in Path(given["tkfi.list"]).read_text().splitlines()]
    return "".join(kernel({"glob": glob, "tkfi.scenario": name}) + f'{{"type":"end","scenario":"{name}"}}\n'
                   for name in names)


@dataclass
class Machine:
    """In place of all processes: each writes its files, of which some are edited."""

    edits: Mapping[str, Edit] = field(default_factory=dict)

    def run_all(self, programs: Sequence[Program], *, at_once: int = 1,
                tick: Callable[[], None] = lambda: None,
                each: Callable[[int, Ended], None]) -> list[Ended]:
        """In place of process.run_all()."""
        for number, program in enumerate(programs):
            words = [str(word) for word in program.argv]
            options = dict(word[2:].partition("=")[::2] for word in words if word.startswith("--"))
            given = dict(word.removeprefix("--kernel_args=").partition("=")[::2] for word in words
                         if word.startswith("--kernel_args=tkfi."))
            glob = words[-1]
            suite, _, case = glob.partition(".")
            console = f"KTAP version 1\n# {suite}: ok\nok 1 {suite}\nreboot: System halted\n"
            for kind, file, text in (
                    ("report", Path(given["tkfi.result"]), reported(glob, given)),
                    ("verdicts", Path(options["json"]), verdicts(suite, case or "all")),
                    ("console", Path(program.cwd or ".", options["build_dir"], "test.log"), console),
                    ("log", program.log, "[12:00:00] Testing complete.\n")):
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(self.edits.get(kind, str)(text), encoding="utf-8", errors="surrogateescape")
            tick()
            each(number, Ended(0, 0.1))
        return [Ended(0, 0.1) for _ in programs]


@pytest.fixture(name="place")
def built(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> Iterator[Layout]:
    """A checkout with a kernel that is built."""
    write(layout.repo / "fault/timekeeping/scenarios.txt", "".join(
        f"{name} = cpu0: tick; cpu1: tick; {last}\n" for name, last in zip(
            NAMES, ("host: 10ms", "cpu2: tick", "host: 10ms"))))
    write(layout.repo / "configs/simulate/slew.txt", "1s adjtimex freq=+1ppm\n")
    monkeypatch.setattr(builder, "build", KunitTool)
    monkeypatch.setattr(mistakes, "check", lambda *_: None)
    for variant in ("post-series", "bare-post-series"):
        write(layout.objects(f"6.12/{variant}") / "linux", "one build")
        (layout.build / "6.12" / variant / "lists.json").write_bytes(
            (layout.patches / "6.12/lists.json").read_bytes())
    yield layout


def pretend(monkeypatch: pytest.MonkeyPatch, **edits: Edit) -> None:
    """That processes leave edited files."""
    monkeypatch.setattr(process, "run_all", Machine(edits).run_all)


@st.composite
def edits(draw: Callable[[Any], Any]) -> Edit:
    """A cut, bytes that are others, lines that are missing or there twice, members that are others."""
    how, at, value = draw(st.integers(0, 5)), draw(st.floats(0, 1)), draw(st.sampled_from(VALUES))
    which = draw(st.integers(0, 1 << 16))
    junk: str = draw(st.sampled_from(("\0", "\udcff", "}", "\n", '"', "9" * 40)))

    def edit(text: str) -> str:
        place = round(at * len(text))
        those = text.splitlines(keepends=True)
        line = min(int(at * len(those)), len(those) - 1)
        if how == 0 or not those:
            return text[:place]
        if how == 1:
            return text[:place] + junk + text[place + which % 3:]
        if how == 2:
            return "".join(those[:line] + those[line + 1:])
        if how == 3:
            return "".join(those[:line] + those[line:line + 1 + which % 3] + those[line:])
        those[line] = another_member(those[line], which, value, how == 5)
        return "".join(those)
    return edit


def another_member(line: str, which: int, value: object, without: bool) -> str:
    """A line of JSON with a member that has another value, or is not there."""
    try:
        record = json.loads(line)
    except ValueError:
        return line
    if not isinstance(record, dict) or not record:
        return line
    name = sorted(record)[which % len(record)]
    if without:
        del record[name]
    else:
        record[name] = value
    return json.dumps(record, separators=(",", ":")) + "\n"


def test_without_edits_all_is_well(place: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the others would test little."""
    pretend(monkeypatch)
    for command in COMMANDS:
        done = run(command, place)
        assert done.status in (0, 1) and "problem" not in done.error, (command, done)


@examples(250)
@given(report=st.sampled_from([*(file.read_text() for file in REPORTS), STORIES, SIMULATED]), edit=edits(),
       again=edits())
def test_result_files(tmp_path: Path, report: str, edit: Edit, again: Edit) -> None:
    file = tmp_path / "report.jsonl"
    file.write_text(again(edit(report)), encoding="utf-8", errors="surrogateescape")
    try:
        results.read(file)
    except TkfiError:
        pass


@examples(150)
@given(command=st.sampled_from(COMMANDS), edit=edits(),
       kind=st.sampled_from(("report", "report", "report", "verdicts", "console", "log")))
def test_what_a_boot_leaves(place: Layout, command: list[str], edit: Edit, kind: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        pretend(patch, **{kind: edit})
        done = run(command, place)
    check(done, command, in_answer=True)


def kept(layout: Layout) -> list[Path]:
    """The files that a later run reads, but results, which only show reads."""
    return sorted(file for pattern in ("*.json", "*.jsonl", "*.list")
                  for file in layout.build.rglob(pattern)
                  if file.is_file() and not file.is_relative_to(runs.place(layout)))


@examples(100)
@given(command=st.sampled_from([["show"], ["show", "--list"], ["show", "--json", "-"], ["show", "--open"],
                                ["doctor"]]),
       name=st.sampled_from(["run.json", "answer.txt", "answer.json"]), edit=edits())
def test_results_that_are_kept(place: Layout, command: list[str], name: str, edit: Edit) -> None:
    with runs.recording(place, "explore", ["--report", "none"]) as ended:
        runs.keep("found", ['{"format": 1, "violations": [{"clock": "x"}]}\n'])
        ended.append(1)
    file = runs.kept(place)[0].directory / name
    file.write_text(edit(file.read_text(encoding="utf-8")), encoding="utf-8", errors="surrogateescape")
    check(run(command, place), [*command, str(file)], in_answer=True)


@examples(60)
@given(command=st.sampled_from(COMMANDS), which=st.integers(0, 1000), edit=edits())
def test_what_another_run_left(place: Layout, command: list[str], which: int, edit: Edit) -> None:
    """Any file of its that is read again. What cannot be used is written anew by the first command."""
    with pytest.MonkeyPatch.context() as patch:
        pretend(patch)
        for first in (COMMANDS[0], COMMANDS[5]):
            check(run([*first, *([] if "--resume" in first else ["--resume"])], place), first)
        shared = place.explored("6.12/post-series") / "dpor"
        write(shared / "boot-1.list", f"falls-vdso {shared}/falls-vdso/1-0of1.state\n")
        write(shared / "boot-1.jsonl", reported("tkfi_explore.shipped", {"tkfi.scenario": "falls-vdso"}))
        files = kept(place)
        file = files[which % len(files)]
        before = file.read_bytes()
        file.write_text(edit(before.decode()), encoding="utf-8", errors="surrogateescape")
        done = run(command, place)
        check(done, [*command, str(file)], in_answer=True)
        file.write_bytes(before)

# SPDX-License-Identifier: GPL-2.0
"""Explorations that end early, and go on; parts; what is shown meanwhile."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from runner import cli, process
from runner.boot import results
from runner.boot.records import Access, Explored, Violation
from runner.boot.results import gone_on
from runner.explore import coverage, explorer, kept_states, scenario_parts, scenarios
from runner.explore.kept_states import Kept, Plan
from runner.explore.live_progress import Watch
from runner.explore.scenario_parts import Piece
from runner.explore.scenarios import CLOCKS, Scenario
from runner.explore.strategies import DEFAULT, Request
from runner.journal import Journal
from runner.kernel import kernels
from runner.layout import REPO, Layout
from runner.tests.conftest import ONE_CLOCK, write
from runner.tests.test_explore import (DIED, EXPLORED, NAMES, PASSED, WRONG, WRONG_RECORD, Files, Machine,
                                       flat, in_parts, kernel, known, lines, machine, say)
from runner.tests.test_process import alive

start_machine = machine  # pytest finds the fixture "start" by this
SCENARIO = Scenario("falls-vdso", "cpu0: tick", shipped=True)


def explored(**fields: object) -> Explored:
    made = {"scenario": "s", "strategy": "dpor", "classes": 10, "executions": 10, "redundant": 0,
            "deadlocks": 0, "steps": 100, "longest": 9, "complete": True, "ns": 5, **fields}
    return Explored(**made)  # type: ignore[arg-type]


def rows(out: str) -> dict[str, list[str]]:
    """The lines of the table, without the times."""
    return {line.split()[0]: line.split()[1:5] for line in out.splitlines()
            if line.startswith("  ") and line.split()[0] in NAMES}


# Parts.

def test_parts_become_a_whole() -> None:
    whole = scenario_parts.unite([explored(part="0/2"), explored(part="1/2", longest=20, classes=1)])
    assert whole == explored(classes=11, executions=20, steps=200, longest=20, ns=10)
    assert scenario_parts.unite([explored(), explored(complete=False)]) == explored(
        classes=20, executions=20, steps=200, ns=10, complete=False)
    estimated = explored(complete=False, estimate=40.0, estimate_error=3.0)
    assert scenario_parts.unite([estimated]) == estimated
    whole = scenario_parts.unite([explored(part="0/2"), replace(estimated, part="1/2")])
    assert whole == replace(estimated, classes=20, executions=20, steps=200, ns=10)


def found(turns: int, clock: str = "c", findings: int = 2, stopped: str = "", pair: str = "") -> Violation:
    accesses = tuple(Access(0, "cpu0", kind, "x", None, 0, "") for kind in pair.split())
    return Violation("s", "monotonic", clock, "f", turns, 0, findings, turns, 0, 0, False, 0, bool(pair), 0,
                     accesses, False, "", f"at {turns}", stopped, "seq" if pair else "")


def test_the_plainest_of_each_kind() -> None:
    merged = scenario_parts.merge([found(4, "d"), found(5), found(3), found(3, findings=1),
                                   found((1 << 32) - 1)])
    assert [(one.schedule, one.findings) for one in merged] == [("at 3", 7), ("at 4", 2)]


def test_what_tells_violations_of_a_kind_apart() -> None:
    """First what the VCPU stopped for; of the plainest of these, the accesses that explain them."""
    merged = scenario_parts.merge([found(3, stopped="a", pair="load store"),
                                   found(9, stopped="a", pair="store load"),
                                   found(5, stopped="b", pair="load store"),
                                   found(4, stopped="c", pair="store lock"), found(6, stopped="d"),
                                   found(7, stopped="e"),
                                   replace(found(8, stopped="f", pair="load store"), about="another")])
    assert [(one.turns, one.findings) for one in merged] == [(3, 6), (4, 2), (6, 2), (7, 2), (8, 2)]


def test_the_plainer_one_of_those_found_twice() -> None:
    """Of what costs the same the one that was explained; it was found as often as was counted last."""
    before = [found(3, pair="load store"), found(5, "d", pair="load store"), found(4, "e")]
    since = [found(3, findings=7), found(4, "d", findings=1), found(9, stopped="a")]
    assert sorted(gone_on(before, since), key=lambda one: one.turns) == [
        replace(found(3, pair="load store"), findings=7), found(4, "d"), found(4, "e"),
        found(9, stopped="a")]


def test_who_has_all_parts_has_seen_all() -> None:
    assert scenario_parts.proved([found(3)], explored(classes=7)) == [
        replace(found(3), minimal=True, searched=7)]
    assert scenario_parts.proved([found(3)], explored(complete=False)) == [found(3)]


def test_what_parts_share() -> None:
    def shared(*ranges: str) -> str:
        return scenario_parts.shared_by_all([explored(shared=text) for text in ranges])
    assert shared("1-3,5", "5,1-3", "1,2,3,5") == "" and shared("") == "" and shared("", "") == ""
    assert shared("1-3,5", "4,9") == "1-5,9"
    assert shared("", "7") == "7"
    assert shared("3,u30,b31", "b31,3,u30") == "" and shared("9-12,u30,b31", "13,u31") == "9-13,b31,u30-31"


@pytest.mark.parametrize("scenarios, jobs, timed, expected", [
    (1, 1, False, 1), (30, 1, False, 1), (1, 2, False, 8), (3, 2, False, 3), (8, 2, False, 1),
    (30, 8, False, 2), (1, 4, True, 4), (4, 4, True, 1)])
def test_how_many_parts(scenarios: int, jobs: int, timed: bool, expected: int) -> None:
    assert scenario_parts.how_many(scenarios, jobs, timed=timed) == expected


def sharing(given: Mapping[str, str], rounds: int = 2) -> str:
    """Each part finds another cell shared until it was told of enough; it has more classes then."""
    told = given.get("tkfi.shared", "")
    begun = {"": 1, "1-3": 2, "1-5": 3}[told]
    number = int(given["tkfi.part"][0])
    cells = {1: number + 1, 2: number + 3}.get(begun, 6) if begun < rounds else 6
    found = in_parts(lines(EXPLORED, '"falls-vdso"'), given["tkfi.part"],
                     ",".join(filter(None, [told, str(cells)])))
    return found.replace('"classes":7', f'"classes":{7 * begun}')


@pytest.mark.parametrize("rounds", [2, 3])
def test_parts_that_share_more_are_explored_again(start: Callable[..., Machine], layout: Layout,
                                                  rounds: int, monkeypatch: pytest.MonkeyPatch,
                                                  capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(scenario_parts, "PER_JOB", 1.5)
    told = ["", " tkfi.shared=1-3", " tkfi.shared=1-5"][:rounds]
    booted = start(lambda given: sharing(given, rounds))
    assert cli.main(["explore", "falls-vdso", "--jobs", "2"], layout) == 0
    assert booted.asked == [f'tkfi_explore.shipped tkfi.scenario="falls-vdso" tkfi.part={number}/3{shared}'
                            for shared in told for number in range(3)]
    captured = capsys.readouterr()
    assert rows(captured.out) == {"falls-vdso": [str(21 * rounds), "yes", "1", "0"]}
    assert captured.err.count("Exploring 1 scenario again, in which more is shared") == 2 * (rounds - 1)
    cli.main(["explore", "falls-vdso", "--jobs", "2", "--resume"], layout)
    assert capsys.readouterr().out == captured.out and len(booted.asked) == 3 * rounds


def test_parts_that_never_agree(start: Callable[..., Machine], layout: Layout,
                                monkeypatch: pytest.MonkeyPatch,
                                capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(scenario_parts, "PER_JOB", 1.5)
    start(lambda given: in_parts(lines(EXPLORED, '"falls-vdso"'), given["tkfi.part"],
                                 given["tkfi.part"][0]))
    assert cli.main(["explore", "falls-vdso", "--jobs", "2"], layout) == 2
    assert "[tkfi internal bug] the parts of falls-vdso do not agree" in capsys.readouterr().err


def test_a_part_that_is_missing(start: Callable[..., Machine], layout: Layout,
                                capsys: pytest.CaptureFixture[str]) -> None:
    """The others count, and are not all."""
    start(lambda given: "" if given.get("tkfi.part") == "1/3" else known(given))
    assert cli.main(["explore", *ONE_CLOCK, "--jobs", "2"], layout) == 2
    out = capsys.readouterr().out
    assert rows(out)["falls-vdso"] == ["14", "no", "1", "0"]
    assert "tick-vdso, part 2 of 3 was not explored" in out
    assert "0 of 3 scenarios explored to the end, 36 classes" in out


def test_only_dpor_is_divided(start: Callable[..., Machine], layout: Layout) -> None:
    booted = start(lambda given: known(given).replace('"dpor"', '"random"'))
    assert cli.main(["explore", "falls-vdso", "--jobs", "4", "--strategy", "random"], layout) == 0
    assert len(booted.asked) == 1
    booted = start(known)
    cli.main(["explore", "falls-vdso", "--jobs", "3", "--time", "9s"], layout)
    assert booted.asked == ['tkfi_explore.shipped tkfi.scenario="falls-vdso" tkfi.ms=9000 '
                            f"tkfi.part={part}/3" for part in range(3)]
    booted = start(known)
    cli.main(["explore", "falls-vdso", "--jobs", "3", "--preemptions", "2"], layout)
    assert booted.asked == ['tkfi_explore.shipped tkfi.scenario="falls-vdso" tkfi.preemptions=2']


# Going on.

def progress(name: str, classes: int = 1234567, part: str = "") -> str:
    return json.dumps({"type": "progress", "scenario": name, "part": part, "classes": classes,
                       "executions": classes, "violations": 2, "ns": 8_400_000_000}) + "\n"


def begun(given: Mapping[str, str]) -> str:
    """One that is stopped in the second scenario."""
    if "rises-coarse" not in given["tkfi.scenario"]:
        return known(given)
    write(Path(given["tkfi.keep"] + ".1"), "a state")
    return "".join([lines(EXPLORED), progress("rises-coarse", 3), so_far(0, first="old"),
                    so_far(2, clock="forgotten"), progress("rises-coarse"),
                    so_far(0), so_far(1, clock="another", known=True)])


def so_far(number: int, **more: object) -> str:
    """What the kernel says of a violation before the end: it is not explained, and there may be more."""
    record = json.loads(lines(EXPLORED, '"violation","number":0,"scenario":"rises-coarse"').splitlines()[1])
    return json.dumps({**record, "type": "found", "number": number, "findings": 3, "minimal": False,
                       "searched": 0, "explained": False, "tried": 0, "accesses": [], **more}) + "\n"


def test_what_a_boot_found_is_not_lost_by_a_later_one_that_went_back(tmp_path: Path) -> None:
    """It goes on from a state that is older than what it said."""
    header = lines(EXPLORED).splitlines()[0] + "\n"
    found = [so_far(number, clock=clock) for number, clock in enumerate("abc")]
    write(tmp_path / "before", "".join([header, progress("s").replace('"violations": 2', '"violations": 3'),
                                        *found, header, progress("s"), *found[:2]]))
    read = results.read(tmp_path / "before")
    assert sorted(one.clock for one in read.violations) == ["a", "b", "c"]


def stop_in_the_second(start: Callable[..., Machine], layout: Layout) -> None:
    """Somebody stops us."""
    booted = start(begun, stop_after=2)
    assert cli.main(["explore", *ONE_CLOCK], layout) == 130
    assert len(booted.asked) == 2


def test_stopped(start: Callable[..., Machine], layout: Layout, tmp_path: Path,
                 capsys: pytest.CaptureFixture[str]) -> None:
    """What was found is shown, and is not done again."""
    start(begun, stop_after=2)
    assert cli.main(["explore", *ONE_CLOCK, "--json", str(tmp_path / "json"),
                     "--report", str(tmp_path / "report")], layout) == 130
    captured = capsys.readouterr()
    assert rows(captured.out) == {"falls-vdso": ["21", "yes", "1", "0"],
                                  "rises-coarse": ["1,234,567", "no", "1", "1"]}
    assert ("rises-coarse: stopped, with 2 violations so far; the same command with "
            "--resume goes on\n") in captured.out
    assert "NEW, monotonic in rises-coarse (in at least 3 executions): clock_gettime(MONO" in flat(
        captured.out)
    assert "./tkfi replay 'tkfi1 6.12.117 post-series rises-coarse: cpu2'\n" in captured.out
    assert "1 of 3 scenarios explored to the end, 1,234,588 classes" in captured.out
    assert "the same command with --resume goes on from here" in captured.err
    data = json.loads((tmp_path / "json").read_text())
    assert data["stopped"] and not data["held"] and not data["problems"]
    assert [(one["scenario"], one["so_far"], one["clock"]) for one in data["violations"]] == [
        ("falls-vdso", False, "clock_gettime(MONOTONIC)"), ("rises-coarse", True, "another"),
        ("rises-coarse", True, "clock_gettime(MONOTONIC_COARSE)")]
    assert data == json.loads((tmp_path / "report/report.json").read_text())


def test_going_on(start: Callable[..., Machine], layout: Layout,
                  capsys: pytest.CaptureFixture[str]) -> None:
    stop_in_the_second(start, layout)
    booted = start(known)
    capsys.readouterr()
    assert cli.main(["explore", *ONE_CLOCK, "--resume"], layout) == 0
    assert booted.asked == ['tkfi_explore.shipped tkfi.scenario="rises-coarse" tkfi.resume=1',
                            'tkfi_explore.shipped tkfi.scenario="tick-vdso"']
    went_on = capsys.readouterr().out
    booted = start(known)
    assert cli.main(["explore", *ONE_CLOCK], layout) == 0
    assert [line.split()[1:] for line in booted.asked] == [[f'tkfi.scenario="{name}"'] for name in NAMES]
    assert capsys.readouterr().out == went_on


def test_going_on_without_being_asked_to(start: Callable[..., Machine], layout: Layout,
                                         tmp_path: Path) -> None:
    """If a run with the same kernel had begun it and did not come to its end; else from the beginning."""
    chosen = scenarios.choose([], layout, CLOCKS[:1])

    def explore(booted: Machine, *, goes_on: bool = True) -> list[str]:
        request = Request(DEFAULT, {}, 1, False)
        with suppress(explorer.Stopped):
            explorer.explore(kernels.choose("6.12", layout), chosen, request, layout,
                             done=Journal(tmp_path / "journal"), goes_on=goes_on)
        return [line.split()[-1] for line in booted.asked]
    every = [f'tkfi.scenario="{name}"' for name in NAMES]
    assert explore(start(known, stop_after=2)) == every[:2]
    assert explore(start(known, stop_after=1)) == every[2:]
    assert explore(start(known), goes_on=False) == every
    write(layout.objects("6.12/post-series") / "linux", "another build")
    assert explore(start(known, stop_after=1)) == every[:1]
    assert explore(start(known)) == every[1:]


def test_what_is_new_stays_new(start: Callable[..., Machine], layout: Layout,
                               capsys: pytest.CaptureFixture[str]) -> None:
    """And what else the kernel said of an exploration is said again."""
    said = say("new: monotonic") + say("rises-coarse: known, but not found: a reason")
    start(lambda given: kernel(given) + WRONG_RECORD * ("rises-coarse" in given["tkfi.scenario"]), WRONG,
          said, bad="rises-coarse")
    assert cli.main(["explore", *ONE_CLOCK], layout) == 1
    out = capsys.readouterr().out
    booted = start(kernel)
    assert cli.main(["explore", *ONE_CLOCK, "--resume"], layout) == 1
    assert capsys.readouterr().out == out and "rises-coarse: known, but not found: a reason" in out
    assert not booted.asked


@pytest.mark.parametrize("file, text", [
    ("jsonl", lines(EXPLORED)), ("jsonl", None), ("jsonl", lines(EXPLORED, '"falls-vdso"')[:-30])])
def test_what_did_not_come_to_its_end_is_done_again(start: Callable[..., Machine], layout: Layout,
                                                    file: str, text: str | None) -> None:
    start(known)
    cli.main(["explore", "falls-vdso", "tick-vdso"], layout)
    kept = next(layout.explored("6.12/post-series").glob("dpor/falls-vdso-*")) / f"1-0of1.{file}"
    kept.unlink()
    if text is not None:
        write(kept, text)
    booted = start(known)
    assert cli.main(["explore", "falls-vdso", "tick-vdso", "--resume"], layout) == 0
    assert booted.asked == ['tkfi_explore.shipped tkfi.scenario="falls-vdso"']


def test_a_damaged_plan(start: Callable[..., Machine], layout: Layout,
                        capsys: pytest.CaptureFixture[str]) -> None:
    stop_in_the_second(start, layout)
    for kept in layout.explored("6.12/post-series").glob("dpor/*/plan.json"):
        write(kept, '{"build":')
    booted = start(known)
    assert cli.main(["explore", *ONE_CLOCK, "--resume"], layout) == 2
    assert not booted.asked and "is damaged: explore without --resume" in capsys.readouterr().err


def test_other_builds_options_and_texts(start: Callable[..., Machine], layout: Layout,
                                        capsys: pytest.CaptureFixture[str]) -> None:
    stop_in_the_second(start, layout)
    booted = start(known)
    cli.main(["explore", *ONE_CLOCK, "--resume", "--preemptions", "3"], layout)
    assert len(booted.asked) == 3 and not any("resume" in line for line in booted.asked)
    scenarios = layout.repo / "fault/timekeeping/scenarios.txt"
    write(scenarios, scenarios.read_text().replace("cpu2: tick", "cpu2: adjtimex"))
    booted = start(known)
    cli.main(["explore", "rises-coarse", "--resume"], layout)
    assert booted.asked == ['tkfi_explore.shipped tkfi.scenario="rises-coarse"']
    write(layout.objects("6.12/post-series") / "linux", "another build")
    booted = start(known)
    capsys.readouterr()
    assert cli.main(["explore", *ONE_CLOCK, "--resume"], layout) == 2
    assert "falls-vdso is of another build of the kernel: explore without --resume" in (
        capsys.readouterr().err) and not booted.asked
    assert cli.main(["explore", *ONE_CLOCK], layout) == 0


def test_the_division_stays(tmp_path: Path) -> None:
    """Going on with another number of jobs goes on with the same parts."""
    kept = Kept(tmp_path, "build")
    assert kept.begin(SCENARIO, 8) == Plan(8)
    assert kept.resume(SCENARIO, 1) == Plan(8)
    assert kept.again(SCENARIO, Plan(8), "1-3") == kept.resume(SCENARIO, 1) == Plan(8, 2, "1-3")
    assert [entry.name for entry in kept.place(SCENARIO).iterdir()] == ["plan.json"]


@pytest.mark.parametrize("said, says", [
    ("/x/falls-vdso.state", "cannot write /x/falls-vdso.state: No space left on device. Once"),
    ("/x/1-0of1.jsonl", "cannot write /x/1-0of1.jsonl: No space left on device. Once")])
@pytest.mark.parametrize("file", [known, lambda _: None])
def test_what_cannot_be_written(start: Callable[..., Machine], layout: Layout, said: str, says: str,
                                file: Files, capsys: pytest.CaptureFixture[str]) -> None:
    """What was explored is shown all the same."""
    booted = start(file)
    booted.console = lambda: f'[0.1] tkfi: {{"type":"not_written","file":"{said}","error":-28}}\n'
    assert cli.main(["explore", "falls-vdso"], layout) == 2
    captured = capsys.readouterr()
    assert says in captured.out + captured.err and "Traceback" not in captured.err
    assert rows(captured.out).get("falls-vdso", ["21"])[0] == "21"


def test_the_runners_own_disk_full(start: Callable[..., Machine], layout: Layout,
                                   monkeypatch: pytest.MonkeyPatch,
                                   capsys: pytest.CaptureFixture[str]) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(kept_states, "write_safely", full)
    start(known)
    assert cli.main(["explore", *ONE_CLOCK], layout) == 2
    assert "the disk is full" in capsys.readouterr().err


def timed(given: Mapping[str, str]) -> str:
    """One that uses all its time, and can go on after it."""
    write(Path(given["tkfi.keep"] + ".0"), "a state")
    ms = 7000 * ("tkfi.resume" in given) + int(given["tkfi.ms"])
    return re.sub(r'("type":"explored".*"ns":)\d+', rf"\g<1>{ms * 10 ** 6 + 5}",
                  known(given).replace('"complete":true', '"complete":false'))


def test_more_time(start: Callable[..., Machine], layout: Layout) -> None:
    """Time is that of all runs; who has no limit goes on to the end."""
    asked = []
    for words in ("--time 7s", "--time 7s --resume", "--time 20s --resume", "--time 20s --resume",
                  "--resume"):
        booted = start(timed if "--time" in words else known)
        assert cli.main(["explore", "falls-vdso", *words.split()], layout) == 0
        asked.append([line.partition('" ')[2] for line in booted.asked])
    assert asked == [["tkfi.ms=7000"], [], ["tkfi.ms=13000 tkfi.resume=1"], [], ["tkfi.resume=1"]]


def sampled(given: Mapping[str, str]) -> str:
    """A strategy that samples: it can always go on, and takes a second for each 1000 executions."""
    write(Path(given["tkfi.keep"] + ".0"), "a state")
    number = int(given.get("tkfi.executions", 10 ** 9))
    number = min(number, int(given.get("tkfi.ms", 10 ** 9)) + 7000 * ("tkfi.resume" in given))
    return re.sub(r'("type":"explored".*"executions":)\d+(.*"ns":)\d+',
                  rf"\g<1>{number}\g<2>{number * 10 ** 6}",
                  known(given).replace('"dpor"', '"random"').replace('"complete":true', '"complete":false'))


def test_more_executions(start: Callable[..., Machine], layout: Layout,
                         capsys: pytest.CaptureFixture[str]) -> None:
    """How many there are to be is that of all runs, and ends as time does."""
    asked = []
    for words in ("--executions 7000", "--resume --executions 7000", "--resume --executions 6000",
                  "--resume --executions 9000 --time 9s", "--resume", "--resume", "--resume --time 10s",
                  "--resume --time 30s"):
        booted = start(sampled)
        assert cli.main(["explore", "falls-vdso", "--strategy", "random", *words.split()], layout) == 0
        asked.append([line.partition("random ")[2] for line in booted.asked])
    assert asked == [["tkfi.executions=7000"], [], [],
                     ["tkfi.executions=9000 tkfi.ms=2000 tkfi.resume=1"],
                     ["tkfi.executions=10000 tkfi.resume=1"], [], [], ["tkfi.ms=20000 tkfi.resume=1"]]
    assert rows(capsys.readouterr().out)["falls-vdso"][0] == "27,000"


def test_time_is_divided_among_parts(start: Callable[..., Machine], layout: Layout) -> None:
    """However many parts there are, it is that of so many kernels; no part is explored for longer."""
    def so_long(given: Mapping[str, str], seconds: float = 0) -> str:
        if not given["tkfi.part"].startswith("7"):
            write(Path(given["tkfi.keep"] + ".0"), "a state")
        seconds = seconds or int(given["tkfi.ms"]) / 1e3 + 2
        return re.sub('"ns":[0-9]+', f'"ns":{round(seconds * 10 ** 9)}', in_parts(
            known(given), given["tkfi.part"]).replace('"complete":true', '"complete":false'))
    start(lambda given: so_long(given, 2))
    cli.main(["explore", "falls-vdso", "--jobs", "2"], layout)
    asked = []
    for words in ("--jobs 2 --time 15s", "--jobs 2 --time 15s", "--jobs 4 --time 15s", "--time 30s"):
        booted = start(so_long)
        cli.main(["explore", "falls-vdso", "--resume", *words.split()], layout)
        asked.append([line.partition('" ')[2] for line in booted.asked])
    # 2 * 15 s less the 8 * 2 s that were spent, for 7 parts; 4 * 15 s less 30 s; and one of 30 s has them.
    assert asked == [[f"tkfi.ms=2000 tkfi.part={part}/8 tkfi.resume=1" for part in range(7)], [],
                     [f"tkfi.ms=4286 tkfi.part={part}/8 tkfi.resume=1" for part in range(7)], []]


def test_time_is_that_of_all_rounds(start: Callable[..., Machine], layout: Layout) -> None:
    """Parts that have to be explored again do not get it again; there is no other round once it is over."""
    cases: list[tuple[int, str, list[int]]] = [(4, "true", [4750, 4750]), (9, "false", [])]
    for seconds, complete, again in cases:
        def sharing_more(given: Mapping[str, str], seconds: int = seconds, complete: str = complete) -> str:
            number = int(given["tkfi.part"][0])
            text = in_parts(lines(EXPLORED, '"falls-vdso"'), given["tkfi.part"],
                            given.get("tkfi.shared", str(number)))
            return re.sub('"ns":[0-9]+', f'"ns":{(4 * seconds + number) * 10 ** 9 // 4}', text).replace(
                '"complete":true', f'"complete":{complete}')
        booted = start(sharing_more)
        cli.main(["explore", "falls-vdso", "--jobs", "2", "--time", "9s"], layout)
        told = [int(line.partition("tkfi.ms=")[2].split()[0]) for line in booted.asked]
        assert told == [9000, 9000, *again]


def test_what_the_round_before_found(start: Callable[..., Machine], layout: Layout,
                                     capsys: pytest.CaptureFixture[str]) -> None:
    """It stays found until another one, with nothing in it, has come to its end."""
    def second(given: Mapping[str, str], complete: str = "false") -> str:
        if "tkfi.shared" not in given:
            found = lines(EXPLORED, '"scenario":"rises-coarse"').replace('"known":false', '"known":true')
            return in_parts(found, given["tkfi.part"], given["tkfi.part"][0])
        nothing = lines(EXPLORED, '"explored","scenario":"rises-coarse"')
        return in_parts(nothing, given["tkfi.part"], given["tkfi.shared"]).replace(
            '"complete":true', f'"complete":{complete}')
    words = ["explore", "rises-coarse", "--jobs", "2", "--time"]
    for complete, expected in (("false", ["18", "no", "1", "0"]), ("true", ["18", "yes", "0", "0"])):
        start(lambda given, complete=complete: second(given, complete))
        assert cli.main([*words, "9s"], layout) == 0
        out = capsys.readouterr().out
        assert rows(out)["rises-coarse"][1:] == expected[1:]
        assert ("in rises-coarse" in out) == (complete == "false")


def far(given: Mapping[str, str], classes: int = 100) -> str:
    """One that is killed at 8.4 s."""
    write(Path(given["tkfi.keep"] + ".0"), "a state")
    return lines(EXPLORED) + progress(given["tkfi.scenario"].strip('"'), classes)


def times(out: str) -> dict[str, str]:
    return {line.split()[0]: line.split()[-1] for line in out.splitlines()
            if line.startswith("  ") and line.split()[0] in NAMES}


def test_who_waits_in_a_queue_keeps_what_it_has(start: Callable[..., Machine], layout: Layout,
                                                monkeypatch: pytest.MonkeyPatch,
                                                capsys: pytest.CaptureFixture[str]) -> None:
    """What had been explored, and how long that took: however often we are stopped before it goes on."""
    start(far, DIED)
    assert cli.main(["explore", *ONE_CLOCK, "--time", "20s"], layout) == 2
    before = capsys.readouterr().out
    assert times(before) == {name: "8,400.0" for name in NAMES}
    for _ in range(2):
        start(known, stop_after=0)
        assert cli.main(["explore", *ONE_CLOCK, "--time", "20s", "--resume"], layout) == 130
        out = capsys.readouterr().out
        assert times(out) == times(before) and rows(out) == rows(before)
    monkeypatch.setattr("runner.progress.PLAIN_INTERVAL", 0)
    booted = start(lambda given: lines(EXPLORED) if "tick" in given["tkfi.scenario"] else timed(given),
                   stop_after=3)
    cli.main(["explore", *ONE_CLOCK, "--time", "20s", "--resume"], layout)
    assert [line.partition('" ')[2] for line in booted.asked] == ["tkfi.ms=11600 tkfi.resume=1"] * 3
    assert "1 done, 2 left, 221 classes, 0/s, 5 violations, 0 s" in capsys.readouterr().err
    start(known, stop_after=0)
    assert cli.main(["explore", *ONE_CLOCK, "--time", "40s", "--resume"], layout) == 130
    assert times(capsys.readouterr().out) == {"falls-vdso": "18,600.0", "rises-coarse": "18,600.0",
                                              "tick-vdso": "8,400.0"}


def test_what_was_found_is_not_forgotten(start: Callable[..., Machine], layout: Layout,
                                         capsys: pytest.CaptureFixture[str]) -> None:
    """A violation, when the boots that go on do not come to say it again."""
    words = ["explore", "rises-coarse", "--time", "20s"]
    start(lambda given: timed(given).replace('"known":true', '"known":false')
          if given["glob"].endswith("shipped") else kernel(given))
    assert cli.main(words, layout) == 1
    first = capsys.readouterr().out
    assert "NEW, monotonic in rises-coarse" in first and rows(first)["rises-coarse"][1] == "no"
    words = ["explore", "rises-coarse", "--time", "90s", "--resume"]
    for classes in (100, 200):
        start(lambda given, n=classes: far(given, n) + '{"type":"prog'
              if given["glob"].endswith("shipped") else kernel(given), DIED, bad="rises-coarse")
        assert cli.main(words, layout) == 1
        out = capsys.readouterr().out
        assert rows(out)["rises-coarse"] == [str(classes), "no", "0", "1"]
        assert diagram(out).replace("in at least", "in") == diagram(first) and DIED.text in out
        assert "rises-coarse: not explored to the end, with 1 violation so far\n" in out
        assert "stopped," not in out
    start(lambda given: None if given["glob"].endswith("shipped") else kernel(given))
    assert cli.main(words, layout) == 1
    assert rows(capsys.readouterr().out)["rises-coarse"] == ["200", "no", "0", "1"]
    start(known, stop_after=0)
    assert cli.main(words, layout) == 130
    out = capsys.readouterr().out
    assert rows(out)["rises-coarse"] == ["200", "no", "0", "1"] and "NEW, monotonic in rises-coarse" in out
    assert ".jsonl:" not in out
    start(known)
    assert cli.main(words, layout) == 0
    assert rows(capsys.readouterr().out)["rises-coarse"][1:] == ["yes", "1", "0"]


def diagram(out: str) -> str:
    """Of what is new."""
    return re.search(r"NEW, .*?\n\n.*?\n\n", out, re.DOTALL).group()  # type: ignore[union-attr]


def test_what_cannot_be_gone_on_with_does_not_count(start: Callable[..., Machine], layout: Layout,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    """It was killed before it kept a state: it is explored from the beginning."""
    start(lambda given: lines(EXPLORED) + progress(given["tkfi.scenario"].strip('"'), 100), DIED)
    assert cli.main(["explore", *ONE_CLOCK], layout) == 2
    assert times(capsys.readouterr().out) == {name: "8,400.0" for name in NAMES}
    start(known, stop_after=0)
    assert cli.main(["explore", *ONE_CLOCK, "--resume"], layout) == 130
    assert not times(capsys.readouterr().out)


# Real processes: a kunit.py whose kernel counts to 40, a class each 50 ms, and keeps where it is.

KUNIT = '''\
import json, pathlib, subprocess, sys, time
options = dict(word.lstrip("-").partition("=")[::2] for word in sys.argv if word.startswith("--json"))
arguments = [word.partition("=")[2] for word in sys.argv if word.startswith("--kernel_args=")]
build = next(word.partition("=")[2] for word in sys.argv if word.startswith("--build_dir="))
if subprocess.run([sys.executable, str(pathlib.Path(__file__).with_name("kernel.py")), *arguments],
                  start_new_session=True).returncode:
    time.sleep(0.3)
    sys.exit("[CRASHED]")
pathlib.Path(build, "test.log").write_text("reboot: System halted\\\\n")
pathlib.Path(options["json"]).write_text(PASSED)
'''

KERNEL = '''\
import json, os, pathlib, sys, time
given = dict(word.partition("=")[::2] for word in sys.argv[1:])
place = pathlib.Path(os.environ["PLACE"])
def say(**record):
    with open(given["tkfi.result"], "a") as out:
        out.write(json.dumps(record) + "\\\\n")
def explore(name, state):
    done = int(state.read_text()) if given.get("tkfi.resume") else 0
    (place / f"{name}.pid.new").write_text(str(os.getpid()))
    (place / f"{name}.pid.new").rename(place / f"{name}.pid")
    say(type="begin", scenario=name)
    while name == os.environ.get("HANGS"):
        time.sleep(1)
    while done < (40 if name == "rises-coarse" else 2):
        time.sleep(float(os.environ.get("PACE", 0.05)))
        done += 1
        with open(place / f"{name}.done", "a") as log:
            log.write(f"{done}\\\\n")
        state.with_suffix(".new").write_text(str(done))
        state.with_suffix(".new").rename(state)
        say(type="progress", scenario=name, part="", classes=done, executions=done, violations=0, ns=done)
    say(type="explored", scenario=name, strategy="dpor", classes=done, executions=done, redundant=0,
        deadlocks=0, steps=1, longest=1, complete=True, ns=1)
    say(type="end", scenario=name)
    state.write_text("")
say(type="header", format=1, kernel="6.12.117", variant="post-series", compiler="gcc")
if "tkfi.list" in given:
    for line in pathlib.Path(given["tkfi.list"]).read_text().splitlines():
        explore(line.split()[0], pathlib.Path(line.split()[1] + ".0"))
else:
    explore(given["tkfi.scenario"].strip('"'), pathlib.Path(given["tkfi.keep"] + ".0"))
'''

RUNNER = '''\
import os, pathlib, sys
from runner import cli
from runner.explore import rounds
from runner.kernel import builder
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout
builder.build, rounds._PATIENCE = KunitTool, int(os.environ.get("PATIENCE", 60))
sys.exit(cli.main(sys.argv[2:], Layout(pathlib.Path(sys.argv[1]))))
'''


@pytest.fixture(name="run")
def counting_kernel(start: Callable[..., Machine], layout: Layout, tmp_path: Path,
                    monkeypatch: pytest.MonkeyPatch) -> Callable[..., subprocess.Popen[str]]:
    """Start the runner with arguments."""
    monkeypatch.undo()
    tools = layout.tree("6.12/post-series") / "tools/testing/kunit"
    write(tools / "kunit.py", KUNIT.replace("\\\\n", "\\n").replace("PASSED", repr(PASSED)))
    write(tools / "kernel.py", KERNEL.replace("\\\\n", "\\n"))
    write(tmp_path / "run.py", RUNNER)
    environment = {key: value for key, value in os.environ.items() if key != "TKFI_SUMMARY"}

    def run(*words: str, **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen([sys.executable, "-B", tmp_path / "run.py", layout.repo, *words],
                                env={**environment, "PYTHONPATH": str(REPO), "PLACE": str(tmp_path),
                                     **more},
                                text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return run


def counted(tmp_path: Path, name: str = "rises-coarse") -> list[int]:
    file = tmp_path / f"{name}.done"
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("kill_kernel", [False, True])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_killed(run: Callable[..., subprocess.Popen[str]], tmp_path: Path, kill_kernel: bool,
                number: signal.Signals) -> None:
    """A kernel that outlives the runner is ended before another goes on."""
    first = run("explore", *ONE_CLOCK)
    wait_until(lambda: len(counted(tmp_path)) > 10)
    pid = int((tmp_path / "rises-coarse.pid").read_text())
    first.send_signal(number)
    if number is signal.SIGINT:
        out, err = first.communicate(timeout=20)
        assert first.returncode == 130 and "--resume" in err and rows(out)["rises-coarse"][1] == "no"
        assert not alive(pid)
    elif kill_kernel:
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not alive(pid))
    first.communicate(timeout=20) if number is signal.SIGINT else first.wait(20)
    second = run("explore", *ONE_CLOCK, "--resume", "--all")
    out, err = second.communicate(timeout=30)
    assert second.returncode == 0, err
    assert err.startswith("the run before this one was killed: process ") == (number is signal.SIGKILL)
    assert ("10 at most: the same command with --resume" in err) == (number is signal.SIGKILL)
    assert not alive(pid)
    assert rows(out) == {"falls-vdso": ["2", "yes", "0", "0"], "rises-coarse": ["40", "yes", "0", "0"],
                         "tick-vdso": ["2", "yes", "0", "0"]}
    assert counted(tmp_path, "falls-vdso") == [1, 2]
    assert sorted(set(counted(tmp_path))) == list(range(1, 41))
    assert len(counted(tmp_path)) <= 42  # where it was killed between a class and its state


def test_a_kernel_that_ended_by_itself(run: Callable[..., subprocess.Popen[str]], tmp_path: Path,
                                       layout: Layout) -> None:
    """The runner was killed, and its boot came to its end: that counts."""
    first = run("explore", "rises-coarse")
    wait_until(lambda: len(counted(tmp_path)) > 30)
    first.kill()
    first.wait(20)
    kept = layout.explored("6.12/post-series")
    wait_until(lambda: bool(list(kept.glob("dpor/rises-coarse-*/*.kunit.json"))))
    time.sleep(0.1)
    assert "40        yes" in run("explore", "rises-coarse", "--resume").communicate(timeout=20)[0]
    assert counted(tmp_path) == list(range(1, 41))


def test_a_kernel_that_hangs(run: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    """One that reports nothing for 3 s is ended; the other one takes longer than that, and is not."""
    out, _ = run("explore", "falls-vdso", "rises-coarse", HANGS="falls-vdso", PATIENCE="3",
                 PACE="0.1").communicate(timeout=60)
    assert rows(out) == {"rises-coarse": ["40", "yes", "0", "0"]}
    assert "falls-vdso: the kernel hung: timed out after 3 s" in out
    assert not alive(int((tmp_path / "falls-vdso.pid").read_text()))


def test_a_boot_that_hangs_while_another_explores(tmp_path: Path) -> None:
    """Nothing that is reported for so long: that boot is ended. One that reports goes on."""
    busy = "for i in 1 2 3 4 5 6 7 8 9; do echo $i >> report; sleep 0.4; done; exit 7"
    programs = [process.Program(["sleep", "60"], tmp_path / "1.log", limit=2, watched=tmp_path / "none"),
                process.Program(["sh", "-c", busy], tmp_path / "2.log", tmp_path, limit=2,
                                watched=tmp_path / "report")]
    ended = process.run_all(programs, at_once=2)
    assert [end.status for end in ended] == [None, 7]
    assert ended[0].seconds < ended[1].seconds


def test_strays_are_ours_alone() -> None:
    """By the environment that they were started with."""
    others = [subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"],
                               env={**os.environ, name: value})
              for name, value in (("MARK", "1"), ("MARK", "12"), ("MARKS", "1"), ("OTHER", "1"))]
    try:
        time.sleep(0.2)
        process.end_strays("MARK=1")
        assert [other.poll() is None for other in others] == [False, True, True, True]
    finally:
        for other in others:
            other.kill()
            other.wait()


# What is shown.

def test_live(tmp_path: Path) -> None:
    """Files grow, also by halves of lines; not all are there."""
    pieces = [Piece(Scenario(name, "", shipped=True), Plan(2), number, tmp_path)
              for name in NAMES for number in range(2)]
    files = [(piece, tmp_path / f"{piece.scenario.name}{piece.number}") for piece in pieces]
    clock = iter(range(0, 1000, 10))  # seconds
    watch = Watch([(piece, [tmp_path / "none", file]) for piece, file in files], "classes",
                  now=lambda: next(clock))
    assert watch.line() == "0 done, 3 left, 0 classes, 0/s, 0 violations"
    write(files[0][1], lines(EXPLORED) + progress("falls-vdso", 12000, "0/2")[:-9])
    assert watch.line() == "0 done, 3 left, 0 classes, 0/s, 0 violations"
    write(files[0][1], lines(EXPLORED) + progress("falls-vdso", 12000, "0/2"))
    write(files[1][1], in_parts(lines(EXPLORED, '"falls-vdso"'), "1/3") + "garbage\n[]\n")
    write(files[2][1], progress("rises-coarse", 0))
    assert watch.line() == "0 done, 3 left, 12,007 classes, 400/s, 4 violations"
    write(files[3][1], in_parts(lines(EXPLORED, '"rises-coarse"'), "1/3"))
    with files[2][1].open("a") as out:
        out.write(progress("rises-coarse", 1).replace('"violations": 2', '"violations": 1'))
    for rate in (300, 240):
        assert watch.line() == f"0 done, 3 left, 12,014 classes, {rate}/s, 3 violations"
    for _, file in files:
        write(file, file.read_text() if file.exists() else "")
        with file.open("a") as out:
            out.write(lines(EXPLORED, '"explored","scenario":"tick-vdso"'))
    assert watch.line().startswith("3 done, 0 left, ")


def test_live_of_what_goes_on(tmp_path: Path) -> None:
    """What had come to its time, and is given more, is not done."""
    before, file = tmp_path / "before", tmp_path / "file"
    write(before, lines(EXPLORED, '"falls-vdso"'))
    clock = iter(range(0, 1000, 10))  # seconds
    watch = Watch([(Piece(SCENARIO, Plan(), 0, tmp_path), [before, file])], "classes", seconds=25,
                  now=lambda: next(clock))
    assert watch.line() == "15 s left, 21 classes, 0/s, 1 violation"
    write(file, lines(EXPLORED) + progress("falls-vdso", 50))
    assert watch.line() == "5 s left, 50 classes, 1/s, 2 violations"
    write(file, file.read_text() + lines(EXPLORED, '"falls-vdso"'))
    assert watch.line() == "0 s left, 21 classes, 0/s, 1 violation"


def test_live_of_samples(tmp_path: Path) -> None:
    """One scenario says how many of how many."""
    file = tmp_path / "file"
    write(file, lines(EXPLORED) + progress("falls-vdso", 50))
    watch = Watch([(Piece(SCENARIO, Plan(), 0, tmp_path), [tmp_path / "none", file])], "executions", 10000)
    assert re.fullmatch(r"\d+ of 10,000 executions, \d+/s, 2 violations", watch.line())


def test_live_of_who_knows_no_classes(start: Callable[..., Machine], layout: Layout, tmp_path: Path,
                                      monkeypatch: pytest.MonkeyPatch,
                                      capsys: pytest.CaptureFixture[str]) -> None:
    """Until it ends it reports all executions as classes."""
    monkeypatch.setattr("runner.progress.PLAIN_INTERVAL", 0)
    start(lambda _: lines(EXPLORED) + progress("falls-vdso"), stop_after=1)
    assert cli.main(["explore", "falls-vdso", "tick-vdso", "--strategy", "dfs", "--json",
                     str(tmp_path / "json")], layout) == 130
    captured = capsys.readouterr()
    assert "0 done, 2 left, 1,234,567 executions, 1,234,567/s, 2 violations, 0 s" in captured.err
    assert rows(captured.out) == {"falls-vdso": ["1,234,567", "no", "0", "0"]}
    (made,) = json.loads((tmp_path / "json").read_text())["scenarios"]
    assert (made["classes"], made["executions"]) == (0, 1234567)


RARE = "; samples miss rare ones: rather too few than too many"


@pytest.mark.parametrize("fields, expected", [
    ({}, []),
    ({"complete": False, "classes": 1234, "estimate": 12345.6, "estimate_error": 432.1},
     [f"s: ~12,300 ± 432 classes in all, of which 1,234 were explored{RARE}"]),
    ({"complete": False, "estimate": 10.5}, [f"s: ~10 classes in all, of which 10 were explored{RARE}"]),
    ({"complete": False, "estimate": float(2 ** 64 - 1), "estimate_error": float(2 ** 64 - 1)},
     ["s: more classes than can be counted, of which 10 were explored"]),
    ({"complete": False, "estimate": 9.4, "estimate_error": 2.0},
     ["s: more than 10 classes in all; the estimate, ~9 ± 2, is too low"]),
    ({"complete": True, "estimate": 10.0}, []),
    ({"preemptions": 2}, ["s: all classes that have an execution with at most 2 preemptions"]),
    ({"preemptions": 1, "complete": False},
     ["s: not all classes that have an execution with at most 1 preemption; how many there are is not "
      "estimated: samples say nothing of a class's fewest preemptions"]),
    ({"preemptions": 0, "strategy": "dfs"}, ["s: all executions with at most 0 preemptions"]),
    ({"preemptions": 2, "complete": False, "strategy": "dfs"},
     ["s: not all executions with at most 2 preemptions; how many there are is not estimated: only classes "
      "are"]),
    ({"bound": 0.001, "executions": 1000, "strategy": "pct", "depth": 3},
     ["s: pct of depth 3: a bug of that depth is met with a probability of at least 0.001 per execution, "
      "0.63 in 1,000"]),
    ({"bound": 2e-18, "executions": 1000, "strategy": "pct", "depth": 8},
     ["s: pct of depth 8: a bug of that depth is met with a probability of at least 2e-18 per execution, "
      "2e-15 in 1,000"]),
    ({"bound": 0.0, "executions": 1000, "strategy": "pct", "depth": 8},
     ["s: pct of depth 8: a bug of that depth is met with a probability that may be less than 1e-18 per "
      "execution"]),
])
def test_coverage(fields: dict[str, object], expected: list[str]) -> None:
    assert coverage.sentences(explored(**fields)) == expected


@pytest.mark.parametrize("fields, expected", [
    ({"complete": True, "estimate": 123.0}, "yes"),
    ({"complete": False}, "no"),
    ({"complete": False, "estimate": 12345.6}, "no, of ~12,300"),
    ({"complete": False, "estimate": 9.0}, "no, of ~10"),
    ({"complete": False, "estimate": float(2 ** 64 - 1)}, "no"),
])
def test_the_table_has_the_estimate(fields: dict[str, object], expected: str) -> None:
    assert coverage.cell(explored(**fields)) == expected


def test_coverage_is_printed(start: Callable[..., Machine], layout: Layout,
                             capsys: pytest.CaptureFixture[str]) -> None:
    start(lambda given: known(given).replace(
        '"complete":true', '"complete":false,"estimate":99.5,"estimate_error":null'))
    assert cli.main(["explore", "falls-vdso", "--time", "1s"], layout) == 0
    assert "falls-vdso: ~100 classes in all, of which 21 were explored" in capsys.readouterr().out

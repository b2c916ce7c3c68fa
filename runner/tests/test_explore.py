# SPDX-License-Identifier: GPL-2.0
"""`explore` and `replay`, from what a kernel reports to the exit status; only booting is pretended."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from runner import cli
from runner.boot import kunit_boot, shared_boots
from runner.boot.causes import Cause, Kind
from runner.boot.kunit_boot import Ask, Boot, Counts
from runner.boot.kunit_output import messages
from runner.boot.results import read
from runner.errors import Interrupted, TkfiError
from runner.explore import explorer, mistakes, scenarios, strategies
from runner.explore.kept_states import Plan
from runner.explore.scenario_parts import Piece
from runner.explore.scenarios import Scenario
from runner.kernel import builder, kernels
from runner.kernel.kernels import Kernel
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout
from runner.report.violations import verdict
from runner.tests.conftest import ONE_CLOCK, write
from runner.tests.test_results import DATA
from runner.units import parse_seconds

EXPLORED = (DATA / "explored.jsonl").read_text()
REPLAYED = (DATA / "replayed.jsonl").read_text()
TURNS = "cpu0 before store vdso.seq, host, cpu1 before load vdso.seq#3"
RACE = f"tkfi1 6.12.117 post-series falls-vdso: {TURNS}"
COARSE = "tkfi1 6.12.117 post-series rises-coarse: cpu2"
NAMES = ("falls-vdso", "rises-coarse", "tick-vdso")
GIVEN = "cpu0: tick; cpu1: read vdso MONOTONIC; host: 12ms"
FAILED = """\
[15:02:34] ================= tkfi_explore (1 subtest) =================
[15:02:34]     # {case}: ASSERTION FAILED at kernel/time/tkfi-kunit/explore_test.c:197
[15:02:34]     Expected ret == 0, but
[15:02:34]         ret == -22 (0xffffffffffffffea)
[15:02:34]{blank}
[15:02:34] {said}
[15:02:34] [FAILED] {case}
[15:02:34]     # module: explore_test
[15:02:34] clocksource: Switched to clocksource timer
"""
PASSED = ('{"test_cases":[],"sub_groups":[{"name":"tkfi_explore","sub_groups":[],'
          '"test_cases":[{"name":"shipped","status":"PASS"}]}]}')
Files = Callable[[Mapping[str, str]], str | None]


@dataclass
class Machine:
    """Boots that write what they are told: file(parameters) is a result file, or None for no file. Those of
    the scenario bad (or all) end so; after so many boots somebody stops us."""

    file: Files
    cause: Cause | None = None
    output: str = ""
    bad: str = ""
    stop_after: int = 1000
    console: Callable[[], str] = lambda: ""
    asked: list[str] = field(default_factory=list)
    at_once: int = 0

    def boot_all(self, tool: KunitTool, asks: Sequence[Ask], *, at_once: int = 1,
                 tick: Callable[[], None] = lambda: None, **_: object) -> list[Boot]:
        """In place of kunit_boot's."""
        self.at_once = max(at_once, self.at_once)
        made = []
        for ask in asks:
            made.append(self._boot(tool, ask))
            tick()
        return made

    def _boot(self, tool: KunitTool, ask: Ask) -> Boot:
        if len(self.asked) >= self.stop_after:
            raise Interrupted(signal.SIGINT)
        given = dict(argument.partition("=")[::2] for argument in ask.arguments)
        path, state = Path(given.pop("tkfi.result")), given.pop("tkfi.keep", "")
        self.asked.append(" ".join([ask.glob, *(f"{key}={value}" for key, value in given.items())]))
        text = self.file({"glob": ask.glob, "tkfi.keep": state, **given})
        if text is not None:
            write(path, text)
        whole = self.cause is None or self.bad not in given["tkfi.scenario"] or bool(
            self.bad and "replayed" in ask.glob)
        write(ask.file(tool, "console.log"), f"KTAP version 1\n{self.console()}reboot: System halted\n")
        write(ask.file(tool, "kunit.log"), "" if whole else self.output)
        if whole:
            write(ask.file(tool, "kunit.json"), PASSED)
        return Boot(Counts(passed=1), 0.1, None if whole else self.cause,
                    ask.file(tool, "console.log") if self.console() else Path("console"),
                    "" if whole else self.output)


@pytest.fixture(name="start")
def machine(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Machine]:
    """Make a machine that all verbs boot on."""
    write(layout.repo / "fault/timekeeping/scenarios.txt", "".join(
        f"{name} = cpu0: tick; cpu1: tick; {last}\n" for name, last in (
            ("falls-vdso", "host: 10ms"), ("rises-coarse", "cpu2: tick"), ("tick-vdso", "host: 10ms"))))
    monkeypatch.setattr(builder, "build", KunitTool)
    monkeypatch.setattr(mistakes, "check", lambda *_: None)  # all is left to the kernel
    for variant in ("post-series", "fixed"):
        write(layout.objects(f"6.12/{variant}") / "linux", "one build")

    def start(file: Files, cause: Cause | None = None, output: str = "", bad: str = "",
              stop_after: int = 1000) -> Machine:
        made = Machine(file, cause, output, bad, stop_after)
        monkeypatch.setattr(shared_boots, "boot_all", lambda tool, asks, **more: made.boot_all(
            tool, asks, **more))
        return made
    return start


def flat(text: str) -> str:
    """Text without its breaks of lines."""
    return " ".join(text.split())


def lines(text: str, *words: str) -> str:
    """The lines that have a word, and the header."""
    return "".join(line for line in text.splitlines(keepends=True)
                   if any(word in line for word in ('"header"', *words)))


def kernel(given: Mapping[str, str]) -> str:
    """A whole one: the violation of rises-coarse is new, all others are known. A part finds a third of what
    there is, the last one with a plainer schedule."""
    wanted = given.get("tkfi.scenario", "").strip('"')
    if given["glob"] == "tkfi_explore.shipped":
        part = given.get("tkfi.part", "")
        found = lines(EXPLORED, f'"scenario":"{wanted}"', f'"case":"{wanted}#')
        return in_parts(found, part) if part else found
    if given["glob"] == "tkfi_explore.given":
        return lines(EXPLORED, '"tick-vdso"').replace("tick-vdso", "given")
    if wanted == "rises-coarse":
        shown = lines(EXPLORED, '"violation","number":0,"scenario":"rises-coarse"', "rises-coarse#0")
        return shown.replace("rises-coarse#0", "replayed")
    return REPLAYED


def in_parts(whole: str, part: str, shared: str = "1-3") -> str:
    """What the kernel reports of one part of three."""
    def of_part(line: str) -> str:
        record = json.loads(line)
        if record["type"] == "explored":
            record |= {"part": part, "shared": shared}
            record |= {key: record[key] // 3 + record[key] % 3 * (part[0] == "0")
                       for key in ("classes", "executions", "steps", "replayed", "ns")}
        if record["type"] == "violation":
            record["findings"] = record["findings"] // 3 + record["findings"] % 3 * (part[0] == "0")
            record |= {"minimal": False, "searched": 0}
            if part[0] != "2":
                record |= {"turns": 9, "first_ns": record["first_ns"] + 1,
                           "schedule": record["schedule"] + ", cpu0, cpu1"}
        return json.dumps(record, separators=(",", ":")) + "\n"
    return "".join(map(of_part, whole.splitlines()))


def known(given: Mapping[str, str]) -> str:
    """One where nothing is new."""
    return kernel(given).replace('"known":false', '"known":true')


def test_text_is_golden(start: Callable[..., Machine], layout: Layout,
                        capsys: pytest.CaptureFixture[str]) -> None:
    booted = start(kernel)
    assert cli.main(["explore", *ONE_CLOCK], layout) == 1
    assert capsys.readouterr().out == (DATA / "explored.txt").read_text()
    assert booted.asked == [f'tkfi_explore.shipped tkfi.scenario="{name}"' for name in NAMES]
    assert cli.main(["explore", *ONE_CLOCK, "--all"], layout) == 1
    assert capsys.readouterr().out == (DATA / "explored-all.txt").read_text()


def test_show(start: Callable[..., Machine], layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    """An execution of what has nothing new, with values and cycles; not of what has."""
    booted = start(kernel)
    assert cli.main(["explore", "falls-vdso", "rises-coarse", "--show"], layout) == 1
    text = capsys.readouterr().out
    assert text.count("One execution of ") == 1
    shown = text.partition("One execution of falls-vdso, without a preemption:\n\n")[2]
    assert "  ./tkfi replay 'tkfi1 6.12.117 post-series falls-vdso: host'\n" in shown
    assert "                              = 100.026013000 at cycle 4320967296\n" in shown
    assert "\n  returned 5 at cycle 4310967296\n" in shown and "(known: " in shown
    assert [asked for asked in booted.asked if "replayed" in asked] == [
        'tkfi_explore.replayed tkfi.scenario="falls-vdso" tkfi.schedule="host"']
    assert cli.main(["explore", "falls-vdso", "--show", "--json", "-"], layout) == 0
    (one,) = json.loads(capsys.readouterr().out)["shown"]
    assert one["scenario"] == "falls-vdso" and [event["cycle"] for event in one["events"] if event["cycle"]]


def test_show_is_for_few(start: Callable[..., Machine], layout: Layout,
                         capsys: pytest.CaptureFixture[str]) -> None:
    start(kernel)
    assert cli.main(["explore", "--show"], layout) == 2
    assert "these are 12; name at most 8" in capsys.readouterr().err


def test_what_cannot_be_shown_is_a_problem(start: Callable[..., Machine], layout: Layout,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    start(lambda given: kernel(given) if "shipped" in given["glob"] else lines(REPLAYED))
    assert cli.main(["explore", "tick-vdso", "--show"], layout) == 2
    assert "the result file is damaged:\n  no execution\n" in capsys.readouterr().out


def test_nothing_new(start: Callable[..., Machine], layout: Layout,
                     capsys: pytest.CaptureFixture[str]) -> None:
    start(known)
    assert cli.main(["explore", *ONE_CLOCK], layout) == 0
    out = capsys.readouterr().out
    assert "3 of 3 scenarios explored to the end, 54 classes: 2 known violations, 0 new." in out
    assert "NEW" not in out


def test_json(start: Callable[..., Machine], layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    start(kernel)
    assert cli.main(["explore", *ONE_CLOCK, "--json", "-"], layout) == 1
    data = json.loads(capsys.readouterr().out)
    assert (data["format"], data["kernel"], data["variant"], data["compiler"]) == (
        1, "6.12.117", "post-series", "gcc 12.2.0")
    assert {key: data["scenarios"][0][key] for key in (
        "name", "strategy", "classes", "executions", "complete")} == {
            "name": "falls-vdso", "strategy": "dpor", "classes": 21, "executions": 21, "complete": True}
    assert {key: data["violations"][1][key] for key in (
        "oracle", "clock", "first_ns", "second_ns", "scenario", "schedule", "known")} == {
            "oracle": "monotonic", "clock": "clock_gettime(MONOTONIC_COARSE)", "first_ns": 100009994998,
            "second_ns": 100009988998, "scenario": "rises-coarse", "schedule": COARSE, "known": False}
    assert {key: data["violations"][0][key] for key in (
        "preemptions", "delays", "turns", "minimal", "searched", "explained")} == {
            "preemptions": 1, "delays": 1, "turns": 5, "minimal": True, "searched": 21, "explained": True}
    accesses = data["violations"][0]["accesses"]
    assert [(one["vcpu"], one["kind"], one["name"], one["value"]) for one in accesses] == [
        (1, "load", "vdso.mult", 8392803), (0, "store", "vdso.mult", 8384414)]


def test_the_division_does_not_show(start: Callable[..., Machine], layout: Layout,
                                    capsys: pytest.CaptureFixture[str]) -> None:
    outputs = []
    for words, at_once in (("", 1), ("--jobs 2", 2), ("tick-vdso *-*", 1)):
        booted = start(kernel)
        assert cli.main(["explore", *ONE_CLOCK, *words.split()], layout) == 1
        outputs.append(capsys.readouterr().out)
        assert booted.at_once == at_once
        shares = [f" tkfi.part={number}/3" for number in range(3)] if at_once == 2 else [""]
        assert booted.asked == [f'tkfi_explore.shipped tkfi.scenario="{name}"{share}'
                                for name in NAMES for share in shares]
    assert outputs[0] == outputs[1] == outputs[2]


def test_scenarios_that_are_not_shipped(start: Callable[..., Machine], layout: Layout, tmp_path: Path,
                                        capsys: pytest.CaptureFixture[str]) -> None:
    """They keep their names, and their schedules hold their texts."""
    write(tmp_path / "mine", f"a = {GIVEN}\nb = {GIVEN}, 3ms\n")
    booted = start(lambda given: lines(EXPLORED, "rises-coarse").replace("rises-coarse", "given")
                   if given["glob"].endswith("given") else
                   kernel({**given, "tkfi.scenario": "rises-coarse"}))
    assert cli.main(["explore", str(tmp_path / "mine"), "--json", str(tmp_path / "json")], layout) == 1
    assert booted.asked == [f'tkfi_explore.given tkfi.scenario="{GIVEN}"',
                            f'tkfi_explore.given tkfi.scenario="{GIVEN}, 3ms"']
    data = json.loads((tmp_path / "json").read_text())
    assert [one["name"] for one in data["scenarios"]] == ["a", "b"]
    assert [(one["scenario"], one["schedule"]) for one in data["violations"]] == [
        ("a", f'tkfi1 6.12.117 post-series "{GIVEN}": cpu2'),
        ("b", f'tkfi1 6.12.117 post-series "{GIVEN}, 3ms": cpu2')]
    assert f"  ./tkfi replay '{data['violations'][0]['schedule']}'\n" in capsys.readouterr().out


PANIC = Cause(Kind.PANIC, "the kernel panicked: why")
HUNG = Cause(Kind.TIMEOUT, "the kernel hung: timed out after 900 s")
DIED = Cause(Kind.KILLED, "the kernel's process died")
WRONG = Cause(Kind.FAILED, "tests failed")


def say(said: str, case: str = "rises-coarse") -> str:
    return FAILED.format(case=case, said=said, blank=" ")


WRONG_RECORD = ('{"type":"problem","scenario":"rises-coarse",'
                '"text":"rises-coarse: known, but not found: a reason"}\n')


def malformed(what: str, why: str, at: int) -> str:
    """What a kernel reports that does not understand."""
    return lines(EXPLORED, "nothing else") + json.dumps(
        {"type": "malformed", "what": what, "why": why, "at": at}) + "\n"


def spoiled(name: str, spoil: Callable[[str], str]) -> Files:
    """All is known, and something happens to what is reported of one scenario."""
    return lambda given: spoil(known(given)) if name in given["tkfi.scenario"] else known(given)


@pytest.mark.parametrize("spoil, cause, output, status, says", [
    (lambda _: "", PANIC, "", 1, "rises-coarse: the kernel panicked: why"),
    (lambda _: "", HUNG, "", 1, "rises-coarse: the kernel hung"),
    (lambda _: "", DIED, "", 2, "rises-coarse: the kernel's process died"),
    (lambda _: "", None, "", 2, "rises-coarse was not explored; full log: console"),
    (lambda text: text[:-9], None, "", 2, "truncated: the kernel stopped in mid-line"),
    (lambda text: text + "garbage\n", None, "", 2, ".jsonl:7: not understood"),
    (lambda text: text.replace('"classes":18', '"classes":"18"'), None, "", 2,
     "not understood (classes is '18')"),
    (lambda text: text.replace("tkfi1", "tkfi7"), None, "", 2, "version tkfi1, not tkfi7"),
    (lambda text: text.replace('"rises-coarse"', '"tock"'), None, "", 2,
     "reports a scenario 'tock' that it was not asked for"),
    (lambda text: text + lines(EXPLORED, '"explored","scenario":"rises-coarse"'), None, "", 2,
     "is reported 2 times"),
    (lambda text: text.replace('"dpor"', '"luck"'), None, "", 2, "explored by luck, not by dpor"),
    (lambda text: in_parts(text, "1/3"), None, "", 2, "rises-coarse: the kernel explored '1/3' of it"),
    (lambda text: text + WRONG_RECORD, WRONG, say("rises-coarse: known, but not found: a reason"), 1,
     "rises-coarse: known, but not found: a reason"),
    (lambda text: text, WRONG, "", 1, "rises-coarse: tests failed"),
    (lambda _: "", WRONG, say("no room"), 2, "rises-coarse: no room"),
    (lambda _: '{"type":"refused","scenario":"rises-coarse","why":"no such order"}\n', WRONG, say("no"), 2,
     "rises-coarse cannot go on from what is kept: no such order; explore without --resume"),
])
def test_bad_ends(start: Callable[..., Machine], layout: Layout, capsys: pytest.CaptureFixture[str],
                  spoil: Callable[[str], str], cause: Cause | None, output: str, status: int,
                  says: str) -> None:
    """What was explored is shown all the same."""
    start(spoiled("rises-coarse", spoil), cause, output, bad="rises-coarse")
    assert cli.main(["explore", *ONE_CLOCK, "--all"], layout) == status
    out = capsys.readouterr().out
    assert says in out and "falls-vdso" in out.partition("\n\n")[2]
    assert ["tick-vdso", "15", "yes"] in [line.split()[:3] for line in out.splitlines()]
    assert out.count("rises-coarse") < 8


def test_what_is_new_is_said_once(start: Callable[..., Machine], layout: Layout,
                                  capsys: pytest.CaptureFixture[str]) -> None:
    """The kernel's case fails for it, too."""
    start(lambda given: kernel(given).replace('"turns":3', '"turns":4294967295'), WRONG,
          say("new: monotonic of clock_gettime(MONOTONIC_COARSE)"), bad="rises-coarse")
    assert cli.main(["explore", *ONE_CLOCK], layout) == 1
    out = capsys.readouterr().out
    assert out.count("NEW") == 1 and "new: " not in out


def test_what_is_new_beside_what_is_known(start: Callable[..., Machine], layout: Layout,
                                          capsys: pytest.CaptureFixture[str]) -> None:
    """The cause that it looks like, what that predicts, and who waits for whom."""
    start(lambda given: kernel(given).replace(
        '"known":false', '"known":false,"like":"cover-letter: a delay","predicted_ns":-3000,'
        '"waits":"cpu1 waits for tk_core.seq"'))
    assert cli.main(["explore", "rises-coarse", "--json", "-"], layout) == 1
    new = json.loads(capsys.readouterr().out)["violations"][0]
    assert (new["like"], new["predicted_ns"], new["cause"]) == ("cover-letter: a delay", -3000, "")
    assert cli.main(["explore", "rises-coarse"], layout) == 1
    said = "NEW; readers and lines are those of cover-letter: a delay, which predicts 3,000 ns back"
    assert f" ns back {said} VCPU0 " in flat(capsys.readouterr().out)
    assert cli.main(["replay", COARSE], layout) == 1
    assert f" ns back ({said}) " in flat(capsys.readouterr().out)
    stuck = replace(read(DATA / "explored.jsonl").violations[0], oracle="progress", clock="all VCPUs",
                    first_ns=0, second_ns=0, known=False, waits="cpu1 waits for x")
    assert verdict(stuck) == "progress: all VCPUs: cpu1 waits for x (NEW)"
    wrong = replace(stuck, clock="time()", first_ns=5 * 10**9, second_ns=4 * 10**9, unit_ns=10**9)
    assert verdict(replace(wrong, oracle="line")) == "line: time(): expected 5, read 4 (NEW)"
    assert verdict(replace(wrong, oracle="agree")) == "agree: time(): 5 by the vDSO, 4 by the kernel (NEW)"
    assert verdict(replace(wrong, oracle="monotonic", first="time()")) == (
        "monotonic: time() = 4 after time() = 5, 1 s back (NEW)")


CAUSE = ('{"type":"cause","scenario":"falls-vdso","subject":"timekeeping","scenarios":3,'
         '"cause":"%s","reason":"a reason"}\n')
CAUSED = '"known":true,"cause":"cover-letter","cause_class":"fixed","fixed_in":"6.15","fixed_by":"b7",'


@pytest.mark.parametrize("causes, arguments, missing", [
    (["cover-letter"], [], []), (["cover-letter", "asleep"], [], ["asleep"]),
    (["asleep"], ["falls-vdso"], []), (["asleep"], ["*", "falls-*"], ["asleep"]),
    (["asleep"], ["--preemptions", "2"], [])])
def test_causes_that_none_of_all_scenarios_shows(
        start: Callable[..., Machine], layout: Layout, capsys: pytest.CaptureFixture[str],
        causes: list[str], arguments: list[str], missing: list[str]) -> None:
    """Only who has explored all of a subject's scenarios to the end can say so."""
    bounded = '"complete":true,"preemptions":2' if "--preemptions" in arguments else '"complete":true'
    start(lambda given: known(given).replace('"known":true,', CAUSED).replace('"complete":true', bounded)
          + "".join(CAUSE % cause for cause in causes if "falls-vdso" in given.get("tkfi.scenario", "")))
    assert cli.main(["explore", *ONE_CLOCK, *arguments, "--json", "-"], layout) == bool(missing)
    made = json.loads(capsys.readouterr().out)
    assert made["not_found"] == missing and made["violations"][0]["cause"] == "cover-letter"
    assert made["violations"][0]["class"] == "fixed" and made["violations"][0]["predicted_ns"] is None
    assert [f"known, but not found: {cause}: a reason" for cause in missing] == made["problems"]
    assert cli.main(["explore", *ONE_CLOCK, *arguments], layout) == bool(missing)
    out = capsys.readouterr().out
    assert re.search(r"\d known violations? \(\d fixed in 6\.15\), 0 new\.", out)
    assert " (fixed in 6.15 by b7) " in flat(out)


@pytest.mark.parametrize("file", [lambda _: None, lambda _: ""])
def test_a_kernel_that_reports_nothing(start: Callable[..., Machine], layout: Layout,
                                       capsys: pytest.CaptureFixture[str], file: Files) -> None:
    start(file, WRONG, say("unknown operation 'frob'; there are: tick", case="given"))
    assert cli.main(["explore", "cpu0: frob"], layout) == 2
    captured = capsys.readouterr()
    assert captured.err.endswith("tkfi: given: unknown operation 'frob'; there are: tick\n")
    assert not captured.out
    start(file)
    assert cli.main(["explore", *ONE_CLOCK], layout) == 2
    assert "falls-vdso was not explored; full log: console" in capsys.readouterr().err


def test_what_the_kernel_cannot_read(start: Callable[..., Machine], layout: Layout, tmp_path: Path,
                                     capsys: pytest.CaptureFixture[str]) -> None:
    """A sentence and a caret, once, and nothing else; or, beside others, what was explored of these."""
    start(lambda given: malformed("scenario", "unknown operation 'frob'", 6)
          if "frob" in given["tkfi.scenario"] else kernel({**given, "glob": "tkfi_explore.given"}), WRONG,
          say("unknown operation 'frob'", case="given"), bad="frob")
    for jobs in ("1", "2"):
        assert cli.main(["explore", "cpu0:  frob", "--jobs", jobs], layout) == 2
        captured = capsys.readouterr()
        assert captured.err.endswith(" s)\ntkfi: given: unknown operation 'frob'\n"
                                     "  cpu0: frob\n        ^\n")
        assert not captured.out
    write(tmp_path / "mine", f"a = cpu0: frob\nb = {GIVEN}\n")
    assert cli.main(["explore", str(tmp_path / "mine")], layout) == 2
    out = capsys.readouterr().out
    assert "\n\na: unknown operation 'frob'\n  cpu0: frob\n        ^\n\n1 of 2 scenarios" in out
    assert re.search("  b +15 +yes ", out)


@pytest.mark.parametrize("replays", [
    lambda given: kernel({**given, "tkfi.scenario": "falls-vdso"}),
    lambda given: kernel(given).replace('"text":"ktime_get_coarse()"', '"text":"x"'),
])
def test_what_a_fresh_boot_does_not_confirm(start: Callable[..., Machine], layout: Layout, replays: Files,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    """The finding stays; the disagreement is said beside it."""
    booted = start(lambda given: replays(given) if given["glob"].endswith("replayed") else kernel(given))
    assert cli.main(["explore", *ONE_CLOCK, "--replay"], layout) == 1
    out = capsys.readouterr().out
    assert f"[tkfi internal bug] on a fresh boot this schedule comes to something else: {COARSE}" in out
    assert booted.asked[-1] == ('tkfi_explore.replayed tkfi.scenario="rises-coarse" tkfi.schedule="cpu2"')
    start(kernel)
    assert cli.main(["explore", *ONE_CLOCK, "--replay"], layout) == 1
    assert "internal bug" not in capsys.readouterr().out


def test_a_schedule_that_does_not_fit_into_one(start: Callable[..., Machine], layout: Layout,
                                               capsys: pytest.CaptureFixture[str]) -> None:
    booted = start(lambda given: kernel(given).replace('"turns":3', '"turns":4294967295'))
    assert cli.main(["explore", *ONE_CLOCK], layout) == 1
    assert "  its schedule has too many turns to be printed\n" in capsys.readouterr().out
    assert len(booted.asked) == 3


@pytest.mark.parametrize("arguments, reason", [
    (["explore", "--strategy", "luck"],
     "unknown strategy 'luck'; './tkfi list strategies' lists all; one that"),
    (["explore", "--strategy", "dpro"], "unknown strategy 'dpro'; did you mean dpor, pos? "),
    (["explore", "--seed", "0"], "strategy dpor takes no --seed; it takes --preemptions, --time"),
    (["explore", "--strategy", "pct", "--preemptions", "2"], "strategy pct takes no --preemptions"),
    (["explore", "--time", "1500ms"], "whole seconds are expected"),
    (["explore", "--time", "8785h"], "at most 8784h are possible"),
    (["explore", "--time", ""], "a number is expected"),
    (["explore", "--executions", "9"], "strategy dpor takes no --executions; it takes --pre"),
    (["explore", "--strategy", "dfs", "--executions", "9"], "strategy dfs takes no --executions"),
    (["explore", "--strategy", "random", "--depth", "2"], "random takes no --depth; it takes --execut"),
    (["explore", "--json", "/dev/null/x"], "to '/dev/null/x': Not a directory; name with --json a file"),
    (["explore", "--json", "/"], "no result can be written to '/': Is a directory; name with --json"),
    (["explore", "--report", "/dev/null/x"], "no report can be written to '/dev/null/x': Not a directory"),
    (["explore", "nothing"], "no scenario matches 'nothing'"),
    (["explore", "--variant", "luck"],
     "unknown variant 'luck' of kernel 6.12; './tkfi list variants --kernel 6.12' lists all\n"),
    (["replay", "tkfi1 5.10.9 post-series falls-vdso: cpu0"], "there is no kernel 5.10"),
    (["replay", "tkfi1 6.13.9 post-series falls-vdso: cpu0"],
     "--kernel; did you mean 6.12? './tkfi list kernels' lists all\n"),
    (["replay", "tkfi1 5.10.9 post-series falls-vdso: cpu0"], "\n        ^^^^^^\n"),
    (["replay", "tkfi1 6.12.9 lost-series falls-vdso: cpu0"],
     "unknown variant 'lost-series' of kernel 6.12; did you mean post-series? './tkfi list variants --k"),
    (["replay", "tkfi1 6.12.9 luck falls-vdso: cpu0"], "\n               ^^^^\n"),
    (["replay", "tkfi1 6.12.9 post-series falls: cpu0"], "\n                           ^^^^^\n"),
    (["replay", "tkfi2 6.12.9 post-series falls-vdso: cpu0"], "version tkfi1, not tkfi2"),
])
def test_bad_input(start: Callable[..., Machine], layout: Layout, capsys: pytest.CaptureFixture[str],
                   arguments: list[str], reason: str) -> None:
    booted = start(kernel)
    assert cli.main(arguments, layout) == 2
    captured = capsys.readouterr()
    assert reason in captured.err and not captured.out and not booted.asked


def test_options_reach_a_strategy_that_takes_them(start: Callable[..., Machine], layout: Layout,
                                                  monkeypatch: pytest.MonkeyPatch,
                                                  capsys: pytest.CaptureFixture[str]) -> None:
    """One that samples knows no classes: its executions are counted."""
    monkeypatch.setattr(strategies, "STRATEGIES", {"dpor": frozenset(), "luck": {"seed", "time"}})
    booted = start(lambda given: known(given).replace('"dpor"', '"luck"').replace(
        '"classes":21,"executions":21', '"classes":0,"executions":10000'))
    assert cli.main(["explore", *ONE_CLOCK, "--strategy", "luck", "--seed", "7", "--time", "2min"],
                    layout) == 0
    assert booted.asked == [f'tkfi_explore.shipped tkfi.scenario="{name}" tkfi.strategy=luck tkfi.seed=7 '
                            "tkfi.ms=120000" for name in NAMES]
    out = capsys.readouterr().out
    assert re.search("scenario +executions +complete", out) and "  falls-vdso " in out
    assert re.search(r"  falls-vdso +10,000 ", out) and re.search(r"to the end, 10,\d+ executions: ", out)
    with pytest.raises(TkfiError, match="luck takes no --preemptions; it takes --seed, --time"):
        strategies.Request("luck", {"preemptions": 2}).check()


def test_each_scenario_may_have_its_own_time(start: Callable[..., Machine], layout: Layout) -> None:
    booted = start(known)
    chosen = scenarios.choose(NAMES, layout)
    explorer.explore(kernels.choose("6.12", layout), chosen,
                     strategies.Request(times={NAMES[0]: 0.25, NAMES[1]: 7}), layout)
    assert [asked.partition("tkfi.ms=")[2] for asked in booted.asked[:3]] == ["250", "7000", ""]


@pytest.mark.parametrize("words, wanted", [
    ("--seed -5", "'-5' is not a number from 0 to 9223372036854775807; give one that is"),
    ("--seed 99999999999999999999999", "is not a number from 0 to 9223372036854775807"),
    ("--seed 9223372036854775808", "is not a number from 0 to 9223372036854775807"),
    ("--seed \u0661", "is not a number from 0"), ("--seed 1_0", "is not a number from 0"),
    ("--seed " + "9" * 5000, "is not a number from 0"),
    ("--executions 0", "'0' is not a number from 1 to 9223372036854775807"),
    ("--executions 9223372036854775808", "is not a number from 1 to 9223372036854775807"),
    ("--depth 0", "'0' is not a number from 1 to 8"), ("--depth 9", "'9' is not a number from 1 to 8"),
    ("--preemptions -1", "'-1' is not a number from 0 to 2147483647"),
    ("--preemptions 2147483648", "is not a number from 0 to 2147483647"),
    ("--jobs 0", "'0' is not a number of 1 or more; give one that is"),
])
def test_numbers_out_of_range(start: Callable[..., Machine], layout: Layout, words: str, wanted: str,
                              capsys: pytest.CaptureFixture[str]) -> None:
    """The kernel would take another number, or none, and not say so."""
    booted = start(kernel)
    assert cli.main(["explore", *ONE_CLOCK, *words.split()], layout) == 2 and not booted.asked
    assert f"value for '{words.split()[0]}': '" in (said := capsys.readouterr().err) and wanted in said


@pytest.mark.parametrize("words, told", [
    ("--preemptions 0", "tkfi.preemptions=0"),
    ("--preemptions 2147483647", "tkfi.preemptions=2147483647"),
    ("--strategy dfs --preemptions 0", "tkfi.strategy=dfs tkfi.preemptions=0"),
    ("--strategy random", "tkfi.strategy=random tkfi.executions=10000"),
    ("--strategy random --time 5s", "tkfi.strategy=random tkfi.ms=5000"),
    ("--strategy pos --time 5s --executions 7", "tkfi.strategy=pos tkfi.executions=7 tkfi.ms=5000"),
    ("--strategy pct --depth 8 --executions 9223372036854775807 --seed 9223372036854775807",
     "tkfi.strategy=pct tkfi.executions=9223372036854775807 tkfi.seed=9223372036854775807 tkfi.depth=8"),
])
def test_what_the_kernel_is_told(start: Callable[..., Machine], layout: Layout, words: str,
                                 told: str) -> None:
    booted = start(lambda given: known(given).replace('"dpor"', f'"{given.get("tkfi.strategy", "dpor")}"'))
    assert cli.main(["explore", "falls-vdso", *words.split()], layout) == 0
    assert booted.asked == [f'tkfi_explore.shipped tkfi.scenario="falls-vdso" {told}']


def test_the_file_for_json_is_not_made_before(start: Callable[..., Machine], layout: Layout,
                                              tmp_path: Path) -> None:
    """Nor is one that is there emptied."""
    write(tmp_path / "old", "as it was")
    for name in ("new", "old"):
        assert cli.main(["explore", "nothing", "--json", str(tmp_path / name)], layout) == 2
    assert (tmp_path / "old").read_text() == "as it was" and not (tmp_path / "new").exists()


@pytest.mark.parametrize("strategy, words", [
    ("dfs", "all executions with at most 2 preemptions"),
    ("dpor", "all classes that have an execution with at most 2 preemptions")])
def test_within_a_bound(start: Callable[..., Machine], layout: Layout, tmp_path: Path, strategy: str,
                        words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """That something is complete is not said without it."""
    start(lambda given: known(given).replace('"dpor"', f'"{strategy}","preemptions":2'))
    assert cli.main(["explore", *ONE_CLOCK, "--strategy", strategy, "--json", str(tmp_path / "json"),
                     "--report", str(tmp_path / "report")], layout) == 0
    out = capsys.readouterr().out
    page = (tmp_path / "report/index.html").read_text()
    assert f"falls-vdso: {words}\n" in out
    for text in (out, page):
        assert "complete within 2 preemptions" in text
        assert "3 of 3 scenarios explored to the end within 2 preemptions, " in text
    data = json.loads((tmp_path / "json").read_text())
    assert [one["preemptions"] for one in data["scenarios"]] == [2] * 3


def test_what_only_the_search_found(start: Callable[..., Machine], layout: Layout, tmp_path: Path,
                                    capsys: pytest.CaptureFixture[str]) -> None:
    start(lambda given: re.sub('"findings":[0-9]+', '"findings":0', kernel(given)))
    assert cli.main(["explore", "rises-coarse", "--report", str(tmp_path / "report")], layout) == 1
    said = "by the search for plainer schedules alone"
    assert f"NEW, monotonic in rises-coarse ({said}): clock" in flat(capsys.readouterr().out)
    assert f"Found {said} of rises-coarse; the plainest schedule:" in (
        tmp_path / "report/index.html").read_text()


def test_what_is_not_for_this_kernel(start: Callable[..., Machine], layout: Layout, tmp_path: Path,
                                     capsys: pytest.CaptureFixture[str]) -> None:
    """It is named, once."""
    def none(given: Mapping[str, str]) -> str:
        return lines(EXPLORED) + f'{{"type":"absent","scenario":{given["tkfi.scenario"]}}}\n'
    start(lambda given: none(given) if "tick" in given["tkfi.scenario"] else known(given))
    assert cli.main(["explore", "tick*", "falls-vdso", "--json", str(tmp_path / "json")], layout) == 0
    out = capsys.readouterr().out
    assert "\nnot for this kernel, and not explored: tick-vdso\n" in out and "1 of 1 scenario " in out
    assert json.loads((tmp_path / "json").read_text())["absent"] == ["tick-vdso"]
    start(none)
    assert cli.main(["explore", "tick-vdso"], layout) == 2
    captured = capsys.readouterr()
    assert (captured.out + captured.err).count("not for this kernel") == 1


def test_seconds() -> None:
    assert [parse_seconds(text) for text in ("1s", "2min", "2m", "1.5h", "3000ms")] == [
        1, 120, 120, 5400, 3]


def test_a_replay_is_golden(start: Callable[..., Machine], layout: Layout,
                            capsys: pytest.CaptureFixture[str]) -> None:
    booted = start(kernel)
    assert cli.main(["replay", RACE.replace(": ", ":  ")], layout) == 0
    assert capsys.readouterr().out == (DATA / "replayed.txt").read_text()
    assert booted.asked == [
        f'tkfi_explore.replayed tkfi.scenario="falls-vdso" tkfi.schedule="{TURNS}"']
    assert cli.main(["replay", RACE, "--json", "-"], layout) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["schedule"] == RACE and data["violations"][0]["known"] and len(data["events"]) == 28


def test_a_replay_in_which_all_holds(start: Callable[..., Machine], layout: Layout, variants: list[str],
                                     capsys: pytest.CaptureFixture[str]) -> None:
    """On the variant that the schedule names, if another release of it."""
    booted = start(lambda _: lines(REPLAYED, '"event"').replace("post-series", "fixed"))
    asked = f'tkfi1 6.12.99 fixed "{GIVEN}": host'
    assert cli.main(["replay", asked], layout) == 0
    captured = capsys.readouterr()
    assert captured.out.endswith("\n\nEvery oracle holds.\n") and "ns back" not in captured.out
    assert "The schedule is of Linux 6.12.99; this is 6.12.117." in captured.err
    assert booted.asked == [f'tkfi_explore.replayed tkfi.scenario="{GIVEN}" tkfi.schedule="host"']


@pytest.mark.parametrize("file, cause, output, status, says", [
    (lambda _: malformed("kernel", "the schedule does not fit: in turn 2 host", 28), WRONG, say("no"), 2,
     "tkfi: the schedule does not fit: in turn 2 host; ./tkfi explore finds schedules that fit "
     "this kernel\n"
     f"  {RACE}\n  {'^':>{len(RACE) - len(TURNS) + 29}}\n"),
    (lambda _: malformed("schedule", "a comma or the end is expected", 5), WRONG, say("no"), 2,
     f"tkfi: a comma or the end is expected\n  {RACE}\n  {'^':>{len(RACE) - len(TURNS) + 6}}\n"),
    (lambda _: malformed("scenario", "tick on cpu1 failed: EINVAL", 18), WRONG, say("no"), 2,
     "tkfi: falls-vdso: tick on cpu1 failed: EINVAL\n  cpu0: tick; cpu1: tick; host: 10ms\n"
     f"  {'^':>19}\n"),
    (lambda _: lines(EXPLORED, "nothing else") + '{"type":"problem","scenario":"falls-vdso",'
     '"text":"no room"}\n', WRONG, say("no room", "replayed"), 2, f"tkfi: no room\nin {RACE}\n"),
    (lambda _: None, WRONG, say("no room", "replayed"), 2, "tkfi: 6.12: tests failed; full log: console\n"),
    (lambda _: REPLAYED, PANIC, "", 1, "the kernel panicked: why"),
    (lambda _: REPLAYED, DIED, "", 2, "the kernel's process died"),
    (lambda _: REPLAYED[:-9], None, "", 2, "the result file is damaged"),
    (lambda _: lines(REPLAYED, "violation"), None, "", 2, "no execution"),
    (lambda _: None, None, "", 2, "wrote no result file"),
])
def test_replays_that_end_badly(start: Callable[..., Machine], layout: Layout,
                                capsys: pytest.CaptureFixture[str], file: Files, cause: Cause | None,
                                output: str, status: int, says: str) -> None:
    start(file, cause, output)
    assert cli.main(["replay", RACE], layout) == status
    captured = capsys.readouterr()
    assert says in captured.err and not captured.out


def test_messages() -> None:
    bare = FAILED.replace("[15:02:34]{blank}\n[15:02:34] {said}\n", "").format(case="x")
    assert messages(say("one\n[15:02:34]   two") + bare + say("new: three")) == [
        "one\n  two", "Expected ret == 0, but", "new: three"]
    assert not messages("[15:02:34] [PASSED] x\n")


def test_one_boot_has_a_place_of_its_own(layout: Layout) -> None:
    """kunit.py leaves each console's log in the directory it boots from."""
    tool = KunitTool(Kernel("6.12", Path("series")), layout)
    first, second = (kunit_boot._place(tool, Ask("*", name), alone=False) for name in ("a", "b"))
    shared = kunit_boot._place(tool, Ask("*", "a"), alone=True)
    assert first != second and shared == layout.objects(tool.kernel.place)
    for place in (first, second):
        assert (place / "linux").readlink() == layout.objects(tool.kernel.place) / "linux"


def test_an_exploration_has_little_memory(layout: Layout, tmp_path: Path) -> None:
    """kunit.py gives a gigabyte, whatever it is told."""
    tool = KunitTool(Kernel("6.12", Path("series")), layout)
    kernel = layout.objects(tool.kernel.place) / "linux"
    write(kernel, '#!/bin/sh\necho "$@"; exit 3\n')
    kernel.chmod(0o755)
    ask = Piece(Scenario("a", "cpu0: tick"), Plan(), 0, tmp_path).ask([], 1)
    for _ in range(2):
        linux = kunit_boot._place(tool, ask, alone=True) / "linux"
    ran = subprocess.run([linux, "a b", "mem=1G"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (3, "a b mem=1G mem=256M\n")

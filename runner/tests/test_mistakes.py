# SPDX-License-Identifier: GPL-2.0
"""What is refused before there is a kernel: what it would refuse, at the same place, and nothing else."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from runner import cli
from runner.errors import InputError
from runner.boot import lists
from runner.explore import mistakes, schedule
from runner.explore.mistakes import Language
from runner.explore.scenarios import Scenario, choose, shipped
from runner.kernel import kernels
from runner.layout import REPO, Layout

LAYOUT = Layout(REPO)
VCPUS = "cpu0: tick; cpu1: tick; cpu2: tick; nmi cpu0: tick; host: 1ms"

# What only the kernel knows: what it would obey.
LEFT_TO_THE_KERNEL = re.compile(r"settimeofday  ?-5|settimeofday 9{9}")


def language(version: str) -> Language:
    """That of a release."""
    kernel = kernels.choose(version, LAYOUT)
    return mistakes.language(kernel, lists.read(lists.of_series(kernel.series)))


KNOWN = language("7.3")


def refused_by_kernel(what: str) -> list[tuple[str, int, str]]:
    """What the suites see refused: text, place, and the first of what is said."""
    lines = (REPO / f"kunit/refused_{what}.txt").read_text(encoding="utf-8").splitlines()
    rows = [shlex.split(line.removeprefix("aux "), comments=True) for line in lines]
    return [(row[1], int(row[0]), row[2]) for row in rows if row]


def mistake(text: str, known: Language = KNOWN) -> tuple[int, str] | None:
    """Place and reason."""
    try:
        mistakes.check_scenario(Scenario("given", text), known)
    except InputError as error:
        why, _, marks = str(error).partition(f"\n  {text}\n  ")
        return marks.index("^"), why.removeprefix("given: ")
    return None


def test_the_language() -> None:
    assert {"tick", "read", "aux", "wait", "jiffies", "suspend"} <= KNOWN.operations.keys()
    assert KNOWN.operations["tick"] == "" and KNOWN.operations["wait"] == "TIME"
    assert KNOWN.aux.keys() == {"adjtimex", "disable", "enable", "inject", "settime", "tick"}
    assert len(KNOWN.settings) == 13 and {"freq=", "nano", "ss_read"} <= set(KNOWN.settings)
    assert KNOWN.limits["operations"] == 8 and KNOWN.limits["turns"] == 64


def test_what_the_kernel_refuses() -> None:
    # The blanks before a scenario are no part of its plan.
    rows = [(text.lstrip(), at, says) for text, at, says in refused_by_kernel("plans")]
    rows += refused_by_kernel("scenarios")
    assert len(rows) > 50
    checked = 0
    for text, at, says in rows:
        if "; at " in text:
            continue  # which only a plan has
        found = mistake(text)
        if LEFT_TO_THE_KERNEL.search(text):
            assert not found or found[0] == at, (text, found)
        else:
            assert found and found[0] == at, (text, found, at, says)
            lists_readers = found[1].startswith("unknown reader ") and says.startswith((": ", ", "))
            assert says in found[1] or lists_readers, (text, found, says)
            checked += 1
    assert checked > 30


@pytest.mark.parametrize("text,at,says", (
    ("cpu0: tick; host: 1ms; host: 1ms", 23, "'host:' is not expected here"),
    ("host: 1ms", 0, "'host:' is not expected here"),
    ("cpu0: tick; host: 1ms; cpu1: tick", 23, "'cpu1:' is not expected here"),
    ("cpu0: tick; host: 1,1,1,1,1,1,1,1,1", 18, "impossible time '1'"),
    ("cpu0: tick; host: 0,0,0,0,0,0,0,0,0", 34, "more than 8 operations"),
    ("cpu0: tick, read vdso MONOTONC", 17, "'vdso MONOTONC'; did you mean vdso MONOTONIC, vdso MONOTONIC_"),
    ("cpu0: read vsdo MONOTONIC", 11, "unknown reader 'vsdo MONOTONIC'; did you mean vdso MONOTONIC, "),
    ("cpu0: read", 6, "unknown reader ' '; './tkfi list readers --kernel 7.3' lists all"),
    ("cpu0: adjtimex freq=11%", 15, "impossible frequency 'freq=11%'"),
    ("cpu0: adjtimex freq=0.0001ppm", 15, "impossible frequency"),
    ("cpu0: adjtimex setoffset=11min", 15, "impossible offset 'setoffset=11min'"),
    ("cpu0: adjtimex tick=x", 15, "impossible adjustment 'tick=x'"),
    ("cpu0: adjtimex tick=9000 tick=2", 25, "'tick=2' is the second tick=; write one"),
    ("cpu0: wait 600000000001cycles", 11, "impossible time '600000000001cycles'"),
    ("cpu0: ntp 5ppm", 10, "impossible frequency '5ppm'"),
    ("cpu0: wait 1.5ms", 11, "impossible time '1.5ms'"),
    ("cpu0: settimeofday 9223372036854775808", 19, "impossible time"),
    ("cpu0: aux settime soon", 18, "impossible time 'soon'"),
    ("cpu0:", 5, "unknown operation ''"),
    ("setup: tick", 11, "an empty plan"),
    ("setup: " + "tick" + " " * 507 + "; cpu0: tick", 517, "a set-up of 512 characters; 511 are possible"),
    ("cpu0: tick" + " " * 502, 511, "a plan of 512 characters; 511 are possible"),
))
def test_other_mistakes(text: str, at: int, says: str) -> None:
    found = mistake(text)
    assert found and found[0] == at and says in found[1]


def test_auxiliary_clocks_are_not_everywhere() -> None:
    known = language("6.12")
    assert mistake("cpu0: aux tick", known) == (10, "this kernel has no auxiliary clocks")
    assert mistake("cpu0: read vdso AUX", known)
    assert mistake("cpu0: aux tick, read vdso AUX") is None


@pytest.mark.parametrize("text", (
    "cpu0: tick", " setup: wait 12ms ; cpu0: adjtimex , tick;; nmi cpu0: read fast ktime_get_mono_fast_ns;",
    "setup:; cpu0: wait 0; host: 0, 10min, 600s, 1cycles, 0ns", VCPUS,
    "cpu0: tick; cpu1: tick; cpu2: tick; cpu3: tick; nmi cpu3: tick; nmi cpu0: tick; nmi cpu1: tick; "
    "host: 1s",
    "cpu0: adjtimex freq=-0.001ppm tick=10000 nano setoffset=-10min, inject +3ms, inject -0, ntp freq=+10%",
    "cpu0: clocksource second, settimeofday -5, settimeofday +1361404800, sleeptime 10min, suspend, resume",
    "cpu0: adjtimex singleshot=-5, adjtimex ss_read, adjtimex status=1 offset=5 micro",
))
def test_what_is_no_mistake(text: str) -> None:
    assert mistake(text) is None


def test_what_is_shipped() -> None:
    """Each by the language of one of the kernels; what only some kernels have is all that others lack."""
    known = [language(version) for version in ("6.1", "6.12", "7.3")]
    for scenario in choose([], LAYOUT):
        found = [mistake(scenario.text, one) for one in known]
        assert None in found, (scenario, found)
        assert all("auxiliary clocks" in one[1] or "unknown reader" in one[1] for one in found if one)


def test_what_readme_has() -> None:
    readme = (REPO / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"replay '(tkfi1 [^']*)'", readme)
    assert lines
    for line in lines:
        asked = schedule.parse(line)
        mistakes.check_turns(asked, asked.choose(shipped(LAYOUT)), KNOWN)
    given = re.findall(r"explore '(cpu0:[^']*)'", readme)
    assert given and not any(mistake(text) for text in given)


def turns(text: str) -> None:
    mistakes.check_turns(schedule.parse(f'tkfi1 6.12.1 post-series "{VCPUS}": {text}'),
                         Scenario("given", VCPUS), KNOWN)


def test_the_host_has_one_turn() -> None:
    """Unless it stops before a step: one goes on to the end of all its delays."""
    turns("host before store clock, cpu0, host")
    with pytest.raises(InputError, match="all its delays are over\\n.*\\n *\\^"):
        turns("host, cpu0, host")


def test_turns_that_the_kernel_refuses() -> None:
    rows = refused_by_kernel("turns")
    assert len(rows) == 14
    for text, at, what in rows:
        with pytest.raises(InputError) as caught:
            turns(text)
        why, line, marks = str(caught.value).split("\n")
        assert why == what
        assert marks.index("^") - len("  ") == line.index(f": {text}") + 2 + at - len("  "), text


@pytest.mark.parametrize("text", (
    "", "cpu0", "  cpu1 ,host,  cpu0", "cpu0 before  load  tk_core+40/8#12,host",
    "nmi0 before load x#2,cpu0", "cpu2 before lock timekeeper_lock#1, cpu0 before unlock x",
    "cpu0 before load x#0012345678", "cpu0 before load x#4294967295", "cpu0,", ",".join(["cpu0"] * 64)))
def test_turns_that_fit(text: str) -> None:
    turns(text)


def test_too_many_turns() -> None:
    with pytest.raises(InputError, match="too many turns; 64 are possible"):
        turns(",".join(["cpu0"] * 65))


@pytest.mark.parametrize("command", (
    ["explore", "cpu0: tick; cpu1: read vdso MONOTONC"],
    ["explore", "cpu0: adjtimex tick=12000; cpu1: read vdso MONOTONIC"],
    ["explore", "cpu0: adjtimex nano micro; cpu1: read vdso MONOTONIC"],
    ["replay", "tkfi1 6.12.117 post-series falls-vdso: cpu0, cpu5"],
    ["replay", 'tkfi1 6.12.117 post-series "cpu0: tock": cpu0']))
def test_nothing_is_built(command: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path,
                          monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Layout, "build", tmp_path / "build")
    monkeypatch.setattr(lists, "_is_edited_since", lambda *_: False)  # else it is the build that tells
    assert cli.main(command, LAYOUT) == 2
    said = capsys.readouterr().err
    assert said.startswith("tkfi: ") and said.rstrip().endswith("^")
    assert not (tmp_path / "build").exists()

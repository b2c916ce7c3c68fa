# SPDX-License-Identifier: GPL-2.0
"""Outcomes and coverage of explorations: asked for, read, merged, and shown; only booting is pretended."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from runner import cli
from runner.boot import results
from runner.layout import Layout
from runner.tests.conftest import ONE_CLOCK, write
from runner.tests.test_explore import EXPLORED, Machine, known, lines, machine

__all__ = ["machine"]  # the fixture

HASHES = [f"{number:016x}" for number in (7, 1 << 63, 3, 12345)]
IPS = [0x60012345, 0x60000001, 0x60012399]


def asked_for(given: Mapping[str, str], *, full: str = "") -> str:
    """A kernel that reports what it is asked for: a part has two of the outcomes and instructions, all of
    them together have all. A part named full has too many."""
    number, _, parts = given.get("tkfi.part", "").partition("/")
    mine = slice(int(number or 0), int(number or 0) + 2) if parts else slice(None)
    made = ""
    for line in known(given).splitlines(keepends=True):
        record = json.loads(line)
        if record["type"] == "explored":
            if "tkfi.outcomes" in given:
                too_many = bool(full) and given.get("tkfi.part", "") == full
                record["outcomes"] = None if too_many else len(HASHES[mine])
                if not too_many:
                    # Not all in one line.
                    for one in HASHES[mine]:
                        made += json.dumps({"type": "outcomes", "scenario": record["scenario"],
                                            "hashes": one}) + "\n"
            if "tkfi.coverage" in given:
                record |= {"executed_in": 33, "executed": len(IPS[mine])}
                made += json.dumps({"type": "executed", "scenario": record["scenario"],
                                    "ips": "".join(f"{ip:08x}" for ip in IPS[mine])}) + "\n"
        made += json.dumps(record, separators=(",", ":")) + "\n"
    return made


def explored(words: str, layout: Layout, capsys: pytest.CaptureFixture[str],
             status: int = 0) -> dict[str, dict[str, object]]:
    """What an exploration reports of each scenario."""
    assert cli.main(["explore", *ONE_CLOCK, *words.split(), "--json", "-"], layout) == status
    return {one["name"]: one for one in json.loads(capsys.readouterr().out)["scenarios"]}


def test_parts_have_one_set(start: Callable[..., Machine], layout: Layout,
                            capsys: pytest.CaptureFixture[str]) -> None:
    digest = hashlib.sha256("".join(sorted(HASHES)).encode()).hexdigest()[:16]
    for jobs, watched in (("", 33), (" --jobs 2", 3 * 33)):
        booted = start(asked_for)
        found = explored(f"--outcomes --coverage{jobs}", layout, capsys)
        assert all(" tkfi.outcomes=1 tkfi.coverage=1" in one for one in booted.asked)
        for one in found.values():
            assert (one["outcomes"], one["outcomes_digest"]) == (4, digest)
            assert (one["executed"], one["executed_in"]) == (sorted(IPS), watched)


def test_too_many_outcomes(start: Callable[..., Machine], layout: Layout,
                           capsys: pytest.CaptureFixture[str]) -> None:
    """Of one part: then nothing is known of the whole."""
    start(lambda given: asked_for(given, full="1/3"))
    found = explored("--outcomes --jobs 2", layout, capsys)
    assert {(one["outcomes"], one["outcomes_digest"]) for one in found.values()} == {(None, None)}
    assert cli.main(["explore", "--outcomes", "--jobs", "2", "tick-vdso", "--all"], layout) == 0
    assert "tick-vdso: " in capsys.readouterr().out


def test_nothing_is_reported_that_was_not_asked_for(start: Callable[..., Machine], layout: Layout,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    start(asked_for)
    plain = explored("", layout, capsys)["tick-vdso"]
    assert not {"outcomes", "outcomes_digest", "executed", "executed_in", "outcome_set",
                "ip_set"} & set(plain)
    assert set(explored("--outcomes", layout, capsys)["tick-vdso"]) - set(plain) == {
        "outcomes", "outcomes_digest"}
    assert set(explored("--coverage", layout, capsys)["tick-vdso"]) - set(plain) == {
        "executed", "executed_in"}


def test_text(start: Callable[..., Machine], layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    start(asked_for)
    assert cli.main(["explore", "tick-vdso", "--outcomes", "--coverage"], layout) == 0
    out = capsys.readouterr().out
    assert "tick-vdso: 4 outcomes, digest " in out
    assert "tick-vdso: 3 instructions with a hook executed, in the set-up and 33 executions\n" in out


def test_what_was_explored_without_is_no_answer(start: Callable[..., Machine], layout: Layout,
                                                capsys: pytest.CaptureFixture[str]) -> None:
    for words, boots in (("", 3), ("--resume", 0), ("--resume --outcomes", 3), ("--resume --outcomes", 0),
                         ("--resume --coverage --outcomes", 3), ("--resume", 0)):
        booted = start(asked_for)
        explored(words, layout, capsys)
        assert len(booted.asked) == boots, words


def sought(given: Mapping[str, str]) -> str:
    """A kernel that finds an execution with the outcome in one scenario."""
    found = lines(EXPLORED, '"explored"', '"violation","number":0,"scenario":"rises-coarse"',
                  '"case":"rises-coarse#0"')
    wanted = given["tkfi.scenario"].strip('"')
    made = ""
    for line in found.splitlines(keepends=True):
        record = json.loads(line)
        if record.get("scenario", record.get("case", wanted).partition("#")[0]) != wanted:
            continue
        if record["type"] == "violation":
            line = json.dumps(record | {"oracle": "outcome", "clock": "outcome", "first": "outcome",
                                        "first_ns": 0, "second_ns": 0, "known": False}) + "\n"
        made += line
    return made + (json.dumps({"type": "observed", "case": "rises-coarse#0", "of": "vdso", "name": "TAI",
                               "value": 5, "later": True}) + "\n" if wanted == "rises-coarse" else "")


def test_an_execution_with_an_outcome(start: Callable[..., Machine], layout: Layout,
                                      capsys: pytest.CaptureFixture[str]) -> None:
    """It is nothing wrong, and is drawn."""
    booted = start(sought)
    words = ["explore", "rises-coarse", "--outcome", HASHES[3]]
    assert cli.main([*words, "--json", "-"], layout) == 0
    data = json.loads(capsys.readouterr().out)
    assert booted.asked == [f'tkfi_explore.shipped tkfi.scenario="rises-coarse" tkfi.outcome={HASHES[3]}']
    assert not data["violations"] and data["held"] and not data["problems"]
    (found,) = data["outcomes"]
    assert found["schedule"].endswith(" rises-coarse: cpu2") and found["events"]
    assert [(one["of"], one["name"], one["value"], one["later"]) for one in found["observed"]] == [
        ("vdso", "TAI", 5, True)]
    assert cli.main(words, layout) == 0
    out = capsys.readouterr().out
    assert "with that outcome, rises-coarse (in " in out and "ktime_get_coarse() = " in (
        " ".join(out.split()))
    assert "0 known violations, 0 new." in out


def test_no_execution_with_an_outcome(start: Callable[..., Machine], layout: Layout,
                                      capsys: pytest.CaptureFixture[str]) -> None:
    start(sought)
    assert cli.main(["explore", "tick-vdso", "--outcome", HASHES[0]], layout) == 2
    assert "tick-vdso: no execution with that outcome\n" in capsys.readouterr().out
    booted = start(sought)
    assert cli.main(["explore", "tick-vdso", "--outcome", "7"], layout) == 2
    assert "'7' is no outcome; write 16 hexadecimal digits" in capsys.readouterr().err
    assert not booted.asked


@pytest.mark.parametrize("spoil, why", [
    (lambda text: text.replace('"outcomes":4', '"outcomes":5'), "4 reported of 5"),
    (lambda text: text.replace('"executed":3', '"executed":2'), "3 reported of 2"),
    (lambda text: text.replace('"outcomes":4,', ""), "4 reported of None"),
    (lambda text: text.replace(HASHES[2], HASHES[2][1:]), "15 digits"),
    (lambda text: text.replace("60000001", "6000000x"), "invalid literal"),
])
def test_sets_that_are_not_whole(tmp_path: Path, spoil: Callable[[str], str], why: str) -> None:
    whole = asked_for({"glob": "tkfi_explore.shipped", "tkfi.scenario": "tick-vdso", "tkfi.outcomes": "1",
                       "tkfi.coverage": "1"})
    write(tmp_path / "whole", whole)
    found = results.read(tmp_path / "whole")
    assert not found.problems
    assert found.explored[0].outcome_set == frozenset(HASHES)
    assert found.explored[0].ip_set == frozenset(IPS)
    write(tmp_path / "spoilt", spoil(whole))
    assert any(why in problem for problem in results.read(tmp_path / "spoilt").problems)


def test_what_was_cut_short_is_not_counted_in(tmp_path: Path) -> None:
    """A boot that was killed while it reported, and one that went on."""
    whole = asked_for({"glob": "tkfi_explore.shipped", "tkfi.scenario": "tick-vdso", "tkfi.outcomes": "1"})
    begun, _, _ = whole.partition('{"type":"explored"')
    write(tmp_path / "both", begun + whole)
    found = results.read(tmp_path / "both")
    assert not found.problems and found.explored[0].outcome_set == frozenset(HASHES)

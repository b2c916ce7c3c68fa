# SPDX-License-Identifier: GPL-2.0
"""Result files, and what is drawn, said and judged from them."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from runner.boot import records, results
from runner.errors import TkfiError
from runner.report import diagram, tables
from runner.tests.conftest import write
from runner.verbs.reproduce import Outcome, Request, decimals, outcome
from runner.verbs.test import compare

DATA = Path(__file__).parent / "data"
REQUEST = Request(10_000_000, 500_000, -500_000)


def race_outcome() -> Outcome:
    return outcome(REQUEST, results.read(DATA / "race.jsonl"))


def test_reads_what_it_knows_and_ignores_the_rest() -> None:
    found = results.read(DATA / "race.jsonl")
    assert not found.problems
    assert found.header == records.Header(1, "6.12.117", "post-series", "gcc 12.2.0")
    assert [race.reader for race in found.races] == ["vdso MONOTONIC", "vdso MONOTONIC_RAW"]
    assert found.traces == [records.Trace("tkfi_reproduce", "cover_letter", 123, "0123456789abcdef")]


def test_truncated_last_line_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "cut.jsonl"
    text = (DATA / "race.jsonl").read_text()
    write(file, text[:-20])
    found = results.read(file)
    assert len(found.races) == 2
    assert found.problems == [
        f"{file}:{len(text.splitlines())}: truncated: the kernel stopped in mid-line"]
    with pytest.raises(TkfiError, match="damaged"):
        outcome(REQUEST, found)


@pytest.mark.parametrize("line", ['{"type":"race","reader":"x"}', "[]", "42", "\x00\x00", '{"type":'])
def test_nonsense_is_reported_with_its_line(tmp_path: Path, line: str) -> None:
    write(tmp_path / "bad.jsonl", f'{{"type":"new thing"}}\n{line}\n')
    (problem,) = results.read(tmp_path / "bad.jsonl").problems
    assert problem.startswith(f"{tmp_path}/bad.jsonl:2: not understood")


@pytest.mark.parametrize("line", [
    '{"type":"end","scenario":7}', '{"type":"events","same_as":"nothing#0"}', '{"type":"found","number":1}',
    '{"type":"step","case":"c","number":true,"vcpu":0,"kind":"k","text":"t"}',
    '{"type":"took","suite":"s","ns":1.5}', '{"type":"took","suite":"s"}'])
def test_a_wrong_member_is_reported(tmp_path: Path, line: str) -> None:
    write(tmp_path / "bad.jsonl", f"{line}\n")
    (problem,) = results.read(tmp_path / "bad.jsonl").problems
    assert problem.startswith(f"{tmp_path}/bad.jsonl:1: not understood (")


@pytest.mark.parametrize("line", ['{"type":["end"]}', '{"type":null}', "{}", '{"type":"End"}'])
def test_a_type_of_later_kernels_is_ignored(tmp_path: Path, line: str) -> None:
    write(tmp_path / "new.jsonl", f"{line}\n")
    assert results.read(tmp_path / "new.jsonl") == results.Results()


def test_every_type_is_stored() -> None:
    lists = {name for name, value in vars(results.Results()).items() if isinstance(value, list)}
    for name, kind in records.KINDS.items():
        assert (kind.into in lists) != (name in results._STORES), name


def test_missing_and_empty_files(tmp_path: Path) -> None:
    assert "wrote no result file" in results.read(tmp_path / "none").problems[0]
    write(tmp_path / "empty", "")
    with pytest.raises(TkfiError, match="reported no race"):
        outcome(REQUEST, results.read(tmp_path / "empty"))


def test_format_of_the_future_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "new.jsonl", (DATA / "race.jsonl").read_text().replace('"format":1', '"format":2'))
    with pytest.raises(TkfiError, match="format 2"):
        results.read(tmp_path / "new.jsonl")


def test_text_is_golden() -> None:
    assert race_outcome().text() + "\n" == (DATA / "race.txt").read_text()


def test_json_fields() -> None:
    data = json.loads(json.dumps(race_outcome().json()))
    assert data["format"] == 1 and data["kernel"] == "6.12.117"
    assert (data["measured_ns"], data["predicted_ns"]) == (-10000, -10001)
    assert (data["delay_ns"], data["from_ppb"], data["to_ppb"]) == (10_000_000, 500_000, -500_000)
    assert (data["mult_old"], data["mult_new"], data["shift"]) == (8388608, 8380219, 23)
    assert len(data["readers"]) == 2 and len(data["events"]) == 12


@pytest.mark.parametrize("measured, predicted, held", [
    (-10001, -10001, True), (-10000, -10001, True), (-10002, -10001, True), (-9999, -10001, False),
    (-10003, -10001, False), (0, -10001, False), (-10001, -9999, False),
])
def test_verdict(measured: int, predicted: int, held: bool) -> None:
    """The kernel's own prediction is not believed without computing it again."""
    main = replace(race_outcome().races[0], measured_ns=measured, predicted_ns=predicted)
    assert main.held is held
    assert replace(race_outcome(), races=[main]).held is held


def test_a_reader_of_microseconds_is_held_to_microseconds() -> None:
    main = replace(race_outcome().races[0], measured_ns=-10000 - 1000)
    assert not main.held
    assert replace(main, unit_ns=1000).held
    assert not replace(main, unit_ns=1000, measured_ns=-11002).held


def test_decimals() -> None:
    assert [decimals(Fraction(n, 1000)) for n in (-10000465, 0, 5, 999999)] == [
        "-10000.46", "+0.00", "+0.00", "+1000.00"]


def test_table() -> None:
    assert tables.table(["a", "bb"], [["ccc", "1"], ["d", "22"]]).split("\n") == [
        "  a     bb", "  ---   --", "  ccc    1", "  d     22"]


def test_table_of_texts() -> None:
    rows = [["ccc", " ".join(["six-six"] * 12)], ["d", ""], ["e", "x" * 99]]
    assert tables.texts(["a", "bb"], rows).split("\n")[2:] == [
        "  ccc   " + " ".join(["six-six"] * 9), "        six-six six-six six-six", "  d",
        "  e     " + "x" * 99]
    assert tables.texts(["a"], [["ccc"]]).split("\n") == ["  a", "  ---", "  ccc"]


def drawn(*events: tuple[int, str, str, int | None], vcpus: tuple[str, ...] = ()) -> list[str]:
    """The lines below the heading."""
    return diagram.draw([records.Event("c", *event) for event in events], vcpus=vcpus).split("\n")[1:]


def test_reads_that_are_interrupted_do_not_indent_what_follows() -> None:
    assert drawn((0, "call", "a()", 0), (1, "call", "b()", 0), (0, "read", "a()", 10**9),
                 (0, "call", "a()", 0), (1, "point", "p", 0), (0, "read", "a()", 10**9)) == [
        "  a()", " " * 37 + "b()", "  a() = 1.000000000", "  a()", " " * 39 + "... p",
        "  a() = 1.000000000"]


def test_a_read_in_another_call_takes_nothing_from_its_indent() -> None:
    assert drawn((0, "call", "a()", 0), (1, "call", "b()", 0), (0, "read", "a()", 5), (0, "call", "f()", 0),
                 (0, "call", "a()", 0), (0, "read", "a()", 5), (0, "point", "p", 0))[3:] == [
        "  f()", "    a() = 0.000000005", "    ... p"]


def test_only_reads_after_the_first_went_back() -> None:
    events = [records.Event("c", 0, "read", "b()", 3), records.Event("c", 0, "read", "a()", 5),
              records.Event("c", 0, "read", "b()", 3)]
    found = records.Violation("s", "monotonic", "b()", "a()", 5, 3, 1, 2, 1, 1, True, 9, False, 0,
                              (), False, "", "")
    drawn = diagram.draw(events, violations=[found]).split("\n")
    assert [line.endswith("<- 2 ns back") for line in drawn] == [False, False, False, True]


def test_the_host_is_no_vcpu() -> None:
    events = (0, "call", "(1ms pass)", 0), (0, "return", "(1ms pass)", 0), (1, "call", "(2ms pass)", 0)
    assert drawn(*events, vcpus=("cpu0", "host")) == ["  (1ms pass)", " " * 37 + "<2ms pass>"]
    assert diagram.draw([], vcpus=("cpu0", "nmi0", "host")).split() == [
        "VCPU0", "NMI", "of", "VCPU0", "host"]
    assert drawn(*events) == ["  (1ms pass)", " " * 37 + "(2ms pass)"]


def test_traces_that_differ_are_named() -> None:
    first = {"s.a": (1, "00"), "s.b": (2, "11")}
    assert not compare([first, dict(first)])
    assert compare([first, {**first, "s.b": (2, "12")}]) == ["s.b"]
    assert compare([first, {"s.a": (1, "00")}]) == ["s.b"]


def test_what_violations_of_one_schedule_have_in_common(tmp_path: Path) -> None:
    """Their events are reported once."""
    text = (DATA / "explored.jsonl").read_text(encoding="utf-8").splitlines()
    violation = next(line for line in text if json.loads(line)["type"] == "violation")
    case = f"{json.loads(violation)['scenario']}#0"
    event = json.dumps({"type": "event", "case": case, "vcpu": 0, "kind": "call", "text": "a()"})
    same = json.dumps({"type": "events", "case": case.replace("#0", "#1"), "same_as": case})
    write(tmp_path / "found", "\n".join([violation.replace('"number":1', '"number":0'), event,
                                        violation.replace('"number":0', '"number":1'), same, ""]))
    found = results.read(tmp_path / "found")
    assert not found.problems
    assert [len(one.events) for one in found.violations] == [1, 1]
    assert found.violations[0].events == found.violations[1].events


def test_the_table_fits_on_a_screen_and_has_the_cycles() -> None:
    """Readers that read at other cycles, or are predicted otherwise, are in a table of their own."""
    made = race_outcome()
    race = replace(made.races[0], reader="kernel get_device_system_crosststamp.real",
                   first_ns=1361404800033473517, second_cycle=4338424085)
    text = replace(made, races=[*made.races, race]).text()
    assert max(map(len, text.splitlines())) <= 80
    assert [line for line in text.splitlines() if "cycle 4328424085" in line] == [
        "Both reads at cycle 4328424085; predicted: a*D/2^shift = -10000.47 ns:",
        "Both reads at cycle 4328424085; predicted: a*D/2^shift = +0.00 ns:",
        "First read at cycle 4328424085, second at 4338424085; predicted: a*D/2^shift ="]
    unknown = replace(race, first_cycle=None, second_cycle=None)
    assert "The reads do not say at which cycle; " in replace(made, races=[unknown]).text()

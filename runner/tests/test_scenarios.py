# SPDX-License-Identifier: GPL-2.0
"""Which scenarios words, texts and files mean; schedules as they are written."""

from __future__ import annotations

import re
from itertools import combinations_with_replacement, permutations
from pathlib import Path

import pytest

from runner.boot import lists
from runner.errors import InputError, TkfiError
from runner.explore import schedule
from runner.explore.scenarios import SUBJECT, Scenario, choose, read, shipped, written
from runner.explore.schedule import Schedule
from runner.kernel.kernels import offered
from runner.layout import Layout
from runner.tests.conftest import write

SCENARIOS = """\
# SPDX-License-Identifier: GPL-2.0
falls-vdso = setup: wait 13ms; cpu0: tick; cpu1: read vdso MONOTONIC; host: 10ms

falls-fast = setup: wait 13ms; cpu0: tick; cpu1: read fast ktime_get_mono_fast_ns
rises = cpu0: tick
"""
OTHERS = "seqlock-peek = cpu0: write 3; cpu1: peek\n"
LINE = "tkfi1 6.12.117 post-series falls-vdso: cpu0 before store vdso.seq, host"
TEXT = 'tkfi1 6.1.180-1 fixed "cpu0: tick; host: 9ms": host'


@pytest.fixture(name="layout")
def with_scenarios(layout: Layout) -> Layout:
    write(layout.repo / "fault/timekeeping/scenarios.txt", SCENARIOS)
    write(layout.repo / "fault/seqlock/scenarios.txt", OTHERS)
    return layout


def test_what_is_shipped() -> None:
    """This checkout's own: every text begins as one, and the names differ."""
    ours = shipped(Layout())
    assert len([scenario for scenario in ours if scenario.subject == "timekeeping"]) > 200
    assert all(scenario.text.startswith(("setup: ", "cpu0: ")) for scenario in ours)
    assert all(("host: " in scenario.text) == (scenario.vcpus[-1] == "host") for scenario in ours)
    assert len({scenario.name for scenario in ours}) == len(ours)


def test_other_subjects(layout: Layout) -> None:
    """They are explored when somebody asks for them."""
    assert [one.name for one in choose([], layout, ["1ghz"])] == ["falls-vdso", "falls-fast", "rises"]
    (other,) = choose(["seqlock-*"], layout)
    assert other.parameters == ['tkfi.scenario="seqlock-peek"', "tkfi.subject=seqlock"]
    assert choose(["rises"], layout)[0].parameters == ['tkfi.scenario="rises"']


def updaters() -> list[str]:
    """What updates the timekeeper: the operations of timekeeping, adjtimex and the like by argument."""
    there = lists.read(lists.of_series(Layout().patches / "7.3"))  # which has auxiliary clocks
    found = []
    for kind, prefix in ("operation", ""), ("aux_operation", "aux "):
        for name in there.operations(kind):
            # The last only reads; an auxiliary clock has no TAI offset.
            modes = [mode for mode in there.names("setting")
                     if mode != "ss_read" and (not prefix or mode != "tai=")]
            found += [f"{prefix}{name} {mode}".strip() for mode in (modes if name == "adjtimex" else [""])]
    return [name for name in found if name not in ("aux", "jiffies", "ntp", "read", "rtc", "wait")]


def programs(scenario: Scenario) -> list[list[str]]:
    """The operations of each CPU."""
    statements = [statement.partition(":") for statement in scenario.text.split(";")]
    return [[" ".join(operation.split()) for operation in operations.split(",")]
            for head, _, operations in statements if head.strip().startswith("cpu")]


def does(operation: str, updater: str) -> bool:
    """Whether an operation is that updater, by any of its settings."""
    name, _, mode = updater.rpartition(" ")
    if "adjtimex " not in updater:
        return operation.startswith(updater)
    return operation.startswith(name + " ") and any(
        word == mode or (mode.endswith("=") and word.startswith(mode)) for word in operation.split())


def meets(updater: str, reader: str) -> bool:
    """Whether an updater is explored against a reader of another CPU."""
    return any(does(one[0], updater) and any(read.startswith(reader) for read in other)
               for scenario in shipped(Layout()) for one in programs(scenario)
               for other in programs(scenario) if other is not one)


@pytest.mark.parametrize("updater", updaters())
def test_every_updater_meets_every_family(updater: str) -> None:
    aux = updater.startswith("aux ")
    assert meets(updater, "read vdso AUX" if aux else "read vdso")
    assert meets(updater, "read kernel ktime_get_aux" if aux else "read kernel")
    assert aux or meets(updater, "read fast")


def test_every_reader_is_explored() -> None:
    read = {operation for scenario in shipped(Layout()) for program in programs(scenario)
            for operation in program if operation.startswith("read ")}
    for release in offered(Layout()):
        names = {f"read {reader.family} {reader.name}"
                 for reader in lists.read(lists.of_series(Layout().patches / release.version)).readers}
        assert len(names) > 40 and not names - read


@pytest.mark.parametrize("status", ["status=16", "status=32"])
def test_leap_seconds_meet_every_family(status: str) -> None:
    ours = [scenario.text for scenario in shipped(Layout()) if status in scenario.text.partition("cpu0")[0]]
    for reader in ("vdso REALTIME", "kernel ktime_get_real", "fast ktime_get_real_fast_ns", "vdso time"):
        assert any(f"read {reader}," in text or f"read {reader};" in text for text in ours)


def begins(program: list[str], operation: str) -> bool:
    """Whether a VCPU begins with that operation, with whatever arguments if it names none."""
    return re.match(rf"{operation}(?![\w-])", ", ".join(program)) is not None


TOGETHER = [(one, other) for one, other in combinations_with_replacement(
    ["jiffies", "tick", "adjtimex freq", "adjtimex offset", "adjtimex status", "adjtimex tai",
     "settimeofday", "inject", "sleeptime", "clocksource", "suspend, resume"], 2)
    # A second one says nothing new to NTP; stop_machine() and suspending exclude themselves.
    if one != other or one in ("jiffies", "tick", "adjtimex freq", "settimeofday", "inject", "sleeptime")]
AUX_TOGETHER = [(one, other) for one, other in combinations_with_replacement(
    ["tick", "aux adjtimex", "aux inject", "aux settime", "clocksource", "aux disable"], 2)
    if one != other or one in ("aux adjtimex", "aux inject", "aux settime")]


def meet(one: str, other: str, reader: str, setup: str = "") -> bool:
    """Whether two updaters are explored against each other and a third CPU that reads."""
    return any(setup in scenario.text and begins(a, one) and begins(b, other) and c[0].startswith(reader)
               for scenario in shipped(Layout())
               for a, b, c in permutations(programs(scenario), 3))


@pytest.mark.parametrize("one, other", TOGETHER)
def test_updaters_meet_each_other(one: str, other: str) -> None:
    assert meet(one, other, "read kernel get_jiffies_64" if one == other == "jiffies" else "read vdso")


@pytest.mark.parametrize("other", [
    "tick", "adjtimex freq", "adjtimex offset", "adjtimex status", "adjtimex tai", "settimeofday", "inject",
    "sleeptime", "clocksource", "suspend, resume"])
def test_updaters_meet_a_leap_second(other: str) -> None:
    assert meet("tick", other, "read vdso", "adjtimex status=16, wait")


@pytest.mark.parametrize("one, other", AUX_TOGETHER)
def test_updaters_of_an_auxiliary_clock_meet_each_other(one: str, other: str) -> None:
    assert meet(one, other, "read kernel ktime_get_aux" if "disable" in other else "read vdso AUX")


@pytest.mark.parametrize("updater", [
    "tick", "adjtimex freq", "adjtimex offset", "adjtimex status", "adjtimex tai", "settimeofday", "inject",
    "sleeptime", "clocksource", "suspend", "resume"])
def test_every_updater_meets_the_coarse_clocks(updater: str) -> None:
    assert meet(updater, "read vdso REALTIME_COARSE", "read vdso time")


def test_the_files_are_read(layout: Layout) -> None:
    assert shipped(layout) == [
        Scenario("falls-vdso", "setup: wait 13ms; cpu0: tick; cpu1: read vdso MONOTONIC; host: 10ms", True),
        Scenario("falls-fast", "setup: wait 13ms; cpu0: tick; cpu1: read fast ktime_get_mono_fast_ns",
                 True),
        Scenario("rises", "cpu0: tick", True),
        Scenario("seqlock-peek", "cpu0: write 3; cpu1: peek", True, "seqlock")]
    assert ["host" in scenario.vcpus for scenario in choose([], layout, ["1ghz"])] == [
        True, False, False]


@pytest.mark.parametrize("words, names", [
    (["*"], ["falls-vdso", "falls-fast", "rises", "seqlock-peek"]),
    (["rises@tsc", "falls-*@hpet"], ["rises@tsc", "falls-vdso@hpet", "falls-fast@hpet"]),
    (["falls-vdso@*"], ["falls-vdso", "falls-vdso@tsc", "falls-vdso@hpet", "falls-vdso@acpi_pm"]),
    (["rises", "falls-*"], ["falls-vdso", "falls-fast", "rises"]),
    (["*-fast", "falls-fast"], ["falls-fast"]),
    (["cpu0: tick", "rises", "cpu0:  tick,\n tick"], ["rises", "given", "given-2"]),
])
def test_words(layout: Layout, words: list[str], names: list[str]) -> None:
    assert [scenario.name for scenario in choose(words, layout)] == names


def test_clocks(layout: Layout) -> None:
    """Without a word all there are; what names its clock has no other."""
    assert [one.name for one in choose([], layout)] == [
        f"{name}{clock}" for clock in ("", "@tsc", "@hpet", "@acpi_pm")
        for name in ("falls-vdso", "falls-fast", "rises")]
    (by_tsc,) = choose(["rises"], layout, ["tsc"])
    assert by_tsc.parameters == ['tkfi.scenario="rises"', "tkfi.clock=tsc"]
    assert [(one.name, one.parameters) for one in choose(["cpu0: tick"], layout, ["1ghz", "tsc"])] == [
        ("given", ['tkfi.scenario="cpu0: tick"']),
        ("given@tsc", ['tkfi.scenario="clock: tsc; cpu0: tick"', "tkfi.clock=tsc"])]
    (own,) = choose(["clock: hpet; cpu0: tick"], layout, ["1ghz", "tsc"])
    assert own.parameters == ['tkfi.scenario="clock: hpet; cpu0: tick"', "tkfi.clock=hpet"]
    (first,) = choose(["clock: 1ghz; cpu0: tick"], layout, ["tsc"])
    assert first.parameters == ['tkfi.scenario="clock: 1ghz; cpu0: tick"']
    with pytest.raises(TkfiError, match="1023 are possible"):
        choose([f"cpu0: tick; {' ' * 1000}host: 1ms".replace(" " * 1000, "x" * 1000)], layout, ["acpi_pm"])
    with pytest.raises(InputError, match="no clock is called 'sundial'; there are: 1ghz, tsc, hpet"):
        choose(["clock: sundial; cpu0: tick"], layout)


def test_a_file(layout: Layout, tmp_path: Path) -> None:
    write(tmp_path / "mine", "# all\n\n a = cpu0: adjtimex freq=-5ppm; host: 1ms # why\nb=cpu0: tick\n")
    assert choose(["rises", str(tmp_path / "mine")], layout)[1:] == [
        Scenario("a", "cpu0: adjtimex freq=-5ppm; host: 1ms"), Scenario("b", "cpu0: tick")]
    assert read(tmp_path / "mine")[0].vcpus == ("cpu0", "host")


@pytest.mark.parametrize("contents, reason", [
    ("a = cpu0: tick\nfalls", "mine:2: 'falls' is not of the form NAME ="),
    ("a = tick", "mine:1: 'a = tick' is not"),
    ("a b = cpu0: tick", "mine:1: 'a b = cpu0: tick' is not"),
    ("# nothing\n", "holds no scenario"),
    ("a = cpu0: tick\na = cpu0: tick", "two scenarios are called 'a'"),
    ("rises = cpu0: tick", "two scenarios are called 'rises'"),
    ("a = cpu0: \x07", "a scenario holds no such character\n  cpu0: \x07\n        ^"),
])
def test_a_bad_file(layout: Layout, tmp_path: Path, contents: str, reason: str) -> None:
    write(tmp_path / "mine", contents)
    with pytest.raises(TkfiError) as caught:
        choose([str(tmp_path / "mine")], layout)
    assert reason in str(caught.value)


def test_bad_words(layout: Layout) -> None:
    with pytest.raises(TkfiError, match="no scenario matches 'fall'.*did you mean falls-vdso, "):
        choose(["rises", "fall"], layout)
    with pytest.raises(TkfiError, match="no such character"):
        choose(['cpu0: tick; cpu1: read vdso "MONOTONIC"'], layout)
    with pytest.raises(TkfiError, match="of 1024 characters; 1023 are possible"):
        written("given", "cpu0: tick; " + 1012 * "x")


def test_a_schedule_reads_as_it_is_written() -> None:
    assert schedule.parse(LINE) == Schedule("6.12.117", "post-series", "falls-vdso",
                                            "cpu0 before store vdso.seq, host")
    assert schedule.parse(TEXT) == Schedule("6.1.180-1", "fixed", "cpu0: tick; host: 9ms", "host", True)
    for line in (LINE, TEXT, "tkfi1 7.3.4 fixed rises:"):
        assert str(schedule.parse(line)) == line == str(schedule.parse("  " + line.replace(" ", "\n ")))
    assert [schedule.parse(line).version for line in (LINE, TEXT)] == ["6.12", "6.1"]


def test_a_schedule_stands_alone(layout: Layout) -> None:
    printed = schedule.parse("tkfi1 6.12.117 fixed given: cpu1")
    own = printed.of(Scenario("mine", "cpu0: tick; host: 9ms"))
    assert str(own) == 'tkfi1 6.12.117 fixed "cpu0: tick; host: 9ms": cpu1'
    assert own.choose([]) == Scenario("given", "cpu0: tick; host: 9ms")
    ours = shipped(layout)
    assert schedule.parse(LINE).of(ours[0]) == schedule.parse(LINE)
    assert schedule.parse(LINE).choose(ours) == ours[0]
    with pytest.raises(TkfiError, match="no scenario is called 'falls-vdso'; './tkfi list "):
        schedule.parse(LINE).choose(ours[2:])


@pytest.mark.parametrize("text, marks, reason", [
    (LINE.replace("tkfi1", "tkfi2"), "^^^^^", "schedules of version tkfi1, not tkfi2"),
    ("cpu0, host", "^^^^^", "a schedule begins with tkfi1"),
    ("", "^", "a schedule begins with tkfi1"),
    ("tkfi1", "     ^", "a kernel release such as 6.12.117 is expected"),
    ("tkfi1 post-series falls-vdso: cpu0", "      ^^^^^^^^^^^", "a kernel release such as"),
    ("tkfi1 6.12.117 falls-vdso: cpu0", "               ^^^^^^^^^^", "a variant such as post-series"),
    ("tkfi1 6.12.117 fixed a b: cpu0", "                     ^", "a scenario's name, or its text"),
    ('tkfi1 6.12.117 fixed "cpu0: tick: cpu0', "                     ^^^^^", "in double quotes"),
    ('tkfi1 6.12.117 fixed rises: "cpu0"', "                            ^", "a turn holds no such"),
])
def test_a_bad_schedule(text: str, marks: str, reason: str) -> None:
    with pytest.raises(TkfiError) as caught:
        schedule.parse(text)
    assert reason in str(caught.value)
    assert str(caught.value).split("\n")[-2:] == [f"  {text}", f"  {marks}"]


def test_turns_too_long_for_the_kernel() -> None:
    with pytest.raises(TkfiError, match="more than 1023 characters"):
        schedule.parse("tkfi1 6.12.117 fixed rises: " + 1024 * "x")


@pytest.mark.parametrize("release", [one.version for one in offered(Layout())])
def test_the_page_on_scenarios_has_all(release: str) -> None:
    """Each operation, setting with its range, clock and reader that a kernel has, and no other reader."""
    page = (Layout().repo / "docs/scenarios.md").read_text(encoding="utf-8")
    there = lists.read(lists.of_series(Layout().patches / release))
    (aux,) = [line for line in page.splitlines() if line.startswith("| `aux ")]
    for row in there.rows["operation"]:
        if row["subject"] == SUBJECT:
            assert re.search(rf"\n\| [^|]*`{row['name']}[ `]", page), row
    for row in there.rows["aux_operation"]:
        assert re.search(rf"`{row['name']}[ `]", aux), row
    for row in there.rows["setting"]:
        (line,) = [line for line in page.splitlines() if line.startswith(f"| `{row['name']}` |")]
        assert "most" not in row or f"{row['least']:,} to {row['most']:,}" in line, line
    readers = re.findall(r"\| `read (\S+) (\S+)` \| (\S+), (\S+) \| (.*) \|", page)
    assert {row[:4] for row in readers if row[4] == "all" or release in row[4].split(", ")} == {
        (reader.family, reader.name, reader.clock, reader.kind) for reader in there.readers}
    assert f"{there.names('clock')[0]} otherwise" in page

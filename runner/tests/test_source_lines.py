# SPDX-License-Identifier: GPL-2.0
"""Which line of the source an access is in; and what is said of two whose order matters."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from runner.boot import results
from runner.boot.records import Access, Violation
from runner.explore import source_lines
from runner.explore.source_lines import Frame
from runner.kernel.user_lines import UserLines
from runner.report.violations import explained, explanation

TREE = Path("/somewhere/tree")
LOAD = Access(1, "cpu1", "load", "vdso.mult", 8392803, 0x60100107, "clock_gettime+0x106/0x2e0")
STORE = Access(0, "cpu0", "store", "vdso.mult", 8384414, 0x60100207, "update_vsyscall+0x3e9/0x790")
RACE = Violation("s", "monotonic", "b()", "a()", 5, 3, 1, 2, preemptions=1, delays=1, minimal=True,
                 searched=1246, explained=True, tried=1, accesses=(LOAD, STORE), known=False, reason="",
                 schedule="")

ANSWER = """\
0x0000000060100107
read_seqcount_begin
/somewhere/tree/.kunit/../include/linux/seqlock.h:105 (discriminator 3)
do_hres
/somewhere/tree/.kunit/../lib/vdso/gettimeofday.c:44
tkfi_vdso_clock_gettime
/somewhere/tree/.kunit/../kernel/time/tkfi/vdso.c:39
0x0000000060100207
??
??:0
0x0000000060100307
second_overflow
/elsewhere/kernel/time/ntp.c:7
0x0000000060100407
seqprop_sequence
/somewhere/tree/include/linux/seqlock.h:9
0x0000000060100507
second_overflow
/somewhere/tree/kernel/time/ntp.c:?
"""


def test_an_answer_is_read() -> None:
    assert source_lines.parse(ANSWER, TREE) == {
        0x60100107: (Frame("read_seqcount_begin", "include/linux/seqlock.h", 105),
                     Frame("do_hres", "lib/vdso/gettimeofday.c", 44),
                     Frame("tkfi_vdso_clock_gettime", "kernel/time/tkfi/vdso.c", 39)),
        0x60100407: (Frame("seqprop_sequence", "include/linux/seqlock.h", 9),)}


def test_the_innermost_line_that_is_in_no_header(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(*_args: object, **_options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 0, ANSWER, "")
    monkeypatch.setattr(subprocess, "run", answer)
    assert source_lines.places([0x60100107], Path("linux"), TREE) == {
        0x60100107: ("lib/vdso/gettimeofday.c", 44), 0x60100407: ("include/linux/seqlock.h", 9)}


def test_a_binary_is_asked(tmp_path: Path) -> None:
    """The line of a function that this test compiles; none of an address that is nowhere in it."""
    source = tmp_path / "kernel" / "a.c"
    source.parent.mkdir()
    source.write_text("int f(int x)\n{\n\treturn x * 3;\n}\n")
    binary = tmp_path / "a.o"
    subprocess.run(["gcc", "-g1", "-O0", "-c", source, "-o", binary], check=True)
    access = replace(LOAD, ip=0)
    assert source_lines.places([0, 1 << 40], binary, tmp_path) == {0: ("kernel/a.c", 2)}
    user = tmp_path / "user"
    (user / "kernel").mkdir(parents=True)
    (user / "kernel/a.c").write_text("\nint f(int x)\n{\n\treturn x * 3;\n}\n")
    lines = UserLines(user, tmp_path)
    violations = [replace(RACE, accesses=(replace(access, ip=1), STORE))]
    found = source_lines.located(violations, binary, tmp_path, lines)
    assert [one.place for one in found[0].accesses] == ["kernel/a.c:3", ""]
    (unknown,) = source_lines.located([replace(RACE, accesses=(access,))], binary, tmp_path, lines)
    assert unknown.accesses == (access,)


def test_without_addr2line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not source_lines.places([1], tmp_path, tmp_path)


def test_an_explanation() -> None:
    placed = replace(RACE, accesses=(replace(LOAD, place="lib/vdso/gettimeofday.c:44"), STORE))
    assert explained(placed).split("\n") == [
        "The order that matters, with 1 preemption and 1 delay; no schedule with fewer shows it "
        "(a search of 1,246 executions):",
        "  VCPU1  load   vdso.mult = 8392803  lib/vdso/gettimeofday.c:44",
        "  VCPU0  store  vdso.mult = 8384414  update_vsyscall+0x3e9/0x790",
        "In the other order it holds (executed)."]


@pytest.mark.parametrize("change, says", [
    ({"minimal": False}, "The order that matters, with 1 preemption and 1 delay:\n"),
    ({"minimal": False, "preemptions": 2, "delays": 0}, "The order that matters, with 2 preemptions:\n"),
    ({"minimal": False, "preemptions": 0, "delays": 0}, "matters, without a preemption or delay:\n"),
    ({"accesses": (LOAD, replace(STORE, vcpu=2, who="host", at=""))},
     "\n  host   store  vdso.mult = 8384414\n"),
    ({"accesses": (replace(LOAD, kind="lock", name="l", value=None), STORE)}, "\n  VCPU1  lock   l     "),
    ({"accesses": (replace(LOAD, who="nmi0"), STORE)}, "\n  NMI of VCPU0  load   vdso.mult = 8392803"),
    ({"explained": False, "tried": 12, "accesses": ()},
     "No two accesses alone explain it: it does not hold in any of 12 other orders of two (executed)."),
])
def test_what_an_explanation_says(change: dict[str, object], says: str) -> None:
    assert says in explanation(replace(RACE, **change))


@pytest.mark.parametrize("change, says", [
    ({"minimal": False}, "with 1 preemption and 1 delay; there may be a schedule with fewer: the search of "
     "1,246 executions did not see all:\n"),
    ({"minimal": False, "searched": 0}, "delay; schedules with fewer were not searched for:\n"),
    ({"explained": False, "tried": 12, "minimal": False, "searched": 0},
     "It was found with 1 preemption and 1 delay; schedules with fewer were not searched for. No two acc"),
    ({"explained": False, "tried": 0, "minimal": False}, ""),
])
def test_whether_there_may_be_a_plainer_one(change: dict[str, object], says: str) -> None:
    """Said where somebody explores, and not where one execution is replayed."""
    assert says in explained(replace(RACE, **change))
    assert "fewer" not in explanation(replace(RACE, **change))


def test_nothing_is_said_that_nobody_looked_for() -> None:
    assert explanation(replace(RACE, explained=False, tried=0, accesses=())) == ""


@pytest.mark.parametrize("old, new, problem", [
    ('"value":8392803', '"value":"1"', "value is '1'"),
    ('"accesses":[', '"access":[', "accesses"),
    ('"minimal":true', '"minimal":1', "minimal is 1"),
])
def test_a_damaged_explanation(tmp_path: Path, old: str, new: str, problem: str) -> None:
    data = Path(__file__).parent / "data" / "explored.jsonl"
    text = data.read_text()
    assert old in text
    (tmp_path / "r.jsonl").write_text(text.replace(old, new, 1))
    found = results.read(tmp_path / "r.jsonl")
    assert len(found.violations) == 1 and len(found.problems) == 1 and problem in found.problems[0]

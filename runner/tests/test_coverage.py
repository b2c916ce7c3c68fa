# SPDX-License-Identifier: GPL-2.0
"""Which changed lines were executed, of a program that these tests compile."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from runner.kernel.git_tree import Instead
from runner.premerge import coverage
from runner.premerge.verdict import Coverage

SOURCE = """\
int a, b, c, d;
int start(int x)
{
    a = x;
    if (x > 3) {
        b = x * 5;
        c = 7;
    } else {
        d = 1;
    }
    return x + 1;
}
"""
HOOKS = "".join(f"void __tsan_{what}{size}(void *p) {{}}\n" for what in ("read", "write")
                for size in (1, 2, 4, 8)) + "void __tsan_init(void) {}\n"
FILE = "kernel/a.c"


@pytest.fixture(name="linux")
def _linux(tmp_path: Path) -> Path:
    """A binary with hooks, and its source, in a tree."""
    (tmp_path / "kernel").mkdir()
    (tmp_path / FILE).write_text(SOURCE)
    (tmp_path / "hooks.c").write_text(HOOKS)
    flags = ["-O2", "-g1", "-fno-pie", "-ffreestanding"]
    subprocess.run(["gcc", *flags, "-fsanitize=thread", "--param", "tsan-instrument-func-entry-exit=0",
                    "-c", tmp_path / FILE, "-o", tmp_path / "a.o"], check=True)
    subprocess.run(["gcc", *flags, "-c", tmp_path / "hooks.c", "-o", tmp_path / "hooks.o"], check=True)
    subprocess.run(["gcc", "-nostdlib", "-static", "-no-pie", "-Wl,-e,start", tmp_path / "a.o",
                    tmp_path / "hooks.o", "-o", tmp_path / "linux"], check=True)
    return tmp_path / "linux"


def returns(linux: Path, line: int) -> list[int]:
    """The addresses of the last bytes of calls of hooks on a line."""
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", "--disassemble=start", linux], check=True,
                          capture_output=True, text=True).stdout
    code = re.findall(r"^\s*([0-9a-f]+):\s+(.*)$", text, re.MULTILINE)
    found = []
    for (address, words), (following, _) in zip(code, code[1:]):
        if "<__tsan_write" in words:
            place = subprocess.run(["addr2line", "-e", linux, address], check=True, capture_output=True,
                                   text=True).stdout
            if re.search(rf":{line}\b", place):
                found.append(int(following, 16) - 1)
    assert found, f"no hook on line {line}"
    return found


def covered(linux: Path, executed: list[int], lines: set[int]) -> Coverage:
    """Of these lines."""
    return coverage.covered({FILE: lines}, {"one": executed, "other": executed, "none": []}, linux,
                            linux.parent, linux.parent)


def test_a_line_whose_hook_was_called(linux: Path) -> None:
    assert covered(linux, returns(linux, 6), {6}) == Coverage({f"{FILE}:6": 2}, [], 0)


def test_a_line_whose_hook_was_not(linux: Path) -> None:
    assert covered(linux, returns(linux, 6), {9}) == Coverage({}, [f"{FILE}:9 (start)"], 0)


def test_what_dominates_an_executed_block_was_executed(linux: Path) -> None:
    assert covered(linux, returns(linux, 9), {4}) == Coverage({f"{FILE}:4": 2}, [], 0)


def test_a_branch_tells_nothing_of_the_other_one(linux: Path) -> None:
    assert covered(linux, returns(linux, 4), {4, 6, 9}) == Coverage(
        {f"{FILE}:4": 2}, [f"{FILE}:6 (start)", f"{FILE}:9 (start)"], 0)


def test_lines_without_code_cannot_be_told(linux: Path) -> None:
    assert covered(linux, returns(linux, 4), {1, 13}) == Coverage({}, [], 2)


def test_lines_are_those_of_the_users_file(linux: Path, tmp_path: Path) -> None:
    user = tmp_path / "user"
    (user / "kernel").mkdir(parents=True)
    (user / FILE).write_text(SOURCE.replace("int start", "\n\nint start"))
    found = coverage.covered({FILE: {8}}, {"one": returns(linux, 6)}, linux, linux.parent, user)
    assert found == Coverage({f"{FILE}:8": 1}, [], 0)


def test_changed_lines(tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text("one\ntwo\nnew\nfour\n")
    (tmp_path / "b.txt").write_text("x\n")
    (tmp_path / "c.h").write_text("one\n")
    differing = {"a.c": Instead(b"one\ntwo\nthree\nfour\n", 0o644), "b.txt": None,
                 "gone.c": Instead(b"", 0o644), "c.h": None}
    assert coverage.changed_lines(tmp_path, differing) == {"a.c": {3}, "c.h": {1}}

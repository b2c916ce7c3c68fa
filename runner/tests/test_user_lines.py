# SPDX-License-Identifier: GPL-2.0
"""Lines of an adapted file are said as those of the user's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.kernel.git_tree import Instead
from runner.kernel.user_lines import Map, UserLines
from runner.tests.conftest import write

ORIGINAL = "int a;\n\nint f(void)\n{\n\tg();\n\treturn a;\n}\n\nint h(void)\n{\n\treturn b;\n}\n"
ADAPTED = """\
#include "hooks.h"
int a;

int f(void)
{
\ttkfi_point(f.begin);
\tg();
\ttkfi_point(f.end);
\treturn a;
}

int h(void)
{
\treturn tkfi(b);
}

#include "tkfi-glue.h"
"""


@pytest.fixture(name="both")
def fixture_both(tmp_path: Path) -> tuple[Path, Path]:
    """A source and the tree over it."""
    source, tree = tmp_path / "linux", tmp_path / "tree"
    write(source / "kernel/time/a.c", ORIGINAL)
    write(tree / "kernel/time/a.c", ADAPTED)
    write(tree / "kernel/time/tkfi.c", "int new;\n")
    write(source / "lib/b.c", "int b;\n")
    (tree / "lib").symlink_to(source / "lib")
    return source, tree


@pytest.mark.parametrize("adapted, own, before", [
    (1, None, 0), (2, 1, 1), (4, 3, 3), (5, 4, 4), (6, None, 4), (7, 5, 5), (8, None, 5), (9, 6, 6),
    (12, 9, 9), (14, None, 10), (15, 12, 12), (17, None, 12), (99, None, 13),
])
def test_a_line(both: tuple[Path, Path], adapted: int, own: int | None, before: int) -> None:
    source, tree = both
    lines = Map((source / "kernel/time/a.c").read_bytes(), (tree / "kernel/time/a.c").read_bytes())
    assert lines.line(adapted) == own
    if adapted < 17:
        assert lines.before(adapted) == before


def test_files_that_are_the_same_and_empty_ones() -> None:
    text = ORIGINAL.encode()
    assert [Map(text, text).line(n) for n in (1, 7, 12)] == [1, 7, 12]
    assert Map(b"", text).line(1) is None


def test_a_long_file_takes_no_time() -> None:
    """Lines that a file has often are not taken for others."""
    body = [f"\tcall{n}();\n" if n % 3 else "\n" for n in range(6000)]
    adapted = ["#include\n", *body[:3000], "\tpoint;\n", *body[3000:]]
    lines = Map("".join(body).encode(), "".join(adapted).encode())
    assert [lines.line(n) for n in (1, 2, 3001, 3002, 3003, 6002)] == [None, 1, 3000, None, 3001, 6000]


def test_a_place_in_another_state_of_the_source(both: tuple[Path, Path]) -> None:
    """Of a revision, whose file had a line more; and one that there was not."""
    lines = UserLines(*both, {"kernel/time/a.c": Instead(f"earlier\n{ORIGINAL}".encode(), 0o644)})
    assert lines.place("kernel/time/a.c", 9) == "kernel/time/a.c:7"
    assert UserLines(*both, {"kernel/time/a.c": None}).place("kernel/time/a.c", 9) == "kernel/time/a.c:9"


def test_a_place(both: tuple[Path, Path]) -> None:
    lines = UserLines(*both)
    assert lines.place("kernel/time/a.c", 9) == "kernel/time/a.c:6"
    assert lines.place("kernel/time/a.c", 6) == "kernel/time/a.c, in what tkfi adds after line 4"
    assert lines.place("lib/b.c", 1) == "lib/b.c:1"
    assert lines.place("kernel/time/tkfi.c", 1) == "kernel/time/tkfi.c:1"
    assert lines.place("nowhere.c", 3) == "nowhere.c:3"


def test_what_a_compiler_says(both: tuple[Path, Path]) -> None:
    said = """\
../kernel/time/a.c: In function 'f':
../kernel/time/a.c:9:16: error: 'a' undeclared (first use in this function)
    9 |         return a;
      |                ^
../kernel/time/a.c:8:2: warning: that
    8 |         tkfi_point(f.end);
      |         ^
In file included from {tree}/lib/b.c:1,
                 from {tree}/.kunit/../kernel/time/a.c:2,
                 from ../kernel/time/a.c:4:
make[4]: *** [../scripts/Makefile.build:229: kernel/time/a.o] Error 1"""
    wanted = """\
kernel/time/a.c: In function 'f':
kernel/time/a.c:6:16: error: 'a' undeclared (first use in this function)
    6 |         return a;
      |                ^
kernel/time/a.c, in what tkfi adds after line 5: warning: that
      |         tkfi_point(f.end);
      |         ^
In file included from lib/b.c:1,
                 from kernel/time/a.c:1,
                 from kernel/time/a.c:3:
make[4]: *** [scripts/Makefile.build:229: kernel/time/a.o] Error 1"""
    source, tree = both
    assert UserLines(source, tree).text(said.format(tree=tree)) == wanted

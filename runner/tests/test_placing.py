# SPDX-License-Identifier: GPL-2.0
"""Patches piece by piece: where they fit they make what patch(1) makes, and else what can be placed."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from runner.kernel import kernels, patches, placing
from runner.layout import Layout
from runner.tests.conftest import write

CORE = "kernel/time/timekeeping.c"
MEMCPY = "\tmemcpy(real_tk, tk, sizeof(*tk));\n"
PUBLISH = """\
static void publish(struct timekeeper *real_tk, struct timekeeper *tk, unsigned int clock_set)
{
\ttimekeeping_update(tk, clock_set);
\tmemcpy(real_tk, tk, sizeof(*tk));
\t/* The memcpy must come last. Do not put anything here! */
\twrite_seqcount_end(&tk_core.seq);
}

"""


@pytest.fixture(name="series")
def of_default() -> Sequence[Path]:
    return patches.series(Layout().patches / kernels.DEFAULT)


@pytest.fixture(name="tree")
def files(tmp_path: Path, series: Sequence[Path]) -> Path:
    """What the default kernel's series changes."""
    source = Layout().source(kernels.DEFAULT)
    if not source.is_dir():
        pytest.skip("the default kernel's source is not there: ./tkfi build")
    for name in set[str]().union(*map(patches.touched, series)):
        if (source / name).is_file():
            (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source / name, tmp_path / "tree" / name)
    return tmp_path / "tree"


def placed(tree: Path, series: Sequence[Path]) -> list[str]:
    """Apply all; what was left out."""
    return [piece.title for patch in series for piece in placing.apply(patch, tree)]


def points(text: str) -> list[tuple[str, str]]:
    """The points in a file, each with the function it is in, in order."""
    found, function = [], ""
    for line in text.splitlines():
        if (match := re.match(r"^[A-Za-z_].*?\b(\w+)\(", line)) and not line.endswith(";"):
            function = match[1]
        found += [(name, function) for name in re.findall(r"tkfi_point\(([\w.]+)\)", line)]
    return found


def test_as_patch_does(tree: Path, series: Sequence[Path], tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(tree, other)
    for patch in series:
        subprocess.run(["patch", "-p1", "--quiet", "--no-backup-if-mismatch", "-i", patch], cwd=other,
                       check=True)
    assert not placed(tree, series)
    assert {file.relative_to(tree): file.read_bytes() for file in tree.rglob("*") if file.is_file()} == {
        file.relative_to(other): file.read_bytes() for file in other.rglob("*") if file.is_file()}


def replaced(old: str, new: str) -> Callable[[str], str]:
    def replace(text: str) -> str:
        assert old in text
        return text.replace(old, new)
    return replace


@pytest.mark.parametrize("edit", [
    replaced("\txt = tk_xtime(tk);\n", "\n\txt = tk_xtime(tk); /* now */\n"),
    replaced("\twrite_seqcount_begin(&tk_core.seq);\n\n\ttimekeeping_forward_now(tk);\n",
             "\twrite_seqcount_begin(&tk_core.seq);\n\tbarrier();\n\ttimekeeping_forward_now(tk);\n"),
    replaced(MEMCPY, "\t*real_tk = *tk;\n"),
    replaced("\t/* Check if there's really nothing to do */\n", ""),
    lambda text: text + "\nEXPORT_SYMBOL(nothing);\n",
    lambda text: "/* first */\n" * 500 + text,
    replaced('#include "timekeeping_internal.h"\n', '#include "other.h"\n'),
    lambda text: text.replace('"timekeeping_internal.h"', '"other.h"') + '\n#include "last.h"\n',
    replaced("raw_spin_lock_irqsave(&timekeeper_lock, flags);\n",
             "raw_spin_lock_irqsave(&timekeeper_lock, flags);\n\tbarrier();\n"),
])
def test_what_stands_beside_them_may_change(tree: Path, series: Sequence[Path],
                                            edit: Callable[[str], str], tmp_path: Path) -> None:
    shutil.copytree(tree, tmp_path / "unchanged")
    assert not placed(tmp_path / "unchanged", series)
    write(tree / CORE, edit((tree / CORE).read_text(encoding="utf-8")))
    assert not placed(tree, series)
    texts = [(place / CORE).read_text(encoding="utf-8") for place in (tree, tmp_path / "unchanged")]
    assert points(texts[0]) == points(texts[1])
    assert texts[0].count("tkfi/timekeeping/hooks.h") == 1
    assert texts[0].index("tkfi/timekeeping/hooks.h") < texts[0].index("\n{\n")
    assert texts[0].endswith('#include "tkfi-glue.h"\n#endif\n')


def test_code_that_moves_takes_its_points_along(tree: Path, series: Sequence[Path]) -> None:
    text = (tree / CORE).read_text(encoding="utf-8")
    body = "".join(PUBLISH.splitlines(keepends=True)[2:-2])
    assert body in text
    text = text.replace(body, "\tpublish(real_tk, tk, clock_set);\n")
    at = text.index("/*\n * timekeeping_advance - Updates")
    write(tree / CORE, text[:at] + PUBLISH + text[at:])
    left_out = placed(tree, series)
    found = points((tree / CORE).read_text(encoding="utf-8"))
    assert ("publish.copy", "publish") in found and ("advance.calculated", "timekeeping_advance") in found
    assert left_out == [] or left_out == [f"point publish.end ({CORE}, timekeeping_advance())"]


def test_what_all_callers_of_a_function_did(tree: Path, series: Sequence[Path]) -> None:
    """One point there, for all of them."""
    text = (tree / CORE).read_text(encoding="utf-8")
    begin = "\twrite_seqcount_begin(&tk_core.seq);\n"
    assert text.count(begin) > 2
    text = text.replace(begin, "\ttimekeeping_write_begin();\n")
    at = text.index("/**\n * timekeeping_forward_now - ")
    helper = f"static void timekeeping_write_begin(void)\n{{\n{begin}}}\n\n"
    write(tree / CORE, text[:at] + helper + text[at:])
    assert not placed(tree, series)
    found = points((tree / CORE).read_text(encoding="utf-8"))
    assert [function for name, function in found if name == "publish.begin"] == [
        "timekeeping_write_begin"]


def test_what_a_function_does_that_is_not_called(tree: Path, series: Sequence[Path]) -> None:
    text = (tree / CORE).read_text(encoding="utf-8")
    at = text.index("static bool timekeeping_advance(")
    write(tree / CORE, text[:at] + text[at:].replace("\twrite_seqcount_begin(&tk_core.seq);\n", "", 1))
    assert placed(tree, series) == [f"point publish.begin ({CORE}, timekeeping_advance())"]


def test_between_lines_that_are_swapped(tree: Path, series: Sequence[Path]) -> None:
    """No place is after the one and before the other any more."""
    text = (tree / CORE).read_text(encoding="utf-8")
    cleared = "\ttimekeeping_suspended = 0;\n"
    updated = "\ttimekeeping_update(tk, TK_MIRROR | TK_CLOCK_WAS_SET);\n"
    assert text.count(cleared + updated) == 1
    write(tree / CORE, text.replace(cleared + updated, updated + cleared))
    assert placed(tree, series) == [f"point resume.calculated ({CORE}, timekeeping_resume())"]


def test_one_that_has_no_place(tree: Path, series: Sequence[Path]) -> None:
    """Neither in a function like it."""
    text = (tree / CORE).read_text(encoding="utf-8")
    begins = text.index("int do_settimeofday64(")
    ends = text.index("\n}\n", begins)
    write(tree / CORE, text[:begins] + "int do_settimeofday64(const struct timespec64 *ts)\n{\n\treturn 0;"
          + text[ends:])
    left_out = placed(tree, series)
    assert left_out == [f"point {name} ({CORE}, do_settimeofday64())" for name in (
        "settime.locked", "publish.begin", "settime.sampled", "settime.calculated", "publish.end",
        "settime.unlocked")]
    assert "settimeofday64" not in [function for _, function in points(
        (tree / CORE).read_text(encoding="utf-8"))]

# SPDX-License-Identifier: GPL-2.0
"""The rooms of fault/: what a file of one may include, by the command that compiled one of its files."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from runner.kernel import freshness, kernels
from runner.layout import Layout

FAULT = Layout().repo / "fault"
SUBJECTS = {"timekeeping", "seqlock"}
MAY_INCLUDE = {  # of others
    "instrument": set[str](),
    "core": {"instrument"},
    "search": {"core", "instrument"},
    "program": {"core", "instrument"},
    "seqlock": {"program", "core", "instrument"},
    "timekeeping": {"program", "core", "instrument"},
    "frontend": {"program", "core", "instrument", "search", "timekeeping"},
}
# A header of each that needs nothing else, and its constructs only C's.
HEADERS = {"instrument": "entry.h", "core": "engine.h", "search": "search.h", "program": "units.h",
           "timekeeping": "clock.h", "frontend": "result.h"}


def commands() -> dict[str, list[str]]:
    """The compiler's command for a file of each room, without the file and what becomes of it."""
    layout = Layout()
    kernel = kernels.choose(kernels.DEFAULT, layout)
    record = freshness.read(kernel, layout)
    if not record or not record.is_current(kernel, layout):
        pytest.skip("the default kernel is not built as it is now: ./tkfi build")
    found = {}
    for room in MAY_INCLUDE:
        objects = layout.objects(kernel.place) / "kernel/time/tkfi" / room
        # One of a room's files may be instrumented; one that is not comes last.
        file = sorted(objects.glob(".*.o.cmd"), key=lambda one: "access.mk" in one.read_text())[-1]
        command = file.read_text().partition(" := ")[2].partition("\n")[0].partition(" ; ")[0]
        words = [word for word in shlex.split(command)[:-1] if not word.startswith("-Wp,")]
        found[room] = [*words[:words.index("-o")], "-fsyntax-only", "-x", "c", "-"]
    return found


def compiles(command: list[str], header: str) -> str:
    """What the compiler says of a file that includes a header; "" if nothing."""
    layout = Layout()
    place = layout.objects(kernels.choose(kernels.DEFAULT, layout).place)
    done = subprocess.run(command, cwd=place, input=f'#include "{header}"\n', text=True, check=False,
                          capture_output=True)
    assert bool(done.returncode) == bool(done.stderr), done.stderr
    return done.stderr


def test_a_crossing_does_not_compile() -> None:
    made = commands()
    for room, command in made.items():
        for other, header in HEADERS.items():
            said = compiles(command, header)
            if other == room or other in MAY_INCLUDE[room]:
                assert not said, (room, header, said)
            else:
                assert f"{header}: No such file or directory" in said, (room, header)


def files() -> list[Path]:
    return sorted(file for room in MAY_INCLUDE for file in (FAULT / room).glob("*.[chS]"))


@pytest.mark.parametrize("file", files(), ids=lambda file: "/".join(file.parts[-2:]))
def test_nobody_goes_round(file: Path) -> None:
    """By a path, or by a header of one name in two rooms."""
    text = file.read_text(encoding="utf-8")
    assert not re.findall(r'#include\s+"[^"]*/', text)
    if file.suffix == ".h":
        assert [one.parent.name for one in files() if one.name == file.name] == [file.parent.name]


def test_every_room_is_known() -> None:
    assert {place.name for place in FAULT.iterdir() if place.is_dir()} == set(MAY_INCLUDE)


def test_a_small_subject_is_small() -> None:
    (source,) = (FAULT / "seqlock").glob("*.c")
    text = source.read_text(encoding="utf-8")
    assert text.count("\n") <= 200
    assert not re.search(r"#include <linux/(time|clocksource|ntp|hrtimer|jiffies|ktime)", text)

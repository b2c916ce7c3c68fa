# SPDX-License-Identifier: GPL-2.0
"""Where in the user's own source the injection points of a prepared tree are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.kernel import patches, placing
from runner.kernel.user_lines import Map


@dataclass(frozen=True)
class Placed:
    """A point: after which line of which file of the source it is, and in which function."""

    name: str
    file: str
    line: int
    function: str


def points(source: Path, tree: Path, series: Sequence[Path]) -> Iterator[Placed]:
    """The points in the files that patches change, in order."""
    for name in sorted({name for patch in series for name in patches.touched(patch)}):
        adapted, original = tree / name, source / name
        if name.endswith(".c") and adapted.is_file() and original.is_file():
            lines = Map(original.read_bytes(), adapted.read_bytes())
            for line, function, point in placing.points(adapted):
                yield Placed(point, name, lines.before(line), function)

# SPDX-License-Identifier: GPL-2.0
"""Where in the user's own file a line of an adapted one comes from."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

from runner.kernel.git_tree import Instead

# file:line, and what a compiler writes after it: the column, and what it has to say.
_PLACE = re.compile(r"(?P<path>[\w./+-]*[\w-]\.[chS]):(?P<line>[1-9]\d*)(?P<column>:\d+)?")
_QUOTED = re.compile(r" *(?P<line>[1-9]\d*)(?= \| )")  # how GCC begins a line of source that it shows


class Map:
    """The lines of an adapted file that are the original's, counted from 1."""

    def __init__(self, original: bytes, adapted: bytes) -> None:
        matcher = SequenceMatcher(None, _lines(original), _lines(adapted), autojunk=False)
        self._blocks = [block for block in matcher.get_matching_blocks() if block.size]
        self._firsts = [block.b for block in self._blocks]

    def line(self, number: int) -> int | None:
        """The original's line that line number of the adapted file is; None if it was added or changed."""
        before = self.before(number)
        return before if before and self._is_same(number) else None

    def before(self, number: int) -> int:
        """The original's line that this line is, or else the nearest one before it; 0 if there is none."""
        at = bisect_right(self._firsts, number - 1) - 1
        if at < 0:
            return 0
        block = self._blocks[at]
        return block.a + min(number - 1 - block.b, block.size - 1) + 1

    def _is_same(self, number: int) -> bool:
        block = self._blocks[bisect_right(self._firsts, number - 1) - 1]
        return number - 1 < block.b + block.size


class UserLines:
    """Lines of a prepared tree as those of the source that it was made over; instead has the files of
    another state of the source, if that is what it was made over."""

    def __init__(self, source: Path, tree: Path,
                 instead: Mapping[str, Instead | None] | None = None) -> None:
        self._source, self._tree, self._instead = source, tree, instead or {}
        self._map = cache(self._read)

    def place(self, path: str, line: int) -> str:
        """file:line in the source of a line of the tree, or in words where in the source it was added. path
        is relative to the tree; what is not in the source keeps its line."""
        lines = self._map(path)
        if lines is None:
            return f"{path}:{line}"
        own = lines.line(line)
        return f"{path}:{own}" if own else f"{path}, in what tkfi adds after line {lines.before(line)}"

    def number(self, path: str, line: int) -> int | None:
        """The number in the source of a line of the tree, None if it is not there."""
        lines = self._map(path)
        return line if lines is None else lines.line(line)

    def text(self, said: str) -> str:
        """What a compiler said, by the source's files and lines, relative to the source."""
        path, lines = "", []
        above = rf"{re.escape(str(self._tree))}/([.]\w+/[.][.]/)?|(?<![\w./])([.][.]/)+"
        for line in re.sub(above, "", said).split("\n"):
            if match := _PLACE.search(line):
                path = match["path"]
            lines.append(self._quoted(path, line) if path and _QUOTED.match(line) else
                         _PLACE.sub(self._named, line))
        return "\n".join(lines)

    def _named(self, match: re.Match[str]) -> str:
        place = self.place(match["path"], int(match["line"]))
        return place + (match["column"] or "" if place.startswith(f"{match['path']}:") else "")

    def _quoted(self, path: str, line: str) -> str:
        """A line of source as shown under what is said of it: with its number there."""
        match, lines = _QUOTED.match(line), self._map(path)
        if not match or lines is None:
            return line
        return str(lines.line(int(match["line"])) or "").rjust(match.end()) + line[match.end():]

    def _read(self, path: str) -> Map | None:
        adapted, original = self._tree / path, self._source / path
        if adapted.is_symlink() or not adapted.is_file():
            return None
        if path in self._instead:
            other = self._instead[path]
            return Map(other.contents, adapted.read_bytes()) if other else None
        return Map(original.read_bytes(), adapted.read_bytes()) if original.is_file() else None


def _lines(text: bytes) -> list[bytes]:
    return text.split(b"\n")

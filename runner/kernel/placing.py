# SPDX-License-Identifier: GPL-2.0
"""A patch piece by piece, for a tree that differs from the one it was made for.

patch(1) takes or leaves a hunk, and wants the lines next to a change to be there. A piece is what a patch
does at one place; it goes where the lines around it are, in the same function, as long as there is one best
place. Injection points are given up one by one when there is none: whoever needs them says so. (Debian's
coccinelle, 1.1.1, cannot read the functions of 7.3 that use guard() and scoped_guard().)
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from runner.errors import TkfiError

_CONTEXT = 3  # lines before a piece, and after it, that may tell where it goes
_NEAR = 40  # lines in which these are looked for: there may be comments between
_FUNCTION = re.compile(r"^[A-Za-z_][^;={]*?\b(\w+)\(")
_POINT = re.compile(r"\s*tkfi_point\(([\w.]+)\);\s*")


class PatchError(TkfiError):
    """A patch does not apply."""


@dataclass(frozen=True)
class Piece:
    """What a patch does at one place of a file: the lines it removes and adds there, the unchanged lines
    before and after it, and the function it is in, "" if that is not known."""

    file: str
    function: str
    before: Sequence[str]
    removed: Sequence[str]
    added: Sequence[str]
    after: Sequence[str]

    @property
    def points(self) -> list[str]:
        """The injection points that it names, or takes back, if it does nothing else."""
        named = [match[1] for line in (*self.added, *self.removed) if (match := _POINT.fullmatch(line))]
        added, removed = ([line.strip(" {}\t\n") for line in lines if not _POINT.fullmatch(line)]
                          for lines in (self.added, self.removed))
        return named if list(filter(None, added)) == list(filter(None, removed)) else []

    @property
    def title(self) -> str:
        """What it is, and where it should be."""
        what = ", ".join(f"point {name}" for name in self.points) or (
            next((line.strip() for line in self.added if line.strip()), "a removed line"))
        return f"{what} ({self.file}{f', {self.function}()' if self.function else ''})"


def apply(patch: Path, tree: Path) -> list[Piece]:
    """Apply a patch to tree; returns the pieces that have no place there, which are left out.

    Raises PatchError when there is no file that it changes.
    """
    from unidiff import PatchSet  # few trees need it

    left_out: list[Piece] = []
    for one in PatchSet(patch.read_text(encoding="utf-8", errors="replace")):
        file = tree / one.path
        if not one:
            continue  # the line "diff --git" of a file that follows
        if one.is_added_file:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("".join(line.value for hunk in one for line in hunk), encoding="utf-8")
            continue
        if not file.is_file():
            raise PatchError(f"{patch.name} changes {one.path}, a file that does not exist in this tree")
        lines = file.read_text(encoding="utf-8", errors="surrogateescape").splitlines(keepends=True)
        pieces = list(_pieces(one.path, one))
        known = {piece.function for piece in pieces}
        left_out += [piece for piece in pieces if not _place(piece, lines, known)]
        file.write_text("".join(lines), encoding="utf-8", errors="surrogateescape")
    return left_out


def points(file: Path) -> Iterator[tuple[int, str, str]]:
    """The injection points in a file: line, function and name."""
    function = ""
    text = file.read_text(encoding="utf-8", errors="surrogateescape")
    for number, line in enumerate(text.split("\n"), start=1):
        started = _FUNCTION.match(line)
        function = started[1] if started else function
        if match := _POINT.fullmatch(line):
            yield number, function, match[1]


def _pieces(file: str, hunks: Sequence[Sequence[object]]) -> Iterator[Piece]:
    for hunk in hunks:
        lines = [(getattr(line, "line_type"), getattr(line, "value")) for line in hunk]
        name = _FUNCTION.match(getattr(hunk, "section_header"))
        function, at = name[1] if name else "", 0
        while at < len(lines):
            if lines[at][0] == " ":
                started = _FUNCTION.match(lines[at][1])
                function = started[1] if started else function
                at += 1
                continue
            end = next((i for i in range(at, len(lines)) if lines[i][0] == " "), len(lines))
            first = max((i + 1 for i in range(at) if lines[i][0] != " "), default=0)
            last = next((i for i in range(end, len(lines)) if lines[i][0] != " "), len(lines))
            yield Piece(file, function, [text for _, text in lines[max(first, at - _CONTEXT):at]],
                        [text for kind, text in lines[at:end] if kind == "-"],
                        [text for kind, text in lines[at:end] if kind == "+"],
                        [text for _, text in lines[end:min(last, end + _CONTEXT)]])
            at = end


def _place(piece: Piece, lines: list[str], known: Collection[str]) -> bool:
    """Put a piece into lines; returns whether there was one best place. known are the functions of all
    pieces: what moved has moved into none of these."""
    if not piece.after and not piece.removed:  # the end of the file
        lines += ["\n"] * (bool(lines) and not lines[-1].endswith("\n")) + list(piece.added)
        return True
    if piece.added and not piece.removed and all(line.startswith("#include ") for line in piece.added):
        at = _after(piece.before[-1:], lines) or _last_include(lines)
        lines[at:at] = piece.added
        return bool(at)
    first, last = _extent(piece.function, lines)
    if piece.points and not piece.removed and _are_swapped(piece, lines[first:last]):
        return False
    best = _moved(piece, lines, first, last, known) if piece.points and not piece.removed else None
    added = list(map(_bare, piece.added))
    if best is not None and list(map(_bare, lines[best:best + len(added)])) == added:
        return True  # another caller of the function had put it there
    best = _best(piece, lines, first, last) if best is None else best
    if best is None and not piece.removed and (first, last) != (0, len(lines)):
        # Code that moved into another function: all lines around it have to be there.
        best = _best(piece, lines, 0, len(lines), whole=True)
        if best is not None and any(first <= best < last for first, last in (
                _extent(name, lines) for name in known) if (first, last) != (0, len(lines))):
            return False
    if best is None:
        return False
    lines[best:best + len(piece.removed)] = piece.added
    return True


def _are_swapped(piece: Piece, lines: Sequence[str]) -> bool:
    """Whether the line before the piece is there, once, only after the one that follows the piece: no place
    is both after the one and before the other."""
    def only(wanted: Sequence[str]) -> int | None:
        found = [at for at, line in enumerate(lines)
                 if wanted and _says_something(line) and _bare(line) == _bare(wanted[0])]
        return found[0] if len(found) == 1 else None

    before, after = only(piece.before[-1:]), only(piece.after[:1])
    return before is not None and after is not None and after < before


def _moved(piece: Piece, lines: Sequence[str], first: int, last: int, known: Collection[str]) -> int | None:
    """The place after the line that is before the piece, if these lines do not have it any more, and just
    one function has it, once, that has taken it over. None if there is no such place.

    That is one that they call, or that all their callers call, or that has the name of theirs with more
    after it; and that had no piece of its own.
    """
    def is_it(line: str) -> bool:
        return bool(piece.before) and _says_something(line) and _bare(line) == _bare(piece.before[-1])

    if not piece.function or any(map(is_it, lines[first:last])):
        return None
    named = {match[1] for line in lines if (match := _FUNCTION.match(line))}
    bodies = {name: extent for name in named if (extent := _extent(name, lines)) != (0, len(lines))}
    texts = {name: "".join(lines[begin + 1:end]) for name, (begin, end) in bodies.items()}
    callers = [text for text in texts.values() if re.search(rf"\b{piece.function}\(", text)]

    def took_over(name: str) -> bool:
        call = re.compile(rf"\b{name}\(")
        return (bool(call.search(texts.get(piece.function, ""))) or name.startswith(f"{piece.function}_")
                or bool(callers) and all(map(call.search, callers)))

    inside = [at for name, (begin, end) in bodies.items() if name not in known and took_over(name)
              for at in range(begin, end) if is_it(lines[at])]
    return inside[0] + 1 if len(inside) == 1 else None


def _best(piece: Piece, lines: Sequence[str], first: int, last: int, *, whole: bool = False) -> int | None:
    """The place with the most lines as around the piece, next to it on one side at least, and rather before
    it: a point says what has just been done. None if there is none, or more than one. If whole, all of them
    must be there, and two of them say something."""
    found: dict[tuple[int, int], list[int]] = {}
    for at in range(first, last + 1):
        end = at + len(piece.removed)
        if list(map(_bare, lines[at:end])) != list(map(_bare, piece.removed)):
            continue
        before = _same(piece.before[::-1], lines[max(first, at - _NEAR):at][::-1])
        after = _same(piece.after, lines[end:min(last, end + _NEAR)])
        around = 2 * (_telling(piece.before) + _telling(piece.after))
        if whole and before + after < max(around, 4):
            continue
        if before + after or piece.removed:
            found.setdefault((2 * before + after, before), []).append(at)
    best = found[max(found)] if found else []
    if not best or any(_is_code(lines[at]) for at in range(best[0], best[-1])):
        return None
    # On which side of a blank line or a comment makes no difference, but to a person.
    return max(best, key=lambda at: (at > 0 and piece.before[-1:] and lines[at - 1] == piece.before[-1],
                                     piece.after[:1] == lines[at:at + 1]))


def _same(wanted: Sequence[str], there: Sequence[str]) -> int:
    """Twice the number of lines that are the same from the beginning on, less those that say nothing. Once
    their number if the first one wanted is not there."""
    lines, others = list(filter(_is_code, wanted)), list(filter(_is_code, there))
    for dropped in (0, 1):
        same = list(takewhile(lambda pair: _bare(pair[0]) == _bare(pair[1]), zip(lines[dropped:], others)))
        if number := sum(_says_something(one) for one, _ in same):
            return number * (2 - dropped)
    return 0


def _telling(lines: Sequence[str]) -> int:
    return sum(map(_says_something, lines))


def _says_something(line: str) -> bool:
    return _is_code(line) and line.strip() not in ("{", "}")


def _is_code(line: str) -> bool:
    """Neither blank nor, as the kernel writes them, a line of a comment."""
    return bool(line.strip()) and not line.lstrip().startswith(("/*", "*", "//"))


def _bare(line: str) -> str:
    return " ".join(line.split())


def _extent(function: str, lines: Sequence[str]) -> tuple[int, int]:
    """Where a function is: from its first line to the brace that ends it; the whole file if it is not
    there, or not known."""
    for first, line in enumerate(lines):
        if function and (match := _FUNCTION.match(line)) and match[1] == function:
            ends = (last for last in range(first, len(lines)) if lines[last].rstrip() in ("}", "};"))
            head = "".join(lines[first:first + 8])
            if ";" not in head.partition("{")[0]:
                return first, next(ends, len(lines))
    return 0, len(lines)


def _after(wanted: Sequence[str], lines: Sequence[str]) -> int:
    """The line after this one, 0 if that is not there."""
    return next((at + 1 for at, line in enumerate(lines) if wanted and _bare(line) == _bare(wanted[0])), 0)


def _last_include(lines: Sequence[str]) -> int:
    """The line after the last #include before the first function, 0 if there is none."""
    head = takewhile(lambda line: not line.startswith("{"), lines)
    return max((at + 1 for at, line in enumerate(head) if line.startswith("#include ")), default=0)

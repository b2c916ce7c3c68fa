# SPDX-License-Identifier: GPL-2.0
"""Tables of text."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

WIDTH = 80  # characters, of a terminal
_TIED = "\u00a0"  # a blank at which no line is broken


def table(heading: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> str:
    """Columns as wide as they need be, the first ones to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(heading, *rows)]

    def line(cells: Sequence[str]) -> str:
        text = (cell.ljust(width) if index < left else cell.rjust(width)
                for index, (cell, width) in enumerate(zip(cells, widths)))
        return "  " + "   ".join(text).rstrip()

    rule = "  " + "   ".join("-" * width for width in widths)
    return "\n".join([line(heading), rule, *map(line, rows)])


def texts(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns to the left. What is long in the last one goes on below itself: a line has no more than 80
    characters, if words allow it."""
    widths = [max(map(len, column)) for column in zip(heading, *rows)]
    room = WIDTH - len("  ") - sum(width + len("   ") for width in widths[:-1])
    lines = []
    for *first, last in rows:
        parts = textwrap.wrap(last, max(room, 1), break_long_words=False, break_on_hyphens=False) or [""]
        lines += [[*first, parts[0]], *([*[""] * len(first), part] for part in parts[1:])]
    return table(heading, lines, left=len(heading))


def wrapped(text: str) -> str:
    """Lines of words that a terminal has room for: what is too long goes on below itself. A value stays
    with its equals sign."""
    return "\n".join(line if len(line) <= WIDTH else textwrap.fill(
        line.replace(" = ", f" ={_TIED}"), WIDTH, break_long_words=False, break_on_hyphens=False,
        subsequent_indent=" " * (len(line) - len(line.lstrip()) + 2)).replace(_TIED, " ")
        for line in text.splitlines())


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of words, in columns."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]

# SPDX-License-Identifier: GPL-2.0
"""Tables of text."""

from __future__ import annotations

from collections.abc import Sequence


def table(heading: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> str:
    """Columns as wide as they need be, the first ones to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(heading, *rows)]

    def line(cells: Sequence[str]) -> str:
        text = (cell.ljust(width) if index < left else cell.rjust(width)
                for index, (cell, width) in enumerate(zip(cells, widths)))
        return "  " + "   ".join(text).rstrip()

    rule = "  " + "   ".join("-" * width for width in widths)
    return "\n".join([line(heading), rule, *map(line, rows)])


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of words, in columns."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]

# SPDX-License-Identifier: GPL-2.0
"""The kernel's ways to read a clock: their names, from the source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.explore import macros
from runner.layout import Layout

_GLUE = re.compile(r'^\+?#include "(?:tkfi/timekeeping/)?(glue-[\w.]+)"', re.MULTILINE)
_ROW = re.compile(rf"{{\s*TKFI_(\w+),\s*((?:{macros.STRING}\s*)+),[^,]*,"
                  r"\s*(?:TKFI_)?CLOCK_(\w+),\s*TKFI_(\w+),")
_TABLES = ("tkfi_readers[] = {", "tkfi_floor_readers[] = {", "tkfi_jiffies_reader = {",
           "tkfi_aux_readers[TKFI_NR_AUX_READERS] = {")


@dataclass(frozen=True)
class Reader:
    """What a scenario writes after 'read', family before name."""

    name: str
    family: str
    clock: str
    kind: str  # fine, raw, coarse or floored


def readers(layout: Layout, patches: Sequence[Path]) -> list[Reader]:
    """Those a kernel with such a series has, from fault/timekeeping/readers.c and its glue header."""
    source = (layout.repo / "fault/timekeeping/readers.c").read_text(encoding="utf-8")
    glue = _glue(layout, "".join(patch.read_text(encoding="utf-8", errors="replace") for patch in patches))
    text = "".join("{" + _table(part, table) for table in _TABLES for part in (source, glue))
    rows = {name: body.replace("\\\n", " ") for name, body in macros.plain(glue).items()}
    text = re.sub(r"\bTKFI_\w+_READERS\b", lambda word: rows.get(word[0], word[0]), text)
    return [Reader("".join(re.findall(r'"([^"]*)"', name)), family.lower(), clock, kind.lower())
            for family, name, clock, kind in _ROW.findall(macros.called(text, macros.functions(source)))]


def _glue(layout: Layout, text: str) -> str:
    """The glue headers that a text includes, and those that they do."""
    names = _GLUE.findall(text)
    return "".join(_glue(layout, header) + header for header in [
        (layout.repo / "fault/timekeeping" / name).read_text(encoding="utf-8")
        for name in dict.fromkeys(names)])


def _table(source: str, begins: str) -> str:
    return source.partition(begins)[2].partition("\n};")[0]

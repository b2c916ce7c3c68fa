# SPDX-License-Identifier: GPL-2.0
"""Writing files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

NEEDED_GB = 2  # disk space one kernel takes: package, source, objects


def write_safely(file: Path, parts: Iterable[str]) -> None:
    """All of it or nothing, whatever happens to this process meanwhile. Nothing is forced to the disk: what
    build/ holds can be made again, and hundreds of these files are written before an exploration begins."""
    new = file.with_name(f"{file.name}.new")
    with new.open("w", encoding="utf-8") as out:
        out.writelines(parts)
    new.replace(file)

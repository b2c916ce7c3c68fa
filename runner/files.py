# SPDX-License-Identifier: GPL-2.0
"""Writing files."""

from __future__ import annotations

import os
from pathlib import Path


def write_safely(file: Path, text: str) -> None:
    """All of it or nothing, whatever happens meanwhile."""
    new = file.with_name(f"{file.name}.new")
    with new.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    new.replace(file)

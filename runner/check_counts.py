# SPDX-License-Identifier: GPL-2.0
"""Counts of `make check`: each part adds a line to the file that TKFI_SUMMARY names."""

from __future__ import annotations

import os
from pathlib import Path


def add(part: str, passed: int, failed: int) -> None:
    """Append one part's counts; without TKFI_SUMMARY nobody asked."""
    file = os.environ.get("TKFI_SUMMARY")
    if file:
        with Path(file).open("a", encoding="utf-8") as out:
            out.write(f"{passed} {failed} {part}\n")

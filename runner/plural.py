# SPDX-License-Identifier: GPL-2.0
"""Numbers of things, in words."""

from __future__ import annotations


def counted(number: int, what: str, plural: str = "s") -> str:
    """So many of something."""
    return f"{number:,} {what}{plural if number != 1 else ''}"

# SPDX-License-Identifier: GPL-2.0
"""What must hold in every execution: the names, from the source."""

from __future__ import annotations

import re

from runner.layout import Layout

_ABOUT = re.compile(r"^ \* (\w+):\t(.*(?:\n \*\t\t.*)*)", re.MULTILINE)
_LIST = re.compile(r"tkfi_oracles\[\] = \{([^}]*)\}")
_NAME = re.compile(r"&tkfi_oracle_(\w+)")


def oracles(layout: Layout) -> list[tuple[str, str]]:
    """Names, and in a sentence what each holds to, from fault/timekeeping/oracle.c and its header."""
    source = (layout.repo / "fault/timekeeping/oracle.c").read_text(encoding="utf-8")
    header = (layout.repo / "fault/timekeeping/oracle.h").read_text(encoding="utf-8")
    listed, about = _LIST.search(source), dict(_ABOUT.findall(header))
    return [(name, _sentence(about.get(name, ""))) for name in _NAME.findall(listed[1] if listed else "")]


def _sentence(comment: str) -> str:
    return " ".join(comment.replace("\n *", " ").split()).partition(". ")[0].rstrip(".")

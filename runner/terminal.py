# SPDX-License-Identifier: GPL-2.0
"""Colours, and where there are any: on a terminal, or as --color has it.

Whoever writes an answer knows nothing of colours: they are put on words that mean the same everywhere, when
the text is printed. Without them it is the same text.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from typing import TextIO

AUTO, ALWAYS, NEVER = WHEN = ("auto", "always", "never")

_ESCAPE = "\x1b[{}m"
_BOLD, _RED, _GREEN, _YELLOW, _CYAN = "1", "31", "32", "33", "36"
_STYLES = (
    (_RED, r"<- [\d,.]+ n?s back|/\* [\d,.]+ n?s back \*/|\bMISSING\b|"
           r"\b(?:NEW|REGRESSION|INVALID|WRONG|NOT AS PREDICTED)\b"),
    (_GREEN, r"\bPASS\b|^Every oracle holds\."),
    (_YELLOW, r"^known\b|\(known(?=: )|\bOUT OF DATE\b|\bIN USE\b"),
    (_CYAN, r"<(?:scheduled out|blocked on) [^<>]+>|<[^<>]+ pass(?:es)?>"),
    (_BOLD, r"^  (?:VCPU\d+|NMI of VCPU\d+|host)(?: {2,}(?:VCPU\d+|NMI of VCPU\d+|host))*$|^ *\./tkfi .*$"),
)
_WORDS = re.compile("|".join(f"(?P<s{style}>{pattern})" for style, pattern in _STYLES), re.MULTILINE)

_chosen = [AUTO]


def choose(when: str) -> None:
    """Have colours auto, always or never from now on."""
    _chosen[0] = when


def has_colours(out: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether what is written there is coloured. NO_COLOR (no-color.org) counts without --color alone."""
    if _chosen[0] != AUTO:
        return _chosen[0] == ALWAYS
    return out.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def painted(text: str, out: TextIO) -> str:
    """The text as it is to be written there."""
    return coloured(text) if has_colours(out) else text


def coloured(text: str) -> str:
    """With colours."""
    return _WORDS.sub(lambda match: f"{_ESCAPE.format((match.lastgroup or '')[1:])}{match.group()}"
                                    f"{_ESCAPE.format(0)}", text)


def lines(out: TextIO, otherwise: int) -> int:
    """How many lines are seen at once there, if it is a terminal."""
    return shutil.get_terminal_size((80, otherwise)).lines if out.isatty() else otherwise

# SPDX-License-Identifier: GPL-2.0
"""What to say of a name that nothing has: which ones are like it, and what lists all."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MOST = 5  # names
_LIKENESS = 0.5  # from 0 to 1; "fall" and "falls-vdso": 0.57


def nearest(name: str, known: Iterable[str], listing: str) -> str:
    """The known names that are like name, the likest first; and listing, the command that lists all."""
    found = difflib.get_close_matches(name, list(dict.fromkeys(known)), MOST, _LIKENESS)
    meant = f"did you mean {', '.join(found)}? " if found else ""
    return f"{meant}'{listing}' lists all"

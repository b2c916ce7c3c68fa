# SPDX-License-Identifier: GPL-2.0
"""What a run has finished, kept on the way for one that does the same after it was killed.

The file of a verb has a line for each thing that is finished. It goes when the run ends, however it ends:
only one that was killed leaves it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from runner import machine
from runner.layout import Layout
from runner.plural import counted
from runner.progress import note

KEEPS = "what it had finished is not done again"
_FRESH = 3600  # seconds for which it is worth something: the machine has changed since, perhaps


class Journal:
    """What was finished, by key."""

    def __init__(self, file: Path) -> None:
        self._file, self._known = file, _read(file)
        self._used = 0

    def get(self, key: Sequence[object]) -> Any:
        """What was finished under a key; None if nothing was."""
        found = self._known.get(json.dumps(key))
        self._used += found is not None
        return found

    def add(self, key: Sequence[object], value: object) -> None:
        """What is finished now. Both are of what JSON can write; the key says all that the value depends
        on. That nothing can be kept is no reason not to go on."""
        entry = {"key": json.dumps(key), "value": value, "when": time.time(), "boot": machine.boot_id()}
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as file:
                file.write("\n" + json.dumps(entry) + "\n")  # whatever a killed run left before it

    def say(self) -> None:
        """How much was not done again."""
        if self._used:
            note(f"not done again, but from the run that was killed: {counted(self._used, 'step')}")


@contextmanager
def keeping(layout: Layout, verb: str) -> Iterator[Journal]:
    """The journal of a verb, for as long as it runs. The lock is held."""
    file = layout.build / "unfinished" / f"{verb}.jsonl"
    journal = Journal(file)
    try:
        yield journal
        journal.say()
    finally:
        file.unlink(missing_ok=True)


def _read(file: Path) -> dict[str, Any]:
    """What is worth something; a line that is damaged is not."""
    known = {}
    with suppress(OSError):
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(ValueError, KeyError, TypeError):
                entry = json.loads(line)
                if entry["boot"] == machine.boot_id() and 0 <= time.time() - entry["when"] < _FRESH:
                    known[str(entry["key"])] = entry["value"]
    return known

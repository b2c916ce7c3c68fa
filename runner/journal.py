# SPDX-License-Identifier: GPL-2.0
"""What a run has finished, kept on the way for one that does the same after it did not come to its end.

Each verb has a file, with a line for each thing that is finished. A run that comes to its end takes out
what it finished or found there.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from runner import machine
from runner.errors import TestFailure
from runner.files import write_safely
from runner.layout import Layout
from runner.plural import counted
from runner.progress import note

KEEPS = "what it had finished is not done again"
_FRESH = 3600  # seconds for which it is worth something: the machine has changed since, perhaps


class Journal:
    """What was finished, by key."""

    def __init__(self, file: Path) -> None:
        self._file, self._known, self._own = file, _read(file), set[str]()
        self._used = 0

    def get(self, key: Sequence[object]) -> Any:
        """What was finished under a key; None if nothing was. It counts as not done again."""
        found = self.peek(key)
        self._used += found is not None
        return found

    def peek(self, key: Sequence[object]) -> Any:
        """The same of what is no step, such as how the work was divided: it does not count."""
        name = json.dumps(key)
        self._own.add(name)
        return self._known[name]["value"] if name in self._known else None

    def add(self, key: Sequence[object], value: object) -> None:
        """What is finished now. Both are of what JSON can write; the key says all that the value depends
        on. That nothing can be kept is no reason not to go on."""
        name = json.dumps(key)
        entry = {"key": name, "value": value, "when": time.time(), "boot": machine.boot_id()}
        self._own.add(name)
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as file:
                file.write("\n" + json.dumps(entry) + "\n")  # whatever a killed run left before it

    def end(self) -> None:
        """Forget what is this run's, and say how much was not done again. What cannot be written is
        forgotten, too."""
        if self._used:
            note(f"{counted(self._used, 'step')} of a run that did not come to its end "
                 f"{'were' if self._used > 1 else 'was'} not done again")
        others = [entry for name, entry in self._known.items() if name not in self._own]
        with suppress(OSError):
            if others:
                write_safely(self._file, [json.dumps(entry) + "\n" for entry in others])
                return
        self._file.unlink(missing_ok=True)


@contextmanager
def keeping(layout: Layout, verb: str) -> Iterator[Journal]:
    """The journal of a verb, for as long as it runs. The lock is held. That a test failed is an end."""
    journal = Journal(layout.build / "unfinished" / f"{verb}.jsonl")
    try:
        yield journal
    except TestFailure:
        journal.end()
        raise
    journal.end()


def _read(file: Path) -> dict[str, dict[str, Any]]:
    """What is worth something; a line that is damaged is not."""
    known = {}
    with suppress(OSError):
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(ValueError, KeyError, TypeError):
                entry = json.loads(line)
                fresh = 0 <= time.time() - entry["when"] < _FRESH
                if fresh and entry["boot"] == machine.boot_id() and "value" in entry:
                    known[str(entry["key"])] = entry
    return known

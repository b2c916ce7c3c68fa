# SPDX-License-Identifier: GPL-2.0
"""How far explorations have come, from what kernels report while they run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from runner.boot import results
from runner.explore.scenario_parts import Piece
from runner.plural import counted


class _File:
    """What a growing file says of one piece, after what another says of where it goes on; each line is read
    once."""

    def __init__(self, before: Path, path: Path) -> None:
        self.classes = self.executions = self.violations = 0
        self.done = self.begun = False
        self._path, self._read = before, 0
        self.update()
        self.done = False
        self._path, self._read = path, 0

    def update(self) -> None:
        """Read the lines that were written since."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._read)
                lines, newline, _ = file.read().rpartition(b"\n")
        except FileNotFoundError:
            return
        self._read += len(lines + newline)
        for line in lines.splitlines():
            if line.startswith(results.EVENT):
                continue
            try:
                self._add(json.loads(line))
            except (ValueError, AttributeError, KeyError, TypeError):
                continue  # whoever reads all of it says so

    def _add(self, record: dict[str, Any]) -> None:
        kind = record.get("type")
        if kind in ("progress", "explored"):
            self.classes, self.executions = int(record["classes"]), int(record["executions"])
            self.begun, self.done = True, kind == "explored"
            self.violations = 0 if self.done else int(record["violations"])
        elif kind == "violation":
            self.violations += 1


class Watch:
    """All pieces that are explored, counted in unit: those which are running report to files. A scenario
    ends at the latest at so many, most, and after so many seconds, each None without such a limit."""

    def __init__(self, files: Sequence[tuple[Piece, Sequence[Path]]], unit: str,
                 most: int | None = None, seconds: float | None = None,
                 now: Callable[[], float] = time.monotonic) -> None:
        self._unit, self._most, self._seconds, self._now = unit, most, seconds, now
        self._files: dict[str, list[_File]] = {}
        for piece, paths in files:
            self._files.setdefault(piece.scenario.name, []).append(_File(*paths))
        self._start, self._before = now(), self._explored()

    def line(self) -> str:
        """How many scenarios are done and how many are left; how much was explored, and how fast; and the
        violations so far. Of a single scenario what is left is known only if it has a limit."""
        for file in self._all:
            file.update()
        total = len(self._files)
        done = sum(all(file.done for file in files) for files in self._files.values())
        explored = self._explored()
        passed = self._now() - self._start
        rate = max(0, explored - self._before) / max(passed, 1)
        # Parts of a scenario may find the same ones.
        violations = sum(max(file.violations for file in files) for files in self._files.values())
        words = [f"{done:,} done", f"{total - done:,} left"] if total > 1 else []
        of = f" of {self._most:,}" if total == 1 and self._most else ""
        if total == 1 and self._seconds is not None:
            words = [f"{max(0, self._seconds - passed):,.0f} s left"]
        return ", ".join([*words, f"{explored:,}{of} {self._unit}", f"{rate:,.0f}/s",
                          counted(violations, "violation")])

    @property
    def _all(self) -> Iterator[_File]:
        return (file for files in self._files.values() for file in files)

    def _explored(self) -> int:
        return sum(getattr(file, self._unit) for file in self._all)

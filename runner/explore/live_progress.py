# SPDX-License-Identifier: GPL-2.0
"""How far explorations have come, from what kernels report while they run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runner.boot import results
from runner.explore.scenario_parts import Piece

_SHOWN = 3  # scenarios


class _File:
    """What a growing file says of one piece, after what another says of where it goes on; each line is read
    once."""

    def __init__(self, before: Path, path: Path) -> None:
        self.classes = self.executions = self.violations = self.ns = 0
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
            self.ns = int(record["ns"])
            self.begun, self.done = True, kind == "explored"
            self.violations = 0 if self.done else int(record["violations"])
        elif kind == "violation":
            self.violations += 1


class Watch:
    """All pieces that are explored, counted in unit: those which are running report to files."""

    def __init__(self, files: Sequence[tuple[Piece, Sequence[Path]]], unit: str) -> None:
        self._unit = unit
        self._files: dict[str, list[_File]] = {}
        for piece, paths in files:
            self._files.setdefault(piece.scenario.name, []).append(_File(*paths))

    def line(self) -> str:
        """How many scenarios are done, and how far those are that are begun."""
        for files in self._files.values():
            for file in files:
                file.update()
        done = sum(all(file.done for file in files) for files in self._files.values())
        begun = [self._words(name, files) for name, files in self._files.items()
                 if any(file.begun for file in files) and not all(file.done for file in files)]
        more = [f"{len(begun) - _SHOWN} more"] if len(begun) > _SHOWN else []
        total = len(self._files)
        return "; ".join([f"{done} of {total} scenario{'s' if total != 1 else ''}", *begun[:_SHOWN], *more])

    def _words(self, name: str, files: Sequence[_File]) -> str:
        explored = sum(getattr(file, self._unit) for file in files)
        violations = max(file.violations for file in files)  # parts may find the same ones
        return (f"{name}: {explored:,} {self._unit}, "
                f"{violations} violation{'s' if violations != 1 else ''}, "
                f"{sum(file.ns for file in files) / 1e9:,.0f} s")

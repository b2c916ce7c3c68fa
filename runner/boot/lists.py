# SPDX-License-Identifier: GPL-2.0
"""What a kernel has: its readers, operations, oracles, points, suites, strategies. The kernel says it.

Each build's lists are kept beside it. A series has those of its release, for a kernel that is not built.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner import answer
from runner.boot.kunit_boot import Ask, boot_all
from runner.errors import TkfiError
from runner.files import write_safely
from runner.kernel import freshness
from runner.kernel.kernels import Kernel
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout

FORMAT = 1
NAME = "lists.json"
_CASE = "tkfi_explore.lists"
_PATIENCE = 60  # seconds
_CHECKOUT = 60  # seconds
_TYPES = ("point", "operation", "aux_operation", "setting", "member", "reader", "oracle", "rule",
          "strategy", "clock", "limit", "suite")


@dataclass(frozen=True)
class Reader:
    """What a scenario writes after 'read', family before name. kind is fine, raw, coarse or floored."""

    name: str
    family: str
    clock: str
    kind: str


@dataclass(frozen=True)
class Lists:
    """The rows of each list, in the kernel's order, as fault/frontend/lists.h describes them."""

    rows: Mapping[str, Sequence[Mapping[str, Any]]]

    def names(self, kind: str) -> list[str]:
        """Those of a list."""
        return [str(row["name"]) for row in self.rows[kind]]

    @property
    def readers(self) -> list[Reader]:
        """What tells a time."""
        return [Reader(**row) for row in self.rows["reader"]]

    @property
    def limits(self) -> dict[str, int]:
        """The most of what can be written, by what that is."""
        return {row["name"]: row["most"] for row in self.rows["limit"]}

    def operations(self, kind: str = "operation", subject: str = "timekeeping") -> dict[str, str]:
        """What stands for the arguments of a subject's operations, by their names; or kind is
        aux_operation."""
        return {row["name"]: row["usage"] for row in self.rows[kind]
                if row.get("subject", subject) == subject}


def read(file: Path) -> Lists:
    """The lists that a file has. Raises TkfiError if it has none."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        if found["format"] != FORMAT:
            raise ValueError(f"format {found['format']}")
        return Lists({kind: found[f"{kind}s"] for kind in _TYPES})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TkfiError(f"{file} is no list of what a kernel has ({error}): write it again with "
                        "./tkfi dev lists") from error


def of_series(series: Path) -> Path:
    """The file that a series has."""
    return series / NAME


def beside(kernel: Kernel, layout: Layout) -> Path:
    """The file of a build."""
    return layout.build / kernel.place / NAME


def known(kernel: Kernel, layout: Layout) -> Lists | None:
    """The lists of a kernel, without building or booting it: those that its build reported, or those of its
    series if it was never built. None if they cannot be relied on: the build is out of date or was not
    asked yet, or there is no build and fault/ was edited after the series' lists were written."""
    record = freshness.read(kernel, layout)
    if not record:
        copy = of_series(kernel.series)
        return None if kernel.parts or _is_edited_since(copy, layout) else read(copy)
    file = beside(kernel, layout)
    return _kept(file, kernel, layout) if record.is_current(kernel, layout) else None


def of(tool: KunitTool) -> Lists:
    """What a built kernel has; it is booted, once for each build.

    Raises TkfiError when it does not say.
    """
    file = beside(tool.kernel, tool.layout)
    found = _kept(file, tool.kernel, tool.layout)
    if not found:
        found = _ask(tool)
        write_safely(file, answer.json_lines({"format": FORMAT, **{
            f"{kind}s": rows for kind, rows in found.rows.items()}}))
    return found


def _kept(file: Path, kernel: Kernel, layout: Layout) -> Lists | None:
    """Those of the kernel that is built now; None if there are none, or none that can be read."""
    try:
        return read(file) if _is_newer(file, kernel, layout) else None
    except TkfiError:
        return None


def _is_edited_since(copy: Path, layout: Layout) -> bool:
    """Whether a source is newer by more than a checkout takes to write all files."""
    sources = (file.stat().st_mtime for file in (layout.repo / "fault").rglob("*.[ch]"))
    return max(sources, default=0) > copy.stat().st_mtime + _CHECKOUT


def _is_newer(file: Path, kernel: Kernel, layout: Layout) -> bool:
    """Whether it is of the kernel that is built now."""
    linux = layout.objects(kernel.place) / "linux"
    return file.exists() and linux.exists() and file.stat().st_mtime_ns >= linux.stat().st_mtime_ns


def _ask(tool: KunitTool) -> Lists:
    ask = Ask(_CASE, "lists", timeout=_PATIENCE)
    report = ask.file(tool, "jsonl")
    report.unlink(missing_ok=True)
    (booted,) = boot_all(tool, [Ask(_CASE, "lists", [f"tkfi.result={report}", "tkfi.lists=1"],
                                    _PATIENCE)])
    rows: dict[str, list[dict[str, Any]]] = {kind: [] for kind in _TYPES}
    why = booted.failure() if booted.cause else str(booted.console)
    try:
        for line in report.read_text(encoding="utf-8").splitlines() if report.exists() else []:
            row = json.loads(line)
            if row["type"] in rows:
                rows[row.pop("type")].append(row)
    except (ValueError, KeyError, TypeError) as error:
        raise TkfiError(f"{report} is damaged ({error}): {why}") from error
    if booted.cause or not rows["suite"]:
        raise TkfiError(f"{tool.kernel.title} does not say what it has: {why}")
    rows["suite"].sort(key=lambda row: str(row["name"]))
    rows["point"] = _first_places(rows["point"])
    return Lists(rows)


def _first_places(points: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The points as they are in the source, each where the kernel's own code has it first; without the
    line, which is not that of the unpatched file."""
    places = sorted(points, key=lambda row: ("/tkfi/" in row["file"], row["file"], row["line"]))
    first = {row["name"]: row for row in reversed(places)}
    return [{name: value for name, value in row.items() if name != "line"}
            for row in places if row is first[row["name"]]]

# SPDX-License-Identifier: GPL-2.0
"""The verb `summary`: what each build shows of the race, measured, beside what it must show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from runner import answer, check_counts, journal, lock
from runner.boot import boots
from runner.boot.kunit_boot import Boot
from runner.boot.kunit_output import failures_only
from runner.boot.records import Shown
from runner.boot.results import Results
from runner.journal import Journal
from runner.kernel import builder, kernels
from runner.kernel.kernels import Kernel
from runner.layout import Layout
from runner.progress import note
from runner.report import tables
from runner.verbs.options import json_option, kernel_options, or_all, pass_layout, verb

SUITE = "tkfi_series"
VARIANTS = ("pre-series", "post-series", "fixed")
COLUMNS = ("reader during calculation", "kernel readers across a delayed publication",
           "vDSO readers across it")


@dataclass(frozen=True)
class Row:
    """One build: what it showed, and how its boot went."""

    kernel: Kernel
    version: str
    shown: Sequence[Shown]
    boot: Boot
    problems: Sequence[str] = ()

    def cell(self, column: str) -> str:
        """What was measured, and what is wrong with that; the kernel may report a column in parts."""
        parts = [shown for shown in self.shown if shown.column == column]
        wrong = [part for part in parts if part.measured != part.expected]
        if wrong:
            return f"{wrong[0].measured}: WRONG (expected {wrong[0].expected})"
        if not self.right(column):
            return "not measured"
        return ", ".join(dict.fromkeys(part.measured for part in parts))

    def right(self, column: str) -> bool:
        """Whether the column was measured, and in every part as it must be."""
        parts = [shown for shown in self.shown if shown.column == column]
        return bool(parts) and all(part.runs > 0 and part.measured == part.expected for part in parts)

    @property
    def held(self) -> bool:
        """Whether all cells are right and no case failed."""
        return not self.boot.cause and not self.problems and all(map(self.right, COLUMNS))

    def json(self) -> dict[str, Any]:
        """For a program."""
        return {"kernel": self.version, "variant": self.kernel.variant, "held": self.held,
                "cause": self.boot.cause.text if self.boot.cause else None,
                "problems": list(self.problems),
                "cells": [{"column": column, "text": self.cell(column), "right": self.right(column)}
                          for column in COLUMNS],
                "shows": [asdict(shown) for shown in self.shown]}


def measure(kernels: Sequence[Kernel], layout: Layout, done: Journal | None = None) -> list[Row]:
    """Run the suite on every kernel given, one boot at a time. Boots that are done are not made again."""
    rows = []
    for kernel in kernels:
        run = boots.run(builder.build(kernel, layout), SUITE, title=f"{kernel.title} {SUITE}",
                        name="summary", done=done)
        rows.append(row(kernel, run.boot, run.found))
        if run.boot.cause:
            note(f"{failures_only(run.boot.output)}\n{kernel.title} {SUITE}: {run.boot.failure()}")
        for problem in rows[-1].problems:
            note(f"{kernel.title} {SUITE}: {problem}")
    return rows


def row(kernel: Kernel, boot: Boot, found: Results) -> Row:
    """The row of one boot. A column that nobody asked for is a problem, not silence."""
    strange = {shown.column for shown in found.shows} - set(COLUMNS)
    problems = [*found.problems, *(f"the kernel reports an unknown column '{column}'"
                                   for column in sorted(strange))]
    return Row(kernel, found.header.kernel if found.header else kernel.name, found.shows, boot,
               problems)


def report(rows: Sequence[Row]) -> str:
    """A table per kernel, and one line on all of them."""
    parts = []
    for name in dict.fromkeys(row.kernel.name for row in rows):
        of_kernel = [row for row in rows if row.kernel.name == name]
        runs = sum(shown.runs for row in of_kernel for shown in row.shown)
        version = next((row.version for row in of_kernel if row.version != name), name)
        parts.append(f"Linux {version}, {runs:,} runs\n\n" + tables.table(
            ["", *COLUMNS], [[row.kernel.variant, *map(row.cell, COLUMNS)] for row in of_kernel],
            left=len(COLUMNS) + 1))
    right, wrong = count(rows)
    ended = [f"{row.kernel.title}: {row.boot.cause.text}" for row in rows if row.boot.cause]
    return "\n\n".join([*parts, "\n".join([*ended, f"{right} of {right + wrong} cells are right."])])


def count(rows: Sequence[Row]) -> tuple[int, int]:
    """How many cells are right and how many are not."""
    right = [row.right(column) for row in rows for column in COLUMNS]
    return right.count(True), right.count(False)


@verb("summary", f"measure what {', '.join(VARIANTS)} show of the race",
      held="each build shows what it must", failed="one does not",
      examples=("", "--kernel 6.12", "--json summary.json"), kept=True)
@kernel_options("all")
@json_option
@pass_layout
def command(layout: Layout, kernel: Sequence[str], json_to: str | None) -> int:
    """Whether every cell is right."""
    chosen = [kernels.choose(name, layout, variant) for name in or_all(kernel, layout)
              for variant in VARIANTS]
    with lock.held(layout.lock, journal.KEEPS), journal.keeping(layout, "summary") as done:
        rows = measure(chosen, layout, done)
    held = all(row.held for row in rows)
    answer.give(report(rows), {"format": 1, "held": held, "rows": [row.json() for row in rows]}, json_to)
    check_counts.add("what each build shows", *count(rows))
    return 0 if held else 1

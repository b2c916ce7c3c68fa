# SPDX-License-Identifier: GPL-2.0
"""An execution that a kernel recorded: the cover letter's race, as vDSO readers see it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from runner.boot.records import Violation
from runner.boot.results import read
from runner.explore import source_lines
from runner.explore.recording import Recording, SourceLine
from runner.report.page_parts import Page, Shown, Table
from runner.tests.test_results import DATA

VCPUS = ("cpu0", "cpu1", "host")
REPLAY = "./tkfi replay 'tkfi1 6.12.117 post-series falls-vdso: cpu0 before store vdso.seq, host'"
TABLE = ["CPU0                   CPU1", "", "update_vsyscall() <writes>", "  /* 10,000 ns back */"]


def recording() -> Recording:
    """The execution; lines of source have their number in place of their text."""
    found = read(DATA / "recorded.jsonl")
    stacks = source_lines.parse((DATA / "recorded.addr2line").read_text(), Path("/tree"))
    paths = {frame.path for frames in stacks.values() for frame in frames}
    sources = {path: {number: SourceLine(number + 100, f"        a line; /* {number} */")
                      for number in range(1, 3000)} for path in paths}
    return Recording(found.events, found.steps, found.published, found.readings, stacks, sources)


def violation() -> Violation:
    """What is wrong with it."""
    found = read(DATA / "recorded.jsonl")
    return replace(found.violations[0], events=tuple(found.events))


def page(number: int = 1) -> Page:
    """A page that shows it so often, each time as a cause of its own."""
    made, wrong = recording(), violation()
    shown = [Shown(f"monotonic: <cause {one}>", "new" if one % 2 else "known", "New.",
                   f"{wrong.clock} went back.", f"falls-{one}", REPLAY, VCPUS, wrong, TABLE, "",
                   "A before B", "VCPU0 VCPU1", made) for one in range(1, number + 1)]
    rows = [["falls-vdso", "21", "yes"], ["cover-letter", "1,246", "yes"], ["tick", "9", "no"]]
    return Page("Linux 6.12.117 (post-series), strategy dpor", "New violations", "bad",
                f"{number} new.", [("Kernel", "Linux 6.12.117"), ("Compiler", "gcc")], shown,
                [Table("All 3 scenarios", ["scenario", "classes", "complete"], rows)])

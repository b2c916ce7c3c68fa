# SPDX-License-Identifier: GPL-2.0
"""What boots of earlier runs and rounds reported, from which an exploration goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from runner.boot import boots, results
from runner.boot.boots import Run
from runner.boot.kunit_boot import Ask, Boot, Counts
from runner.kernel.kunit_tool import KunitTool


def earlier(tool: KunitTool, ask: Ask) -> Run | None:
    """What the boot for ask that another run made reported; None if it had not said all."""
    if not results.read(ask.file(tool, "jsonl")).ended:
        return None
    return Run(Boot(Counts(passed=1), 0, None, ask.file(tool, "console.log"), ""),
               boots.read_report(tool, ask.file(tool, "jsonl")))


def reports(tool: KunitTool, ask: Ask) -> list[Path]:
    """What the boot that another one goes on from reported, and what that one reports."""
    return [ask.file(tool, "before.jsonl"), ask.file(tool, "jsonl")]


def set_aside(tool: KunitTool, ask: Ask, *, goes_on: bool) -> None:
    """Before a boot for ask: what was reported counts until this one has said all, if it goes on from
    there."""
    before, last = reports(tool, ask)
    found = results.read(last)
    if not goes_on:
        before.unlink(missing_ok=True)
    elif found.explored:
        last.replace(before)
    elif found.progress:
        with before.open("ab") as file:
            file.write(last.read_bytes())


def so_far(tool: KunitTool, ask: Ask) -> Run:
    """What a boot that was stopped, or waits, had reported."""
    return with_earlier(tool, ask, Run(Boot(Counts(), 0, None, ask.file(tool, "console.log"), ""),
                                       boots.read_report(tool, ask.file(tool, "jsonl"))))


def with_earlier(tool: KunitTool, ask: Ask, last: Run) -> Run:
    """A boot that went on, with what was set aside if it did not come to say all itself."""
    before, _ = reports(tool, ask)
    if last.found.explored or not before.exists():
        return last
    found, earlier = last.found, boots.read_report(tool, before)
    return replace(last, found=replace(found, header=found.header or earlier.header,
                                       explored=[] if found.progress else earlier.explored,
                                       progress=found.progress or earlier.progress,
                                       violations=results.gone_on(earlier.violations,
                                                                  found.violations)))


def spent(tool: KunitTool, ask: Ask) -> tuple[int, bool]:
    """How long a boot that explores had explored, in ns, when it reported last, and whether it came to its
    end."""
    found = [results.read(file) for file in reports(tool, ask)]
    return max((how_far.ns for one in found for how_far in [*one.explored, one.progress] if how_far),
               default=0), any(one.explored for one in found)

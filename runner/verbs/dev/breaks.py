# SPDX-License-Identifier: GPL-2.0
"""The verb `dev breaks`: a deliberate break of the kernel's code must make its case fail.

The cases that must notice it must pass on the unbroken variant, or their failing would say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import click

from runner import answer, check_counts, lock
from runner.boot import boots
from runner.boot.causes import Kind
from runner.boot.kunit_boot import Boot
from runner.boot.kunit_output import failures_only
from runner.boot.noticed import judge
from runner.errors import TkfiError
from runner.kernel import builder
from runner.kernel.break_patches import Break, select
from runner.kernel.kernels import Kernel, choose
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout
from runner.progress import note
from runner.report import tables
from runner.verbs.options import json_option, kernel_options, or_all, pass_layout, verb

_PATIENCE = 5  # times the unbroken kernel's time, until the broken one is taken for hung
_COLUMN = 100  # characters
_LEAST = 30  # seconds it has at least


@dataclass(frozen=True)
class Verdict:
    """Whether a break was caught, and by what, in words."""

    kernel: str
    what: Break
    caught: bool
    by: str
    seconds: float

    def json(self) -> dict[str, Any]:
        """For a program."""
        return {"kernel": self.kernel, "break": self.what.name, "variant": self.what.variant,
                "case": self.what.case, "caught": self.caught, "by": self.by,
                "seconds": round(self.seconds, 3)}


def run(chosen: Sequence[tuple[Kernel, Break]], layout: Layout) -> list[Verdict]:
    """Try every break. Raises TkfiError when one cannot be judged."""
    tools: dict[Kernel, KunitTool] = {}
    sound: dict[tuple[Kernel, str], Boot] = {}
    verdicts = []
    for kernel, what in chosen:
        unbroken = choose(str(kernel.path or kernel.name), layout, what.variant)
        if unbroken not in tools:
            tools[unbroken] = builder.build(unbroken, layout)
        if (unbroken, what.case) not in sound:
            sound[unbroken, what.case] = _unbroken(tools[unbroken], what)
        verdicts.append(_try(unbroken, what, sound[unbroken, what.case], layout))
    return verdicts


def report(verdicts: Sequence[Verdict]) -> str:
    """The table, and one line on all of them."""
    rows = [[f"{verdict.kernel} {verdict.what.name}", verdict.what.variant, verdict.what.case,
             _short(verdict.by if verdict.caught else f"NOT CAUGHT: {verdict.by}"),
             f"{verdict.seconds:.1f}"]
            for verdict in verdicts]
    caught = sum(verdict.caught for verdict in verdicts)
    return "\n\n".join([
        tables.table(["break", "variant", "case", "caught by", "time, s"], rows, left=4),
        f"{caught} of {len(verdicts)} breaks were caught."])


def _unbroken(tool: KunitTool, what: Break) -> Boot:
    """Boot the cases without the break: some must be there, and all must pass."""
    boot = boots.run(tool, what.case, title=f"{tool.kernel.title}: {what.case} unbroken",
                     name=f"unbroken-{_file_name(what.case)}").boot
    if boot.cause and boot.cause.kind is Kind.NO_TESTS:
        raise TkfiError(f"break {what.name}: no case matches '{what.case}' on {tool.kernel.title}")
    if boot.cause:
        note(failures_only(boot.output))
    return boot


def _try(unbroken: Kernel, what: Break, sound: Boot, layout: Layout) -> Verdict:
    if sound.cause:
        return Verdict(unbroken.name, what, False, f"without the break: {sound.failure()}", sound.seconds)
    broken = replace(unbroken, breaking=what.patch)
    tool = builder.build(broken, layout)
    boot = boots.run(tool, what.case, title=f"{broken.title}: {what.case}", name=_file_name(what.name),
                     timeout=max(_LEAST, round(_PATIENCE * sound.seconds))).boot
    caught, by = judge(boot)
    return Verdict(unbroken.name, what, caught, by, boot.seconds)


def _short(text: str) -> str:
    """One line of a table; the rest is in the log and in the JSON."""
    first = text.partition("\n")[0]
    return first if len(first) <= _COLUMN else first[:_COLUMN - 4] + " ..."


def _file_name(text: str) -> str:
    return re.sub(r"[^\w.-]", "_", text)


@verb("breaks", "check that each deliberate break of the kernel fails its case",
      words="NAME: which breaks (all).", held="each break was noticed", failed="one was not",
      examples=("", "--kernel 6.12", "s3-state-outside --kernel 6.12"), group="dev")
@click.argument("name", nargs=-1)
@kernel_options("all")
@json_option
@pass_layout
def command(layout: Layout, name: Sequence[str], kernel: Sequence[str], json_to: str | None) -> int:
    """Whether all were caught."""
    chosen = select([choose(one, layout) for one in or_all(kernel, layout)], name)
    with lock.held(layout.lock):
        verdicts = run(chosen, layout)
    data = {"format": 1, "breaks": [verdict.json() for verdict in verdicts]}
    answer.give(report(verdicts), data, json_to)
    caught = sum(verdict.caught for verdict in verdicts)
    check_counts.add("breaks", caught, len(verdicts) - caught)
    return 0 if caught == len(verdicts) else 1

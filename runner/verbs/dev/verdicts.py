# SPDX-License-Identifier: GPL-2.0
"""The verb `dev verdicts`: what premerge says of changes whose verdict is known."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click

from runner import answer, check_counts, journal, lock
from runner.errors import TkfiError
from runner.journal import Journal
from runner.kernel import change_patches, kernels
from runner.kernel.change_patches import Change, WorkTree
from runner.layout import Layout
from runner.premerge import judge, states
from runner.premerge.measured import Asked
from runner.progress import note
from runner.report import tables, verdict_text
from runner.verbs.options import flag, json_option, kernel_options, pass_layout, verb


@dataclass(frozen=True)
class Judged:
    """A change, and what premerge says of it: the verdict, whether behaviour changed, a line on all; and
    whether tkfi found a fault of its own."""

    kernel: str
    change: Change
    verdict: str
    changed: bool
    said: str
    seconds: float
    our_fault: bool = False

    @property
    def right(self) -> bool:
        """Whether it is what it has to be."""
        return not self.our_fault and self.verdict == self.change.verdict and (
            self.verdict != "pass" or self.changed == self.change.changed)

    def json(self) -> dict[str, Any]:
        """For a program."""
        return {"kernel": self.kernel, "change": self.change.name, "wanted": self.change.verdict,
                "verdict": self.verdict,
                "behaviour_changed": self.changed, "said": self.said, "seconds": round(self.seconds, 1)}


def _judge(kernel: str, change: Change, tree: WorkTree, asked: Asked, layout: Layout,
           done: Journal) -> Judged:
    begun, our_fault = time.monotonic(), False
    try:
        tree.apply(change)
        made = judge.judge(states.choose(str(tree.path), None, layout), asked, layout, done)
        note(verdict_text.text(made))
        verdict, changed, said = made.word.value, made.made.changed, verdict_text.line(made)
        our_fault = any("[tkfi internal bug]" in text for text in made.made.problems)
    except TkfiError as error:
        changed, said, our_fault = False, str(error), "[tkfi internal bug]" in str(error)
        # Of the errors that there are, those of a compiler are wanted.
        verdict = "error" if ": error: " in said else "not judged"
        note(said)
    return Judged(kernel, change, verdict, changed, said, time.monotonic() - begun, our_fault)


def report(judged: Sequence[Judged]) -> str:
    """The table, and one line on all of them."""
    rows = [[f"{one.kernel} {one.change.name}", one.change.verdict,
             one.verdict + ", behaviour changed" * one.changed + ", an internal bug" * one.our_fault
             + "  WRONG" * (not one.right),
             f"{one.seconds:.1f}"] for one in judged]
    right = sum(one.right for one in judged)
    return "\n\n".join([tables.table(["change", "wanted", "verdict", "time, s"], rows, left=3),
                        f"{right} of {len(judged)} verdicts are right."])


@verb("verdicts", "check what premerge says of changes whose verdict is known",
      words="NAME: which changes (all).", held="each verdict is right", failed="one is not",
      examples=("", "helper", "comment does-not-compile --quick"), group="dev")
@click.argument("name", nargs=-1)
@kernel_options(kernels.DEFAULT)
@flag("--quick", about="as of premerge")
@json_option
@pass_layout
def command(layout: Layout, name: Sequence[str], kernel: Sequence[str], quick: bool,
            json_to: str | None) -> int:
    """Whether all were right."""
    judged = []
    for one in kernel or [kernels.DEFAULT]:
        chosen = kernels.choose(one, layout)
        changes = change_patches.select(chosen, name)
        with lock.held(layout.lock), journal.keeping(layout, "verdicts") as done:
            tree = WorkTree(chosen, layout)
            tree.build_as(chosen, layout)
            judged += [_judge(chosen.name, change, tree, Asked(quick=quick), layout, done)
                       for change in changes]
    answer.give(report(judged), {"format": 1, "verdicts": [one.json() for one in judged]}, json_to)
    wrong = sum(not one.right for one in judged)
    check_counts.add("verdicts", len(judged) - wrong, wrong)
    return 1 if wrong else 0

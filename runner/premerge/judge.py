# SPDX-License-Identifier: GPL-2.0
"""From a tree and its base to a verdict: all that is measured, in order."""

from __future__ import annotations

import shlex
from dataclasses import replace
from math import ceil

from runner.journal import Journal
from runner.kernel import builder
from runner.layout import Layout
from runner.premerge import behaviour, coverage, measured, proof
from runner.premerge.compare import compare
from runner.premerge.measured import Asked, Kept
from runner.premerge.states import States
from runner.premerge.verdict import LEAST, PATIENCE, Coverage, Verdict


def judge(chosen: States, asked: Asked, layout: Layout, done: Journal, *, strict: bool = False) -> Verdict:
    """Measure a tree and its base, and compare them; strict: as of Verdict. What is done is not done
    again. Raises TkfiError where one
    cannot be built or booted."""
    builder.build(chosen.tree, layout)  # what does not compile is said before anything is measured

    def measure_base() -> measured.Measured:
        return measured.measure(chosen.base, asked, layout, done)

    base = (Kept(chosen.tree, layout).get(measured.key(chosen.contents, asked, chosen.tree, layout),
                                          measure_base) if chosen.contents else measure_base())
    # Without locks or sequences there are more classes than anybody wants to see.
    times = {name: max(LEAST, PATIENCE * took) for name, took in base.seconds.items()}
    longest = ceil(max([1, *times.values()]))  # for one that the base does not have
    tree = measured.measure(chosen.tree, replace(asked, time=asked.time or longest,
                                                 times={} if asked.time else times), layout, done)
    proofs = proof.prove(chosen.tree, tree, layout)
    made = compare(tree, base)
    made = replace(made, behaviour=behaviour.shown(made.behaviour, chosen, layout),
                   stories_changed=behaviour.stories_shown(made.stories_changed, chosen, layout))
    return Verdict(chosen.words, chosen.base_words, made, proofs, _repeat(chosen, asked, strict=strict),
                   asked.quick, asked.time, strict, _coverage(chosen, tree, layout), chosen.tests)


def _repeat(chosen: States, asked: Asked, *, strict: bool) -> str:
    """The command that comes to the same, with what was not said."""
    words = ["./tkfi", "premerge", "--tree", chosen.words.path, "--base",
             chosen.base_words.commit[:12] or chosen.base_words.path]
    words += [f"--time={asked.time}s"] * (asked.time is not None)
    words += ["--quick"] * asked.quick + ["--strict"] * strict
    return shlex.join(words)


def _coverage(chosen: States, tree: measured.Measured, layout: Layout) -> Coverage | None:
    """Of the lines that are changed, if any are."""
    kernel = chosen.tree
    lines = coverage.changed_lines(kernel.source(layout), chosen.differing)
    return coverage.covered(lines, tree.executed, layout.objects(kernel.place) / "linux",
                            layout.tree(kernel.place), kernel.source(layout)) if lines else None

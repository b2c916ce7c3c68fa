# SPDX-License-Identifier: GPL-2.0
"""That the checks of a run would have seen a fault: a known one is found in the same tree, or else one that
is put in; and one schedule, run twice, comes to the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from runner.boot import boots
from runner.boot.noticed import judge
from runner.errors import TestFailure, TkfiError
from runner.explore import repeat, scenarios, schedule
from runner.kernel import break_patches, builder, patches
from runner.kernel.kernels import Kernel
from runner.kernel.kunit_tool import KunitTool
from runner.kernel.placing import PatchError
from runner.layout import Layout
from runner.premerge.measured import Measured
from runner.premerge.verdict import Proof
from runner.progress import note

COVER_LETTER = "cover-letter"  # the cause
_PLAIN = "falls-vdso: cpu0 before store vdso.seq, host, cpu1"  # for a tree in which nothing is wrong


def prove(kernel: Kernel, tree: Measured, layout: Layout) -> list[Proof]:
    """What shows it of this run. Raises TkfiError where something cannot be built or booted."""
    races = [one for one in tree.violations if one.get("cause") == COVER_LETTER]
    found = (Proof("In this run the cover letter's race was found in the tree.", True) if races else
             _with_a_break(kernel, layout))
    return [found, _the_same_again(builder.build(kernel, layout), races or tree.violations, layout)]


def _with_a_break(kernel: Kernel, layout: Layout) -> Proof:
    """Whether a fault that is put into the tree is found."""
    no_race = "The tree does not have the cover letter's race"
    for patch in patches.beside(kernel.series, "breaks").values():
        what = break_patches.read(patch)
        if what.variant != kernel.variant:
            continue
        broken = replace(kernel, breaking=patch)
        try:
            tool = builder.build(broken, layout)
        except PatchError:
            continue
        except TkfiError as error:
            note(f"{broken.title}: {error}")
            continue
        boot = boots.run(tool, what.case, title=f"{broken.title}: {what.case}", name="proof").boot
        caught, by = judge(boot)
        if caught:
            return Proof(f"{no_race}; a fault that was put in ({what.name}) was found by KUnit "
                         f"{what.case}.", True)
        note(f"{broken.title}: {by}")
    return Proof(f"{no_race}, and no fault that was put in was found.", False)


def _the_same_again(tool: KunitTool, violations: Sequence[Mapping[str, Any]], layout: Layout) -> Proof:
    """Whether two boots with one schedule do the same, event by event."""
    shown = sorted((one["preemptions"], one["delays"], one["turns"], one["schedule"]) for one in violations
                   if one["schedule"])
    asked = schedule.parse(shown[0][3] if shown else
                           f"tkfi1 {_release(tool)} {tool.kernel.variant} {_PLAIN}")
    try:
        made = repeat.repeat(tool, asked.choose(scenarios.shipped(layout)), asked, 2, jobs=2)
    except TestFailure as error:
        return Proof(f"One schedule, run twice, did not come to the same: {error}", False)
    return Proof("One schedule, run twice, came to the same, event by event "
                 f"({made.trace.events:,} events).", True)


def _release(tool: KunitTool) -> str:
    version = (tool.layout.objects(tool.kernel.place) / "include/config/kernel.release")
    return version.read_text(encoding="utf-8").strip()

# SPDX-License-Identifier: GPL-2.0
"""An execution that was replayed, for a person."""

from __future__ import annotations

from runner.explore.repeat import Repeated
from runner.explore.replay import Replayed
from runner.report import tables
from runner.report.diagram import draw
from runner.report.violations import explanation, verdict


def diagram(made: Replayed) -> str:
    """What happened, in the order in which it happened."""
    return draw(made.events, vcpus=made.scenario.vcpus, violations=made.violations)


def text(made: Replayed) -> str:
    """What was run, the diagram, the verdict, and how many boots came to the same."""
    scenario = made.scenario
    title = f"Linux {made.header.kernel} ({made.header.variant}), scenario {scenario.name}"
    said = [tables.wrapped("\n".join(filter(None, [verdict(one), explanation(one)])))
            for one in made.violations]
    boots = [f"{made.boots:,} boots, one trace: {made.trace.hash} ({made.trace.events:,} events)."
             ] if isinstance(made, Repeated) else []
    return "\n\n".join([title, tables.wrapped(f"  {scenario.text}"), diagram(made),
                        *(said or ["Every oracle holds."]), *boots])

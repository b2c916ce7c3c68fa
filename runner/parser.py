# SPDX-License-Identifier: GPL-2.0
"""Ask the parser of a built kernel about scenarios and schedules, before another kernel is built.

The parser is the kernel's own code, so that only a kernel that has today's can answer; and only what does
not depend on what that kernel has counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from runner import boots, fresh, kernels, replay
from runner.kernels import Kernel
from runner.kunit_tool import Ask, KunitTool
from runner.layout import Layout
from runner.progress import step
from runner.scenarios import Scenario
from runner.schedule import Schedule

_CASE = "tkfi_explore.parsed"
_MOST = 16  # scenarios that are asked about: each takes a boot, and a build may be as quick as many


def check(kernel: Kernel, layout: Layout, scenarios: Sequence[Scenario],
          schedule: Schedule | None = None) -> None:
    """Raises InputError for the first mistake in scenarios that somebody wrote, or in the turns of a
    schedule of the only one, if kernel has to be built and another one, or an earlier build of it, can
    tell."""
    asked = [one for one in scenarios if schedule or not one.shipped]
    tool = _able(kernel, layout) if asked else None
    if not tool:
        return
    turns = [f'tkfi.schedule="{schedule.turns}"'] if schedule else []
    asks = [Ask(_CASE, f"parse-{number}", [f'tkfi.scenario="{one.parameter}"', *turns])
            for number, one in enumerate(asked[:_MOST])]
    with step(f"Reading what was written, on {tool.kernel.title}"):
        runs = boots.run_all(tool, asks, at_once=2)
    for one, run in zip(asked, runs):
        for found in run.found.malformed:
            if not found.absent:
                raise replay.malformed(found, one, schedule)


def _able(kernel: Kernel, layout: Layout) -> KunitTool | None:
    """A built kernel with today's parser; None if there is none, or kernel itself is up to date and will
    tell."""
    for candidate in _built(kernel, layout):
        record = fresh.read(candidate, layout)
        if not record:
            continue
        if candidate == kernel and record.is_current(kernel, layout):
            return None
        if record.has_current(layout.repo / "fault", layout.repo / "kunit",
                              layout.objects(candidate.place) / "linux"):
            return KunitTool(candidate, layout)
    return None


def _built(kernel: Kernel, layout: Layout) -> Iterator[Kernel]:
    """What may have been built: kernel, and those on offer."""
    yield kernel
    yield from (kernels.choose(release.version, layout) for release in kernels.offered(layout))

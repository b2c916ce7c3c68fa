# SPDX-License-Identifier: GPL-2.0
"""Preparing and building a kernel, unless it is built of what there is."""

from __future__ import annotations

from runner.kernel import freshness
from runner.kernel.kernels import Kernel
from runner.kernel.kunit_tool import KunitTool
from runner.kernel.prepare import fetch, prepare
from runner.layout import Layout
from runner.progress import note_once


def build(kernel: Kernel, layout: Layout) -> KunitTool:
    """Prepare and build a kernel, unless it is built of what there is."""
    tool, before = KunitTool(kernel, layout), freshness.read(kernel, layout)
    if before and before.is_current(kernel, layout):
        for text in [*before.notes, f"{kernel.title} is up to date"]:
            note_once(text)
        return tool
    fetch(kernel, layout)
    configured = before is not None and before.keeps_configuration(kernel, layout)
    making, notes = freshness.Making(kernel, layout), list[str]()

    def say(text: str) -> None:
        notes.append(text)
        note_once(text)

    prepare(kernel, layout, say)
    if before:
        before.outdate(kernel, layout)
    making.prepared()
    if configured:
        tool.make()
    else:
        tool.build()
    making.done(notes)
    return tool

# SPDX-License-Identifier: GPL-2.0
"""From a chosen kernel to a tree that can be built."""

from __future__ import annotations

from runner import overlay, patches
from runner.fetch import ensure_source
from runner.kernels import Kernel, tree_version
from runner.layout import Layout
from runner.overlay import Overlay
from runner.progress import note, step

FAULT, SUITES = "kernel/time/tkfi", "kernel/time/tkfi-kunit"  # in the tree


def prepare(kernel: Kernel, layout: Layout) -> Overlay:
    """Fetch, patch and overlay whatever of kernel is not up to date."""
    if kernel.release:
        ensure_source(kernel.release, layout)
    source = kernel.source(layout)
    if kernel.path:
        note(f"Kernel {tree_version(source)} in {source}: using the {kernel.series.name} patch series")
    wanted = Overlay(source, layout.tree(kernel.name), patches.series(kernel.series),
                     {FAULT: layout.repo / "fault", SUITES: layout.repo / "kunit"})
    with step(f"Preparing the tree of {kernel.name}"):
        overlay.refresh(wanted)
    if changed := overlay.edited(wanted):
        note(f"Used as edited in {wanted.tree}: {', '.join(changed)}")
    return wanted

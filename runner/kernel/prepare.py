# SPDX-License-Identifier: GPL-2.0
"""From a chosen kernel to a tree that can be built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from runner.kernel import overlay, probes
from runner.kernel.fetch import ensure_source
from runner.kernel.kernels import Kernel, tree_version
from runner.kernel.overlay import Overlay
from runner.layout import OBJECTS, Layout
from runner.progress import note, step

FAULT, SUITES = "kernel/time/tkfi", "kernel/time/tkfi-kunit"  # in the tree


def fetch(kernel: Kernel, layout: Layout) -> None:
    """Download and unpack the source of a release that is not there."""
    if kernel.release:
        ensure_source(kernel.release, layout)


def prepare(kernel: Kernel, layout: Layout, say: Callable[[str], None] = note,
            like: Kernel | None = None) -> Overlay:
    """Fetch, patch and overlay whatever of kernel is not up to date; say what is to be known of it. like is
    a kernel built of a source with the same contents: its objects are taken over if there are none."""
    fetch(kernel, layout)
    source = kernel.source(layout)
    if kernel.path:
        say(f"Kernel {tree_version(source)} in {source}: using the {kernel.series.name} patch series"
            + _differing(source, kernel.series.name))
    wanted = Overlay(source, layout.tree(kernel.place), kernel.patches(),
                     {FAULT: layout.repo / "fault", SUITES: layout.repo / "kunit"},
                     instead=kernel.instead())
    with step(f"Preparing the tree of {kernel.title}"):
        overlay.refresh(wanted)
        changed, left_out = overlay.inspect(wanted)
        seed = layout.tree(like.place) if like else _built_tree(kernel, layout)
        if seed and not changed and not layout.objects(kernel.place).exists():
            overlay.refresh(replace(wanted, seed=seed))
    if left_out:
        say(f"This tree has no place for {', '.join(left_out)}: tests that need one of these points are "
            "skipped; exploration needs none")
    if changed:
        say(f"Used as edited in {wanted.tree}: {', '.join(changed)}")
    return wanted


def _differing(source: Path, series: str) -> str:
    """What the tree has, or lacks, unlike the kernels that the series is for."""
    there = probes.look(source)
    words = list(map(there.says, there.differing(series)))
    return f", though this tree {', '.join(words)}" if words else ""


def _built_tree(kernel: Kernel, layout: Layout) -> Path | None:
    """Another built tree of the same source: the plain one of the same variant, or else the last one
    built."""
    own = layout.tree(kernel.place)
    same = layout.tree(replace(kernel, breaking=None, bare=False, parts=False, revision=None,
                               checked=False).place)
    built = [(tree == same, (tree / OBJECTS / "linux").stat().st_mtime, tree)
             for tree in (layout.build / kernel.name).glob("*/tree")
             if tree != own and (tree / OBJECTS / "linux").is_file()]
    return max(built)[2] if built else None

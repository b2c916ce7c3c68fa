# SPDX-License-Identifier: GPL-2.0
"""Where things are in the checkout and under build/."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runner.errors import TkfiError

OBJECTS = ".kunit"  # in a tree
ANSWERS = ".tkfi-answers"  # of the compiler to kbuild, in there
REPO = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Layout:
    """The directories of one checkout."""

    repo: Path = REPO

    def __post_init__(self) -> None:
        """Refuse a place the kernel's own Makefile refuses, before any work is done.

        Raises TkfiError when the path holds white space or a colon.
        """
        if any(char.isspace() or char == ":" for char in str(self.repo)):
            raise TkfiError(f"the kernel cannot be built below '{self.repo}': its Makefile refuses "
                            "spaces and colons in paths; move this checkout")

    @property
    def build(self) -> Path:
        """Everything generated; git-ignored."""
        return self.repo / "build"

    @property
    def lock(self) -> Path:
        """Held by who works in build/."""
        return self.build / ".lock"

    @property
    def debs(self) -> Path:
        """Downloaded packages."""
        return self.build / "debs"

    @property
    def apt(self) -> Path:
        """The private apt state."""
        return self.build / "apt"

    @property
    def patches(self) -> Path:
        """One quilt series per supported kernel version; they share patches."""
        return self.repo / "kernel-patches"

    def source(self, version: str) -> Path:
        """The pristine source Debian ships for version."""
        return self.build / "src" / version

    def tree(self, kernel: str) -> Path:
        """The prepared overlay of a kernel."""
        return self.build / kernel / "tree"

    def objects(self, kernel: str) -> Path:
        """kunit.py's build directory of a kernel: its own default, so that a plain kunit.py in the tree
        uses it too. Below the tree Kbuild names all sources relative to it."""
        return self.tree(kernel) / OBJECTS

    def results(self, kernel: str) -> Path:
        """Logs and results of a kernel."""
        return self.build / kernel / "results"

    def explored(self, kernel: str) -> Path:
        """What is kept of a kernel's explorations."""
        return self.build / kernel / "explored"

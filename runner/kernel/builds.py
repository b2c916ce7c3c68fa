# SPDX-License-Identifier: GPL-2.0
"""Which kernels are built, and whether they are of what there is now."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from runner.errors import TkfiError
from runner.kernel import freshness, kernels
from runner.kernel.kernels import Kernel
from runner.layout import Layout


@dataclass(frozen=True)
class Build:
    """A kernel that was built. is_current: whether building it would come to the same."""

    kernel: Kernel
    is_current: bool

    @property
    def command(self) -> str:
        """What builds it again."""
        variant = [] if self.kernel.variant == self.kernel.own else ["--variant", self.kernel.variant]
        return " ".join(["./tkfi build", self.kernel.option, *variant])


def built(layout: Layout) -> list[Build]:
    """Kernels that --kernel and --variant can name, in the order in which they are on offer; then trees.
    Those that checks make for themselves are not among them."""
    return [Build(kernel, record.is_current(kernel, layout)) for kernel in _candidates(layout)
            if (record := freshness.read(kernel, layout))]


def _candidates(layout: Layout) -> Iterator[Kernel]:
    for release in kernels.offered(layout):
        yield from _variants(release.version, layout)
    for place in sorted(layout.build.glob("path-*")):
        source = _source(place)
        if source and os.path.isdir(source):
            with suppress(TkfiError):  # it is no kernel tree any more
                yield from _variants(source, layout)


def _variants(name: str, layout: Layout) -> list[Kernel]:
    """A kernel as each of its variants; a tree may be one of them without a patch."""
    return list(dict.fromkeys(kernels.choose(name, layout, variant)
                              for variant in kernels.choose(name, layout).variants))


def _source(place: Path) -> str:
    """The tree that was built there, as the record of one of its builds has it."""
    for file in place.glob("*/built.json"):
        record = freshness.of_file(file)
        if record:
            return str(record.asked.get("source", ""))
    return ""

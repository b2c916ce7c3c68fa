# SPDX-License-Identifier: GPL-2.0
"""Deliberate breaks of the kernel's code: which there are.

A break is a patch whose changelog names the variant it breaks and the KUnit cases that must notice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.errors import TkfiError
from runner.kernel import patches
from runner.kernel.kernels import Kernel
from runner.nearest import nearest

_TAG = re.compile(r"^(Variant|Case): *(\S.*?) *$", re.MULTILINE)


@dataclass(frozen=True)
class Break:
    """A patch, the variant it breaks, and the KUnit glob (suite.case) that must fail."""

    patch: Path
    variant: str
    case: str

    @property
    def name(self) -> str:
        """The patch's, without .patch."""
        return self.patch.stem


def read(patch: Path) -> Break:
    """A break from its patch. Raises TkfiError when its changelog does not say what it needs to."""
    tags = _TAG.findall(re.split(r"^---", patch.read_text(encoding="utf-8"), maxsplit=1,
                                 flags=re.MULTILINE)[0])
    found = dict(tags)
    if sorted(name for name, _ in tags) != ["Case", "Variant"] or "." not in found["Case"]:
        raise TkfiError(f"{patch}: the changelog needs one line 'Variant: <variant>' and one line "
                        "'Case: <suite>.<case>'")
    return Break(patch, found["Variant"], found["Case"])


def select(kernels: Sequence[Kernel], names: Sequence[str]) -> list[tuple[Kernel, Break]]:
    """The breaks of these names, or all, of every kernel, those of one variant together.

    Raises TkfiError for a name that no kernel has, and for a kernel without any.
    """
    every = [(kernel, read(patch)) for kernel in kernels
             for patch in patches.beside(kernel.series, "breaks").values()]
    known = list(dict.fromkeys(what.name for _, what in every))
    for kernel in kernels:
        if not any(other is kernel for other, _ in every):
            there = " or ".join(f"{place}/breaks" for place in patches.places(kernel.series))
            raise TkfiError(f"kernel {kernel.name} has no breaks: there is no patch in {there}")
    if unknown := [name for name in names if name not in known]:
        listing = "./tkfi list breaks" + (f" {kernels[0].option}" if len(kernels) == 1 else "")
        raise TkfiError("\n".join(f"no break is called '{name}'; {nearest(name, known, listing)}"
                                  for name in unknown))
    chosen = [pair for pair in every if not names or pair[1].name in names]
    return sorted(chosen, key=lambda pair: (kernels.index(pair[0]), pair[1].variant))

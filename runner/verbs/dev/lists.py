# SPDX-License-Identifier: GPL-2.0
"""The verb `dev lists`: what kernels have, for those that are not built yet."""

from __future__ import annotations

from collections.abc import Sequence

from runner import check_counts, lock
from runner.boot import lists
from runner.errors import TkfiError
from runner.files import write_safely
from runner.kernel import builder, kernels
from runner.layout import Layout
from runner.verbs.options import flag, kernel_options, pass_layout, verb


@verb("lists", "write what kernels have into their patch series, as they say it themselves",
      held="written, or as it should be", failed="it is something else",
      examples=("", "--check", "--check --kernel 7.3"), group="dev")
@kernel_options(kernels.DEFAULT)
@flag("--check", about="write nothing, and say whether what is there is right")
@pass_layout
def command(layout: Layout, kernel: Sequence[str], check: bool) -> int:
    """Whether the series' lists are those of the kernels."""
    chosen = [kernels.choose(name, layout) for name in kernel or [kernels.DEFAULT]]
    if any(one.path for one in chosen):
        raise TkfiError("a tree has no patch series of its own: name a release (./tkfi list kernels)")
    wrong = 0
    with lock.held(layout.lock):
        for one in chosen:
            lists.of(builder.build(one, layout))
            there, should = lists.of_series(one.series), lists.beside(one, layout)
            is_right = there.exists() and there.read_bytes() == should.read_bytes()
            wrong += check and not is_right
            if not check:
                write_safely(there, [should.read_text(encoding="utf-8")])
            name = there.relative_to(layout.repo)
            print(f"{name} is what {one.title} has" if is_right or not check else
                  f"{name} is not what {one.title} has: ./tkfi dev lists --kernel {one.name}")
    if check:
        check_counts.add("lists", len(chosen) - wrong, wrong)
    return 1 if wrong else 0

# SPDX-License-Identifier: GPL-2.0
"""The verb `build`: a kernel that is ready to boot."""

from __future__ import annotations

from runner import lock
from runner.kernel import builder, kernels
from runner.layout import Layout
from runner.verbs.options import kernel_option, pass_layout, variant_option, verb


@verb("build", "prepare and build the kernel, and run nothing",
      examples=("", "--kernel 7.3", "--kernel 6.12 --variant pre-series"))
@kernel_option
@variant_option
@pass_layout
def command(layout: Layout, kernel: str, variant: str) -> int:
    """Build it, if that is to be done."""
    chosen = kernels.choose(kernel, layout, variant)
    with lock.held(layout.lock):
        builder.build(chosen, layout)
    return 0

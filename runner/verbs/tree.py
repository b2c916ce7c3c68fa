# SPDX-License-Identifier: GPL-2.0
"""The verb `tree`: where the prepared tree of a kernel is."""

from __future__ import annotations

import click

from runner import lock
from runner.kernel import kernels
from runner.kernel.prepare import prepare
from runner.layout import Layout
from runner.report import tree_text
from runner.verbs.options import kernel_option, pass_layout, variant_option, verb


@verb("tree", "print the path of the prepared tree, for plain kunit.py",
      examples=("", "--kernel ~/linux", "--variant fixed --explain"))
@kernel_option
@variant_option
@click.option("--explain", is_flag=True, help="print what was found in the tree, what that "
              "decides, and where the injection points are")
@pass_layout
def command(layout: Layout, kernel: str, variant: str, explain: bool) -> int:
    """Prepare it, if that is to be done."""
    chosen = kernels.choose(kernel, layout, variant)
    with lock.held(layout.lock):
        prepared = prepare(chosen, layout)
    print(tree_text.explained(chosen, prepared) if explain else prepared.tree)
    return 0

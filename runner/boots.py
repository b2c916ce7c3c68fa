# SPDX-License-Identifier: GPL-2.0
"""From a chosen kernel to a booted one and what it reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runner import results
from runner.errors import TkfiError
from runner.kernels import Kernel
from runner.kunit_tool import TIMEOUT, Boot, KunitTool
from runner.layout import Layout
from runner.prepare import prepare
from runner.results import Results


@dataclass(frozen=True)
class Run:
    """One boot and its result file."""

    boot: Boot
    found: Results


def build(kernel: Kernel, layout: Layout) -> KunitTool:
    """Prepare and build a kernel."""
    prepare(kernel, layout)
    tool = KunitTool(kernel, layout)
    tool.build()
    return tool


def run(tool: KunitTool, glob: str, *, title: str, name: str,
        arguments: Sequence[str] = (), timeout: int = TIMEOUT) -> Run:
    """Boot for the KUnit cases that match glob, and read what the kernel reported.

    Raises TkfiError when the kernel says it is another variant than the one that was built.
    """
    file = tool.layout.results(tool.kernel.place) / f"{name}.jsonl"
    file.unlink(missing_ok=True)
    boot = tool.boot(glob, title=title, name=name, timeout=timeout,
                     arguments=[f"tkfi.result={file}", *arguments])
    found = results.read(file)
    if found.header and found.header.variant != tool.kernel.variant:
        raise TkfiError(f"{tool.kernel.name} was built as {tool.kernel.variant} but says it is "
                        f"{found.header.variant}: see the variant's patch, and {file}")
    return Run(boot, found)


def check_hooks(kernel: Kernel, hooks: bool) -> None:
    """Raises TkfiError when a kernel says that it has access hooks and was built bare, or the other way
    round."""
    if hooks == kernel.bare:
        raise TkfiError(f"{kernel.title} says that it {'has' if hooks else 'lacks'} access hooks: "
                        "see CONFIG_TKFI_ACCESS in its .config, and the compiler's "
                        "-fsanitize=thread --param tsan-distinguish-volatile=1")

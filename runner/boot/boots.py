# SPDX-License-Identifier: GPL-2.0
"""From a chosen kernel to a booted one and what it reported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from runner.boot import results, shared_boots
from runner.boot.kunit_boot import TIMEOUT, Ask, Boot, Counts
from runner.boot.results import Results, Violation
from runner.errors import TkfiError
from runner.explore import source_lines
from runner.kernel.kernels import Kernel
from runner.kernel.kunit_tool import KunitTool
from runner.progress import step


@dataclass(frozen=True)
class Run:
    """One boot and its result file."""

    boot: Boot
    found: Results


def run(tool: KunitTool, glob: str, *, title: str, name: str,
        arguments: Sequence[str] = (), timeout: int = TIMEOUT) -> Run:
    """Boot for the KUnit cases that match glob, and read what the kernel reported.

    Raises TkfiError when the kernel says it is another variant than the one that was built.
    """
    with step(title):
        return run_all(tool, [Ask(glob, name, arguments, timeout)])[0]


def run_all(tool: KunitTool, asks: Sequence[Ask], *, at_once: int = 1,
            progress: Callable[[list[Path]], None] = lambda _files: None) -> list[Run]:
    """Boot for each of asks, so many at once, and read what the kernels reported; progress is called
    about once a second with the files that they report to."""
    files = [ask.file(tool, "jsonl") for ask in asks]
    for file in files:
        file.unlink(missing_ok=True)
    reporting = [replace(ask, arguments=[f"tkfi.result={file}", *ask.arguments])
                 for ask, file in zip(asks, files)]
    booted = shared_boots.boot_all(tool, reporting, at_once=at_once, tick=lambda: progress(files))
    return [Run(boot, _read(tool, file)) for boot, file in zip(booted, files)]


def earlier(tool: KunitTool, ask: Ask) -> Run | None:
    """What the boot for ask that another run made reported; None if it had not said all."""
    if not results.read(ask.file(tool, "jsonl")).ended:
        return None
    return Run(Boot(Counts(passed=1), 0, None, ask.file(tool, "console.log"), ""),
               _read(tool, ask.file(tool, "jsonl")))


def reports(tool: KunitTool, ask: Ask) -> list[Path]:
    """What the boot that another one goes on from reported, and what that one reports."""
    return [ask.file(tool, "before.jsonl"), ask.file(tool, "jsonl")]


def set_aside(tool: KunitTool, ask: Ask, *, goes_on: bool) -> None:
    """Before a boot for ask: what was reported counts until this one has said all, if it goes on from
    there."""
    before, last = reports(tool, ask)
    found = results.read(last)
    if not goes_on:
        before.unlink(missing_ok=True)
    elif found.explored:
        last.replace(before)
    elif found.progress:
        with before.open("ab") as file:
            file.write(last.read_bytes())


def so_far(tool: KunitTool, ask: Ask) -> Run:
    """What a boot that was stopped, or waits, had reported."""
    return with_earlier(tool, ask, Run(Boot(Counts(), 0, None, ask.file(tool, "console.log"), ""),
                                       _read(tool, ask.file(tool, "jsonl"))))


def with_earlier(tool: KunitTool, ask: Ask, last: Run) -> Run:
    """A boot that went on, with what was set aside if it did not come to say all itself."""
    before, _ = reports(tool, ask)
    if last.found.explored or not before.exists():
        return last
    found, earlier = last.found, _read(tool, before)
    return replace(last, found=replace(found, header=found.header or earlier.header,
                                       explored=[] if found.progress else earlier.explored,
                                       progress=found.progress or earlier.progress,
                                       violations=results.gone_on(earlier.violations,
                                                                  found.violations)))


def spent(tool: KunitTool, ask: Ask) -> tuple[int, bool]:
    """How long a boot that explores had explored, in ns, when it reported last, and whether it came to its
    end."""
    found = [results.read(file) for file in reports(tool, ask)]
    return max((how_far.ns for one in found for how_far in [*one.explored, one.progress] if how_far),
               default=0), any(one.explored for one in found)


def _read(tool: KunitTool, file: Path) -> Results:
    kernel, found = tool.kernel, results.read(file)
    if found.header and found.header.variant != kernel.variant:
        raise TkfiError(f"{kernel.name} was built as {kernel.variant} but says it is "
                        f"{found.header.variant}: see the variant's patch, and {file}")
    return found


def located(tool: KunitTool, violations: Sequence[Violation]) -> list[Violation]:
    """With the source line of each access, where it is known."""
    place = tool.kernel.place
    return source_lines.located(violations, tool.layout.objects(place) / "linux", tool.layout.tree(place))


def check_hooks(kernel: Kernel, hooks: bool) -> None:
    """Raises TkfiError when a kernel says that it has access hooks and was built bare, or the other way
    round."""
    if hooks == kernel.bare:
        raise TkfiError(f"{kernel.title} says that it {'has' if hooks else 'lacks'} access hooks: "
                        "see CONFIG_TKFI_ACCESS in its .config, and the compiler's "
                        "-fsanitize=thread --param tsan-distinguish-volatile=1")

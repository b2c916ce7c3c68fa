# SPDX-License-Identifier: GPL-2.0
"""Booting a built kernel, and what it reported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

from runner.boot import finished_boots, results, shared_boots
from runner.boot.kunit_boot import TIMEOUT, Ask, Boot
from runner.boot.kunit_output import failures_only
from runner.boot.results import Results
from runner.errors import TkfiError
from runner.journal import Journal
from runner.kernel.kernels import Kernel
from runner.kernel.kunit_tool import KunitTool
from runner.progress import note, step

_Figures = TypeVar("_Figures")


@dataclass(frozen=True)
class Run:
    """One boot and its result file."""

    boot: Boot
    found: Results


def run(tool: KunitTool, glob: str, *, title: str, name: str, arguments: Sequence[str] = (),
        timeout: int = TIMEOUT, reads: Sequence[Path] = (), done: Journal | None = None) -> Run:
    """Boot for the KUnit cases that match glob, and read what the kernel reported.

    Raises TkfiError when the kernel says it is another variant than the one that was built.
    """
    with step(title):
        return run_all(tool, [Ask(glob, name, arguments, timeout, reads=reads)], done=done)[0]


def run_all(tool: KunitTool, asks: Sequence[Ask], *, at_once: int = 1,
            progress: Callable[[list[Path]], None] = lambda _files: None,
            done: Journal | None = None) -> list[Run]:
    """Boot for each of asks, so many at once, and read what the kernels reported; progress is called
    about once a second with the files that they report to. Boots that are in the journal done are not made
    again, and those that come to their end are added to it."""
    kept = {number: one for number, ask in enumerate(asks) if done and (
        one := finished_boots.recall(done, tool, ask))}
    left = [number for number in range(len(asks)) if number not in kept]
    files = [ask.file(tool, "jsonl") for ask in asks]
    for number in left:
        files[number].unlink(missing_ok=True)
    reporting = [replace(asks[number], arguments=[f"tkfi.result={files[number]}", *asks[number].arguments])
                 for number in left]

    def each(nth: int, boot: Boot) -> None:
        if done:
            finished_boots.keep(done, tool, asks[left[nth]], boot)

    booted = shared_boots.boot_all(tool, reporting, at_once=at_once, tick=lambda: progress(files),
                                   each=each)
    made = kept | dict(zip(left, booted))
    return [Run(made[number], read_report(tool, file)) for number, file in enumerate(files)]


def read_report(tool: KunitTool, file: Path) -> Results:
    """What a kernel reported. Raises TkfiError when it says that it is another variant."""
    kernel, found = tool.kernel, results.read(file)
    if found.header and found.header.variant != kernel.variant:
        raise TkfiError(f"{kernel.name} was built as {kernel.variant} but says it is "
                        f"{found.header.variant}: see the variant's patch, and {file}")
    return found


@dataclass(frozen=True)
class Measured(Generic[_Figures]):
    """What a suite that measures reported in boots of one kernel: the kernel's version and compiler, the
    figures of each boot, and what is wrong with them."""

    version: str
    compiler: str
    found: list[tuple[Kernel, _Figures]]
    problems: list[str]


def measured(runs: Sequence[tuple[Kernel, Run]], suite: str,
             collect: Callable[[Kernel, Run], tuple[_Figures, list[str]]]) -> Measured[_Figures]:
    """All boots together; collect reads the figures of one, and what is wrong with it."""
    made: Measured[_Figures] = Measured(runs[0][0].name, "", [], [])
    for kernel, run in runs:
        made.problems.extend(failure(kernel, run, suite))
        if run.found.header:
            made = replace(made, version=run.found.header.kernel, compiler=run.found.header.compiler)
        figures, wrong = collect(kernel, run)
        made.found.append((kernel, figures))
        made.problems.extend(f"{kernel.title}: {problem}" for problem in wrong)
    return made


def check_hooks(kernel: Kernel, hooks: bool) -> None:
    """Raises TkfiError when a kernel says that it has access hooks and was built bare, or the other way
    round."""
    if hooks == kernel.bare:
        raise TkfiError(f"{kernel.title} says that it {'has' if hooks else 'lacks'} access hooks: "
                        "see CONFIG_TKFI_ACCESS in its .config, and the compiler's "
                        "-fsanitize=thread --param tsan-distinguish-volatile=1")


def failure(kernel: Kernel, run: Run, what: str) -> list[str]:
    """Why a boot did not end well, in a line, its output being shown; nothing if it did."""
    if not run.boot.cause:
        return []
    note(f"{failures_only(run.boot.output)}\n{kernel.title} {what}: {run.boot.failure()}")
    return [f"{kernel.title}: {run.boot.cause.text}"]

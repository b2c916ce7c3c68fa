# SPDX-License-Identifier: GPL-2.0
"""The verb `dev findings`: whether the programs of docs/findings.md print on stock kernels what is said
there."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner import answer, check_counts, lock
from runner.boot import results
from runner.errors import TkfiError
from runner.guest import packages, programs
from runner.guest.programs import Ran
from runner.layout import Layout
from runner.report import tables
from runner.verbs.options import json_option, options, pass_layout, verb

_PAGE = "docs/findings.md"
# A command, what it printed, and its exit status.
_EXAMPLE = re.compile(r"^    \$ \./tkfi guest --kernel (\S+) --run (\S+); echo \$\?\n((?:    .*\n)*?)"
                      r"    (\d+)\n", re.MULTILINE)
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Example:
    """A program on a kernel, and what the page says that it prints and ends with."""

    kernel: str
    program: str
    output: str
    status: int

    def is_like(self, ran: Ran) -> bool:
        """Whether a guest did the same, but for numbers: another version has others."""
        def plain(text: str) -> str:
            return _NUMBER.sub("N", text.strip())
        return min(ran.status, 1) == self.status and plain(ran.output) == plain(self.output)


def examples(page: Path) -> list[Example]:
    """Those of a page. Raises TkfiError if there is none."""
    found = [Example(kernel, program, textwrap.dedent(output), int(status))
             for kernel, program, output, status in _EXAMPLE.findall(page.read_text(encoding="utf-8"))]
    if not found:
        raise TkfiError(f"{page} has no example of the form '$ ./tkfi guest --kernel K --run FILE; "
                        "echo $?'")
    return found


@verb("findings", "check what the programs of docs/findings.md print on stock kernels",
      held="what the page says", failed="something else",
      examples=("", "--kernel 6.12", "--json findings.json"), group="dev")
@options("--kernel", help="may be repeated (all that the page has)")
@json_option
@pass_layout
def command(layout: Layout, kernel: Sequence[str], json_to: str | None) -> int:
    """Whether all print that."""
    wanted = [one for one in examples(layout.repo / _PAGE) if not kernel or one.kernel in kernel]
    if not wanted:
        raise TkfiError(f"{_PAGE} has no program for {', '.join(kernel)}; leave out --kernel")
    with lock.held(layout.lock):
        unpacked = packages.ensure_qemu(layout)
        ran = [programs.run(packages.choose(one.kernel, layout), unpacked, layout.repo / one.program,
                            layout) for one in wanted]
    right = [one.is_like(made) for one, made in zip(wanted, ran)]
    rows = [[one.kernel, Path(one.program).name, "as the page says" if good else
             f"WRONG: exit status {made.status}, {made.output.strip()}"]
            for one, made, good in zip(wanted, ran, right)]
    answer.give("\n\n".join([tables.texts(["kernel", "program", "prints"], rows),
                             f"{sum(right)} of {len(right)} as {_PAGE} says."]),
                {"format": results.FORMAT, "findings": [
                    {"kernel": one.kernel, "program": one.program, "held": good, "output": made.output,
                     "status": made.status} for one, made, good in zip(wanted, ran, right)]}, json_to)
    check_counts.add("findings", sum(right), len(right) - sum(right))
    return 0 if all(right) else 1

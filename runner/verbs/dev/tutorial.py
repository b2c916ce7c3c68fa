# SPDX-License-Identifier: GPL-2.0
"""The verb `dev tutorial`: whether the commands of docs/tutorial.md print what is said there."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner import answer, check_counts, lock
from runner.errors import TkfiError
from runner.kernel import kernels
from runner.kernel.change_patches import WorkTree
from runner.layout import Layout
from runner.progress import note
from runner.verbs.options import json_option, pass_layout, verb

_PAGE = "docs/tutorial.md"
# Indented lines are a command, or several; what is fenced after them is what they print.
_EXAMPLE = re.compile(r"((?:^    \S[^\n]*\n)+)(?:```\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)
_TIME = re.compile(r"\b\d+\.\d$")  # in ms, at the end of a row; clocks have more decimals
_NOT_SHOWN = "..."  # a line that stands for any lines


@dataclass(frozen=True)
class Example:
    """Commands for a shell, and what they print; None if the page does not say."""

    commands: str
    prints: str | None

    def is_like(self, output: str) -> bool:
        """Whether commands printed that, but for how long something took."""
        if self.prints is None:
            return True
        wanted = "".join(r"(?:[^\n]*\n)*" if line == _NOT_SHOWN else re.escape(f"{line}\n")
                         for line in _plain(self.prints))
        return re.fullmatch(wanted, "".join(f"{line}\n" for line in _plain(output))) is not None


def examples(page: Path) -> list[Example]:
    """Those of a page, in order. Raises TkfiError if there is none."""
    found = [Example("".join(line[4:] for line in commands.splitlines(keepends=True)), prints or None)
             for commands, prints in _EXAMPLE.findall(page.read_text(encoding="utf-8"))]
    if not any(one.prints for one in found):
        raise TkfiError(f"{page} has no command, which is a line that begins with four blanks, with what "
                        "it prints below it, between lines of ```")
    return found


def _plain(text: str) -> list[str]:
    """Its lines without blanks at their ends and the time that something took; columns may move by it."""
    return [_TIME.sub("T", re.sub(r" {2,}", "  ", line.rstrip())) for line in text.strip("\n").splitlines()]


def run(every: Sequence[Example], layout: Layout) -> list[tuple[Example, str]]:
    """Run all, one after another, as somebody would; ~/linux is a git tree of the default kernel. Returns
    those that print something else, and that."""
    kernel = kernels.choose(kernels.DEFAULT, layout)
    with lock.held(layout.lock):
        tree = WorkTree(kernel, layout)
        tree.build_as(kernel, layout)
    wrong = []
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "linux").symlink_to(tree.path)
        environment = {**os.environ, "HOME": home, "NO_COLOR": "1", **{
            f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in (
                ("NAME", "tkfi"), ("EMAIL", "tkfi@localhost"), ("DATE", "2013-02-21T22:51:35+0000"))}}
        environment.pop("TKFI_SUMMARY", None)
        for one in every:
            note(f"$ {one.commands.rstrip()}")
            done = subprocess.run(["bash", "-c", one.commands], cwd=layout.repo, env=environment,
                                  check=False, stdout=subprocess.PIPE, text=True)
            if not one.is_like(done.stdout):
                wrong.append((one, done.stdout))
    tree.git("checkout", "-q", "-f", "main", "--")
    return wrong


@verb("tutorial", f"run the commands of {_PAGE}, and compare what they print", held="what the page says",
      failed="something else", examples=("", "--json tutorial.json"), group="dev")
@json_option
@pass_layout
def command(layout: Layout, json_to: str | None) -> int:
    """Whether all print that."""
    every = examples(layout.repo / _PAGE)
    wrong = run(every, layout)
    compared = sum(one.prints is not None for one in every)
    said = [f"$ {one.commands}\nprints, and not what the page says:\n\n{output}" for one, output in wrong]
    said.append(f"{compared - len(wrong)} of {compared} as {_PAGE} says, {len(every)} run.")
    answer.give("\n".join(said), {"format": 1, "tutorial": [
        {"commands": one.commands, "held": one not in [bad for bad, _ in wrong]}
        for one in every]}, json_to)
    check_counts.add("tutorial", compared - len(wrong), len(wrong))
    return 1 if wrong else 0

# SPDX-License-Identifier: GPL-2.0
"""The verb `dev bisect`: git bisect finds, by premerge, which of a dozen commits put a fault in."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

from runner import check_counts, lock
from runner.errors import TkfiError
from runner.kernel import change_patches, kernels
from runner.kernel.change_patches import WorkTree
from runner.kernel.kernels import Kernel
from runner.layout import Layout
from runner.progress import note
from runner.verbs.options import kernel_option, pass_layout, verb

FAULT, BROKEN = "no-write-section", "does-not-compile"
_COMMITS = 12
_BROKEN_AT, _FAULT_AT = 5, 7  # of the commits; what does not compile is mended by the next one
_BAD = re.compile(r"^([0-9a-f]{40}) is the first bad commit$", re.MULTILINE)


def history(tree: WorkTree, chosen: Kernel) -> tuple[str, str, str]:
    """Make the commits, on a branch of their own. Returns the first, the last and the faulty one."""
    fault, broken = change_patches.select(chosen, [FAULT, BROKEN])
    tree.branch("history")
    first = faulty = tree.commit("Linux, again", empty=True)
    for number in range(1, _COMMITS):
        if number in (_BROKEN_AT, _BROKEN_AT + 1):
            tree.patch(broken, reverse=number > _BROKEN_AT)
        elif number == _FAULT_AT:
            tree.patch(fault)
        else:
            tree.append("kernel/time/timecounter.c", f"\n/* change {number} */\n")
        made = tree.commit(f"change {number}")
        faulty = made if number == _FAULT_AT else faulty
    return first, tree.commit("the last change", empty=True), faulty


@verb("bisect", "check that git bisect finds a fault by premerge", held="it does", failed="it does not",
      examples=("", "--kernel 7.3", "--kernel 6.1"), group="dev")
@kernel_option
@pass_layout
def command(layout: Layout, kernel: str) -> int:
    """Whether it does."""
    chosen = kernels.choose(kernel, layout)
    with lock.held(layout.lock):
        tree = WorkTree(chosen, layout)
        tree.build_as(chosen, layout)
        first, last, faulty = history(tree, chosen)
    judge = [sys.executable, "-P", "-m", "runner", "premerge", "--tree", str(tree.path), "--base", first,
             "--quick", "--exit-codes", "bisect"]
    said = tree.git("bisect", "start", last, first) + _run(tree, judge, layout.repo)
    tree.git("bisect", "reset", "main")
    found = _BAD.search(said)
    right = bool(found and found[1] == faulty)
    print(f"{'found' if right else 'NOT FOUND'}: the commit with the fault is {faulty[:12]}, and git "
          f"bisect names {found[1][:12] if found else 'none'}")
    check_counts.add("bisect", int(right), int(not right))
    return 0 if right else 1


def _run(tree: WorkTree, judge: list[str], repo: Path) -> str:
    """git bisect run, from the directory of this checkout."""
    script = f"cd {shlex.quote(str(repo))} && exec {shlex.join(judge)} >&2"
    done = subprocess.run(["git", "-C", tree.path, "bisect", "run", "sh", "-c", script], check=False,
                          stdout=subprocess.PIPE, text=True)
    note(done.stdout)
    if done.returncode not in (0, 1):
        raise TkfiError(f"git bisect run ended with {done.returncode}; its output is above")
    return done.stdout

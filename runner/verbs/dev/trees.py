# SPDX-License-Identifier: GPL-2.0
"""The verb `dev trees`: premerge on a tree in every state that somebody's tree may be in."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import click

from runner import check_counts, lock
from runner.errors import TkfiError
from runner.kernel import change_patches, kernels
from runner.kernel.change_patches import WorkTree
from runner.layout import Layout
from runner.nearest import nearest
from runner.progress import note
from runner.report import tables
from runner.verbs.options import kernel_option, pass_layout, verb

CHANGE = "comment"  # which is to pass
_PASS, _REFUSED = 0, 2  # exit statuses
# In a mount namespace of its own, of which nothing is left.
_READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
_FULL = 'mount -t tmpfs -o size=16k none "$0" && exec "$@"'
_UNTIL = "suites in"  # what is said when a kernel has been built and is going to boot


@dataclass(frozen=True)
class _Run:
    """premerge was run: its exit status, and all that it said."""

    status: int
    said: str


class _Trees:
    """The states, each a method that returns whether premerge did what it should."""

    def __init__(self, kernel: kernels.Kernel, layout: Layout) -> None:
        (self._change,) = change_patches.select(kernel, [CHANGE])
        self._tree, self._kernel, self._layout = WorkTree(kernel, layout), kernel, layout
        self._tree.build_as(kernel, layout)
        self._git = self._tree.path / ".git"
        self.said = ""

    def uncommitted(self) -> bool:
        """What is not committed is judged, against HEAD."""
        self._tree.patch(self._change)
        return self._is(_PASS)

    def upstream(self) -> bool:
        """Commits of a branch are judged, against where it left its upstream."""
        self._commit("work")
        self._tree.git("branch", "-q", "--set-upstream-to=main")
        return self._is(_PASS)

    def detached(self) -> bool:
        """HEAD is no branch: without --base it cannot be known what to compare with."""
        self._commit("work")
        self._tree.git("checkout", "-q", "--detach")
        return (self._is(_REFUSED, "name a revision with --base")
                and self._is(_PASS, options=["--base", "HEAD~1"]))

    def shallow(self) -> bool:
        """A clone without history has no earlier commit; what is not committed can be judged."""
        self._commit("work")
        (self._git / "shallow").write_text(self._tree.git("rev-parse", "HEAD"), encoding="ascii")
        refused = self._is(_REFUSED, "This is a shallow clone", options=["--base", "HEAD~1"])
        self._tree.append("kernel/time/timecounter.c", "\n/* not committed */\n")
        return refused and self._is(_PASS)

    def directory(self) -> bool:
        """No git: the base is another directory."""
        self._tree.patch(self._change)
        aside = self._tree.path.with_name("git of the work tree")
        shutil.rmtree(aside, ignore_errors=True)  # of one that was killed
        self._git.rename(aside)
        try:
            return (self._is(_REFUSED, "its base has to be the path of another tree")
                    and self._is(_PASS, options=["--base", str(self._kernel.source(self._layout))]))
        finally:
            aside.rename(self._git)

    def read_only(self) -> bool:
        """Nothing can be written into the tree."""
        self._tree.patch(self._change)
        return self._is(_PASS, within=_in_namespace(_READ_ONLY, self._tree.path))

    def full(self) -> bool:
        """No space is left where results go; once there is, all is as before."""
        self._tree.patch(self._change)
        results = self._layout.results(kernels.choose(str(self._tree.path), self._layout).place)
        full = _in_namespace(_FULL, results)
        return self._is(_PASS) and self._is(_REFUSED, "the disk is full", within=full) and self._is(_PASS)

    def killed(self) -> bool:
        """Killed while kernels run, and run again."""
        self._tree.patch(self._change)
        with self._start() as begun:
            assert begun.stderr
            self.said = _read_until(begun.stderr, _UNTIL)
            begun.kill()
        return _UNTIL in self.said and self._is(_PASS)

    def together(self) -> bool:
        """Two at once: one waits for the other, and both come to the same."""
        self._tree.patch(self._change)
        both = [self._start() for _ in range(2)]
        runs = [_finish(one) for one in both]
        self.said = "\n".join(run.said for run in runs)
        return [run.status for run in runs] == [_PASS, _PASS] and "waiting: " in self.said

    def reset(self) -> None:
        """As it was."""
        (self._git / "shallow").unlink(missing_ok=True)
        self._tree.git("checkout", "-q", "-f", "main", "--")

    def _commit(self, branch: str) -> None:
        self._tree.branch(branch)
        self._tree.patch(self._change)
        self._tree.commit("a comment")

    def _start(self, options: Sequence[str] = (),
               within: Sequence[str | Path] = ()) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*within, sys.executable, "-P", "-m", "runner", "premerge", "--quick", *options, "--tree",
             self._tree.path], cwd=self._layout.repo, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)

    def _is(self, status: int, says: str = "", *, options: Sequence[str] = (),
            within: Sequence[str | Path] = ()) -> bool:
        """Whether premerge ends with this status, says this, and leaves the tree as it was."""
        before = _state(self._tree.path)
        run = _finish(self._start(options, within))
        self.said = f"exit status {run.status}, not {status}\n{run.said}"
        after = _state(self._tree.path)
        if before != after:
            changed = sorted(name for name, _ in set(before.items()) ^ set(after.items()))
            self.said = f"the tree changed: {', '.join(changed[:4])}\n{self.said}"
        return run.status == status and says in run.said and before == after


STATES = ("uncommitted", "upstream", "detached", "shallow", "directory", "read_only", "full", "killed",
          "together")


def _in_namespace(script: str, path: Path) -> list[str | Path]:
    return ["unshare", "--mount", "sh", "-c", script, path]


def _finish(begun: subprocess.Popen[str]) -> _Run:
    out, error = begun.communicate()
    return _Run(begun.returncode, f"{error}\n{out}")


def _read_until(file: IO[str], text: str) -> str:
    said = ""
    for line in file:
        said += line
        if text in line:
            break
    return said


def _state(tree: Path) -> dict[str, str]:
    """A hash of each file's type, mode, time and contents; a link's is of where it points."""
    found = {}
    for directory, names, files in os.walk(tree):
        for name in (*names, *files):
            path = Path(directory, name)
            told = path.lstat()
            contents = (os.readlink(path).encode() if path.is_symlink() else
                        path.read_bytes() if path.is_file() else b"")
            kept = f"{told.st_mode:o} {told.st_mtime_ns} ".encode() + contents
            found[str(path.relative_to(tree))] = hashlib.sha256(kept).hexdigest()
    return found


def _try(trees: _Trees, name: str) -> tuple[bool, float]:
    begun = time.monotonic()
    state: Callable[[], bool] = getattr(trees, name)
    try:
        right = state()
    finally:
        trees.reset()
    if not right:
        note(f"{name}: {trees.said}")
    return right, time.monotonic() - begun


@verb("trees", "check premerge on a tree in every state that one may be in",
      words=f"NAME: which states (all): {', '.join(STATES)}. Some need to mount, as root may.",
      held="each time it does what it should", failed="it does not",
      examples=("", "shallow", "--kernel 7.3"), group="dev")
@click.argument("name", nargs=-1)
@kernel_option
@pass_layout
def command(layout: Layout, name: Sequence[str], kernel: str) -> int:
    """Whether all were right."""
    for one in name:
        if one not in STATES:
            raise TkfiError(f"'{one}' is no state of a tree; "
                            f"{nearest(one, STATES, './tkfi dev trees --help')}")
    with lock.held(layout.lock):
        trees = _Trees(kernels.choose(kernel, layout), layout)
    trees.reset()
    found = {one: _try(trees, one) for one in name or STATES}
    rows = [[one, "yes" if right else "NO", f"{seconds:.1f}"] for one, (right, seconds) in found.items()]
    print(tables.table(["tree", "as it should be", "time, s"], rows, left=2))
    wrong = sum(not right for right, _ in found.values())
    check_counts.add("trees", len(found) - wrong, wrong)
    return 1 if wrong else 0

# SPDX-License-Identifier: GPL-2.0
"""Changes that somebody might make to a kernel, each with the verdict that premerge has to give."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner import process
from runner.errors import TkfiError
from runner.kernel import builder, kernels, patches
from runner.kernel.kernels import Kernel
from runner.kernel.prepare import fetch, prepare
from runner.layout import Layout
from runner.nearest import nearest

_VERDICT = re.compile(r"^Verdict: (\S+)$", re.MULTILINE)
# What changes touch: git knows of nothing else in the work tree, so that it is made in seconds.
_TRACKED = ("kernel/time", "lib/vdso", "include/vdso", "include/linux/timekeeper_internal.h",
            "include/linux/timekeeping.h")
_ONLY = re.compile(r"^Kernels: (.+)$", re.MULTILINE)
_PARTS = re.compile(r"^(?=@@ |diff |--- )", re.MULTILINE)
_COUNTS = re.compile(r"(-\d+)(?:,\d+)? (\+\d+)(?:,\d+)?")
_GIT = ("git", "-c", "user.name=tkfi", "-c", "user.email=tkfi@localhost", "-c", "commit.gpgsign=false")
# Commits have the same names wherever the source is the same.
_DATES = {"GIT_AUTHOR_DATE": "2013-02-21T22:51:35+0000", "GIT_COMMITTER_DATE": "2013-02-21T22:51:35+0000"}


@dataclass(frozen=True)
class Change:
    """A patch, and the verdict: pass, improved, regression, or error for what cannot be judged. changed:
    other values can be observed, with nothing wrong."""

    patch: Path
    verdict: str
    changed: bool = False

    @property
    def name(self) -> str:
        """The patch's, without .patch."""
        return self.patch.stem


def select(kernel: Kernel, names: Sequence[str]) -> list[Change]:
    """The changes of these names, or all, of a kernel: fixes of what it does wrong are some, and so is the
    variant that is fixed, as somebody's own work. Raises TkfiError for a name it does not have."""
    every = {name: _read(patch) for name, patch in patches.beside(kernel.series, "changes").items()
             if _is_for(kernel.series.name, patch)}
    fixes = sorted((kernel.series / "fixes").glob("*.patch"))
    fixed = patches.beside(kernel.series, "variants").get(kernels.FIXED)
    every |= {patch.stem: Change(patch, "improved") for patch in [*fixes, *([fixed] if fixed else [])]}
    for name in names:
        if name not in every:
            raise TkfiError(f"no change of {kernel.name} is called '{name}'; "
                            f"{nearest(name, every, f'ls {kernel.series}/changes')}")
    return [every[name] for name in names or every]


def without_points(patch: str) -> str:
    """The patch of a variant as it is for a tree without injection points: no line that names one."""
    parts = []
    for part in _PARTS.split(patch):
        head, *lines = part.split("\n")
        if head.startswith("@@ "):
            lines = [line for line in lines if "tkfi" not in line.lower()]
            old, new = (sum(line.startswith((" ", sign)) for line in lines) for sign in "-+")
            head = _COUNTS.sub(rf"\1,{old} \2,{new}", head, count=1)
        parts.append("\n".join([head, *lines]))
    return "".join(parts)


def _is_for(series: str, patch: Path) -> bool:
    """Whether a change is for a kernel of this series, as those are that say nothing of it."""
    only = _ONLY.search(patch.read_text(encoding="utf-8").partition("\n---\n")[0])
    return not only or series in only[1].split()


def _read(patch: Path) -> Change:
    said = patch.read_text(encoding="utf-8").partition("\n---\n")[0]
    found = _VERDICT.findall(said)
    if len(found) != 1:
        raise TkfiError(f"{patch}: the changelog needs one line 'Verdict: <verdict>'")
    return Change(patch, found[0], "\nBehaviour: changed\n" in f"{said}\n")


def put_in(change: Change, tree: Path, *, reverse: bool = False) -> None:
    """Change a tree, or take the change back. Raises TkfiError where it does not fit."""
    text = change.patch.read_text(encoding="utf-8")
    # Hunks of a variant are beside what injection points change, too.
    words = (["patch", "-p1", "--force", "--no-backup-if-mismatch", "--reject-file=-"]
             if change.patch.parent.name == "variants" else ["git", "apply", "-"])
    done = subprocess.run([*words, *(["--reverse"] if reverse else [])], cwd=tree, check=False, text=True,
                          capture_output=True, input=without_points(text))
    if done.returncode:
        raise TkfiError(f"{change.patch} does not apply to {tree}:\n{done.stdout}{done.stderr}")


class WorkTree:
    """A git work tree of a kernel's source, to be changed. Files that git does not track are links to
    the source."""

    def __init__(self, kernel: Kernel, layout: Layout) -> None:
        self.path = layout.build / kernel.name / "work tree"  # with a blank, as somebody's may have one
        source = kernel.source(layout)
        if (self.path / ".git/complete").is_file():
            self.git("checkout", "-q", "-f", "main", "--")
            self.git("clean", "-q", "-f", "-d", *self._there())
            return
        fetch(kernel, layout)
        shutil.rmtree(self.path, ignore_errors=True)
        self._copy("-as", source.resolve(), self.path)
        for name in self._there():
            if (self.path / name).is_dir():
                shutil.rmtree(self.path / name)
            else:
                (self.path / name).unlink()
            self._copy("-a", source / name, self.path / name)
        self.git("init", "-q", "-b", "main")
        (self.path / ".git/info/exclude").write_text("*\n", encoding="ascii")
        self.git("add", "-f", *self._there())
        self.git("commit", "-q", "-m", "Linux")
        (self.path / ".git/complete").touch()

    def build_as(self, kernel: Kernel, layout: Layout) -> None:
        """Build the kernel that this is the source of, and take its objects over."""
        builder.build(kernel, layout)
        prepare(kernels.choose(str(self.path), layout), layout, like=kernel)

    def apply(self, change: Change) -> None:
        """Put it in alone, not committed."""
        self.git("checkout", "-q", "-f", "main", "--")
        self.patch(change)

    def patch(self, change: Change, *, reverse: bool = False) -> None:
        """Put it in, or take it out, besides what is there."""
        put_in(change, self.path, reverse=reverse)

    def append(self, name: str, text: str) -> None:
        """Add to the end of a file."""
        with (self.path / name).open("a", encoding="utf-8") as file:
            file.write(text)

    def branch(self, name: str) -> None:
        """Begin a branch of that name, whatever there was."""
        self.git("checkout", "-q", "-f", "-B", name, "main")

    def commit(self, subject: str, *, empty: bool = False) -> str:
        """All changes of files that git knows. Returns the commit's name."""
        self.git("commit", "-q", "-a", "-m", subject, *(["--allow-empty"] if empty else []))
        return self.git("rev-parse", "HEAD").strip()

    def _copy(self, how: str, source: Path, to: Path) -> None:
        process.checked(["cp", how, source, to], log=self.path.with_name("work tree.log"),
                        what=f"Copying {source}")

    def _there(self) -> list[str]:
        return [name for name in _TRACKED if (self.path / name).exists()]

    def git(self, *words: str) -> str:
        """What git says. Raises TkfiError where it fails."""
        done = subprocess.run([*_GIT, "-C", self.path, *words], check=False, capture_output=True, text=True,
                              env={**os.environ, **_DATES})
        if done.returncode:
            raise TkfiError(f"git {words[0]} fails in {self.path}: {done.stderr.strip()}")
        return done.stdout

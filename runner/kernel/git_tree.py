# SPDX-License-Identifier: GPL-2.0
"""A git work tree: what it was made from, and how it differs. Nothing is written, not even the index."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from runner.errors import TkfiError

# A tree may belong to somebody else.
_GIT = ("git", "--no-optional-locks", "-c", "safe.directory=*", "-c", "core.fsmonitor=false",
        "-c", "core.untrackedCache=false", "-c", "gc.auto=0")
_FILE = 0o100000  # what a regular file's mode begins with


@dataclass(frozen=True)
class Revision:
    """A commit, and the hash of what it contains."""

    commit: str
    contents: str
    subject: str

    @property
    def short(self) -> str:
        """As tags in changelogs have it."""
        return self.commit[:12]


@dataclass(frozen=True)
class Instead:
    """A file as another state of a tree has it."""

    contents: bytes
    mode: int


def is_work_tree(path: Path) -> bool:
    """Whether path is the top of a git work tree."""
    top = _run(path, ["rev-parse", "--show-toplevel"])
    return top.returncode == 0 and Path(os.fsdecode(top.stdout).rstrip("\n")).resolve() == path.resolve()


def revision(path: Path, name: str) -> Revision:
    """The commit that a name means. Raises TkfiError when there is none."""
    found = _run(path, ["log", "-1", "--no-show-signature", "--format=%H%n%T%n%s", f"{name}^{{commit}}",
                        "--"])
    if found.returncode:
        raise TkfiError(f"'{path}' has no commit '{name}': name one that 'git -C {path} log' shows, or the "
                        f"path of another tree, with --base{_shallow(path)}")
    commit, contents, subject = os.fsdecode(found.stdout).split("\n")[:3]
    return Revision(commit, contents, subject)


def is_dirty(path: Path) -> bool:
    """Whether something is not committed. Raises TkfiError where git cannot tell."""
    with _own_index(path) as index:
        return bool(_checked(path, ["status", "--porcelain", "--untracked-files=normal"], index=index))


def default_base(path: Path) -> Revision:
    """HEAD if something is not committed, or else where the branch left its upstream.

    Raises TkfiError when there is no upstream, or no common ancestor.
    """
    if is_dirty(path):
        return revision(path, "HEAD")
    base = _run(path, ["merge-base", "HEAD", "@{upstream}"])
    if base.returncode or not base.stdout.strip():
        raise TkfiError(f"there is nothing to compare '{path}' with: all is committed, and HEAD has no "
                        "common ancestor with an upstream branch; name a revision with --base, such as "
                        f"--base HEAD~1{_shallow(path)}")
    return revision(path, os.fsdecode(base.stdout).strip())


def is_of_head(path: Path, patch: bytes) -> bool:
    """Whether a patch does what the commit HEAD does. Raises TkfiError if HEAD changes nothing, or is a
    merge."""
    of_head = _checked(path, ["diff-tree", "-p", "--no-color", "--no-ext-diff", "--no-textconv", "HEAD"])
    one, other = (_checked(path, ["patch-id", "--stable"], text).partition(b" ")[0]
                  for text in (patch, of_head))
    if not other:
        raise TkfiError(f"HEAD of '{path}' has no patch of its own: it changes nothing, or is a merge")
    return one == other


def differences(path: Path, commit: str) -> dict[str, Instead | None]:
    """The files that the work tree has otherwise than a commit, as the commit has them: None for one that
    it does not have. Raises TkfiError where git cannot tell."""
    with _own_index(path) as index:
        fields = _checked(path, ["diff", "--raw", "-z", "--no-renames", "--no-abbrev", "--no-ext-diff",
                                 "--ignore-submodules", commit, "--"], index=index).split(b"\0")
        untracked = _checked(path, ["ls-files", "-z", "--others", "--exclude-standard"], index=index)
    found: dict[str, Instead | None] = {}
    wanted: list[tuple[str, int, bytes]] = []
    for what, name in zip(fields[::2], fields[1::2]):
        mode, _, digest = what.split()[:3]
        if int(mode.lstrip(b":"), 8) & ~0o777 == _FILE:
            wanted.append((os.fsdecode(name), int(mode.lstrip(b":"), 8) & 0o777, digest))
        else:
            found[os.fsdecode(name)] = None
    found |= {os.fsdecode(name): None for name in untracked.split(b"\0") if name}
    contents = _contents(path, [digest for _, _, digest in wanted])
    found |= {name: Instead(text, mode) for (name, mode, _), text in zip(wanted, contents)}
    return found


def _contents(path: Path, digests: Sequence[bytes]) -> list[bytes]:
    answer = _checked(path, ["cat-file", "--batch"], b"".join(digest + b"\n" for digest in digests))
    found, at = [], 0
    for digest in digests:
        end = answer.index(b"\n", at)
        words = answer[at:end].split()
        if len(words) != 3:
            raise TkfiError(f"'{path}' lacks an object of its base, {os.fsdecode(digest)}: the clone is "
                            "not whole; 'git fetch --unshallow' or 'git fetch --refetch' gets the rest")
        size = int(words[2])
        found.append(answer[end + 1:end + 1 + size])
        at = end + 2 + size
    return found


@contextmanager
def _own_index(path: Path) -> Iterator[Path]:
    """A copy of the index: git writes to it whenever a file's times differ. It is as old as the index: by
    that git knows which files may have been written after it looked at them, in the same second (its
    Documentation/technical/racy-git.txt)."""
    index = path / os.fsdecode(_checked(path, ["rev-parse", "--git-path", "index"])).rstrip("\n")
    with tempfile.TemporaryDirectory(prefix="tkfi-") as directory:
        copy = Path(directory, "index")
        if index.exists():
            shutil.copy2(index, copy)
        yield copy


def _shallow(path: Path) -> str:
    """What to say more of a clone without its history."""
    found = _run(path, ["rev-parse", "--is-shallow-repository"])
    return (". This is a shallow clone: 'git fetch --deepen=N' gets more of its history"
            if found.stdout.strip() == b"true" else "")


def _checked(path: Path, words: Sequence[str], given: bytes = b"", index: Path | None = None) -> bytes:
    done = _run(path, words, given, index)
    if done.returncode:
        raise TkfiError(f"git {words[0]} fails in '{path}': {os.fsdecode(done.stderr).strip()}")
    return done.stdout


def _run(path: Path, words: Sequence[str], given: bytes = b"",
         index: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    """As git does it in path, whatever the environment says of another repository."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    if index:
        environment["GIT_INDEX_FILE"] = str(index)
    try:
        return subprocess.run([*_GIT, "-C", path, *words], check=False, capture_output=True, input=given,
                              env={**environment, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"})
    except FileNotFoundError as error:
        raise TkfiError("git is not installed: 'apt-get install git'") from error

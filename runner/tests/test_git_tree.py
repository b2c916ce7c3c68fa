# SPDX-License-Identifier: GPL-2.0
"""States of a git work tree, which is never written to."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from runner.errors import TkfiError
from runner.kernel import git_tree
from runner.kernel.git_tree import Instead


def git(tree: Path, *words: str) -> str:
    """As somebody who works in it."""
    return subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", tree, *words],
                          check=True, capture_output=True, text=True).stdout


@pytest.fixture(name="tree")
def _tree(tmp_path: Path) -> Path:
    tree = tmp_path / "a tree"
    tree.mkdir()
    git(tree, "init", "-q", "-b", "main")
    (tree / "same").write_text("same\n")
    (tree / "edited").write_text("before\n")
    (tree / "removed").write_text("was here\n")
    (tree / "script").write_text("#!/bin/sh\n")
    (tree / "script").chmod(0o755)
    git(tree, "add", ".")
    git(tree, "commit", "-q", "-m", "first")
    return tree


def digest(tree: Path) -> str:
    """Of everything in it, .git included, and of all times."""
    state = hashlib.sha256()
    for directory, subdirectories, names in os.walk(tree):
        subdirectories.sort()
        for name in sorted(names):
            file = Path(directory, name)
            state.update(f"{file} {file.lstat().st_mtime_ns}".encode() + file.read_bytes())
    return state.hexdigest()


def change(tree: Path) -> None:
    """One of each kind."""
    (tree / "edited").write_text("after\n")
    (tree / "removed").unlink()
    (tree / "script").write_text("#!/bin/bash\n")
    (tree / "new").write_text("new\n")


def test_what_is_not_committed_is_a_difference(tree: Path) -> None:
    change(tree)
    assert git_tree.differences(tree, "HEAD") == {
        "edited": Instead(b"before\n", 0o644), "removed": Instead(b"was here\n", 0o644),
        "script": Instead(b"#!/bin/sh\n", 0o755), "new": None}


def test_what_is_as_old_and_as_long_as_what_git_knows(tree: Path) -> None:
    """As when it was written in the same second as the index, and it is a while ago."""
    git(tree, "config", "core.trustctime", "false")
    then = (tree / "same").stat().st_mtime_ns - 3600 * 10**9
    os.utime(tree / "same", ns=(then, then))
    git(tree, "update-index", "--refresh")
    (tree / "same").write_text("emas\n")
    for file in (tree / "same", tree / ".git/index"):
        os.utime(file, ns=(then, then))
    assert git_tree.is_dirty(tree)
    assert git_tree.differences(tree, "HEAD") == {"same": Instead(b"same\n", 0o644)}


def test_so_is_what_was_committed_since(tree: Path) -> None:
    change(tree)
    git(tree, "add", "-A")
    git(tree, "commit", "-q", "-m", "second")
    assert not git_tree.is_dirty(tree)
    assert set(git_tree.differences(tree, "HEAD~1")) == {"edited", "removed", "script", "new"}
    assert git_tree.differences(tree, "HEAD") == {}


def test_an_ignored_file_is_none(tree: Path) -> None:
    (tree / ".git/info/exclude").write_text("*.o\n")
    (tree / "x.o").write_text("")
    assert git_tree.differences(tree, "HEAD") == {} and not git_tree.is_dirty(tree)


def test_nothing_is_written(tree: Path) -> None:
    change(tree)
    os.utime(tree / "same", (1, 1))  # git would refresh its index
    before = digest(tree)
    git_tree.differences(tree, "HEAD")
    git_tree.default_base(tree)
    git_tree.revision(tree, "main")
    assert digest(tree) == before


def test_the_base_of_uncommitted_changes_is_head(tree: Path) -> None:
    change(tree)
    assert git_tree.default_base(tree).subject == "first"


def test_the_base_of_a_branch_is_where_it_left_its_upstream(tree: Path) -> None:
    git(tree, "checkout", "-q", "-b", "topic", "--track", "main")
    change(tree)
    git(tree, "add", "-A")
    git(tree, "commit", "-q", "-m", "mine")
    git(tree, "checkout", "-q", "main")
    git(tree, "commit", "-q", "--allow-empty", "-m", "others")
    git(tree, "checkout", "-q", "topic")
    assert git_tree.default_base(tree).subject == "first"


def test_without_an_upstream_there_is_none(tree: Path) -> None:
    git(tree, "checkout", "-q", "--detach")
    with pytest.raises(TkfiError, match="name a revision with --base"):
        git_tree.default_base(tree)


def test_a_shallow_clone_says_so(tree: Path, tmp_path: Path) -> None:
    git(tree, "commit", "-q", "--allow-empty", "-m", "second")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{tree}", str(tmp_path / "clone"))
    with pytest.raises(TkfiError, match="This is a shallow clone"):
        git_tree.revision(tmp_path / "clone", "HEAD~1")
    assert git_tree.revision(tmp_path / "clone", "HEAD").subject == "second"


def test_what_is_no_revision_is_refused(tree: Path) -> None:
    with pytest.raises(TkfiError, match="has no commit 'nothing'"):
        git_tree.revision(tree, "nothing")


def test_only_the_top_is_a_work_tree(tree: Path, tmp_path: Path) -> None:
    (tree / "below").mkdir()
    assert git_tree.is_work_tree(tree)
    assert not git_tree.is_work_tree(tree / "below") and not git_tree.is_work_tree(tmp_path)


def test_another_repository_in_the_environment_does_not_count(tree: Path, tmp_path: Path,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert git_tree.revision(tree, "HEAD").subject == "first"


def test_which_patch_is_that_of_head(tree: Path) -> None:
    """As format-patch has it, with whatever else is in the message."""
    for number in (1, 2):
        (tree / "edited").write_text(f"{number}\n")
        git(tree, "commit", "-q", "-a", "-m", f"change {number}")
    before, last = (git(tree, "format-patch", "-1", "--stdout", name) for name in ("HEAD~1", "HEAD"))
    assert git_tree.is_of_head(tree, f"Subject: x\n\n{last}".encode())
    assert not git_tree.is_of_head(tree, before.encode())
    assert not git_tree.is_of_head(tree, b"no patch")

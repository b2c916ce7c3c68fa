# SPDX-License-Identifier: GPL-2.0
"""Which two states of kernel trees are meant, and how their files differ."""

from __future__ import annotations

import filecmp
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runner.errors import TkfiError
from runner.kernel import git_tree, kernels
from runner.kernel.git_tree import Instead
from runner.kernel.kernels import Kernel
from runner.layout import Layout
from runner.premerge.verdict import State

_TESTS = re.compile(r"(^|/)(selftests|kunit|tests?)/|_(test|kunit)\.c$")


@dataclass(frozen=True)
class States:
    """A tree and its base, as kernels and in words. contents tells the base's state if that cannot change,
    else it is "". differing are the files in which they differ, as the base has them."""

    tree: Kernel
    base: Kernel
    words: State
    base_words: State
    contents: str
    differing: dict[str, Instead | None]

    @property
    def tests(self) -> list[str]:
        """The kernel's own tests among them."""
        return sorted(name for name in self.differing if _TESTS.search(name))


def choose(tree: str, base: str | None, layout: Layout) -> States:
    """What is meant by the path of a tree and a base: a revision or a path, or what is right for a work
    tree of git. Raises TkfiError when there is no such tree or base."""
    kernel = kernels.choose(_as_path(tree), layout)
    path = kernel.path
    if not path:
        raise TkfiError(f"'{tree}' is not the path of a kernel tree")
    in_git = git_tree.is_work_tree(path)
    if base and (Path(base) / "Makefile").is_file():
        return _of_directories(kernel, kernels.choose(_as_path(base), layout), path, Path(base).resolve(),
                               layout)
    if not in_git:
        more = f"'{base}' is neither" if base else "give one with --base"
        raise TkfiError(f"'{path}' is no git work tree, so its base has to be the path of another tree: "
                        f"{more}")
    revision = git_tree.revision(path, base) if base else git_tree.default_base(path)
    head = git_tree.revision(path, "HEAD")
    dirty = git_tree.is_dirty(path)
    words = f"{head.short} (\"{head.subject}\")" + ", with uncommitted changes" * dirty
    named = _named(path, layout)
    return States(kernel, kernels.at(kernel, revision), State(named, words, head.commit),
                  State(named, f"{revision.short} (\"{revision.subject}\")", revision.commit),
                  revision.contents, git_tree.differences(path, revision.commit))


def _of_directories(tree: Kernel, base: Kernel, path: Path, base_path: Path, layout: Layout) -> States:
    if path == base_path:
        raise TkfiError(f"'{path}' is both the tree and its base: name another one with --base")
    differing = {name: Instead(other.read_bytes(), 0o644) if (other := base_path / name).is_file() else None
                 for name in _differing(path, base_path)}
    named, base_named = _named(path, layout), _named(base_path, layout)
    return States(tree, base, State(named, named), State(base_named, base_named), "", differing)


def _differing(one: Path, other: Path) -> Iterator[str]:
    """The source files in which two directories differ; those with the same size and time are the same."""
    names = {*_sources(one), *_sources(other)}
    for name in sorted(names):
        if not ((one / name).is_file() and (other / name).is_file()
                and filecmp.cmp(one / name, other / name)):
            yield name


def _sources(tree: Path) -> Iterator[str]:
    for directory, subdirectories, names in os.walk(tree):
        subdirectories[:] = [name for name in subdirectories if name[0] != "."]
        yield from (os.path.relpath(os.path.join(directory, name), tree) for name in names
                    if name.endswith((".c", ".h", ".S"))
                    or name.startswith(("Makefile", "Kconfig", "Kbuild")))


def _named(path: Path, layout: Layout) -> str:
    """As ./tkfi can be told it, in its own directory."""
    inside = path.is_relative_to(layout.repo)
    return _as_path(str(path.relative_to(layout.repo))) if inside else str(path)


def _as_path(name: str) -> str:
    """So that a directory called 6.12 is not taken for the release."""
    return name if "/" in name else f"./{name}"

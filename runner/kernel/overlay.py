# SPDX-License-Identifier: GPL-2.0
"""A patched view of a kernel source nobody writes to: a sparse farm of symbolic links.

Directories are real only on the way to something that differs from the source; everything else is a
link, to a whole directory where possible. make decides by modification times, so these rules hold:
a file that is as it was keeps its time; one that changed gets a new time; and a file that was ever a
real copy stays one, because a link back to the source would bring an old time with new contents.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from runner import process
from runner.kernel import patches
from runner.kernel.git_tree import Instead
from runner.layout import OBJECTS

# kunit.py finds its tree from its own real path.
COPIED = "tools/testing/kunit"
STAMP = ".tkfi-overlay"
MISSING = "kernel/time/tkfi-missing.h"  # names the injection points that have no place

# What an in-tree build leaves behind. Kbuild refuses to build elsewhere from such a tree.
_BUILT_DIRECTORIES = ("include/config", "include/generated")
_BUILT_SUFFIXES = (".o", ".a", ".ko", ".cmd", ".mod", ".mod.c", ".symvers", ".order", ".pyc")
_TOP_LEVEL = (".git", OBJECTS, "vmlinux", "vmlinux.unstripped", "linux", "System.map", "source")


@dataclass(frozen=True)
class Overlay:
    """What to show at tree: source, with patches applied and mounts (path in tree -> directory) added.

    instead has the files of another state of source, which is what is to be shown: None for one that is not
    there.

    seed is a similar tree of the same source, at the same depth, whose objects are taken over: what
    is the same there keeps its time, so that make compiles only the rest.
    """

    source: Path
    tree: Path
    patches: Sequence[Path] = ()
    mounts: Mapping[str, Path] = field(default_factory=dict)
    seed: Path | None = None
    instead: Mapping[str, Instead | None] = field(default_factory=dict)


@dataclass
class _Plan:
    """Everything in the tree that is not an empty directory, by path."""

    files: dict[str, tuple[bytes, int]] = field(default_factory=dict)  # contents, mode
    links: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)  # what of the patches has no place

    def digest(self) -> str:
        """A hash of all of it."""
        state = hashlib.sha256()
        for name, (contents, mode) in sorted(self.files.items()):
            state.update(f"{name}\0{mode:o}\0{len(contents)}\0".encode() + contents)
        for name, target in sorted(self.links.items()):
            state.update(f"{name}\0{target}\0".encode())
        return state.hexdigest()


def refresh(overlay: Overlay) -> bool:
    """Bring the tree up to date. It is replaced whole or not at all. With a seed, its objects replace
    those of the tree.

    Returns whether it changed. Raises patches.PatchError when a patch does not apply.
    """
    tree = overlay.tree
    old = tree.with_name(tree.name + ".old")
    if old.is_dir() and not tree.exists():
        old.rename(tree)  # interrupted between the two renames below
    tree.parent.mkdir(parents=True, exist_ok=True)
    plan = _plan(overlay)
    stamp = tree / STAMP
    if not overlay.seed and stamp.is_file() and stamp.read_text(encoding="ascii") == plan.digest():
        return False
    new = tree.with_name(tree.name + ".new")
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    _write(plan, new, _earlier(overlay))
    if overlay.seed:
        process.checked(["cp", "-a", "--reflink=auto", overlay.seed / OBJECTS, new / OBJECTS],
                        log=tree.with_name("seed.log"), what=f"Copying the objects of {overlay.seed}")
    if tree.is_dir():
        tree.rename(old)
        if (old / OBJECTS).is_dir() and not overlay.seed:
            (old / OBJECTS).rename(new / OBJECTS)
    new.rename(tree)
    shutil.rmtree(old, ignore_errors=True)
    return True


def inspect(overlay: Overlay) -> tuple[list[str], list[str]]:
    """The files of an up-to-date tree that somebody changed since it was prepared, and what of the patches
    has no place in it."""
    plan = _plan(overlay)
    return sorted(name for name, (contents, _) in plan.files.items()
                  if _read(overlay.tree / name) != contents), plan.left_out


def _plan(overlay: Overlay) -> _Plan:
    source, plan = overlay.source, _Plan()
    hidden = {*_leftovers(source), *overlay.instead}
    copied = set(_files(source, COPIED, links=True)) | _real_files(overlay.tree)
    if overlay.seed:
        copied |= _real_files(overlay.seed)
    touched = {name for patch in overlay.patches for name in patches.touched(patch)}
    with tempfile.TemporaryDirectory(dir=overlay.tree.parent, prefix=".patching-") as scratch:
        work = Path(scratch, "tree")
        work.mkdir()
        for name in {*touched, *copied} - overlay.instead.keys():
            if (source / name).is_file():
                (work / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source / name, work / name)
        for name, other in overlay.instead.items():
            if other:
                (work / name).parent.mkdir(parents=True, exist_ok=True)
                (work / name).write_bytes(other.contents)
                (work / name).chmod(other.mode)
        for patch in overlay.patches:
            plan.left_out += patches.apply(patch, work, Path(scratch, "patch.log"))
        if plan.left_out and (work / MISSING).is_file():
            _name_missing(work / MISSING, plan.left_out)
        for name in _files(work, ""):
            plan.files[name] = ((work / name).read_bytes(), (work / name).stat().st_mode & 0o777)
    for name, target in overlay.mounts.items():
        plan.links[name] = os.path.relpath(target, overlay.tree / PurePosixPath(name).parent)
    special = hidden | touched | plan.files.keys() | plan.links.keys()
    real = {str(parent) for name in special for parent in PurePosixPath(name).parents}
    for directory in real:
        if (source / directory).is_dir():
            for entry in os.scandir(source / directory):
                name = str(PurePosixPath(directory, entry.name))
                if name not in real and name not in special and entry.name != "__pycache__":
                    plan.links[name] = entry.path
    return plan


def _name_missing(file: Path, titles: Sequence[str]) -> None:
    """Tell the tree's tests which injection points it has no place for."""
    names = ", ".join(title.partition(" (")[0].removeprefix("point ") for title in titles)
    file.write_text(file.read_text(encoding="utf-8").replace('""', f'"{names}"'), encoding="utf-8")


def _earlier(overlay: Overlay) -> Path:
    """The tree from which a file that is the same there takes its time: the one the objects that make
    will find were built from; with no objects yet, the source."""
    return overlay.seed or (overlay.tree if overlay.tree.exists() else overlay.source)


def _write(plan: _Plan, new: Path, earlier: Path) -> None:
    for name, target in plan.links.items():
        path = new / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)
    for name, (contents, mode) in plan.files.items():
        path = new / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents)
        path.chmod(mode)
        before = earlier / name
        if not before.is_symlink() and _read(before) == contents:
            os.utime(path, ns=(before.stat().st_atime_ns, before.stat().st_mtime_ns))
    (new / STAMP).write_text(plan.digest(), encoding="ascii")


def _real_files(tree: Path) -> set[str]:
    """The real files of an existing overlay."""
    if not tree.is_dir():
        return set()
    return {name for name in _files(tree, "") if not name.startswith(OBJECTS + "/") and name != STAMP}


def _files(tree: Path, below: str, *, links: bool = False) -> Iterator[str]:
    """The regular files below a directory of tree, relative to tree; with links also what links to one, as
    somebody's tree may consist of links. Directories that are links are not followed."""
    for directory, subdirectories, names in os.walk(tree / below):
        subdirectories[:] = [d for d in subdirectories if d not in ("__pycache__", OBJECTS)]
        for name in names:
            path = Path(directory, name)
            if (links and path.is_file()) or not path.is_symlink():
                yield str(path.relative_to(tree))


def _leftovers(source: Path) -> Iterator[str]:
    """What must not be seen of a tree that somebody built in."""
    present = set(os.listdir(source))
    yield from present.intersection(_TOP_LEVEL)
    yield from (name for name in present if name.startswith(".config"))
    built = [name for name in _BUILT_DIRECTORIES if (source / name).is_dir()]
    built += [str(path.relative_to(source)) for path in source.glob("arch/*/include/generated")]
    yield from built
    if built or ".config" in present or "vmlinux" in present:
        for name in _files(source, ""):
            if name.endswith(_BUILT_SUFFIXES) or PurePosixPath(name).name.startswith("modules.builtin"):
                yield name


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None

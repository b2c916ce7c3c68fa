# SPDX-License-Identifier: GPL-2.0
"""Quilt series: what they touch, and applying them."""

from __future__ import annotations

import os
import re
from pathlib import Path

from runner import process
from runner.errors import TkfiError
from runner.kernel import placing
from runner.kernel.placing import PatchError

_HEADER = re.compile(r"^--- (\S+).*\n\+\+\+ (\S+)", re.MULTILINE)

BESIDE = ("variants", "breaks")  # directories in that of a series
LIKE = "like"  # a file in that of a series: which other one has the variants and breaks that it lacks


_ADVICE = ("This tree differs there from the kernels that the patch was made for (./tkfi list kernels). "
           "Report the lines above with the kernel's version, so that the patch can be adapted.")


def series(directory: Path) -> list[Path]:
    """The patches of a quilt series in order; ../6.12/x.patch is one of another series. Raises TkfiError
    when one is missing."""
    patches = []
    for line in _lines(directory / "series"):
        name = line.split()[0]
        patch = Path(os.path.normpath(directory / name))
        if not patch.is_file():
            raise TkfiError(f"{directory}/series names {name}, but there is no {patch}")
        patches.append(patch)
    return patches


def places(directory: Path) -> list[Path]:
    """Where to look for variants and breaks: with a series, then with the one it is like, and so on.

    Raises TkfiError when what it is like is no series, or is like it.
    """
    found = [directory]
    while (like := found[-1] / LIKE).is_file():
        name = " ".join(_lines(like))
        other = directory.parent / name
        if "/" in name or other in found or not (other / "series").is_file():
            raise TkfiError(f"{like} says '{name}': write the name of one other directory that has "
                            "a series and is not like this one")
        found.append(other)
    return found


def beside(directory: Path, kind: str) -> dict[str, Path]:
    """The variants or breaks of a series by name: its own, then what only those have that it is like."""
    found = {patch.stem: patch for place in reversed(places(directory))
             for patch in (place / kind).glob("*.patch")}
    return dict(sorted(found.items()))


def lists(directory: Path) -> list[Path]:
    """The files that say what the patches of a series are, whether or not there is one."""
    return [directory / "series", *(place / LIKE for place in places(directory))]


def _lines(file: Path) -> list[str]:
    """Those that are neither blank nor comments."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line for line in (line.partition("#")[0].strip() for line in lines) if line]


def touched(patch: Path) -> set[str]:
    """The files a patch changes, creates or deletes, relative to the tree."""
    names: set[str] = set()
    for pair in _HEADER.findall(patch.read_text(encoding="utf-8", errors="replace")):
        names.update(name.partition("/")[2] for name in pair if name != "/dev/null")
    return names


def apply(patch: Path, tree: Path, log: Path) -> list[str]:
    """Apply patch to tree: one of a series piece by piece, a variant or a break with patch(1), whose
    offsets and usual fuzz are fine. Returns the injection points that have no place there.

    Raises PatchError naming the file, and the hunk or what else does not fit.
    """
    if patch.parent.name not in BESIDE:
        left_out = placing.apply(patch, tree)
        needed = [piece.title for piece in left_out if not piece.points]
        if needed:
            raise PatchError(f"{_name(patch)} does not fit this tree, which has no place for\n" + "".join(
                f"  {title}\n" for title in needed) + _ADVICE)
        return [piece.title for piece in left_out]
    status = process.run(["patch", "-p1", "--force", "--no-backup-if-mismatch", "--reject-file=-",
                          "-i", patch], log=log, cwd=tree)
    if status != 0:
        raise PatchError(_explain(patch, log.read_text(encoding="utf-8", errors="replace")))
    return []


def _explain(patch: Path, output: str) -> str:
    """Which hunk of which file, and what the user can do."""
    file, problems = "", []
    for line in output.splitlines():
        if named := re.match(r"(?:checking|patching) file '?(.+?)'?$", line):
            file = named[1]
        elif failed := re.match(r"Hunk #(\d+) FAILED at (\d+)", line):
            problems.append(f"  {file}: hunk {failed[1]}, expected near line {failed[2]}")
        elif line.startswith(("can't find file", "No file to patch", "Not deleting")):
            problems.append("  a file the patch changes does not exist in this tree")
    details = "\n".join(dict.fromkeys(problems)) or output.strip()
    return f"{_name(patch)} does not apply:\n{details}\n{_ADVICE}"


def _name(patch: Path) -> str:
    return "/".join(patch.parts[-3 if patch.parent.name in BESIDE else -2:])
